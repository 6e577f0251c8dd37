/* board_request.h - what stands in a request of HTTP: its parts, taken or refused.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_BOARD_REQUEST_H
#define CLIENT_BOARD_REQUEST_H

#include <microhttpd.h>

#include "client/board.h"

enum { FORM_MAX = 64 * 1024, FORM_FIELDS_MAX = 80, PATH_MAX_SIZE = 256 };

struct incoming {
	json_t *form;                       /* NULL: none was sent */
	struct MHD_PostProcessor *reader;
	size_t size;
	bool too_large, malformed;
};

/* Takes in what comes of a form; false: enough is enough, the connection is cut. */
bool incoming_take(struct incoming *, struct MHD_Connection *, const char *bytes, size_t size);
void incoming_end(struct incoming *); /* all has come: is it whole, and text? */
void incoming_free(struct incoming *);

/* The query of the address, as names and texts; NULL: malformed. */
json_t *request_query(struct MHD_Connection *);
/* Is it asked of this board, and, if it changes something, from a page of this board? */
bool request_at_home(struct MHD_Connection *, const char *url, bool changes);
/* The session's name in the cookie; false: there is none. */
bool request_cookie(struct MHD_Connection *, const char *url, char name[static SESSION_NAME_SIZE]);
/* The cookie that sets it ("" ends it). */
void request_set_cookie(char cookie[static 160], const char *url, const char *name);
/* Cuts a path in place: /case/C1 is "case", "C1". False: too many parts. */
bool request_words(char path[static PATH_MAX_SIZE], const char *words[static 4]);

#endif
