/* Reading replies: rows refused, counts, and the reasons of a refusal.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/connection.h"

#include <stdio.h>
#include <string.h>

#include "proto/mp.h"

bool attend_body_text(const void *body, size_t body_size, const char *key, char *out, size_t out_size)
{
	const char *wrong = NULL;
	struct slice text = mp_find_str(slice_of(body, body_size), key, &wrong);
	if (out_size)
		snprintf(out, out_size, "%.*s", (int)text.size, text.size ? (const char *)text.bytes : "");
	return !wrong && text.size;
}

unsigned attend_refused_rows(const struct attend_reply *reply, attend_refused_row *each, void *context)
{
	struct mp at = mp_find(slice_of(reply->body, reply->body_size), "refused");
	if (mp_peek(&at) != MP_ARRAY)
		return 0;
	unsigned told = 0;
	for (uint32_t left = mp_array(&at); left && !at.fault; left--) {
		uint32_t parts = mp_array(&at);
		uint64_t row = mp_uint(&at);
		char field[64], reason[512];
		struct slice text = mp_str(&at);
		snprintf(field, sizeof field, "%.*s", (int)text.size, (const char *)text.bytes);
		text = mp_str(&at);
		int size = snprintf(reason, sizeof reason, "%.*s", (int)text.size, (const char *)text.bytes);
		if (parts > 3 && mp_peek(&at) == MP_STR) {
			text = mp_str(&at);
			if (text.size && size >= 0 && (size_t)size < sizeof reason)
				snprintf(reason + size, sizeof reason - (size_t)size, " (%.*s)", (int)text.size,
				         (const char *)text.bytes);
		} else if (parts > 3) {
			mp_skip(&at);
		}
		for (uint32_t more = parts > 4 ? parts - 4 : 0; more && !at.fault; more--)
			mp_skip(&at);
		if (at.fault)
			break;
		if (each)
			each(context, (unsigned)row, field, reason);
		told++;
	}
	return told;
}

void attend_reply_counts(const struct attend_reply *reply, unsigned rows, uint64_t *accepted, uint64_t *known,
                         uint64_t *refused)
{
	*accepted = *known = *refused = 0;
	if ((reply->status < 200 || reply->status > 299) && reply->status != STATUS_NOTHING_ACCEPTED) {
		*refused = rows;
		return;
	}
	struct slice body = slice_of(reply->body, reply->body_size);
	const char *wrong = NULL;
	*refused = attend_refused_rows(reply, NULL, NULL);
	if (*refused > rows)
		*refused = rows;
	*known = mp_find_uint(body, "known", 0, &wrong);
	if (*known > rows - *refused)
		*known = rows - *refused;
	/* Of a submission sent again nothing is new, whatever the first answer said. */
	if (reply->status == STATUS_KNOWN)
		*known = rows - *refused;
	*accepted = rows - *refused - *known;
}

/* What would mend it, where the status alone says so. */
static const char *remedy(unsigned status)
{
	switch (status) {
	case STATUS_FORBIDDEN:
		return "; ask an administrator which role this key has (attend whoami shows it)";
	case STATUS_REVOKED:
		return "; an administrator can grant it again";
	case STATUS_CLOCK_HELD:
		return "; an administrator confirms it: attend clock --confirm";
	case STATUS_RETRY_LATER:
		return "; try again in a little while (attend health says what is short)";
	case STATUS_DAMAGED:
		return "; stop the daemon and run attendd verify";
	default:
		return "";
	}
}

void connection_explain(struct attend *a, unsigned status, struct slice body)
{
	char reason[400], field[64];
	attend_body_text(body.bytes, body.size, "reason", reason, sizeof reason);
	attend_body_text(body.bytes, body.size, "field", field, sizeof field);
	const char *text = status_text(status);
	bool says_more = reason[0] && strcmp(reason, text) != 0;
	connection_why(a, "%s%s%s%s%s%s", field, field[0] ? ": " : "", says_more ? reason : text,
	               says_more && status == STATUS_FORBIDDEN ? " (" : "",
	               says_more && status == STATUS_FORBIDDEN ? text : "",
	               says_more && status == STATUS_FORBIDDEN ? ")" : "");
	size_t size = strlen(a->why);
	snprintf(a->why + size, sizeof a->why - size, "%s", remedy(status));
}
