/* identity.c - identities on disk.
 *
 * The file's owner and mode are looked at on the open descriptor, so that what was
 * looked at is what is read. Secrets are wiped from our own buffers after use.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "proto/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 1024 };

static int refuse(char *why, size_t why_size, const char *path, const char *reason)
{
	snprintf(why, why_size, "%s: %s", path, reason);
	return -1;
}

static int write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, text, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		text += done;
		size -= (size_t)done;
	}
	return 0;
}

/* The name is on disk only once its folder is. */
static int sync_folder(const char *path)
{
	char folder[4096];
	const char *slash = strrchr(path, '/');
	size_t size = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	int fd, result;

	if (size >= sizeof folder) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(folder, path, size);
	memcpy(folder + size, ".", 2);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	result = fsync(fd);
	close(fd);
	return result;
}

int identity_write(const char *path, const struct identity *identity, char *why, size_t why_size)
{
	char text[FILE_SIZE_MAX];
	int fd, size, failed, error;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return refuse(why, why_size, path, "is there already and is not overwritten; choose another name");
	if (fd < 0)
		return refuse(why, why_size, path, strerror(errno));
	size = snprintf(text, sizeof text, "# attend identity: keep this file to yourself\npublic: %s\nsecret: %s\n",
	                identity->public_text, identity->secret_text);
	failed = write_all(fd, text, (size_t)size) != 0 || fsync(fd) != 0;
	error = errno;
	explicit_bzero(text, sizeof text);
	if (close(fd) != 0 && !failed) {
		failed = 1;
		error = errno;
	}
	if (!failed && sync_folder(path) != 0) {
		failed = 1;
		error = errno;
	}
	if (!failed)
		return 0;
	/* Half an identity is none, and would stand in the way of the next try. */
	unlink(path);
	return refuse(why, why_size, path, strerror(error));
}

/* One that systemd hands over (LoadCredential=) may be root's, and its reader's by an ACL alone, whose mask
 * stands where the group's bits do. Its folder is shut to everybody else. */
static bool is_credential(const char *path, const struct stat *status)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	size_t size = folder ? strlen(folder) : 0;
	return size > 0 && strncmp(path, folder, size) == 0 && path[size] == '/' && strchr(path + size + 1, '/') == NULL &&
	       (status->st_uid == 0 || status->st_uid == geteuid()) && (status->st_mode & 037) == 0;
}

/* Up to FILE_SIZE_MAX - 1 bytes and a closing zero; -1 with `why` set. */
static int read_file(const char *path, bool secret, char text[static FILE_SIZE_MAX], char *why, size_t why_size)
{
	/* Without O_NONBLOCK the open of a FIFO would wait for its writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;
	const char *reason = NULL;
	struct stat status;
	size_t size = 0;
	ssize_t got = 0;

	if (fd < 0 && errno == ENOENT)
		return refuse(why, why_size, path,
		              secret ? "is not there; `attend keygen FILE` makes an identity"
		                     : "is not there; the daemon's is DIR/attendd.pub");
	if (fd < 0)
		return refuse(why, why_size, path, strerror(errno));
	if (fstat(fd, &status) != 0)
		reason = strerror(errno);
	else if (!S_ISREG(status.st_mode))
		reason = "is not a regular file";
	else if (!secret || is_credential(path, &status))
		reason = NULL;
	else if (status.st_uid != geteuid())
		reason = "belongs to another user; chown it to the user that runs this";
	else if ((status.st_mode & 077) != 0)
		reason = "can be read or written by others; chmod 600 it";
	while (reason == NULL && size < FILE_SIZE_MAX) {
		got = read(fd, text + size, FILE_SIZE_MAX - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		size += (size_t)got;
	}
	error = errno;
	close(fd);
	if (reason == NULL && got < 0)
		reason = strerror(error);
	if (reason == NULL && size == FILE_SIZE_MAX)
		reason = "is too long to be a key file";
	if (reason == NULL && memchr(text, 0, size) != NULL)
		reason = "is not text";
	if (reason != NULL) {
		explicit_bzero(text, FILE_SIZE_MAX);
		return refuse(why, why_size, path, reason);
	}
	text[size] = 0;
	return 0;
}

/* Z85 of a key, alone on the rest of the line. */
static bool take_key(char out[static Z85_KEY_SIZE + 1], const char *text, size_t size)
{
	uint8_t key[PUBLIC_KEY_SIZE];
	bool good = z85_key_parse(slice_of(text, size), key);

	explicit_bzero(key, sizeof key);
	if (!good || out[0] != 0)
		return false;
	memcpy(out, text, Z85_KEY_SIZE);
	out[Z85_KEY_SIZE] = 0;
	return true;
}

/* Every line is a comment, empty, or one of the two keys, each once. */
static bool parse(struct identity *identity, const char *text)
{
	static const char public_name[] = "public: ", secret_name[] = "secret: ";
	const size_t name_size = sizeof public_name - 1;

	for (const char *line = text; *line != 0;) {
		size_t size = strcspn(line, "\n");
		const char *next = line + size + (line[size] == '\n' ? 1 : 0);

		if (size > 0 && line[size - 1] == '\r')
			size--;
		if (size == 0 || *line == '#') {
			;
		} else if (strncmp(line, public_name, name_size) == 0) {
			if (!take_key(identity->public_text, line + name_size, size - name_size))
				return false;
		} else if (strncmp(line, secret_name, name_size) == 0) {
			if (!take_key(identity->secret_text, line + name_size, size - name_size))
				return false;
		} else {
			return false;
		}
		line = next;
	}
	return identity->public_text[0] != 0 && identity->secret_text[0] != 0;
}

int identity_read(const char *path, struct identity *identity, char *why, size_t why_size)
{
	char text[FILE_SIZE_MAX];
	bool good;

	memset(identity, 0, sizeof *identity);
	if (read_file(path, true, text, why, why_size) != 0)
		return -1;
	good = parse(identity, text);
	explicit_bzero(text, sizeof text);
	if (!good) {
		explicit_bzero(identity, sizeof *identity);
		return refuse(why, why_size, path,
		              "is not an identity: it needs one line `public: ` and one `secret: `, each with the 40 "
		              "characters of a key; `attend keygen FILE` makes one");
	}
	z85_key_parse(slice_text(identity->public_text), identity->public_key);
	return 0;
}

int identity_read_public(const char *path, char public_text[static Z85_KEY_SIZE + 1], char *why, size_t why_size)
{
	char text[FILE_SIZE_MAX];
	size_t size;

	if (read_file(path, false, text, why, why_size) != 0)
		return -1;
	size = strcspn(text, "\r\n");
	public_text[0] = 0;
	if (text[size + strspn(text + size, "\r\n")] != 0 || !take_key(public_text, text, size)) {
		explicit_bzero(text, sizeof text);
		return refuse(why, why_size, path, "is not a public key: it holds one line of 40 characters, in Z85");
	}
	return 0;
}
