/* clock.c - the wall clock against boot time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/clock.h"

#include <time.h>

static uint64_t read_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct clock_reading clock_read(void)
{
	struct clock_reading reading;

	/* Between the two reads the process may be stopped, and one side would look
	 * late: the wall clock read between two equal boot times is as good as both
	 * at once. Three tries are enough, since a stop of under five minutes is harmless. */
	for (int tries = 0; tries < 3; tries++) {
		reading.boot_ms = read_ms(CLOCK_BOOTTIME);
		reading.wall_ms = read_ms(CLOCK_REALTIME);
		if (read_ms(CLOCK_BOOTTIME) - reading.boot_ms <= 1)
			break;
	}
	return reading;
}

static int64_t offset_of(struct clock_reading reading)
{
	return (int64_t)reading.wall_ms - (int64_t)reading.boot_ms;
}

static bool far(int64_t a, int64_t b)
{
	int64_t apart = a > b ? a - b : b - a;

	return apart > CLOCK_STEP_MAX_MS;
}

static void tell(struct clock *clock, uint64_t boot_ms)
{
	int64_t believed_ms = (int64_t)boot_ms + clock->offset_ms;

	if (believed_ms > 0 && (uint64_t)believed_ms > clock->told_ms)
		clock->told_ms = (uint64_t)believed_ms;
}

void clock_start(struct clock *clock, struct clock_reading reading)
{
	*clock = (struct clock){ 0 };
	clock_believe(clock, reading);
}

void clock_believe(struct clock *clock, struct clock_reading reading)
{
	clock->doubted = false;
	clock->offset_ms = clock->window_ms = offset_of(reading);
	clock->window_boot_ms = reading.boot_ms;
	tell(clock, reading.boot_ms);
}

bool clock_take(struct clock *clock, struct clock_reading reading, int64_t *step_ms)
{
	int64_t offset_ms = offset_of(reading);
	bool stepped = false;

	if (clock->doubted) {
		stepped = far(offset_ms, clock->doubted_ms);
	} else if (far(offset_ms, clock->window_ms)) {
		stepped = clock->doubted = true;
	} else {
		clock->offset_ms = offset_ms;
		/* Many small steps in a short time are one large one; over a long
		 * time they are a clock that is kept. */
		if (reading.boot_ms - clock->window_boot_ms >= CLOCK_WINDOW_MS) {
			clock->window_ms = offset_ms;
			clock->window_boot_ms = reading.boot_ms;
		}
	}
	if (stepped) {
		clock->doubted_ms = offset_ms;
		*step_ms = offset_ms - clock->offset_ms;
	}
	tell(clock, reading.boot_ms);
	return stepped;
}
