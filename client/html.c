/* SPDX-License-Identifier: Apache-2.0 */
#include "client/html.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 16 * 1024, PAGE_MAX = 16 * 1024 * 1024 };

static void put(struct html *h, const char *bytes, size_t size)
{
	if (h->failed)
		return;
	if (h->size + size > h->room) {
		size_t room = h->room ? h->room : FIRST_ROOM;
		while (room < h->size + size)
			room *= 2;
		char *larger = room <= PAGE_MAX ? realloc(h->bytes, room) : NULL;
		if (!larger) {
			h->failed = true;
			return;
		}
		h->bytes = larger;
		h->room = room;
	}
	memcpy(h->bytes + h->size, bytes, size);
	h->size += size;
}

/* What stands for a character; NULL: itself. Control characters are no HTML. */
static const char *escape_of(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return (c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? "\xef\xbf\xbd" : NULL;
	}
}

static void put_text(struct html *h, const char *text)
{
	const char *plain = text;
	for (; *text; text++) {
		const char *escape = escape_of((unsigned char)*text);
		if (!escape)
			continue;
		put(h, plain, (size_t)(text - plain));
		put(h, escape, strlen(escape));
		plain = text + 1;
	}
	put(h, plain, (size_t)(text - plain));
}

/* One conversion; what follows it. */
static const char *put_one(struct html *h, const char *at, va_list *arguments)
{
	char number[24] = "";
	const char *text;
	if (*at == 's') {
		text = va_arg(*arguments, const char *);
		put_text(h, text ? text : "");
		return at + 1;
	}
	if (*at == '%')
		put(h, at, 1);
	else if (*at == 'd')
		snprintf(number, sizeof number, "%d", va_arg(*arguments, int));
	else if (*at == 'u')
		snprintf(number, sizeof number, "%u", va_arg(*arguments, unsigned));
	else if (strncmp(at, "lld", 3) == 0)
		snprintf(number, sizeof number, "%lld", va_arg(*arguments, long long));
	else if (strncmp(at, "llu", 3) == 0)
		snprintf(number, sizeof number, "%llu", va_arg(*arguments, unsigned long long));
	else
		abort(); /* a slip of ours */
	put(h, number, strlen(number));
	return at + (*at == 'l' ? 3 : 1);
}

void html(struct html *h, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	while (*format) {
		size_t plain = strcspn(format, "%");
		put(h, format, plain);
		format += plain;
		if (*format)
			format = put_one(h, format + 1, &arguments);
	}
	va_end(arguments);
}

void html_url(struct html *h, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char coded[4];
		if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || strchr("-._~", c)) {
			put(h, text, 1);
		} else {
			snprintf(coded, sizeof coded, "%%%02X", c);
			put(h, coded, 3);
		}
	}
}

void html_join(struct html *h, const struct html *more)
{
	h->failed |= more->failed;
	put(h, more->bytes ? more->bytes : "", more->size);
}

void html_free(struct html *h)
{
	free(h->bytes);
	*h = (struct html){ NULL, 0, 0, false };
}
