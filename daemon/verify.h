/* verify.h - is the store what its log says it is?
 *
 * Reads a stopped or a running store without writing to it: every record's
 * hash up to the signed head, and every projection against a replay of the log.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_VERIFY_H
#define DAEMON_VERIFY_H

#include <stdio.h>

/* Tells `out` what was checked and each thing that is wrong, one a line. 0: all
 * is well. 1: something is wrong, or `dir` holds no store that can be read. Begins again where a daemon beside it
 * dies and is started again, which writes over what was being read. */
int verify_store(const char *dir, FILE *out);

#endif
