/* draw.h - a pathway as a picture, for a council's page or a print.
 *
 *   +------------------------------------------------------------+
 *   | Stage 2: ...                                               |
 *   |  +----------+   6 weeks   .----------------------.         |
 *  ,--|  action   |------------>| deadline             |         |
 *  | |  +----------+            | <> decision: outcomes |-------. |
 *  | +----------------------------------------------------------+|
 *  `->| Closed                                                  |<'
 *
 * One band a stage, in order; actions on the left, and to the right of each what
 * it starts, with the length on the arrow. What takes a case out of its stage runs
 * in the margins: of actions on the left, of time on the right.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_DRAW_H
#define CLIENT_DRAW_H

#include <stdio.h>

#include "casework/pathway.h"

/* SVG. Depends on the pathway alone: no font, clock or locale is asked. */
void draw_pathway(FILE *, const struct pathway *);

#endif
