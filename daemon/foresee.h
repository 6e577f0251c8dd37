/* foresee.h - asks memory ahead for what the next submissions of a bundle will touch.
 *
 * A class's pupils stand one after the other in the tables, but each class somewhere else, so that the
 * first touch of each waits for memory. Of a bundle the next classes are known: their first UPN is
 * found by its looks (a guess, so nothing is decoded twice), and the pupils from there on are asked for while the
 * submission before is still worked on. Changes nothing; where the guess is wrong, a moment is lost.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_FORESEE_H
#define DAEMON_FORESEE_H

#include "daemon/engine_parts.h"
#include "store/siphash.h"

struct foresight {
	uint8_t hash[UPN_HASH_SIZE];
	uint16_t pupils;              /* at most so many; 0: nothing was guessed */
};

/* Of up to SIPHASH_LANES pieces: hashes their first UPNs, and asks for the index of these. */
void foresee_first(const struct engine *, const struct slice pieces[], size_t count, struct foresight[static SIPHASH_LANES]);
/* Asks for the pupils. */
void foresee_pupils(const struct engine *, const struct foresight *);

#endif
