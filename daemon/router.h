/* router.h - the daemon's one socket: a ROUTER behind CURVE, on plain tcp.
 *
 * Who a message is from is the key that the handshake proved, which libzmq
 * names on the payload (User-Id). The routing id says only where a reply goes.
 * libzmq lets a peer choose its own; such a peer could take the id of another that has just
 * gone and be sent its replies and its subscription. So only ids that the socket
 * gave itself (five bytes, the first 0, none given twice) are served.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_ROUTER_H
#define DAEMON_ROUTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

#include "daemon/engine.h"
#include "proto/identity.h"

struct router;

/* The process's one context. NULL where it can't be had. */
void *router_context(void);

/* `listen`: tcp://HOST:PORT, * as the port for a free one. The handshake handler
 * (zap.h) stands already. -1 with a sentence in `why`. */
int router_open(struct router **, void *zmq_context, const char *listen,
                const struct identity *, char *why, size_t why_size);
void router_close(struct router **);

const char *router_endpoint(const struct router *); /* the real one, with its port */
void *router_socket(struct router *);               /* to poll */

enum router_result {
	ROUTER_NOTHING,    /* no message waits */
	ROUTER_FRAME,      /* one frame from a proven key */
	ROUTER_MALFORMED,  /* not one frame, or a chosen routing id (frames 0); the peer can be told */
	ROUTER_DROPPED,    /* nobody to tell: no proven key, or a routing id too long to keep */
	ROUTER_FAILED,     /* the socket is of no more use */
};

/* The message lives until the next receive on the same struct, or received_close. */
struct received {
	struct peer peer;
	uint8_t key[PUBLIC_KEY_SIZE];
	struct slice frame;
	unsigned frames;
	size_t size;             /* of all of them */
	int fd;                  /* the connection that it came over, as connections.h knows it */
	uint32_t serial;
	bool malformed;          /* the caller's own, who keeps it */
	zmq_msg_t routing_id, payload;
};

void received_open(struct received *);
void received_close(struct received *);
void received_move(struct received *to, struct received *from); /* `to` is not open yet; `from` is empty then */
enum router_result router_receive(struct router *, struct received *);

/* Ends all connections of a key. How many. */
unsigned router_cut(struct router *, const uint8_t key[static PUBLIC_KEY_SIZE]);

/* Waits for at most so long for a message; true where one is there. */
bool router_wait(struct router *, unsigned timeout_us);

/* Never waits. False: the peer is gone, or doesn't read. */
bool router_send(struct router *, const struct peer *, struct slice frame);

#endif
