/* registers.h - the submissions of the benchmarks: a class of 30, one session each.
 *
 * An authority of PUPILS pupils in classes of 30, each class of one school. Session
 * `n` of a class is the nth of its school years from September 2024 on (38 weeks
 * of five days, AM and PM). Codes follow from pupil and session: most are present,
 * some are ill for two days, one in ten often, and one pupil in fifty is away every
 * fourth time without leave, so that watches have their usual work. The same (class, session) always gives the same bytes but for
 * the id, and every peer is sent these same bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_REGISTERS_H
#define BENCH_REGISTERS_H

#include <stddef.h>
#include <stdint.h>

enum {
	REGISTER_MARKS = 30,
	REGISTER_SIZE_MAX = 640,
	SCHOOL_CLASSES = 34, /* 1,020 pupils a school */
};

/* A request frame of PROTOCOL.md with command `marks`, whose id ends with `serial`.
 * The size written. */
size_t register_frame(uint8_t out[REGISTER_SIZE_MAX], uint32_t class, uint32_t session, uint64_t serial);

/* The serial of an id in a frame or reply. */
uint64_t register_serial(const uint8_t *frame);

/* The order of sending: for each session from `first` on, every class once, shuffled
 * by `seed`; `count` entries of (session << 32 | class), from the heap. To be called
 * before the first register_frame: it makes the pupils, too. */
uint64_t *register_order(uint32_t classes, uint32_t first, size_t count, uint64_t seed);

uint64_t register_random(uint64_t *state);

/* Monotonic nanoseconds, and what is said of a run: one line of tab-separated values
 * "name window count seconds per_second p50_us p99_us bytes". Sorts `ns`. */
uint64_t clock_ns(void);
void run_print(const char *name, unsigned window, size_t count, uint64_t elapsed_ns, uint64_t *ns, size_t bytes);

#endif
