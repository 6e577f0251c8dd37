/* command_pathway.h - the words of `attend pathway` that stand in files of their own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_COMMAND_PATHWAY_H
#define CLIENT_COMMAND_PATHWAY_H

#include "client/command.h"
#include "client/invocation.h"

command_run pathway_move, pathway_choose, pathway_try;

/* The file with all that it includes, as one text (bundle.h); standard input is taken to be
 * one already. To be freed; NULL, with what is wrong on standard error. */
char *pathway_source(const struct invocation *, const char *path, size_t *size);

#endif
