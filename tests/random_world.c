/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/random_world.h"

#include <stdio.h>

#include "daemon/engine_parts.h"
#include "tests/random_parts.h"

static const char *const councils[WORLD_SCHOOLS] = {"stockport", "three-stage", "stockton", "south-tyneside", "wigan"};
static const char *const urns[WORLD_SCHOOLS] = {SCHOOL_URN, "100002", "100003", "100004", "100005"};

/* ---- the beginning ---- */

static void load_councils(struct world *w)
{
	struct host *h = &w->host;
	char path[80], cases[64 * 8] = "";

	for (unsigned i = 0; i < WORLD_SCHOOLS; i++) {
		snprintf(path, sizeof path, "pathways/%s.yaml", councils[i]);
		if (i) { /* host_make has loaded the first */
			struct slice frame = host_pathway_file(h, path, NULL, NULL);

			assert_answer(host_frame(h, ADMIN, frame), STATUS_OK, NULL);
			free((void *)frame.bytes);
		}
		assert_answer(host_ask(h, ADMIN, COMMAND_CHOOSE, "{'urn':'%s','pathway':'%s'}", urns[i], councils[i]), STATUS_OK, NULL);
	}
	host_grant(h, SCHOOL, "school", ",'schools':['123456','100002','100003','100004','100005']");
	for (unsigned i = 1; i <= 64; i++)
		snprintf(cases + strlen(cases), sizeof cases - strlen(cases), "%s'C%u'", i > 1 ? "," : "", i);
	assert_answer(host_ask(h, ADMIN, COMMAND_GRANT, "{'key':'%s','role':'lead','cases':[%s]}", z85_of(LEAD), cases), STATUS_OK, NULL);
}

const char *z85_of(enum who who)
{
	static char text[Z85_KEY_SIZE + 1];

	host_key_text(text, who);
	return text;
}

/* Of some pupils no birth date is known; some are too young, or have left compulsory age. */
static void put_roster(struct world *w, unsigned i)
{
	char birth[40] = "";

	if (draw(8))
		snprintf(birth, sizeof birth, ",'birth_date':'20%02u-0%u-15'", (unsigned)(9 + draw(12)), (unsigned)(1 + draw(9)));
	host_put(&w->host, OFFICER, COMMAND_ROSTER, NULL,
		 "{'urn':'%s','pupils':[{'upn':'%s','surname':'S%u'%s,'parents':[{'id':'p1'},{'id':'p2','name':'N'}]}]}",
		 urns[w->school[i]], w->upn[i], i, birth);
}

/* Terms; closures and INSET days that are others each time. */
static void put_calendar(struct world *w, const char *urn)
{
	static const char terms[] =
		"['2026-09-02','2026-10-23','term','A'],['2026-11-02','2026-12-18','term','B'],['2027-01-04','2027-02-12','term','C'],"
		"['2027-02-22','2027-03-25','term','D'],['2027-04-12','2027-07-21','term','E'],['2027-05-31','2027-06-04','holiday','F'],"
		"['2027-09-02','2027-12-17','term','G'],['2027-10-25','2027-10-29','holiday','H'],['2028-01-04','2028-04-07','term','I']";
	char rows[600] = "", from[DATE_TEXT_SIZE + 1], to[DATE_TEXT_SIZE + 1];
	day_t today = world_today(w);

	for (unsigned i = (unsigned)draw(5); i > 0; i--) {
		day_t day = today - 5 + (day_t)draw(40);

		day_text(from, day);
		day_text(to, day + (day_t)(draw(3) ? 0 : draw(8)));
		snprintf(rows + strlen(rows), sizeof rows - strlen(rows), ",['%s','%s','%s','x']", from, to,
			 draw(2) ? "closure" : "inset");
	}
	host_put(&w->host, OFFICER, COMMAND_CALENDAR, NULL, "{%s%s%s'rows':[%s%s]}", urn ? "'urn':'" : "", urn ? urn : "",
		 urn ? "'," : "", terms, rows);
}

day_t world_today(struct world *w)
{
	return day_of_ms(engine_now(w->host.engine));
}

static void must_be_good(struct world *w)
{
	for (unsigned i = 0; i < w->host.count; i++)
		must_be_explained(w, &w->host.answers[i]);
}

void world_begin(struct world *w)
{
	char start[40];
	day_t first = 20697 + (day_t)draw(300); /* 1 September 2026 */

	memset(w, 0, sizeof *w);
	day_text(start, first);
	strcat(start, "T08:00:00Z");
	host_make(&w->host, &(struct host_options){.start = start, .manual_clock = true, .sweep_marks = 2000});
	assert_answer(host_ask(&w->host, ADMIN, COMMAND_CLOCK, "{'to':'%s'}", start), STATUS_OK, NULL);
	load_councils(w);
	host_begin(&w->host);
	put_calendar(w, NULL);
	for (unsigned i = 0; i < WORLD_PUPILS; i++) {
		host_upn(w->upn[i], i + 1);
		w->school[i] = (uint8_t)(i % WORLD_SCHOOLS);
		w->habit[i] = (uint8_t)(draw(3) ? 2 + draw(12) : 20 + draw(70));
		put_roster(w, i);
	}
	host_commit(&w->host);
	must_be_good(w);
}

void world_end(struct world *w)
{
	host_end(&w->host);
	free(w->c);
}

void world_clock(struct world *w, uint64_t to_ms)
{
	char to[40];
	bool more = true;

	for (unsigned parts = 0; more; parts++) {
		const struct answer *a;

		assert_true(parts < 1000);
		time_text(to, to_ms);
		a = host_ask(&w->host, ADMIN, COMMAND_CLOCK, "{'to':'%s'}", to);
		assert_answer(a, STATUS_OK, NULL);
		more = strstr(a->text, "\"more\":true") != NULL;
	}
	w->host.now_ms = to_ms;
}

/* ---- what else happens ---- */

static const char *a_code(const struct world *w, unsigned pupil)
{
	static const char *const away[] = {"N", "O", "O", "U", "G", "I", "I", "M", "E", "C"}, *const seldom[] = {"L", "B", "X", "Y1", "D", "#", "P"};

	if (draw(100) < w->habit[pupil])
		return away[(draw(3) ? pupil : draw(10)) % 10];
	return draw(15) ? "/" : seldom[draw(7)];
}

/* Some days of a school's registers, or a correction of one pupil's long ago. */
static void put_marks(struct world *w)
{
	unsigned school = (unsigned)draw(WORLD_SCHOOLS), days = 1 + (unsigned)draw(8), one = (unsigned)draw(WORLD_PUPILS);
	bool correction = draw(4) == 0;
	day_t last = world_today(w) - (day_t)draw(correction ? 70 : 2);
	char *json = NULL, date[DATE_TEXT_SIZE + 1];
	size_t size;
	FILE *out = open_memstream(&json, &size);

	for (day_t day = last - (day_t)days + 1; day <= last; day++) {
		day_text(date, day);
		for (int pm = 0; pm < 2 && day_weekday(day) <= FRIDAY; pm++) {
			const char *comma = "";

			fprintf(out, "%s['%s','%s',[", ftell(out) ? "," : "", date, pm ? "PM" : "AM");
			for (unsigned i = 0; i < WORLD_PUPILS; i++) {
				const char *code = a_code(w, i);

				if (correction ? i != one : w->school[i] != school)
					continue;
				fprintf(out, "%s['%s','%s']", comma, w->upn[i], code[0] == '/' && pm ? "\\" : code);
				comma = ",";
			}
			fputs("]]", out);
		}
	}
	fclose(out);
	if (strstr(json, "[['"))
		host_put(&w->host, draw(5) ? OFFICER : MANAGER, COMMAND_MARKS, NULL, "{'urn':'%s','registers':[%s]}",
			 urns[correction ? w->school[one] : school], json);
	free(json);
}

static void put_fact(struct world *w)
{
	static const char *const facts[] = {
#define X(name, number, text, of_parent) text,
		FACTS(X)
#undef X
	};
	char since[DATE_TEXT_SIZE + 1];
	const char *fact = facts[draw(sizeof facts / sizeof *facts)];

	day_text(since, world_today(w) - (day_t)draw(draw(3) ? 5 : 60) + (draw(20) == 0));
	host_put(&w->host, draw(3) ? OFFICER : SCHOOL, COMMAND_FACT, NULL, "{'fact':'%s','upn':'%s','since':'%s','holds':%s%s}", fact,
		 w->upn[draw(WORLD_PUPILS)], since, draw(3) ? "true" : "false",
		 fact_of_parent(fact_parse(slice_text(fact))) || !draw(20) ? draw(2) ? ",'parent':'p1'" : ",'parent':'p2'" : "");
}

static void put_link(struct world *w)
{
	host_put(&w->host, OFFICER, COMMAND_LINK, NULL, "{'upn':'%s','other':'%s','stands':%s%s}", w->upn[draw(WORLD_PUPILS)],
		 w->upn[draw(WORLD_PUPILS)], draw(3) ? "true" : "false",
		 draw(2) ? ",'parent':'p1','other_parent':'p2'" : "");
}

/* To another council's file: stages and deadlines go where chance says, which mostly fits. */
static void put_case_move(struct world *w)
{
	const struct state *s = &w->host.engine->state;
	unsigned number = s->case_count ? 1 + (unsigned)draw(s->case_count) : 1;
	const struct pathway *to = s->pathways[draw(s->pathway_count)]->pathway, *from;
	char deadlines[6000] = "";
	bool fits = draw(6);

	if (!world_case(w, number))
		return;
	from = state_pathway(s, w->c->pathway_name, w->c->pathway_version);
	for (unsigned i = 0; i < from->deadline_count && fits; i++) {
		struct slice a = from->deadlines[i].name, b = to->deadlines[draw(to->deadline_count)].name;
		size_t used = strlen(deadlines);

		if (pathway_deadline(to, a) >= 0 && draw(2))
			continue;
		if (draw(2))
			snprintf(deadlines + used, sizeof deadlines - used, "%s'%.*s':null", used ? "," : "", (int)a.size, a.bytes);
		else
			snprintf(deadlines + used, sizeof deadlines - used, "%s'%.*s':'%.*s'", used ? "," : "", (int)a.size, a.bytes,
				 (int)b.size, b.bytes);
	}
	host_put(&w->host, MANAGER, COMMAND_MOVE, NULL, "{'case':'C%u','pathway':'%.*s','stage':'%.*s','deadlines':{%s},'reason':'moved house'}",
		 number, (int)to->name.size, to->name.bytes, (int)to->stages[draw(to->stage_count)].size,
		 to->stages[draw(to->stage_count)].bytes, deadlines);
}

static void put_something(struct world *w)
{
	unsigned pupil = (unsigned)draw(WORLD_PUPILS), kind = (unsigned)draw(100);

	if (kind < 25) {
		put_marks(w);
	} else if (kind < 50) {
		put_fact(w);
	} else if (kind < 60) {
		put_link(w);
	} else if (kind < 70) { /* the next registers will say it */
		w->school[pupil] = (uint8_t)draw(WORLD_SCHOOLS);
		put_roster(w, pupil);
	} else if (kind < 84) {
		put_case_move(w);
	} else if (kind < 90) {
		put_calendar(w, draw(2) ? urns[draw(WORLD_SCHOOLS)] : NULL);
	} else if (kind < 92) {
		host_put(&w->host, ADMIN, COMMAND_CHOOSE, NULL, "{'urn':'%s','pathway':'%s'}", urns[draw(WORLD_SCHOOLS)],
			 councils[draw(WORLD_SCHOOLS)]);
	} else if (kind < 94) {
		host_put(&w->host, OFFICER, COMMAND_COVER, NULL, "{'cover':'%s','until':'2028-01-01'}", z85_of(MANAGER));
	} else {
		host_put(&w->host, OFFICER, COMMAND_ACKNOWLEDGE, NULL, "{'alert':%u}", (unsigned)(1 + draw(host_head(&w->host))));
	}
}

void world_step(struct world *w)
{
	unsigned more = (unsigned)draw(4);
	bool quiet = draw(4) == 0; /* nobody acts: what changes then is of the one thing alone */

	if (quiet) {
		host_begin(&w->host);
		if (draw(3))
			put_calendar(w, draw(2) ? urns[draw(WORLD_SCHOOLS)] : NULL);
		else
			put_something(w);
	} else {
		look_at_offers(w);
		host_begin(&w->host);
		put_actions(w);
		put_marks(w);
		put_marks(w);
		while (more--)
			put_something(w);
	}
	host_commit(&w->host);
	must_be_good(w);
}
