/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/engine_base.h"

#include <dirent.h>
#include <sys/stat.h>

#include "pathways/bundle.h"

static struct base bases[BASE_PATHWAYS];

void base_init(void)
{
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	setenv("TMPDIR", fuzz_folder(), 1);
}

static void keep_files(struct base *b, const char *dir)
{
	DIR *list = opendir(dir);

	MUST(list);
	for (struct dirent *entry; (entry = readdir(list));) {
		char path[600];

		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "lock.mdb") == 0 || strcmp(entry->d_name, "lock") == 0)
			continue;
		MUST(b->count < BASE_FILES_MAX);
		snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
		b->names[b->count] = strdup(entry->d_name);
		b->files[b->count++] = fuzz_read(path);
	}
	closedir(list);
}

/* The first action that an officer may record opens a case. */
static void open_case(struct host *h, const struct pathway *p)
{
	char upn[UPN_SIZE + 1];
	const struct answer *a = NULL;

	host_upn(upn, 1);
	for (unsigned i = 0; i < p->action_count && (!a || a->status != STATUS_OK); i++)
		a = host_ask(h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'%.*s','parent':'p1','override':'<fz fz='}", upn,
		             (int)p->actions[i].name.size, (const char *)p->actions[i].name.bytes);
}

static void fill(struct host *h, const struct pathway *p)
{
	host_grant(h, SPARE, "board", ",'name':'board'");
	for (unsigned i = 0; i < 4; i++) {
		const char *urn = i < 3 ? SCHOOL_URN : OTHER_URN;
		char upn[UPN_SIZE + 1];

		host_upn(upn, i);
		host_ask(h, ADMIN, COMMAND_ROSTER, "{'urn':'%s','pupils':[{'upn':'%s','surname':'<fz>A','birth_date':'20%02u-05-05',"
		         "'parents':[{'id':'p1','name':'B'},{'id':'p2','name':'C'}]}]}", urn, upn, 10 + i);
		host_marks(h, urn, i, "2026-09-07", "2026-09-11", i & 1 ? "O" : "/");
	}
	open_case(h, p);
	host_turns(h);
}

struct base *base_of(unsigned which, struct host *h)
{
	static const char *const files[BASE_PATHWAYS] = { "pathways/three-stage.yaml", "pathways/stockport.yaml", "pathways/wigan.yaml",
		                                          "pathways/stockton.yaml", "pathways/south-tyneside.yaml" };
	static uint8_t compiled[PATHWAY_SIZE_MAX];
	static struct compile_report report;
	struct base *b = &bases[which];
	struct writer w = writer_of(compiled, sizeof compiled);
	char why[300], *source;
	size_t size;

	if (b->count)
		return b;
	source = bundle_gather(files[which], &size, why, sizeof why);
	MUST(source && pathway_compile(slice_of(source, size), &w, &report));
	b->source = slice_of(source, size);
	b->pathway = malloc(sizeof *b->pathway);
	MUST(b->pathway && pathway_decode(b->pathway, slice_of(fuzz_copy(writer_slice(&w)), writer_size(&w))));
	host_make(h, &(struct host_options){ .start = "2026-09-14T08:00:00Z", .pathway = files[which] });
	fill(h, b->pathway);
	b->now_ms = h->now_ms;
	host_close(h);
	keep_files(b, h->dir);
	fuzz_folder_empty();
	return b;
}

void base_open(const struct base *b, struct host *h, bool manual_clock)
{
	memset(h, 0, offsetof(struct host, answers));
	h->count = 0;
	h->in_turn = h->together = h->commit_failed = false;
	h->ids = 1 << 20;
	h->now_ms = b->now_ms;
	h->options.manual_clock = manual_clock;
	snprintf(h->dir, sizeof h->dir, "%s/store", fuzz_folder());
	MUST(mkdir(h->dir, 0700) == 0);
	for (unsigned i = 0; i < b->count; i++) {
		char name[300];

		snprintf(name, sizeof name, "store/%s", b->names[i]);
		fuzz_file(name, b->files[i]);
	}
	host_open(h);
}
