/* pathway_record.h - what pathway_record.c writes and reads that letters have too.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_PATHWAY_RECORD_H
#define CASEWORK_PATHWAY_RECORD_H

#include "casework/pathway.h"

void expression_encode(struct writer *, const struct expression *);
void expression_decode(struct reader *, struct expression *);
void action_encode(struct writer *, const struct action_rule *);
void action_decode(struct reader *, struct action_rule *); /* of a rule that is all zero */

#endif
