/* Setting and forgetting a place in the log. SPDX-License-Identifier: Apache-2.0 */
#include "daemon/cursors.h"

enum { CURSOR_NAME_MAX = 31 };

bool cursor_key(const struct request *r, struct slice name, struct key *key)
{
	struct writer w = writer_of(key->bytes, sizeof key->bytes);

	if (!name.size || name.size > CURSOR_NAME_MAX)
		return false;
	write_bytes(&w, r->who->key, PUBLIC_KEY_SIZE);
	write_bytes(&w, name.bytes, name.size);
	key->size = writer_size(&w);
	return true;
}

enum store_result cursor_read(struct txn *txn, const struct key *key, uint64_t *position)
{
	struct slice value;
	struct reader in;
	enum store_result result = store_get(txn, TABLE_CURSORS, key_slice(key), &value);

	*position = 0;
	if (result == STORE_OK) {
		in = reader_of(value);
		*position = read_u64(&in);
	}
	return result == STORE_NONE ? STORE_OK : result;
}

void feed_cursor(struct engine *e, const struct request *r)
{
	static const char *const keys[] = {"cursor", "position", "forget", NULL};
	const char *wrong = NULL;
	struct slice unknown, name = mp_find_str(r->message->body, "cursor", &wrong);
	struct mp at = mp_find(r->message->body, "position");
	uint64_t before, position = mp_find_uint(r->message->body, "position", 0, &wrong);
	bool forget = mp_find_bool(r->message->body, "forget", &wrong);
	bool said = mp_peek(&at) != MP_NONE;
	struct key key, value = key_u64(position);

	if (wrong || said == forget || !mp_only(r->message->body, keys, &unknown) || !cursor_key(r, name, &key)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "cursor", "{cursor, position} or {cursor, forget} is wanted, a name of 1 to 31 bytes");
		return;
	}
	if (said && position > e->committed) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "position", "beyond the head of the log");
		return;
	}
	if (!engine_write(e)) {
		engine_put_off(e, r);
		return;
	}
	e->broken = cursor_read(e->txn, &key, &before);
	if (e->broken == STORE_OK && forget) {
		e->broken = store_delete(e->txn, TABLE_CURSORS, key_slice(&key));
		if (e->broken == STORE_NONE)
			e->broken = STORE_OK;
	} else if (e->broken == STORE_OK && position > before)
		e->broken = store_put(e->txn, TABLE_CURSORS, key_slice(&key), key_slice(&value));
	pack_clear(&e->body);
	engine_reply(e, r, STATUS_OK, engine_head(e));
}
