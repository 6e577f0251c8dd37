/* pathway.h - an authority's process as the rules read it.
 *
 * A pathway file (pathways/LANGUAGE.md) is compiled by pathways/compile.h into
 * the structures below; their canonical bytes stand in the log beside the
 * source. Nothing here is particular to one authority: stages, actions,
 * deadlines, watches, conditions and amounts all come from the file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_PATHWAY_H
#define CASEWORK_PATHWAY_H

#include "casework/calendar.h"
#include "casework/codes.h"
#include "proto/event.h"

enum {
	STAGES_MAX = 32,
	DEADLINES_MAX = 64,   /* kinds of deadline of a pathway */
	ACTIONS_MAX = 64,
	WATCHES_MAX = 16,
	TASKS_MAX = 64,       /* of schools */
	FIELDS_MAX = 32,      /* of an action */
	CONDITIONS_MAX = 32,  /* of an action */
	OUTCOMES_MAX = 16,    /* of a decision, values of a field */
	EFFECTS_MAX = 16,     /* deadlines that an action starts, meets or cancels */
	NAME_SIZE_MAX = 48,        /* of anything that is referred to */
	QUESTIONS_MAX = 4,    /* of a decision: the first that applies is put */
	MOVES_MAX = 8,        /* stages that an action may move a case to */
	ENDS_MAX = 8,         /* deadlines that a deadline's end starts, or cancels */
	EXPRESSION_MAX = 64,  /* steps of one expression */
	EXPRESSION_STACK_MAX = 16,
	STEPS_MAX = 4096,     /* of all expressions of a pathway */
	MEETINGS_MAX = 4,     /* kinds of meeting offered to schools */
	MEETING_LISTS_MAX = 4,
	HEADINGS_MAX = 12,    /* of what is known of a pupil who is listed for one */
	HEADING_SOURCES_MAX = 8,
	NOTICE_STEPS_MAX = 4, /* amounts of the first, second ... penalty notice */
	PATHWAY_SIZE_MAX = 128 * 1024, /* compiled */
	/* what a moved case holds of a pathway that it was on before and that this one has no
	 * such of: the element behind the last, which has no rules (case_move.h) */
	DEADLINE_ELSEWHERE = DEADLINES_MAX,
	ACTION_ELSEWHERE = ACTIONS_MAX,
};

struct length {
	uint16_t count;
	uint8_t unit; /* enum unit */
};

/* An expression: small and total, no loops. Steps in postfix order over a stack
 * of integers; a figure may be unknown, and what compares it then is unknown;
 * and/or/not are Kleene's. What is asked of a field is kept as its index (from
 * 1; 0: none) and the value asked for (from 1; 0: that it was given and, for
 * yes/no, is yes; a yes/no field has the values 1 yes and 2 no). */
enum step_kind {
	STEP_NUMBER = 1,   /* value */
	STEP_FIGURE,       /* value: enum figure */
	STEP_DONE,         /* how often action `value` was recorded (with the field so) */
	STEP_DONE_PARENT,  /* the same, of this action's parent or of none */
	STEP_DAYS_SINCE,   /* days from the last time action `value` was recorded to this action's day; unknown if never */
	STEP_GIVEN,        /* 1 where this action has the field (so) */
	STEP_STAGE,        /* 1 where the case has reached stage `value` (from 1) or a later one */
	STEP_RUNNING,      /* 1 while deadline `value` is open (of this action's parent or of none) */
	STEP_DAYS_INTO,    /* days from the start of that deadline to this action's day; unknown if none is open */
	STEP_LT, STEP_LE, STEP_EQ, STEP_NE, STEP_GE, STEP_GT,
	STEP_AND, STEP_OR, STEP_NOT,
	STEP_IN_WEEKS = 40, /* unauthorised sessions in the `value` school weeks, at most ten, that end with this action's day: its own week is one of them */
	STEP_NOTICES,      /* to this action's parent in a window, as FIGURE_NOTICES_3_YEARS: count << 8 | unit; chosen 1: for all their children */
	STEP_BY,           /* 1 where the actor's role is `value`; of a need alone */
	STEP_ATTENDANCE_BEFORE, /* attended of 1,000 possible sessions of the school year, up to before its last `value` school weeks; unknown where none was */
	STEP_WITHIN,       /* 1 where the date in its field, or without one the last day of open deadline chosen - 1, is no later than a length (count << 8 | unit) after this action's day; of a field with `chosen`, after that last day; unknown where one of them isn't there */
	STEP_DAYS_UNTIL = 60, /* days from this action's day to the date in its field; unknown where it isn't given */
	STEP_DONE_EACH,    /* the least that STEP_DONE_PARENT gives for any parent on the roster; unknown where it names none; of a need alone */
	STEP_LATEST,       /* 1 where the latest recording of action `value` that says anything of the field says so */
	STEP_AT_END,       /* unauthorised sessions in the 10 school weeks that end with the newest deadline `value` (of this action's parent or of none); without one that ended before this action's day as FIGURE_UNAUTHORISED_10_WEEKS */
	STEP_IN_FORCE,     /* 1 where this action's day lies in a deadline `value` (of this action's parent or of none), over by now or not */
};

/* A step that puts a value on the stack; the others work on what is there. */
static inline bool step_is_operand(uint8_t kind)
{
	return kind < STEP_LT || kind > STEP_NOT;
}

/*  name, number, text as in a file. What is known of the pupil (facts.h), 1 or 0; the first fifteen are
 * the facts of the same order, FIGURE_OF_FACTS beyond their numbers. */
#define PEOPLE_FIGURES(X) \
	X(LOOKED_AFTER, 40, "looked_after") \
	X(EARLY_HELP, 41, "early_help") \
	X(CHILD_IN_NEED, 42, "child_in_need") \
	X(CHILD_PROTECTION, 43, "child_protection") \
	X(PERSONAL_EDUCATION_PLAN, 44, "personal_education_plan") \
	X(SOCIAL_WORKER, 45, "social_worker") \
	X(LEAD_PROFESSIONAL, 46, "lead_professional") \
	X(SEND, 47, "send") \
	X(EHCP, 48, "ehcp") \
	X(TEAM_AROUND_FAMILY, 49, "team_around_family") \
	X(FREE_SCHOOL_MEALS, 50, "free_school_meals") \
	X(YOUNG_CARER, 51, "young_carer") \
	X(SAFEGUARDING_CONCERN, 52, "safeguarding_concern") \
	X(PROSECUTED_BEFORE, 53, "prosecuted_before") /* of this action's parent, or of any */ \
	X(PARENTAL_RESPONSIBILITY, 54, "parental_responsibility") /* likewise */ \
	X(PLAN_IN_PLACE, 55, "plan_in_place") /* any of facts_plan()'s */

enum { FIGURE_OF_FACTS = 39 };

/*  name, number, text as in a file. Of the pupil and parent in question, on the action's day. */
#define FIGURES(X) \
	X(UNAUTHORISED_10_WEEKS, 1, "unauthorised_10_weeks") \
	X(POSSIBLE, 2, "possible") \
	X(ATTENDED, 3, "attended") \
	X(AUTHORISED, 4, "authorised") \
	X(UNAUTHORISED, 5, "unauthorised") \
	X(LATE, 6, "late") \
	X(PER_MILLE, 7, "attendance_per_mille") \
	X(PERSISTENT, 8, "persistent") \
	X(SEVERE, 9, "severe") \
	X(BROKEN_WEEKS, 10, "broken_weeks") \
	X(COMPULSORY_AGE, 11, "compulsory_school_age") /* 1, 0, or unknown */ \
	X(NOTICES_3_YEARS, 12, "notices_in_3_years") /* to this action's parent, issued in the three years through the day before the anniversary, withdrawn ones not counted */ \
	X(UNAUTHORISED_SINCE, 13, "unauthorised_in_period") /* since the period of the newest deadline that watches */ \
	X(OPEN_NOTICES, 14, "notices_open") /* of this parent: issued, neither paid nor withdrawn */ \
	X(PERIOD_RUNNING, 15, "period_running") /* 1 where the day lies in a period that watches for a breach, of this parent or of none */ \
	X(SICK_DAYS, 16, "sick_days") \
	X(ATTENDED_LAST_DAY, 30, "attended_on_last_day") /* of the deadline at whose end it is asked; sessions */ \
	X(ATTENDED_IN_DEADLINE, 31, "attended_in_deadline") /* the same, from the day after its start to its last */ \
	PEOPLE_FIGURES(X)

enum figure {
#define X(name, number, text) FIGURE_##name = number,
	FIGURES(X)
#undef X
};

struct step {
	uint8_t kind, field, chosen;
	int32_t value;
};

/* `count` steps of the pathway's from `first`; count 0: always so. */
struct expression {
	uint16_t first;
	uint8_t count;
};

struct condition {
	struct slice clause;   /* "SP-09" */
	struct slice lacks;    /* what to say when it is not so */
	struct slice unknown;  /* what to say when it can't be told; empty: `lacks` */
	struct slice supplied_by; /* the action that would supply it; may be empty */
	bool bar;              /* can't be overridden */
	bool lenient;          /* a bar that only a *known* contrary raises: unknown is lacking, not barred (SP-20) */
	struct expression need;
};

enum field_type { FIELD_YES_NO = 1, FIELD_TEXT, FIELD_DATE, FIELD_NUMBER, FIELD_ONE_OF, FIELD_MONEY };

struct field_rule {
	struct slice name, title, clause;
	uint8_t type;
	bool required;
	uint8_t value_count;
	struct slice values[OUTCOMES_MAX]; /* FIELD_ONE_OF */
	struct slice value_titles[OUTCOMES_MAX]; /* what people call them; empty: as they are named */
};

enum action_effect {
	EFFECT_NONE,
	EFFECT_ISSUE_NOTICE,     /* a penalty notice to the action's parent */
	EFFECT_WITHDRAW_NOTICE,
	EFFECT_PAYMENT,          /* of that parent's notice */
	EFFECT_DECISION,         /* answers the oldest open question that allows its field `outcome` */
	EFFECT_LAST = EFFECT_DECISION,
};

/* What an action does to a deadline, or to the stage, where `when` is so before it. */
struct effect {
	uint8_t deadline;         /* index into deadlines */
	struct expression when;
};

struct move {
	uint8_t stage;            /* 1-based */
	struct expression when;
};

struct action_rule {
	struct slice name, title, clause;
	uint32_t roles;           /* bit per enum role */
	uint32_t override_roles;  /* who may override its conditions */
	bool needs_parent;
	uint8_t effect;           /* enum action_effect */
	uint8_t stage;            /* where it moves the case as a rule (the last of `moves`), 1-based; 0: stays */
	bool forward_only;        /* not back to an earlier stage than the case is in */
	bool from_receipt;        /* the deadlines that it starts count from receipt */
	uint8_t field_count, condition_count, start_count, meet_count, cancel_count, move_count;
	struct field_rule fields[FIELDS_MAX];
	struct condition conditions[CONDITIONS_MAX];
	/* meets: of a task, it is done; of a period that decides, its question is answered */
	struct effect starts[EFFECTS_MAX], meets[EFFECTS_MAX], cancels[EFFECTS_MAX];
	struct move moves[MOVES_MAX]; /* the first that holds; reaching the closed stage closes the case */
};

/* A question put at a deadline's end, where `when` is so then. */
struct question {
	struct expression when;
	struct slice text;        /* figures in braces */
	struct slice clause, source; /* what the document says of it; may be empty */
	uint8_t outcome_count;
	struct slice outcomes[OUTCOMES_MAX];
};

/* From which day a deadline's length counts. */
enum anchor {
	ANCHOR_START,       /* the day of the action that starts it, or what else does */
	ANCHOR_DONE,        /* the latest day of the action `anchor_action`, whatever starts it */
	ANCHOR_AFTER_DATE,  /* the date in the field `anchor_field` of the action that starts it */
	ANCHOR_BEFORE_DATE, /* the same, backwards: its last day lies so long before that date */
	ANCHOR_ON_DATE,     /* the same: its last day is that date, and it has no length */
	ANCHOR_LAST = ANCHOR_ON_DATE,
};

struct deadline_rule {
	struct slice name, title, clause;
	struct length length;
	uint8_t anchor;          /* enum anchor */
	uint8_t anchor_action;
	struct slice anchor_field;
	bool period;             /* runs its course: ends met. Else a task: met by an action or missed */
	bool idle;               /* a period that every action counts anew, where `idle_while` holds */
	struct expression idle_while;
	bool reminder;           /* a task of which it is only reminded at its end */
	struct expression met_if; /* of a task: holds at its end where it counts as done; count 0: never */
	uint32_t started_by;     /* bit per enum alert_kind of the watches that start it */
	uint32_t tells;          /* bit per enum role that its alerts are for; 0: all */
	uint32_t escalates_to;   /* bit per enum role that is told where it is undone at `overdue`; 0: none */
	bool per_parent;         /* one for each parent */
	struct length soon, overdue; /* count 0: not */
	uint64_t breach_codes;   /* a mark with one of these in the period is a breach; 0: no watch */
	struct slice breach_text; /* of that alert; may be empty */
	uint8_t stage_at_end;    /* the case moves to it when it falls due, 1-based; 0: stays */
	uint8_t end_start_count, end_cancel_count;
	/* What its end starts, counted from its last day (of a task: from the day on which it was done), and cancels. */
	struct effect end_starts[ENDS_MAX], end_cancels[ENDS_MAX];
	bool decides;            /* at the end a decision is put: it has questions */
	uint8_t question_count;
	struct question questions[QUESTIONS_MAX];
	struct slice text;       /* of its alerts; may be empty */
};

enum watch_type { WATCH_COUNT = 1, WATCH_RUN, WATCH_SICK, WATCH_SHARE, WATCH_STAYS };

struct watch_rule {
	uint8_t kind;             /* enum alert_kind */
	uint8_t type;
	uint64_t codes;
	uint16_t at_least;        /* sessions, or days (of one that stays: the mark's own is the first); of a share: per cent */
	uint16_t from_possible;   /* share: not before so many possible sessions */
	uint32_t tells;           /* bit per enum role that its alerts are for; 0: all */
	struct slice clause, text, text_down;
	bool new_pupils;          /* stays: only of a pupil whose marks were all of `codes` so far */
	bool once;                /* stays: not again in the school year while an alert of it stands */
	struct expression unless; /* stays: known to hold, there is nothing to say; count 0: never */
};

/* A task of a school, not of a case: task.h. */
enum recurrence { EVERY_WEEK = 1, EVERY_FORTNIGHT, EVERY_HALF_TERM, EVERY_TERM, EVERY_YEAR };

struct task_rule {
	struct slice name, title, clause;
	uint8_t every;            /* enum recurrence */
	uint8_t month;            /* of a year: 1 January; else 0 */
	uint8_t schools;          /* bit per enum school_kind that has it; 0: all */
	uint32_t roles;           /* bit per enum role that may tick it off */
	uint32_t tells;           /* bit per enum role that is reminded */
};

/* Penalty notices, first and second in the window (SP-14); amounts in pounds. */
struct notice_rule {
	uint8_t count;            /* of `steps`; 0: the pathway has no penalty notices */
	struct length window;     /* 3 years */
	struct length delivery;   /* receipt after `on`: 2 working days */
	bool from_receipt;
	struct notice_step { uint16_t reduced, full; uint8_t reduced_days, full_days; } steps[NOTICE_STEPS_MAX];
	struct slice clause;
};

/* A meeting with each school about pupils who attend little (TY-08), and what is put together for it (TY-13). */
struct meeting_list {
	struct slice name, title;
	uint8_t at_most;          /* per cent of possible sessions attended */
};

struct heading {
	struct slice name, title;
	uint32_t facts;           /* bit per enum fact_kind */
	uint8_t source_count;
	struct heading_source { struct slice action, field; } sources[HEADING_SOURCES_MAX]; /* no field: that it was recorded */
};

struct meeting_rule {
	struct slice name, title, clause;
	uint16_t at_least;        /* so many are offered to a school in a school year */
	uint16_t from_possible;   /* nobody is listed before so many possible sessions */
	uint32_t trends;          /* bit per enum fact_kind: groups whose trend is looked at */
	uint8_t list_count, heading_count;
	struct meeting_list lists[MEETING_LISTS_MAX]; /* rising by `at_most` */
	struct heading headings[HEADINGS_MAX];
};

struct pathway {
	struct slice name, title, source_name;
	uint32_t version;         /* of the load; not in the compiled bytes */
	uint8_t stage_count, deadline_count, action_count, watch_count;
	uint8_t first_stage, closed_stage; /* 1-based: before any action; after the last */
	struct slice stages[STAGES_MAX], stage_titles[STAGES_MAX];
	struct deadline_rule deadlines[DEADLINES_MAX + 1];
	struct action_rule actions[ACTIONS_MAX + 1];
	struct watch_rule watches[WATCHES_MAX];
	uint8_t task_count;
	struct task_rule tasks[TASKS_MAX];
	struct notice_rule notices;
	uint16_t step_count;
	struct step steps[STEPS_MAX];
	uint8_t meeting_count;
	struct meeting_rule meetings[MEETINGS_MAX];
	struct slice letters;     /* letter.h; empty: none */
	/* Worked out by pathway_work_out, not in the compiled bytes: */
	unsigned threshold;       /* at_least of the count watch of kind THRESHOLD; 0: none */
	uint64_t run_codes;       /* of all watches over runs of days together; never CODE_NONE */
	uint8_t share_count;
	struct share { uint8_t kind; uint16_t at_least, from_possible; } shares[WATCHES_MAX]; /* of the watches over shares */
	uint64_t breach_codes;    /* of all deadlines together: a mark that neither was nor is one of them changes no breach */
	uint32_t alert_starts;    /* `started_by` of all deadlines together */
	uint64_t day_codes;       /* of all watches that look when a day ends */
	uint16_t day_reach;       /* the most school days that one of them lets pass, the mark's own counted */
};

/* Under 1 MiB as a struct: taken from the heap by its owner. Slices point into
 * the bytes given. False where they are not a compiled pathway: whatever passes
 * is safe to run, every index in range and every expression balanced. */
bool pathway_decode(struct pathway *, struct slice compiled);
void pathway_encode(struct writer *, const struct pathway *);
/* What is asked at every mark, from the rules: part of pathway_decode. */
void pathway_work_out(struct pathway *);

/* Index, or -1. */
int pathway_action(const struct pathway *, struct slice name);
int pathway_deadline(const struct pathway *, struct slice name);
int pathway_stage(const struct pathway *, struct slice name);
int pathway_task(const struct pathway *, struct slice name);
int pathway_watch(const struct pathway *, uint8_t alert_kind);
int pathway_meeting(const struct pathway *, struct slice name);
/* The list of a meeting that a pupil is on, the one of fewest sessions attended; NULL: none. */
const struct meeting_list *meeting_list_of(const struct meeting_rule *, unsigned attended, unsigned possible);
int action_field(const struct action_rule *, struct slice name);
/* Index of a value of the field: 0 based, or -1. yes/no: 0 yes, 1 no. */
int field_value(const struct field_rule *, struct slice value);
/* Does the action answer the deadline's question, and has it that outcome among its own? */
bool action_answers(const struct action_rule *, unsigned deadline, struct slice outcome);
/* What people call an outcome of the deadline's questions, as the first action that answers with it says; empty: it has a name alone. */
struct slice pathway_outcome_title(const struct pathway *, unsigned deadline, struct slice outcome);

/* A brace of a text, without its braces: is it one that case_text() fills, or
 * (of a watch) one that watch_text() fills? */
bool pathway_brace(struct slice name, bool watch);

#endif
