/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 * 1024 * 1024 };

static void *sure(void *memory)
{
	if (!memory) {
		fputs("<2>event=out-of-memory\n", stderr);
		abort();
	}
	return memory;
}

void *memory_new(size_t size)
{
	return sure(calloc(1, size ? size : 1));
}

void *memory_grow(void *old, size_t size)
{
	return sure(realloc(old, size ? size : 1));
}

void *memory_table(void *old, size_t used, size_t size)
{
	void *table;

	if (size < HUGE_PAGE) {
		table = memory_grow(NULL, size);
	} else {
		table = sure(aligned_alloc(HUGE_PAGE, (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE));
		madvise(table, size, MADV_HUGEPAGE); /* where it is refused all stays as it was */
	}
	if (used)
		memcpy(table, old, used);
	free(old);
	return table;
}

void *memory_copy(const void *bytes, size_t size)
{
	void *copy = sure(malloc(size ? size : 1));

	if (size)
		memcpy(copy, bytes, size);
	return copy;
}
