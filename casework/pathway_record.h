/* pathway_record.h - what the parts of a compiled pathway are written and read with.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_PATHWAY_RECORD_H
#define CASEWORK_PATHWAY_RECORD_H

#include "casework/pathway.h"

/* A number or a count of at most `most`; a larger one is a fault, and 0. */
static inline uint32_t get_up_to(struct reader *in, uint32_t most)
{
	uint64_t value = read_varint(in);

	if (value <= most)
		return (uint32_t)value;
	in->bad = true;
	return 0;
}

static inline uint8_t get_count(struct reader *in, unsigned most)
{
	uint8_t count = read_u8(in);

	if (count <= most)
		return count;
	in->bad = true;
	return 0;
}

void expression_encode(struct writer *, const struct expression *);
void expression_decode(struct reader *, struct expression *);
void action_encode(struct writer *, const struct action_rule *);
void action_decode(struct reader *, struct action_rule *); /* of a rule that is all zero */

#endif
