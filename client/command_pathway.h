/* command_pathway.h - the words of `attend pathway` that stand in files of their own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_COMMAND_PATHWAY_H
#define CLIENT_COMMAND_PATHWAY_H

#include "client/command.h"

command_run pathway_move, pathway_choose, pathway_try;

#endif
