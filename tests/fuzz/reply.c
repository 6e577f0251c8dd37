/* reply.c - libattend against a daemon that is not what it should be: whatever comes over the line, in whatever order,
 * each question is answered once or given up, and nothing is read that isn't there. ZeroMQ is not there: what would
 * come in, and what becomes of the line, is the input.
 *
 * The input, again and again: a byte of what happens; a frame is a reply to one of the newest requests (its id and
 * command put into the head) with the rest as it stands, or raw.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <time.h>

#include <zmq.h>

#include "client/connection.h"
#include "client/line.h"
#include "client/to_json.h"

enum { SENT_MAX = 16, TURNS_MAX = 400 };

static struct fuzz in;
static struct { uint8_t id[UUID_SIZE], command; } sent[SENT_MAX];
static unsigned sent_count, turns;
static uint64_t now_ms;
static volatile sig_atomic_t stop;

/* ---- in place of ZeroMQ and the clock ---- */

enum line_news __wrap_line_read(void *monitor);
void __wrap_line_close(void **socket, void **monitor);
int __wrap_zmq_poll(zmq_pollitem_t *items, int count, long timeout);
int __wrap_zmq_send(void *socket, const void *bytes, size_t size, int flags);
int __wrap_zmq_msg_send(zmq_msg_t *frame, void *socket, int flags);
int __wrap_zmq_msg_recv(zmq_msg_t *frame, void *socket, int flags);
int __wrap_zmq_msg_more(const zmq_msg_t *frame);
uint64_t __wrap_connection_now_ms(void);
int __wrap_clock_gettime(clockid_t, struct timespec *);

static enum line_news news;
static bool more;

enum line_news __wrap_line_read(void *monitor)
{
	enum line_news one = news;

	(void)monitor;
	news = LINE_NO_NEWS;
	return one;
}

void __wrap_line_close(void **socket, void **monitor)
{
	*socket = *monitor = NULL;
}

int __wrap_clock_gettime(clockid_t which, struct timespec *now)
{
	(void)which;
	*now = (struct timespec){ .tv_sec = (time_t)(now_ms / 1000), .tv_nsec = (long)(now_ms % 1000) * 1000000 };
	return 0;
}

/* What comes next: time passes, the line changes, or frames lie there. */
int __wrap_zmq_poll(zmq_pollitem_t *items, int count, long timeout)
{
	uint8_t what;

	(void)count;
	if (++turns > TURNS_MAX || !fuzz_left(&in)) {
		stop = 1;
		now_ms += (uint64_t)timeout + 1;
		return 0;
	}
	what = fuzz_u8(&in);
	now_ms += (uint64_t)timeout * (what & 15) / 15 + 1;
	items[0].revents = items[1].revents = 0;
	if ((what & 0x30) == 0x10) {
		news = (enum line_news)(1 + (what & 15) % 5);
		items[1].revents = ZMQ_POLLIN;
	} else if (what & 0x20) {
		items[0].revents = ZMQ_POLLIN;
	}
	return items[0].revents || items[1].revents;
}

static void note_sent(struct slice frame)
{
	MUST(frame.size >= REQUEST_HEAD_SIZE);
	sent[sent_count % SENT_MAX].command = frame.bytes[3];
	memcpy(sent[sent_count++ % SENT_MAX].id, frame.bytes + 4, UUID_SIZE);
}

static int no_room(void)
{
	errno = EAGAIN;
	return -1;
}

int __wrap_zmq_send(void *socket, const void *bytes, size_t size, int flags)
{
	(void)socket, (void)flags;
	note_sent(slice_of(bytes, size));
	return sent_count % 37 == 0 ? no_room() : (int)size;
}

/* Bundles. */
int __wrap_zmq_msg_send(zmq_msg_t *frame, void *socket, int flags)
{
	struct slice bytes = slice_of(zmq_msg_data(frame), zmq_msg_size(frame)), piece;
	struct message m;
	const char *why;
	size_t offset;

	(void)socket, (void)flags;
	MUST(message_decode(&m, bytes, &why, &offset) == STATUS_OK && m.command == COMMAND_BUNDLE);
	while (bundle_next(&m.body, &piece))
		note_sent(piece);
	if (sent_count % 5 == 0) /* what was made is the caller's still */
		return no_room();
	note_sent(bytes);
	zmq_msg_close(frame);
	return 0;
}

int __wrap_zmq_msg_more(const zmq_msg_t *frame)
{
	(void)frame;
	return more;
}

int __wrap_zmq_msg_recv(zmq_msg_t *frame, void *socket, int flags)
{
	uint8_t head[REPLY_HEAD_SIZE], what = fuzz_u8(&in);
	struct writer w = writer_of(head, sizeof head);
	struct slice body;
	unsigned which;

	(void)socket, (void)flags;
	if (!what) {
		errno = EAGAIN;
		return -1;
	}
	more = what == 255;
	if (what & 1) { /* raw */
		body = fuzz_part(&in);
		zmq_msg_init_size(frame, body.size);
	} else {
		static const uint16_t usual[] = { 200, 201, 202, 300, 301, 400, 403, 410, 412, 414, 500, 501 };

		which = (sent_count + SENT_MAX - 1 - (what >> 5)) % SENT_MAX;
		write_u16(&w, MESSAGE_SIGNATURE);
		write_u8(&w, MESSAGE_VERSION | (what & 0x10 ? MESSAGE_TOGETHER : 0));
		write_u8(&w, (what & 0x08 ? COMMAND_ITEMS : sent[which].command) | COMMAND_REPLY);
		write_bytes(&w, sent[which].id, UUID_SIZE);
		write_u16(&w, usual[fuzz_below(&in, sizeof usual / sizeof *usual)]);
		write_u64(&w, fuzz_u8(&in));
		body = fuzz_part(&in);
		zmq_msg_init_size(frame, sizeof head + body.size);
		memcpy(zmq_msg_data(frame), head, sizeof head);
	}
	if (body.size)
		memcpy((uint8_t *)zmq_msg_data(frame) + (zmq_msg_size(frame) - body.size), body.bytes, body.size);
	return (int)zmq_msg_size(frame);
}

/* ---- what a program does ---- */

static unsigned owed, settled;

static void row(void *context, unsigned index, const char *field, const char *reason)
{
	(void)context, (void)index;
	MUST(strlen(field) < 64 && strlen(reason) < 512);
}

static void look(const struct attend_reply *reply)
{
	uint64_t accepted, known, refused;
	char text[40];

	attend_refused_rows(reply, row, NULL);
	attend_reply_counts(reply, 30, &accepted, &known, &refused);
	MUST(accepted + known + refused == 30);
	attend_body_text(reply->body, reply->body_size, "reason", text, sizeof text);
	json_t *json = reply->status ? to_json(reply->body, reply->body_size) : NULL;
	char *dumped = json ? json_dumps(json, JSON_ENCODE_ANY) : NULL;

	MUST(!json || dumped);
	free(dumped);
	json_decref(json);
}

static void answered(void *context, const struct attend_reply *reply)
{
	MUST(!*(bool *)context); /* once */
	*(bool *)context = true;
	settled++;
	look(reply);
}

static uint64_t last;

static bool item(void *context, uint64_t position, const void *bytes, size_t size)
{
	unsigned *left = context;
	json_t *json = to_json(bytes, size);

	MUST(json && position >= last);
	last = position + 1;
	json_decref(json);
	return --*left > 0;
}

static void notice(void *context, const char *text)
{
	(void)context;
	MUST(*text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct attend_subscription wanted = { .what = "alerts", .cursor = "c", .credit = 4, .from = 1 };
	bool done[64] = { false };
	struct attend *a = calloc(1, sizeof *a);
	struct attend_reply reply;

	MUST(a);
	in = fuzz_of(bytes, size);
	stop = 0;
	now_ms = 1000000;
	sent_count = turns = owed = settled = 0;
	news = LINE_NO_NEWS;
	memset(sent, 0, sizeof sent);
	*a = (struct attend){ .timeout_ms = 2000, .patience_ms = 3000, .window = 8, .stop = &stop, .notice = notice };
	for (unsigned i = 0; i < 24 && fuzz_left(&in) && !stop; i++) {
		unsigned left = 1 + i % 5;

		switch (fuzz_below(&in, 4)) {
		case 0:
			attend_call(a, ATTEND_QUERY, NULL, "\x80", 1, &reply);
			look(&reply);
			break;
		case 1:
			if (attend_post(a, ATTEND_MARKS, NULL, "\x80", 1, answered, &done[i]) == ATTEND_OK)
				owed++;
			break;
		case 2:
			last = 0;
			attend_subscribe(a, &wanted, item, &left);
			break;
		case 3:
			attend_flush(a);
			break;
		}
		MUST(strlen(attend_why(a)) < WHY_SIZE);
	}
	attend_close(&a);
	MUST(settled == owed); /* each that was taken was answered, or given up */
	return 0;
}
