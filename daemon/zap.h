/* zap.h - the thread that answers CURVE's handshakes (ZeroMQ RFC 27).
 *
 * libzmq 4.3.4 lets every key in where no handler answers, so this stands before
 * any socket binds, and the server's socket is told to refuse where it is gone
 * (router.h). A known key gets 200 and is named to the server as the User-Id of
 * its messages, in Z85; all else gets 400.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_ZAP_H
#define DAEMON_ZAP_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/known_keys.h"

#define ZAP_DOMAIN "attend"

struct zap;

/* Once it has returned 0 the handler answers. -1 with a sentence in `why`. Borrows
 * the keys until closed. */
int zap_open(struct zap **, void *zmq_context, struct known_keys *, char *why, size_t why_size);
/* Before the context's end. */
void zap_close(struct zap **);

/* Handshakes refused since the start, any reason. */
uint64_t zap_refused(struct zap *);

#endif
