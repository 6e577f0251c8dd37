/* totals.h - the attendance that a Common Transfer File states, beside ours.
 *
 * A year's totals are no marks and are never taken for any. They are shown as they come, each
 * with what the daemon holds of that pupil's school year.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_TOTALS_H
#define CLIENT_TOTALS_H

#include "client/ctf.h"
#include "client/invocation.h"

struct totals {
	const struct invocation *invocation;
	struct attend *connection; /* NULL: a dry run; what is ours can't be asked for */
	uint64_t count;
	bool refused;              /* this key may not read figures: said once */
};

/* `context` is a struct totals: prints a line. */
void totals_tell(void *context, const struct ctf_year *);

#endif
