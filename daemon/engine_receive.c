/* A frame comes in: is it one of ours, who sends it, may it, was it here before?
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "daemon/foresee.h"

bool engine_knows_key(struct engine *e, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	const struct principal *p = state_principal(&e->state, key);

	return p && !p->revoked;
}

uint64_t engine_grant_of(struct engine *e, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	const struct principal *p = state_principal(&e->state, key);

	return p ? p->number : 0;
}

size_t engine_keys(struct engine *e, uint64_t *generation, uint8_t (*keys)[PUBLIC_KEY_SIZE], size_t max)
{
	size_t count = 0;

	*generation = e->state.principals_generation + 1;
	for (uint32_t i = 0; i < e->state.principal_count; i++) {
		const struct principal *p = e->state.principals[i];

		if (p->revoked)
			continue;
		if (count < max)
			memcpy(keys[count], p->key, PUBLIC_KEY_SIZE);
		count++;
	}
	return count;
}

/* Who asks is found for each message anew: a key that was revoked ends no session
 * of CURVE, but it ends here. The last one is remembered, since connectors come in runs. */
static const struct principal *principal_of(struct engine *e, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	const struct principal *last = e->last_principal;

	if (last && e->last_generation == e->state.principals_generation && memcmp(last->key, key, PUBLIC_KEY_SIZE) == 0)
		return last;
	e->last_principal = state_principal(&e->state, key);
	e->last_generation = e->state.principals_generation;
	return e->last_principal;
}

/* A board asks for a reader: what counts is who they are, now. */
static bool take_reader(struct engine *e, struct request *r)
{
	if (r->who->role != ROLE_BOARD) {
		engine_refuse(e, r, STATUS_FORBIDDEN, "for", "only a board's key acts for others");
		return false;
	}
	r->via = r->who;
	r->who = state_principal(&e->state, r->message->reader);
	if (!r->who || r->who->revoked) {
		engine_refuse(e, r, STATUS_REVOKED, "for", "this reader's key was revoked, or never granted");
		return false;
	}
	if (!access_for(r->who->role, r->message->command)) {
		engine_refuse(e, r, STATUS_FORBIDDEN, "for", "a board may not ask this for a reader of this role");
		return false;
	}
	return true;
}

static submit *submission_of(uint8_t command)
{
	switch (command) {
	case COMMAND_MARKS:
		return submit_marks;
	case COMMAND_ROSTER:
		return submit_roster;
	case COMMAND_ACTION:
		return submit_action;
	case COMMAND_CALENDAR:
		return submit_calendar;
	case COMMAND_PATHWAY:
		return submit_pathway;
	case COMMAND_GRANT:
		return submit_grant;
	case COMMAND_REVOKE:
		return submit_revoke;
	case COMMAND_ACKNOWLEDGE:
		return submit_acknowledge;
	case COMMAND_CLOCK:
		return submit_clock;
	case COMMAND_FACT:
		return submit_fact;
	case COMMAND_LINK:
		return submit_link;
	case COMMAND_COVER:
		return submit_cover;
	case COMMAND_MOVE:
		return submit_move;
	case COMMAND_CHOOSE:
		return submit_choose;
	case COMMAND_OFFER:
		return submit_offer;
	case COMMAND_SCHOOL:
		return submit_school;
	case COMMAND_TASK:
		return submit_task;
	default:
		return NULL;
	}
}

/* Answered before? A repeat gets the first answer again; the id with other content,
 * or from another sender, is refused. */
static bool seen_before(struct engine *e, struct request *r)
{
	struct slice value;
	uint64_t position, receipt;
	enum store_result result;

	/* whoever makes ids as time goes on need not be looked for */
	if (r->message->id[6] >> 4 == 7 && memcmp(r->message->id, e->state.newest_id, UUID_SIZE) > 0)
		return false;
	result = store_get(e->txn, TABLE_IDS, slice_of(r->message->id, UUID_SIZE), &value);
	if (result == STORE_NONE)
		return false;
	if (result != STORE_OK) {
		e->broken = result;
		return true;
	}
	if (!id_decode(value, &position) || !answer_receipt(e, position, &receipt)) {
		e->broken = STORE_DAMAGED;
		return true;
	}
	if (receipt != r->receipt) {
		engine_refuse(e, r, STATUS_REUSED_ID, "id", "this id was used for other content, or by another key");
		return true;
	}
	e->counters[COUNT_REPEATS]++;
	answer_again(e, r, position);
	return true;
}

/* What does not wait for room: time goes on, and a key that fills the disk can be taken from whoever has it. */
static bool needs_room(uint8_t command)
{
	return command != COMMAND_CLOCK && command != COMMAND_REVOKE;
}

static void receive_submission(struct engine *e, struct request *r, submit *handle)
{
	uint64_t replied;

	if (!uuid_usable(r->message->id)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "id", "a submission's id is a UUID of version 7 or 8");
		return;
	}
	if (e->damaged) {
		engine_refuse(e, r, STATUS_DAMAGED, NULL, "the store is damaged; nothing more is taken");
		return;
	}
	if ((e->full && needs_room(r->message->command)) || (e->at->used > BATCH_SOFT && engine_flush(e) != 0) ||
	    !engine_write(e)) {
		engine_put_off(e, r);
		return;
	}
	if (handle == submit_marks)
		marks_look_at(e, r);
	r->receipt = receipt_of(&e->key, slice_of(r->frame.bytes + 3, r->frame.size - 3), r->via ? r->via->key : r->who->key);
	replied = e->replied;
	if (!seen_before(e, r))
		handle(e, r);
	if (e->replied == replied) /* it broke the batch; nobody is left without an answer */
		engine_put_off(e, r);
}

static void receive_one(struct engine *e, const uint8_t key[static PUBLIC_KEY_SIZE], const struct peer *peer,
			struct slice frame, unsigned *bundled);

/* Each piece as if it had come by itself. Only submissions: all else is asked rarely, and answered at length. */
static unsigned receive_bundle(struct engine *e, const uint8_t key[static PUBLIC_KEY_SIZE], const struct peer *peer,
			       struct slice pieces)
{
	struct slice list[BUNDLE_MAX];
	struct foresight next[SIPHASH_LANES];
	unsigned count = 0;

	while (count < BUNDLE_MAX && bundle_next(&pieces, &list[count]))
		count++;
	for (unsigned i = 0; i < count; i++) {
		unsigned lane = i % SIPHASH_LANES;

		if (lane == 0)
			foresee_first(e, list + i, count - i < SIPHASH_LANES ? count - i : SIPHASH_LANES, next);
		if (lane == 0)
			foresee_pupils(e, &next[0]);
		if (lane + 1 < SIPHASH_LANES && i + 1 < count)
			foresee_pupils(e, &next[lane + 1]);
		receive_one(e, key, peer, list[i], NULL);
	}
	return count;
}

/* `bundled` NULL: it is a piece of a bundle; else it is set where it is one. */
static void receive_one(struct engine *e, const uint8_t key[static PUBLIC_KEY_SIZE], const struct peer *peer,
			struct slice frame, unsigned *bundled)
{
	struct message message;
	const char *why = NULL;
	size_t offset = 0;
	enum status status = message_decode(&message, frame, &why, &offset);
	struct request r = {.peer = peer, .message = &message, .frame = frame};
	submit *handle;

	pack_clear(&e->body);
	r.who = principal_of(e, key);
	if (!r.who || r.who->revoked) {
		engine_refuse(e, &r, STATUS_REVOKED, NULL, "this key was revoked");
		return;
	}
	if (status != STATUS_OK) {
		engine_refuse_form(e, &r, status, why, offset);
		return;
	}
	handle = submission_of(message.command);
	if (!bundled && !handle) {
		engine_refuse(e, &r, STATUS_BAD_COMMAND, NULL, "a bundle holds submissions alone");
		return;
	}
	if (message.command == COMMAND_BUNDLE) {
		*bundled = receive_bundle(e, key, peer, message.body);
		return;
	}
	if (message.for_another && !take_reader(e, &r))
		return;
	if (!access_command(r.who->role, message.command)) {
		engine_refuse(e, &r, STATUS_FORBIDDEN, NULL, "your role does not allow it");
		return;
	}
	if (handle) {
		receive_submission(e, &r, handle);
		return;
	}
	switch (message.command) {
	case COMMAND_HELLO:
		answer_hello(e, &r);
		break;
	case COMMAND_QUERY:
		answer_query(e, &r);
		break;
	case COMMAND_SUBSCRIBE:
		feed_subscribe(e, &r);
		break;
	case COMMAND_CREDIT:
		feed_credit(e, &r);
		break;
	case COMMAND_CURSOR:
		feed_cursor(e, &r);
		break;
	case COMMAND_UNSUBSCRIBE:
		feed_unsubscribe(e, &r);
		break;
	default:
		engine_refuse(e, &r, STATUS_BAD_COMMAND, NULL, "no such command");
	}
}

unsigned engine_receive(struct engine *e, const uint8_t key[static PUBLIC_KEY_SIZE], const struct peer *peer,
			struct slice frame)
{
	unsigned count = 1;

	receive_one(e, key, peer, frame, &count);
	return count;
}

void engine_receive_malformed(struct engine *e, const struct peer *peer, unsigned frames)
{
	struct message message = {0};
	struct request r = {.peer = peer, .message = &message};

	engine_refuse(e, &r, STATUS_BAD_FRAME, NULL,
		      frames ? "a message is exactly one frame" : "a routing id of the peer's own choice is not taken");
}

static void put_off_one(struct engine *e, const struct peer *peer, struct slice frame)
{
	struct message message;
	const char *why = NULL;
	size_t offset = 0;
	struct request r = {.peer = peer, .message = &message, .frame = frame};

	/* its head is read, so that the answer finds its way; what is wrong with the rest will be said another time */
	message_decode(&message, slice_of(frame.bytes, frame.size < REQUEST_HEAD_SIZE ? frame.size : REQUEST_HEAD_SIZE), &why, &offset);
	engine_refuse(e, &r, STATUS_RETRY_LATER, NULL, "much of this key's waits already; send less at once");
}

void engine_receive_later(struct engine *e, const struct peer *peer, struct slice frame)
{
	struct message message;
	struct slice piece, pieces;
	const char *why = NULL;
	size_t offset = 0;

	if (frame.size > REQUEST_HEAD_SIZE && frame.bytes[MESSAGE_VERSION_AT + 1] == COMMAND_BUNDLE &&
	    message_decode(&message, frame, &why, &offset) == STATUS_OK)
		for (pieces = message.body; bundle_next(&pieces, &piece);)
			put_off_one(e, peer, piece);
	else
		put_off_one(e, peer, frame);
}

void engine_sign(struct event *ev, const struct request *r)
{
	ev->submitted = true;
	memcpy(ev->id, r->message->id, UUID_SIZE);
	ev->receipt = r->receipt;
	ev->via = r->via ? r->via->number : 0;
}
