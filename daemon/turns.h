/* turns.h - whose message is next: fair turns between keys.
 *
 * libzmq hands out one message of each connection in turn, so that a key with a thousand connections would have a
 * thousand turns to another's one, and a question that takes 20 ms counts as much as a mark that takes five
 * microseconds. So what has arrived is taken off the socket at once and waits here, each key's in a queue of
 * its own; a key's turn is a slice of time, not a message, and what it took beyond that it owes (deficit round
 * robin). A key that had nothing waiting comes before all that have (as in RFC 8290): who sends little is never kept
 * waiting by who sends much, whatever that is.
 *
 * Of one key the order is that of arrival. What may wait is bounded: as many messages, and bytes, of
 * one key as are still free for all, so that however many keys flood, there is room left for the next. A message beyond
 * that is put off at once ("not now", which costs little).
 *
 * A key that goes on so for seconds, however much of it is put off, doesn't take no for an answer (every client of ours
 * waits longer each time): the caller is told to hold it off.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_TURNS_H
#define DAEMON_TURNS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/router.h"

enum {
	TURNS_MESSAGES_MAX = 262144,     /* that wait, of all keys */
	TURNS_BYTES_MAX = 256 << 20,
	TURNS_SLICE_US = 200,            /* of one turn */
	TURNS_MESSAGE_US = 4,            /* what a message costs beside the time that was measured: unsealing, a reply */
	TURNS_PUT_OFF_MAX = 2048,        /* of one key in a second; after so many seconds in a row it is held off: */
	TURNS_PATIENCE_S = 3,
};

struct turns;

struct turns *turns_open(void); /* ends the process where there is no memory */
void turns_close(struct turns **);

enum turns_result {
	TURNS_WAITS,   /* it was taken over; `received` is empty */
	TURNS_PUT_OFF, /* no room: answer it so */
	TURNS_HOLD_OFF, /* likewise, and this key is one to be held off */
};
/* What router_receive gave, with a key. */
enum turns_result turns_put(struct turns *, struct received *, uint64_t now_us);
unsigned turns_waiting(const struct turns *);

/* The next to be served, as it was received; until turns_done. NULL: nothing waits. */
struct received *turns_next(struct turns *, uint64_t now_us);
void turns_done(struct turns *, uint64_t took_us);

/* How often a key was held off within the last hour. */
unsigned turns_times_held_off(struct turns *, const uint8_t key[static PUBLIC_KEY_SIZE], uint64_t now_us);

/* Drops what waits of this key. How many there were. */
unsigned turns_drop(struct turns *, const uint8_t key[static PUBLIC_KEY_SIZE]);

#endif
