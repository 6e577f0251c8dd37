/* SPDX-License-Identifier: Apache-2.0 */
#include "client/prometheus.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

static const struct { const char *name, *help; } helps[] = {
	{ "submissions", "Submissions taken." },
	{ "marks", "Marks recorded." },
	{ "marks_known", "Marks equal to the one held." },
	{ "rows_refused", "Rows refused." },
	{ "repeats", "Submissions answered as before." },
	{ "refused_form", "Messages refused for their form." },
	{ "refused_role", "Messages refused for the role." },
	{ "refused_content", "Submissions refused for their content." },
	{ "refused_room", "Submissions put off for want of room." },
	{ "queries", "Queries answered." },
	{ "commits", "Transactions committed." },
	{ "alerts", "Alerts raised." },
	{ "deadlines_fired", "Phases of deadlines that fired." },
	{ "deadlines_late_ms", "How late they all fired together, in milliseconds." },
	{ "items_sent", "Items sent to subscribers." },
	{ "peers_forgotten", "Subscribers dropped as unreachable." },
	{ "head", "Position of the last event of the log." },
	{ "pupils", "Pupils known." },
	{ "cases", "Cases ever opened." },
	{ "timers", "Phases of deadlines still to come." },
	{ "subscriptions", "Subscriptions held." },
	{ "subscriber_lag", "Events by which the slowest subscriber is behind." },
	{ "map_used_bytes", "Bytes of the store's map in use." },
	{ "map_size_bytes", "Bytes that the store's map may take." },
	{ "disk_free_bytes", "Bytes free on the store's disk." },
	{ "file_bytes", "Size of the store's file." },
	{ "readers", "Read transactions open." },
	{ "oldest_reader", "Age of the oldest read transaction, in transactions." },
	{ "replay_tail", "Events to be replayed at the next start." },
	{ "clock_held", "1 while the clock is held and nothing fires." },
};

static const char *help_of(const char *name)
{
	for (size_t i = 0; i < sizeof helps / sizeof helps[0]; i++)
		if (strcmp(helps[i].name, name) == 0)
			return helps[i].help;
	return NULL;
}

static void print_all(FILE *out, const json_t *numbers, const char *type, const char *suffix)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)numbers, name, value) {
		char metric[128];
		size_t size = (size_t)snprintf(metric, sizeof metric, "attend_%.100s", name);
		for (char *at = metric; *at; at++)
			if (!isalnum((unsigned char)*at))
				*at = '_';
		size_t end = strlen(suffix);
		if (size < end || strcmp(metric + size - end, suffix) != 0)
			memcpy(metric + size, suffix, end + 1);
		const char *help = help_of(name);
		fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", metric, help ? help : name, metric, type);
		if (json_is_real(value))
			fprintf(out, "%s %.17g\n", metric, json_real_value(value));
		else
			fprintf(out, "%s %lld\n", metric, json_is_true(value) ? 1 : (long long)json_integer_value(value));
	}
}

void print_prometheus(FILE *out, const json_t *stats)
{
	print_all(out, json_object_get(stats, "counters"), "counter", "_total");
	print_all(out, json_object_get(stats, "gauges"), "gauge", "");
}
