/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/world.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/ids.h"

static const char *const councils[SCHOOLS] = {"stockport", "three-stage", "stockton", "south-tyneside", "wigan"};
static const char *const template_files[] = {"data.mdb", "persons.keys", "store.key", "log.vkey"};

/* ---- chance in libsodium's hands, too ---- */

static struct dice noise;

static const char *noise_name(void)
{
	return "simulation";
}

static uint32_t noise_next(void)
{
	return (uint32_t)dice_next(&noise);
}

static void noise_fill(void *const bytes, const size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)bytes)[i] = (uint8_t)dice_next(&noise);
}

static struct randombytes_implementation noise_source = {
	.implementation_name = noise_name, .random = noise_next, .buf = noise_fill,
};

static void take_noise(void)
{
	static bool taken;

	if (!taken && (randombytes_set_implementation(&noise_source) != 0 || sodium_init() < 0))
		abort();
	taken = true;
}

/* ---- who there is ---- */

static const struct {
	enum role role;
	unsigned schools;
	uint32_t first_case, last_case;
	const char *name;
} people[] = {
	[ADMIN] = {ADMINISTRATOR, 0, 0, 0, "administrator"},
	[BOSS] = {MANAGER, 0, 0, 0, "boss"},
	[OFFICER_A] = {OFFICER, 0, 0, 0, "officer a"},
	[OFFICER_B] = {OFFICER, 0, 0, 0, "officer b"},
	[WATCHER] = {AUDITOR, 0, 0, 0, "watcher"},
	[LEADER] = {LEAD, 0, 1, 12, "leader"},
	[SCHOOL_A] = {SCHOOL, 0x03, 0, 0, "office a"},
	[SCHOOL_B] = {SCHOOL, 0x1c, 0, 0, "office b"},
	[MIS_A] = {CONNECTOR, 0x03, 0, 0, "mis a"},
	[MIS_B] = {CONNECTOR, 0x0c, 0, 0, "mis b"},
	[MIS_C] = {CONNECTOR, 0x10, 0, 0, "mis c"},
	[PAGE] = {BOARD, 0, 0, 0, "page"},
	[PROBE] = {MONITOR, 0, 0, 0, "probe"},
	[GUEST] = {OFFICER, 0, 0, 0, "guest"}, /* let in and out */
	[STRANGER] = {OFFICER, 0, 0, 0, "stranger"}, /* never let in */
};

/* As they are granted at first. */
struct scope people_scope(unsigned actor)
{
	return (struct scope){.role = people[actor].role, .schools = people[actor].schools, .first_case = people[actor].first_case,
			      .last_case = people[actor].last_case};
}

static void key_of(unsigned actor, uint8_t key[static 32])
{
	for (unsigned i = 0; i < 32; i++)
		key[i] = (uint8_t)(actor * 41 + i * 13 + 7);
}

static void make_people(struct model *m)
{
	m->actor_count = sizeof people / sizeof *people;
	for (unsigned i = 0; i < m->actor_count; i++) {
		struct actor *a = &m->actors[i];

		*a = (struct actor){.name = people[i].name, .is = people_scope(i)};
		a->is.granted = i == ADMIN;
		key_of(i, a->key);
		z85_key_text(a->key_text, a->key);
	}
}

/* Its check letter is a sum that anybody can do by hand. */
static void make_upn(char upn[static 14], unsigned number)
{
	static const char letters[] = "ABCDEFGHJKLMNPQRTUVWXYZ";
	unsigned sum = 0;

	snprintf(upn + 1, 13, "8012%08u", number % 100000000u);
	for (unsigned i = 1; i <= 12; i++)
		sum += (unsigned)(upn[i] - '0') * (i + 1);
	upn[0] = letters[sum % 23];
}

/* ---- a store to begin with ---- */

void world_template(const char *dir)
{
	const char *files[SCHOOLS];
	char names[SCHOOLS][80], why[400] = "";
	uint8_t key[32];
	struct engine_init init = {.dir = dir, .authority = "Simulated", .admin_key = key, .pathway_files = files,
				   .pathway_count = SCHOOLS, .now_ms = UINT64_C(1700000000000)};

	take_noise();
	noise.state = 1;
	key_of(ADMIN, key);
	for (unsigned i = 0; i < SCHOOLS; i++) {
		snprintf(names[i], sizeof names[i], "pathways/%s.yaml", councils[i]);
		files[i] = names[i];
	}
	if (engine_create(&init, why, sizeof why) != 0) {
		fprintf(stderr, "simulate: %s (it is run in the folder of the sources)\n", why);
		exit(2);
	}
}

static void sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		abort();
	close(fd);
}

static void copy_template(const struct world *w)
{
	static uint8_t room[1 << 16];

	for (unsigned i = 0; i < sizeof template_files / sizeof *template_files; i++) {
		char from[400], to[400];
		ssize_t n;
		int in, out;

		snprintf(from, sizeof from, "%s/%s", w->template, template_files[i]);
		snprintf(to, sizeof to, "%s/%s", w->dir, template_files[i]);
		in = open(from, O_RDONLY | O_CLOEXEC);
		out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		while (in >= 0 && out >= 0 && (n = read(in, room, sizeof room)) > 0)
			if (write(out, room, (size_t)n) != n)
				abort();
		if (in < 0 || out < 0)
			abort();
		fsync(out);
		close(in);
		close(out);
	}
	sync_folder(w->dir);
}

/* ---- the beginning ---- */

static void must_be_taken(struct world *w, struct sent *s)
{
	turn_begin(w);
	send_submission(w, s);
	turn_end(w);
	catch_up(w);
	must(&w->m, s->logged, "the world can't begin: %02x was answered %u", s->command, s->status);
}

static void grant(struct world *w, unsigned actor)
{
	must_be_taken(w, grant_make(w, actor, people_scope(actor)));
}

static void choose(struct world *w, unsigned school)
{
	struct sent *s = sent_new(&w->m, CHOOSE, ADMIN, false);

	put_head(&w->out, CHOOSE, s->id);
	put_map(&w->out, 2);
	put_key_text(&w->out, "urn", w->m.urn[school]);
	put_key_text(&w->out, "pathway", councils[school]);
	keep_frame(w, s);
	must_be_taken(w, s);
}

static void begin_time(struct world *w)
{
	struct sent *s;
	char text[32];

	/* any day in three years, so that some worlds begin beside a leap day, or where the clocks change */
	w->wall_ms = (uint64_t)day_on(2024, 9, 2) * DAY_MS + dice(&w->dice, 3 * 365) * DAY_MS + dice(&w->dice, DAY_MS);
	w->boot_ms = 5000 + dice(&w->dice, DAY_MS);
	w->manual = w->m.manual = one_in(&w->dice, 2);
	life_begin(w);
	if (!w->manual || went_wrong(&w->m))
		return;
	s = sent_new(&w->m, CLOCK, ADMIN, false);
	put_head(&w->out, CLOCK, s->id);
	put_map(&w->out, 1);
	put_key_text(&w->out, "to", time_write(w->wall_ms, text));
	keep_frame(w, s);
	must_be_taken(w, s);
}

void world_begin(struct world *w, uint64_t seed, const char *base, const char *template, struct tally *tally)
{
	memset(w, 0, sizeof *w);
	w->seed = seed;
	w->tally = tally;
	w->template = template;
	w->dice = dice_of(seed, 0, 1);
	take_noise();
	noise = dice_of(seed, 0, 2);
	disk_dice(seed);
	model_begin(&w->m);
	make_people(&w->m);
	for (unsigned i = 0; i < PUPILS; i++) {
		make_upn(w->m.pupils[i].upn, (unsigned)(seed % 1000) * 1000 + i);
		w->roll[i] = (int)(i % SCHOOLS);
		w->also[i] = -1;
		w->awaited[i] = one_in(&w->dice, 3);
		w->habit[i] = (unsigned)(one_in(&w->dice, 3) ? 20 + dice(&w->dice, 70) : 2 + dice(&w->dice, 12));
	}
	for (unsigned i = 0; i < SCHOOLS; i++) {
		snprintf(w->m.urn[i], sizeof w->m.urn[i], "%u", 100001 + i);
		snprintf(w->m.pathway[i], sizeof w->m.pathway[i], "%s", councils[i]);
	}
	w->dir = disk_begin(base);
	copy_template(w);
	begin_time(w);
	for (unsigned i = 0; i < w->m.actor_count && !went_wrong(&w->m); i++)
		if (i != ADMIN && i != STRANGER)
			grant(w, i);
	for (unsigned i = 0; i < SCHOOLS && !went_wrong(&w->m); i++)
		choose(w, i);
	if (!went_wrong(&w->m))
		step_calendar(w);
}

/* What others counted. */
static void world_count(struct world *w)
{
	struct disk_counts c = disk_counts();

	w->tally->events = w->m.head;
	w->tally->cases = w->m.case_count;
	w->tally->alerts = w->m.alert_count;
	w->tally->fired = w->m.fired_count;
	w->tally->checks = w->m.checks;
	w->tally->marks = w->m.marks;
	w->tally->withdrawn = w->m.withdrawn;
	w->tally->switches = c.switches;
}

void world_end(struct world *w)
{
	engine_close(&w->engine);
	letters_free(w);
	bytes_free(&w->out);
	model_end(&w->m);
	disk_end();
}

/* ---- a step ---- */

static const struct {
	unsigned weight;
	void (*step)(struct world *);
	const char *name;
} steps[] = {
	{300, step_marks, "marks"},
	{20, step_many, "many"},
	{60, step_resend, "sent again"},
	{150, step_actions, "actions"},
	{80, step_settings, "facts, links, rosters, acknowledgements"},
	{20, step_calendar, "calendar"},
	{2, step_pathway, "pathway"},
	{180, step_clock, "time"},
	{12, step_hold, "clock put"},
	{60, step_subscribe, "subscribers"},
	{12, step_schools, "moves of school"},
	{25, step_covers, "covers"},
	{20, step_grants, "grants"},
	{50, step_roles, "who may"},
	{15, step_garbage, "garbage"},
	{30, step_disk, "disk"},
	{12, step_restart, "restart"},
};

static unsigned draw_step(struct world *w)
{
	uint64_t sum = 0, at;
	unsigned i = 0;

	for (unsigned k = 0; k < sizeof steps / sizeof *steps; k++)
		sum += steps[k].weight;
	at = dice(&w->dice, sum);
	while (at >= steps[i].weight)
		at -= steps[i++].weight;
	return i;
}

static void look_round(struct world *w)
{
	bool every = w->step % 64 == 0;

	looks_open(w);
	look_at_cases(w);
	look_at_figures(w, every ? PUPILS : 2);
	if (w->step % 16 == 0)
		look_at_deadlines(w);
	if (w->step % 32 == 0)
		look_at_alerts(w);
	looks_close(w);
}

bool world_step(struct world *w, unsigned step)
{
	unsigned what;

	w->step = step;
	w->dice = dice_of(w->seed, step, 1);
	noise = dice_of(w->seed, step, 2);
	disk_dice(w->seed ^ step * UINT64_C(0x9e3779b97f4a7c15));
	what = draw_step(w);
	if (w->trace) {
		char now[32];
		uint64_t ms;

		world_now(w, &ms);
		fprintf(stderr, "%5u %s %s (head %llu%s)\n", step, time_write(ms, now), steps[what].name, (unsigned long long)w->m.head,
			w->m.held ? ", held" : "");
	}
	steps[what].step(w);
	catch_up(w);
	if (!went_wrong(&w->m) && !w->ended)
		look_round(w);
	if (!went_wrong(&w->m) && !w->ended && w->step % 5 == 0)
		look_at_lists(w);
	if (!went_wrong(&w->m) && !w->ended && w->step % 5 == 2)
		look_at_hands(w);
	if (!went_wrong(&w->m) && !w->ended && w->step % 3 == 1)
		look_back(w);
	if (!went_wrong(&w->m) && !w->ended && life_broken(w))
		catch_up(w);
	w->tally->steps++;
	world_count(w);
	return !went_wrong(&w->m) && !w->ended;
}
