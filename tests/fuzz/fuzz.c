/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void fuzz_broken(const char *condition, const char *file, int line)
{
	dprintf(STDERR_FILENO, "%s:%d: broken: %s\n", file, line, condition);
	abort();
}

/* ---- the input ---- */

struct slice fuzz_take(struct fuzz *f, size_t size)
{
	struct slice s = slice_of(f->at, size < fuzz_left(f) ? size : fuzz_left(f));

	f->at += s.size;
	return s;
}

static uint32_t number(struct fuzz *f, size_t size)
{
	struct slice s = fuzz_take(f, size);
	uint32_t value = 0;

	for (size_t i = 0; i < s.size; i++)
		value = value << 8 | s.bytes[i];
	return value;
}

uint8_t fuzz_u8(struct fuzz *f)
{
	return (uint8_t)number(f, 1);
}

uint16_t fuzz_u16(struct fuzz *f)
{
	return (uint16_t)number(f, 2);
}

uint32_t fuzz_u32(struct fuzz *f)
{
	return number(f, 4);
}

struct slice fuzz_part(struct fuzz *f)
{
	size_t size = fuzz_u16(f);

	return fuzz_take(f, size);
}

struct slice fuzz_rest(struct fuzz *f)
{
	return fuzz_take(f, fuzz_left(f));
}

uint8_t *fuzz_copy(struct slice s)
{
	uint8_t *copy = malloc(s.size ? s.size : 1);

	MUST(copy);
	if (s.size)
		memcpy(copy, s.bytes, s.size);
	return copy;
}

char *fuzz_text(struct slice s)
{
	char *text = malloc(s.size + 1);

	MUST(text);
	if (s.size)
		memcpy(text, s.bytes, s.size);
	text[s.size] = '\0';
	return text;
}

/* ---- files ---- */

static char folder[64];
static pid_t owner; /* a child that ends takes nothing away */

static void empty(const char *path)
{
	DIR *list = opendir(path);

	for (struct dirent *entry; list && (entry = readdir(list));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(dirfd(list), entry->d_name, 0) != 0) {
			char under[400];

			snprintf(under, sizeof under, "%s/%s", path, entry->d_name);
			empty(under);
			rmdir(under);
		}
	if (list)
		closedir(list);
}

static void take_away(void)
{
	if (getpid() != owner)
		return;
	empty(folder);
	rmdir(folder);
}

const char *fuzz_folder(void)
{
	if (!folder[0]) {
		const char *tmp = getenv("TMPDIR");

		snprintf(folder, sizeof folder, "%.40s/attend-fuzz.XXXXXX",
		         tmp ? tmp : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		MUST(mkdtemp(folder));
		owner = getpid();
		atexit(take_away);
	}
	return folder;
}

void fuzz_folder_empty(void)
{
	empty(fuzz_folder());
}

const char *fuzz_file(const char *name, struct slice bytes)
{
	static char paths[4][400];
	static unsigned turn;
	char *path = paths[turn++ % 4];
	int fd;

	snprintf(path, sizeof paths[0], "%s/%s", fuzz_folder(), name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	MUST(fd >= 0);
	MUST(!bytes.size || write(fd, bytes.bytes, bytes.size) == (ssize_t)bytes.size);
	MUST(close(fd) == 0);
	return path;
}

struct slice fuzz_read(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat status;
	uint8_t *bytes;

	MUST(file && fstat(fileno(file), &status) == 0);
	bytes = malloc((size_t)status.st_size + 1);
	MUST(bytes && fread(bytes, 1, (size_t)status.st_size, file) == (size_t)status.st_size);
	fclose(file);
	return slice_of(bytes, (size_t)status.st_size);
}

FILE *fuzz_nowhere(void)
{
	static FILE *nowhere;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	MUST(nowhere);
	return nowhere;
}

/* The sanitizers and libFuzzer write to the descriptor, or took hold of the stream before. */
void fuzz_hush(void)
{
	stderr = stdout = fuzz_nowhere();
}
