/* line.h - inside libattend: the ZeroMQ socket and what its monitor says of the line.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_LINE_H
#define CLIENT_LINE_H

#include "proto/identity.h"

enum line_news {
	LINE_NO_NEWS,
	LINE_UP,            /* connected, and both keys proven */
	LINE_LOST,          /* was up or on the way up */
	LINE_NOBODY,        /* nothing accepts connections there */
	LINE_KEY_REFUSED,   /* the daemon's gatekeeper does not know our key */
	LINE_HANDSHAKE_CUT, /* broken off before the keys were agreed */
};

/* A DEALER socket with CURVE, and a PAIR socket with news of it. All in one
 * process share one ZeroMQ context, which the last to close ends. 0, or the
 * errno of what failed. */
int line_open(const char *endpoint, const char *server_key, const struct identity *, void **socket, void **monitor);
void line_close(void **socket, void **monitor);

/* The next piece of news, without waiting. */
enum line_news line_read(void *monitor);

#endif
