/* SPDX-License-Identifier: Apache-2.0 */
#include "client/board_request.h"

#include <stdlib.h>
#include <string.h>

#include "proto/utf8.h"

enum { CUT_AT = 1024 * 1024 };

/* ---- forms ---- */

/* Values may come in pieces; what is no UTF-8, or holds a zero byte, is no text. */
static enum MHD_Result take_value(void *context, enum MHD_ValueKind kind, const char *key, const char *filename, const char *type,
                                  const char *encoding, const char *bytes, uint64_t offset, size_t size)
{
	struct incoming *in = context;
	const json_t *before = json_object_get(in->form, key);
	const char *start = offset ? json_string_value(before) : "";
	char *whole;
	(void)kind, (void)filename, (void)type, (void)encoding;
	if ((!offset && before) || !start || strlen(start) != offset || memchr(bytes, 0, size) || json_object_size(in->form) >= FORM_FIELDS_MAX) {
		in->malformed = true;
		return MHD_NO;
	}
	whole = malloc(offset + size + 1);
	if (!whole)
		return MHD_NO;
	memcpy(whole, start, offset);
	memcpy(whole + offset, bytes, size);
	/* a piece may end within a character: checked once it is whole */
	json_object_set_new_nocheck(in->form, key, json_stringn_nocheck(whole, offset + size));
	free(whole);
	return MHD_YES;
}

bool incoming_take(struct incoming *in, struct MHD_Connection *connection, const char *bytes, size_t size)
{
	in->size += size;
	if (in->size > FORM_MAX)
		in->too_large = true;
	if (in->too_large || in->malformed)
		return in->size <= CUT_AT;
	if (!in->form) {
		in->form = json_object();
		in->reader = MHD_create_post_processor(connection, 4096, take_value, in);
		if (!in->reader)
			in->malformed = true;
	}
	if (in->reader && MHD_post_process(in->reader, bytes, size) != MHD_YES)
		in->malformed = true;
	return true;
}

void incoming_end(struct incoming *in)
{
	const char *key;
	json_t *value;
	/* the last value is given when the reader ends */
	if (in->reader && MHD_destroy_post_processor(in->reader) != MHD_YES)
		in->malformed = true;
	in->reader = NULL;
	json_object_foreach(in->form, key, value)
		if (!utf8_ok(slice_text(key)) || !utf8_ok(slice_text(json_string_value(value))))
			in->malformed = true;
}

void incoming_free(struct incoming *in)
{
	if (in->reader)
		MHD_destroy_post_processor(in->reader);
	json_decref(in->form);
	*in = (struct incoming){ NULL, NULL, 0, false, false };
}

/* ---- the address ---- */

static enum MHD_Result take_argument(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
	json_t *query = context;
	(void)kind;
	/* twice, or not text: not there */
	if (json_object_get(query, key) || json_object_size(query) > 8 || json_object_set_new(query, key, json_string(value ? value : "")) != 0)
		json_object_set_new(query, "", json_true());
	return MHD_YES;
}

json_t *request_query(struct MHD_Connection *connection)
{
	json_t *query = json_object();
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_argument, query);
	if (json_object_get(query, "")) {
		json_decref(query);
		return NULL;
	}
	return query;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* "http://host:port" without its scheme. */
static const char *host_of(const char *url)
{
	const char *colon = strstr(url, "://");
	return colon ? colon + 3 : url;
}

bool request_at_home(struct MHD_Connection *connection, const char *url, bool changes)
{
	const char *host = header(connection, "Host"), *origin = header(connection, "Origin"), *site = header(connection, "Sec-Fetch-Site");
	if (!host || strcmp(host, host_of(url)) != 0)
		return false;
	if (!changes)
		return true;
	return (!origin || strcmp(origin, url) == 0) && (!site || strcmp(site, "same-origin") == 0);
}

/* ---- the cookie ---- */

/* Where the board is found by https the name itself says that no other host set it. */
static const char *cookie_name(const char *url)
{
	return strncmp(url, "https:", 6) == 0 ? "__Host-attend" : "attend";
}

bool request_cookie(struct MHD_Connection *connection, const char *url, char name[static SESSION_NAME_SIZE])
{
	const char *value = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, cookie_name(url));
	if (!value || strlen(value) >= SESSION_NAME_SIZE)
		return false;
	memcpy(name, value, strlen(value) + 1);
	return true;
}

void request_set_cookie(char cookie[static 160], const char *url, const char *name)
{
	bool https = strncmp(url, "https:", 6) == 0;
	snprintf(cookie, 160, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", cookie_name(url), name, https ? "; Secure" : "",
	         *name ? "" : "; Max-Age=0");
}

bool request_words(char path[static PATH_MAX_SIZE], const char *words[static 4])
{
	char *rest = path;
	unsigned count = 0;
	for (unsigned i = 0; i < 4; i++)
		words[i] = NULL;
	for (char *word; (word = strsep(&rest, "/")) != NULL;) {
		if (!*word)
			continue;
		if (count == 4)
			return false;
		words[count++] = word;
	}
	return true;
}
