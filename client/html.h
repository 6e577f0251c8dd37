/* html.h - a page being written: whatever is put into it is escaped.
 *
 *   html(h, "<a href=\"/case/%s\">%s</a>", id, surname);
 *
 * The format is ours, never data: %s is text (escaped, so that it is safe in an element and in
 * a quoted attribute), NULL being nothing; %d, %u, %lld and %llu are numbers; %% a per cent sign. Nothing else is
 * known. There is no way to put markup in that does not stand in a format.
 *
 * Memory that runs out is remembered (`failed`), so that a page is whole or not sent.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_HTML_H
#define CLIENT_HTML_H

#include <stdbool.h>
#include <stddef.h>

struct html {
	char *bytes; /* malloc'd; the page's once html_take was called */
	size_t size, room;
	bool failed;
};

void html(struct html *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A part of an address: what is no letter, digit, `-`, `.`, `_` or `~` becomes %XX. */
void html_url(struct html *, const char *text);
/* What another page has, after what this one has. */
void html_join(struct html *, const struct html *more);
void html_free(struct html *);

#endif
