/* ask.h - a command's one question: its body, and what to do with the reply.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_ASK_H
#define CLIENT_ASK_H

#include <jansson.h>
#include <msgpack.h>

#include "client/invocation.h"

/* A map with string keys, at most fifteen of them. What is NULL is left out. Its
 * packer may be used for values of other sorts after body_key. */
struct body {
	msgpack_sbuffer buffer;
	msgpack_packer pack;
	unsigned count;
};

void body_begin(struct body *);
void body_key(struct body *, const char *key);
void body_string(struct body *, const char *text); /* a value alone */
void body_text(struct body *, const char *key, const char *value);
void body_number(struct body *, const char *key, uint64_t value);
void body_true(struct body *, const char *key, bool value); /* left out where false */
void body_texts(struct body *, const char *key, const char *const *values, size_t count); /* left out where none */
const void *body_end(struct body *, size_t *size);
void body_free(struct body *);

/* Sends a body (ends and frees it), waits, and gives the reply as JSON: an empty
 * object where it has no body. NULL where it was not done: the reasons are then on
 * standard error and the exit status is in `*status`. `reply` may be NULL. */
json_t *ask(const struct invocation *, struct attend *, enum attend_command, const uint8_t *id, struct body *,
            struct attend_reply *reply, int *status);

/* A question of one word. */
json_t *ask_what(const struct invocation *, struct attend *, const char *what, int *status);

/* One submission of a command that does no more: the answer is said by `say`, or printed as
 * it is. Takes the body; returns the exit status. */
int ask_once(const struct invocation *, enum attend_command, struct body *, void (*say)(json_t *));

/* A question that comes in pages: `what` with `fill`'s keys, again and again with
 * `from` set to the `next` of the page before; `fill` gives a `from` of its own at
 * the first page only. `each` borrows an item. Returns the exit status. */
typedef void page_fill(struct body *, void *context, bool first);
typedef void page_item(json_t *item, void *context);
int ask_pages(const struct invocation *, struct attend *, const char *what, page_fill *fill, page_item *each,
              void *context);

/* One line; flushed. */
void print_json(json_t *);

/* What stands in the way, one line each: `lacks` of a refusal or of an action. What
 * `action` itself would supply needs no pointer to it; NULL: none is meant. */
void print_lacks(FILE *, const json_t *lacks, const char *action, const char *indent);

#endif
