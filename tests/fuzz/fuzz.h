/* fuzz.h - what the fuzzers share. A target is one C file, tests/fuzz/NAME.c, that defines
 * LLVMFuzzerTestOneInput: any bytes go in, and whatever may not be (a crash, a leak, a
 * promise of the header's broken) ends the process. Under clang libFuzzer drives it (`./dev fuzz
 * NAME`); in `./dev test` replay.c gives it the corpus, once each.
 *
 * A target keeps nothing from one input to the next that could change what the next does:
 * else a finding could not be repeated.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments); /* a target may define it: once, before the first */

/* A promise of the code under test. */
#define MUST(condition) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))
_Noreturn void fuzz_broken(const char *condition, const char *file, int line);

/* The input taken apart from its front; past its end come zeroes and empty slices. */
struct fuzz {
	const uint8_t *at, *end;
};
static inline struct fuzz fuzz_of(const uint8_t *bytes, size_t size)
{
	return (struct fuzz){ bytes, bytes + size };
}
static inline size_t fuzz_left(const struct fuzz *f)
{
	return (size_t)(f->end - f->at);
}
uint8_t fuzz_u8(struct fuzz *);
uint16_t fuzz_u16(struct fuzz *);
uint32_t fuzz_u32(struct fuzz *);
static inline unsigned fuzz_below(struct fuzz *f, unsigned limit) /* by one byte */
{
	return fuzz_u8(f) % limit;
}
struct slice fuzz_take(struct fuzz *, size_t size); /* as many as there are */
struct slice fuzz_part(struct fuzz *);              /* two bytes of size, then so many */
struct slice fuzz_rest(struct fuzz *);

/* The same bytes in memory of their very size (a read beyond is seen), with a zero byte after them
 * where they are to be text. To be freed. */
uint8_t *fuzz_copy(struct slice);
char *fuzz_text(struct slice);

/* One empty folder of the process's own, in TMPDIR or else in memory where there is /dev/shm, taken away at the end. */
const char *fuzz_folder(void);
void fuzz_folder_empty(void);
/* A file of these bytes in it, 0600; its path lasts until the fourth call after. */
const char *fuzz_file(const char *name, struct slice);
/* A file of the checkout's, whole; to be freed. */
struct slice fuzz_read(const char *path);

/* Where what is told to people goes: nowhere; and from here on what is printed goes there too. */
FILE *fuzz_nowhere(void);
void fuzz_hush(void);

#endif
