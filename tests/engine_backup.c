/* A backup, out and back: the store that is made of it is the one that it was made of.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/backup.h"
#include "daemon/engine_parts.h"
#include "tests/engine_host.h"

static struct host h;
static char upn[UPN_SIZE + 1];

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-21T15:30:00Z"});
	host_upn(upn, 1);
	host_marks(&h, SCHOOL_URN, 1, "2026-09-07", "2026-09-11", "O");
	host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'A','birth_date':'2014-01-02'}]}", upn);
	host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','parent':'p1','override':'r'}", upn);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static void restore_with(const char *file, const char *key_text, bool good)
{
	char dir[300], key_file[300], why[400] = "", *before = host_tables(&h, true), *now;
	FILE *out;
	struct host other = {.options = h.options, .now_ms = h.now_ms, .ids = h.ids + 1000};

	snprintf(dir, sizeof dir, "%s.restored", h.dir);
	snprintf(key_file, sizeof key_file, "%s.key", file);
	out = fopen(key_file, "w");
	fprintf(out, "# keep apart\n%s\n", key_text);
	fclose(out);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(restore_store(file, NULL, dir, why, sizeof why), good ? 0 : -1);
	snprintf(other.dir, sizeof other.dir, "%.255s", dir);
	if (good) {
		host_open(&other);
		assert_verified(&other);
		now = host_tables(&other, true);
		assert_same_text(now, before);
		free(now);
		assert_answer(host_ask(&other, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn), STATUS_OK, "\"surname\":\"A\"");
		assert_answer(host_ask(&other, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'note'}", upn), STATUS_OK, NULL);
	} else {
		assert_true(why[0]);
	}
	host_end(&other);
	unlink(key_file);
	free(before);
}

static void a_backup_out_and_back(void **context)
{
	char file[300], key[Z85_KEY_SIZE + 1], wrong[Z85_KEY_SIZE + 1];
	const struct answer *a;
	uint64_t size, offset = 0;
	FILE *out;

	(void)context;
	do
		a = host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'backup'}");
	while (strstr(a->text, "\"ready\":false") && (usleep(2000), true));
	assert_answer(a, STATUS_OK, "\"ready\":true");
	size = number_of(a->text, "size");
	snprintf(key, sizeof key, "%s", strstr(a->text, "\"key\":\"") + 7);
	snprintf(file, sizeof file, "%s.backup", h.dir);
	out = fopen(file, "wb");
	while (offset < size) {
		struct mp bytes;
		struct slice s;

		a = host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'backup','offset':%llu}", (unsigned long long)offset);
		assert_answer(a, STATUS_OK, "\"next\":");
		bytes = mp_find(a->body, "bytes");
		s = mp_bin(&bytes);
		assert_int_equal(fwrite(s.bytes, 1, s.size, out), s.size);
		offset = number_of(a->text, "next");
	}
	fclose(out);
	assert_int_equal(offset, size);
	/* fetched, it is forgotten */
	assert_answer(host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'backup','offset':0}"), STATUS_NOT_FOUND, NULL);
	restore_with(file, key, true);
	memcpy(wrong, key, sizeof wrong);
	wrong[0] = wrong[0] == '1' ? '2' : '1';
	restore_with(file, wrong, false);
	assert_int_equal(truncate(file, (off_t)size - 1), 0);
	restore_with(file, key, false);
	unlink(file);
}

/* Asks until the copy is ready; its size. */
static uint64_t ready(void)
{
	const struct answer *a;

	do
		a = host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'backup'}");
	while (strstr(a->text, "\"ready\":false") && (usleep(2000), true));
	assert_answer(a, STATUS_OK, "\"ready\":true");
	return number_of(a->text, "size");
}

/* Whoever began it went away: the next backup is of now, and the disk has its room back. */
static void a_copy_that_nobody_fetches(void **context)
{
	char path[300];
	uint64_t size = ready();

	(void)context;
	snprintf(path, sizeof path, "%.255s/backup.partial", h.dir);
	h.now_ms += 10 * 60 * 1000;
	host_turns(&h);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(ready(), size); /* perhaps they do */
	for (unsigned i = 2; i < 80; i++)
		host_marks(&h, SCHOOL_URN, i, "2026-09-07", "2026-09-11", "O");
	h.now_ms += 10 * 60 * 1000 + 1;
	host_turns(&h);
	assert_int_equal(access(path, F_OK), -1);
	assert_answer(host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'backup','offset':0}"), STATUS_NOT_FOUND, NULL);
	assert_true(ready() > size);
	assert_int_equal(access(path, F_OK), 0);
	host_restart(&h);
	assert_int_equal(access(path, F_OK), -1);
}

/* A commit that fails while a copy is made: the store is opened anew under it. */
static void a_backup_and_a_commit_that_fails(void **context)
{
	const struct answer *a;

	(void)context;
	host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'backup'}");
	host_begin(&h);
	host_put(&h, OFFICER, COMMAND_ACTION, NULL, "{'upn':'%s','action':'note'}", upn);
	h.engine->broken = STORE_FULL;
	host_commit(&h);
	assert_int_equal(h.answers[0].status, STATUS_RETRY_LATER);
	h.now_ms += 2000;
	do
		a = host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'backup'}");
	while (strstr(a->text, "\"ready\":false") && (usleep(2000), true));
	assert_answer(a, STATUS_OK, "\"ready\":true");
}

/* What other processes know LMDB's user by: a lock on lock.mdb, which the system takes
 * away as soon as this process closes *any* descriptor of that file. */
static bool is_locked(void)
{
	char path[300];
	int status;
	pid_t child;

	snprintf(path, sizeof path, "%.255s/lock.mdb", h.dir);
	child = fork();
	if (child == 0) {
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
		int fd = open(path, O_RDWR);

		_exit(fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid == getppid() ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void nothing_here_opens_the_lock_file_again(void **context)
{
	char path[300], why[400] = "";
	struct engine *second = NULL;

	(void)context;
	assert_true(is_locked());
	a_backup_out_and_back(NULL);
	host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'health'}");
	host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'stats'}");
	assert_int_equal(engine_open(&second, &(struct engine_options){.dir = h.dir}, why, sizeof why), -1);
	assert_null(second);
	assert_true(is_locked());
	/* as one careless close would show */
	snprintf(path, sizeof path, "%.255s/lock.mdb", h.dir);
	close(open(path, O_RDONLY | O_CLOEXEC));
	assert_false(is_locked());
	host_end(&h);
	setup(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_backup_out_and_back),
		T(a_copy_that_nobody_fetches),
		T(a_backup_and_a_commit_that_fails),
		T(nothing_here_opens_the_lock_file_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
