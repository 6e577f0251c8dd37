/* mail_send.c - a message leaves: through a program like sendmail, or by SMTP (libcurl).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>

#include "client/file.h"
#include "client/mail.h"

extern char **environ;

static bool failed(char *why, size_t why_size, const char *who, const char *reason)
{
	snprintf(why, why_size, "%s: %s", who, reason);
	return false;
}

/* The program with its standard input at the end of a pipe; the pipe's other end, or -1. */
static int start(const char *program, char *const arguments[], pid_t *child)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	int result = posix_spawn(child, program, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	if (result == 0)
		return ends[1];
	close(ends[1]);
	errno = result;
	return -1;
}

bool mail_by_sendmail(const char *program, const struct mail *mail, char *why, size_t why_size)
{
	pid_t child;
	int status;
	char flag_i[] = "-i", flag_f[] = "-f", end[] = "--";
	char *const arguments[] = { (char *)(uintptr_t)program, flag_i, flag_f, (char *)(uintptr_t)mail->from.address, end,
	                            (char *)(uintptr_t)mail->to.address, NULL };
	signal(SIGPIPE, SIG_IGN); /* a program that ends early is told of below */
	int in = start(program, arguments, &child);
	if (in < 0)
		return failed(why, why_size, program, strerror(errno));
	char *message = mail_make(mail, false);
	bool written = file_write(in, message, strlen(message));
	int reason = errno;
	free(message);
	if (close(in) != 0)
		written = false;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return written || failed(why, why_size, program, strerror(reason));
	snprintf(why, why_size, "%s: ended with %s %d", program, WIFEXITED(status) ? "exit status" : "signal",
	         WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return false;
}

struct left {
	const char *at;
	size_t size;
};

static size_t give(char *room, size_t size, size_t count, void *context)
{
	struct left *left = context;
	size_t bytes = size * count < left->size ? size * count : left->size;
	memcpy(room, left->at, bytes);
	left->at += bytes;
	left->size -= bytes;
	return bytes;
}

bool mail_by_smtp(const struct smtp *smtp, const struct mail *mail, char *why, size_t why_size)
{
	char reason[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	struct curl_slist *to = curl_slist_append(NULL, mail->to.address);
	if (!curl || !to)
		abort();
	char *message = mail_make(mail, true);
	struct left left = { message, strlen(message) };
	curl_easy_setopt(curl, CURLOPT_URL, smtp->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_USE_SSL, smtp->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->from.address);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(curl, CURLOPT_READDATA, &left);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 30L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	if (smtp->netrc) {
		curl_easy_setopt(curl, CURLOPT_NETRC, CURL_NETRC_REQUIRED);
		curl_easy_setopt(curl, CURLOPT_NETRC_FILE, smtp->netrc);
	}
	CURLcode result = curl_easy_perform(curl);
	curl_slist_free_all(to);
	curl_easy_cleanup(curl);
	free(message);
	return result == CURLE_OK || failed(why, why_size, smtp->url, reason[0] ? reason : curl_easy_strerror(result));
}
