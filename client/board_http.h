/* board_http.h - the board's server: loopback or behind a proxy, a thread a connection.
 *
 * What it holds to, whatever a view does:
 *   - the Host is the board's own, and a form's Origin too (rebinding, forgery);
 *   - every form of a signed-in person carries their session's token, and is at most FORM_MAX bytes;
 *   - nothing is shown to whoever is not signed in but the way to sign in;
 *   - no inline script or style, no foreign source, no frame, nothing kept in a cache.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_BOARD_HTTP_H
#define CLIENT_BOARD_HTTP_H

#include "client/board.h"

struct MHD_Daemon;

/* Listens at "127.0.0.1:8570" (port 0: a free one). NULL, and `why`. The port taken in `*port`. */
struct MHD_Daemon *board_listen(struct board *, const char *listen, unsigned *port, char *why, size_t why_size);
void board_close(struct MHD_Daemon **);

#endif
