/* daemon_flood.c - known peers that would fill the daemon's memory.
 *
 * A peer that never ends its message is played by one that ends it after far more than the
 * daemon has room for: libzmq holds a message back until its last frame is given
 * to it, and until that one is sent the two are the same to the daemon.
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
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

#include "tests/daemon_host.h"

enum { LARGE = 4 * 1024 * 1024 };

static char folder[64], store[128];
static struct identity admin, flooder;
static char server_public[Z85_KEY_SIZE + 1];
static struct host_run daemon_run;
static void *context, *honest;
static char large[LARGE];

static int make(void **state)
{
	char path[160], why[256], text[64], sanitizer[512];
	const char *given = getenv("ASAN_OPTIONS");
	struct host_run run;

	(void)state;
	/* The sanitizer keeps what was freed, to see it used; here it shall be gone. */
	snprintf(sanitizer, sizeof sanitizer, "%s%squarantine_size_mb=0:thread_local_quarantine_size_kb=0:"
	         "allocator_release_to_os_interval_ms=0", given ? given : "", given ? ":" : "");
	setenv("ASAN_OPTIONS", sanitizer, 1);
	host_folder(folder);
	snprintf(store, sizeof store, "%s/store", folder);
	assert_int_equal(host_do(&run, (const char *const[]){ ATTENDD_NARROW, "init", "--data", store,
	                 "--authority", "Testshire", NULL }), 0);
	snprintf(path, sizeof path, "%s/admin.identity", store);
	assert_int_equal(identity_read(path, &admin, why, sizeof why), 0);
	snprintf(path, sizeof path, "%s/attendd.pub", store);
	assert_int_equal(identity_read_public(path, server_public, why, sizeof why), 0);
	host_start(&daemon_run, (const char *const[]){ ATTENDD_NARROW, "run", "--data", store, "--listen",
	           "tcp://127.0.0.1:*", NULL });
	assert_true(host_ready(&daemon_run));
	context = zmq_ctx_new();
	honest = host_connect(context, daemon_run.endpoint, server_public, &admin);
	host_new_identity(&flooder);
	snprintf(text, sizeof text, "add %s", flooder.public_text);
	assert_string_equal(host_ask(honest, text), "ok");
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	zmq_close(honest);
	zmq_ctx_term(context);
	assert_int_equal(host_wait(&daemon_run, SIGTERM), 0);
	host_remove(folder);
	return 0;
}

static uint64_t daemon_memory(void)
{
	char path[64];
	unsigned long long resident = 0, shared = 0;

	snprintf(path, sizeof path, "/proc/%d/statm", (int)daemon_run.pid);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*u %llu %llu", &resident, &shared), 2);
	fclose(file);
	return (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool cut_off(void *monitor, long wait_ms)
{
	zmq_pollitem_t item = { .socket = monitor, .events = ZMQ_POLLIN };

	return zmq_poll(&item, 1, wait_ms) == 1 && host_disconnected(monitor);
}

/* The peer is cut off, and meanwhile another is served over a connection that stays. It asks
 * now and then: who brings much may be the cause. */
static void await_cut(void *monitor)
{
	for (unsigned i = 0; !cut_off(monitor, 10); i++) {
		assert_true(i < 5000);
		assert_string_equal(host_ask(honest, "meanwhile"), "meanwhile");
	}
}

static void await_memory(uint64_t at_most)
{
	for (unsigned i = 0; daemon_memory() > at_most; i++) {
		assert_true(i < 1000000);
		assert_string_equal(host_ask(honest, "still there"), "still there");
	}
}

/* `monitor` sees the connection; it is made, and the handshake is through. */
static void *connect_flooder(void **monitor)
{
	static unsigned count;
	char name[32];
	void *socket = host_socket(context, server_public, &flooder);

	/* libzmq lets go of a name in its own time */
	snprintf(name, sizeof name, "flooder%u", ++count);
	*monitor = host_watch(context, socket, name);
	zmq_setsockopt(*monitor, ZMQ_RCVHWM, &(int){ 0 }, sizeof(int));
	host_connect_to(socket, daemon_run.endpoint);
	assert_int_equal(host_handshake(*monitor), ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
	return socket;
}

static void close_flooder(void *socket, void *monitor)
{
	zmq_socket_monitor(socket, NULL, 0);
	zmq_close(socket);
	zmq_close(monitor);
}

/* The same key, connecting anew, is served: being cut off is no judgement. */
static void assert_served_again(void)
{
	void *socket = host_connect(context, daemon_run.endpoint, server_public, &flooder);

	assert_string_equal(host_ask(socket, "again"), "again");
	zmq_close(socket);
}

static void send_unended(void *socket, size_t frame_size, unsigned frames)
{
	for (unsigned i = 0; i < frames; i++) {
		zmq_msg_t frame;
		zmq_msg_init_data(&frame, large, frame_size, NULL, NULL);
		assert_int_equal(zmq_msg_send(&frame, socket, i + 1 < frames ? ZMQ_SNDMORE : 0), (int)frame_size);
	}
}

/* Finding 4: in frames of all sizes, and whether or not each of them is within the limits. */
static void an_endless_message_ends_its_peer(void **state)
{
	/* Small frames cost the daemon 64 bytes each: a quarter of a gigabyte; the others a
	 * whole one, of which a small part is ever sent. */
	const struct { size_t size; unsigned frames; } floods[] = {
		{ 1, 4000000 }, { 4096, 262144 }, { 65536, 16384 }, { LARGE, 256 },
	};
	uint64_t before = daemon_memory();

	(void)state;
	for (size_t i = 0; i < sizeof floods / sizeof floods[0]; i++) {
		void *monitor, *socket = connect_flooder(&monitor);
		send_unended(socket, floods[i].size, floods[i].frames);
		await_cut(monitor);
		close_flooder(socket, monitor);
		/* What was kept for it is given back, and it never became a message. */
		await_memory(before + (UINT64_C(33) << 20));
		assert_non_null(strstr(host_ask(honest, "count"), "malformed 0 "));
		assert_served_again();
	}
}

/* As much in messages that are each ended and answered costs no memory, and nobody is cut off. */
static void a_busy_peer_is_left_alone(void **state)
{
	void *monitor, *socket = connect_flooder(&monitor);

	(void)state;
	memset(large, 'x', 65536);
	for (unsigned i = 0; i < 2000; i++) {
		assert_int_equal(zmq_send(socket, large, 65536, 0), 65536);
		assert_int_equal(strspn(host_reply(socket), "x"), 255);
	}
	assert_false(cut_off(monitor, 0));
	close_flooder(socket, monitor);
}

#define FLOOD_TEST(test) cmocka_unit_test_setup_teardown(test, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FLOOD_TEST(an_endless_message_ends_its_peer),
		FLOOD_TEST(a_busy_peer_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
