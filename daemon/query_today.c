/* What an officer's day holds, in one answer: questions that wait for a decision, what is undone past its
 * day, what falls due today and in the seven days after it, and the newest alerts that nobody has dealt with (query_today_alerts.c).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "casework/case_deadline.h"
#include "daemon/memory.h"
#include "daemon/names.h"
#include "daemon/query_parts.h"
#include "daemon/today.h"

enum { SOON_DAYS = 7, SHOWN = 50, SHOWN_MAX = 500 };

/*  name, text; in the order in which they are read */
#define GROUPS(X) \
	X(DECIDE, "decide") \
	X(OVERDUE, "overdue") \
	X(TODAY, "today") \
	X(SOON, "soon") \
	X(LATER, "later")

enum group {
#define X(name, text) GROUP_##name,
	GROUPS(X)
#undef X
	GROUP_COUNT
};

struct due {
	uint64_t due_ms;
	uint32_t case_no, pupil, urn; /* case 0: a school's task */
	uint8_t number, group;
	bool provisional;
	uint16_t last;
	char parent[PARENT_SIZE_MAX + 1];
	struct slice kind, title, stage, asks; /* of pathways, which stay */
};

struct today {
	struct engine *engine;
	const struct request *request;
	struct txn *txn;
	struct many *many;      /* as of then; NULL: now */
	struct state *state;
	day_t day;
	uint64_t limit; /* of each list */
	struct due *list;
	size_t count, room;
	struct case_state *c; /* of what is packed */
	uint8_t particulars[PARTICULARS_ROOM];
};

static void add(struct today *t, const struct due *d)
{
	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 256;
		t->list = memory_grow(t->list, t->room * sizeof *t->list);
	}
	t->list[t->count++] = *d;
}

static int by_group(const void *a, const void *b)
{
	const struct due *x = a, *y = b;

	if (x->group != y->group)
		return x->group - y->group;
	if (x->due_ms != y->due_ms)
		return x->due_ms < y->due_ms ? -1 : 1;
	if (x->case_no != y->case_no)
		return x->case_no < y->case_no ? -1 : 1;
	return x->urn != y->urn ? (x->urn < y->urn ? -1 : 1) : x->number - y->number;
}

static uint8_t group_of(const struct today *t, day_t last)
{
	return last <= t->day ? GROUP_TODAY : last <= t->day + SOON_DAYS ? GROUP_SOON : GROUP_LATER;
}

/* Is there something to do about it, for who asks? What only reminds, of what needn't be done here, is left out. */
static bool matters(const struct today *t, const struct case_state *c, const struct case_view *view, const struct case_deadline *d,
		    const struct deadline_rule *rule)
{
	return (d->state == DEADLINE_OPEN || case_deadline_overdue(d)) && access_for_role(t->request->who, rule->tells) &&
	       !(rule->reminder && d->state == DEADLINE_OPEN && deadline_met_if(c, view, d));
}

/* Is the question for who asks: do they record an answer, or read what others must? A school is not to decide what officers do. */
static bool for_asker(const struct today *t, const struct pathway *pathway, unsigned deadline, const struct question *question)
{
	if (access_reads_all(t->request->who->role))
		return true;
	for (unsigned i = 0; i < pathway->action_count; i++)
		for (unsigned k = 0; k < question->outcome_count; k++)
			if (pathway->actions[i].roles >> t->request->who->role & 1 && action_answers(&pathway->actions[i], deadline, question->outcomes[k]))
				return true;
	return false;
}

static void gather_case(struct today *t, const struct case_state *c)
{
	struct case_view view;

	/* where it can't be read, the question as a whole is not answered (store_trouble) */
	if (state_case_view(t->state, c, t->day, &view) != STORE_OK)
		return;
	for (unsigned i = 0; i < c->deadline_count; i++) {
		const struct case_deadline *d = &c->deadlines[i];
		const struct deadline_rule *rule = &view.pathway->deadlines[d->rule];
		bool overdue = case_deadline_overdue(d);
		const struct question *question = overdue && !d->decided && rule->decides ? deadline_question(c, &view, d) : NULL;
		struct due due = {.due_ms = d->due_ms, .case_no = c->number, .pupil = c->pupil, .urn = c->urn, .number = (uint8_t)(i + 1),
				  .provisional = d->provisional, .last = d->last, .kind = rule->name, .title = rule->title,
				  .stage = view.pathway->stage_titles[c->stage - 1]};

		if (!matters(t, c, &view, d, rule) || (question && !for_asker(t, view.pathway, d->rule, question)))
			continue;
		memcpy(due.parent, d->parent, sizeof due.parent);
		due.group = question ? GROUP_DECIDE : overdue ? GROUP_OVERDUE : group_of(t, d->last);
		add(t, &due);
	}
}

static void gather_tasks(struct today *t)
{
	struct state *s = t->state;

	for (uint32_t i = 0; i < s->school_count; i++) {
		const struct school *school = s->schools[i];
		const struct pathway *pathway = state_school_pathway(s, school->urn);
		struct task_span span;

		for (unsigned n = 0; pathway && access_alert(t->request->who, school->urn, 0) && n < pathway->task_count; n++)
			if (state_task(s, school, &pathway->tasks[n], t->day, &span))
				add(t, &(struct due){.due_ms = day_start_ms(span.due + 1), .urn = school->urn, .number = (uint8_t)n,
						     .group = group_of(t, span.due), .last = (uint16_t)span.due,
						     .kind = pathway->tasks[n].name, .title = pathway->tasks[n].title});
	}
}

/* As `case` says it; of a school's task there is none. */
static void pack_whose(struct today *t, struct pack *p, const struct due *d)
{
	if (d->case_no && state_case_load(t->state, d->case_no, t->c) == STORE_OK)
		pack_hands(t->engine, t->request, p, t->txn, t->c);
	else
		pack_text_or_nil(p, "officer", slice_of(NULL, 0));
}

static void pack_due(struct today *t, struct pack *p, const struct due *d)
{
	pack_map(p, 15);
	pack_text(p, "case");
	pack_case(p, d->case_no);
	today_pack_name(t->engine, p, t->txn, d->pupil, t->particulars);
	pack_text(p, "urn");
	pack_urn(p, d->urn);
	pack_school_name(p, &t->engine->state, "school", d->urn);
	pack_text_or_nil(p, "stage", d->stage);
	pack_whose(t, p, d);
	pack_text(p, "deadline");
	if (d->case_no)
		pack_uint(p, d->number);
	else
		pack_nil(p);
	pack_key_str(p, "kind", d->kind);
	pack_key_str(p, "title", d->title);
	pack_text_or_nil(p, "parent", slice_text(d->parent));
	pack_text(p, "last_day");
	pack_date(p, d->last);
	pack_key_bool(p, "provisional", d->provisional);
}

static void pack_groups(struct today *t)
{
	static const char *const names[] = {
#define X(name, text) text,
		GROUPS(X)
#undef X
	};
	struct pack *p = &t->engine->body;
	size_t at = 0;

	pack_text(p, "groups");
	pack_array(p, GROUP_COUNT);
	for (unsigned g = 0; g < GROUP_COUNT; g++) {
		size_t count = 0, shown;

		while (at + count < t->count && t->list[at + count].group == g)
			count++;
		shown = g == GROUP_LATER ? 0 : count < t->limit ? count : t->limit;
		pack_map(p, 3);
		pack_key_text(p, "group", names[g]);
		pack_key_uint(p, "count", count);
		pack_text(p, "items");
		pack_array(p, (uint32_t)shown);
		for (size_t i = 0; i < shown; i++)
			pack_due(t, p, &t->list[at + i]);
		at += count;
	}
}

static void gather(struct today *t, struct slice officer)
{
	struct case_state *c = memory_new(sizeof *c);

	for (uint32_t n = 1; n <= t->state->case_count; n++)
		if (state_case_load(t->state, n, c) == STORE_OK && !c->closed &&
		    access_alert(t->request->who, state_school_of(t->state, c->pupil), n) && in_hands_of(t->engine, t->txn, c, officer))
			gather_case(t, c);
	free(c);
	if (t->request->who->role == ROLE_SCHOOL) /* to whoever has many schools they are a flood; `school` gives them */
		gather_tasks(t);
	if (t->count)
		qsort(t->list, t->count, sizeof *t->list, by_group);
}

enum status query_today(struct engine *e, const struct request *r, struct txn *txn)
{
	const char *wrong = NULL;
	struct slice officer = mp_find_str(r->message->body, "officer", &wrong);
	struct slice kind = mp_find_str(r->message->body, "kind", &wrong);
	uint64_t limit = mp_find_uint(r->message->body, "limit", SHOWN, &wrong), alerts = mp_find_uint(r->message->body, "alerts", limit, &wrong);
	enum store_result result;
	struct many *many;
	struct today *t;
	day_t day;

	if (wrong || !limit || limit > SHOWN_MAX || !alerts || alerts > SHOWN_MAX)
		return query_fault(e, STATUS_BAD_FIELD, wrong ? wrong : "limit", "{what, officer?, limit?, alerts?, kind?, as_of?} is wanted, limit and alerts of 1 to 500");
	if (kind.size && !alert_kind_parse(kind))
		return query_fault(e, STATUS_BAD_FIELD, "kind", "there is no such kind of alert");
	if (!many_as_of(e, r, txn, 0, &many, &day))
		return STATUS_BAD_FIELD;
	t = memory_new(sizeof *t);
	*t = (struct today){.engine = e, .request = r, .txn = txn, .many = many, .state = many ? many->state : &e->state, .day = day, .limit = limit};
	gather(t, officer);
	t->c = memory_new(sizeof *t->c);
	pack_map(&e->body, 3);
	pack_text(&e->body, "day");
	pack_date(&e->body, (uint16_t)t->day);
	pack_groups(t);
	result = today_pack_alerts(&(struct came_in){e, r, txn, many, officer, alerts, kind.size ? alert_kind_parse(kind) : 0});
	free(t->list);
	free(t->c);
	free(t);
	many_close(&many);
	return result == STORE_OK ? STATUS_OK : query_fault(e, STATUS_DAMAGED, NULL, store_why(e->store));
}
