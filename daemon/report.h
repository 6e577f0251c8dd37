/* report.h - what the files of the query `report` share.
 *
 *   query_report.c        the question, its period; pupils
 *   query_report_cases.c  what cases hold: penalty notices, tasks
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_REPORT_H
#define DAEMON_REPORT_H

#include "daemon/engine_parts.h"

enum { REPORT_WHO_KEYS = 7, REPORT_PUPIL_KEYS = 25 }; /* that report_pack_who and report_pack_pupil pack */

struct report {
	struct engine *engine;
	const struct request *request;
	struct txn *txn;
	struct page page;
	uint32_t urn;       /* of the school asked about; 0: all */
	day_t first, last, today; /* the period, both in */
	struct people people;
	struct case_state c;
	uint8_t room[PARTICULARS_ROOM];
};

/* Is the school asked about, and may who asks see it? */
bool report_covers(const struct report *, uint32_t urn);
/* The pupil's figures of the period; false: no mark lies in it. */
bool report_figures(const struct report *, const struct pupil *, struct figures *);
/* Who it is and among whom they are counted; that, and their figures. */
enum store_result report_pack_who(struct report *, uint32_t pupil);
enum store_result report_pack_pupil(struct report *, uint32_t pupil, const struct figures *);

/* The rows of a case. */
enum store_result report_case_notices(struct report *, uint32_t number);
enum store_result report_case_tasks(struct report *, uint32_t number);

#endif
