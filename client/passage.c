/* SPDX-License-Identifier: Apache-2.0 */
#include "client/passage.h"

#include <string.h>

enum { KEY_STAGE = 0x3000, KEY_DEADLINE, KEY_REASON };

static const struct argp_option options[] = {
	{ "stage", KEY_STAGE, "[OLD=]NEW", 0, "the stage at which a case stands from now on", 0 },
	{ "deadline", KEY_DEADLINE, "OLD=NEW", 0, "what it waits for goes on as NEW; as none, it falls away", 0 },
	{ "reason", KEY_REASON, "TEXT", 0, "why it is moved; kept with the case", 0 },
	{ 0 },
};

static void take_pair(struct argp_state *state, const char *option, char *argument, unsigned *count, char *pairs[][2], bool alone)
{
	char *equals = strchr(argument, '=');
	if (*count == PASSAGES_MAX)
		argp_error(state, "%s: at most %d of them", option, PASSAGES_MAX);
	if ((!equals && !alone) || equals == argument || (equals && !equals[1]) || !*argument)
		argp_error(state, "%s: OLD=NEW is wanted, not '%s'", option, argument);
	pairs[*count][0] = equals ? argument : NULL;
	pairs[*count][1] = equals ? equals + 1 : argument;
	if (equals)
		*equals = '\0';
	(*count)++;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct passage *p = state->input;
	switch (key) {
	case KEY_STAGE:
		take_pair(state, "--stage", argument, &p->stage_count, p->stages, true);
		return 0;
	case KEY_DEADLINE:
		take_pair(state, "--deadline", argument, &p->deadline_count, p->deadlines, false);
		return 0;
	case KEY_REASON:
		p->reason = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp passage_argp = { .options = options, .parser = parse };

static void put_pairs(struct body *body, const char *key, unsigned count, char *const pairs[][2], bool may_end)
{
	unsigned named = 0;
	for (unsigned i = 0; i < count; i++)
		named += pairs[i][0] != NULL;
	if (!named)
		return;
	body_key(body, key);
	msgpack_pack_map(&body->pack, named);
	for (unsigned i = 0; i < count; i++) {
		if (!pairs[i][0])
			continue;
		body_string(body, pairs[i][0]);
		if (may_end && strcmp(pairs[i][1], "none") == 0)
			msgpack_pack_nil(&body->pack);
		else
			body_string(body, pairs[i][1]);
	}
}

void passage_body(struct body *body, const struct passage *p)
{
	for (unsigned i = 0; i < p->stage_count; i++)
		if (!p->stages[i][0])
			body_text(body, "stage", p->stages[i][1]);
	put_pairs(body, "stages", p->stage_count, p->stages, false);
	put_pairs(body, "deadlines", p->deadline_count, p->deadlines, true);
	body_text(body, "reason", p->reason);
}
