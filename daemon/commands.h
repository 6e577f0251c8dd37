/* commands.h - what `attendd COMMAND` does once its options are read.
 *
 * Each returns the exit code, having said on standard error what went wrong.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_COMMANDS_H
#define DAEMON_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command_options {
	const char *data, *authority;
	const char **pathways;
	size_t pathway_count;
	const char *listen;
	bool manual_clock;
	uint64_t manual_ms;
	unsigned connections;    /* 0: as many as there may be descriptors */
	uint64_t memory;         /* bytes; 0: FLOOD_ROOM */
	const char *backup, *backup_key;
	bool if_missing;
};

int command_init(const struct command_options *);
int command_run(const struct command_options *);
int command_trial(const struct command_options *);
int command_verify(const struct command_options *);
int command_restore(const struct command_options *);
int command_admin(const struct command_options *);
int command_rekey(const struct command_options *);

#endif
