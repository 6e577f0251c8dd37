/* query_parts.h - what the questions share: pages, as of, who and what is asked for, and how each thing is packed.
 * A question sets the answer's body (e->body) and says with which status; it changes nothing.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_QUERY_PARTS_H
#define DAEMON_QUERY_PARTS_H

#include "daemon/engine_parts.h"

typedef enum status query(struct engine *, const struct request *, struct txn *);
query query_pupil, query_marks, query_case, query_actions, query_deadlines, query_alerts, query_log, query_stats,
	query_health, query_checkpoint, query_prove, query_consistency, query_pathways, query_pathway,
	query_backup, query_calendar, query_people, query_covers, query_try, query_report, query_letter, query_reader, query_today,
	query_timeline, query_year, query_school, query_authority, query_schools, query_names, query_cases;
/* Sets e->body to a refusal's. */
enum status query_fault(struct engine *, enum status, const char *field, const char *reason);
/* A page of a long answer: items are gathered beside the reply, since their number goes before them. */
struct page {
	struct pack items;
	uint32_t count, limit;
	uint64_t looked;
	bool more;
	uint64_t next;
};
bool page_open(struct engine *, const struct request *, struct page *, uint64_t *from); /* false: e->body says why */
bool page_full(const struct page *);
enum status page_close(struct engine *, struct page *);
/* "as_of": position or time; head where it is absent. false: not one (e->body says so). */
bool query_as_of(struct engine *, const struct request *, struct txn *, uint64_t *position);
uint64_t query_time_of(struct engine *, struct txn *, uint64_t position); /* when it was recorded; 0: at none */
bool query_is_now(const struct engine *, uint64_t position); /* answered from the live state, not from a shadow */
/* The pupil that "upn" names and this principal may see; 0: e->body and `*status` say why not. */
uint32_t query_upn(struct engine *, const struct request *, struct txn *, enum status *status);
/* The case that "case" names, or the pupil's of "upn": the open one, else the latest. */
enum status query_find_case(struct engine *, const struct request *, struct txn *, struct case_state *);
void pack_percentage(struct pack *, unsigned attended, unsigned possible);
void pack_fields(struct pack *, const struct action_rule *); /* a list of what may be given */
/* "next" and its list: what this role may record, and what each lacks today */
void pack_next(struct engine *, const struct request *, struct pack *, const struct case_state *, struct case_view *);
bool pack_upn(struct engine *, struct pack *, struct txn *, uint32_t pupil); /* nil where erased */
void pack_text_or_nil(struct pack *, const char *key, struct slice text);
void pack_pupil_figures(struct pack *, const struct figures *); /* fourteen keys */
void pack_codes(struct pack *, const struct figures *, uint64_t codes); /* sessions by code, of those codes */
/* What the roster holds of a pupil, opened in `room`; empty where nothing does. */
enum { PARTICULARS_ROOM = 32 * 1024 };
struct slice pupil_particulars(struct engine *, uint32_t pupil, uint8_t room[static PARTICULARS_ROOM]);

/* Numbers of a pupil's cases, in the order in which they were opened; of the live
 * state, or of a shadow. */
unsigned cases_of(struct engine *, struct txn *, struct state *, uint32_t pupil, uint32_t numbers[], unsigned max);

void pack_notice(struct pack *, const struct case_notice *, day_t today);
/* "decisions" and a list of them: the questions put and not answered, each with the facts for it. `now`: not as of then. */
void pack_decisions(struct engine *, const struct case_state *, struct case_view *, bool now, bool with_family);
/* The rule of a deadline, or of an action, of a pathway that the case was on before where that is held. */
const struct deadline_rule *case_rule_of(const struct state *, const struct case_state *, const struct pathway *,
					 const struct case_deadline *);
const struct action_rule *case_action_of(const struct state *, const struct case_state *, const struct pathway *,
					 const struct case_done *);
/* What a fact's record says of who and where, opened in `room`; empty where it says nothing. */
struct slice pupil_fact_text(struct engine *, struct txn *, uint32_t pupil, uint64_t position, uint8_t room[static PARTICULARS_ROOM]);
/* The grant that stands there, though the key may have been granted another since; its texts live as long as the
 * transaction's values. False: none does, or it is not on disk yet. */
bool grant_at(struct engine *, struct txn *, uint64_t number, struct event *);
/* Whose key was granted there, whatever it has been granted since; NULL: nobody's, or nobody knows. */
const struct principal *principal_of_grant(struct engine *, struct txn *, uint64_t number);
/* The officer or manager who recorded an action on it last, which a school's later step does not change; where none of them
 * did, whoever recorded the latest. NULL: nobody is known. */
const struct principal *case_officer(struct engine *, struct txn *, const struct case_state *);
/* "officer" and the name of its case_officer, for those who may read all; else nil. */
void pack_hands(struct engine *, const struct request *, struct pack *, struct txn *, const struct case_state *);
/* Is the case in this officer's hands (empty: anybody's), or in those of one for whom they stand in today?
 * A case is in the hands of its case_officer. */
bool in_hands_of(struct engine *, struct txn *, const struct case_state *, struct slice officer);
bool alert_in_hands_of(struct engine *, struct state *, struct txn *, const struct alert *, struct slice officer); /* as of that state */
/* Has anybody that name (empty: yes)? Who may not read all is not told: yes. */
bool officer_known(const struct engine *, const struct request *, struct slice officer);

/* One item of `alerts` or of `log`. */
void pack_alert(struct engine *, struct pack *, struct txn *, const struct alert *, uint64_t seq, uint8_t status);
/* Puts into it the text, which lives as long as the transaction's values, and the school that the event there, which raised or changed it, gave it;
 * false: it can't be read. */
bool alert_said(struct engine *, struct txn *, uint64_t position, struct alert *);
void pack_tells(struct pack *, uint32_t roles); /* "tells" and a list of roles */
void pack_event(struct engine *, struct pack *, struct txn *, const struct event *, uint64_t position);
bool event_concerns(struct txn *, const struct event *, uint32_t case_no, uint32_t pupil);

#endif
