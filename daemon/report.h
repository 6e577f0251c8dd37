/* report.h - what the files of the query `report` share.
 *
 *   query_report.c  the question, its period; pupils
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_REPORT_H
#define DAEMON_REPORT_H

#include "daemon/engine_parts.h"

enum { REPORT_PUPIL_KEYS = 25 }; /* that report_pack_pupil packs */

struct report {
	struct engine *engine;
	const struct request *request;
	struct txn *txn;
	struct page page;
	uint32_t urn;       /* of the school asked about; 0: all */
	day_t first, last, today; /* the period, both in */
	struct people people;
	uint8_t room[PARTICULARS_ROOM];
};

/* Is the school asked about, and may who asks see it? */
bool report_covers(const struct report *, uint32_t urn);
/* The pupil's figures of the period; false: no mark lies in it. */
bool report_figures(const struct report *, const struct pupil *, struct figures *);
enum store_result report_pack_pupil(struct report *, uint32_t pupil, const struct figures *);

#endif
