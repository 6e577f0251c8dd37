/* attend digest - a mail a day to each reader: what is to be decided, overdue, due.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/digest.h"
#include "client/digest_state.h"
#include "client/file.h"
#include "client/mail.h"
#include "client/readers.h"

enum { KEY_READERS = 0x2500, KEY_FROM, KEY_STATE, KEY_DAYS, KEY_EMPTY, KEY_UPN, KEY_LINK, KEY_MAILTO, KEY_HTTPS, KEY_SENDMAIL, KEY_SMTP,
       KEY_NETRC, KEY_PLAIN, KEY_DRY_RUN, KEY_UNSUBSCRIBE, KEY_RESUBSCRIBE };
enum { DAYS = 7, DAYS_MAX = 366, READERS_SIZE_MAX = 16 << 20, MAIL_SIZE_MAX = 1 << 20, WHY_SIZE = 4500 };

struct digest_arguments {
	struct invocation invocation;
	const char *readers, *state, *mailto, *https, *sendmail, *unsubscribe, *resubscribe;
	char from_name[MAILBOX_NAME_SIZE], from[MAILBOX_ADDRESS_SIZE];
	struct smtp smtp;
	struct digest_options options;
	bool dry_run, empty;
	/* at work: */
	struct digest_state kept;
	struct attend *connection;
};

static void parse_end(struct digest_arguments *a, struct argp_state *state)
{
	bool other = a->unsubscribe || a->resubscribe;
	if (!a->state)
		argp_error(state, "--state DIR is wanted: the folder in which it remembers what was sent, and to whom no more");
	if (a->unsubscribe && a->resubscribe)
		argp_error(state, "--unsubscribe or --resubscribe, not both");
	if (other && (a->readers || a->from[0] || a->dry_run || a->smtp.url || a->invocation.json))
		argp_error(state, "--%ssubscribe goes with --state alone", a->unsubscribe ? "un" : "re");
	if (!other && (!a->readers || !a->from[0]))
		argp_error(state, "--readers FILE and --from ADDRESS are wanted");
	if (a->sendmail && a->smtp.url)
		argp_error(state, "--sendmail or --smtp, not both");
	if ((a->smtp.netrc || a->smtp.plain) && !a->smtp.url)
		argp_error(state, "--smtp-netrc and --smtp-plain go with --smtp");
	if (a->smtp.netrc && a->smtp.plain)
		argp_error(state, "a password is not sent without TLS: leave out --smtp-plain");
	if (a->dry_run && a->invocation.json)
		argp_error(state, "--dry-run prints the messages: leave out --json");
	if (!a->mailto)
		a->mailto = a->from;
	if (!a->sendmail)
		a->sendmail = "/usr/sbin/sendmail";
}

static void take_address(struct argp_state *state, const char *option, const char *argument, const char **out)
{
	const char *fault = address_fault(argument);
	if (fault)
		argp_error(state, "%s: '%s': %s", option, argument, fault);
	*out = argument;
}

static void take_days(struct argp_state *state, const char *argument, unsigned *days)
{
	uint64_t given = invocation_number(state, "--days", argument);
	if (given > DAYS_MAX)
		argp_error(state, "--days: from 0 (today) to %d", DAYS_MAX);
	*days = (unsigned)given;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct digest_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = &a->invocation; return 0;
	case KEY_READERS: a->readers = argument; return 0;
	case KEY_STATE: a->state = argument; return 0;
	case KEY_EMPTY: a->empty = true; return 0;
	case KEY_UPN: a->options.upn = true; return 0;
	case KEY_LINK: a->options.link = argument; return 0;
	case KEY_SENDMAIL: a->sendmail = argument; return 0;
	case KEY_SMTP: a->smtp.url = argument; return 0;
	case KEY_NETRC: a->smtp.netrc = argument; return 0;
	case KEY_PLAIN: a->smtp.plain = true; return 0;
	case KEY_DRY_RUN: a->dry_run = true; return 0;
	case KEY_UNSUBSCRIBE: a->unsubscribe = argument; return 0;
	case KEY_MAILTO: take_address(state, "--unsubscribe-mail", argument, &a->mailto); return 0;
	case KEY_RESUBSCRIBE: take_address(state, "--resubscribe", argument, &a->resubscribe); return 0;
	case KEY_DAYS: take_days(state, argument, &a->options.days); return 0;
	case KEY_FROM:
		if (!mailbox_parse(argument, a->from_name, a->from))
			argp_error(state, "--from: '%s' is not one address: Attendance <attendance@example.gov.uk> is", argument);
		return 0;
	case KEY_HTTPS:
		if (strncmp(argument, "https://", 8) != 0 || strpbrk(argument, "<>, \t\r\n"))
			argp_error(state, "--unsubscribe-link: an address that begins with https:// is wanted");
		a->https = argument;
		return 0;
	case ARGP_KEY_END: parse_end(a, state); return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "readers", KEY_READERS, "FILE", 0, "who: a CSV file of officer,address and, if wanted, name,school,pathway; - is standard input", 0 },
	{ "from", KEY_FROM, "ADDRESS", 0, "who sends it: Attendance <attendance@example.gov.uk>", 0 },
	{ "state", KEY_STATE, "DIR", 0, "the folder in which it remembers what was sent, and to whom no more; made where it is not there", 0 },
	{ "days", KEY_DAYS, "N", 0, "tell what is due within so many days (7)", 0 },
	{ "empty", KEY_EMPTY, NULL, 0, "send it, too, where there is nothing to tell", 0 },
	{ "upn", KEY_UPN, NULL, 0, "name pupils by their UPN, too: only where mail stays within the council", 0 },
	{ "link", KEY_LINK, "ADDRESS", 0, "what a case's address begins with: https://board.example/case/", 0 },
	{ "dry-run", KEY_DRY_RUN, NULL, 0, "print what would be sent, send nothing, remember nothing", 0 },
	{ NULL, 0, NULL, 0, "How it leaves:", 1 },
	{ "sendmail", KEY_SENDMAIL, "PROGRAM", 0, "through this program (/usr/sbin/sendmail)", 1 },
	{ "smtp", KEY_SMTP, "URL", 0, "or to this server: smtp://host:25, with STARTTLS, or smtps://host:465", 1 },
	{ "smtp-netrc", KEY_NETRC, "FILE", 0, "a netrc file with the login there", 1 },
	{ "smtp-plain", KEY_PLAIN, NULL, 0, "without TLS: a relay on this machine", 1 },
	{ NULL, 0, NULL, 0, "No more of it:", 2 },
	{ "unsubscribe-mail", KEY_MAILTO, "ADDRESS", 0, "where mails that unsubscribe go (--from's address); it must be handed to --unsubscribe -", 2 },
	{ "unsubscribe-link", KEY_HTTPS, "ADDRESS", 0, "what an address begins with whose rest, a token, is handed to --unsubscribe", 2 },
	{ "unsubscribe", KEY_UNSUBSCRIBE, "TOKEN", 0, "record that the reader of this token wants no more; - finds it in a mail on standard input", 2 },
	{ "resubscribe", KEY_RESUBSCRIBE, "ADDRESS", 0, "and that this one wants it again", 2 },
	{ 0 },
};
static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "A mail to each reader: what is to be decided, overdue and due of the cases in an officer's hands (or of one for "
	       "whom they stand in). One a day at most, however often it is run.\v"
	       "  attend digest --readers readers.csv --from 'Attendance <attendance@example.gov.uk>' --state /var/lib/attend-digest\n\n"
	       "A run that dies sends again only what it had not noted as sent. It holds case numbers, schools and what is due; no name and, "
	       "without --upn, no UPN.",
	.children = invocation_children,
};

/* ---- no more of it ---- */

static int unsubscribe(struct digest_arguments *a)
{
	char id[READER_ID_SIZE + 1], day[DATE_TEXT_SIZE + 1];
	size_t size;
	bool mail = strcmp(a->unsubscribe, "-") == 0;
	char *text = mail ? file_read("-", MAIL_SIZE_MAX, &size) : strdup(a->unsubscribe);
	bool found = text && digest_find_token(&a->kept, text, id);
	free(text);
	if (!found) {
		complain(&a->invocation, "%s", mail ? "no token of a digest stands in this mail" : "not a token of a digest that was sent with this --state");
		return 1;
	}
	day_text(day, day_of_ms((uint64_t)time(NULL) * 1000));
	if (!digest_state_set(&a->kept, "unsubscribed", id, day)) {
		complain(&a->invocation, "%s: %s", a->state, strerror(errno));
		return 1;
	}
	puts("unsubscribed: this reader gets no more digests");
	return 0;
}

static int resubscribe(struct digest_arguments *a)
{
	char id[READER_ID_SIZE + 1];
	digest_reader_id(&a->kept, a->resubscribe, id);
	bool was = digest_state_set(&a->kept, "unsubscribed", id, NULL);
	if (!was && errno != ENOENT) {
		complain(&a->invocation, "%s: %s", a->state, strerror(errno));
		return 1;
	}
	printf("%s %s\n", a->resubscribe, was ? "gets the digest again" : "had not unsubscribed");
	return 0;
}

/* ---- sending ---- */

static char *format(const char *text, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *text, ...)
{
	char *made;
	va_list arguments;
	va_start(arguments, text);
	if (vasprintf(&made, text, arguments) < 0)
		abort();
	va_end(arguments);
	return made;
}

static bool send_mail(struct digest_arguments *a, const struct mail *mail, char *why)
{
	if (a->dry_run) {
		char *message = mail_make(mail, false);
		printf("%s\n", message);
		free(message);
		return true;
	}
	return a->smtp.url ? mail_by_smtp(&a->smtp, mail, why, WHY_SIZE) : mail_by_sendmail(a->sendmail, mail, why, WHY_SIZE);
}

/* How to have no more of it: as the mail's header says it, and its text. */
struct way_out {
	char *header, *words;
};

static struct way_out way_out(const struct digest_arguments *a, const char *id)
{
	char token[READER_TOKEN_SIZE + 1];
	digest_token(&a->kept, id, token);
	if (a->https)
		return (struct way_out){
			format("<%s%s>, <mailto:%s?subject=unsubscribe%%20%s>", a->https, token, a->mailto, token),
			format("To have no more of these mails: %s%s\n", a->https, token) };
	return (struct way_out){
		format("<mailto:%s?subject=unsubscribe%%20%s>", a->mailto, token),
		format("To have no more of these mails, write to %s with this subject:\nunsubscribe %s\n", a->mailto, token) };
}

static bool send_digest(struct digest_arguments *a, const struct reader_row *reader, const char *id, const char *today,
                        const struct due *due, const struct digest *digest, const struct way_out *way, char *why)
{
	const char *domain = strchr(a->from, '@') + 1;
	char *message_id = format("attend-digest-%s-%s@%s", today, id, domain), *list_id = format("attend-digest.%s", domain);
	bool good = send_mail(a, &(struct mail){
		.from = { a->from_name, a->from }, .to = { reader->name, reader->address }, .subject = digest->subject,
		.body = digest->body, .message_id = message_id, .list_id = list_id, .list_unsubscribe = way->header,
		.one_click = a->https != NULL, .date_ms = due->now_ms }, why);
	if (good && !a->dry_run && !digest_state_set(&a->kept, "sent", id, today)) {
		snprintf(why, WHY_SIZE, "%s: %s; it was sent, and would be again", a->state, strerror(errno));
		good = false;
	}
	free(message_id);
	free(list_id);
	return good;
}

enum became { SENT, ALREADY, NOTHING, UNSUBSCRIBED, FAILED };

static enum became tell(struct digest_arguments *a, const struct reader_row *reader, const char *id, const struct due *due, char *why)
{
	char today[DATE_TEXT_SIZE + 1], day[DATE_TEXT_SIZE + 1];
	struct digest digest;
	day_text(today, due->today);
	digest_state_day(&a->kept, "sent", id, day);
	if (strcmp(day, today) == 0 && !a->dry_run)
		return ALREADY;
	struct way_out way = way_out(a, id);
	struct digest_options with = a->options;
	with.unsubscribe = way.words;
	digest_make(&digest, due, &with);
	enum became became = NOTHING;
	if (a->empty || digest.decisions || digest.overdue || digest.due)
		became = send_digest(a, reader, id, today, due, &digest, &way, why) ? SENT : FAILED;
	digest_free(&digest);
	free(way.words);
	free(way.header);
	return became;
}

static void say(const struct digest_arguments *a, const struct reader_row *reader, enum became became, const char *why)
{
	static const char *const names[] = { "sent", "already", "nothing", "unsubscribed", "failed" };
	static const char *const words[] = { "sent", "had today's already", "nothing to tell", "unsubscribed" };
	if (became == FAILED)
		complain(&a->invocation, "%s: %s", reader->address, why);
	if (a->invocation.json) {
		json_t *line = json_pack("{s:s,s:s,s:s}", "officer", reader->officer, "address", reader->address, "status", names[became]);
		print_json(line);
		json_decref(line);
	} else if (became != FAILED) {
		fprintf(a->dry_run ? stderr : stdout, "%s: %s\n", reader->address, a->dry_run && became == SENT ? "would be sent" : words[became]);
	}
}

/* The exit status. */
static int serve(struct digest_arguments *a, const struct reader_row *reader)
{
	struct due_filter filter = { .officer = reader->officer, .school = reader->school, .pathway = reader->pathway };
	char id[READER_ID_SIZE + 1], day[DATE_TEXT_SIZE + 1], why[WHY_SIZE] = "";
	enum became became = UNSUBSCRIBED;
	struct due due;
	digest_reader_id(&a->kept, reader->address, id);
	digest_state_day(&a->kept, "unsubscribed", id, day);
	if (!day[0]) {
		int status = due_ask(&a->invocation, a->connection, &filter, &due);
		if (status) {
			complain(&a->invocation, "%s: line %llu: not told: %s", a->readers, (unsigned long long)reader->line, reader->address);
			return status;
		}
		became = tell(a, reader, id, &due, why);
		due_free(&due);
	}
	say(a, reader, became, why);
	return became == FAILED ? 1 : 0;
}

static void refuse(void *context, uint64_t line, const char *field, const char *reason)
{
	const struct digest_arguments *a = context;
	if (line)
		complain(&a->invocation, "%s: line %llu: %s: %s", a->readers, (unsigned long long)line, field, reason);
	else
		complain(&a->invocation, "%s: %s: %s", a->readers, field, reason);
}

/* Nobody is written to where the file is not right: a row that was meant for somebody may be that one. */
static int send_all(struct digest_arguments *a)
{
	struct readers readers = { NULL, 0 };
	size_t size;
	int status = 0;
	char *text = file_read(a->readers, READERS_SIZE_MAX, &size);
	if (!text) {
		complain(&a->invocation, "%s: %s", a->readers, strerror(errno));
		return 2;
	}
	if (!readers_read(&readers, text, size, refuse, a)) {
		status = 1;
	} else {
		a->connection = invocation_open(&a->invocation, 0);
		status = a->connection ? 0 : 2;
		for (size_t i = 0; a->connection && i < readers.count && !interrupted && status < 2; i++) {
			int one = serve(a, &readers.rows[i]);
			status = one > status ? one : status;
		}
		attend_close(&a->connection);
	}
	free(text);
	readers_free(&readers);
	return interrupted ? 130 : status;
}

int command_digest(int argc, char **argv)
{
	struct digest_arguments a = { .options.days = DAYS };
	char why[WHY_SIZE];
	invocation_parse(&argp, argc, argv, &a.invocation, &a);
	catch_signals();
	int status = 2;
	if (!digest_state_open(&a.kept, a.state, why, sizeof why))
		complain(&a.invocation, "%s", why);
	else
		status = a.unsubscribe ? unsubscribe(&a) : a.resubscribe ? resubscribe(&a) : send_all(&a);
	digest_state_close(&a.kept);
	return status;
}
