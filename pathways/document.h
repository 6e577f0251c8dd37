/* document.h - a bounded YAML tree that remembers where everything stood.
 *
 * Read with libyaml's events, so that what isn't wanted is refused where it
 * stands: tabs, anchors, aliases, tags, directives, a second document, a key
 * twice in one map, a key that is no plain word; and sizes and depth are bounded
 * before anything is built.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PATHWAYS_DOCUMENT_H
#define PATHWAYS_DOCUMENT_H

#include "pathways/compile.h"

enum {
	SOURCE_SIZE_MAX = 127 * 1024, /* of a file with all that it includes */
	DOCUMENT_NODES_MAX = 8192,
	DOCUMENT_DEPTH_MAX = 8,
};

enum node_kind { NODE_SCALAR = 1, NODE_LIST, NODE_MAP };

/* Children are linked by index; 0 is none (the root, node 0, is nobody's child).
 * A map's children alternate: key, value, key, value. */
struct node {
	uint8_t kind;
	uint8_t inset;       /* of a scalar on one line: columns from `column` to its text; 255: can't be told */
	uint8_t file;        /* which of the bundle's it stands in */
	unsigned line, column;
	struct slice text;   /* of a scalar */
	uint32_t first, next;
};

struct document {
	struct node *nodes;
	uint32_t count;
	uint8_t *room;       /* the scalars' bytes */
	size_t used;
	size_t size;         /* of the sources so far */
};

bool document_open(struct document *, struct compile_report *); /* false: no memory, and said so */
/* Adds the tree of one file, whose root is the first node that is added. False
 * where there is no tree to go on with; the report says why. */
bool document_read(struct document *, struct slice source, uint8_t file, struct compile_report *, uint32_t *root);
uint32_t document_find(const struct document *, uint32_t map, const char *word); /* the value; 0: it isn't there */
void document_free(struct document *);

__attribute__((format(printf, 4, 5)))
void fault_at(struct compile_report *, unsigned line, unsigned column, const char *format, ...); /* in the first file */
__attribute__((format(printf, 3, 4)))
void fault_node(struct compile_report *, const struct node *, const char *format, ...);
/* Puts the faults in the order of the files. */
void faults_sort(struct compile_report *);

#endif
