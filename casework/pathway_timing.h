/* pathway_timing.h - the bytes of a pathway that say when its deadlines count from,
 * what starts them, what their ends bring and whom their alerts are for.
 *
 *   timing   = *rule *watch                one for each of the pathway's, in their order
 *   rule     = anchor:u8 action:u8 field:blob idle:u8 while:expression reminder:u8
 *              met_if:expression started_by:varint tells:varint escalates:varint
 *              starts:effects cancels:effects *question
 *   question = clause:blob source:blob     one for each of the rule's questions
 *   watch    = tells:varint
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_PATHWAY_TIMING_H
#define CASEWORK_PATHWAY_TIMING_H

#include "casework/pathway.h"

void timing_encode(struct writer *, const struct pathway *);
/* Of a pathway whose other parts are read already; shape only, as pathway_record.c. */
void timing_decode(struct reader *, struct pathway *);

#endif
