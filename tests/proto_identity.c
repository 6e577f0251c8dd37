/* proto_identity.c - identities on disk are for their owner alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "proto/identity.h"

static const struct identity somebody = {
	.public_text = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
	.secret_text = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
};

static char folder[256], path[300], why[512];

static int setup(void **state)
{
	const char *place = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof folder, "%s/attend-identity-XXXXXX", place != NULL ? place : "/tmp");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/me", folder);
	why[0] = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void put(const char *text, size_t size, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), (ssize_t)size);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void refused_for(const char *reason)
{
	struct identity identity;

	assert_int_equal(identity_read(path, &identity, why, sizeof why), -1);
	/* The file and the remedy are named. */
	assert_non_null(strstr(why, path));
	if (strstr(why, reason) == NULL)
		fail_msg("`%s` does not say `%s`", why, reason);
	assert_int_equal(identity.secret_text[0], 0);
}

static void what_is_written_is_read(void **state)
{
	struct identity back;
	struct stat status;
	char public_text[Z85_KEY_SIZE + 1];

	(void)state;
	assert_int_equal(identity_write(path, &somebody, why, sizeof why), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(identity_read(path, &back, why, sizeof why), 0);
	assert_string_equal(back.public_text, somebody.public_text);
	assert_string_equal(back.secret_text, somebody.secret_text);
	z85_key_text(public_text, back.public_key);
	assert_string_equal(public_text, somebody.public_text);
}

static void a_wide_umask_does_not_open_it(void **state)
{
	mode_t before = umask(0);
	struct stat status;

	(void)state;
	assert_int_equal(identity_write(path, &somebody, why, sizeof why), 0);
	umask(before);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

static void nothing_is_overwritten(void **state)
{
	struct stat status;

	(void)state;
	put("mine", 4, 0600);
	assert_int_equal(identity_write(path, &somebody, why, sizeof why), -1);
	assert_non_null(strstr(why, path));
	assert_non_null(strstr(why, "is there already"));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_size, 4);
}

static void a_link_is_not_followed_in_writing(void **state)
{
	(void)state;
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(identity_write(path, &somebody, why, sizeof why), -1);
}

static void one_that_others_can_use_is_refused(void **state)
{
	static const mode_t wide[] = {0644, 0640, 0604, 0620, 0602, 0610, 0666};

	(void)state;
	assert_int_equal(identity_write(path, &somebody, why, sizeof why), 0);
	for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
		assert_int_equal(chmod(path, wide[i]), 0);
		refused_for("chmod 600");
	}
	assert_int_equal(chmod(path, 0400), 0);
	struct identity back;
	assert_int_equal(identity_read(path, &back, why, sizeof why), 0);
}

static void a_credential_from_systemd_is_taken(void **state)
{
	struct identity back;

	(void)state;
	assert_int_equal(identity_write(path, &somebody, why, sizeof why), 0);
	assert_int_equal(chmod(path, 0440), 0);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	assert_int_equal(identity_read(path, &back, why, sizeof why), 0);
	assert_string_equal(back.public_text, somebody.public_text);
	for (const mode_t *wide = (const mode_t[]){0444, 0460, 0450, 0}; *wide; wide++) {
		assert_int_equal(chmod(path, *wide), 0);
		refused_for("chmod 600");
	}
	assert_int_equal(chmod(path, 0440), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 65534, 65534), 0);
		refused_for("belongs to another user");
		assert_int_equal(chown(path, 0, 0), 0);
	}
	char alike[sizeof folder];
	snprintf(alike, sizeof alike, "%.*s", (int)strlen(folder) - 1, folder);
	setenv("CREDENTIALS_DIRECTORY", alike, 1);
	refused_for("chmod 600");
	unsetenv("CREDENTIALS_DIRECTORY");
	refused_for("chmod 600");
}

static void one_of_another_user_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(identity_write(path, &somebody, why, sizeof why), 0);
	assert_int_equal(chown(path, 65534, 65534), 0);
	refused_for("belongs to another user");
}

static void a_missing_one_says_how_to_make_it(void **state)
{
	(void)state;
	refused_for("attend keygen");
}

static void what_is_no_regular_file_is_refused(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	refused_for("not a regular file");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	refused_for("not a regular file");
	rmdir(path);
}

static void one_that_is_no_identity_is_refused(void **state)
{
	static const char half[] = "public: Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n";
	static const char twice[] = "public: Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n"
	                            "public: Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n"
	                            "secret: D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\n";
	static const char misspelt[] = "public: Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI~\n"
	                               "secret: D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\n";
	static const char more[] = "public: Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n"
	                           "secret: D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\nother: 1\n";
	char long_text[5000];

	(void)state;
	put("", 0, 0600);
	refused_for("is not an identity");
	put(half, sizeof half - 1, 0600);
	refused_for("is not an identity");
	put(twice, sizeof twice - 1, 0600);
	refused_for("is not an identity");
	put(misspelt, sizeof misspelt - 1, 0600);
	refused_for("is not an identity");
	put(more, sizeof more - 1, 0600);
	refused_for("is not an identity");
	put("public: \0", 9, 0600);
	refused_for("is not text");
	memset(long_text, '#', sizeof long_text);
	put(long_text, sizeof long_text, 0600);
	refused_for("too long");
}

static void comments_and_line_ends_of_either_kind_are_read(void **state)
{
	static const char text[] = "# mine\r\n\r\nsecret: D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\r\n"
	                           "public: Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
	struct identity back;

	(void)state;
	put(text, sizeof text - 1, 0600);
	assert_int_equal(identity_read(path, &back, why, sizeof why), 0);
	assert_string_equal(back.secret_text, somebody.secret_text);
}

static void a_public_key_may_be_read_by_all(void **state)
{
	static const char good[] = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n";
	char text[Z85_KEY_SIZE + 1];

	(void)state;
	assert_int_equal(identity_read_public(path, text, why, sizeof why), -1);
	assert_non_null(strstr(why, "is not there"));
	put(good, sizeof good - 1, 0644);
	assert_int_equal(identity_read_public(path, text, why, sizeof why), 0);
	assert_string_equal(text, somebody.public_text);
	put(good, sizeof good - 3, 0644);
	assert_int_equal(identity_read_public(path, text, why, sizeof why), -1);
	assert_non_null(strstr(why, "is not a public key"));
	put("Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\nmore", 45, 0644);
	assert_int_equal(identity_read_public(path, text, why, sizeof why), -1);
}

static void no_half_identity_stays_behind(void **state)
{
	char nowhere[400];

	(void)state;
	snprintf(nowhere, sizeof nowhere, "%s/none/me", folder);
	assert_int_equal(identity_write(nowhere, &somebody, why, sizeof why), -1);
	assert_non_null(strstr(why, nowhere));
	/* A device that is always full. */
	if (access("/dev/full", W_OK) == 0) {
		assert_int_equal(identity_write("/dev/full", &somebody, why, sizeof why), -1);
		assert_int_equal(access("/dev/full", F_OK), 0);
	}
}

#define ROUND(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROUND(what_is_written_is_read),
		ROUND(a_wide_umask_does_not_open_it),
		ROUND(nothing_is_overwritten),
		ROUND(a_link_is_not_followed_in_writing),
		ROUND(one_that_others_can_use_is_refused),
		ROUND(one_of_another_user_is_refused),
		ROUND(a_credential_from_systemd_is_taken),
		ROUND(a_missing_one_says_how_to_make_it),
		ROUND(what_is_no_regular_file_is_refused),
		ROUND(one_that_is_no_identity_is_refused),
		ROUND(comments_and_line_ends_of_either_kind_are_read),
		ROUND(a_public_key_may_be_read_by_all),
		ROUND(no_half_identity_stays_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
