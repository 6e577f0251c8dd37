/* Whom a board may ask for, by the name of their grant: a proxy in front of it knows names, not keys.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/query_parts.h"

enum status query_reader(struct engine *e, const struct request *r, struct txn *txn)
{
	const char *wrong = NULL;
	struct slice name = mp_find_str(r->message->body, "name", &wrong);
	const struct principal *found = NULL;
	char key[Z85_KEY_SIZE + 1];

	(void)txn;
	if (wrong || !name.size)
		return query_fault(e, STATUS_BAD_FIELD, "name", "the name of a grant is wanted");
	for (uint32_t i = 0; i < e->state.principal_count; i++) {
		const struct principal *p = e->state.principals[i];

		if (p->revoked || !access_for(p->role, COMMAND_QUERY) || !slice_is(name, p->name))
			continue;
		if (found) /* a name that two have is nobody's */
			return query_fault(e, STATUS_NOT_FOUND, "name", "two grants have this name");
		found = p;
	}
	if (!found)
		return query_fault(e, STATUS_NOT_FOUND, "name", "no reader has this name");
	z85_key_text(key, found->key);
	pack_map(&e->body, 3);
	pack_key_text(&e->body, "key", key);
	pack_key_text(&e->body, "role", role_text(found->role));
	pack_key_text(&e->body, "name", found->name);
	return STATUS_OK;
}
