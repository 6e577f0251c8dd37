/* run_program.h - another program, given a text on its standard input.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_RUN_PROGRAM_H
#define CLIENT_RUN_PROGRAM_H

#include <stddef.h>

/* Runs `argv` as it stands (PATH is searched; no shell looks at it) and waits for it, whatever signal comes: what
 * it has begun, it may end. Its exit status, 128 and the signal's number where one ended it, or -1 with
 * errno where it can't be run. */
int run_program(char *const argv[], const char *input, size_t size);

#endif
