/* tell.h - what a running daemon tells its operators by itself: in the journal each problem once when it
 * begins and once when it is over, and handshakes refused and connections
 * turned away; to systemd its status, each ten seconds.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_TELL_H
#define DAEMON_TELL_H

#include "daemon/engine.h"

struct tell {
	unsigned problems;   /* those told of, as engine_problems gives them */
	uint64_t refused, turned_away; /* handshakes, connections told of */
	uint64_t status_ms;  /* when the status was last told; 0: now */
};

/* Once a turn. */
void tell_status(struct tell *, struct engine *, const char *endpoint, uint64_t monotonic_ms);

#endif
