/* SPDX-License-Identifier: Apache-2.0 */
#include "client/draw_lanes.h"

#include <assert.h>

enum { LANE_STEP = 13, LANE_FIRST = 16, LANE_MARGIN = 12, BEND = 6 };

void lanes_add(struct lanes *l, enum lane_side side, int x, int y, uint8_t stage)
{
	assert(l->count < LINES_MAX);
	l->lines[l->count++] = (struct line){ side, x, y, stage };
}

struct span {
	int top, bottom;
};

static struct span span_of(const struct lanes *l, enum lane_side side, unsigned stage, const int heads[])
{
	struct span span = { heads[stage], heads[stage] };
	for (unsigned i = 0; i < l->count; i++) {
		if (l->lines[i].side != side || l->lines[i].stage != stage)
			continue;
		span.top = l->lines[i].y < span.top ? l->lines[i].y : span.top;
		span.bottom = l->lines[i].y > span.bottom ? l->lines[i].y : span.bottom;
	}
	return span;
}

/* The first place beside which no other lane of that place runs. */
static int free_place(const struct lanes *l, enum lane_side side, unsigned stage, const int heads[])
{
	struct span mine = span_of(l, side, stage, heads);
	for (int place = 1;; place++) {
		bool taken = false;
		for (unsigned other = 1; other <= STAGES_MAX; other++) {
			struct span theirs = span_of(l, side, other, heads);
			taken = taken || (l->place[side][other] == place && theirs.top <= mine.bottom + LANE_STEP &&
			                  mine.top <= theirs.bottom + LANE_STEP);
		}
		if (!taken)
			return place;
	}
}

void lanes_settle(struct lanes *l, const int heads[STAGES_MAX + 1])
{
	for (enum lane_side side = LANE_LEFT; side < LANE_SIDES; side++)
		for (;;) {
			unsigned best = 0;
			int shortest = 0;
			for (unsigned stage = 1; stage <= STAGES_MAX; stage++) {
				bool used = false;
				for (unsigned i = 0; i < l->count; i++)
					used = used || (l->lines[i].side == side && l->lines[i].stage == stage);
				struct span span = span_of(l, side, stage, heads);
				if (used && !l->place[side][stage] && (!best || span.bottom - span.top < shortest)) {
					best = stage;
					shortest = span.bottom - span.top;
				}
			}
			if (!best)
				break;
			l->place[side][best] = free_place(l, side, best, heads);
			if (l->place[side][best] > l->places[side])
				l->places[side] = l->place[side][best];
		}
}

int lanes_width(const struct lanes *l, enum lane_side side)
{
	return l->places[side] ? LANE_FIRST + (l->places[side] - 1) * LANE_STEP + LANE_MARGIN : LANE_MARGIN;
}

/* From `x` to its lane, along it, and to the stage: with round corners. */
static void put_line(FILE *out, const char *class, const struct line *line, int x, int lane, int head, int edge)
{
	int out_of = line->side == LANE_LEFT ? -1 : 1, down = head >= line->y ? 1 : -1, end = edge + out_of * 3;
	int bend = (head - line->y) * down < 2 * BEND ? (head - line->y) * down / 2 : BEND;
	fprintf(out, "<path class=\"%s\" d=\"M%d %dH%dq%d 0 %d %dV%dq0 %d %d %dH%d\"/>\n", class, x, line->y,
	        lane - out_of * bend, out_of * bend, out_of * bend, down * bend, head - down * bend, down * bend,
	        -out_of * bend, down * bend, end);
}

void lanes_put(FILE *out, const struct lanes *l, const int heads[STAGES_MAX + 1], int left, int right)
{
	fputs("<g class=\"ways\" aria-hidden=\"true\">\n", out);
	/* A lane's halo first, so that where lines cross one is seen to pass over the other;
	 * it begins outside the band, whose border it would cut. */
	for (unsigned stage = 1; stage <= STAGES_MAX; stage++)
		for (unsigned pass = 0; pass < 2; pass++)
			for (unsigned i = 0; i < l->count; i++) {
				const struct line *line = &l->lines[i];
				bool leftward = line->side == LANE_LEFT;
				int away = LANE_FIRST + (l->place[line->side][line->stage] - 1) * LANE_STEP;
				int edge = leftward ? left : right, lane = leftward ? left - away : right + away;
				if (line->stage != stage)
					continue;
				put_line(out, pass ? "way" : "halo", line, pass ? line->x : leftward ? left - 2 : right + 2, lane,
				         heads[stage], edge);
				if (pass)
					fprintf(out, "<path class=\"tip\" d=\"M%d %d%s\"/>\n", edge, heads[stage],
					        leftward ? "l-9 -4.5v9z" : "l9 -4.5v9z");
			}
	fputs("</g>\n", out);
}
