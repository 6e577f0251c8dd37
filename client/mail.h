/* mail.h - a message of e-mail (RFC 5322, by GMime) and the two ways in which it leaves.
 *
 * Headers that hold more than ASCII are encoded (RFC 2047), the body is UTF-8 as quoted-printable,
 * so that no line is longer than 76. Whoever hands in names and addresses has seen to it that they
 * hold no line ends (readers.h).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_MAIL_H
#define CLIENT_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mailbox {
	const char *name; /* NULL or empty: none */
	const char *address;
};

struct mail {
	struct mailbox from, to;
	const char *subject, *body;
	const char *message_id;       /* without < and > */
	const char *list_id;          /* the same */
	const char *list_unsubscribe; /* the header's value: <mailto:...>, <https://...> */
	bool one_click;               /* its https address takes a POST (RFC 8058) */
	uint64_t date_ms;
};

/* The message, to be freed; lines end with CR LF where `crlf`. */
char *mail_make(const struct mail *, bool crlf);

enum { MAILBOX_NAME_SIZE = 256, MAILBOX_ADDRESS_SIZE = 256 };

/* One mailbox, "Name <name@example.gov.uk>" or the address alone, taken apart; the name is empty where there is
 * none. False: it is none, too long, or holds what may not be in one. */
bool mailbox_parse(const char *text, char name[static MAILBOX_NAME_SIZE], char address[static MAILBOX_ADDRESS_SIZE]);

/* Hands a message to a program that takes it as sendmail does: -i -f FROM -- TO. */
bool mail_by_sendmail(const char *program, const struct mail *, char *why, size_t why_size);

struct smtp {
	const char *url;      /* smtp://host:25 (with STARTTLS) or smtps://host:465 */
	const char *netrc;    /* a file with the login for that host; NULL: none */
	bool plain;           /* without TLS */
};
bool mail_by_smtp(const struct smtp *, const struct mail *, char *why, size_t why_size);

#endif
