/* attend board, attend board-link - the officers' web page, and the way into it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>
#include <sodium.h>

#include "client/board_http.h"
#include "client/command.h"

enum { KEY_LISTEN = 0x3000, KEY_URL, KEY_PROXY, KEY_BOARD };

static const char default_listen[] = "127.0.0.1:8570";

struct board_arguments {
	struct invocation invocation;
	const char *listen, *url, *proxy_header, *board_key;
};

static bool url_ok(const char *url)
{
	const char *host = strncmp(url, "http://", 7) == 0 ? url + 7 : strncmp(url, "https://", 8) == 0 ? url + 8 : "";
	return *host && !strpbrk(host, "/?#@ \\") && strlen(url) < 200;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct board_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case KEY_LISTEN:
		a->listen = argument;
		return 0;
	case KEY_URL:
		if (!url_ok(argument))
			argp_error(state, "--url: '%s' is not http://HOST[:PORT] or https://HOST[:PORT], without a slash at the end", argument);
		a->url = argument;
		return 0;
	case KEY_PROXY:
		if (!*argument || strspn(argument, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") != strlen(argument))
			argp_error(state, "--proxy-header: '%s' is no header's name", argument);
		a->proxy_header = argument;
		return 0;
	case KEY_BOARD:
		a->board_key = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- attend board ---- */

static const struct argp_option board_options[] = {
	{ "listen", KEY_LISTEN, "ADDRESS:PORT", 0, "where the page is served (127.0.0.1:8570); port 0 takes a free one", 0 },
	{ "url", KEY_URL, "URL", 0, "where people find it, behind a proxy (else http://ADDRESS:PORT)", 0 },
	{ "proxy-header", KEY_PROXY, "NAME", 0, "a header in which the proxy names who is signed in, as their grant is named; links are then not taken", 0 },
	{ 0 },
};

static const struct argp board_argp = {
	.options = board_options,
	.parser = parse,
	.doc = "Serves the officers' web page. Its own key is granted with the role `board`: by itself it may nothing; it asks for whoever is signed in, "
	       "with their rights, and the log holds both.\v"
	       "A grant and a first sign-in:\n"
	       "  attend grant \"$(attend keygen board.identity)\" board --name board\n"
	       "  attend board --identity board.identity\n"
	       "  attend board-link --board-key board.identity    # as an officer; prints a link that works once\n\n"
	       "It speaks plain HTTP: on another address than loopback put a proxy with TLS in front of it, and say its --url. With --proxy-header "
	       "only that proxy may reach the port, and it must drop the header where it comes from outside.",
	.children = invocation_children,
};

static bool is_loopback(const char *listen)
{
	return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]", 5) == 0;
}

/* Is this key one that may ask for others? Also fetches the authority's name. */
static int greet(struct board *board, const struct board_arguments *a)
{
	struct attend_reply reply;
	char role[32] = "";
	struct attend *line = lines_take(board->lines);
	if (!line)
		return ATTEND_MISUSE;
	enum attend_result result = attend_call(line, ATTEND_HELLO, NULL, NULL, 0, &reply);
	if (result == ATTEND_OK) {
		attend_body_text(reply.body, reply.body_size, "authority", board->authority, sizeof board->authority);
		attend_body_text(reply.body, reply.body_size, "role", role, sizeof role);
	} else {
		complain(&a->invocation, "%s", attend_why(line));
	}
	lines_give(board->lines, &line, true);
	if (result == ATTEND_OK && strcmp(role, "board") != 0) {
		complain(&a->invocation, "the key of %s has the role %s; a board's own role is wanted: attend grant KEY board", a->invocation.identity, role);
		return ATTEND_REFUSED;
	}
	return result;
}

static int serve(struct board *board, const struct board_arguments *a, const struct identity *identity)
{
	char why[300], url[200];
	unsigned port;
	sigset_t ends;
	int number;
	/* blocked in every thread that follows: it is this one that waits for them */
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	struct MHD_Daemon *server = board_listen(board, a->listen, &port, why, sizeof why);
	if (!server) {
		complain(&a->invocation, "%s", why);
		return ATTEND_MISUSE;
	}
	snprintf(url, sizeof url, "http://%.*s:%u", (int)(strrchr(a->listen, ':') - a->listen), a->listen, port);
	if (!a->url)
		board->url = url;
	printf("ready %s\n", url);
	fflush(stdout);
	fprintf(stderr, "The page is at %s. Whoever has a key signs in with: attend board-link --board-key '%s'%s%s\n", board->url, identity->public_text,
	        strcmp(url, "http://127.0.0.1:8570") == 0 ? "" : " --url ", strcmp(url, "http://127.0.0.1:8570") == 0 ? "" : board->url);
	if (!interrupted)
		sigwait(&ends, &number);
	interrupted = 1; /* open pages hear of it */
	board_close(&server);
	return 0;
}

int command_board(int argc, char **argv)
{
	struct board_arguments a = { .listen = default_listen };
	struct identity identity;
	char why[512];
	invocation_parse(&board_argp, argc, argv, &a.invocation, &a);
	struct board board = { .invocation = &a.invocation, .url = a.url ? a.url : "", .proxy_header = a.proxy_header };
	int status = ATTEND_MISUSE;
	if (a.proxy_header && !is_loopback(a.listen)) {
		complain(&a.invocation, "--proxy-header: whoever reaches the port could be anybody; listen on loopback, where only the proxy does");
		return ATTEND_MISUSE;
	}
	if (sodium_init() < 0)
		return ATTEND_MISUSE;
	catch_signals();
	board.lines = lines_new(&a.invocation);
	board.clauses = clauses_new();
	if (a.invocation.identity && identity_read(a.invocation.identity, &identity, why, sizeof why) < 0)
		complain(&a.invocation, "%s", why);
	else if (board.lines && board.clauses && (status = greet(&board, &a)) == ATTEND_OK) {
		board.sessions = sessions_new(&identity);
		status = board.sessions ? serve(&board, &a, &identity) : ATTEND_MISUSE;
	}
	sodium_memzero(&identity, sizeof identity);
	sessions_free(&board.sessions);
	lines_free(&board.lines);
	clauses_free(&board.clauses);
	return status;
}

/* ---- attend board-link ---- */

static const struct argp_option link_options[] = {
	{ "board-key", KEY_BOARD, "KEY|FILE", 0, "the board's public key, or a file with it (or ATTEND_BOARD_KEY)", 0 },
	{ "url", KEY_URL, "URL", 0, "where the board is (or ATTEND_BOARD_URL; else http://127.0.0.1:8570)", 0 },
	{ 0 },
};

static const struct argp link_argp = {
	.options = link_options,
	.parser = parse,
	.doc = "Prints a link that signs you in at the board. It works once, within ten minutes.\v"
	       "Only your own key makes links for you; neither the daemon nor the board is asked. The board's key is what `attend board` names when it starts.",
	.children = invocation_children,
};

/* A file with a public key alone, or an identity of which no more is read; or a key. A path may
 * look like a key, but hardly a key like a path to something. */
static bool take_board_key(const struct board_arguments *a, char key[static Z85_KEY_SIZE + 1])
{
	uint8_t bytes[PUBLIC_KEY_SIZE];
	struct identity identity;
	char why[512];
	if (access(a->board_key, F_OK) != 0 && z85_key_parse(slice_text(a->board_key), bytes)) {
		snprintf(key, Z85_KEY_SIZE + 1, "%s", a->board_key);
		return true;
	}
	if (identity_read_public(a->board_key, key, why, sizeof why) == 0)
		return true;
	if (identity_read(a->board_key, &identity, why, sizeof why) < 0) {
		complain(&a->invocation, "--board-key: neither a public key nor a file with one: %s", why);
		return false;
	}
	snprintf(key, Z85_KEY_SIZE + 1, "%s", identity.public_text);
	sodium_memzero(&identity, sizeof identity);
	return true;
}

int command_board_link(int argc, char **argv)
{
	struct board_arguments a = { .board_key = getenv("ATTEND_BOARD_KEY"), .url = getenv("ATTEND_BOARD_URL") };
	struct identity identity;
	char why[512], link[LINK_TEXT_SIZE], board[Z85_KEY_SIZE + 1];
	invocation_parse(&link_argp, argc, argv, &a.invocation, &a);
	const char *url = a.url ? a.url : "http://127.0.0.1:8570";
	if (!a.board_key || !url_ok(url)) {
		complain(&a.invocation, "%s", a.board_key ? "ATTEND_BOARD_URL is not http://HOST[:PORT] or https://HOST[:PORT]"
		                                          : "whose board? give --board-key or set ATTEND_BOARD_KEY: attend board names it when it starts");
		return 2;
	}
	if (!a.invocation.identity) {
		complain(&a.invocation, "who are you? give --identity FILE or set ATTEND_IDENTITY");
		return 2;
	}
	if (sodium_init() < 0 || !take_board_key(&a, board))
		return 2;
	if (identity_read(a.invocation.identity, &identity, why, sizeof why) < 0) {
		complain(&a.invocation, "%s", why);
		return 2;
	}
	bool made = link_make(link, &identity, board, time(NULL));
	sodium_memzero(&identity, sizeof identity);
	if (!made) {
		complain(&a.invocation, "no link can be made with these keys");
		return 2;
	}
	if (a.invocation.json) {
		json_t *answer = json_pack("{s:s,s:s}", "url", url, "link", link);
		print_json(answer);
		json_decref(answer);
	} else {
		printf("%s/sign-in?link=%s\n", url, link);
	}
	return 0;
}
