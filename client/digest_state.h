/* digest_state.h - what `attend digest` keeps between its runs, in a folder of its own.
 *
 *   secret            32 random bytes, which sign the tokens that readers unsubscribe with
 *   sent-ID           the day of the newest digest to a reader: one a day, however often it runs
 *   unsubscribed-ID   the day on which a reader unsubscribed
 *   lock              held while at work, so that two runs at once send nothing twice
 *
 * ID is made of the reader's address, in small letters, by a hash under the secret: the folder
 * holds no address. A token is that ID and its signature; whoever has it can do one thing with it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_DIGEST_STATE_H
#define CLIENT_DIGEST_STATE_H

#include <stdbool.h>
#include <stddef.h>

enum { READER_ID_SIZE = 16, READER_TOKEN_SIZE = 48 }; /* hexadecimal digits */

struct digest_state {
	char folder[4096 - 64];
	int lock;
	unsigned char secret[32];
};

/* Makes the folder and the secret where there are none, and waits for another run to end. False:
 * `why` says why, with the file's name. */
bool digest_state_open(struct digest_state *, const char *folder, char *why, size_t why_size);
void digest_state_close(struct digest_state *);

void digest_reader_id(const struct digest_state *, const char *address, char id[static READER_ID_SIZE + 1]);
void digest_token(const struct digest_state *, const char *id, char token[static READER_TOKEN_SIZE + 1]);
/* The first good token in a text (a whole mail, say); false: there is none. */
bool digest_find_token(const struct digest_state *, const char *text, char id[static READER_ID_SIZE + 1]);

/* The day that was set for a reader, as 2026-09-07; empty: none. `what` is "sent" or "unsubscribed". */
void digest_state_day(const struct digest_state *, const char *what, const char *id, char day[static 11]);
/* Sets it, on disk when it returns; `day` NULL: takes it away. False with errno. */
bool digest_state_set(const struct digest_state *, const char *what, const char *id, const char *day);

#endif
