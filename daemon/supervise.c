/* supervise.c - sd_notify. Failing to tell is not a reason to stop.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/supervise.h"

#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

void supervise_start(struct supervise *supervise, uint64_t monotonic_ms)
{
	uint64_t watchdog_us = 0;

	*supervise = (struct supervise){ .fed_ms = monotonic_ms };
	/* A third, so that one late turn is no restart. */
	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		supervise->every_ms = watchdog_us / 3000 ? watchdog_us / 3000 : 1;
}

void supervise_ready(const char *endpoint)
{
	sd_notifyf(0, "READY=1\nSTATUS=ready on %s", endpoint);
}

void supervise_alive(struct supervise *supervise, uint64_t monotonic_ms)
{
	if (!supervise->every_ms || monotonic_ms - supervise->fed_ms < supervise->every_ms)
		return;
	supervise->fed_ms = monotonic_ms;
	sd_notify(0, "WATCHDOG=1");
}

void supervise_status(const char *format, ...)
{
	char text[256];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof text, format, values);
	va_end(values);
	sd_notifyf(0, "STATUS=%s", text);
}

void supervise_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=ending");
}
