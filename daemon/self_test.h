/* self_test.h - does the door keep strangers out?
 *
 * libzmq fails open: where the handshake handler is missing, or its option is
 * set on a library that ignores it, any key is let in and nothing says so. So
 * before the daemon says that it is ready it knocks at its own door with a key made
 * on the spot, and runs only if that was refused.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_SELF_TEST_H
#define DAEMON_SELF_TEST_H

#include <stddef.h>

#include "proto/identity.h"

enum self_test_result {
	SELF_TEST_REFUSED,   /* as it must be */
	SELF_TEST_ADMITTED,  /* a stranger gets in */
	SELF_TEST_UNKNOWN,   /* neither within the time: not proven, so not good */
};

/* `server` is the daemon's own identity, `endpoint` as router_endpoint gives it. `why` gets
 * a sentence where the result isn't the good one. */
enum self_test_result self_test(void *zmq_context, const char *endpoint,
                                const struct identity *server, char *why, size_t why_size);

#endif
