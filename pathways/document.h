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
	SOURCE_SIZE_MAX = 96 * 1024,
	DOCUMENT_NODES_MAX = 8192,
	DOCUMENT_DEPTH_MAX = 8,
};

enum node_kind { NODE_SCALAR = 1, NODE_LIST, NODE_MAP };

/* Children are linked by index; 0 is none (the root, node 0, is nobody's child).
 * A map's children alternate: key, value, key, value. */
struct node {
	uint8_t kind;
	uint8_t inset;       /* of a scalar on one line: columns from `column` to its text; 255: can't be told */
	unsigned line, column;
	struct slice text;   /* of a scalar */
	uint32_t first, next;
};

struct document {
	struct node *nodes;
	uint32_t count;
	uint8_t *room;       /* the scalars' bytes */
	size_t used;
};

/* False where there is no tree to go on with; the report says why. */
bool document_read(struct document *, struct slice source, struct compile_report *);
void document_free(struct document *);

__attribute__((format(printf, 4, 5)))
void fault_at(struct compile_report *, unsigned line, unsigned column, const char *format, ...);
__attribute__((format(printf, 3, 4)))
void fault_node(struct compile_report *, const struct node *, const char *format, ...);
/* Puts the faults in the order of the file. */
void faults_sort(struct compile_report *);

#endif
