/* daemon_host.h - starts attendd for a test, talks to it, and sees it end.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_DAEMON_HOST_H
#define TESTS_DAEMON_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proto/identity.h"

enum { HOST_TEXT_SIZE = 16384, HOST_WAIT_MS = 20000 };

/* One run of a program: what it said, how it ended. */
struct host_run {
	pid_t pid;
	int out_fd, err_fd;
	char out[HOST_TEXT_SIZE], err[HOST_TEXT_SIZE]; /* filled by host_wait */
	char endpoint[128];                           /* filled by host_ready */
	int code;                                     /* exit code; 128 + signal */
};

/* `arguments` ends in NULL; the first is the program. */
void host_start(struct host_run *, const char *const *arguments);
/* Reads the ready line. False: standard output ended without one. */
bool host_ready(struct host_run *);
/* Sends the signal (0: none), reads all output, takes the exit code. */
int host_wait(struct host_run *, int signal_number);
/* Start and wait. */
int host_do(struct host_run *, const char *const *arguments);

/* A folder of the test's own, and away with it. */
void host_folder(char path[static 64]);
void host_remove(const char *path);

/* A DEALER with this identity, connected. */
void *host_connect(void *zmq_context, const char *endpoint, const char *server_public,
                   const struct identity *);
/* Sends text and gives the reply's, in static memory; "" after HOST_WAIT_MS. */
const char *host_ask(void *socket, const char *text);
const char *host_reply(void *socket);
void host_new_identity(struct identity *);

/* The first of the handshake's ends (ZMQ_EVENT_HANDSHAKE_...) or a disconnection
 * that a socket's monitor reports; 0 after HOST_WAIT_MS. The monitor is opened before the
 * socket connects: host_watch, then host_connect_to. */
void *host_socket(void *zmq_context, const char *server_public, const struct identity *);
void *host_watch(void *zmq_context, void *socket, const char *name);
void host_connect_to(void *socket, const char *endpoint);
unsigned host_handshake(void *monitor);
bool host_disconnected(void *monitor);

#endif
