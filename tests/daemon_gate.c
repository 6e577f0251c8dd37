/* daemon_gate.c - who is let come, and what is known of who did.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

#include "daemon/connections.h"
#include "tests/daemon_host.h"

enum { MOST = 40 };

static int listener = -1;
static struct sockaddr_in server;

static int set_up(void **state)
{
	socklen_t size = sizeof server;

	(void)state;
	server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&server, sizeof server), 0);
	assert_int_equal(listen(listener, 1024), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&server, &size), 0);
	assert_int_equal(connections_start(MOST), MOST);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(listener);
	connections_stop();
	return 0;
}

/* A connection from 127.0.0.`from`; the daemon's side of it, -1 where it was turned away. */
static int come(unsigned from, int *client)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(127u << 24 | from) };
	struct sockaddr_in seen;
	socklen_t size = sizeof seen;

	*client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(*client, (struct sockaddr *)&own, sizeof own), 0);
	assert_int_equal(connect(*client, (struct sockaddr *)&server, sizeof server), 0);
	int fd = accept4(listener, (struct sockaddr *)&seen, &size, SOCK_CLOEXEC);
	if (fd >= 0)
		assert_int_equal(seen.sin_addr.s_addr, own.sin_addr.s_addr);
	else
		assert_int_equal(recv(*client, &size, 1, 0) > 0, 0); /* it is told so at once */
	return fd;
}

static void what_comes_and_goes_is_counted(void **state)
{
	struct connections_told before = connections_told();
	int client[3], fd[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		fd[i] = come(1, &client[i]);
		assert_true(fd[i] >= 0);
	}
	assert_int_equal(connections_told().open, 3);
	uint32_t serial = connections_spoke(fd[0]);
	assert_true(connections_is(fd[0], serial));
	assert_int_equal(connections_spoke(fd[0]), serial);
	close(fd[0]);
	close(fd[1]);
	assert_false(connections_is(fd[0], serial));
	assert_int_equal(connections_told().accepted - before.accepted, 3);
	assert_int_equal(connections_told().unspoken - before.unspoken, 1);
	assert_int_equal(connections_told().open, 1);
	/* the next one with that number is another */
	int again = come(1, &client[0]);
	assert_true(connections_spoke(again) != serial);
	close(again);
	close(fd[2]);
	for (unsigned i = 0; i < 3; i++)
		close(client[i]);
	assert_int_equal(connections_told().open, 0);
	assert_int_equal(connections_spoke(-1), 0);
	assert_int_equal(connections_spoke(fd[1]), 0);
}

/* Half of the places is for those whose address a known key came from. */
static void strangers_leave_room_for_the_known(void **state)
{
	int client[2 * MOST], fd[2 * MOST];
	unsigned come_in = 0, all = 0;
	struct connections_told before = connections_told();

	(void)state;
	for (; all < MOST; all++) {
		fd[all] = come(2, &client[all]);
		come_in += fd[all] >= 0;
	}
	assert_int_equal(come_in, MOST / 2);
	assert_int_equal(connections_told().turned_away - before.turned_away, MOST / 2);
	connections_known_address("127.0.0.3");
	for (; all < MOST + 5; all++) {
		fd[all] = come(3, &client[all]);
		assert_true(fd[all] >= 0);
		assert_true(connections_spoke(fd[all]) != 0);
	}
	/* Who has spoken is no stranger's place taken; but there are not more than there are. */
	for (; all < 2 * MOST - 1; all++)
		fd[all] = come(3, &client[all]);
	assert_true(connections_told().open <= MOST);
	connections_forget_address(fd[MOST], connections_spoke(fd[MOST]));
	fd[all] = come(3, &client[all]);
	assert_int_equal(fd[all++], -1);
	while (all--) {
		if (fd[all] >= 0)
			close(fd[all]);
		close(client[all]);
	}
	assert_int_equal(connections_told().open, 0);
}

static void who_comes_too_often_is_turned_away(void **state)
{
	unsigned in = 0;
	int client;

	(void)state;
	for (unsigned i = 0; i < STRANGER_BURST + 200; i++) {
		int fd = come(4, &client);
		in += fd >= 0;
		if (fd >= 0)
			close(fd);
		close(client);
	}
	/* those that time has brought, on a slow machine, are let in beside the burst */
	assert_in_range(in, STRANGER_BURST, STRANGER_BURST + 199);
	/* which is nothing to another address */
	int fd = come(5, &client);
	assert_true(fd >= 0);
	close(fd);
	close(client);
}

/* The one that brings most that nobody takes, or takes least of what it is given, is cut off. */
static void the_heaviest_is_cut(void **state)
{
	static char bytes[256 * 1024];
	struct heaviest heaviest = { 0 };
	int client[4], fd[4];
	uint32_t serial[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		fd[i] = come(10 + i, &client[i]);
		assert_true(fd[i] >= 0);
		serial[i] = connections_spoke(fd[i]);
		for (size_t sent = 0, got = 0; sent < sizeof bytes; sent += got) {
			got = (size_t)send(client[i], bytes, sizeof bytes - sent, MSG_DONTWAIT);
			if (got == (size_t)-1)
				got = 0;
			while (recv(fd[i], bytes, sizeof bytes, MSG_DONTWAIT) > 0)
				;
		}
	}
	assert_int_equal(connections_cut_heaviest(UINT64_MAX, 1024 * 1024, 0, &heaviest), 0);
	connections_took(fd[0], serial[0], sizeof bytes);          /* all of it was taken */
	connections_took(fd[1], serial[1], sizeof bytes);
	connections_gave(fd[1], serial[1], UINT64_C(10) << 20);    /* none of this was */
	connections_took(fd[2], serial[2], sizeof bytes / 2);
	assert_int_equal(connections_cut_heaviest(1, 1024, UINT64_C(100) << 20, &heaviest), 0); /* not worth it */
	assert_int_equal(connections_cut_heaviest(1, 1024, UINT64_C(10) << 20, &heaviest), 1);
	assert_int_equal(ntohl(((struct sockaddr_in *)&heaviest.address)->sin_addr.s_addr), 127u << 24 | 11);
	assert_true(heaviest.held >= UINT64_C(10) << 20);
	assert_int_equal(recv(client[1], bytes, 1, 0), 0);
	close(fd[1]);
	assert_int_equal(connections_cut_heaviest(sizeof bytes + 1, 1024, 0, &heaviest), 2);
	assert_int_equal(ntohl(((struct sockaddr_in *)&heaviest.address)->sin_addr.s_addr), 127u << 24 | 13);
	assert_int_equal(recv(client[3], bytes, 1, 0), 0);
	assert_int_equal(recv(client[2], bytes, 1, 0), 0);
	assert_int_equal(recv(client[0], bytes, 1, MSG_DONTWAIT), -1); /* who holds nothing stays */
	for (unsigned i = 0; i < 4; i++) {
		if (i != 1)
			close(fd[i]);
		close(client[i]);
	}
}

/* Where there are no descriptors left, whoever waits is sent away, so that nobody tries for ever. */
static void without_descriptors_nobody_is_left_waiting(void **state)
{
	struct rlimit before, now;
	int client[8], fd;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		client[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(client[i], (struct sockaddr *)&server, sizeof server), 0);
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	int lowest = dup(0); /* no number below this one is free */
	now.rlim_cur = (rlim_t)lowest + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	for (unsigned i = 0; i < 8; i++) {
		char byte;
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		assert_int_equal(fd, -1);
		assert_true(recv(client[i], &byte, 1, 0) <= 0);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	close(lowest);
	for (unsigned i = 0; i < 8; i++)
		close(client[i]);
}

#define GATE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GATE_TEST(what_comes_and_goes_is_counted),
		GATE_TEST(strangers_leave_room_for_the_known),
		GATE_TEST(who_comes_too_often_is_turned_away),
		GATE_TEST(the_heaviest_is_cut),
		GATE_TEST(without_descriptors_nobody_is_left_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
