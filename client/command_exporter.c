/* attend exporter - what Prometheus scrapes: /metrics, and /health for whoever asks only that.
 *
 * libmicrohttpd's one thread answers a request after another and alone uses the connection to the daemon, which
 * is kept open and sought again when it is lost. What is served names no person.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/prometheus.h"
#include "client/to_json.h"

#define LISTEN_DEFAULT "127.0.0.1:9570"

enum { KEY_LISTEN = 0x2000, CONNECTIONS_MAX = 16, SILENCE_S = 30, HOST_SIZE = 256,
       TIMEOUT_MS = 3000 /* below what a scrape waits: a daemon that is away is to be told, not waited for */ };

struct exporter {
	struct invocation invocation;
	const char *listen;
	struct attend *connection;
	bool silent; /* the daemon did not answer last time, which was said */
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct exporter *x = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &x->invocation;
		x->invocation.timeout_ms = TIMEOUT_MS;
		return 0;
	case KEY_LISTEN:
		x->listen = argument;
		return 0;
	case ARGP_KEY_END:
		if (x->invocation.json)
			argp_error(state, "--json: what is served is Prometheus' format; attend stats --json prints the other");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "listen", KEY_LISTEN, "HOST:PORT", 0, "where it is scraped (" LISTEN_DEFAULT "); * as the port takes a free one", 0 },
	{ 0 },
};
static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Serves what attend stats --prometheus prints, under /metrics, and under /health whether all is well (200) or "
	       "not (503). Its key wants the role monitor, which may ask nothing else.\v"
	       "It waits 3 seconds for the daemon where no --timeout is given, for a scrape waits no longer than 10, or than its interval. "
	       "Says `ready URL` on standard output once it serves; ends on SIGTERM. What it serves names nobody, "
	       "but is not encrypted: keep it on loopback, or behind what encrypts it.",
	.children = invocation_children,
};

/* ---- answers ---- */

static enum MHD_Result reply(struct MHD_Connection *http, unsigned status, const char *type, char *text, size_t size)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	enum MHD_Result queued = MHD_queue_response(http, status, response);
	MHD_destroy_response(response);
	return queued;
}

/* Says once that there is no answer and once that there is again: scrapes go on. */
static json_t *question(struct exporter *x, const char *what)
{
	struct attend_reply reply;
	struct body body;
	size_t size;
	body_begin(&body);
	body_text(&body, "what", what);
	const void *bytes = body_end(&body, &size);
	bool silent = attend_call(x->connection, ATTEND_QUERY, NULL, bytes, size, &reply) != ATTEND_OK;
	body_free(&body);
	if (silent != x->silent && !interrupted)
		complain(&x->invocation, "%s", silent ? attend_why(x->connection) : "the daemon answers again");
	x->silent = silent;
	return silent ? NULL : to_json(reply.body, reply.body_size);
}

static void write_metrics(struct exporter *x, FILE *out)
{
	json_t *stats = question(x, "stats"), *health = stats ? question(x, "health") : NULL;
	print_prometheus(out, stats, health);
	json_decref(stats);
	json_decref(health);
}

static unsigned write_health(struct exporter *x, FILE *out)
{
	size_t index;
	json_t *health = question(x, "health"), *problem;
	bool well = json_is_true(json_object_get(health, "ok"));
	if (!health)
		fprintf(out, "%s\n", attend_why(x->connection));
	else if (well)
		fputs("well\n", out);
	json_array_foreach(json_object_get(health, "problems"), index, problem)
		fprintf(out, "%s\n", json_string_value(problem));
	json_decref(health);
	return well ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *http, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state)
{
	struct exporter *x = context;
	static int begun;
	(void)version, (void)upload;
	if (!*state) { /* called once before the body, which is of no interest */
		*state = &begun;
		return MHD_YES;
	}
	if (*upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	char *text = NULL;
	size_t size = 0;
	unsigned status = MHD_HTTP_OK;
	const char *type = "text/plain; charset=utf-8";
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return MHD_NO;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		status = MHD_HTTP_METHOD_NOT_ALLOWED;
	} else if (strcmp(url, "/metrics") == 0) {
		type = "text/plain; version=0.0.4; charset=utf-8";
		write_metrics(x, out);
	} else if (strcmp(url, "/health") == 0) {
		status = write_health(x, out);
	} else if (strcmp(url, "/") == 0) {
		fputs("attend exporter\n/metrics for Prometheus, /health for one answer\n", out);
	} else {
		status = MHD_HTTP_NOT_FOUND;
		fputs("there are /metrics and /health\n", out);
	}
	fclose(out);
	return reply(http, status, type, text, size);
}

/* ---- start ---- */

/* HOST:PORT, or [HOST]:PORT; NULL: said on standard error. Freed by freeaddrinfo. */
static struct addrinfo *find_address(const struct exporter *x)
{
	char host[HOST_SIZE];
	const char *colon = strrchr(x->listen, ':'), *from = x->listen;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found = NULL;
	size_t size = colon ? (size_t)(colon - from) : 0;
	if (size > 2 && from[0] == '[' && from[size - 1] == ']') {
		from++;
		size -= 2;
	}
	if (!size || size >= sizeof host || !colon[1]) {
		complain(&x->invocation, "--listen %s: HOST:PORT is wanted, such as " LISTEN_DEFAULT, x->listen);
		return NULL;
	}
	memcpy(host, from, size);
	host[size] = '\0';
	int code = getaddrinfo(host, strcmp(colon + 1, "*") == 0 ? "0" : colon + 1, &hints, &found);
	if (code)
		complain(&x->invocation, "--listen %s: %s", x->listen, gai_strerror(code));
	return code ? NULL : found;
}

static struct MHD_Daemon *start(struct exporter *x, const struct addrinfo *address)
{
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | (address->ai_family == AF_INET6 ? MHD_USE_IPv6 : 0);
	errno = 0;
	struct MHD_Daemon *daemon = MHD_start_daemon(flags, 0, NULL, NULL, answer, x, MHD_OPTION_SOCK_ADDR, address->ai_addr,
	                                             MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
	                                             MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S, MHD_OPTION_END);
	if (!daemon)
		complain(&x->invocation, "can't listen on %s: %s", x->listen, strerror(errno));
	return daemon;
}

static void say_ready(const struct exporter *x, struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
	printf("ready http://%.*s:%u/metrics\n", (int)(strrchr(x->listen, ':') - x->listen), x->listen, info ? info->port : 0u);
	fflush(stdout);
}

int command_exporter(int argc, char **argv)
{
	struct exporter x = { .listen = LISTEN_DEFAULT };
	sigset_t signals;
	int signal_number, status = 2;
	invocation_parse(&argp, argc, argv, &x.invocation, &x);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL); /* in each thread that is to come */
	struct addrinfo *address = find_address(&x);
	x.connection = address ? invocation_open(&x.invocation, 0) : NULL;
	struct MHD_Daemon *daemon = x.connection ? start(&x, address) : NULL;
	if (daemon) {
		say_ready(&x, daemon);
		sigwait(&signals, &signal_number);
		interrupted = 1; /* whoever is waiting for the daemon's answer waits no more */
		MHD_stop_daemon(daemon);
		status = 0;
	}
	attend_close(&x.connection);
	if (address)
		freeaddrinfo(address);
	return status;
}
