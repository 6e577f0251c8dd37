/* SPDX-License-Identifier: Apache-2.0 */
#include "client/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TELL_MS = 200 };

const char *thousands(char out[static THOUSANDS_SIZE], uint64_t number)
{
	char digits[24];
	int size = snprintf(digits, sizeof digits, "%" PRIu64, number), used = 0;
	for (int i = 0; i < size; i++) {
		if (i && (size - i) % 3 == 0)
			out[used++] = ',';
		out[used++] = digits[i];
	}
	out[used] = '\0';
	return out;
}

void progress_text(char *out, size_t size, uint64_t rows, uint64_t bytes, uint64_t bytes_all, uint64_t elapsed_ms)
{
	char count[THOUSANDS_SIZE], rate[THOUSANDS_SIZE];
	uint64_t each_second = elapsed_ms ? rows * 1000 / elapsed_ms : 0;
	int used = snprintf(out, size, "%s rows  %s rows/s", thousands(count, rows), thousands(rate, each_second));
	if (!bytes_all || used < 0 || (size_t)used >= size)
		return;
	if (bytes > bytes_all)
		bytes = bytes_all;
	uint64_t left_s = bytes ? (bytes_all - bytes) * (elapsed_ms / 10) / bytes / 100 : 0;
	snprintf(out + used, size - (size_t)used, "  %" PRIu64 " %%  %" PRIu64 ":%02" PRIu64 " left", bytes * 100 / bytes_all,
	         left_s / 60, left_s % 60);
}

void progress_begin(struct progress *p, bool wanted, uint64_t bytes_all, uint64_t now_ms)
{
	*p = (struct progress){ .shown = wanted && isatty(STDERR_FILENO), .began_ms = now_ms, .bytes_all = bytes_all };
}

void progress_tell(struct progress *p, uint64_t rows, uint64_t bytes, uint64_t now_ms)
{
	if (!p->shown || now_ms - p->told_ms < TELL_MS)
		return;
	char text[120];
	progress_text(text, sizeof text, rows, bytes, p->bytes_all, now_ms - p->began_ms);
	fprintf(stderr, "\r%s\033[K", text);
	p->told_ms = now_ms;
}

void progress_clear(struct progress *p)
{
	if (!p->shown || !p->told_ms)
		return;
	fputs("\r\033[K", stderr);
	p->told_ms = 0;
}
