/* board.c - the board's requests: real HTTP through libmicrohttpd over a pair of sockets, the board's own code, and behind it a
 * real engine in the same process; what that answers may be spoilt on its way. Whatever is asked, an answer has its
 * status and its policy, and nothing that came in stands in a page, or in a head, as markup.
 *
 * The input: a byte of flags, the request (two bytes of size; in it byte 1 stands for the session's cookie and byte 2 for its
 * token), then what is spoilt of which answer.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/board_http.h"
#include "client/board_request.h"
#include "client/connection.h"
#include "tests/fuzz/engine_base.h"

enum { TURNS_MAX = 400, IDLE_MAX = 12, ANSWER_MAX = 4 << 20 };

static struct host h;
static struct base *b;
static bool opened;
static struct fuzz spoil;
static unsigned calls;
static struct board board = { .url = "http://127.0.0.1:8570" };
static struct MHD_Daemon *server;
static struct attend *line;

/* ---- in place of the sockets ---- */

struct MHD_Daemon *__real_MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback, void *, MHD_AccessHandlerCallback, void *, ...);
struct MHD_Daemon *__wrap_MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback, void *, MHD_AccessHandlerCallback, void *, ...);
enum attend_result __wrap_attend_call(struct attend *, enum attend_command, const uint8_t *id, const void *body, size_t size, struct attend_reply *);
struct attend *__wrap_lines_take(struct lines *);
void __wrap_lines_give(struct lines *, struct attend **);
struct MHD_Response *__wrap_live_open(struct board *, const struct session *, uint64_t from);

/* The board's own handler and what it wants told, without threads and a port. */
struct MHD_Daemon *__wrap_MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback accept, void *accept_context,
                                           MHD_AccessHandlerCallback handle, void *context, ...)
{
	MHD_RequestCompletedCallback completed = NULL;
	void *completed_context = NULL;
	size_t memory = 32768;
	va_list list;

	(void)flags, (void)port;
	va_start(list, context);
	for (enum MHD_OPTION option; (option = va_arg(list, enum MHD_OPTION)) != MHD_OPTION_END;) {
		if (option == MHD_OPTION_NOTIFY_COMPLETED) {
			completed = va_arg(list, MHD_RequestCompletedCallback);
			completed_context = va_arg(list, void *);
		} else if (option == MHD_OPTION_SOCK_ADDR) {
			(void)va_arg(list, void *);
		} else if (option == MHD_OPTION_CONNECTION_MEMORY_LIMIT) {
			memory = va_arg(list, size_t);
		} else {
			(void)va_arg(list, unsigned);
		}
	}
	va_end(list);
	return __real_MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET, 0, accept, accept_context, handle, context, MHD_OPTION_NOTIFY_COMPLETED,
	                               completed, completed_context, MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory, MHD_OPTION_STRICT_FOR_CLIENT, 1,
	                               MHD_OPTION_END);
}

struct attend *__wrap_lines_take(struct lines *lines)
{
	(void)lines;
	return line;
}

void __wrap_lines_give(struct lines *lines, struct attend **given)
{
	(void)lines;
	*given = NULL;
}

struct MHD_Response *__wrap_live_open(struct board *of, const struct session *session, uint64_t from)
{
	(void)of, (void)session, (void)from;
	return NULL; /* a thread of its own; the page says that there are too many */
}

/* The engine's answer, as it is or spoilt: then it is still a body as a client would take it, or none. */
enum attend_result __wrap_attend_call(struct attend *a, enum attend_command command, const uint8_t *id, const void *body, size_t size,
                                      struct attend_reply *reply)
{
	static uint8_t frame[1 << 18], kept[MESSAGE_SIZE_MAX];
	struct writer w = writer_of(frame, sizeof frame);
	uint8_t own[UUID_SIZE];
	const struct answer *answer;
	struct message m;
	const char *why;
	size_t at;

	*reply = (struct attend_reply){ 0 };
	if (++calls > 60)
		return ATTEND_UNREACHABLE;
	host_id(&h, own);
	message_request(&w, (uint8_t)command, id ? id : own, a->for_another ? a->reader : NULL);
	write_bytes(&w, body, size);
	MUST(!w.full);
	answer = host_frame(&h, SPARE, writer_slice(&w));
	MUST(answer);
	w = writer_of(kept, sizeof kept);
	message_reply(&w, answer->command, answer->id, (enum status)answer->status, answer->position);
	write_bytes(&w, answer->body.bytes, answer->body.size);
	while (fuzz_left(&spoil) && spoil.at[0] == calls) {
		fuzz_u8(&spoil);
		kept[fuzz_u16(&spoil) % writer_size(&w)] = fuzz_u8(&spoil);
	}
	if (message_decode(&m, writer_slice(&w), &why, &at) != STATUS_OK || !(m.command & COMMAND_REPLY))
		return ATTEND_UNREACHABLE;
	*reply = (struct attend_reply){ m.status, m.position, m.body.bytes, m.body.size };
	return m.status >= 200 && m.status < 300 ? ATTEND_OK : ATTEND_REFUSED;
}

/* ---- the store, anew where something was recorded ---- */

static void close_store(void)
{
	if (opened)
		host_end(&h);
	opened = false;
	fuzz_folder_empty();
}

static void open_store(void)
{
	close_store();
	base_open(b, &h, false);
	opened = true;
}

static uint64_t clean_head;

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	static struct identity identity;
	char why[200];
	unsigned port;

	(void)count, (void)arguments;
	fuzz_hush();
	base_init();
	b = base_of(1, &h);
	host_key(identity.public_key, SPARE);
	host_key_text(identity.public_text, SPARE);
	memcpy(identity.secret_text, identity.public_text, sizeof identity.secret_text);
	board.sessions = sessions_new(&identity);
	line = calloc(1, sizeof *line);
	server = board_listen(&board, "127.0.0.1:8570", &port, why, sizeof why);
	MUST(board.sessions && line && server);
	return 0;
}

/* ---- a request ---- */

static struct slice expand(struct slice raw, const char *cookie, const char *token)
{
	uint8_t *out = malloc(raw.size * SESSION_NAME_SIZE + 1);
	size_t size = 0;

	MUST(out);
	for (size_t i = 0; i < raw.size; i++) {
		const char *word = raw.bytes[i] == 1 ? cookie : raw.bytes[i] == 2 ? token : NULL;

		if (word) {
			memcpy(out + size, word, strlen(word));
			size += strlen(word);
		} else {
			out[size++] = raw.bytes[i];
		}
	}
	return slice_of(out, size);
}

/* Sends it, and takes what comes until the board has no more to say. */
static size_t talk(struct slice request, char *answer)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	size_t sent = 0, got = 0;
	unsigned idle = 0;
	bool shut = false;
	int pair[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	MUST(MHD_add_connection(server, pair[1], (struct sockaddr *)&from, sizeof from) == MHD_YES);
	for (unsigned turn = 0; turn < TURNS_MAX && idle < IDLE_MAX; turn++) {
		ssize_t n = 0;

		idle++;
		if (sent < request.size && (n = send(pair[0], request.bytes + sent, request.size - sent, MSG_NOSIGNAL)) > 0) {
			sent += (size_t)n;
			idle = 0;
		}
		if ((sent == request.size || n < 0) && !shut && errno != EAGAIN) {
			shutdown(pair[0], SHUT_WR);
			shut = true;
		}
		MHD_run(server);
		n = recv(pair[0], answer + got, ANSWER_MAX - got, 0);
		if (n == 0)
			break;
		if (n > 0) {
			got += (size_t)n;
			idle = 0;
		}
	}
	close(pair[0]);
	for (unsigned i = 0; i < 3; i++)
		MHD_run(server);
	answer[got] = '\0';
	return got;
}

static bool has(const char *text, size_t size, const char *wanted)
{
	return memmem(text, size, wanted, strlen(wanted)) != NULL;
}

static void look(const char *answer, size_t size)
{
	const char *end = memmem(answer, size, "\r\n\r\n", 4);
	size_t head = end ? (size_t)(end - answer) + 2 : size;

	if (!size)
		return;
	MUST(size > 12 && strncmp(answer, "HTTP/1.", 7) == 0);
	/* these stand in the dictionary: as they came in, they are no part of any answer */
	MUST(!has(answer, size, "<fz") && !has(answer, size, "\"fz=") && !has(answer, head, "\r\nfz:") && !has(answer, head, "\nfz:"));
	if (has(answer, head, "text/html; charset=utf-8"))
		MUST(has(answer, head, "Content-Security-Policy: default-src 'none';") && has(answer, head, "nosniff"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static char answer[ANSWER_MAX + 1];
	static const char *const names[] = { "officer", "manager", "school", "lead", "auditor" };
	static const enum who readers[] = { OFFICER, MANAGER, SCHOOL, LEAD, AUDITOR };
	struct fuzz in = fuzz_of(bytes, size);
	uint8_t flags = fuzz_u8(&in);
	struct session session = { .token = "" }, begun;
	char cookie[SESSION_NAME_SIZE];
	time_t now = time(NULL);
	struct slice request;
	unsigned reader = flags % 5;

	if (!opened || host_head(&h) != clean_head) {
		open_store();
		clean_head = host_head(&h);
	}
	calls = 0;
	host_key_text(session.reader, readers[reader]);
	snprintf(session.name, sizeof session.name, "%s", names[reader]);
	snprintf(session.role, sizeof session.role, "%s", names[reader]);
	session_begin(board.sessions, &session, now, cookie);
	MUST(session_find(board.sessions, cookie, now, &begun));
	board.proxy_header = flags & 0x40 ? "X-User" : NULL;
	request = expand(fuzz_part(&in), cookie, begun.token);
	spoil = in;
	board.clauses = clauses_new(); /* what was spoilt is not kept for the next input */
	MUST(board.clauses);
	look(answer, talk(request, answer));
	free((void *)(uintptr_t)request.bytes);
	session_end(board.sessions, cookie);
	clauses_free(&board.clauses);
	return 0;
}
