/* case_notice.h - penalty notices within a case: counting, issuing, paying.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_CASE_NOTICE_H
#define CASEWORK_CASE_NOTICE_H

#include "casework/case.h"

/* Notices to `parent` that stand within the pathway's window of `on`, in this
 * case (may be NULL) and the pupil's earlier ones. The window runs through the
 * day before the anniversary, and both ways, so that a notice recorded late is
 * counted with those that came after it. */
unsigned notices_in_window(const struct case_state *, const struct case_view *, struct slice parent, day_t on);
/* The same in another window; `family`: and those for the pupil's siblings. */
unsigned notices_within(const struct case_state *, const struct case_view *, struct length window, bool family,
                        struct slice parent, day_t on);
/* Neither paid nor withdrawn; of any parent where `parent` is empty. */
unsigned notices_open(const struct case_state *, struct slice parent);

/* The parent that an action is about: the one it names or, of a payment or a
 * withdrawal, the one whose notice alone it can be. */
struct slice notice_parent(const struct case_state *, const struct action_rule *,
                           const struct event_action_recorded *);

/* The notice that a payment (the oldest unpaid) or a withdrawal (the newest) of
 * `parent` is about; `issued` not 0: the one of that day. -1: none. */
int notice_of_payment(const struct case_state *, struct slice parent, day_t issued);
int notice_of_withdrawal(const struct case_state *, struct slice parent, day_t issued);

/* The day from which its days count: receipt, or the issue. */
day_t notice_receipt(const struct case_view *, const struct event_action_recorded *);

/* Adds one; its index, or -1 where there is no room. */
int notice_issue(struct case_state *, const struct case_view *, const struct event_action_recorded *,
                 struct slice parent);
void notice_pay(struct case_notice *, const struct event_action_recorded *);

#endif
