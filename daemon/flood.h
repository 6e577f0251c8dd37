/* flood.h - peers that fill the memory are cut off.
 *
 * libzmq 4.3.4 keeps the frames of a message until its last one has come, and
 * neither MAXMSGSIZE (a frame's) nor RCVHWM (whole messages') bounds them; nothing of it is to be
 * seen from outside. What can be seen is the process's own memory. Beyond a limit
 * each connection that may be the cause is shut down, whereupon libzmq gives back
 * what it kept for it. Whoever was no cause connects again and sends again what had no
 * reply. Nothing that was acked is touched.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_FLOOD_H
#define DAEMON_FLOOD_H

#include <stdint.h>

struct flood {
	int statm_fd;
	uint64_t limit;       /* bytes of own memory; 0: it can't be read, nothing is watched */
	uint64_t checked_ms, told_ms;
	uint64_t cut;         /* connections, since the start */
};

/* Room beyond what the process has now. The unit's MemoryMax is twice that, for it must be above. */
#define FLOOD_ROOM (UINT64_C(1) << 30)

void flood_start(struct flood *, uint64_t room);
void flood_check(struct flood *, uint64_t monotonic_ms); /* cheap; in every turn */
void flood_end(struct flood *);

#endif
