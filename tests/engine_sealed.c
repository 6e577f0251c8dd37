/* What identifies a person is nowhere on the disk in the clear: not in the tables, not in the redo log.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/engine_host.h"

static struct host h;
static char upn[2][UPN_SIZE + 1];

/* Each is told to the engine once, by the way that its name says. */
static const char *const secrets[] = {
	"Quillfeather", "Ottoline", "2014-03-17", "Year-Umpteen", "Xylogroup", "Sendneeds", "Esperantish", /* roster */
	"Hesperidine Q.", "7 Wobblegate",                                                                   /* a parent */
	"gastric thing", "murmurations", "because of the cat", "Mrs Thistledown", "by their wish, they said",
};
enum { SECRETS = sizeof secrets / sizeof *secrets };

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-21T09:00:00Z"});
	for (unsigned i = 0; i < 2; i++)
		host_upn(upn[i], i + 4711);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static void tell_all(void)
{
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_ROSTER,
			       "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'%s','forename':'%s','birth_date':'%s','year_group':'%s',"
			       "'groups':'%s','send':'%s','language':'%s','parents':[{'id':'p1','name':'%s','address':'%s'}]}]}",
			       upn[0], secrets[0], secrets[1], secrets[2], secrets[3], secrets[4], secrets[5], secrets[6], secrets[7], secrets[8]),
		      STATUS_OK, NULL);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS,
			       "{'urn':'" SCHOOL_URN "','registers':[['2026-09-07','AM',[['%s','I',{'comment':'%s'}],['%s','O']]]]}", upn[0],
			       secrets[9], upn[1]),
		      STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION,
			       "{'upn':'%s','action':'notice-to-improve','on':'2026-09-10','parent':'p1','fields':{'notes':'%s'},'override':'%s'}",
			       upn[0], secrets[10], secrets[11]),
		      STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_FACT, "{'upn':'%s','fact':'social-worker','text':'%s'}", upn[0], secrets[12]), STATUS_OK, NULL);
}

/* Is it there for whom it was told to? Else nothing is proved by its absence. */
static void assert_known(void)
{
	char *told = strdup(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'log'}")->text);

	for (unsigned i = 0; i < SECRETS - 1; i++)
		if (!strstr(told, secrets[i]))
			fail_msg("\"%s\" is not in the log as it is told", secrets[i]);
	assert_non_null(strstr(told, upn[0]));
	free(told);
}

static void assert_not_in(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *bytes;

	assert_true(fd >= 0 && fstat(fd, &status) == 0);
	bytes = malloc((size_t)status.st_size + 1);
	assert_int_equal(read(fd, bytes, (size_t)status.st_size), status.st_size);
	close(fd);
	for (unsigned i = 0; i < SECRETS; i++)
		if (memmem(bytes, (size_t)status.st_size, secrets[i], strlen(secrets[i])))
			fail_msg("\"%s\" is in %s", secrets[i], path);
	for (unsigned i = 0; i < 2; i++)
		if (memmem(bytes, (size_t)status.st_size, upn[i], UPN_SIZE))
			fail_msg("a UPN is in %s", path);
	free(bytes);
}

/* All files of the store; how many there are. */
static unsigned assert_folder_keeps_quiet(void)
{
	DIR *folder = opendir(h.dir);
	struct dirent *entry;
	unsigned files = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		char path[600];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", h.dir, entry->d_name);
		assert_not_in(path);
		files++;
	}
	closedir(folder);
	return files;
}

static void nothing_that_identifies_is_on_the_disk(void **context)
{
	(void)context;
	tell_all();
	assert_known();
	assert_true(assert_folder_keeps_quiet() >= 5); /* the tables, their lock, the redo log's two files, the keys */
	host_restart(&h);
	assert_known();
	assert_folder_keeps_quiet();
}

/* The reason of a move is text as well. */
static void nor_is_the_reason_of_a_move(void **context)
{
	struct slice frame;

	(void)context;
	tell_all();
	frame = host_pathway(&h, NULL, NULL);
	assert_answer(host_frame(&h, ADMIN, frame), STATUS_OK, "\"version\":2");
	free((void *)frame.bytes);
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'stockport','reason':'%s'}", secrets[13]), STATUS_OK, NULL);
	assert_non_null(strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'log'}")->text, secrets[13]));
	assert_folder_keeps_quiet();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_that_identifies_is_on_the_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(nor_is_the_reason_of_a_move, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
