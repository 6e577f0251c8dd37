/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void *memory_copy(const void *bytes, size_t size)
{
	void *copy = sure(malloc(size ? size : 1));

	if (size)
		memcpy(copy, bytes, size);
	return copy;
}
