/* pathway_days.h - the bytes of a pathway that say what is looked at when a day ends.
 *
 *   days  = *watch count:u8 *task          a watch for each of the pathway's, in their order
 *   watch = new_pupils:u8 once:u8 unless:expression
 *   task  = name:blob title:blob clause:blob every:u8 month:u8 schools:u8 roles:varint tells:varint
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_PATHWAY_DAYS_H
#define CASEWORK_PATHWAY_DAYS_H

#include "casework/pathway.h"

void days_encode(struct writer *, const struct pathway *);
/* Of a pathway whose other parts are read already; shape only, as pathway_record.c. */
void days_decode(struct reader *, struct pathway *);

#endif
