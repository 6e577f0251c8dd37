/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/client_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zmq.h>

#include "proto/identity.h"

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "client_fake: %s\n", what);
	abort();
}

/* RFC 27: version, request id, domain, address, identity, mechanism, then the key. */
static void answer_zap(struct fake *f)
{
	char frames[8][256];
	size_t sizes[8] = { 0 };
	int more = 1;
	for (unsigned i = 0; more && i < 8; i++) {
		int size = zmq_recv(f->zap, frames[i], sizeof frames[i], 0);
		size_t option = sizeof more;
		must(size >= 0, "zap");
		sizes[i] = (size_t)size;
		zmq_getsockopt(f->zap, ZMQ_RCVMORE, &more, &option);
	}
	zmq_send(f->zap, "1.0", 3, ZMQ_SNDMORE);
	zmq_send(f->zap, frames[1], sizes[1], ZMQ_SNDMORE);
	zmq_send(f->zap, f->let_in ? "200" : "400", 3, ZMQ_SNDMORE);
	zmq_send(f->zap, "", 0, ZMQ_SNDMORE);
	zmq_send(f->zap, "user", 4, ZMQ_SNDMORE);
	zmq_send(f->zap, "", 0, 0);
}

static void answer_one(struct fake *f, struct slice frame)
{
	struct message m;
	const char *why;
	size_t offset;
	must(message_decode(&m, frame, &why, &offset) == STATUS_OK, "the client sent what is no request");
	if (m.command == COMMAND_BUNDLE) {
		struct slice piece;
		atomic_fetch_add(&f->bundles, 1);
		if (f->old) {
			fake_reply(f, &m, STATUS_BAD_COMMAND, NULL, 0);
			return;
		}
		while (!atomic_load(&f->close_now) && bundle_next(&m.body, &piece))
			answer_one(f, piece);
		return;
	}
	unsigned seen = atomic_load(&f->seen);
	must(seen < FAKE_SEEN_MAX, "too many requests");
	memcpy(f->ids[seen], m.id, ATTEND_ID_SIZE);
	f->commands[seen] = m.command;
	atomic_store(&f->seen, seen + 1);
	f->respond(f, &m, seen);
}

static void answer_request(struct fake *f)
{
	static uint8_t frame[MESSAGE_SIZE_MAX];
	int size = zmq_recv(f->router, f->from, sizeof f->from, 0);
	must(size > 0, "routing id");
	f->from_size = (size_t)size;
	size = zmq_recv(f->router, frame, sizeof frame, 0);
	must(size >= 0 && (size_t)size <= sizeof frame, "frame");
	answer_one(f, slice_of(frame, (size_t)size));
}

static void *run(void *context)
{
	struct fake *f = context;
	zmq_pollitem_t items[] = {
		{ .socket = f->zap, .events = ZMQ_POLLIN }, { .socket = f->router, .events = ZMQ_POLLIN },
		{ .socket = f->control, .events = ZMQ_POLLIN },
	};
	while (!atomic_load(&f->close_now)) {
		zmq_poll(items, 3, -1);
		if (items[0].revents)
			answer_zap(f);
		if (items[1].revents)
			answer_request(f);
		if (items[2].revents)
			break;
	}
	zmq_close(f->router);
	zmq_close(f->zap);
	zmq_close(f->control);
	return NULL;
}

static void listen_again(struct fake *f, const char *endpoint)
{
	int yes = 1, no = 0;
	size_t size = sizeof f->endpoint;
	atomic_store(&f->close_now, false);
	f->zmq = zmq_ctx_new();
	f->zap = zmq_socket(f->zmq, ZMQ_REP);
	f->router = zmq_socket(f->zmq, ZMQ_ROUTER);
	f->control = zmq_socket(f->zmq, ZMQ_PAIR);
	f->control_ours = zmq_socket(f->zmq, ZMQ_PAIR);
	must(zmq_bind(f->zap, "inproc://zeromq.zap.01") == 0, "zap");
	zmq_setsockopt(f->router, ZMQ_CURVE_SERVER, &yes, sizeof yes);
	zmq_setsockopt(f->router, ZMQ_CURVE_SECRETKEY, f->server_secret, 41);
	zmq_setsockopt(f->router, ZMQ_ZAP_DOMAIN, "test", 4);
	zmq_setsockopt(f->router, ZMQ_LINGER, &no, sizeof no);
	must(zmq_bind(f->router, endpoint) == 0, "bind");
	zmq_getsockopt(f->router, ZMQ_LAST_ENDPOINT, f->endpoint, &size);
	must(zmq_bind(f->control, "inproc://control") == 0 && zmq_connect(f->control_ours, "inproc://control") == 0, "control");
	must(pthread_create(&f->thread, NULL, run, f) == 0, "thread");
}

static void write_public(const char *path, const char *key)
{
	FILE *out = fopen(path, "w");
	must(out && fprintf(out, "%s\n", key) > 0 && fclose(out) == 0, path);
}

void fake_start(struct fake *f, fake_respond *respond, void *context)
{
	struct identity identity;
	char why[256], other[41], secret[41];
	memset(f, 0, sizeof *f);
	f->respond = respond;
	f->context = context;
	f->let_in = true;
	snprintf(f->dir, sizeof f->dir, "%s/attend-client-XXXXXX", P_tmpdir);
	must(mkdtemp(f->dir) != NULL, "mkdtemp");
	snprintf(f->identity, sizeof f->identity, "%s/me.identity", f->dir);
	snprintf(f->server_key, sizeof f->server_key, "%s/server.pub", f->dir);
	snprintf(f->other_key, sizeof f->other_key, "%s/other.pub", f->dir);
	must(zmq_curve_keypair(f->server_public, f->server_secret) == 0, "keys");
	must(zmq_curve_keypair(identity.public_text, identity.secret_text) == 0, "keys");
	must(zmq_curve_keypair(other, secret) == 0, "keys");
	must(identity_write(f->identity, &identity, why, sizeof why) == 0, "identity");
	write_public(f->server_key, f->server_public);
	write_public(f->other_key, other);
	listen_again(f, "tcp://127.0.0.1:*");
}

void fake_again(struct fake *f)
{
	char endpoint[256];
	memcpy(endpoint, f->endpoint, sizeof endpoint);
	listen_again(f, endpoint);
}

void fake_stop(struct fake *f)
{
	zmq_send(f->control_ours, "", 0, ZMQ_DONTWAIT);
	fake_await_cut(f);
}

void fake_await_cut(struct fake *f)
{
	int no = 0;
	pthread_join(f->thread, NULL);
	zmq_setsockopt(f->control_ours, ZMQ_LINGER, &no, sizeof no);
	zmq_close(f->control_ours);
	zmq_ctx_term(f->zmq);
}

void fake_remove(struct fake *f)
{
	unlink(f->identity);
	unlink(f->server_key);
	unlink(f->other_key);
	rmdir(f->dir);
}

void fake_send_frames(struct fake *f, const void *first, size_t first_size, const void *second, size_t second_size)
{
	zmq_send(f->router, f->from, f->from_size, ZMQ_SNDMORE);
	zmq_send(f->router, first, first_size, second ? ZMQ_SNDMORE : 0);
	if (second)
		zmq_send(f->router, second, second_size, 0);
}

static void send_reply(struct fake *f, uint8_t command, const uint8_t *id, unsigned status, const void *body, size_t size)
{
	static uint8_t frame[64 * 1024];
	struct writer out = writer_of(frame, sizeof frame);
	message_reply(&out, command, id, (enum status)status, 7);
	write_bytes(&out, body, size);
	must(!out.full, "reply");
	fake_send_frames(f, frame, writer_size(&out), NULL, 0);
}

void fake_reply(struct fake *f, const struct message *m, unsigned status, const void *body, size_t size)
{
	send_reply(f, m->command, m->id, status, body, size);
}

void fake_send(struct fake *f, uint8_t command, const uint8_t id[static ATTEND_ID_SIZE], const void *body, size_t size)
{
	send_reply(f, command, id, STATUS_OK, body, size);
}

static struct attend *connect_with(struct fake *f, const char *server_key, unsigned timeout_ms, unsigned window)
{
	char why[256];
	struct attend_options options = {
		.server = f->endpoint, .server_key_file = server_key, .identity_file = f->identity,
		.timeout_ms = timeout_ms, .patience_ms = f->patience_ms, .window = window,
	};
	struct attend *a = attend_open(&options, why, sizeof why);
	if (!a)
		fprintf(stderr, "%s\n", why);
	must(a != NULL, "open");
	return a;
}

struct attend *fake_connect(struct fake *f, unsigned timeout_ms, unsigned window)
{
	return connect_with(f, f->server_key, timeout_ms, window);
}

struct attend *fake_connect_wrongly(struct fake *f, unsigned timeout_ms)
{
	return connect_with(f, f->other_key, timeout_ms, 0);
}
