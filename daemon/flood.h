/* flood.h - peers that fill the memory are cut off.
 *
 * libzmq 4.3.4 keeps the frames of a message until its last one has come, whatever a peer sends before its handshake
 * is through, and replies until they are read. Neither MAXMSGSIZE (a frame's) nor the high-water marks (whole
 * messages') bound what that is, and nothing of it is to be seen from libzmq. What can be seen is the process's own
 * memory, and of each connection what came over it that the loop was not given, and what it was
 * given that its peer has not acknowledged (connections.h).
 *
 * Beyond the limit the connections that hold most are shut down, the heaviest first, until enough is given back; from
 * half of it on those that hold a sixteenth of it each. Whoever was no cause holds next to nothing, and stays. Nothing that
 * was acked is touched: who is cut off connects again and sends again what had no reply.
 *
 * A thread of its own looks ten times a second, however long the loop is at one question.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_FLOOD_H
#define DAEMON_FLOOD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct flood {
	int statm_fd, stop_fd;
	pthread_t thread;
	bool runs;
	uint64_t start, limit;     /* bytes of own memory; limit 0: it can't be read, nothing is watched */
	uint64_t told_ms, trimmed_ms, trim_every_ms;
	atomic_uint_fast64_t cut;  /* connections, since the start */
};

/* Room beyond what the process has at the start. The unit's MemoryMax is twice that, for it must be above. */
#define FLOOD_ROOM (UINT64_C(1) << 30)

void flood_start(struct flood *, uint64_t room);
void flood_end(struct flood *);

#endif
