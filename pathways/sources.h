/* sources.h - what the document that a pathway follows says, clause by clause.
 *
 * A compiled pathway knows its clauses by their ids ("SP-09"); the words behind one stand in the file, beside it, as
 * `source`. For people who are shown a clause.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PATHWAYS_SOURCES_H
#define PATHWAYS_SOURCES_H

#include "proto/bytes.h"

/* A clause and its source, with the rule in which they stand: `rule` is a name of the file's ("referral"), in its section
 * ("actions"). The slices last until it returns. */
typedef void pathway_source(void *context, struct slice section, struct slice rule, struct slice clause, struct slice source);

/* Every clause of a pathway file (and of what it includes) that has a source, in the order of the file; of the pathway as
 * a whole, first, the document itself, without section, rule and clause. What has a source and no clause of its own, as a
 * condition may, says more of its rule's clause. False: it is not a file that could be read. */
bool pathway_sources(struct slice text, pathway_source *, void *context);

#endif
