/* data_dir.c - making and unmaking the folder of a store.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/data_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

/* A fresh file system has one of these, and it is nobody's data. */
static bool is_nothing(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, "lost+found");
}

/* The name of something in the folder; NULL and errno 0: it is empty. */
static const char *first_entry(DIR *dir)
{
	struct dirent *entry;

	do
		entry = (errno = 0, readdir(dir));
	while (entry && is_nothing(entry->d_name));
	return entry ? entry->d_name : NULL;
}

static int refuse_full(const char *path, char *why, size_t why_size)
{
	struct stat found;
	int rc = -1;
	DIR *dir = opendir(path);
	const char *name = dir ? first_entry(dir) : NULL;

	if (!dir || (!name && errno))
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
	else if (name && !fstatat(dirfd(dir), "attendd.identity", &found, AT_SYMLINK_NOFOLLOW))
		snprintf(why, why_size, "%s holds a store already; nothing was changed", path);
	else if (name)
		snprintf(why, why_size, "%s is not empty (it holds %s); name a folder of the store's own",
		         path, name);
	else if (fchmod(dirfd(dir), 0700))
		snprintf(why, why_size, "%s can't be closed to others: %s", path, strerror(errno));
	else
		rc = 0;
	if (dir)
		closedir(dir);
	return rc;
}

int data_dir_prepare(struct data_dir *data, const char *path, char *why, size_t why_size)
{
	*data = (struct data_dir){ .path = path };
	if (!mkdir(path, 0700)) {
		data->made = true;
		return 0;
	}
	if (errno == EEXIST)
		return refuse_full(path, why, why_size);
	snprintf(why, why_size, "%s can't be made: %s", path, strerror(errno));
	return -1;
}

void data_dir_undo(struct data_dir *data)
{
	DIR *dir = opendir(data->path);
	struct dirent *entry;

	if (dir) {
		/* Only files: nothing here makes folders. */
		while ((entry = readdir(dir)))
			if (!is_nothing(entry->d_name))
				unlinkat(dirfd(dir), entry->d_name, 0);
		closedir(dir);
	}
	if (data->made)
		rmdir(data->path);
}

static int sync_folder(int fd, const char *path, char *why, size_t why_size)
{
	int failed = fd < 0 || fsync(fd);

	if (failed)
		snprintf(why, why_size, "%s can't be put on disk: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return failed ? -1 : 0;
}

int data_dir_sync(const struct data_dir *data, char *why, size_t why_size)
{
	int fd = open(data->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), above = -1, rc;

	/* A folder that was made has a name of its own in the one above; which may be closed to who may write there. */
	if (fd >= 0 && data->made)
		above = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = sync_folder(fd, data->path, why, why_size);
	return rc || above < 0 ? rc : sync_folder(above, data->path, why, why_size);
}

static int join(char path[static DATA_PATH_SIZE], const char *dir, const char *name,
                char *why, size_t why_size)
{
	int size = snprintf(path, DATA_PATH_SIZE, "%s/%s", dir, name);

	if (size > 0 && size < DATA_PATH_SIZE)
		return 0;
	snprintf(why, why_size, "%s: the path is too long", name);
	return -1;
}

int data_dir_new_identity(const char *dir, const char *name, struct identity *identity,
                          char path[static DATA_PATH_SIZE], char *why, size_t why_size)
{
	if (join(path, dir, name, why, why_size))
		return -1;
	memset(identity, 0, sizeof *identity);
	if (zmq_curve_keypair(identity->public_text, identity->secret_text) ||
	    !z85_key_parse(slice_text(identity->public_text), identity->public_key)) {
		snprintf(why, why_size, "no key pair can be made: %s", zmq_strerror(errno));
		return -1;
	}
	return identity_write(path, identity, why, why_size);
}

/* Readable by all, as it is meant to be handed out; never over another. */
static int write_public(const char *path, const char *public_text, char *why, size_t why_size)
{
	char line[Z85_KEY_SIZE + 2];
	int size = snprintf(line, sizeof line, "%s\n", public_text);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0) {
		snprintf(why, why_size, "%s can't be made: %s", path, strerror(errno));
		return -1;
	}
	bool good = write(fd, line, (size_t)size) == size && !fchmod(fd, 0644) && !fsync(fd);
	if (!good)
		snprintf(why, why_size, "%s can't be written: %s", path, strerror(errno));
	if (close(fd) && good) {
		snprintf(why, why_size, "%s can't be written: %s", path, strerror(errno));
		good = false;
	}
	return good ? 0 : -1;
}

static int new_pair(const char *dir, const char *identity_name, const char *public_name, char *why, size_t why_size)
{
	char path[DATA_PATH_SIZE];
	struct identity identity;
	int rc = data_dir_new_identity(dir, identity_name, &identity, path, why, why_size);

	if (!rc)
		rc = join(path, dir, public_name, why, why_size);
	if (!rc)
		rc = write_public(path, identity.public_text, why, why_size);
	sodium_memzero(&identity, sizeof identity);
	return rc;
}

/* The key says that there is a store, so it gets its name when all else has, for certain, and is whole itself. */
int data_dir_new_daemon(const char *dir, char *why, size_t why_size)
{
	const struct data_dir data = { .path = dir };
	int rc = new_pair(dir, "attendd.identity.new", "attendd.pub.new", why, why_size);
	int fd = rc ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (rc)
		return rc;
	if (fd < 0 || renameat2(fd, "attendd.pub.new", fd, "attendd.pub", RENAME_NOREPLACE) || fsync(fd) ||
	    renameat2(fd, "attendd.identity.new", fd, "attendd.identity", RENAME_NOREPLACE)) {
		snprintf(why, why_size, "the keys in %s can't take their places: %s", dir, strerror(errno));
		rc = -1;
	}
	if (fd >= 0)
		close(fd);
	return rc ? rc : data_dir_sync(&data, why, why_size);
}

bool data_dir_has_store(const char *dir)
{
	char path[DATA_PATH_SIZE], why[64];

	return !join(path, dir, "attendd.identity", why, sizeof why) && !access(path, F_OK);
}

/* The new pair is on disk whole before the first name changes; a stop between the names is mended by
 * doing it again. */
int data_dir_renew_daemon(const char *dir, char *why, size_t why_size)
{
	const struct data_dir data = { .path = dir };
	struct identity old;
	int fd, rc = data_dir_read_daemon(dir, &old, why, why_size);

	sodium_memzero(&old, sizeof old);
	if (rc)
		return rc;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(why, why_size, "%s can't be opened: %s", dir, strerror(errno));
		return -1;
	}
	unlinkat(fd, "attendd.identity.new", 0);
	unlinkat(fd, "attendd.pub.new", 0);
	unlinkat(fd, "attendd.identity.old", 0);
	rc = new_pair(dir, "attendd.identity.new", "attendd.pub.new", why, why_size);
	if (!rc && (linkat(fd, "attendd.identity", fd, "attendd.identity.old", 0) ||
	            renameat(fd, "attendd.identity.new", fd, "attendd.identity") ||
	            renameat(fd, "attendd.pub.new", fd, "attendd.pub"))) {
		snprintf(why, why_size, "the keys in %s can't take their places: %s", dir, strerror(errno));
		rc = -1;
	}
	close(fd);
	return rc ? rc : data_dir_sync(&data, why, why_size);
}

int data_dir_read_daemon(const char *dir, struct identity *identity, char *why, size_t why_size)
{
	char path[DATA_PATH_SIZE];

	if (join(path, dir, "attendd.identity", why, why_size))
		return -1;
	return identity_read(path, identity, why, why_size);
}
