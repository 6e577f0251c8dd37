/* daemon_config.c - attendd.conf, and a daemon's new key, over the fake engine.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/daemon_host.h"

static char folder[64], file[96], store[96];
static struct host_run run;

static int set_up(void **state)
{
	(void)state;
	host_folder(folder);
	snprintf(file, sizeof file, "%s/attendd.conf", folder);
	snprintf(store, sizeof store, "%s/store", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	host_remove(folder);
	return 0;
}

#define DO(...) host_do(&run, (const char *const[]){ ATTENDD_FAKE, __VA_ARGS__, NULL })

/* `text`, before which the store's folder is set. */
static void write_file(const char *text)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	fprintf(out, "data = %s\n%s", store, text);
	fclose(out);
}

static void assert_says(const char *part)
{
	if (!strstr(run.err, part))
		fail_msg("'%s' is not in:\n%s", part, run.err);
}

static void each_fault_is_said_with_its_line(void **state)
{
	(void)state;
	write_file("# a comment\n\nlistn = tcp://127.0.0.1:1\nlisten = 127.0.0.1:1\ndata = /elsewhere\nclock = noon\n"
	           "authority =\npathway = here.yaml\njust words\nauthority = \xff\npathway = /nowhere.yaml\n");
	assert_int_equal(DO("check-config", file), 1);
	assert_string_equal(run.out, "");
	assert_says("attendd.conf:4: there is no setting 'listn'; there are data authority pathway listen clock");
	assert_says("attendd.conf:5: listen 127.0.0.1:1: give tcp://HOST:PORT");
	assert_says("attendd.conf:6: data was set before");
	assert_says("attendd.conf:7: clock noon");
	assert_says("attendd.conf:8: authority has no value");
	assert_says("attendd.conf:9: here.yaml: give the whole path");
	assert_says("attendd.conf:10: 'just words' is no setting");
	assert_says("attendd.conf:11: this is not UTF-8");
	assert_says("attendd.conf:12: /nowhere.yaml: No such file");
	/* Nothing is run on half of a file, whichever command it is. */
	assert_int_equal(DO("run", "--config", file), 2);
	assert_says("attendd.conf:4:");
	assert_int_equal(DO("init", "--config", file, "--authority", "Testshire"), 2);
	assert_int_equal(access(store, F_OK), -1);
}

static void endpoints_have_a_host_and_a_port(void **state)
{
	static const struct {
		const char *listen;
		int code;
	} tries[] = {
		{ "tcp://127.0.0.1:5570", 0 }, { "tcp://[::1]:5570", 0 }, { "tcp://0.0.0.0:*", 0 }, { "tcp://*:5570", 0 },
		{ "tcp://127.0.0.1", 1 }, { "tcp://:5570", 1 }, { "tcp://127.0.0.1:", 1 }, { "tcp://127.0.0.1:0", 1 },
		{ "tcp://127.0.0.1:65536", 1 }, { "tcp://127.0.0.1:55x", 1 }, { "tcp://127.0.0.1:+55", 1 }, { "ipc:///run/attend:1", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		char text[80];

		snprintf(text, sizeof text, "listen = %s\n", tries[i].listen);
		write_file(text);
		if (DO("check-config", file) != tries[i].code)
			fail_msg("%s: exit %d, %s", tries[i].listen, run.code, run.err);
	}
}

static void a_file_that_is_not_there_is_named(void **state)
{
	(void)state;
	assert_int_equal(DO("check-config", file), 1);
	assert_says("No such file");
	assert_int_equal(DO("check-config", file, file), 2);
	assert_int_equal(DO("check-config", "--help"), 0);
	assert_int_equal(DO("run", "--config", file), 2);
	assert_says("No such file");
}

static void what_is_no_text_is_refused(void **state)
{
	FILE *out;

	(void)state;
	assert_int_equal(DO("check-config", folder), 1);
	assert_says("Is a directory");
	write_file("");
	out = fopen(file, "a");
	fwrite("clock = sys\0tem\n", 1, 16, out);
	fclose(out);
	assert_int_equal(DO("check-config", file), 1);
	assert_says("attendd.conf:2: this is not UTF-8 text");
	write_file("#");
	out = fopen(file, "a");
	for (int i = 0; i < 64 * 1024; i++)
		fputc('x', out);
	fclose(out);
	assert_int_equal(DO("check-config", file), 1);
	assert_says("too large");
}

static void the_file_makes_a_store_and_runs_it(void **state)
{
	(void)state;
	write_file("  authority =  Test shire \r\nlisten = tcp://127.0.0.1:*\nclock = system");
	assert_int_equal(DO("check-config", file), 0);
	assert_non_null(strstr(run.out, "nothing is wrong"));
	assert_int_equal(DO("init", "--config", file, "--if-missing"), 0);
	assert_non_null(strstr(run.out, "A store for Test shire was made"));
	assert_int_equal(DO("init", "--config", file, "--if-missing"), 0);
	assert_string_equal(run.out, "");
	assert_int_equal(DO("init", "--config", file), 1);
	assert_says("holds a store already");
	assert_int_equal(DO("verify", "--config", file), 0);
	host_start(&run, (const char *const[]){ ATTENDD_FAKE, "run", "--config", file, NULL });
	assert_true(host_ready(&run));
	assert_int_equal(host_wait(&run, SIGTERM), 0);
}

static void a_store_needs_a_name(void **state)
{
	(void)state;
	write_file("");
	assert_int_equal(DO("init", "--config", file), 2);
	assert_int_equal(DO("init", "--config", file, "--if-missing"), 1);
	assert_says("set authority");
	assert_int_equal(access(store, F_OK), -1);
}

static void what_is_given_wins_over_the_file(void **state)
{
	char other[96], identity[128];

	(void)state;
	snprintf(other, sizeof other, "%s/other", folder);
	snprintf(identity, sizeof identity, "%s/attendd.identity", other);
	write_file("authority = Testshire\nlisten = tcp://127.0.0.1:*\nclock = system\n");
	assert_int_equal(DO("init", "--config", file, "--data", other, "-a", "Othershire"), 0);
	assert_non_null(strstr(run.out, "A store for Othershire"));
	assert_int_equal(access(identity, F_OK), 0);
	assert_int_equal(access(store, F_OK), -1);
	/* --data alone asks no file at all, and a value of the command line is looked at as ever. */
	assert_int_equal(DO("run", "--config", file, "--data", other, "--clock", "noon"), 2);
	assert_says("--clock noon");
}

static void a_new_key_leaves_the_old_one_beside_it(void **state)
{
	char names[4][128], why[256], public_text[Z85_KEY_SIZE + 1];
	struct identity before, after, old;

	(void)state;
	for (int i = 0; i < 4; i++)
		snprintf(names[i], sizeof names[i], "%s/attendd.%s", store,
		         (const char *const[]){ "identity", "pub", "identity.old", "identity.new" }[i]);
	assert_int_equal(DO("rekey", "--data", store), 1);
	assert_says("attendd.identity");
	assert_int_equal(DO("init", "--data", store, "--authority", "Testshire"), 0);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(identity_read(names[0], &before, why, sizeof why), 0);
		/* as a stop half way would leave it */
		fclose(fopen(names[3], "w"));
		assert_int_equal(DO("rekey", "--data", store), 0);
		assert_int_equal(identity_read(names[0], &after, why, sizeof why), 0);
		assert_int_equal(identity_read_public(names[1], public_text, why, sizeof why), 0);
		assert_int_equal(identity_read(names[2], &old, why, sizeof why), 0);
		assert_string_not_equal(before.public_text, after.public_text);
		assert_string_equal(after.public_text, public_text);
		assert_string_equal(before.secret_text, old.secret_text);
		assert_int_equal(access(names[3], F_OK), -1);
	}
}

#define CONFIG_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(each_fault_is_said_with_its_line),
		CONFIG_TEST(endpoints_have_a_host_and_a_port),
		CONFIG_TEST(a_file_that_is_not_there_is_named),
		CONFIG_TEST(what_is_no_text_is_refused),
		CONFIG_TEST(the_file_makes_a_store_and_runs_it),
		CONFIG_TEST(a_store_needs_a_name),
		CONFIG_TEST(what_is_given_wins_over_the_file),
		CONFIG_TEST(a_new_key_leaves_the_old_one_beside_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
