/* board_session.h - who is signed in at the board, and the links by which they come in.
 *
 * A link holds a reader's public key and, sealed from that key to the board's (X25519, so nobody but the
 * holder of the reader's secret key can have made it), when it was made and a number of its own. It
 * works once, for LINK_MINUTES, and not across a restart of the board: what was used is known in memory alone.
 *
 * A session is a random name in a cookie, of which only a hash is kept. It ends after SESSION_IDLE_S without
 * a visit, and SESSION_S after it began.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_BOARD_SESSION_H
#define CLIENT_BOARD_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "proto/identity.h"

enum {
	LINK_MINUTES = 10,
	LINK_TEXT_SIZE = 160,      /* with the zero byte; 32 + 24 + 16 + 24 bytes in base64 */
	SESSION_S = 12 * 3600,
	SESSION_IDLE_S = 2 * 3600,
	SESSIONS_MAX = 512,
	SESSION_NAME_SIZE = 45,    /* with the zero byte */
};

/* What a visit is told of a session. */
struct session {
	char reader[Z85_KEY_SIZE + 1]; /* their public key */
	char name[64], role[16];       /* as the daemon knew them at sign-in */
	char token[33];                /* stands in every form of theirs */
	bool mine;                     /* they chose to see what is in their hands, and not everybody's */
};

struct sessions;
struct sessions *sessions_new(const struct identity *board); /* keeps a copy of its keys; NULL: no memory */
void sessions_free(struct sessions **);

/* Made by a reader for a board. False: the key is none. */
bool link_make(char text[static LINK_TEXT_SIZE], const struct identity *reader, const char *board_public, time_t now);
/* Whose link it is. `use`: it works no more after this. NULL, or why it doesn't hold. */
const char *link_open(struct sessions *, const char *text, bool use, time_t now, char reader[static Z85_KEY_SIZE + 1]);

/* Begins one, where there is no room in place of the one seen longest ago; its name is for the cookie. */
void session_begin(struct sessions *, const struct session *, time_t now, char name[static SESSION_NAME_SIZE]);
/* Keeps that choice, until they choose anew or the session ends. */
void session_choose(struct sessions *, const struct session *, bool mine);
bool session_lives(struct sessions *, const struct session *, time_t now); /* not seen by this */
bool session_find(struct sessions *, const char *name, time_t now, struct session *); /* and is seen now */
void session_end(struct sessions *, const char *name);
/* Ends all of a reader's: their key was revoked. */
void session_end_all(struct sessions *, const char *reader);

#endif
