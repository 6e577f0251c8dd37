/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/names.h"

void pack_school_name(struct pack *p, const struct state *s, const char *key, uint32_t urn)
{
	const struct school *school = state_school(s, urn);

	pack_text_or_nil(p, key, school ? slice_text(school->name) : slice_of(NULL, 0));
}

struct slice pack_pupil_name(struct engine *e, struct pack *p, struct txn *txn, uint32_t pupil, uint8_t room[static PARTICULARS_ROOM])
{
	struct slice particulars = pupil_particulars(e, pupil, room);
	const char *wrong = NULL;

	pack_text(p, "upn");
	pack_upn(e, p, txn, pupil);
	pack_text_or_nil(p, "surname", mp_find_str(particulars, "surname", &wrong));
	pack_text_or_nil(p, "forename", mp_find_str(particulars, "forename", &wrong));
	return particulars;
}
