/* registers.c - see registers.h. UPNs are made here by the published rule.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "bench/registers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WEEK_SESSIONS = 10, YEAR_WEEKS = 38, FIRST_YEAR = 2024, UPN_SIZE = 13 };

static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

uint64_t register_random(uint64_t *state)
{
	return mix((*state)++);
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

/* The pupils' UPNs, made once: making them is no part of what is measured. */
static uint8_t (*upns)[UPN_SIZE];

static void make_upn(uint8_t *at, uint32_t pupil)
{
	static const char letters[] = "ABCDEFGHJKLMNPQRTUVWXYZ";
	uint32_t school = pupil / (SCHOOL_CLASSES * REGISTER_MARKS), serial = pupil % (SCHOOL_CLASSES * REGISTER_MARKS);
	char twelve[24];
	unsigned sum = 0;

	snprintf(twelve, sizeof twelve, "356%04u%02u%03u", 1000 + school % 9000, 19 + serial / 1000, serial % 1000);
	for (unsigned i = 0; i < 12; i++)
		sum += (i + 2) * (unsigned)(twelve[i] - '0');
	*at++ = (uint8_t)letters[sum % 23];
	put(at, twelve, 12);
}

/* Absence comes in spells, not by single sessions: two days of a week, in three weeks
 * of a hundred, or twelve for one pupil in ten. */
static bool is_ill(uint32_t pupil, uint32_t session)
{
	uint64_t week = mix((uint64_t)pupil << 32 | session / WEEK_SESSIONS);
	uint32_t first = (uint32_t)(week >> 32) % 4 * 2, in_week = session % WEEK_SESSIONS;

	return week % 100 < (mix(pupil) % 10 ? 3 : 12) && in_week >= first && in_week < first + 4;
}

static char code_of(uint32_t pupil, uint32_t session)
{
	uint64_t chance = mix((uint64_t)session << 32 | pupil) % 1000;

	if (mix(pupil) % 50 == 0 && chance < 250)
		return chance < 150 ? 'O' : 'N';
	if (is_ill(pupil, session))
		return 'I';
	if (chance < 12)
		return chance < 8 ? 'L' : chance < 10 ? 'M' : 'N';
	return session % 2 ? '\\' : '/';
}

/* Days since 1970 of the first Monday of September. */
static int64_t year_start(unsigned year)
{
	struct tm tm = {.tm_year = (int)year - 1900, .tm_mon = 8, .tm_mday = 1};
	int64_t day = timegm(&tm) / 86400;
	return day + (11 - day % 7) % 7; /* day 4 was a Monday */
}

static void date_text(char out[16], uint32_t session)
{
	uint32_t year = session / (YEAR_WEEKS * WEEK_SESSIONS), in_year = session % (YEAR_WEEKS * WEEK_SESSIONS);
	time_t when = (time_t)((year_start(FIRST_YEAR + year) + in_year / WEEK_SESSIONS * 7 +
	                        in_year % WEEK_SESSIONS / 2) * 86400);
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(out, 16, "%Y-%m-%d", &tm);
}

static uint8_t *put_id(uint8_t *at, uint64_t serial)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;

	for (int shift = 40; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(ms >> shift);
	*at++ = 0x70;
	*at++ = (uint8_t)mix(ms);
	*at++ = 0x80;
	for (int shift = 48; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(serial >> shift);
	return at;
}

uint64_t register_serial(const uint8_t *frame)
{
	uint64_t serial = 0;
	for (int i = 13; i < 20; i++)
		serial = serial << 8 | frame[i];
	return serial;
}

size_t register_frame(uint8_t out[REGISTER_SIZE_MAX], uint32_t class, uint32_t session, uint64_t serial)
{
	uint8_t *at = put(out, "\xA7\x7D\x01\x10", 4);
	static uint32_t date_of = UINT32_MAX;
	static char date[16];
	char urn[16];

	if (session != date_of)
		date_text(date, session);
	date_of = session;
	snprintf(urn, sizeof urn, "%06u", 100001 + class / SCHOOL_CLASSES % 800000);
	at = put_id(at, serial);
	at = put(at, "\x82\xA3urn\xA6", 6);
	at = put(at, urn, 6);
	at = put(at, "\xA9registers\x91\x93\xAA", 13);
	at = put(at, date, 10);
	at = put(at, session % 2 ? "\xA2PM" : "\xA2" "AM", 3);
	at = put(at, "\xDC\x00\x1E", 3);
	for (uint32_t i = 0; i < REGISTER_MARKS; i++) {
		uint32_t pupil = class * REGISTER_MARKS + i;
		at = put(at, "\x92\xAD", 2);
		at = put(at, upns[pupil], UPN_SIZE);
		*at++ = 0xA1;
		*at++ = (uint8_t)code_of(pupil, session);
	}
	return (size_t)(at - out);
}

uint64_t *register_order(uint32_t classes, uint32_t first, size_t count, uint64_t seed)
{
	uint64_t *order = malloc((count + classes) * sizeof *order);

	upns = calloc((size_t)classes * REGISTER_MARKS, sizeof *upns);
	if (!order || !upns)
		return NULL;
	for (uint32_t pupil = 0; pupil < classes * REGISTER_MARKS; pupil++)
		make_upn(upns[pupil], pupil);
	for (size_t at = 0; at < count; at += classes, first++) {
		for (uint32_t i = 0; i < classes; i++) {
			size_t place = at + register_random(&seed) % (i + 1);
			order[at + i] = order[place];
			order[place] = (uint64_t)first << 32 | i;
		}
	}
	return order;
}

uint64_t clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

void run_print(const char *name, unsigned window, size_t count, uint64_t elapsed_ns, uint64_t *ns, size_t bytes)
{
	double seconds = (double)elapsed_ns / 1e9;

	qsort(ns, count, sizeof *ns, compare);
	printf("%s\t%u\t%zu\t%.3f\t%.0f\t%.1f\t%.1f\t%zu\n", name, window, count, seconds, (double)count / seconds,
	       (double)ns[count / 2] / 1e3, (double)ns[count - 1 - count / 100] / 1e3, bytes);
}
