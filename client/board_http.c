/* SPDX-License-Identifier: Apache-2.0 */
#include "client/board_http.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <sodium.h>

#include "client/board_request.h"
#include "client/to_json.h"
#include "proto/utf8.h"

enum { CONNECTIONS_MAX = 400, IDLE_S = 30 };

static const char svg_type[] = "image/svg+xml";

/* ---- answers ---- */

/* A drawing has its style within it, and nothing else. What is the same for everybody, and is asked for by what it holds, is kept by browsers; nothing else is. */
static void harden(struct MHD_Response *r, const char *url, bool kept, bool drawing)
{
	static const char *const headers[][2] = {
		{ "Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
		                             "form-action 'self'; frame-ancestors 'none'; base-uri 'none'" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Referrer-Policy", "same-origin" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
	};
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		MHD_add_response_header(r, headers[i][0], drawing && i == 0 ? "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'" : headers[i][1]);
	MHD_add_response_header(r, "Cache-Control", kept ? "public, max-age=604800, immutable" : "no-store");
	if (strncmp(url, "https:", 6) == 0)
		MHD_add_response_header(r, "Strict-Transport-Security", "max-age=31536000");
}

static enum MHD_Result send_response(struct visit *v, struct MHD_Connection *connection, struct MHD_Response *r, const char *type, const char *cookie)
{
	if (!r)
		return MHD_NO;
	harden(r, v->board->url, v->kept, strcmp(type, svg_type) == 0);
	MHD_add_response_header(r, "Content-Type", type);
	if (*v->location)
		MHD_add_response_header(r, "Location", v->location);
	if (cookie && *cookie)
		MHD_add_response_header(r, "Set-Cookie", cookie);
	if (v->status == 405)
		MHD_add_response_header(r, "Allow", "GET, HEAD, POST");
	enum MHD_Result result = MHD_queue_response(connection, v->status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result send_page(struct visit *v, struct MHD_Connection *connection, const char *cookie)
{
	struct html out = { NULL, 0, 0, false };
	page_whole(v, &out);
	if (out.failed) {
		html_free(&out);
		return MHD_NO;
	}
	return send_response(v, connection, MHD_create_response_from_buffer(out.size, out.bytes, MHD_RESPMEM_MUST_FREE),
	                     "text/html; charset=utf-8", cookie);
}

static enum MHD_Result send_file(struct visit *v, struct MHD_Connection *connection, const unsigned char *bytes, size_t size, const char *type)
{
	v->kept = strcmp(says(v->query, "v"), v->board->assets) == 0;
	return send_response(v, connection, MHD_create_response_from_buffer(size, (void *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT), type, NULL);
}

/* ---- who it is ---- */

/* Who a reader is now; false: the daemon would not have them, and the page says so. */
static bool ask_who(struct visit *v)
{
	struct attend_reply reply = { 0 };
	if (!attend_for(v->line, v->session.reader))
		return false;
	attend_call(v->line, ATTEND_HELLO, NULL, NULL, 0, &reply);
	json_t *answer = reply.status == 200 ? to_json(reply.body, reply.body_size) : NULL;
	if (answer) {
		snprintf(v->session.name, sizeof v->session.name, "%s", says(answer, "name"));
		snprintf(v->session.role, sizeof v->session.role, "%s", says(answer, "role"));
	} else if (!reply.status) {
		page_notice(v, 503, "The service can't be reached", "attendd does not answer at the moment; try again in a minute.");
	} else {
		page_notice(v, 403, "You can't sign in here", "Your key is not one that this page may ask for: an administrator grants it, with the role of a "
		                                              "school, lead, officer, manager or auditor.");
	}
	json_decref(answer);
	return v->status == 200;
}

static bool begin(struct visit *v, char cookie[static 160])
{
	char name[SESSION_NAME_SIZE];
	if (!ask_who(v)) {
		v->session.reader[0] = '\0';
		return false;
	}
	session_begin(v->board->sessions, &v->session, time(NULL), name);
	session_find(v->board->sessions, name, time(NULL), &v->session);
	request_set_cookie(cookie, v->board->url, name);
	fprintf(stderr, "event=signed-in reader=%s role=%s\n", v->session.reader, v->session.role);
	return true;
}

static void show_sign_in(struct visit *v, const char *link)
{
	char reader[Z85_KEY_SIZE + 1];
	const char *why = link ? link_open(v->board->sessions, link, false, time(NULL), reader) : NULL;
	visit_title(v, "Sign in");
	html(&v->page, "<h1>Sign in</h1>\n");
	if (link && !why) {
		html(&v->page, "<p>This link works once.</p>\n<form method=\"post\" action=\"/sign-in\"><input type=\"hidden\" name=\"link\" value=\"%s\">"
		               "<button>Sign in</button></form>\n", link);
		return;
	}
	if (why)
		html(&v->page, "<p class=\"problem\" role=\"alert\">This link can't be used: %s.</p>\n", why);
	html(&v->page, "<p>You come in by a link that works once, within %d minutes. On the machine that has your identity file:</p>\n"
	               "<pre>attend board-link</pre>\n<p>It prints the link. Open it in this browser.</p>\n", LINK_MINUTES);
	v->status = why ? 403 : 401;
}

static void sign_in(struct visit *v, char cookie[static 160])
{
	const char *link = says(v->form, "link");
	const char *why = link_open(v->board->sessions, link, true, time(NULL), v->session.reader);
	if (why) {
		v->session.reader[0] = '\0';
		show_sign_in(v, link);
	} else if (begin(v, cookie)) {
		v->status = 303;
		snprintf(v->location, sizeof v->location, "/");
	}
}

/* The proxy has signed them in; their name is that of a grant. */
static bool proxy_reader(struct visit *v, struct MHD_Connection *connection, char cookie[static 160])
{
	const char *user = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, v->board->proxy_header);
	char name[SESSION_NAME_SIZE];
	struct body body;
	if (user && *user && request_cookie(connection, v->board->url, name) &&
	    session_find(v->board->sessions, name, time(NULL), &v->session)) {
		if (strcmp(v->session.name, user) == 0)
			return true;
		session_end(v->board->sessions, name);
	}
	v->session = (struct session){ .reader = "" };
	if (!user || !*user || strlen(user) >= sizeof v->session.name) {
		page_notice(v, 403, "Nobody is signed in", "The sign-in in front of this page did not say who you are.");
		return false;
	}
	body_begin(&body);
	body_text(&body, "what", "reader");
	body_text(&body, "name", user);
	json_t *answer = visit_ask(v, &body);
	if (!answer) {
		if (v->status == 404)
			page_notice(v, 403, "You can't sign in here", "No key was granted under your name: ask an administrator.");
		return false;
	}
	snprintf(v->session.reader, sizeof v->session.reader, "%s", says(answer, "key"));
	json_decref(answer);
	return begin(v, cookie);
}

/* ---- which view ---- */

static const struct {
	const char *word, *third; /* of /word/X/third */
	unsigned least, most;     /* words */
	view *shown, *sent;       /* NULL: not so */
} routes[] = {
	{ NULL, NULL, 0, 0, board_today, NULL },
	{ "case", NULL, 2, 2, board_case, NULL },
	{ "case", "record", 4, 4, board_record, board_recorded },
	{ "case", "letter", 4, 4, board_letter, NULL },
	{ "pupil", NULL, 2, 2, board_pupil, NULL },
	{ "pupil", "record", 4, 4, board_record, board_recorded },
	{ "school", NULL, 2, 2, board_school, NULL },
	{ "school", "task", 4, 4, NULL, board_task_done },
	{ "authority", NULL, 1, 1, board_authority, NULL },
	{ "alert", NULL, 2, 2, NULL, board_acknowledge },
	{ "alerts", NULL, 2, 2, board_alerts, board_alerts_done },
	{ "find", NULL, 1, 1, board_find, NULL },
	{ "cases", NULL, 1, 1, board_cases, NULL },
};

static bool fits(size_t i, const struct visit *v, unsigned count)
{
	return count >= routes[i].least && count <= routes[i].most &&
	       (!routes[i].word || strcmp(routes[i].word, v->words[0]) == 0) &&
	       (!routes[i].third || strcmp(routes[i].third, v->words[2]) == 0);
}

static void route(struct visit *v)
{
	unsigned count = 0;
	while (count < 4 && v->words[count])
		count++;
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if (!fits(i, v, count))
			continue;
		view *one = v->form ? routes[i].sent : routes[i].shown;
		if (one)
			one(v);
		else
			page_notice(v, 405, "Not so", "This address takes no such request.");
		return;
	}
	page_notice(v, 404, "Nothing here", "There is no such page.");
}

/* Forms are this person's own, from a page of theirs. */
static bool is_own(struct visit *v)
{
	const char *token = says(v->form, "token");
	if (strlen(token) == strlen(v->session.token) && sodium_memcmp(token, v->session.token, strlen(token)) == 0)
		return true;
	page_notice(v, 403, "This form is not from your page", "Nothing was recorded. Open the page again and send the form from there.");
	return false;
}

static enum MHD_Result answer_reader(struct visit *v, struct MHD_Connection *connection, char cookie[static 160])
{
	char name[SESSION_NAME_SIZE] = "";
	if (v->words[0] && strcmp(v->words[0], "live") == 0 && !v->form) {
		const char *last = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Last-Event-ID");
		uint64_t from = last ? strtoull(last, NULL, 10) + 1 : strtoull(says(v->query, "from"), NULL, 10);
		struct MHD_Response *r = live_open(v->board, &v->session, from);
		if (r)
			return send_response(v, connection, r, "text/event-stream", cookie);
		page_notice(v, 503, "Too many pages are open", "This one does not follow what comes in; load it again to see it.");
	} else if (v->words[0] && strcmp(v->words[0], "process") == 0 && v->words[2] && !v->words[3] && !v->form) {
		char *svg;
		size_t size;
		attend_for(v->line, v->session.reader);
		if (board_drawing(v, &svg, &size))
			return send_response(v, connection, MHD_create_response_from_buffer(size, svg, MHD_RESPMEM_MUST_FREE), svg_type, cookie);
	} else if (v->form && !is_own(v)) {
		/* said */
	} else if (v->form && v->words[0] && strcmp(v->words[0], "sign-out") == 0) {
		request_cookie(connection, v->board->url, name);
		session_end(v->board->sessions, name);
		request_set_cookie(cookie, v->board->url, "");
		v->status = 303;
		snprintf(v->location, sizeof v->location, "/sign-in");
	} else {
		attend_for(v->line, v->session.reader);
		route(v);
		if (v->form && v->status == MHD_HTTP_SERVICE_UNAVAILABLE)
			page_again(v);
	}
	return send_page(v, connection, cookie);
}

static bool day_ok(const char *text)
{
	if (strlen(text) != 10)
		return false;
	for (unsigned i = 0; i < 10; i++)
		if (i == 4 || i == 7 ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

static enum MHD_Result answer(struct visit *v, struct MHD_Connection *connection)
{
	char name[SESSION_NAME_SIZE], cookie[160] = "";
	bool signing_in = v->words[0] && strcmp(v->words[0], "sign-in") == 0 && !v->words[1] && !v->board->proxy_header;
	bool signed_in;
	if (*says(v->query, "as_of")) {
		if (day_ok(says(v->query, "as_of")))
			v->as_of = says(v->query, "as_of");
		else
			page_notice(v, 400, "Which day?", "A day is written like 2026-11-05.");
	}
	v->line = lines_take(v->board->lines);
	if (!v->line || v->status != 200) {
		if (!v->line)
			page_notice(v, 503, "The service can't be reached", "Its keys or its address are not right.");
		return send_page(v, connection, NULL);
	}
	if (signing_in) {
		if (v->form)
			sign_in(v, cookie);
		else
			show_sign_in(v, *says(v->query, "link") ? says(v->query, "link") : NULL);
		return send_page(v, connection, cookie);
	}
	if (v->board->proxy_header)
		signed_in = proxy_reader(v, connection, cookie);
	else
		signed_in = request_cookie(connection, v->board->url, name) && session_find(v->board->sessions, name, time(NULL), &v->session);
	if (signed_in)
		return answer_reader(v, connection, cookie);
	if (!v->board->proxy_header)
		show_sign_in(v, NULL);
	return send_page(v, connection, cookie);
}

/* ---- a request ---- */

static enum MHD_Result respond(struct board *board, struct MHD_Connection *connection, const char *path, const char *method, struct incoming *in)
{
	struct visit v = { .board = board, .status = 200, .form = in->form, .title = "Attendance" };
	char cut[PATH_MAX_SIZE];
	bool sends = strcmp(method, "POST") == 0;
	enum MHD_Result result;
	json_t *query = request_query(connection), *nothing = sends && !in->form ? json_object() : NULL;
	v.query = query;
	if (nothing)
		v.form = nothing;
	if (snprintf(cut, sizeof cut, "%s", path) >= (int)sizeof cut || !utf8_ok(slice_text(path)) || !request_words(cut, v.words))
		page_notice(&v, 404, "Nothing here", "There is no such page.");
	else if (!sends && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		page_notice(&v, 405, "Not so", "Pages are read with GET, forms are sent with POST.");
	else if (!request_at_home(connection, board->url, sends))
		page_notice(&v, 403, "Not from here", "This page is asked for under another name than its own, or the form comes from elsewhere.");
	else if (in->too_large)
		page_notice(&v, 413, "Too long", "A form may hold 64 KiB. Nothing was recorded.");
	else if (in->malformed || !query)
		page_notice(&v, 400, "Not understood", "The form or address can't be read. Nothing was recorded.");
	if (v.status != 200)
		result = send_page(&v, connection, NULL);
	else if (!sends && strcmp(path, "/style.css") == 0)
		result = send_file(&v, connection, board_style, board_style_size, "text/css; charset=utf-8");
	else if (!sends && strcmp(path, "/live.js") == 0)
		result = send_file(&v, connection, board_script, board_script_size, "text/javascript; charset=utf-8");
	else if (!sends && strcmp(path, "/favicon.ico") == 0) { /* asked for by browsers, unasked */
		v.status = MHD_HTTP_NO_CONTENT;
		result = send_file(&v, connection, board_style, 0, "image/x-icon");
	} else
		result = answer(&v, connection);
	lines_give(board->lines, &v.line, v.status != MHD_HTTP_SERVICE_UNAVAILABLE);
	html_free(&v.page);
	json_decref(v.clauses);
	json_decref(query);
	json_decref(nothing);
	return result;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
                              const char *bytes, size_t *size, void **slot)
{
	struct incoming *in = *slot;
	(void)version;
	if (!in) {
		*slot = calloc(1, sizeof *in);
		return *slot ? MHD_YES : MHD_NO;
	}
	if (*size) {
		bool go_on = incoming_take(in, connection, bytes, *size);
		*size = 0;
		return go_on ? MHD_YES : MHD_NO;
	}
	incoming_end(in);
	return respond(context, connection, path, method, in);
}

static void completed(void *context, struct MHD_Connection *connection, void **slot, enum MHD_RequestTerminationCode why)
{
	struct incoming *in = *slot;
	(void)context, (void)connection, (void)why;
	if (in)
		incoming_free(in);
	free(in);
	*slot = NULL;
}

/* ---- listening ---- */

static bool address_of(const char *listen, struct sockaddr_storage *out)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	char host[64];
	const char *colon = strrchr(listen, ':');
	char *end;
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
	if (!colon || !colon[1] || *end || port > 65535 || (size_t)(colon - listen) >= sizeof host)
		return false;
	snprintf(host, sizeof host, "%.*s", (int)(colon - listen), listen);
	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return true;
	}
	size_t last = strlen(host);
	if (host[0] != '[' || host[last - 1] != ']')
		return false;
	host[last - 1] = '\0';
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)port);
	return inet_pton(AF_INET6, host + 1, &six->sin6_addr) == 1;
}

/* Style and script by what they hold, so that a newer board's are asked for anew. */
static void name_assets(struct board *board)
{
	crypto_generichash_state hash;
	unsigned char bytes[crypto_generichash_BYTES_MIN];
	crypto_generichash_init(&hash, NULL, 0, sizeof bytes);
	crypto_generichash_update(&hash, board_style, board_style_size);
	crypto_generichash_update(&hash, board_script, board_script_size);
	crypto_generichash_final(&hash, bytes, sizeof bytes);
	sodium_bin2hex(board->assets, sizeof board->assets, bytes, (sizeof board->assets - 1) / 2);
}

struct MHD_Daemon *board_listen(struct board *board, const char *listen, unsigned *port, char *why, size_t why_size)
{
	struct sockaddr_storage address;
	name_assets(board);
	if (!address_of(listen, &address)) {
		snprintf(why, why_size, "--listen: '%s' is no address and port, as 127.0.0.1:8570 or [::1]:8570 are", listen);
		return NULL;
	}
	struct MHD_Daemon *server = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ERROR_LOG |
			(address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0),
		0, NULL, NULL, handle, board, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32768, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (!server) {
		snprintf(why, why_size, "can't listen at %s: is another one there?", listen);
		return NULL;
	}
	*port = MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port;
	return server;
}

void board_close(struct MHD_Daemon **server)
{
	if (*server)
		MHD_stop_daemon(*server);
	*server = NULL;
}
