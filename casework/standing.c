/* standing.c - what a pupil's watches have said: its text, applying it, its bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "casework/watch.h"

bool watch_speaks(uint8_t alert_kind)
{
	const uint32_t of_cases = UINT32_C(1) << ALERT_BREACH | UINT32_C(1) << ALERT_DUE_SOON |
				  UINT32_C(1) << ALERT_DUE | UINT32_C(1) << ALERT_OVERDUE |
				  UINT32_C(1) << ALERT_DECISION | UINT32_C(1) << ALERT_DEADLINE_MOVED |
				  UINT32_C(1) << ALERT_FACT_CHANGED | UINT32_C(1) << ALERT_ESCALATED |
				  UINT32_C(1) << ALERT_REMINDER | UINT32_C(1) << ALERT_DRIFT;
	return alert_kind > 0 && alert_kind < ALERT_KIND_LIMIT && !(of_cases >> alert_kind & 1);
}

static void write_text(struct writer *out, const char *text)
{
	write_bytes(out, text, strlen(text));
}

static void write_number(struct writer *out, unsigned number)
{
	char digits[10];
	size_t at = sizeof digits;
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	write_bytes(out, digits + at, sizeof digits - at);
}

static void write_day(struct writer *out, day_t day)
{
	char text[32];
	if (day == 0)
		return;
	day_text_long(text, day);
	write_text(out, text);
}

/* Rounded half up, as people do: 932 of 1000 is 93.2. */
static void write_percentage(struct writer *out, const struct pupil *p)
{
	if (p->possible == 0) {
		write_text(out, "none");
		return;
	}
	unsigned per_mille = ((p->possible - p->absent) * 2000u + p->possible) / (2u * p->possible);
	write_number(out, per_mille / 10);
	write_text(out, ".");
	write_number(out, per_mille % 10);
}

static bool write_named(struct writer *out, struct slice name, const struct pupil *p,
			const struct watch_change *change)
{
	if (slice_is(name, "count"))
		write_number(out, change->count);
	else if (slice_is(name, "of"))
		write_number(out, change->of);
	else if (slice_is(name, "first"))
		write_day(out, change->first_day);
	else if (slice_is(name, "last"))
		write_day(out, change->last_day);
	else if (slice_is(name, "percentage"))
		write_percentage(out, p);
	else
		return false;
	return true;
}

void watch_text(struct writer *out, const struct pathway *pathway, const struct pupil *p,
		const struct watch_change *change)
{
	const struct watch_rule *rule = &pathway->watches[change->watch];
	struct slice text = rule->type == WATCH_SHARE && !change->up ? rule->text_down : rule->text;
	size_t at = 0;
	while (at < text.size) {
		const uint8_t *from = text.bytes + at;
		const uint8_t *close = *from == '{' ? memchr(from, '}', text.size - at) : NULL;
		if (close && write_named(out, slice_of(from + 1, (size_t)(close - from - 1)), p, change)) {
			at += (size_t)(close - from) + 1;
			continue;
		}
		write_u8(out, *from);
		at++;
	}
}

static void drop(struct standing *standing, unsigned i)
{
	assert(i < standing->count);
	standing->count--;
	memmove(&standing->alerts[i], &standing->alerts[i + 1],
		(standing->count - i) * sizeof standing->alerts[0]);
	memset(&standing->alerts[standing->count], 0, sizeof standing->alerts[0]);
}

/* Is the record to remember that this was said? Runs are remembered by their
 * standing alerts. */
static bool is_current(const struct pupil *p, const struct event_alert_raised *event, unsigned rearm_below)
{
	if (event->kind == ALERT_THRESHOLD)
		return p->window >= rearm_below;
	return event->first_day == 0 && p->latest_day != 0 &&
	       day_school_year(event->last_day) == day_school_year(p->latest_day);
}

/* What makes room: the oldest of the kind that most stand of, so that a watch that speaks each day leaves those that
 * speak once a term. */
static unsigned least_missed(const struct standing *standing)
{
	unsigned of_kind[ALERT_KIND_LIMIT] = {0}, most = 0, i = 0;
	for (unsigned at = 0; at < standing->count; at++)
		if (++of_kind[standing->alerts[at].kind] > most)
			most = of_kind[standing->alerts[at].kind];
	while (of_kind[standing->alerts[i].kind] < most)
		i++;
	return i;
}

void watch_apply_raised(struct pupil *p, struct standing *standing, const struct event_alert_raised *event,
			uint64_t alert, unsigned rearm_below)
{
	if (!watch_speaks(event->kind))
		return;
	if (is_current(p, event, rearm_below)) {
		uint32_t bit = UINT32_C(1) << event->kind;
		p->raised = event->up ? p->raised | bit : p->raised & ~bit;
	}
	if (event->first_day == 0)
		return; /* a share: nothing withdraws it */
	p->standing |= PUPIL_SPOKEN;
	if (!standing)
		return;
	for (unsigned i = 0; event->kind == ALERT_THRESHOLD && i < standing->count; i++)
		if (standing->alerts[i].kind == ALERT_THRESHOLD) {
			drop(standing, i);
			break;
		}
	if (standing->count == STANDING_MAX)
		drop(standing, least_missed(standing));
	standing->alerts[standing->count++] = (struct standing_alert){
		.kind = event->kind,
		.up = event->up,
		.alert = alert,
		.first_day = event->first_day,
		.last_day = event->last_day,
	};
}

void watch_apply_withdrawn(struct pupil *p, struct standing *standing, uint64_t alert)
{
	/* The record needs no change: pupil_mark() armed the threshold as the window
	 * fell, and what else can be withdrawn is remembered by `standing` alone. */
	(void)p;
	for (unsigned i = 0; standing && i < standing->count; i++)
		if (standing->alerts[i].alert == alert) {
			drop(standing, i);
			return;
		}
}

/* count:u8 *(kind:u8 up:u8 alert:varint first:u16 last:u16) */
void standing_encode(struct writer *out, const struct standing *standing)
{
	write_u8(out, standing->count);
	for (unsigned i = 0; i < standing->count; i++) {
		const struct standing_alert *alert = &standing->alerts[i];
		write_u8(out, alert->kind);
		write_u8(out, alert->up);
		write_varint(out, alert->alert);
		write_u16(out, alert->first_day);
		write_u16(out, alert->last_day);
	}
}

bool standing_decode(struct standing *standing, struct slice bytes)
{
	struct reader in = reader_of(bytes);
	uint64_t before = 0;
	memset(standing, 0, sizeof *standing);
	unsigned count = read_u8(&in);
	if (count > STANDING_MAX)
		return false;
	for (unsigned i = 0; i < count && !in.bad; i++) {
		struct standing_alert *alert = &standing->alerts[i];
		alert->kind = read_u8(&in);
		uint8_t up = read_u8(&in);
		alert->up = up == 1;
		alert->alert = read_varint(&in);
		alert->first_day = read_u16(&in);
		alert->last_day = read_u16(&in);
		if (up > 1 || alert->kind == 0 || alert->kind >= ALERT_KIND_LIMIT || alert->alert <= before ||
		    alert->first_day == 0 || alert->last_day < alert->first_day)
			return false;
		before = alert->alert;
	}
	standing->count = (uint8_t)count;
	return reader_done(&in);
}
