/* daemon_commands.c - attendd's commands, over the fake engine.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/daemon_host.h"
#include "tests/fake_engine.h"

enum { PATH_SIZE = 128 };

static char folder[64], store[PATH_SIZE];

static int set_up(void **state)
{
	(void)state;
	host_folder(folder);
	snprintf(store, sizeof store, "%s/store", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	host_remove(folder);
	return 0;
}

#define DO(run, ...) host_do(run, (const char *const[]){ ATTENDD_FAKE, __VA_ARGS__, NULL })

static const char *within(const char *name)
{
	static char path[PATH_SIZE + 64];

	snprintf(path, sizeof path, "%s/%s", store, name);
	return path;
}

static unsigned mode_of(const char *path)
{
	struct stat found;

	return stat(path, &found) ? 0 : found.st_mode & 0777;
}

static void make_store(void)
{
	struct host_run run;

	assert_int_equal(DO(&run, "init", "--data", store, "--authority", "Testshire"), 0);
}

static void init_makes_a_store_and_says_what(void **state)
{
	struct identity admin, server;
	char public_text[Z85_KEY_SIZE + 1], why[256];
	struct host_run run;

	(void)state;
	assert_int_equal(DO(&run, "init", "--data", store, "--authority", "Testshire"), 0);
	assert_string_equal(run.err, "");
	assert_non_null(strstr(run.out, "admin.identity"));
	assert_non_null(strstr(run.out, "attendd run --data"));
	assert_int_equal(mode_of(store), 0700);
	assert_int_equal(mode_of(within("attendd.identity")), 0600);
	assert_int_equal(mode_of(within("admin.identity")), 0600);
	assert_int_equal(identity_read(within("admin.identity"), &admin, why, sizeof why), 0);
	assert_int_equal(identity_read(within("attendd.identity"), &server, why, sizeof why), 0);
	assert_string_not_equal(admin.public_text, server.public_text);
	assert_int_equal(identity_read_public(within("attendd.pub"), public_text, why, sizeof why), 0);
	assert_string_equal(public_text, server.public_text);
}

static void init_fills_an_empty_folder_and_shuts_it(void **state)
{
	(void)state;
	mkdir(store, 0755);
	chmod(store, 0755);
	make_store();
	assert_int_equal(mode_of(store), 0700);
}

static void init_refuses_a_store_and_leaves_it(void **state)
{
	struct identity before, after;
	struct host_run run;
	char why[256];

	(void)state;
	make_store();
	assert_int_equal(identity_read(within("admin.identity"), &before, why, sizeof why), 0);
	assert_int_equal(DO(&run, "init", "--data", store, "--authority", "Other"), 1);
	assert_non_null(strstr(run.err, "holds a store already"));
	assert_int_equal(identity_read(within("admin.identity"), &after, why, sizeof why), 0);
	assert_string_equal(before.secret_text, after.secret_text);
}

static void init_refuses_a_folder_with_something_in_it(void **state)
{
	struct host_run run;

	(void)state;
	mkdir(store, 0755);
	chmod(store, 0755);
	fclose(fopen(within("letters.odt"), "w"));
	assert_int_equal(DO(&run, "init", "--data", store, "--authority", "Testshire"), 1);
	assert_non_null(strstr(run.err, "letters.odt"));
	assert_int_equal(access(within("letters.odt"), F_OK), 0);
	assert_int_equal(mode_of(store), 0755);
	assert_int_equal(rmdir(store), -1);
}

static void init_leaves_nothing_half_made(void **state)
{
	struct host_run run;

	(void)state;
	assert_int_equal(DO(&run, "init", "--data", store, "--authority", FAKE_ENGINE_BROKEN_AUTHORITY), 1);
	assert_non_null(strstr(run.err, "no authority is called so"));
	assert_int_equal(access(store, F_OK), -1);
	/* A folder that was there stays, empty: rmdir wants it so. */
	mkdir(store, 0700);
	assert_int_equal(DO(&run, "init", "--data", store, "--authority", FAKE_ENGINE_BROKEN_AUTHORITY), 1);
	assert_int_equal(rmdir(store), 0);
	assert_int_equal(DO(&run, "init", "--data", within("deeper"), "--authority", "Testshire"), 1);
	make_store();
}

static void wrong_use_is_two(void **state)
{
	struct host_run run;

	(void)state;
	assert_int_equal(host_do(&run, (const char *const[]){ ATTENDD_FAKE, NULL }), 2);
	assert_int_equal(DO(&run, "rum"), 2);
	assert_non_null(strstr(run.err, "no such command"));
	assert_int_equal(DO(&run, "run"), 2);
	assert_non_null(strstr(run.err, "--data DIR is missing"));
	assert_int_equal(DO(&run, "init", "--data", store), 2);
	assert_non_null(strstr(run.err, "--authority NAME is missing"));
	assert_int_equal(DO(&run, "run", "--data", store, "--clock", "yesterday"), 2);
	assert_int_equal(DO(&run, "run", "--data", store, "--clock", "manual:2026-09-31T00:00:00Z"), 2);
	assert_int_equal(DO(&run, "run", "--data", store, "tcp://127.0.0.1:1"), 2);
	assert_int_equal(DO(&run, "restore", "--data", store), 2);
	assert_int_equal(DO(&run, "verify", "--authority", "Testshire"), 2);
	assert_int_equal(access(store, F_OK), -1);
}

static void each_command_has_help(void **state)
{
	const char *const names[] = { "init", "run", "verify", "restore", "admin", "rekey" };
	struct host_run run;

	(void)state;
	assert_int_equal(DO(&run, "--help"), 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_non_null(strstr(run.out, names[i]));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_int_equal(DO(&run, names[i], "--help"), 0);
		assert_non_null(strstr(run.out, "--data"));
		assert_non_null(strstr(run.out, names[i]));
	}
	assert_int_equal(DO(&run, "run", "--help"), 0);
	for (const char *code = "012345"; *code; code++)
		assert_non_null(strchr(strstr(run.out, "Exit codes"), *code));
	assert_int_equal(DO(&run, "--version"), 0);
}

static void verify_gives_the_stores_answer(void **state)
{
	struct host_run run;

	(void)state;
	assert_int_equal(DO(&run, "verify", "--data", store), 1);
	make_store();
	assert_int_equal(DO(&run, "verify", "--data", store), 0);
	assert_string_equal(run.out, "well\n");
}

static void admin_makes_another_key(void **state)
{
	struct identity first, second;
	struct host_run run;
	char why[256];

	(void)state;
	make_store();
	assert_int_equal(DO(&run, "admin", "--data", store), 0);
	assert_non_null(strstr(run.out, "admin-2.identity"));
	assert_int_equal(identity_read(within("admin.identity"), &first, why, sizeof why), 0);
	assert_int_equal(identity_read(within("admin-2.identity"), &second, why, sizeof why), 0);
	assert_string_not_equal(first.public_text, second.public_text);
	unlink(within("admin.identity"));
	assert_int_equal(DO(&run, "admin", "--data", store), 0);
	assert_int_equal(identity_read(within("admin.identity"), &first, why, sizeof why), 0);
}

static void admin_without_a_store_leaves_no_key(void **state)
{
	struct host_run run;

	(void)state;
	mkdir(store, 0700);
	assert_int_equal(DO(&run, "admin", "--data", store), 1);
	assert_int_equal(rmdir(store), 0);
	assert_int_equal(DO(&run, "admin", "--data", store), 1);
}

static void restore_makes_a_store_with_a_key_of_its_own(void **state)
{
	struct identity server;
	struct host_run run;
	char why[256], backup[PATH_SIZE];

	(void)state;
	snprintf(backup, sizeof backup, "%s/backup", folder);
	assert_int_equal(DO(&run, "restore", backup, "--data", store), 1);
	assert_int_equal(access(store, F_OK), -1);
	fclose(fopen(backup, "w"));
	assert_int_equal(DO(&run, "restore", backup, "--data", store, "--key", "nowhere"), 1);
	assert_int_equal(access(store, F_OK), -1);
	assert_int_equal(DO(&run, "restore", "--data", store, backup), 0);
	assert_non_null(strstr(run.out, "attendd.pub"));
	assert_int_equal(identity_read(within("attendd.identity"), &server, why, sizeof why), 0);
	assert_int_equal(DO(&run, "restore", backup, "--data", store), 1);
	assert_non_null(strstr(run.err, "holds a store already"));
}

static void run_refuses_what_it_cannot_use(void **state)
{
	struct host_run run;

	(void)state;
	assert_int_equal(DO(&run, "run", "--data", store, "--listen", "tcp://127.0.0.1:*"), 1);
	make_store();
	assert_int_equal(DO(&run, "run", "--data", store, "--listen", "ipc:///run/attend"), 1);
	assert_non_null(strstr(run.err, "only tcp://HOST:PORT"));
	assert_string_equal(run.out, "");
	chmod(within("attendd.identity"), 0640);
	assert_int_equal(DO(&run, "run", "--data", store, "--listen", "tcp://127.0.0.1:*"), 1);
	assert_non_null(strstr(run.err, "attendd.identity"));
}

#define COMMAND_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COMMAND_TEST(init_makes_a_store_and_says_what),
		COMMAND_TEST(init_fills_an_empty_folder_and_shuts_it),
		COMMAND_TEST(init_refuses_a_store_and_leaves_it),
		COMMAND_TEST(init_refuses_a_folder_with_something_in_it),
		COMMAND_TEST(init_leaves_nothing_half_made),
		COMMAND_TEST(wrong_use_is_two),
		COMMAND_TEST(each_command_has_help),
		COMMAND_TEST(verify_gives_the_stores_answer),
		COMMAND_TEST(admin_makes_another_key),
		COMMAND_TEST(admin_without_a_store_leaves_no_key),
		COMMAND_TEST(restore_makes_a_store_with_a_key_of_its_own),
		COMMAND_TEST(run_refuses_what_it_cannot_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
