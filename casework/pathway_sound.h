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

/* Where an expression stands decides what it may ask. */
enum place {
	PLACE_NEED,     /* an action's condition, a letter: free text counts as given too */
	PLACE_EFFECT,   /* of an action, in replay: free text is sealed and can't be asked for */
	PLACE_QUESTION, /* at a deadline's end: there is no action */
	PLACE_WATCH,    /* when a day ends: no deadline either */
};

bool expression_sound(const struct pathway *, const struct action_rule *, const struct expression *, enum place);
bool action_sound(const struct pathway *, const struct action_rule *);

#endif
