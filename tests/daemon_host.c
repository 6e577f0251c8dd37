/* daemon_host.c - a child process, its pipes, and sockets to it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/daemon_host.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

void host_start(struct host_run *run, const char *const *arguments)
{
	int out[2], err[2];

	memset(run, 0, sizeof *run);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	run->pid = fork();
	assert_true(run->pid >= 0);
	if (!run->pid) {
		/* A test that fails must leave no daemon behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		execv(arguments[0], (char *const *)(uintptr_t)arguments);
		_exit(127);
	}
	close(out[1]);
	close(err[1]);
	run->out_fd = out[0];
	run->err_fd = err[0];
}

bool host_ready(struct host_run *run)
{
	size_t size = 0;

	while (size < HOST_TEXT_SIZE - 1 && read(run->out_fd, run->out + size, 1) == 1)
		if (run->out[size++] == '\n')
			break;
	run->out[size] = 0;
	return sscanf(run->out, "ready %127s\n", run->endpoint) == 1;
}

static void read_all(struct host_run *run)
{
	struct pollfd items[] = {
		{ .fd = run->out_fd, .events = POLLIN }, { .fd = run->err_fd, .events = POLLIN },
	};
	char *room[] = { run->out + strlen(run->out), run->err };
	char *const ends[] = { run->out + HOST_TEXT_SIZE - 1, run->err + HOST_TEXT_SIZE - 1 };

	while (items[0].fd >= 0 || items[1].fd >= 0) {
		assert_true(poll(items, 2, HOST_WAIT_MS) > 0);
		for (int i = 0; i < 2; i++) {
			char spare[4096];
			size_t left = (size_t)(ends[i] - room[i]);
			if (items[i].fd < 0 || !items[i].revents)
				continue;
			ssize_t size = read(items[i].fd, left ? room[i] : spare, left ? left : sizeof spare);
			if (size <= 0)
				items[i].fd = -1;
			else if (left)
				room[i] += size;
		}
	}
	close(run->out_fd);
	close(run->err_fd);
}

int host_wait(struct host_run *run, int signal_number)
{
	int status;

	if (signal_number)
		kill(run->pid, signal_number);
	read_all(run);
	assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
	run->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return run->code;
}

int host_do(struct host_run *run, const char *const *arguments)
{
	host_start(run, arguments);
	return host_wait(run, 0);
}

void host_folder(char path[static 64])
{
	const char *base = getenv("TMPDIR");

	snprintf(path, 64, "%s/attend-XXXXXX", base && strlen(base) < 40 ? base : P_tmpdir);
	assert_non_null(mkdtemp(path));
}

void host_remove(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char inner[512];
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
		if (unlink(inner))
			host_remove(inner);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

void host_new_identity(struct identity *identity)
{
	memset(identity, 0, sizeof *identity);
	assert_int_equal(zmq_curve_keypair(identity->public_text, identity->secret_text), 0);
	assert_true(z85_key_parse(slice_text(identity->public_text), identity->public_key));
}

void *host_socket(void *zmq_context, const char *server_public, const struct identity *identity)
{
	void *socket = zmq_socket(zmq_context, ZMQ_DEALER);
	const int off = 0, wait_ms = HOST_WAIT_MS, never = -1;

	assert_non_null(socket);
	zmq_setsockopt(socket, ZMQ_LINGER, &off, sizeof off);
	zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
	zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &never, sizeof never);
	assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_public, Z85_KEY_SIZE + 1), 0);
	assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, identity->public_text, Z85_KEY_SIZE + 1), 0);
	assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, identity->secret_text, Z85_KEY_SIZE + 1), 0);
	return socket;
}

void host_connect_to(void *socket, const char *endpoint)
{
	assert_int_equal(zmq_connect(socket, endpoint), 0);
}

void *host_connect(void *zmq_context, const char *endpoint, const char *server_public,
                   const struct identity *identity)
{
	void *socket = host_socket(zmq_context, server_public, identity);

	host_connect_to(socket, endpoint);
	return socket;
}

const char *host_reply(void *socket)
{
	static char text[4096];
	int size = zmq_recv(socket, text, sizeof text - 1, 0);

	text[size < 0 ? 0 : size > (int)sizeof text - 1 ? (int)sizeof text - 1 : size] = 0;
	return text;
}

const char *host_ask(void *socket, const char *text)
{
	assert_int_equal(zmq_send(socket, text, strlen(text), 0), (int)strlen(text));
	return host_reply(socket);
}

void *host_watch(void *zmq_context, void *socket, const char *name)
{
	const int off = 0, wait_ms = HOST_WAIT_MS;
	char endpoint[64];
	void *monitor = zmq_socket(zmq_context, ZMQ_PAIR);

	snprintf(endpoint, sizeof endpoint, "inproc://watch-%s", name);
	assert_int_equal(zmq_socket_monitor(socket, endpoint, ZMQ_EVENT_ALL), 0);
	zmq_setsockopt(monitor, ZMQ_LINGER, &off, sizeof off);
	zmq_setsockopt(monitor, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
	assert_int_equal(zmq_connect(monitor, endpoint), 0);
	return monitor;
}

static unsigned next_event(void *monitor)
{
	uint8_t head[6];
	uint16_t event;
	char address[256];

	if (zmq_recv(monitor, head, sizeof head, 0) != sizeof head)
		return 0;
	zmq_recv(monitor, address, sizeof address, 0);
	memcpy(&event, head, sizeof event);
	return event;
}

unsigned host_handshake(void *monitor)
{
	const unsigned ends = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
	                      ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
	                      ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_DISCONNECTED;
	unsigned event;

	do
		event = next_event(monitor);
	while (event && !(event & ends));
	return event;
}

bool host_disconnected(void *monitor)
{
	unsigned event;

	do
		event = next_event(monitor);
	while (event && event != ZMQ_EVENT_DISCONNECTED);
	return event != 0;
}
