/* attend backup - a hot copy, fetched piece by piece.
 *
 * The copy goes to FILE.part, is synced, and only then takes its name, so that a FILE
 * that is there is whole. What unwraps the persons' keys in it goes to FILE.key.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/file.h"
#include "client/progress.h"
#include "proto/ids.h"
#include "proto/mp.h"

enum { READY_POLL_MS = 100 };

struct backup_arguments {
	struct invocation invocation;
	const char *file;
	char *part, *key_file;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct backup_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case ARGP_KEY_ARG:
		if (a->file)
			return ARGP_ERR_UNKNOWN;
		a->file = argument;
		return 0;
	case ARGP_KEY_END:
		if (!a->file)
			argp_error(state, "which file is it to be?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "FILE",
	.doc = "A copy of the store while it runs: FILE, and FILE.key, which unwraps the persons' keys in it.\v"
	       "Keep the two apart: FILE alone names nobody, and FILE.key alone opens nothing. attendd restore FILE "
	       "--data DIR makes a store of both.",
	.children = invocation_children,
};

static int failed(const struct backup_arguments *a, const char *path)
{
	complain(&a->invocation, "%s: %s", path, strerror(errno));
	return 2;
}

/* A name that is to last must be synced with its folder. */
static bool sync_folder(const char *path)
{
	char *copy = strdup(path);
	if (!copy)
		return false;
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	bool good = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}

/* Asks until the daemon has the copy ready; its size and its key. */
static int await(const struct backup_arguments *a, struct attend *connection, uint64_t *size, char key[static Z85_KEY_SIZE + 1])
{
	for (;;) {
		struct body body;
		int status;
		body_begin(&body);
		body_text(&body, "what", "backup");
		json_t *answer = ask(&a->invocation, connection, ATTEND_QUERY, NULL, &body, NULL, &status);
		if (!answer)
			return status;
		bool ready = json_is_true(json_object_get(answer, "ready"));
		const char *text = json_string_value(json_object_get(answer, "key"));
		*size = (uint64_t)json_integer_value(json_object_get(answer, "size"));
		snprintf(key, Z85_KEY_SIZE + 1, "%s", text ? text : "");
		json_decref(answer);
		if (ready)
			return 0;
		if (interrupted)
			return 130;
		poll(NULL, 0, READY_POLL_MS);
	}
}

static int write_key(const struct backup_arguments *a, const char *key)
{
	/* Never over one that is there: it may be all that opens an older backup. */
	int fd = open(a->key_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed(a, a->key_file);
	char text[400];
	int size = snprintf(text, sizeof text,
	                    "# attend backup: unwraps the persons' keys in %.200s.\n"
	                    "# Keep it apart from that file, and where few can read it.\n%s\n",
	                    strrchr(a->file, '/') ? strrchr(a->file, '/') + 1 : a->file, key);
	bool good = file_write(fd, text, (size_t)size) && fsync(fd) == 0;
	sodium_memzero(text, sizeof text);
	good = close(fd) == 0 && good && sync_folder(a->key_file);
	return good ? 0 : failed(a, a->key_file);
}

static int fetch(const struct backup_arguments *a, struct attend *connection, int fd, uint64_t size)
{
	for (uint64_t at = 0; at < size && !interrupted;) {
		struct body body;
		size_t body_size;
		struct attend_reply reply;
		body_begin(&body);
		body_text(&body, "what", "backup");
		body_number(&body, "offset", at);
		const void *asked = body_end(&body, &body_size);
		enum attend_result result = attend_call(connection, ATTEND_QUERY, NULL, asked, body_size, &reply);
		body_free(&body);
		if (result != ATTEND_OK) {
			complain(&a->invocation, "%s", attend_why(connection));
			return result == ATTEND_STOPPED ? 130 : (int)result;
		}
		struct mp bytes = mp_find(slice_of(reply.body, reply.body_size), "bytes");
		struct slice piece = mp_bin(&bytes);
		if (bytes.fault || !piece.size || piece.size > size - at) {
			complain(&a->invocation, "the copy came out of step at byte %" PRIu64 "; try again", at);
			return 1;
		}
		if (!file_write(fd, piece.bytes, piece.size))
			return failed(a, a->part);
		at += piece.size;
	}
	if (interrupted)
		return 130;
	return fsync(fd) == 0 ? 0 : failed(a, a->part);
}

static int back_up(struct backup_arguments *a, struct attend *connection, uint64_t *size)
{
	char key[Z85_KEY_SIZE + 1];
	struct stat there;
	if (lstat(a->file, &there) == 0) {
		complain(&a->invocation, "%s is there already: choose another name", a->file);
		return 2;
	}
	/* Shows at once whether it can be written at all. */
	int fd = open(a->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed(a, a->part);
	int status = await(a, connection, size, key);
	bool key_written = false;
	if (!status) {
		status = write_key(a, key);
		key_written = !status;
	}
	sodium_memzero(key, sizeof key);
	if (!status)
		status = fetch(a, connection, fd, *size);
	if (close(fd) != 0 && !status)
		status = failed(a, a->part);
	if (!status && (rename(a->part, a->file) != 0 || !sync_folder(a->file)))
		status = failed(a, a->file);
	if (status) {
		unlink(a->part);
		if (key_written)
			unlink(a->key_file);
	}
	return status;
}

int command_backup(int argc, char **argv)
{
	struct backup_arguments a = { .file = NULL };
	invocation_parse(&argp, argc, argv, &a.invocation, &a);
	catch_signals();
	struct attend *connection = invocation_open(&a.invocation, 0);
	if (!connection)
		return 2;
	uint64_t size = 0;
	int status = 2;
	if (asprintf(&a.part, "%s.part", a.file) >= 0 && asprintf(&a.key_file, "%s.key", a.file) >= 0)
		status = back_up(&a, connection, &size);
	if (!status && a.invocation.json) {
		json_t *made = json_pack("{s:s,s:s,s:I}", "file", a.file, "key_file", a.key_file, "size", (json_int_t)size);
		print_json(made);
		json_decref(made);
	} else if (!status) {
		char bytes[THOUSANDS_SIZE];
		printf("%s: %s bytes\n%s: what unwraps the persons' keys in it. Keep it apart from the backup: whoever has "
		       "both can read everything, and without it nobody can restore.\n", a.file, thousands(bytes, size), a.key_file);
	}
	attend_close(&connection);
	free(a.part);
	free(a.key_file);
	return status;
}
