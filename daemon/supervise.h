/* supervise.h - what the daemon tells systemd, if it runs under it.
 *
 * The watchdog is fed from the loop and from nowhere else: a loop that hangs is
 * a daemon that hangs, whatever its other threads do.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_SUPERVISE_H
#define DAEMON_SUPERVISE_H

#include <stdint.h>

struct supervise {
	uint64_t every_ms;  /* 0: no watchdog */
	uint64_t fed_ms;    /* monotonic */
};

void supervise_start(struct supervise *, uint64_t monotonic_ms);
void supervise_ready(const char *endpoint);
void supervise_alive(struct supervise *, uint64_t monotonic_ms);
__attribute__((format(printf, 1, 2)))
void supervise_status(const char *format, ...);
void supervise_stopping(void);

#endif
