/* settings.h - a file of plain settings: attendd.conf and attend.conf.
 *
 *   # a comment has a line of its own
 *   listen = tcp://127.0.0.1:5570
 *
 * A name, an equals sign, and a value that runs to the line's end; blanks round
 * either don't count. There are no quotes, no sections and nothing is expanded. What
 * names there are, and whether one may stand again, is the caller's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTO_SETTINGS_H
#define PROTO_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One setting; false with what is wrong, and what to do, in `why`. Both texts last as
 * long as the file's, and the value may be changed in place. */
typedef bool settings_take(void *context, const char *name, char *value, char *why, size_t why_size);

/* Hands out the file's settings in order, goes on after a fault, and says each fault on
 * `faults` as FILE:LINE: .... Gives how many there were; -1 with errno, and nothing said,
 * where the file can't be read. `*text` is to be freed once the values are done with. */
int settings_read(const char *path, settings_take *, void *context, FILE *faults, char **text);

#endif
