/* SPDX-License-Identifier: Apache-2.0 */
#include "client/run_program.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* A file, not a pipe: nobody waits for a program that doesn't read. */
static int input_file(const char *input, size_t size)
{
	int fd = memfd_create("alert", MFD_CLOEXEC);
	if (fd >= 0 && (write(fd, input, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int wait_for(pid_t process)
{
	int status;
	while (waitpid(process, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run_program(char *const argv[], const char *input, size_t size)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t ordinary;
	pid_t process;
	int fd = input_file(input, size);
	if (fd < 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawnattr_init(&attributes);
	sigemptyset(&ordinary);
	sigaddset(&ordinary, SIGPIPE); /* which we let pass, and it needn't */
	posix_spawnattr_setsigdefault(&attributes, &ordinary);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	int failed = posix_spawnp(&process, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(fd);
	if (!failed)
		return wait_for(process);
	errno = failed;
	return -1;
}
