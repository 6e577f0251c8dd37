/* client_conf.c - attend.conf: what an option, the environment and the files say, in that order.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/invocation.h"

static char home[64], file[128];

static int set_up(void **state)
{
	char folder[96];

	(void)state;
	strcpy(home, "/tmp/attend-conf-XXXXXX");
	if (!mkdtemp(home))
		return -1;
	snprintf(folder, sizeof folder, "%s/attend", home);
	snprintf(file, sizeof file, "%s/attend.conf", folder);
	mkdir(folder, 0700);
	setenv("XDG_CONFIG_HOME", home, 1);
	unsetenv("ATTEND_SERVER");
	unsetenv("ATTEND_SERVER_KEY");
	unsetenv("ATTEND_IDENTITY");
	return 0;
}

static int tear_down(void **state)
{
	char folder[96];

	(void)state;
	snprintf(folder, sizeof folder, "%s/attend", home);
	unlink(file);
	rmdir(folder);
	return rmdir(home);
}

static void write_file(const char *text)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	(void)argument;
	if (key == ARGP_KEY_INIT)
		state->child_inputs[0] = state->input;
	return key == ARGP_KEY_INIT ? 0 : ARGP_ERR_UNKNOWN;
}

static struct invocation parse_with(const char *option, const char *value)
{
	const struct argp argp = { .parser = parse, .children = invocation_children };
	struct invocation invocation;
	char *arguments[] = { (char *)(uintptr_t)"attend test", (char *)(uintptr_t)option, (char *)(uintptr_t)value, NULL };

	invocation_parse(&argp, option ? 3 : 1, arguments, &invocation, &invocation);
	return invocation;
}

static void without_a_file_there_is_the_loopback(void **state)
{
	(void)state;
	struct invocation got = parse_with(NULL, NULL);
	assert_string_equal(got.server, "tcp://127.0.0.1:5570");
	assert_null(got.server_key);
	assert_null(got.identity);
}

static void an_option_wins_over_the_environment_and_that_over_the_file(void **state)
{
	char expected[128];

	(void)state;
	write_file("server = tcp://10.0.0.1:1\nserver-key = /etc/attend/attendd.pub\nidentity = hart.identity\ntimeout = 3\n");
	snprintf(expected, sizeof expected, "%s/attend/hart.identity", home);
	struct invocation got = parse_with(NULL, NULL);
	assert_string_equal(got.server, "tcp://10.0.0.1:1");
	assert_string_equal(got.server_key, "/etc/attend/attendd.pub");
	assert_string_equal(got.identity, expected);
	assert_int_equal(got.timeout_ms, 3000);
	setenv("ATTEND_SERVER", "tcp://10.0.0.2:2", 1);
	setenv("ATTEND_IDENTITY", "", 1); /* as good as none */
	got = parse_with("--timeout", "4");
	assert_string_equal(got.server, "tcp://10.0.0.2:2");
	assert_string_equal(got.identity, expected);
	assert_int_equal(got.timeout_ms, 4000);
	got = parse_with("--server", "tcp://10.0.0.3:3");
	assert_string_equal(got.server, "tcp://10.0.0.3:3");
}

static void a_fault_in_it_is_wrong_use_with_its_line(void **state)
{
	static const struct {
		const char *text, *says;
	} tries[] = {
		{ "servr = x\n", "attend.conf:1: there is no setting 'servr'" },
		{ "\nserver = a\nserver = b\n", "attend.conf:3: server was set before" },
		{ "timeout = 0\n", "attend.conf:1: timeout: from 1 to 3600" },
		{ "timeout = 3s\n", "attend.conf:1: timeout: from 1 to 3600" },
		{ "json = yes\n", "attend.conf:1: there is no setting 'json'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		char text[512] = "";
		int status, pipe_fds[2];

		write_file(tries[i].text);
		assert_int_equal(pipe(pipe_fds), 0);
		pid_t child = fork();
		if (child == 0) {
			dup2(pipe_fds[1], STDERR_FILENO);
			parse_with(NULL, NULL);
			_exit(0);
		}
		close(pipe_fds[1]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(read(pipe_fds[0], text, sizeof text - 1) > 0);
		close(pipe_fds[0]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
		if (!strstr(text, tries[i].says))
			fail_msg("'%s' is not in: %s", tries[i].says, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_a_file_there_is_the_loopback, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_option_wins_over_the_environment_and_that_over_the_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_fault_in_it_is_wrong_use_with_its_line, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
