/* compile_letters.h - what the files that read letters share: a letter being read.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PATHWAYS_COMPILE_LETTERS_H
#define PATHWAYS_COMPILE_LETTERS_H

#include "casework/letter.h"
#include "pathways/compile_parts.h"

enum { LETTERS_ROOM = PATHWAY_SIZE_MAX };

/* The letter that is being read, and where what was read of it goes. */
struct letter_room {
	struct letter letter;
	unsigned count, blocks;
	uint8_t letters[LETTERS_ROOM], one[LETTERS_ROOM], of_blocks[LETTERS_ROOM], of_cells[LETTERS_ROOM], of_labels[LETTERS_ROOM];
	struct writer all, body, cells, labels;
};

/* A text with its braces, as a cell's bytes, which live until the block is written; an empty one is
 * a place to be filled in by hand, where `may_be_empty`. */
struct slice read_cell(struct compiler *, struct letter_room *, uint32_t node, bool may_be_empty);

#endif
