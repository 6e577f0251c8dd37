/* The smallest connector: a register's marks, sent and answered. Build it with
 *   cc connector.c $(pkg-config --cflags --libs attend)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <attend.h>
#include <stdio.h>

static void refused_row(void *context, unsigned row, const char *field, const char *reason)
{
	(void)context;
	fprintf(stderr, "mark %u: %s: %s\n", row + 1, field, reason);
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: %s ENDPOINT SERVER-KEY-FILE IDENTITY-FILE URN <lines of: upn date session code\n", argv[0]);
		return ATTEND_MISUSE;
	}
	char why[512], upn[16], date[16], session[8], code[8];
	struct attend *connection = attend_open(&(struct attend_options){
		.server = argv[1], .server_key_file = argv[2], .identity_file = argv[3] }, why, sizeof why);
	struct attend_marks *marks = attend_marks_new();
	if (!connection || !marks) {
		fprintf(stderr, "%s\n", connection ? "no memory" : why);
		return ATTEND_MISUSE;
	}
	attend_marks_begin(marks, argv[4]);
	while (scanf("%15s %15s %7s %7s", upn, date, session, code) == 4) {
		struct attend_mark mark = { .upn = upn, .date = date, .session = session, .code = code, .minutes_late = -1 };
		if (!attend_marks_add(marks, &mark))
			break; /* 1,000 at once is all; send these and begin again */
	}
	/* The id comes from the content: run twice, the marks are taken once. */
	uint8_t id[ATTEND_ID_SIZE];
	size_t size;
	const void *body = attend_marks_body(marks, &size);
	struct attend_reply reply;
	attend_id_of_content(connection, id, ATTEND_MARKS, 0, body, size);
	enum attend_result result = attend_call(connection, ATTEND_MARKS, id, body, size, &reply);
	if (attend_refused_rows(&reply, refused_row, NULL) > 0)
		result = ATTEND_REFUSED;
	else if (result != ATTEND_OK)
		fprintf(stderr, "%s\n", attend_why(connection));
	attend_marks_free(&marks);
	attend_close(&connection);
	return result;
}
