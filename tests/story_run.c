/* story_run.c - plays stories; tests/stories/README.md says what they are.
 *
 *   attend-story [--pathways DIR] [--first] [--quiet] FILE...
 *
 * 0 where all that the minutes say was so, 1 where something was not (each with its
 * file and line), 2 where a story can't be read.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/story.h"

static void story_time(const struct entry *);
static void story_opening(const struct entry *);

/* A role before the verb makes it that role's: "officer records". */
static const struct verb {
	const char *name;
	bool by_role;
	void (*play)(const struct entry *);
	const char *words[14]; /* the further keys that such an entry may have */
} VERBS[] = {
	{"on", false, story_time, {NULL}},
	{"opening", false, story_opening, {NULL}},
	{"marks", false, story_marks, {"pupil", "refused"}},
	{"register", false, story_register, {"marks", "refused"}},
	{"roster", false, story_roster, {"born", "school", "parents", "surname", "forename", "year_group", "groups"}},
	{"calendar adds", false, story_calendar_adds, {"school", "moves"}},
	{"calendar drops", false, story_calendar_drops, {"school", "moves"}},
	{"records", true, story_records, {"pupil", "for", "dated", "with", "because", "unmet", "barred", "forbidden", "refused"}},
	{"sends", true, story_sends, {"with", "unmet", "barred", "forbidden", "refused"}},
	{"asks", true, story_asks, {"with", "says", "says not", "forbidden", "refused"}},
	{"reads", true, story_reads, {"school", "year group", "group", "from", "to", "rows", "no rows", "count", "forbidden", "refused"}},
	{"acknowledges", true, story_acknowledges, {"forbidden", "refused"}},
	{"learns", true, story_learns, {"pupil", "for", "since", "text", "no longer", "changes", "forbidden", "refused"}},
	{"links", true, story_links, {"pupil", "for", "to parent", "no longer", "changes", "forbidden", "refused"}},
	{"offers", true, story_offers, {"school", "dated", "no longer", "forbidden", "refused"}},
	{"is away", true, story_away, {"covered by", "from", "until", "forbidden", "refused"}},
	{"moves", true, story_moves, {"case", "to stage", "deadlines", "because", "forbidden", "refused"}},
	{"makes", true, story_makes, {"pupil", "for", "with", "says", "says not", "names missing", "letters", "unmet", "barred", "forbidden", "refused"}},
	{"policy changes", false, story_policy, {"becomes", "refused"}},
	{"the daemon", false, story_restart, {NULL}},
	{"stage", false, story_stage, {"pupil", "as known on"}},
	{"case", false, story_case, {"pupil", "as known on", "opened", "pathway", "version"}},
	{"deadline", false, story_deadline, {"pupil", "as known on", "for", "from", "ends", "is", "overdue", "due", "provisional", "moved", "breached"}},
	{"no deadline", false, story_no_deadline, {"pupil", "as known on", "for"}},
	{"notice", false, story_notice, {"pupil", "as known on", "issued", "number", "amount now", "received", "due", "reduced until", "paid", "paid amount", "withdrawn", "lapsed"}},
	{"figures", false, story_figures, {"pupil", "as known on"}},
	{"alert", false, story_alert, {"pupil", "raised", "says", "says not", "case", "deadline", "clause", "due", "to", "tells"}},
	{"withdrawn", false, story_withdrawn, {"pupil", "raised", "says", "says not", "case", "deadline", "clause", "due", "to"}},
	{"no alert", false, story_no_alert, {"pupil", "to"}},
	{"alerts", false, story_alerts, {"pupil", "to"}},
	{"standing", false, story_standing, {NULL}},
	{"put", false, story_put, {"pupil", "for", "outcomes"}},
	{"offered", false, story_offered, {"pupil", "to", "unmet"}},
	{"not offered", false, story_not_offered, {"pupil", "to"}},
	{"actions", false, story_actions, {"pupil"}},
};

/* The colleague is a second officer. Each is granted under this name. */
static const struct { const char *name; enum who who; } ROLES_OF_STORIES[] = {
	{"administrator", ADMIN}, {"connector", CONNECTOR}, {"school", SCHOOL}, {"lead", LEAD},
	{"officer", OFFICER}, {"manager", MANAGER}, {"auditor", AUDITOR}, {"colleague", SPARE},
};

bool story_role(struct story *s, const struct node *n, enum who *who)
{
	for (size_t i = 0; i < sizeof ROLES_OF_STORIES / sizeof *ROLES_OF_STORIES; i++)
		if (node_is(n, ROLES_OF_STORIES[i].name)) {
			*who = ROLES_OF_STORIES[i].who;
			return true;
		}
	story_stop(s, n, "school, lead, officer, colleague, manager, auditor, administrator or connector");
	return false;
}

static struct {
	const char *pathways;
	bool first, quiet;
} options = {.pathways = "pathways"};

/* ---- entries ---- */

static void play_list(struct story *, const struct node *list);

/* Time goes on to an instant; what falls due on the way fires. */
static void story_time(const struct entry *e)
{
	struct story *s = e->story;
	uint64_t ms;

	if (!story_instant(s, e->value, &ms))
		return;
	if (ms < s->host.now_ms) {
		story_stop(s, e->value, "time does not go back");
		return;
	}
	while (s->host.now_ms < ms) { /* to each instant at which something falls due, so that it is raised then */
		uint64_t due = engine_next_timer(s->host.engine);

		s->host.now_ms = due > s->host.now_ms && due < ms ? due : ms;
		host_turns(&s->host);
	}
	s->today = day_of_ms(ms);
}

/* Entries that several scenes begin with, from the story or from the file that it uses. */
static void story_opening(const struct entry *e)
{
	struct story *s = e->story;
	const struct story_file *was = s->at, *files[] = {&s->file, &s->uses};
	char name[STORY_TEXT_MAX];

	story_text(s, e->value, name);
	for (size_t i = 0; i < 2; i++) {
		const struct node *list = files[i]->doc.count ? story_find(files[i], story_find(files[i], files[i]->doc.nodes, "openings"), name) : NULL;

		if (!list)
			continue;
		if (s->depth == STORY_DEPTH_MAX) {
			story_stop(s, e->value, "openings begin one another");
			return;
		}
		s->depth++;
		s->at = files[i];
		play_list(s, list);
		s->at = was;
		s->depth--;
		return;
	}
	story_stop(s, e->value, "no opening of this name here, nor in the file that is used");
}

/* The verb of a key, and whose it is. */
static const struct verb *verb_of(struct entry *e)
{
	char text[STORY_TEXT_MAX];
	const char *at = text;
	bool role = false;

	story_text(e->story, e->key, text);
	for (size_t i = 0; i < sizeof ROLES_OF_STORIES / sizeof *ROLES_OF_STORIES && !role; i++)
		if (word_next(&at, ROLES_OF_STORIES[i].name)) {
			e->who = ROLES_OF_STORIES[i].who;
			role = true;
		}
	for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++)
		if (strcmp(at, VERBS[i].name) == 0 && VERBS[i].by_role == role)
			return &VERBS[i];
	story_stop(e->story, e->key, "\"%s\" is no verb of stories; tests/stories/README.md lists them", text);
	return NULL;
}

static void play_entry(struct story *s, const struct node *map)
{
	struct entry e = {.story = s, .map = map, .key = story_first(s->at, map)};
	const struct verb *verb;

	if (map->kind != NODE_MAP || !e.key) {
		story_stop(s, map, "an entry is \"- verb: what\", with further words below it");
		return;
	}
	e.value = story_next(s->at, e.key);
	verb = verb_of(&e);
	if (!verb)
		return;
	for (const struct node *k = story_next(s->at, e.value); k; k = story_next(s->at, story_next(s->at, k))) {
		size_t i = 0;

		while (verb->words[i] && !node_is(k, verb->words[i]))
			i++;
		if (!verb->words[i]) {
			story_stop(s, k, "\"%.*s\" is no word of \"%s\"", (int)k->text.size, (const char *)k->text.bytes, verb->name);
			return;
		}
	}
	if (!node_is(story_word(&e, "pupil"), "each")) {
		verb->play(&e);
		return;
	}
	for (s->each = 1; s->each <= s->pupil_count && !s->stopped; s->each++)
		verb->play(&e);
	s->each = 0;
}

static void play_list(struct story *s, const struct node *list)
{
	if (list->kind != NODE_LIST) {
		story_stop(s, list, "a list of entries is wanted");
		return;
	}
	for (const struct node *n = story_first(s->at, list); n && !s->stopped; n = story_next(s->at, n))
		play_entry(s, n);
}

/* ---- scenes ---- */

/* "shows: {SP-10: applies, SP-11: does not apply}" is read by tests/conformance.py too. */
static void check_shows(struct story *s, const struct node *shows)
{
	for (const struct node *k = story_first(&s->file, shows); k; k = story_next(&s->file, story_next(&s->file, k))) {
		const struct node *way = story_next(&s->file, k);

		if (k->text.size != 5 || k->text.bytes[2] != '-')
			story_stop(s, k, "a clause's id is wanted: SP-10");
		if (!node_is(way, "applies") && !node_is(way, "does not apply") && !node_is(way, "both ways"))
			story_stop(s, way, "\"applies\", \"does not apply\" or \"both ways\" is wanted");
	}
}

static void check_known(struct story *s, const struct node *map, const char *const known[])
{
	for (const struct node *k = story_first(&s->file, map); k; k = story_next(&s->file, story_next(&s->file, k))) {
		size_t i = 0;

		while (known[i] && !node_is(k, known[i]))
			i++;
		if (!known[i])
			story_stop(s, k, "\"%.*s\" is not known here", (int)k->text.size, (const char *)k->text.bytes);
	}
}

/* One scene on a store of its own; how many faults. */
static unsigned play_scene(struct story *s, const struct node *scene)
{
	static const char *const known[] = {"scene", "shows", "minutes", NULL};
	const struct node *minutes = story_find(&s->file, scene, "minutes");
	struct host_options host = {.pathway = s->pathway, .start = "2026-09-01T08:00:00Z"};
	char title[STORY_TEXT_MAX];

	s->at = &s->file;
	s->faults = s->seen_count = s->depth = s->each = 0;
	s->stopped = false;
	story_text(s, story_find(&s->file, scene, "scene"), title);
	snprintf(s->title, sizeof s->title, "%.255s", title);
	check_known(s, scene, known);
	check_shows(s, story_find(&s->file, scene, "shows"));
	if (!title[0] || !minutes)
		story_stop(s, scene, "a scene has a title (scene:) and minutes");
	if (s->stopped)
		return s->faults;
	host_make(&s->host, &host);
	host_grant(&s->host, OFFICER, "officer", ",'name':'officer'");
	host_grant(&s->host, MANAGER, "manager", ",'name':'manager'");
	host_grant(&s->host, SPARE, "officer", ",'name':'colleague'");
	s->today = day_of_ms(s->host.now_ms);
	story_set_up(s);
	if (!s->stopped)
		play_list(s, minutes);
	if (!s->faults && !options.quiet) {
		char *told;

		if (host_verify(&s->host, &told) != 0)
			story_fault(s, scene, "the store does not verify: %s", told);
		free(told);
	}
	host_end(&s->host);
	if (!options.quiet)
		printf("%s  %s\n", s->faults ? "FAILED" : "ok    ", s->title);
	return s->faults;
}

/* ---- files ---- */

static bool file_read(struct story_file *file)
{
	struct compile_report *report = calloc(1, sizeof *report);
	uint8_t *source = malloc(SOURCE_SIZE_MAX + 1);
	FILE *in = fopen(file->path, "rb");
	uint32_t root;
	bool good = false;

	if (!in) {
		fprintf(stderr, "%s: there is no such file\n", file->path);
	} else {
		good = document_open(&file->doc, report) &&
		       document_read(&file->doc, slice_of(source, fread(source, 1, SOURCE_SIZE_MAX + 1, in)), 0, report, &root);
		fclose(in);
		if (!good)
			fprintf(stderr, "%s:%u:%u: %s\n", file->path, report->faults[0].line, report->faults[0].column,
				report->faults[0].text);
	}
	free(source);
	free(report);
	return good;
}

/* A path beside the story's own. */
static bool read_uses(struct story *s)
{
	const struct node *uses = story_find(&s->file, s->file.doc.nodes, "uses");
	const char *slash = strrchr(s->file.path, '/');
	char name[STORY_TEXT_MAX];

	if (!uses)
		return true;
	story_text(s, uses, name);
	snprintf(s->uses.path, sizeof s->uses.path, "%.*s%.200s", slash ? (int)(slash - s->file.path + 1) : 0, s->file.path, name);
	return file_read(&s->uses);
}

static int play_file(struct story *s, const char *path)
{
	static const char *const known[] = {"story", "council", "about", "uses", "calendar", "pupils", "openings", "scenes", NULL};
	char council[STORY_TEXT_MAX];
	const struct node *scenes;
	unsigned faults = 0;

	memset(&s->file, 0, sizeof s->file);
	memset(&s->uses, 0, sizeof s->uses);
	s->stopped = false;
	s->faults = 0;
	s->at = &s->file;
	snprintf(s->file.path, sizeof s->file.path, "%s", path);
	snprintf(s->title, sizeof s->title, "the file");
	if (!file_read(&s->file) || !read_uses(s)) {
		document_free(&s->file.doc);
		return 2;
	}
	check_known(s, s->file.doc.nodes, known);
	story_text(s, story_find(&s->file, s->file.doc.nodes, "council"), council);
	snprintf(s->pathway, sizeof s->pathway, "%.200s/%.200s.yaml", options.pathways, council);
	scenes = story_find(&s->file, s->file.doc.nodes, "scenes");
	if (!council[0] || !scenes || scenes->kind != NODE_LIST)
		story_stop(s, s->file.doc.nodes, "a story has a council and a list of scenes");
	faults = s->faults;
	for (const struct node *n = s->stopped ? NULL : story_first(&s->file, scenes); n && !(faults && options.first); n = story_next(&s->file, n))
		faults += play_scene(s, n);
	document_free(&s->file.doc);
	document_free(&s->uses.doc);
	return faults ? 1 : 0;
}

static int usage(FILE *out)
{
	fputs("usage: attend-story [--pathways DIR] [--first] [--quiet] FILE...\n"
	      "Plays stories (tests/stories/README.md) to the engine.\n"
	      "  --pathways DIR  take the councils' files from there (pathways)\n"
	      "  --first         stop at the first thing that is not so\n"
	      "  --quiet         tell faults alone, and don't verify the stores: quicker\n", out);
	return out == stdout ? 0 : 2;
}

int main(int count, char **words)
{
	static struct story story;
	int worst = 0, at = 1;

	for (; at < count && strncmp(words[at], "--", 2) == 0; at++) {
		if (strcmp(words[at], "--help") == 0)
			return usage(stdout);
		else if (strcmp(words[at], "--first") == 0)
			options.first = true;
		else if (strcmp(words[at], "--quiet") == 0)
			options.quiet = true;
		else if (strcmp(words[at], "--pathways") == 0 && at + 1 < count)
			options.pathways = words[++at];
		else
			return usage(stderr);
	}
	if (at == count)
		return usage(stderr);
	for (; at < count && !(worst && options.first); at++) {
		int result = play_file(&story, words[at]);

		worst = result > worst ? result : worst;
	}
	return worst;
}
