/* Whether acks can be durable and deadlines fire, and what stands in the way.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "daemon/query_parts.h"

static const char *const problem_names[] = {
#define X(name, text) text,
	PROBLEMS(X)
#undef X
};

struct metrics *engine_metrics(struct engine *e)
{
	return &e->metrics;
}

static unsigned when(bool so, enum problem problem)
{
	return so ? 1u << problem : 0;
}

unsigned engine_problems(struct engine *e)
{
	bool disk = e->room.disk_free < DISK_RESERVE;

	return when(e->damaged, PROBLEM_DAMAGED) | when(e->full && disk, PROBLEM_DISK_FULL) |
	       when(e->full && e->room.map_used > e->room.map_size / 100 * ROOM_PERCENT, PROBLEM_MAP_FULL) |
	       when(e->commit_failed, PROBLEM_COMMIT_FAILING) | when(engine_clock_held(e), PROBLEM_CLOCK_HELD);
}

const char *engine_problem_text(struct engine *e, enum problem problem, char room[static PROBLEM_SIZE])
{
	const struct store_room *r = &e->room;

	switch (problem) {
	case PROBLEM_DAMAGED:
		snprintf(room, PROBLEM_SIZE, "the store is damaged: %s; nothing more is taken. attendd verify says all of it; restore a backup", e->damage);
		break;
	case PROBLEM_MAP_FULL:
		snprintf(room, PROBLEM_SIZE, "room is short: %llu of the map's %llu MiB are used, submissions wait from %d %% on; give the process more address space (LimitAS=)",
			 (unsigned long long)(r->map_used >> 20), (unsigned long long)(r->map_size >> 20), ROOM_PERCENT);
		break;
	case PROBLEM_DISK_FULL:
		snprintf(room, PROBLEM_SIZE, "room is short: the disk has %llu MiB free, submissions wait below %d; make room on it",
			 (unsigned long long)(r->disk_free >> 20), DISK_RESERVE >> 20);
		break;
	case PROBLEM_COMMIT_FAILING:
		snprintf(room, PROBLEM_SIZE, "the last commit failed, and its senders were told to send again: %s", e->commit_why);
		break;
	case PROBLEM_CLOCK_HELD:
		snprintf(room, PROBLEM_SIZE, "the clock was stepped or is in doubt: no deadline fires until attend clock --confirm");
		break;
	case PROBLEM_COUNT:
		break;
	}
	return room;
}

enum status query_health(struct engine *e, const struct request *r, struct txn *txn)
{
	unsigned problems = engine_problems(e);
	size_t count = (size_t)__builtin_popcount(problems);
	char room[PROBLEM_SIZE];
	struct pack *p = &e->body;

	(void)r;
	(void)txn;
	pack_map(p, 3);
	pack_key_bool(p, "ok", !problems);
	pack_text(p, "problems");
	pack_array(p, count);
	for (unsigned i = 0; i < PROBLEM_COUNT; i++)
		if (problems >> i & 1)
			pack_text(p, engine_problem_text(e, (enum problem)i, room));
	pack_text(p, "reasons");
	pack_array(p, count);
	for (unsigned i = 0; i < PROBLEM_COUNT; i++)
		if (problems >> i & 1)
			pack_text(p, problem_names[i]);
	return STATUS_OK;
}
