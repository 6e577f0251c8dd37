/* daemon_door.c - handshakes, the self-test, and who a message is from, without
 * a process round them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include <cmocka.h>

#include "daemon/known_keys.h"
#include "daemon/router.h"
#include "daemon/self_test.h"
#include "daemon/zap.h"
#include "tests/daemon_host.h"

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
		DOOR_TEST(only_tcp_is_listened_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
