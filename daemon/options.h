/* options.h - what attendd is told, on the command line or in its configuration file.
 *
 * Every option of `init` and `run` that has a value may stand in the file under its own
 * name (attendd.conf(5)); what is given on the command line wins. A new one is a row in
 * the table and a case in option_take.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/commands.h"

#define CONFIG_DEFAULT "/etc/attend/attendd.conf"
#define LISTEN_DEFAULT "tcp://127.0.0.1:5570"

enum { KEY_CONFIG = 0x200, KEY_IF_MISSING };

#define DATA_OPTION \
	{ "data", 'd', "DIR", 0, "the store's folder", 0 }, \
	{ "config", KEY_CONFIG, "FILE", 0, "what isn't given here is read there, see attendd.conf(5); without this " \
	  "and --data, in " CONFIG_DEFAULT, 0 }

extern const struct argp_option init_options[], run_options[];

/* Takes a value that may stand in the file too. False: there is no such option;
 * otherwise `why` is empty, or says what is wrong with the value. */
bool option_take(struct command_options *, int key, char *value, char *why, size_t why_size);

/* Takes from the file what is among `wanted`; all else in it is only looked at. False, with each
 * fault said on standard error as FILE:LINE: ..., where anything is wrong. The values last as long
 * as the program. `may_lack`: there may be no such file. `wanted` NULL: nothing is taken, and the pathways
 * that it names are looked for too. */
bool options_read(struct command_options *, const struct argp_option *wanted, const char *path, bool may_lack);

#endif
