/* merge.h - a file's tree with those of the files that it includes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PATHWAYS_MERGE_H
#define PATHWAYS_MERGE_H

#include "pathways/bundle.h"
#include "pathways/document.h"

/* Reads every part into one tree, whose root is node 0: sections that several files
 * have add up. An included file's own title and source fall away; `include`, `replaces` and `fixed`
 * are gone from the tree. False: the report says what is wrong. */
bool merge_bundle(struct document *, const struct bundle *, struct compile_report *);

#endif
