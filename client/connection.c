/* SPDX-License-Identifier: Apache-2.0 */
#include "client/connection.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <zmq.h>

#include "client/backoff.h"
#include "client/line.h"

/* An answer late by a third of the patience with silence, or by this, is asked for
 * again though the line looks well: heartbeats prove the daemon's socket, not its loop. */
enum { LATE_MS_MAX = 4000 };
/* A handshake cut short once may be a daemon that was just stopping. */
enum { HANDSHAKES_FAILED_MAX = 3 };
/* Of one bundle: what fills libzmq's own room a few times over gains no more. */
enum { BUNDLE_SIZE = 32 << 10 };

uint64_t connection_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint32_t connection_random(void)
{
	uint32_t value = 0;
	/* Only spreads waits: an early failure may as well give 0. */
	if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
		value = 0;
	return value;
}

void connection_why(struct attend *a, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(a->why, sizeof a->why, format, arguments);
	va_end(arguments);
}

static struct pending *ring_at(struct attend *a, unsigned index)
{
	unsigned room = sizeof a->ring / sizeof a->ring[0];
	return &a->ring[(a->first + index) % room];
}

bool connection_put(struct attend *a, uint8_t command, const uint8_t *id, const void *body, size_t size,
                    attend_answer *answer, void *context)
{
	if (a->count == sizeof a->ring / sizeof a->ring[0] || size > MESSAGE_SIZE_MAX - REQUEST_HEAD_SIZE)
		return false;
	struct pending *p = ring_at(a, a->count);
	if (!a->count)
		a->asked_ms = connection_now_ms();
	*p = (struct pending){ .command = command, .answer = answer, .context = context };
	p->together = command == COMMAND_MARKS;
	if (id)
		memcpy(p->id, id, ATTEND_ID_SIZE);
	else
		attend_id_new(p->id);
	p->size = REQUEST_HEAD_SIZE + (a->for_another ? PUBLIC_KEY_SIZE : 0) + size;
	p->frame = malloc(p->size);
	if (!p->frame)
		return false;
	struct writer out = writer_of(p->frame, p->size);
	message_request(&out, command, p->id, a->for_another ? a->reader : NULL);
	write_bytes(&out, body, size);
	if (p->together)
		p->frame[MESSAGE_VERSION_AT] |= MESSAGE_TOGETHER;
	a->count++;
	return true;
}

static void forget(struct pending *p)
{
	free(p->frame);
	p->frame = NULL;
	p->answer = NULL;
	p->answered = true;
}

/* Answered ones leave from the front. */
static void trim(struct attend *a)
{
	while (a->count && ring_at(a, 0)->answered) {
		a->first = (a->first + 1) % (sizeof a->ring / sizeof a->ring[0]);
		a->count--;
		if (a->unsent)
			a->unsent--;
	}
}

void connection_withdraw(struct attend *a, const uint8_t id[static ATTEND_ID_SIZE])
{
	for (unsigned i = a->count; i-- > 0;) {
		struct pending *p = ring_at(a, i);
		if (!p->answered && memcmp(p->id, id, ATTEND_ID_SIZE) == 0) {
			forget(p);
			break;
		}
	}
	trim(a);
}

void connection_silence(struct attend *a, const void *context)
{
	for (unsigned i = 0; i < a->count; i++)
		if (ring_at(a, i)->context == context)
			ring_at(a, i)->answer = NULL;
}

void connection_abandon(struct attend *a)
{
	static const struct attend_reply abandoned;
	for (unsigned i = 0; i < a->count; i++) {
		struct pending *p = ring_at(a, i);
		if (p->answer)
			p->answer(p->context, &abandoned);
		forget(p);
	}
	trim(a);
}

bool connection_send(struct attend *a, uint8_t command, const uint8_t id[static ATTEND_ID_SIZE],
                     const void *body, size_t size)
{
	uint8_t frame[512];
	struct writer out = writer_of(frame, sizeof frame);
	message_request(&out, command, id, a->for_another ? a->reader : NULL);
	write_bytes(&out, body, size);
	if (out.full)
		return false;
	return zmq_send(a->socket, frame, writer_size(&out), ZMQ_DONTWAIT) >= 0;
}

/* How many submissions from `unsent` on go in one bundle, and its size; `*end`: behind the last. */
static unsigned bundle_of(struct attend *a, unsigned *end, size_t *size)
{
	unsigned pieces = 0;
	*size = REQUEST_HEAD_SIZE;
	for (*end = a->unsent; *end < a->count && pieces < CONNECTION_BUNDLE; ++*end) {
		const struct pending *p = ring_at(a, *end);
		if (p->answered)
			continue;
		if (a->no_bundles || !command_submits(p->command) || *size + 4 + p->size > BUNDLE_SIZE)
			break;
		*size += 4 + p->size;
		pieces++;
	}
	return pieces;
}

static int send_bundle(struct attend *a, unsigned end, size_t size)
{
	static const uint8_t no_id[UUID_SIZE];
	zmq_msg_t message;
	if (zmq_msg_init_size(&message, size) < 0)
		return -1;
	struct writer out = writer_of(zmq_msg_data(&message), size);
	message_request(&out, COMMAND_BUNDLE, no_id, NULL);
	for (unsigned i = a->unsent; i < end; i++) {
		const struct pending *p = ring_at(a, i);
		if (p->answered)
			continue;
		write_u32(&out, (uint32_t)p->size);
		write_bytes(&out, p->frame, p->size);
	}
	int sent = zmq_msg_send(&message, a->socket, ZMQ_DONTWAIT);
	if (sent < 0)
		zmq_msg_close(&message);
	return sent;
}

/* True where the socket has no room for what is still to be sent. */
static bool send_due(struct attend *a, uint64_t now_ms)
{
	/* Not before the monitor says so, though the socket would take it: what is
	 * sent on a line is then known to be, and is sent again only on the next. */
	if (!a->up || now_ms < a->hold_ms)
		return false;
	while (a->unsent < a->count) {
		unsigned end;
		size_t size;
		const struct pending *first = ring_at(a, a->unsent);
		if (first->answered) {
			a->unsent++;
			continue;
		}
		bool together = bundle_of(a, &end, &size) > 1;
		if (!together)
			end = a->unsent + 1;
		if ((together ? send_bundle(a, end, size) : zmq_send(a->socket, first->frame, first->size, ZMQ_DONTWAIT)) < 0)
			return errno == EAGAIN;
		for (; a->unsent < end; a->unsent++) {
			struct pending *p = ring_at(a, a->unsent);
			p->attempts += !p->answered;
			p->sent_ms = now_ms;
		}
	}
	return false;
}

static void hold(struct attend *a, uint64_t now_ms)
{
	a->held++;
	a->hold_ms = now_ms + backoff_ms(a->held, connection_random());
}

/* May this answer be put off and asked for again? 301 waits for a person and
 * 501 for a repair, so those are told at once. */
static bool may_ask_again(struct attend *a, struct pending *p, unsigned status, uint64_t now_ms)
{
	if (status != STATUS_RETRY_LATER && status != STATUS_FAILED)
		return false;
	if (!p->put_off_ms)
		p->put_off_ms = now_ms;
	return now_ms - p->put_off_ms < a->patience_ms;
}

static bool is_answer_to(const struct message *m, const struct pending *p, const uint8_t *id)
{
	return !p->answered && m->command == (p->command | COMMAND_REPLY) && memcmp(p->id, id, ATTEND_ID_SIZE) == 0;
}

/* False: it is to be asked again, after a while. */
static bool take_answer(struct attend *a, unsigned index, const struct message *m, struct slice body, uint64_t now_ms)
{
	struct pending *p = ring_at(a, index);
	if (may_ask_again(a, p, m->status, now_ms)) {
		if (index < a->unsent)
			a->unsent = index;
		hold(a, now_ms);
		return false;
	}
	a->held = 0;
	if (p->answer) {
		struct attend_reply reply = { m->status, m->position, body.bytes, body.size };
		p->answer(p->context, &reply);
	}
	forget(p);
	return true;
}

/* An answer to several counts only where it is seen to be to those sent from its
 * first to its last: any other is none, and what is not answered is sent again. */
static void take_answer_together(struct attend *a, const struct message *m, uint64_t now_ms)
{
	struct together together;
	unsigned at = 0, count = 0;
	if (!together_read(&together, m->body))
		return;
	while (at < a->unsent && !is_answer_to(m, ring_at(a, at), together.first))
		at++;
	for (unsigned i = at; i < a->unsent; i++) {
		const struct pending *p = ring_at(a, i);
		if (p->answered || !p->together)
			continue;
		if (++count < together.count)
			continue;
		if (!is_answer_to(m, p, m->id))
			return;
		for (; at <= i; at++)
			if (!ring_at(a, at)->answered && ring_at(a, at)->together &&
			    !take_answer(a, at, m, slice_of(NULL, 0), now_ms))
				break;
		trim(a);
		return;
	}
}

static void take_reply(struct attend *a, const struct message *m, uint64_t now_ms)
{
	if (m->together) {
		take_answer_together(a, m, now_ms);
		return;
	}
	for (unsigned i = 0; i < a->count; i++)
		if (is_answer_to(m, ring_at(a, i), m->id)) {
			if (take_answer(a, i, m, m->body, now_ms))
				trim(a);
			return;
		}
	/* Of an older daemon, or of a fault of ours: what it held is sent one by one. */
	if (m->command == (COMMAND_BUNDLE | COMMAND_REPLY)) {
		a->no_bundles = true;
		a->unsent = 0;
		return;
	}
	/* A subscription's items, or the second answer to what was sent twice. */
	if (a->stray)
		a->stray(a->stray_context, m);
}

static void take_messages(struct attend *a, uint64_t now_ms)
{
	/* Bounded, so that a flood of items can't keep a window from being sent. */
	for (int i = 0; i < 1000; i++) {
		zmq_msg_t frame;
		zmq_msg_init(&frame);
		if (zmq_msg_recv(&frame, a->socket, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(&frame);
			return;
		}
		a->heard_ms = now_ms;
		struct message m;
		const char *why;
		size_t offset;
		struct slice bytes = slice_of(zmq_msg_data(&frame), zmq_msg_size(&frame));
		/* What is no reply of this protocol is dropped: the daemon is
		 * trusted, but not to be free of faults. */
		if (!zmq_msg_more(&frame) && message_decode(&m, bytes, &why, &offset) == STATUS_OK &&
		    (m.command & COMMAND_REPLY))
			take_reply(a, &m, now_ms);
		zmq_msg_close(&frame);
	}
}

/* What was under way on a line that broke is sent again on the next. */
static void line_changed(struct attend *a, enum line_news news, uint64_t now_ms)
{
	switch (news) {
	case LINE_UP:
		if (a->ever_up && a->notice)
			a->notice(a->notice_context, "connected again");
		a->up = a->ever_up = true;
		a->lines++;
		a->trouble = TROUBLE_NONE;
		a->handshakes_failed = 0;
		a->unsent = 0;
		a->hold_ms = 0;
		a->heard_ms = now_ms;
		break;
	case LINE_LOST:
		/* Also said of a line that never came up, after what was wrong with it. */
		if (!a->up)
			break;
		if (a->notice)
			a->notice(a->notice_context, "connection lost; trying again");
		a->up = false;
		a->unsent = 0;
		a->trouble = TROUBLE_LOST;
		break;
	case LINE_NOBODY:
		if (a->trouble == TROUBLE_NONE || a->trouble == TROUBLE_LOST)
			a->trouble = TROUBLE_NOBODY;
		break;
	case LINE_KEY_REFUSED:
		a->trouble = TROUBLE_KEY_REFUSED;
		a->handshakes_failed++;
		break;
	case LINE_HANDSHAKE_CUT:
		a->trouble = TROUBLE_HANDSHAKE;
		a->handshakes_failed++;
		break;
	case LINE_NO_NEWS:
		break;
	}
}

static uint64_t late_ms(const struct attend *a)
{
	return a->timeout_ms / 3 < LATE_MS_MAX ? a->timeout_ms / 3 : LATE_MS_MAX;
}

static void ask_late_ones_again(struct attend *a, uint64_t now_ms)
{
	if (!a->count || !a->unsent)
		return;
	const struct pending *oldest = ring_at(a, 0);
	unsigned doublings = oldest->attempts > 5 ? 4 : oldest->attempts ? oldest->attempts - 1 : 0;
	if (now_ms - oldest->sent_ms > late_ms(a) << doublings && now_ms - a->heard_ms > late_ms(a))
		a->unsent = 0;
}

void connection_turn(struct attend *a, unsigned wait_ms)
{
	uint64_t now_ms = connection_now_ms();
	ask_late_ones_again(a, now_ms);
	bool full = send_due(a, now_ms);
	if (a->hold_ms > now_ms && a->hold_ms - now_ms < wait_ms)
		wait_ms = (unsigned)(a->hold_ms - now_ms);
	zmq_pollitem_t items[] = {
		{ .socket = a->socket, .events = (short)(ZMQ_POLLIN | (full ? ZMQ_POLLOUT : 0)) },
		{ .socket = a->monitor, .events = ZMQ_POLLIN },
	};
	int ready = zmq_poll(items, 2, (long)wait_ms);
	if (ready <= 0)
		return;
	now_ms = connection_now_ms();
	if (items[1].revents)
		for (enum line_news news; (news = line_read(a->monitor)) != LINE_NO_NEWS;)
			line_changed(a, news, now_ms);
	if (items[0].revents & ZMQ_POLLIN)
		take_messages(a, now_ms);
}

enum attend_result connection_hope(struct attend *a)
{
	if (a->stop && *a->stop) {
		connection_why(a, "stopped");
		return ATTEND_STOPPED;
	}
	uint64_t now_ms = connection_now_ms();
	uint64_t from_ms = !a->count ? now_ms : a->heard_ms > a->asked_ms ? a->heard_ms : a->asked_ms;
	if (from_ms < a->hold_ms) /* that silence was ours */
		from_ms = a->hold_ms;
	if (!a->up && a->trouble == TROUBLE_KEY_REFUSED) {
		connection_why(a, "%s refused this key: it was never granted there, or it was revoked. "
		               "An administrator lets it in with: attend grant '%s' ROLE",
		               a->server, a->identity.public_text);
		return ATTEND_UNREACHABLE;
	}
	if (!a->up && a->trouble == TROUBLE_HANDSHAKE && a->handshakes_failed >= HANDSHAKES_FAILED_MAX) {
		connection_why(a, "%s answers but breaks off before the keys are agreed: most likely the "
		               "server key is another daemon's (compare it with attendd.pub there), "
		               "or what listens there is not attendd", a->server);
		return ATTEND_UNREACHABLE;
	}
	if (now_ms < from_ms + a->timeout_ms)
		return ATTEND_OK;
	if (a->up)
		connection_why(a, "%s is connected but has not answered for %u s; it may be busy or stuck: "
		               "try again, or with a longer --timeout", a->server, a->timeout_ms / 1000);
	else if (a->trouble == TROUBLE_HANDSHAKE)
		connection_why(a, "%s accepts connections but no keys were agreed in %u s: most likely the "
		               "server key is another daemon's, or what listens there is not attendd",
		               a->server, a->timeout_ms / 1000);
	else
		connection_why(a, "%s can't be reached: nobody answered for %u s. Is attendd running there, "
		               "and is the endpoint right?", a->server, a->timeout_ms / 1000);
	return ATTEND_UNREACHABLE;
}
