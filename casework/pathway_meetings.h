/* pathway_meetings.h - the bytes of a pathway that say which meetings schools are offered,
 * who is listed for them and what is put together of each pupil.
 *
 *   meetings = count:u8 *meeting
 *   meeting  = name:blob title:blob clause:blob at_least:varint from_possible:varint trends:varint
 *              count:u8 *(name:blob title:blob at_most:u8) count:u8 *heading
 *   heading  = name:blob title:blob facts:varint count:u8 *(action:blob field:blob)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_PATHWAY_MEETINGS_H
#define CASEWORK_PATHWAY_MEETINGS_H

#include "casework/pathway.h"

void meetings_encode(struct writer *, const struct pathway *);
/* Of a pathway whose other parts are read already; shape only, as pathway_record.c. */
void meetings_decode(struct reader *, struct pathway *);
/* Are the names different, the lists rising, the actions, fields and facts there? */
bool meetings_sound(const struct pathway *);

#endif
