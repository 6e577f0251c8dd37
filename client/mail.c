/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mail.h"

#include <stdlib.h>
#include <string.h>

#include <gmime/gmime.h>

#include "client/readers.h"

static void begin(void)
{
	static bool begun;
	if (!begun)
		g_mime_init();
	begun = true;
}

/* A header that mail programs read by its signs: as it is, neither folded nor encoded (RFC 2369). */
static void add_plain(GMimeMessage *message, const char *name, const char *value)
{
	GMimeHeaderList *headers = g_mime_object_get_header_list(GMIME_OBJECT(message));
	char *raw = g_strdup_printf(" %s\n", value);
	g_mime_header_list_append(headers, name, "", NULL);
	g_mime_header_set_raw_value(g_mime_header_list_get_header(headers, name), raw);
	g_free(raw);
}

static void add_mailbox(InternetAddressList *list, const struct mailbox *mailbox)
{
	InternetAddress *address = internet_address_mailbox_new(mailbox->name && *mailbox->name ? mailbox->name : NULL, mailbox->address);
	internet_address_set_charset(address, "utf-8");
	internet_address_list_add(list, address);
	g_object_unref(address);
}

static GMimePart *body_part(const char *body)
{
	GMimePart *part = g_mime_part_new_with_type("text", "plain");
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(body, strlen(body));
	GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);
	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	g_object_unref(content);
	g_object_unref(stream);
	return part;
}

char *mail_make(const struct mail *mail, bool crlf)
{
	begin();
	GMimeMessage *message = g_mime_message_new(TRUE);
	GMimePart *body = body_part(mail->body);
	GMimeFormatOptions *format = g_mime_format_options_new();
	GDateTime *date = g_date_time_new_from_unix_utc((gint64)(mail->date_ms / 1000));
	char *list_id = g_strdup_printf("<%s>", mail->list_id);

	add_mailbox(g_mime_message_get_from(message), &mail->from);
	add_mailbox(g_mime_message_get_to(message), &mail->to);
	g_mime_message_set_subject(message, mail->subject, "utf-8");
	g_mime_message_set_date(message, date);
	g_mime_message_set_message_id(message, mail->message_id);
	/* Out-of-office replies to a digest help nobody. */
	add_plain(message, "Auto-Submitted", "auto-generated");
	add_plain(message, "X-Auto-Response-Suppress", "All");
	add_plain(message, "List-Id", list_id);
	add_plain(message, "List-Unsubscribe", mail->list_unsubscribe);
	if (mail->one_click)
		add_plain(message, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
	g_mime_message_set_mime_part(message, GMIME_OBJECT(body));
	g_mime_format_options_set_newline_format(format, crlf ? GMIME_NEWLINE_FORMAT_DOS : GMIME_NEWLINE_FORMAT_UNIX);
	char *made = g_mime_object_to_string(GMIME_OBJECT(message), format), *copy = strdup(made);
	g_free(made);
	g_free(list_id);
	g_date_time_unref(date);
	g_mime_format_options_free(format);
	g_object_unref(body);
	g_object_unref(message);
	if (!copy)
		abort();
	return copy;
}

bool mailbox_parse(const char *text, char name[static MAILBOX_NAME_SIZE], char address[static MAILBOX_ADDRESS_SIZE])
{
	bool good = false;
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return false;
	begin();
	InternetAddressList *list = internet_address_list_parse(NULL, text);
	InternetAddress *first = list && internet_address_list_length(list) == 1 ? internet_address_list_get_address(list, 0) : NULL;
	if (first && INTERNET_ADDRESS_IS_MAILBOX(first)) {
		const char *addr = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(first));
		const char *display = internet_address_get_name(first);
		good = addr && !address_fault(addr) && strlen(display ? display : "") < MAILBOX_NAME_SIZE;
		snprintf(address, MAILBOX_ADDRESS_SIZE, "%s", addr ? addr : "");
		snprintf(name, MAILBOX_NAME_SIZE, "%s", display ? display : "");
	}
	if (list)
		g_object_unref(list);
	return good;
}
