/* daemon_door.c - handshakes, the self-test, and who a message is from, without
 * a process round them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

#include "daemon/known_keys.h"
#include "daemon/router.h"
#include "daemon/self_test.h"
#include "daemon/zap.h"
#include "tests/daemon_host.h"
#include "tests/hostile/wire.h"

struct door {
	void *context;
	struct known_keys *known;
	struct zap *zap;
	struct router *router;
	struct identity server, client;
	char why[256];
};

static void know(struct door *door, const struct identity *identity)
{
	uint8_t (*keys)[PUBLIC_KEY_SIZE] = calloc(1, sizeof *keys);

	memcpy(keys[0], identity->public_key, PUBLIC_KEY_SIZE);
	known_keys_replace(door->known, keys, 1);
}

static int set_up(void **state)
{
	struct door *door = calloc(1, sizeof *door);

	door->context = zmq_ctx_new();
	door->known = known_keys_open();
	host_new_identity(&door->server);
	host_new_identity(&door->client);
	know(door, &door->client);
	assert_int_equal(zap_open(&door->zap, door->context, door->known, door->why, sizeof door->why), 0);
	assert_int_equal(router_open(&door->router, door->context, "tcp://127.0.0.1:*", &door->server,
	                             door->why, sizeof door->why), 0);
	*state = door;
	return 0;
}

static int tear_down(void **state)
{
	struct door *door = *state;

	router_close(&door->router);
	zap_close(&door->zap);
	assert_int_equal(zmq_ctx_term(door->context), 0);
	known_keys_close(&door->known);
	free(door);
	return 0;
}

static void *connect_client(struct door *door, const struct identity *identity)
{
	return host_connect(door->context, router_endpoint(door->router), door->server.public_text, identity);
}

static void await_message(struct door *door)
{
	zmq_pollitem_t item = { .socket = router_socket(door->router), .events = ZMQ_POLLIN };

	assert_int_equal(zmq_poll(&item, 1, HOST_WAIT_MS), 1);
}

static void known_keys_are_found_and_no_others(void **state)
{
	struct known_keys *known = known_keys_open();
	uint8_t (*keys)[PUBLIC_KEY_SIZE] = calloc(100, sizeof *keys), key[PUBLIC_KEY_SIZE] = { 0 };

	(void)state;
	assert_false(known_keys_has(known, key));
	for (unsigned i = 0; i < 100; i++)
		keys[i][31] = (uint8_t)(199 - 2 * i);
	known_keys_replace(known, keys, 100);
	for (unsigned i = 0; i < 256; i++) {
		key[31] = (uint8_t)i;
		assert_int_equal(known_keys_has(known, key), i % 2 && i < 200);
	}
	known_keys_replace(known, NULL, 0);
	key[31] = 1;
	assert_false(known_keys_has(known, key));
	known_keys_close(&known);
	assert_null(known);
}

/* Finding 2: a CURVE server without a handler lets everybody in, and the
 * self-test sees it. */
static void self_test_sees_an_open_door(void **state)
{
	struct identity server;
	char why[256] = "", endpoint[128];
	size_t size = sizeof endpoint;
	const int on = 1;
	void *context = zmq_ctx_new(), *bare = zmq_socket(context, ZMQ_ROUTER);

	(void)state;
	host_new_identity(&server);
	zmq_setsockopt(bare, ZMQ_CURVE_SERVER, &on, sizeof on);
	zmq_setsockopt(bare, ZMQ_CURVE_SECRETKEY, server.secret_text, Z85_KEY_SIZE + 1);
	zmq_setsockopt(bare, ZMQ_ZAP_DOMAIN, "attend", 6);
	assert_int_equal(zmq_bind(bare, "tcp://127.0.0.1:*"), 0);
	zmq_getsockopt(bare, ZMQ_LAST_ENDPOINT, endpoint, &size);
	assert_int_equal(self_test(context, endpoint, &server, why, sizeof why), SELF_TEST_ADMITTED);
	assert_non_null(strstr(why, "let in"));
	zmq_close(bare);
	zmq_ctx_term(context);
}

static void self_test_passes_at_a_shut_door(void **state)
{
	struct door *door = *state;

	for (int i = 0; i < 3; i++)
		assert_int_equal(self_test(door->context, router_endpoint(door->router), &door->server,
		                           door->why, sizeof door->why), SELF_TEST_REFUSED);
	assert_int_equal(zap_refused(door->zap), 3);
}

/* The handler gone (its thread ended): refused all the same, by the socket's option 93. */
static void without_a_handler_the_door_stays_shut(void **state)
{
	struct door *door = *state;
	void *socket = host_socket(door->context, door->server.public_text, &door->client);
	void *monitor = host_watch(door->context, socket, "gone");

	zap_close(&door->zap);
	host_connect_to(socket, router_endpoint(door->router));
	assert_int_not_equal(host_handshake(monitor), ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
	zmq_socket_monitor(socket, NULL, 0);
	zmq_close(socket);
	zmq_close(monitor);
}

/* A server that isn't ours answers nothing that the self-test could take for a refusal. */
static void self_test_does_not_pass_unseen(void **state)
{
	struct door *door = *state;

	/* The right door with the wrong key to it: the handshake just fails. */
	assert_int_equal(self_test(door->context, router_endpoint(door->router), &door->client,
	                           door->why, sizeof door->why), SELF_TEST_UNKNOWN);
}

/* Finding 3: polled before, the routing id's frame has no User-Id; the payload has. */
static void the_payload_says_who_after_a_poll(void **state)
{
	struct door *door = *state;
	struct received received;
	void *socket = connect_client(door, &door->client);

	received_open(&received);
	assert_int_equal(zmq_send(socket, "hello", 5, 0), 5);
	await_message(door);
	assert_int_equal(router_receive(door->router, &received), ROUTER_FRAME);
	assert_memory_equal(received.key, door->client.public_key, PUBLIC_KEY_SIZE);
	assert_true(slice_is(received.frame, "hello"));
	assert_null(zmq_msg_gets(&received.routing_id, "User-Id"));
	assert_int_equal(router_receive(door->router, &received), ROUTER_NOTHING);
	assert_true(router_send(door->router, &received.peer, slice_text("yes")));
	assert_string_equal(host_reply(socket), "yes");
	received_close(&received);
	zmq_close(socket);
}

static void a_message_of_other_frames_is_malformed(void **state)
{
	struct door *door = *state;
	struct received received;
	void *socket = connect_client(door, &door->client);

	received_open(&received);
	for (unsigned frames = 2; frames < 40; frames += 9) {
		for (unsigned i = 1; i < frames; i++)
			zmq_send(socket, "x", 1, ZMQ_SNDMORE);
		zmq_send(socket, "", 0, 0);
		zmq_send(socket, "one", 3, 0);
		await_message(door);
		assert_int_equal(router_receive(door->router, &received), ROUTER_MALFORMED);
		assert_int_equal(received.frames, frames);
		/* Nothing of it is left in the way of the next. */
		await_message(door);
		assert_int_equal(router_receive(door->router, &received), ROUTER_FRAME);
		assert_true(slice_is(received.frame, "one"));
	}
	received_close(&received);
	zmq_close(socket);
}

/* Else a peer could take the routing id of one that went, and be sent its replies. */
static void a_chosen_routing_id_is_refused(void **state)
{
	struct door *door = *state;
	struct received received;
	char chosen[200];
	const struct { size_t size; enum router_result result; } tries[] = {
		{ 5, ROUTER_MALFORMED }, { 32, ROUTER_MALFORMED }, { 33, ROUTER_DROPPED }, { 200, ROUTER_DROPPED },
	};

	received_open(&received);
	memset(chosen, 'o', sizeof chosen);
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		void *socket = host_socket(door->context, door->server.public_text, &door->client);
		zmq_setsockopt(socket, ZMQ_ROUTING_ID, chosen, tries[i].size);
		host_connect_to(socket, router_endpoint(door->router));
		zmq_send(socket, "hello", 5, 0);
		await_message(door);
		assert_int_equal(router_receive(door->router, &received), tries[i].result);
		if (tries[i].result == ROUTER_MALFORMED) {
			assert_int_equal(received.frames, 0);
			assert_true(router_send(door->router, &received.peer, slice_text("no")));
			assert_string_equal(host_reply(socket), "no");
		}
		zmq_close(socket);
	}
	received_close(&received);
}

static void a_peer_that_went_is_noticed(void **state)
{
	struct door *door = *state;
	const struct peer stranger = { .size = 5, .bytes = { 0, 1, 2, 3, 4 } };

	assert_false(router_send(door->router, &stranger, slice_text("anybody there?")));
}

/* ---- a peer that libzmq would have stopped reading ---- */

enum { FRAMES = 6000, FRAME_ROOM = 128 };

static void send_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size) {
		struct pollfd item = { .fd = fd, .events = POLLOUT };
		ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && poll(&item, 1, 500) != 1)
			return; /* it is stopped: what is on its way is enough */
		bytes += sent > 0 ? sent : 0;
		size -= sent > 0 ? (size_t)sent : 0;
	}
}

static void receive_all(int fd, uint8_t *bytes, size_t size)
{
	for (ssize_t got; size; bytes += got, size -= (size_t)got) {
		got = recv(fd, bytes, size, 0);
		assert_true(got > 0);
	}
}

/* Connected, and through the handshake. */
static int open_raw(struct door *door, struct wire *wire, struct wire_key *key, uint8_t server[32])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	uint8_t out[WIRE_INITIATE_MAX], in[WIRE_GREETING + WIRE_WELCOME], ready[512];
	const uint8_t *body;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(z85_key_parse(slice_text(door->server.public_text), server));
	assert_true(z85_key_parse(slice_text(door->client.public_text), key->public));
	assert_true(z85_key_parse(slice_text(door->client.secret_text), key->secret));
	*wire = (struct wire){ .server = server, .key = key };
	address.sin_port = htons((uint16_t)atoi(strrchr(router_endpoint(door->router), ':') + 1));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	wire_greeting(out);
	wire_hello(wire, out + WIRE_GREETING);
	send_all(fd, out, WIRE_GREETING + WIRE_HELLO);
	receive_all(fd, in, sizeof in);
	size_t size = wire_initiate(wire, in + WIRE_GREETING, out);
	assert_true(size > 0);
	send_all(fd, out, size);
	receive_all(fd, ready, 2);
	size = wire_frame(ready, 2, &body);
	assert_in_range(size, 8, sizeof ready);
	receive_all(fd, ready + 2, size - 2);
	assert_memory_equal(ready + 2, "\5READY", 6);
	return fd;
}

/* One that sends much and asks for a heartbeat's answer in between, and goes while nobody takes what it sent: with a
 * mark beyond which libzmq 4.3.4 stops reading, that would end this process. */
static void a_peer_that_floods_and_goes_ends_nobody_else(void **state)
{
	static uint8_t out[FRAMES * FRAME_ROOM];
	struct door *door = *state;
	struct received received;
	struct wire wire;
	struct wire_key key;
	uint8_t server[32];
	const struct linger none = { .l_onoff = 1 };
	size_t size = 0;
	unsigned taken = 0;

	int fd = open_raw(door, &wire, &key, server);
	for (unsigned i = 0; i < FRAMES; i++)
		size += i % 5 ? wire_seal(&wire, 0, (const uint8_t *)"message", 7, out + size)
		              : wire_seal(&wire, WIRE_COMMAND, (const uint8_t *)"\4PING\0\0now", 10, out + size);
	send_all(fd, out, size);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(fd);
	/* A handshake goes through libzmq's thread after all that. */
	assert_int_equal(self_test(door->context, router_endpoint(door->router), &door->server, door->why,
	                           sizeof door->why), SELF_TEST_REFUSED);
	received_open(&received);
	do
		while (router_receive(door->router, &received) == ROUTER_FRAME)
			taken++;
	while (router_wait(door->router, 200000));
	assert_true(taken > 100);
	assert_int_equal(self_test(door->context, router_endpoint(door->router), &door->server, door->why,
	                           sizeof door->why), SELF_TEST_REFUSED);
	received_close(&received);
}

static void only_tcp_is_listened_on(void **state)
{
	const char *const refused[] = { "ipc:///run/attend", "inproc://attend", "127.0.0.1:5570", "", "tcp://nowhere at all" };
	struct door *door = *state;
	struct router *other;

	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		assert_int_equal(router_open(&other, door->context, refused[i], &door->server,
		                             door->why, sizeof door->why), -1);
		assert_null(other);
		assert_non_null(strstr(door->why, "can't listen on"));
	}
	/* In use already. */
	assert_int_equal(router_open(&other, door->context, router_endpoint(door->router), &door->server,
	                             door->why, sizeof door->why), -1);
	assert_non_null(strstr(door->why, "in use"));
}

static int option_of(struct door *door, int option)
{
	int value = -1;
	size_t size = sizeof value;

	assert_int_equal(zmq_getsockopt(router_socket(door->router), option, &value, &size), 0);
	return value;
}

/* By seconds that no test waits for: whoever begins no handshake, or has gone without a word, is given up. */
static void who_says_nothing_is_given_up(void **state)
{
	struct door *door = *state;

	assert_in_range(option_of(door, ZMQ_HANDSHAKE_IVL), 1000, 10000);
	assert_in_range(option_of(door, ZMQ_HEARTBEAT_IVL), 1000, 5000);
	assert_in_range(option_of(door, ZMQ_HEARTBEAT_TIMEOUT), 5001, 15000);
	assert_int_equal(option_of(door, ZMQ_TCP_KEEPALIVE), 1);
	assert_in_range(option_of(door, ZMQ_LINGER), 1, 5000);
}

#define DOOR_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_keys_are_found_and_no_others),
		cmocka_unit_test(self_test_sees_an_open_door),
		DOOR_TEST(self_test_passes_at_a_shut_door),
		DOOR_TEST(without_a_handler_the_door_stays_shut),
		DOOR_TEST(self_test_does_not_pass_unseen),
		DOOR_TEST(the_payload_says_who_after_a_poll),
		DOOR_TEST(a_message_of_other_frames_is_malformed),
		DOOR_TEST(a_chosen_routing_id_is_refused),
		DOOR_TEST(a_peer_that_went_is_noticed),
		DOOR_TEST(a_peer_that_floods_and_goes_ends_nobody_else),
		DOOR_TEST(only_tcp_is_listened_on),
		DOOR_TEST(who_says_nothing_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
