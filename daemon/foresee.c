/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/foresee.h"

enum { USUAL_MARK = 2 + UPN_SIZE + 2, LOOKED_AT = 128, PUPILS_MAX = 40 };

/* The first mark in the bytes that nearly all have; NULL: none near the start. */
static const uint8_t *first_upn(struct slice piece, uint16_t *pupils)
{
	static const uint8_t usual[] = {0x92, 0xa0 | UPN_SIZE};
	size_t size = piece.size < LOOKED_AT ? piece.size : LOOKED_AT;
	const uint8_t *at = memmem(piece.bytes, size, usual, sizeof usual), *end = piece.bytes + piece.size;

	*pupils = 0;
	if (!at || end - at < USUAL_MARK)
		return NULL;
	*pupils = (uint16_t)((end - at) / USUAL_MARK < PUPILS_MAX ? (end - at) / USUAL_MARK : PUPILS_MAX);
	return at + sizeof usual;
}

void foresee_first(const struct engine *e, const struct slice pieces[], size_t count, struct foresight out[static SIPHASH_LANES])
{
	static const uint8_t none[UPN_SIZE];
	const uint8_t *upns[SIPHASH_LANES];
	uint8_t *hashes[SIPHASH_LANES];

	for (size_t i = 0; i < SIPHASH_LANES; i++) {
		const uint8_t *upn = NULL;

		out[i].pupils = 0;
		if (i < count)
			upn = first_upn(pieces[i], &out[i].pupils);
		upns[i] = upn ? upn : none;
		hashes[i] = out[i].hash;
	}
	siphash_upns(hashes, e->key.upn, upns);
	for (size_t i = 0; i < count; i++)
		if (out[i].pupils)
			state_prefetch_upn(&e->state, out[i].hash);
}

void foresee_pupils(const struct engine *e, const struct foresight *f)
{
	uint32_t first = f->pupils ? state_find_upn(&e->state, f->hash) : 0;

	if (!first)
		return;
	for (uint32_t i = 0; i < f->pupils && first + i <= e->state.pupil_count; i++) {
		if (i % 4 == 0)
			__builtin_prefetch(&e->state.upn_keys[first - 1 + i]);
		state_prefetch_pupil(&e->state, first + i);
	}
}
