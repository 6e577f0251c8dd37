/* pathway_titles.h - the bytes of a pathway that say what its answers are called.
 *
 *   titles = *action     one for each of the pathway's, in their order
 *   action = *title:blob one for each value of each of its fields, in their order; empty where it has none
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_PATHWAY_TITLES_H
#define CASEWORK_PATHWAY_TITLES_H

#include "casework/pathway.h"

void titles_encode(struct writer *, const struct pathway *);
/* Of a pathway whose other parts are read already; shape only, as pathway_record.c. */
void titles_decode(struct reader *, struct pathway *);

#endif
