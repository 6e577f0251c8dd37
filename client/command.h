/* command.h - what `attend` can do: one list, for the help and for running.
 *
 * A command is given its own arguments, argv[0] being "attend NAME", and returns
 * the exit status: 0 done, 1 refused, 2 wrong use, 3 the daemon can't be reached.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_COMMAND_H
#define CLIENT_COMMAND_H

/*  name, function, what it does; grouped by who uses them, GROUP naming the group */
#define COMMANDS_OF_ATTEND(GROUP, X) \
	GROUP("Schools and their connectors") \
	X("push", command_push, "marks from CSV or JSON lines") \
	X("spool", command_spool, "what waits in an outbox, and what was refused") \
	X("roster", command_roster, "pupils and parents from CSV") \
	X("school", command_school, "says what a school is, and shows it with its recurring tasks") \
	X("task", command_task, "a school's recurring tasks: lists them, ticks one off") \
	GROUP("Officers") \
	X("pupil", command_pupil, "a pupil's attendance figures") \
	X("case", command_case, "a case: its stage, deadlines and what is next") \
	X("actions", command_actions, "what may be recorded next, and what each step still lacks") \
	X("act", command_act, "records an action") \
	X("people", command_people, "who and what stands round a pupil: facts, parents, siblings") \
	X("fact", command_fact, "records something known of a pupil from a day on") \
	X("link", command_link, "records siblings, or a parent that two pupils have in common") \
	X("cover", command_cover, "names who stands in for an officer who is away") \
	X("report", command_report, "broken weeks, persistent absence, attendance, groups ... of many pupils") \
	X("offer", command_offer, "records that a meeting was offered to a school") \
	X("letter", command_letter, "a letter or form, filled from the case's own figures") \
	X("feed", command_feed, "deadlines as a calendar that Outlook and Thunderbird subscribe to") \
	X("digest", command_digest, "a mail a day to each officer: what is to be decided, overdue, due") \
	X("deadlines", command_deadlines, "open deadlines in the order in which they fall due") \
	X("alerts", command_alerts, "all alerts so far") \
	X("watch", command_watch, "alerts as they come") \
	X("ack", command_ack, "marks an alert as dealt with") \
	X("board", command_board, "serves the officers' web page") \
	X("board-link", command_board_link, "a link that signs you in there, once") \
	X("calendar", command_calendar, "term dates, closures and INSET days from .ics or CSV") \
	GROUP("Auditors and managers") \
	X("log", command_log, "the events themselves") \
	X("checkpoint", command_checkpoint, "the signed head of the log") \
	X("prove", command_prove, "that an event stands in the log, or that the log only grew") \
	GROUP("Administrators") \
	X("keygen", command_keygen, "makes an identity and prints its public key") \
	X("grant", command_grant, "lets a key in, with a role") \
	X("revoke", command_revoke, "takes a key's access away") \
	X("pathway", command_pathway, "checks, draws, loads, lists and shows pathways") \
	X("clock", command_clock, "moves a manual clock, or confirms a held one") \
	X("health", command_health, "whether what is acknowledged is durable; says what is wrong") \
	X("stats", command_stats, "counters and gauges") \
	X("exporter", command_exporter, "serves them to Prometheus") \
	X("backup", command_backup, "a hot copy that attendd restore makes a store of") \
	X("whoami", command_whoami, "the daemon that answers, and who you are to it")

typedef int command_run(int argc, char **argv);

#define COMMANDS_GROUP(title)
#define COMMANDS_DECLARE(name, function, summary) command_run function;
COMMANDS_OF_ATTEND(COMMANDS_GROUP, COMMANDS_DECLARE)
#undef COMMANDS_DECLARE
#undef COMMANDS_GROUP

/* The name nearest to a word that is none of the commands; NULL: none is near. */
const char *command_nearest(const char *word);
/* How many letters must be added, dropped, changed or swapped to make one of the other; at most
 * 63 letters are looked at. */
unsigned letters_apart(const char *a, const char *b);

#endif
