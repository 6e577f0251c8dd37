/* SPDX-License-Identifier: Apache-2.0 */
#include "casework/pathway_titles.h"

void titles_encode(struct writer *out, const struct pathway *p)
{
	for (unsigned i = 0; i < p->action_count; i++)
		for (unsigned j = 0; j < p->actions[i].field_count; j++)
			for (unsigned k = 0; k < p->actions[i].fields[j].value_count; k++)
				write_blob(out, p->actions[i].fields[j].value_titles[k]);
}

void titles_decode(struct reader *in, struct pathway *p)
{
	for (unsigned i = 0; i < p->action_count && !in->bad; i++)
		for (unsigned j = 0; j < p->actions[i].field_count; j++)
			for (unsigned k = 0; k < p->actions[i].fields[j].value_count; k++)
				p->actions[i].fields[j].value_titles[k] = read_blob(in);
}
