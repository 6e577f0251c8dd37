/* daemon_shell.c - a daemon that runs, over CURVE, on the fake engine.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

#include "proto/message.h"
#include "tests/daemon_host.h"

static char folder[64], store[128];
static struct identity admin;
static char server_public[Z85_KEY_SIZE + 1];
static struct host_run daemon_run;
static void *context;

static void start(const char *program, const char *clock)
{
	host_start(&daemon_run, (const char *const[]){ program, "run", "--data", store, "--listen",
	           "tcp://127.0.0.1:*", "--clock", clock, NULL });
}

static int make(void **state)
{
	char path[160], why[256];
	struct host_run run;

	(void)state;
	host_folder(folder);
	snprintf(store, sizeof store, "%s/store", folder);
	assert_int_equal(host_do(&run, (const char *const[]){ ATTENDD_FAKE, "init", "--data", store,
	                 "--authority", "Testshire", NULL }), 0);
	snprintf(path, sizeof path, "%s/admin.identity", store);
	assert_int_equal(identity_read(path, &admin, why, sizeof why), 0);
	snprintf(path, sizeof path, "%s/attendd.pub", store);
	assert_int_equal(identity_read_public(path, server_public, why, sizeof why), 0);
	context = zmq_ctx_new();
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	zmq_ctx_term(context);
	host_remove(folder);
	return 0;
}

static int make_and_start(void **state)
{
	make(state);
	start(ATTENDD_FAKE, "system");
	assert_true(host_ready(&daemon_run));
	return 0;
}

static int end_and_unmake(void **state)
{
	assert_int_equal(host_wait(&daemon_run, SIGTERM), 0);
	return unmake(state);
}

static void *connect_as(const struct identity *identity)
{
	return host_connect(context, daemon_run.endpoint, server_public, identity);
}

/* How a handshake with this key ends. */
static unsigned handshake_as(const struct identity *identity)
{
	static unsigned number;
	char name[16];
	void *socket = host_socket(context, server_public, identity);

	snprintf(name, sizeof name, "%u", number++);
	void *monitor = host_watch(context, socket, name);
	host_connect_to(socket, daemon_run.endpoint);
	zmq_send(socket, "let me in", 9, ZMQ_DONTWAIT);
	unsigned end = host_handshake(monitor);
	zmq_socket_monitor(socket, NULL, 0);
	zmq_close(socket);
	zmq_close(monitor);
	return end;
}

static uint64_t counted(void *socket, const char *name)
{
	unsigned long long number = 0;
	const char *at = strstr(host_ask(socket, "count"), name);

	assert_non_null(at);
	assert_int_equal(sscanf(at + strlen(name), " %llu", &number), 1);
	return number;
}

static void it_echoes_and_ends_cleanly(void **state)
{
	const int signals[] = { SIGTERM, SIGINT };

	for (size_t i = 0; i < 2; i++) {
		make_and_start(state);
		void *socket = connect_as(&admin);
		assert_string_equal(host_ask(socket, "hello"), "hello");
		zmq_close(socket);
		assert_int_equal(host_wait(&daemon_run, signals[i]), 0);
		/* One line and no more on standard output; priorities on standard error. */
		assert_string_equal(strchr(daemon_run.out, '\n'), "\n");
		assert_non_null(strstr(daemon_run.err, "<5>event=ready endpoint=tcp://127.0.0.1:"));
		assert_non_null(strstr(daemon_run.err, "<5>event=ended"));
		unmake(state);
	}
}

static void a_hangup_is_ignored(void **state)
{
	void *socket = connect_as(&admin);

	(void)state;
	assert_string_equal(host_ask(socket, "before"), "before");
	kill(daemon_run.pid, SIGHUP);
	assert_string_equal(host_ask(socket, "after"), "after");
	zmq_close(socket);
}

/* What it holds in memory reaches the disk by no core file. */
static void it_leaves_no_core_file(void **state)
{
	struct rlimit limit = { 1, 1 };

	(void)state;
	assert_int_equal(prlimit(daemon_run.pid, RLIMIT_CORE, NULL, &limit), 0);
	assert_int_equal(limit.rlim_cur, 0);
	assert_int_equal(limit.rlim_max, 0);
}

/* Finding 2: nobody unknown gets past the handshake, and nothing of theirs is counted. */
static void an_unknown_key_is_refused(void **state)
{
	struct identity stranger;
	void *socket = connect_as(&admin);

	(void)state;
	host_new_identity(&stranger);
	assert_int_equal(counted(socket, "frames"), 1);
	assert_int_equal(handshake_as(&stranger), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
	assert_int_equal(handshake_as(&admin), ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
	assert_int_equal(counted(socket, "malformed"), 0);
	zmq_close(socket);
}

static void it_refuses_to_run_behind_an_open_door(void **state)
{
	(void)state;
	start(ATTENDD_OPEN, "system");
	assert_false(host_ready(&daemon_run));
	assert_int_equal(host_wait(&daemon_run, 0), 3);
	assert_string_equal(daemon_run.out, "");
	assert_non_null(strstr(daemon_run.err, "<2>event=self-test-failed"));
	/* The same folder, with a handler that looks. */
	start(ATTENDD_FAKE, "system");
	assert_true(host_ready(&daemon_run));
	assert_int_equal(host_wait(&daemon_run, SIGTERM), 0);
}

/* Finding 3, and what remembering the last key must not mix up. */
static void each_message_has_its_senders_key(void **state)
{
	struct identity other;
	char text[64];
	void *first = connect_as(&admin), *second;

	(void)state;
	host_new_identity(&other);
	snprintf(text, sizeof text, "add %s", other.public_text);
	assert_string_equal(host_ask(first, text), "ok");
	second = connect_as(&other);
	for (int i = 0; i < 50; i++) {
		assert_string_equal(host_ask(first, "who"), admin.public_text);
		assert_string_equal(host_ask(second, "who"), other.public_text);
	}
	zmq_close(first);
	zmq_close(second);
}

/* Granted: let in as soon as the reply is out. Revoked: the live session is the
 * engine's to refuse, a new handshake is refused here. */
static void keys_come_and_go(void **state)
{
	struct identity other;
	char add[64], drop[64];
	void *socket = connect_as(&admin);

	(void)state;
	host_new_identity(&other);
	snprintf(add, sizeof add, "add %s", other.public_text);
	snprintf(drop, sizeof drop, "drop %s", other.public_text);
	for (int i = 0; i < 20; i++) {
		assert_string_equal(host_ask(socket, add), "ok");
		void *live = connect_as(&other);
		assert_string_equal(host_ask(live, "hello"), "hello");
		assert_string_equal(host_ask(socket, drop), "ok");
		assert_string_equal(host_ask(live, "hello"), "revoked");
		assert_int_equal(handshake_as(&other), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
		zmq_close(live);
	}
	zmq_close(socket);
}

static void a_wrong_number_of_frames_is_answered(void **state)
{
	void *socket = connect_as(&admin);
	void *request = zmq_socket(context, ZMQ_REQ);
	const int off = 0, wait_ms = HOST_WAIT_MS;

	(void)state;
	zmq_send(socket, "a", 1, ZMQ_SNDMORE);
	zmq_send(socket, "b", 1, ZMQ_SNDMORE);
	zmq_send(socket, "c", 1, 0);
	assert_string_equal(host_reply(socket), "malformed");
	assert_int_equal(counted(socket, "last"), 3);
	/* A REQ socket puts an empty frame first: two, and no crash for either. */
	zmq_setsockopt(request, ZMQ_LINGER, &off, sizeof off);
	zmq_setsockopt(request, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
	zmq_setsockopt(request, ZMQ_CURVE_SERVERKEY, server_public, sizeof server_public);
	zmq_setsockopt(request, ZMQ_CURVE_PUBLICKEY, admin.public_text, Z85_KEY_SIZE + 1);
	zmq_setsockopt(request, ZMQ_CURVE_SECRETKEY, admin.secret_text, Z85_KEY_SIZE + 1);
	host_connect_to(request, daemon_run.endpoint);
	zmq_send(request, "a", 1, 0);
	while (counted(socket, "malformed") < 2)
		;
	assert_int_equal(counted(socket, "last"), 2);
	zmq_close(request);
	zmq_close(socket);
}

static void an_oversized_frame_ends_only_its_peer(void **state)
{
	const size_t sizes[] = { MESSAGE_SIZE_MAX, MESSAGE_SIZE_MAX + 1 };
	char *frame = malloc(3 * MESSAGE_SIZE_MAX);
	void *socket = connect_as(&admin), *large = host_socket(context, server_public, &admin);
	void *monitor = host_watch(context, large, "large");

	(void)state;
	memset(frame, 'x', 3 * MESSAGE_SIZE_MAX);
	host_connect_to(large, daemon_run.endpoint);
	/* A little over what a message may have still gets an answer, not a cut. */
	for (size_t i = 0; i < 2; i++) {
		zmq_send(large, frame, sizes[i], 0);
		assert_int_equal(strspn(host_reply(large), "x"), 255);
	}
	assert_string_equal(host_ask(socket, "before"), "before");
	zmq_send(large, frame, 3 * MESSAGE_SIZE_MAX, 0);
	assert_true(host_disconnected(monitor));
	assert_string_equal(host_ask(socket, "after"), "after");
	assert_int_equal(counted(socket, "frames"), 5);
	zmq_socket_monitor(large, NULL, 0);
	zmq_close(large);
	zmq_close(monitor);
	zmq_close(socket);
	free(frame);
}

/* Who doesn't read is forgotten once its queue is full, and holds nobody up. */
static void a_subscriber_that_does_not_read_is_forgotten(void **state)
{
	void *socket = connect_as(&admin), *slow = host_socket(context, server_public, &admin);
	const int few = 4, small = 4096;

	(void)state;
	zmq_setsockopt(slow, ZMQ_RCVHWM, &few, sizeof few);
	zmq_setsockopt(slow, ZMQ_RCVBUF, &small, sizeof small);
	host_connect_to(slow, daemon_run.endpoint);
	assert_string_equal(host_ask(slow, "feed 1000000 4096"), "ok");
	while (!counted(socket, "forgotten"))
		;
	assert_string_equal(host_ask(socket, "hello"), "hello");
	zmq_close(slow);
	zmq_close(socket);
}

/* What credit allows is sent without waiting for the next tick in between. */
static void a_feed_goes_on_until_there_is_no_more(void **state)
{
	void *socket = connect_as(&admin);

	(void)state;
	assert_string_equal(host_ask(socket, "feed 5000 100"), "ok");
	for (int i = 0; i < 5000; i++) {
		char room[100];
		assert_int_equal(zmq_recv(socket, room, sizeof room, 0), 100);
	}
	zmq_close(socket);
}

/* A window of many, so that turns gather: each is answered once, in order. */
static void a_window_is_answered_in_order(void **state)
{
	enum { MESSAGES = 20000, WINDOW = 1000 };
	void *socket = connect_as(&admin);
	char text[32];

	(void)state;
	for (int sent = 0, got = 0; got < MESSAGES;) {
		for (; sent < MESSAGES && sent - got < WINDOW; sent++) {
			int size = snprintf(text, sizeof text, "%d", sent);
			assert_int_equal(zmq_send(socket, text, (size_t)size, 0), size);
		}
		assert_int_equal(atoi(host_reply(socket)), got);
		got++;
	}
	assert_int_equal(counted(socket, "frames"), MESSAGES + 1);
	assert_true(counted(socket, "commits") < MESSAGES);
	zmq_close(socket);
}

static void a_second_daemon_is_refused(void **state)
{
	struct host_run second;
	void *socket = connect_as(&admin);

	(void)state;
	assert_int_equal(host_do(&second, (const char *const[]){ ATTENDD_FAKE, "run", "--data", store,
	                 "--listen", "tcp://127.0.0.1:*", NULL }), 1);
	assert_string_equal(second.out, "");
	assert_non_null(strstr(second.err, "another daemon"));
	assert_int_equal(host_do(&second, (const char *const[]){ ATTENDD_FAKE, "admin", "--data", store, NULL }), 1);
	assert_string_equal(host_ask(socket, "hello"), "hello");
	zmq_close(socket);
}

static void a_failed_commit_ends_it_without_a_reply(void **state)
{
	const int wait_ms = 0;
	void *socket;

	make_and_start(state);
	socket = connect_as(&admin);
	assert_string_equal(host_ask(socket, "hello"), "hello");
	zmq_send(socket, "not acked", 9, 0);
	zmq_send(socket, "fail", 4, 0);
	zmq_send(socket, "never seen", 10, 0);
	assert_int_equal(host_wait(&daemon_run, 0), 4);
	assert_non_null(strstr(daemon_run.err, "<2>event=commit-failed reason=\"told to fail\" exit=4"));
	/* "not acked" may have been a turn of its own; what came with or after the failure was not. */
	zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
	for (const char *reply = host_reply(socket); *reply; reply = host_reply(socket))
		assert_string_equal(reply, "not acked");
	zmq_close(socket);
	unmake(state);
}

static void a_manual_clock_moves_when_it_is_told(void **state)
{
	make(state);
	start(ATTENDD_FAKE, "manual:2026-09-01T08:00:00Z");
	assert_true(host_ready(&daemon_run));
	void *socket = connect_as(&admin);
	assert_string_equal(host_ask(socket, "now"), "1788249600000");
	assert_string_equal(host_ask(socket, "to 1788249600001"), "ok");
	assert_string_equal(host_ask(socket, "now"), "1788249600001");
	assert_string_equal(host_ask(socket, "to 1788249599999"), "ok");
	assert_string_equal(host_ask(socket, "now"), "1788249600001");
	assert_int_equal(counted(socket, "stepped"), 0);
	zmq_close(socket);
	end_and_unmake(state);
}

static void systemd_is_told(void **state)
{
	char path[160], text[512];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval wait = { .tv_sec = HOST_WAIT_MS / 1000 };
	const char *const wanted[] = { "READY=1", "WATCHDOG=1", "WATCHDOG=1" };

	make(state);
	snprintf(path, sizeof path, "%s/notify", folder);
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setenv("NOTIFY_SOCKET", path, 1);
	setenv("WATCHDOG_USEC", "300000", 1);
	start(ATTENDD_FAKE, "system");
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	for (size_t i = 0; i < 3;) {
		ssize_t size = recv(fd, text, sizeof text - 1, 0);
		assert_true(size > 0);
		text[size] = 0;
		if (strstr(text, wanted[i]))
			i++;
	}
	assert_true(host_ready(&daemon_run));
	kill(daemon_run.pid, SIGTERM);
	do {
		ssize_t size = recv(fd, text, sizeof text - 1, 0);
		assert_true(size > 0);
		text[size] = 0;
	} while (!strstr(text, "STOPPING=1"));
	assert_int_equal(host_wait(&daemon_run, 0), 0);
	close(fd);
	unmake(state);
}

#define SHELL_TEST(test) cmocka_unit_test_setup_teardown(test, make_and_start, end_and_unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_echoes_and_ends_cleanly),
		SHELL_TEST(a_hangup_is_ignored),
		SHELL_TEST(it_leaves_no_core_file),
		SHELL_TEST(an_unknown_key_is_refused),
		cmocka_unit_test_setup_teardown(it_refuses_to_run_behind_an_open_door, make, unmake),
		SHELL_TEST(each_message_has_its_senders_key),
		SHELL_TEST(keys_come_and_go),
		SHELL_TEST(a_wrong_number_of_frames_is_answered),
		SHELL_TEST(an_oversized_frame_ends_only_its_peer),
		SHELL_TEST(a_subscriber_that_does_not_read_is_forgotten),
		SHELL_TEST(a_feed_goes_on_until_there_is_no_more),
		SHELL_TEST(a_window_is_answered_in_order),
		SHELL_TEST(a_second_daemon_is_refused),
		cmocka_unit_test(a_failed_commit_ends_it_without_a_reply),
		cmocka_unit_test(a_manual_clock_moves_when_it_is_told),
		cmocka_unit_test(systemd_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
