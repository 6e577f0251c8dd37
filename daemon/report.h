/* report.h - what the files of the query `report` share.
 *
 *   query_report.c        the question, its period; pupils
 *   query_report_cases.c  what cases hold: penalty notices, tasks
 *   query_report_meeting.c  meetings offered, and who is listed for them
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_REPORT_H
#define DAEMON_REPORT_H

#include "daemon/query_parts.h"

enum { REPORT_ROOM = 256 * 1024, REPORT_WHO_KEYS = 7, REPORT_PUPIL_KEYS = 25 }; /* the keys that report_pack_who and report_pack_pupil pack */

struct report {
	struct engine *engine;
	const struct request *request;
	struct txn *txn;
	struct page page;
	uint32_t *schools, school_count; /* those that are asked about, rising; of the question of schools */
	uint32_t urn;       /* of the school asked about; 0: all */
	day_t first, last, today; /* the period, both in */
	struct people people;
	struct case_state c;
	uint8_t room[REPORT_ROOM];
};

/* Is the school asked about, and may who asks see it? */
bool report_covers(const struct report *, uint32_t urn);
/* The pupil's figures of the period; false: no mark lies in it. */
bool report_figures(const struct report *, const struct pupil *, struct figures *);
/* Who it is and among whom they are counted; that, and their figures. */
enum store_result report_pack_who(struct report *, uint32_t pupil);
enum store_result report_pack_pupil(struct report *, uint32_t pupil, const struct figures *);

/* Finds the schools asked about; how many there are. */
uint32_t report_schools(struct report *);
/* The rows of a school, by its place among them, and of a pupil who is listed for a meeting. */
enum store_result report_school(struct report *, uint32_t number);
enum store_result report_listed(struct report *, uint32_t pupil);
/* The rows of a case. */
enum store_result report_case_notices(struct report *, uint32_t number);
enum store_result report_case_tasks(struct report *, uint32_t number);

#endif
