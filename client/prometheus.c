/* SPDX-License-Identifier: Apache-2.0 */
#include "client/prometheus.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "proto/status.h"

static const char *const type_names[] = { "counter", "gauge", "histogram" };

static const struct { enum metric_type type; const char *group, *name, *metric; double scale; const char *help; } metrics[] = {
#define X(type, group, name, metric, scale, help) { METRIC_##type, group, name, metric, scale, help },
	METRICS(X)
#undef X
};
static const struct { const char *name, *metric; double scale; const char *help; } subscriber_metrics[] = {
#define X(name, metric, scale, help) { name, metric, scale, help },
	SUBSCRIBER_METRICS(X)
#undef X
};
static const struct { const char *number, *name; } statuses[] = {
#define X(name, number, text) { #number, #name },
	STATUSES(X)
#undef X
};

static void head(FILE *out, const char *metric, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
}

/* A whole number as one, up to 2^53; 15 digits else, which are all that a double holds of what was counted. */
static void number(FILE *out, const json_t *value, double scale)
{
	double scaled = (json_is_true(value) ? 1 : json_number_value(value)) * scale;

	fprintf(out, " %.*g\n", scaled == (double)(long long)scaled ? 17 : 15, scaled);
}

static void print_histogram(FILE *out, const char *metric, double scale, const json_t *value)
{
	json_t *bounds = json_object_get(value, "bounds"), *counts = json_object_get(value, "counts");
	json_int_t seen = 0;

	for (size_t i = 0; i < json_array_size(counts); i++) {
		seen += json_integer_value(json_array_get(counts, i));
		if (i < json_array_size(bounds))
			fprintf(out, "%s_bucket{le=\"%.15g\"} %lld\n", metric, json_number_value(json_array_get(bounds, i)) * scale, (long long)seen);
	}
	fprintf(out, "%s_bucket{le=\"+Inf\"} %lld\n%s_sum", metric, (long long)seen, metric);
	number(out, json_object_get(value, "sum"), scale);
	fprintf(out, "%s_count %lld\n", metric, (long long)seen);
}

static void print_refused(FILE *out, const json_t *refused)
{
	head(out, "attend_refused_total", "counter", "Messages refused or put off, by the status of their answer and what it means.");
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		const json_t *value = json_object_get(refused, statuses[i].number);
		if (!value)
			continue;
		fprintf(out, "attend_refused_total{status=\"%s\",reason=\"", statuses[i].number);
		for (const char *at = statuses[i].name; *at; at++)
			fputc(*at == '_' ? '-' : tolower((unsigned char)*at), out);
		fputs("\"}", out);
		number(out, value, 1);
	}
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static void print_subscribers(FILE *out, const json_t *subscribers)
{
	for (size_t m = 0; m < sizeof subscriber_metrics / sizeof subscriber_metrics[0]; m++) {
		size_t index;
		json_t *one;
		head(out, subscriber_metrics[m].metric, "gauge", subscriber_metrics[m].help);
		json_array_foreach(subscribers, index, one) {
			if (!json_is_number(json_object_get(one, subscriber_metrics[m].name)))
				continue; /* it is not known */
			fprintf(out, "%s{subscriber=\"%lld-%s\",role=\"%s\"}", subscriber_metrics[m].metric,
			        (long long)json_integer_value(json_object_get(one, "grant")), text_of(one, "cursor"), text_of(one, "role"));
			number(out, json_object_get(one, subscriber_metrics[m].name), subscriber_metrics[m].scale);
		}
	}
}

/* Each reason that there is, 0 or 1: an alert that is told of a series that vanishes is never resolved. */
static void print_health(FILE *out, const json_t *health)
{
	static const char *const reasons[] = { "store-damaged", "map-full", "disk-full", "commit-failing", "clock-held" };
	json_t *now = json_object_get(health, "reasons"), *reason;
	size_t index;

	head(out, "attend_healthy", "gauge", "1 while acknowledgements are durable and deadlines fire.");
	fprintf(out, "attend_healthy %d\n", json_is_true(json_object_get(health, "ok")));
	head(out, "attend_problem", "gauge", "1 for each reason why it is not healthy.");
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		bool there = false;
		json_array_foreach(now, index, reason)
			there |= strcmp(json_string_value(reason), reasons[i]) == 0;
		fprintf(out, "attend_problem{reason=\"%s\"} %d\n", reasons[i], there);
	}
}

void print_prometheus(FILE *out, const json_t *stats, const json_t *health)
{
	head(out, "attend_up", "gauge", "1 where attendd answered.");
	fprintf(out, "attend_up %d\n", stats != NULL);
	if (!stats)
		return;
	head(out, "attend_build_info", "gauge", "1; the version of attendd.");
	fprintf(out, "attend_build_info{version=\"%s\"} 1\n", text_of(stats, "version"));
	if (health)
		print_health(out, health);
	for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
		const json_t *value = json_object_get(json_object_get(stats, metrics[i].group), metrics[i].name);
		if (!value)
			continue; /* of an older daemon */
		head(out, metrics[i].metric, type_names[metrics[i].type], metrics[i].help);
		if (metrics[i].type == METRIC_HISTOGRAM) {
			print_histogram(out, metrics[i].metric, metrics[i].scale, value);
		} else {
			fputs(metrics[i].metric, out);
			number(out, value, metrics[i].scale);
		}
	}
	print_refused(out, json_object_get(stats, "refused"));
	print_subscribers(out, json_object_get(stats, "subscribers"));
}
