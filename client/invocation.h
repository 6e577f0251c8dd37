/* invocation.h - what every command is given: where the daemon is, who asks, and
 * how to answer.
 *
 * A command parses its own options with argp and takes these as a child, so that
 * each `attend COMMAND --help` lists them. Wrong use exits with 2 (argp does),
 * naming the option. What isn't given is looked for in the environment (ATTEND_SERVER,
 * ATTEND_SERVER_KEY, ATTEND_IDENTITY), then in ~/.config/attend/attend.conf (under
 * XDG_CONFIG_HOME where that is set), then in /etc/attend/attend.conf: settings.h, with the
 * options' names, paths being seen from the file's folder.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_INVOCATION_H
#define CLIENT_INVOCATION_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "client/attend.h"

struct invocation {
	const char *command;      /* "attend NAME", for messages */
	const char *server, *server_key, *identity; /* from an option, the environment, a file */
	unsigned timeout_ms;
	bool json;
	const char *action;       /* the action that is being recorded; NULL: none */
};

/* For `children` of a command's argp; the command hands its invocation on as
 * `state->child_inputs[0]` at ARGP_KEY_INIT. */
extern const struct argp invocation_argp;   /* server, keys, timeout, json */
extern const struct argp invocation_json;   /* json alone, for what needs no daemon */
extern const struct argp_child invocation_children[];
extern const struct argp_child invocation_json_children[];

/* Parses; `argv[0]` is "attend COMMAND" already. Exits with 2 on wrong use. */
void invocation_parse(const struct argp *, int argc, char **argv, struct invocation *, void *input);

/* Every number that is asked for in an option or argument; argp_error otherwise. */
uint64_t invocation_number(struct argp_state *, const char *name, const char *text);

/* Opens the connection, or says on standard error what is missing and returns NULL
 * (exit status 2). `window` 0: the library's. */
struct attend *invocation_open(const struct invocation *, unsigned window);

/* "attend NAME: ..." on standard error. */
void complain(const struct invocation *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Set by SIGINT or SIGTERM once catch_signals was called. */
extern volatile sig_atomic_t interrupted;
void catch_signals(void);

#endif
