/* Replies: each waits for the commit of its batch; what was taken in a row is answered together.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"

static struct held_reply *hold(struct engine *e, const struct peer *peer, uint8_t command, const uint8_t *id)
{
	struct held_reply *h;

	if (e->at->held_count == e->at->held_room) {
		e->at->held_room = e->at->held_room ? e->at->held_room * 2 : 8192;
		e->at->held = memory_grow(e->at->held, e->at->held_room * sizeof *e->at->held);
	}
	h = &e->at->held[e->at->held_count++];
	h->peer = *peer;
	h->command = command;
	memcpy(h->id, id, UUID_SIZE);
	h->together.count = 0;
	return h;
}

void engine_hold(struct engine *e, const struct peer *peer, uint8_t command, const uint8_t *id, enum status status,
		 uint64_t position, struct slice body)
{
	size_t size = REPLY_HEAD_SIZE + body.size;
	struct held_reply *h = hold(e, peer, command, id);
	struct writer w;

	if (e->at->replies_used + size > e->at->replies_room) {
		e->at->replies_room = (e->at->replies_room + size) * 2;
		e->at->replies = memory_grow(e->at->replies, e->at->replies_room);
	}
	h->offset = e->at->replies_used;
	h->size = (uint32_t)size;
	/* an answer may tell of what this batch has appended: without it, it is not true */
	h->writes = command_submits(command) || command == COMMAND_CURSOR ||
		    ((command == COMMAND_QUERY || command == COMMAND_HELLO || command == COMMAND_SUBSCRIBE) && engine_head(e) > e->committed);
	w = writer_of(e->at->replies + e->at->replies_used, size);
	message_reply(&w, command, id, status, position);
	write_bytes(&w, body.bytes, body.size);
	e->at->replies_used += size;
}

/* Routing ids count up, so their last byte tells peers apart well enough. */
static struct together_slot *together_slot(struct engine *e, const struct peer *peer)
{
	return &e->together[peer->size ? peer->bytes[peer->size - 1] % 64 : 0];
}

/* Joins the answer before it, where that was to the same peer, command and effect. */
static void hold_together(struct engine *e, const struct request *r, uint64_t position)
{
	struct together_slot *slot = together_slot(e, r->peer);
	struct held_reply *h = &e->at->held[slot->held];

	if (slot->batch != e->batches + 1 || h->command != r->message->command || h->together.count == UINT16_MAX ||
	    h->peer.size != r->peer->size || memcmp(h->peer.bytes, r->peer->bytes, h->peer.size)) {
		*slot = (struct together_slot){.batch = e->batches + 1, .held = e->at->held_count};
		h = hold(e, r->peer, r->message->command, r->message->id);
		memcpy(h->together.first, h->id, UUID_SIZE);
		h->status = STATUS_OK;
	}
	memcpy(h->id, r->message->id, UUID_SIZE);
	h->position = position;
	h->together.count++;
}

void engine_reply(struct engine *e, const struct request *r, enum status status, uint64_t position)
{
	struct slice body = pack_slice(&e->body);

	e->replied++;
	metrics_refused(&e->metrics, status, 1);
	if (r->message->together && status == STATUS_OK && !body.size && command_submits(r->message->command)) {
		hold_together(e, r, position);
	} else {
		/* another answer in between ends the row */
		if (r->message->together)
			together_slot(e, r->peer)->batch = 0;
		engine_hold(e, r->peer, r->message->command, r->message->id, status, position, body);
	}
	pack_clear(&e->body);
}

void engine_put_off(struct engine *e, const struct request *r)
{
	e->counters[COUNT_REFUSED_ROOM]++;
	pack_clear(&e->body);
	engine_reply(e, r, STATUS_RETRY_LATER, engine_head(e));
}

void engine_refuse_form(struct engine *e, const struct request *r, enum status status, const char *why, size_t offset)
{
	pack_clear(&e->body);
	e->counters[COUNT_REFUSED_FORM]++;
	pack_map(&e->body, 2);
	pack_key_text(&e->body, "reason", why ? why : status_text(status));
	pack_key_uint(&e->body, "offset", offset);
	engine_reply(e, r, status, engine_head(e));
}

void engine_refuse(struct engine *e, const struct request *r, enum status status, const char *field, const char *reason)
{
	pack_clear(&e->body);
	pack_map(&e->body, field ? 2 : 1);
	pack_key_text(&e->body, "reason", reason ? reason : status_text(status));
	if (field)
		pack_key_text(&e->body, "field", field);
	if (status == STATUS_FORBIDDEN || status == STATUS_REVOKED)
		e->counters[COUNT_REFUSED_ROLE]++;
	else if (status >= STATUS_BAD_FRAME && status <= STATUS_TOO_LARGE && status != STATUS_BAD_FIELD)
		e->counters[COUNT_REFUSED_FORM]++;
	else if (status >= STATUS_BAD_FRAME)
		e->counters[COUNT_REFUSED_CONTENT]++;
	engine_reply(e, r, status, engine_head(e));
}
