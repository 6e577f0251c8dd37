/* pace.c - a rate over a window, and a rest that doubles.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pace.h"

void pace_start(struct pace *pace, uint64_t now_ms)
{
	*pace = (struct pace){ .since_ms = now_ms };
}

void pace_count(struct pace *pace, unsigned frames, uint64_t now_ms)
{
	uint64_t elapsed_ms = now_ms - pace->since_ms;

	pace->frames += frames;
	if (elapsed_ms < PACE_WINDOW_MS)
		return;
	pace->rate = (unsigned)(pace->frames * UINT64_C(1000) / elapsed_ms);
	pace->frames = 0;
	pace->since_ms = now_ms;
}

bool pace_worth_waiting(struct pace *pace, unsigned frames, uint64_t now_ms)
{
	/* A rate from before a pause says nothing about now. */
	if (!frames || frames >= PACE_ENOUGH || pace->rate <= PACE_RATE_MIN ||
	    now_ms - pace->since_ms >= 2 * PACE_WINDOW_MS)
		return false;
	if (pace->rest_left) {
		pace->rest_left--;
		return false;
	}
	return true;
}

void pace_waited(struct pace *pace, unsigned frames)
{
	if (frames)
		pace->rest = 0;
	else if (pace->rest < PACE_REST_MAX)
		pace->rest = 2 * pace->rest + 1;
	pace->rest_left = pace->rest;
}
