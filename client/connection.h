/* connection.h - inside libattend: the socket, and what is on its way over it.
 *
 * Everything sent that wants an answer stands in a ring in the order in which it was
 * asked for, until it is answered:
 *
 *    first                 unsent           count
 *      │ sent, unanswered    │ not yet sent   │
 *      └─────────────────────┴────────────────┘
 *
 * A lost connection, an answer that is late or one of "not now" moves `unsent`
 * back, and what stands from there on is sent again, in order.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

#include "client/attend.h"
#include "proto/identity.h"
#include "proto/message.h"

enum {
	WHY_SIZE = 640,
	CONNECTION_BUNDLE = 16, /* submissions that are sent as one message, where as many wait */
};

/* What was last seen to go wrong with the line. */
enum trouble { TROUBLE_NONE, TROUBLE_NOBODY, TROUBLE_KEY_REFUSED, TROUBLE_HANDSHAKE, TROUBLE_LOST };

struct pending {
	uint8_t id[ATTEND_ID_SIZE];
	uint8_t command;
	bool answered;
	bool together;              /* may be answered together with others */
	unsigned attempts;          /* sent so often */
	uint64_t sent_ms;           /* last */
	uint64_t put_off_ms;        /* when "not now" was first said; 0: never */
	uint8_t *frame;
	size_t size;
	attend_answer *answer;
	void *context;
};

/* Takes what is no answer to anything in the ring: a subscription's items. */
typedef void connection_stray(void *context, const struct message *);

struct attend {
	void *socket, *monitor;
	unsigned timeout_ms, patience_ms, window;
	const volatile sig_atomic_t *stop;
	void (*notice)(void *context, const char *text);
	void *notice_context;
	char server[256];
	struct identity identity;
	bool for_another;           /* what is asked next is asked for `reader` */
	uint8_t reader[PUBLIC_KEY_SIZE];

	bool up;                    /* a handshake was completed and the line not lost since */
	bool ever_up;
	unsigned lines;             /* how many handshakes were completed */
	enum trouble trouble;
	unsigned handshakes_failed; /* since the last that was completed */
	uint64_t heard_ms;          /* when a message last came in */
	uint64_t asked_ms;          /* since when something has been on its way without a break */

	struct pending ring[ATTEND_WINDOW_MAX + 8]; /* some room for cursors beside a full window */
	unsigned first, count, unsent;
	bool no_bundles;            /* this daemon takes none */
	uint64_t hold_ms;           /* nothing is sent before then */
	unsigned held;              /* how often in a row it was held */

	connection_stray *stray;
	void *stray_context;

	uint8_t *kept;              /* the body of attend_call's reply */
	size_t kept_room;
	char why[WHY_SIZE];
};

uint64_t connection_now_ms(void);
uint32_t connection_random(void);

/* Puts a request in the ring; false: no memory or no room. `id` as in attend_call. */
bool connection_put(struct attend *, uint8_t command, const uint8_t *id, const void *body, size_t size,
                    attend_answer *answer, void *context);
/* Sends what wants no answer, or not at all where the line is down or full. */
bool connection_send(struct attend *, uint8_t command, const uint8_t id[static ATTEND_ID_SIZE],
                     const void *body, size_t size);
/* Takes the newest request of that id out of the ring: nobody waits for it any more. */
void connection_withdraw(struct attend *, const uint8_t id[static ATTEND_ID_SIZE]);

/* Whatever was asked with this context is no longer told of its answer. */
void connection_silence(struct attend *, const void *context);

/* Answers all that is left with status 0 and empties the ring. */
void connection_abandon(struct attend *);

/* One turn: sends what may be sent, waits at most so long for something, takes it in. */
void connection_turn(struct attend *, unsigned wait_ms);

/* Is there any use in waiting on? Else `why` is set. */
enum attend_result connection_hope(struct attend *);

void connection_why(struct attend *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Turns a reply that is not 2xx into a sentence in `why`. */
void connection_explain(struct attend *, unsigned status, struct slice body);

#endif
