/* state_parts.h - what the files of state.h share among themselves.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_STATE_PARTS_H
#define DAEMON_STATE_PARTS_H

#include "daemon/state.h"

void state_index_upn(struct state *, const uint8_t hash[static UPN_HASH_SIZE], uint32_t pupil);
void state_room_for_pupils(struct state *, uint32_t count);
void state_set_calendar(struct state *, uint32_t urn, const struct calendar_row rows[], size_t count);
bool state_add_pathway(struct state *, const struct event_pathway_loaded *, uint64_t position, uint64_t at_ms);
void state_choose(struct state *, uint32_t urn, struct slice pathway); /* empty: the default again */
void state_offer(struct state *, const struct event_meeting_offered *);
void state_set_principal(struct state *, const struct event_access_granted *, uint64_t position);

/* Writing a table, where this state has tables. */
enum store_result state_put(struct state *, enum table, const struct key *, const struct writer *value);
enum store_result state_drop(struct state *, enum table, const struct key *);

/* A mark of this day that a watch looks at when a day ends. */
void state_await(struct state *, uint32_t urn, day_t);
void state_await_more(struct state *); /* days move */
bool state_take_days(struct state *, struct slice value);
enum store_result state_apply_day_ended(struct state *, const struct event *);
void state_await_always(struct state *);

struct school *state_make_school(struct state *, uint32_t urn);
enum store_result state_apply_described(struct state *, const struct event *);
enum store_result state_apply_task_done(struct state *, const struct event *);
/* Of an alert that reminds of a school's task. */
enum store_result state_apply_reminded(struct state *, const struct event_alert_raised *, uint64_t alert);

/* A case as it was, for state_case_save(). The caller frees it. */
struct case_state *state_before(const struct case_state *);

bool state_set_cover(struct state *, const struct event_cover_named *);

/* One function an event kind, for those of people, cases and alerts. */
enum store_result state_apply_fact(struct state *, const struct event *, uint64_t position);
/* A mark of a pupil of whom a second school has written one, before the pupil's school may change by it. */
enum store_result state_apply_wrote(struct state *, uint32_t urn, const struct mark *, uint64_t position);
enum store_result state_apply_linked(struct state *, const struct event *);
enum store_result state_apply_cover(struct state *, const struct event *);
enum store_result state_apply_action(struct state *, const struct event *, uint64_t position);
enum store_result state_apply_offered(struct state *, const struct event *, uint64_t position);
enum store_result state_apply_chosen(struct state *, const struct event *, uint64_t position);
enum store_result state_apply_moved(struct state *, const struct event *, uint64_t position);
enum store_result state_apply_fired(struct state *, const struct event *, uint64_t position);
enum store_result state_apply_alert_raised(struct state *, const struct event *, uint64_t position);
enum store_result state_apply_alert_changed(struct state *, const struct event *, uint64_t position);
enum store_result state_apply_alert_withdrawn(struct state *, const struct event *, uint64_t position);
enum store_result state_apply_alert_acknowledged(struct state *, const struct event *, uint64_t position);

#endif
