/* document.c - YAML events into the bounded tree.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "pathways/document.h"
#include "proto/utf8.h"

/* --- faults --------------------------------------------------------------- */

__attribute__((format(printf, 5, 0)))
static void add_fault(struct compile_report *report, uint8_t file, unsigned line, unsigned column, const char *format,
                      va_list arguments)
{
	struct compile_fault *fault;

	if (report->count == COMPILE_FAULTS_MAX)
		return;
	fault = &report->faults[report->count++];
	fault->file = file;
	fault->line = line;
	fault->column = column;
	utf8_cut(fault->text, sizeof fault->text, vsnprintf(fault->text, sizeof fault->text, format, arguments));
}

void fault_at(struct compile_report *report, unsigned line, unsigned column, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_fault(report, 0, line, column, format, arguments);
	va_end(arguments);
}

void fault_node(struct compile_report *report, const struct node *node, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_fault(report, node->file, node->line, node->column, format, arguments);
	va_end(arguments);
}

static bool comes_before(const struct compile_fault *a, const struct compile_fault *b)
{
	if (a->file != b->file)
		return a->file < b->file;
	return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* By insertion: there are at most 50, and two at one place keep their order. */
void faults_sort(struct compile_report *report)
{
	for (unsigned i = 1; i < report->count; i++) {
		struct compile_fault fault = report->faults[i];
		unsigned at = i;

		for (; at > 0 && comes_before(&fault, &report->faults[at - 1]); at--)
			report->faults[at] = report->faults[at - 1];
		report->faults[at] = fault;
	}
}

/* --- the tree ------------------------------------------------------------- */

struct builder {
	struct document *doc;
	struct compile_report *report;
	yaml_parser_t parser;
	uint8_t file;
	uint32_t root;       /* the first node of this file */
	unsigned depth;
	uint32_t open[DOCUMENT_DEPTH_MAX + 1]; /* the collections being read */
	uint32_t last[DOCUMENT_DEPTH_MAX + 1]; /* the newest child of each; 0: none */
	bool key_next[DOCUMENT_DEPTH_MAX + 1]; /* of a map: a key comes next */
};

static bool refuse(struct builder *b, yaml_mark_t mark, const char *text)
{
	const struct node here = {.file = b->file, .line = (unsigned)mark.line + 1, .column = (unsigned)mark.column + 1};

	fault_node(b->report, &here, "%s", text);
	return false;
}

static bool key_fits(struct builder *b, const struct node *key, yaml_mark_t mark)
{
	const struct node *map = &b->doc->nodes[b->open[b->depth]];

	if (key->kind != NODE_SCALAR || key->text.size == 0)
		return refuse(b, mark, "a key must be a word");
	for (uint32_t at = map->first; at != 0;) {
		const struct node *other = &b->doc->nodes[at];

		if (slice_equal(other->text, key->text)) {
			fault_node(b->report, key, "\"%.*s\" stands twice: first on line %u",
			         (int)(key->text.size < 60 ? key->text.size : 60), (const char *)key->text.bytes, other->line);
			return false;
		}
		at = b->doc->nodes[other->next].next;
	}
	return true;
}

/* Hangs a fresh node on the collection being read. */
static bool hang(struct builder *b, struct node node, yaml_mark_t mark, uint32_t *index)
{
	struct document *doc = b->doc;

	if (doc->count == DOCUMENT_NODES_MAX)
		return refuse(b, mark, "the file holds too many values (8192 at most)");
	if (b->depth > 0) {
		uint32_t map = b->open[b->depth];

		if (doc->nodes[map].kind == NODE_MAP) {
			if (b->key_next[b->depth] && !key_fits(b, &node, mark))
				return false;
			b->key_next[b->depth] = !b->key_next[b->depth];
		}
		if (b->last[b->depth] != 0)
			doc->nodes[b->last[b->depth]].next = doc->count;
		else
			doc->nodes[map].first = doc->count;
		b->last[b->depth] = doc->count;
	}
	*index = doc->count;
	doc->nodes[doc->count++] = node;
	return true;
}

static bool plain_words(struct builder *b, const yaml_event_t *event, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		return refuse(b, event->start_mark, "anchors (&) are not used here: write it out");
	if (tag != NULL)
		return refuse(b, event->start_mark, "tags (!) are not used here");
	return true;
}

static bool take_scalar(struct builder *b, const yaml_event_t *event)
{
	struct document *doc = b->doc;
	struct node node = {.kind = NODE_SCALAR, .inset = 255};
	uint32_t index;

	node.file = b->file;
	if (!plain_words(b, event, event->data.scalar.anchor, event->data.scalar.tag))
		return false;
	node.line = (unsigned)event->start_mark.line + 1;
	node.column = (unsigned)event->start_mark.column + 1;
	if (event->start_mark.line == event->end_mark.line)
		node.inset = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	assert(doc->used + event->data.scalar.length <= 4 * SOURCE_SIZE_MAX);
	if (event->data.scalar.length > 0)
		memcpy(doc->room + doc->used, event->data.scalar.value, event->data.scalar.length);
	node.text = slice_of(doc->room + doc->used, event->data.scalar.length);
	doc->used += event->data.scalar.length;
	return hang(b, node, event->start_mark, &index);
}

static bool open_collection(struct builder *b, const yaml_event_t *event, uint8_t kind)
{
	struct node node = {.kind = kind, .file = b->file};
	uint32_t index;

	node.line = (unsigned)event->start_mark.line + 1;
	node.column = (unsigned)event->start_mark.column + 1;
	if (!hang(b, node, event->start_mark, &index))
		return false;
	if (b->depth == DOCUMENT_DEPTH_MAX)
		return refuse(b, event->start_mark, "nested too deeply (8 levels at most)");
	b->depth++;
	b->open[b->depth] = index;
	b->last[b->depth] = 0;
	b->key_next[b->depth] = true;
	return true;
}

/* One event; false where reading ends, for good or ill. */
static bool take_event(struct builder *b, const yaml_event_t *event, bool *ended)
{
	switch (event->type) {
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return true;
	case YAML_STREAM_END_EVENT:
		*ended = true;
		return false;
	case YAML_DOCUMENT_START_EVENT:
		if (b->doc->count > b->root)
			return refuse(b, event->start_mark, "a second document (---) in one file");
		if (event->data.document_start.version_directive != NULL ||
		    event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
			return refuse(b, event->start_mark, "directives (%) are not used here");
		return true;
	case YAML_ALIAS_EVENT:
		return refuse(b, event->start_mark, "aliases (*) are not used here: write it out");
	case YAML_SCALAR_EVENT:
		return take_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return plain_words(b, event, event->data.sequence_start.anchor, event->data.sequence_start.tag) &&
		       open_collection(b, event, NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		return plain_words(b, event, event->data.mapping_start.anchor, event->data.mapping_start.tag) &&
		       open_collection(b, event, NODE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return true;
	}
	return refuse(b, event->start_mark, "not understood");
}

/* libyaml lets a tab stand where it reads as space; a person sees no difference and a column is lost. */
static bool without_tabs(struct slice source, uint8_t file, struct compile_report *report)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < source.size; i++) {
		if (source.bytes[i] == '\t') {
			fault_node(report, &(struct node){.file = file, .line = line, .column = column}, "a tab: use spaces");
			return false;
		}
		if (source.bytes[i] == '\n') {
			line++;
			column = 1;
		} else if ((source.bytes[i] & 0xC0) != 0x80) {
			column++;
		}
	}
	return true;
}

static bool build(struct builder *b)
{
	bool ended = false, good = true;

	while (good) {
		yaml_event_t event;

		if (!yaml_parser_parse(&b->parser, &event)) {
			const yaml_mark_t *mark = &b->parser.problem_mark;

			const struct node here = {.file = b->file, .line = (unsigned)mark->line + 1, .column = (unsigned)mark->column + 1};

			fault_node(b->report, &here, "not YAML: %s",
			         b->parser.problem != NULL ? b->parser.problem : "can't be read");
			return false;
		}
		good = take_event(b, &event, &ended);
		yaml_event_delete(&event);
	}
	if (ended && b->doc->count == b->root)
		fault_node(b->report, &(struct node){.file = b->file, .line = 1, .column = 1}, "the file is empty");
	return ended && b->doc->count > b->root;
}

bool document_open(struct document *doc, struct compile_report *report)
{
	memset(doc, 0, sizeof *doc);
	/* An escape (\L is three bytes of UTF-8) never makes more than twice its own bytes. */
	doc->room = malloc(4 * SOURCE_SIZE_MAX);
	doc->nodes = calloc(DOCUMENT_NODES_MAX, sizeof *doc->nodes);
	if (doc->room != NULL && doc->nodes != NULL)
		return true;
	fault_at(report, 1, 1, "out of memory");
	document_free(doc);
	return false;
}

bool document_read(struct document *doc, struct slice source, uint8_t file, struct compile_report *report, uint32_t *root)
{
	struct builder b = {.doc = doc, .report = report, .file = file, .root = doc->count};
	bool good;

	*root = doc->count;
	doc->size += source.size;
	if (doc->size > SOURCE_SIZE_MAX) {
		fault_at(report, 1, 1, "the file, with what it includes, is larger than %d KiB", SOURCE_SIZE_MAX / 1024);
		return false;
	}
	if (!without_tabs(source, file, report))
		return false;
	if (!yaml_parser_initialize(&b.parser)) {
		fault_at(report, 1, 1, "out of memory");
		return false;
	}
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, source.size > 0 ? source.bytes : (const uint8_t *)"", source.size);
	good = build(&b);
	yaml_parser_delete(&b.parser);
	return good;
}

uint32_t document_find(const struct document *doc, uint32_t map, const char *word)
{
	if (doc->nodes[map].kind == NODE_MAP)
		for (uint32_t key = doc->nodes[map].first; key != 0; key = doc->nodes[doc->nodes[key].next].next)
			if (slice_is(doc->nodes[key].text, word))
				return doc->nodes[key].next;
	return 0;
}

void document_free(struct document *doc)
{
	free(doc->nodes);
	free(doc->room);
	memset(doc, 0, sizeof *doc);
}
