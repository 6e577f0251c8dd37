/* pathway_sound.h - is a pathway one that the rules can run?
 *
 * Every index in range, every name there and used once, every expression
 * balanced within its stack and asking only for what its place can give. The
 * compiler's output passes by construction; this is for bytes from a log.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_PATHWAY_SOUND_H
#define CASEWORK_PATHWAY_SOUND_H

#include "casework/pathway.h"

bool pathway_sound(const struct pathway *);

#endif
