/* failing_calls.h - the nth call of a sort that the product makes fails; once.
 *
 * A program that is linked with failing_calls.c and failing_calls.options (--wrap, for the linker) has its calls of
 * libc, of LMDB and for memory counted, where they come from the product's objects or the test's own (not from
 * inside LMDB or libc). The way to use it is a loop that ends when nothing was struck:
 *
 *   for (unsigned n = 1; ; n++) {
 *           fail_call(CALLS_FILE, EIO, n);
 *           ... what is tried ...
 *           if (!fail_none())
 *                   break;
 *           ... what must hold now ...
 *   }
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FAILING_CALLS_H
#define TESTS_FAILING_CALLS_H

#include <stdbool.h>

enum calls {
	CALLS_FILE = 1,     /* open, fstat, read, write, sync, rename and such; -1 with the error as errno */
	CALLS_MEMORY = 2,   /* malloc, calloc, realloc; NULL */
	CALLS_VALUE = 4,    /* LMDB gives a record: with one bit of it turned; the error is of no account */
	CALLS_LOOK = 8,     /* the same calls and those that begin to read; with the error (LMDB's or errno's) */
	CALLS_CHANGE = 16,  /* LMDB's begin, put, delete and commit of a write transaction */
	CALLS_STORE = 32,   /* LMDB's opening: environment, sync; its statistics */
	CALLS_THREAD = 64,  /* pthread_create and eventfd */
	CALLS_SHORT = 128,  /* write and pwrite: half of it is written, and that is no error yet */
	CALLS_TABLE = 256,  /* LMDB's opening of a table */
};

void fail_call(unsigned calls, int error, unsigned nth);
bool fail_none(void);          /* no more; was one struck? */
bool fail_struck(void);
unsigned fail_seen(unsigned calls); /* calls of one sort since fail_call, whatever that struck */
const char *fail_which(void);  /* the last function that was struck */

#endif
