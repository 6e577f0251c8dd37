/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine_sick.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define WEEK(code, upn) "['2026-09-07','AM',[['" upn "','" code "']]],['2026-09-07','PM',[['" upn "','" code "']]]," \
	"['2026-09-08','AM',[['" upn "','" code "']]],['2026-09-08','PM',[['" upn "','" code "']]]," \
	"['2026-09-09','AM',[['" upn "','" code "']]],['2026-09-09','PM',[['" upn "','" code "']]]," \
	"['2026-09-10','AM',[['" upn "','" code "']]],['2026-09-10','PM',[['" upn "','" code "']]]," \
	"['2026-09-11','AM',[['" upn "','" code "']]],['2026-09-11','PM',[['" upn "','" code "']]]"

const struct sick_step sick_steps[] = {
	{OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-10-23','term','Autumn 1'],['2026-11-02','2026-12-18','term','Autumn 2'],"
				    "['2027-01-04','2027-03-25','term','Spring']]}"},
	{OFFICER, COMMAND_CALENDAR, "{'urn':'" OTHER_URN "','rows':[['2026-09-02','2026-12-18','term','Autumn']]}"},
	{ADMIN, COMMAND_PATHWAY, "pathways/south-tyneside.yaml"},
	{OFFICER, COMMAND_ROSTER, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'@1','surname':'Ash','forename':'Jo','birth_date':'2014-05-01','year_group':'7',"
				  "'groups':'fsm;eal','send':'E','parents':[{'id':'p1','name':'Mr Ash','address':'1 High St'},{'id':'p2','name':'Ms Oak'}]},"
				  "{'upn':'@2','surname':'Elm','year_group':'7','parents':[{'id':'p1','name':'Mr Elm'}]},{'upn':'@3','surname':'Fir'}]}"},
	{CONNECTOR, COMMAND_MARKS, "{'urn':'" SCHOOL_URN "','registers':[" WEEK("O", "@1") "," WEEK("O", "@2") "," WEEK("/", "@3") "]}"},
	{OFFICER, COMMAND_MARKS, "{'urn':'" OTHER_URN "','registers':[" WEEK("O", "@4") "]}"},
	{OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','kinds':['primary']}"},
	{SCHOOL, COMMAND_ACTION, "{'upn':'@1','action':'contact','on':'2026-09-11','fields':{'reached':'yes','barriers':'bus'}}"},
	{OFFICER, COMMAND_ACTION, "{'upn':'@1','action':'notice-to-improve','on':'2026-09-14','parent':'p1','override':'agreed'}"},
	{OFFICER, COMMAND_FACT, "{'upn':'@1','fact':'looked-after','since':'2026-09-01','text':'since the summer'}"},
	{OFFICER, COMMAND_LINK, "{'upn':'@1','parent':'p1','other':'@2','other_parent':'p1'}"},
	{OFFICER, COMMAND_LINK, "{'upn':'@1','other':'@3'}"},
	{ADMIN, COMMAND_CHOOSE, "{'urn':'" OTHER_URN "','pathway':'south-tyneside'}"},
	{OFFICER, COMMAND_OFFER, "{'urn':'" OTHER_URN "','on':'2026-09-14'}"},
	{OFFICER, COMMAND_ACTION, "{'upn':'@4','action':'contact','on':'2026-09-11','override':'r'}"},
	{MANAGER, COMMAND_COVER, "{'officer':'officer','cover':'manager','until':'2026-09-18'}"},
	{SCHOOL, COMMAND_TASK, "{'urn':'" SCHOOL_URN "','task':'attendance-display'}"},
	{ADMIN, COMMAND_CLOCK, "{'to':'2026-09-15T16:00:00Z'}"},
	{CONNECTOR, COMMAND_MARKS, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-15','AM',[['@1','O'],['@2','/'],['@3','L',{'minutes_late':4,'comment':'late bus'}],"
				   "['@3','QQ']]]]}"},
	{ADMIN, COMMAND_CLOCK, "{'to':'2026-09-16T09:00:00Z'}"},
	{CONNECTOR, COMMAND_MARKS, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-15','AM',[['@1','I']]]]}"},
	{OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-10-23','term','Autumn 1'],['2026-11-02','2026-12-18','term','Autumn 2'],"
				    "['2027-01-04','2027-03-25','term','Spring'],['2026-09-18','2026-09-18','closure','flood']]}"},
	{OFFICER, COMMAND_ACKNOWLEDGE, "{'alert':@a}"},
	{ADMIN, COMMAND_CLOCK, "{'to':'2026-10-20T09:00:00Z'}"},
	{OFFICER, COMMAND_MARKS, "{'urn':'" OTHER_URN "','registers':[['2026-10-20','AM',[['@3','O'],['@1','/']]]]}"},
	{MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'stockport','reason':'the newest'}"},
	{OFFICER, COMMAND_ACTION, "{'upn':'@1','action':'decision','fields':{'outcome':'issue','reasons':'none better'},'override':'r'}"},
	{OFFICER, COMMAND_ACTION, "{'upn':'@1','action':'penalty-notice','parent':'p1','override':'r','fields':{'reason':'notice-to-improve'}}"},
	{ADMIN, COMMAND_GRANT, "{'key':'@s','role':'officer','name':'K. Low'}"},
	{ADMIN, COMMAND_REVOKE, "{'key':'@s'}"},
	{OFFICER, COMMAND_ACTION, "{'upn':'@4','action':'close','override':'r','fields':{'reason':'moved away'}}"},
};
const unsigned sick_step_count = sizeof sick_steps / sizeof *sick_steps;

const struct sick_question sick_questions[] = {
	{OFFICER, "{'what':'pupil','upn':'@1'}"}, {OFFICER, "{'what':'pupil','upn':'@1','as_of':'2026-09-15'}"},
	{OFFICER, "{'what':'pupil','upn':'@3'}"}, {SCHOOL, "{'what':'pupil','upn':'@2'}"},
	{OFFICER, "{'what':'marks','upn':'@1'}"}, {OFFICER, "{'what':'marks','upn':'@1','as_of':'2026-09-15T18:00:00Z'}"},
	{OFFICER, "{'what':'case','case':'C1'}"}, {OFFICER, "{'what':'case','upn':'@1','as_of':'2026-09-14'}"},
	{OFFICER, "{'what':'case','case':'C2'}"}, {LEAD, "{'what':'case','case':'C1'}"}, {LEAD, "{'what':'deadlines'}"}, {LEAD, "{'what':'alerts'}"},
	{OFFICER, "{'what':'actions','upn':'@1'}"}, {OFFICER, "{'what':'actions','upn':'@4'}"}, {SCHOOL, "{'what':'actions','upn':'@2'}"},
	{OFFICER, "{'what':'deadlines'}"}, {OFFICER, "{'what':'deadlines','since':'2026-09-01'}"}, {OFFICER, "{'what':'deadlines','officer':'officer'}"},
	{OFFICER, "{'what':'deadlines','limit':1}"}, {SCHOOL, "{'what':'deadlines','before':'2026-12-01'}"},
	{OFFICER, "{'what':'alerts'}"}, {OFFICER, "{'what':'alerts','officer':'manager','limit':2}"}, {SCHOOL, "{'what':'alerts'}"}, {ADMIN, "{'what':'alerts'}"},
	{OFFICER, "{'what':'log','limit':1000}"}, {OFFICER, "{'what':'log','case':'C1'}"}, {OFFICER, "{'what':'log','upn':'@1','limit':3}"},
	{AUDITOR, "{'what':'prove','seq':7}"}, {AUDITOR, "{'what':'consistency','first':3,'second':12}"},
	{OFFICER, "{'what':'pathways'}"}, {OFFICER, "{'what':'pathway','name':'south-tyneside'}"}, {OFFICER, "{'what':'pathway','name':'stockport','version':1}"},
	{OFFICER, "{'what':'calendar'}"}, {OFFICER, "{'what':'calendar','urn':'" OTHER_URN "'}"},
	{OFFICER, "{'what':'schools'}"}, {OFFICER, "{'what':'schools','urn':'" SCHOOL_URN "'}"},
	{OFFICER, "{'what':'people','upn':'@1'}"}, {OFFICER, "{'what':'people','upn':'@2','as_of':'2026-09-15'}"}, {OFFICER, "{'what':'people','upn':'@3'}"},
	{OFFICER, "{'what':'letter','upn':'@1'}"}, {OFFICER, "{'what':'letter','case':'C1','letter':'general'}"},
	{OFFICER, "{'what':'letter','case':'C1','letter':'stage-2','fields':{'from':'Mrs Hart'}}"}, {OFFICER, "{'what':'letter','upn':'@4'}"},
	{OFFICER, "{'what':'today'}"}, {OFFICER, "{'what':'today','officer':'officer','limit':3}"}, {SCHOOL, "{'what':'today'}"},
	{OFFICER, "{'what':'today','as_of':'2026-09-15'}"}, {OFFICER, "{'what':'today','kind':'threshold'}"},
	{OFFICER, "{'what':'year','upn':'@1'}"}, {OFFICER, "{'what':'year','upn':'@1','as_of':'2026-09-15'}"},
	{OFFICER, "{'what':'school','urn':'" SCHOOL_URN "'}"}, {OFFICER, "{'what':'school','urn':'" SCHOOL_URN "','as_of':'2026-09-15'}"},
	{SCHOOL, "{'what':'school','urn':'" SCHOOL_URN "'}"},
	{OFFICER, "{'what':'authority'}"}, {OFFICER, "{'what':'authority','as_of':'2026-09-15'}"}, {SCHOOL, "{'what':'authority'}"},
	{OFFICER, "{'what':'timeline','case':'C1'}"}, {OFFICER, "{'what':'timeline','upn':'@1','as_of':'2026-09-15'}"},
	{OFFICER, "{'what':'covers'}"},
	{OFFICER, "{'what':'report','of':'pupils','first':'2026-09-01','last':'2026-10-20'}"},
	{OFFICER, "{'what':'report','of':'pupils','school':'" SCHOOL_URN "'}"},
	{OFFICER, "{'what':'report','of':'notices'}"}, {OFFICER, "{'what':'report','of':'deadlines','first':'2026-09-01','last':'2026-12-20'}"},
	{OFFICER, "{'what':'report','of':'schools'}"}, {OFFICER, "{'what':'report','of':'meeting','school':'" OTHER_URN "'}"},
	{MANAGER, "{'what':'stats'}"},
};
const unsigned sick_question_count = sizeof sick_questions / sizeof *sick_questions;

void sick_make(struct host *h)
{
	host_make(h, &(struct host_options){.start = "2026-09-14T16:00:00Z", .manual_clock = true});
	host_grant(h, OFFICER, "officer", ",'name':'officer'");
	host_grant(h, MANAGER, "manager", ",'name':'manager'");
}

/* @1 to @4 are UPNs, @s the spare key, @a the first alert that there is. */
void sick_expand(struct host *h, char *room, size_t size, const char *json)
{
	size_t at = 0;

	for (; *json; json++) {
		char text[64] = {*json, '\0'};

		if (*json == '@') {
			json++;
			if (*json == 's')
				host_key_text(text, SPARE);
			else if (*json == 'a')
				snprintf(text, sizeof text, "%llu",
					 (unsigned long long)number_of(host_ask(h, OFFICER, COMMAND_QUERY, "{'what':'alerts'}")->text, "alert"));
			else
				host_upn(text, (unsigned)(*json - '0'));
		}
		at += (size_t)snprintf(room + at, size - at, "%s", text);
		assert_true(at < size);
	}
}

struct slice sick_frame(struct host *h, unsigned step)
{
	static char json[8192];
	uint8_t id[UUID_SIZE];
	struct slice body, frame;

	h->ids = 1000 + step;
	if (sick_steps[step].command == COMMAND_PATHWAY)
		return host_pathway_file(h, sick_steps[step].json, NULL, NULL);
	sick_expand(h, json, sizeof json, sick_steps[step].json);
	h->ids = 1000 + step;
	host_id(h, id);
	body = host_msgpack(json);
	frame = host_frame_of(sick_steps[step].command, id, body);
	free((void *)(uintptr_t)body.bytes);
	return frame;
}

void sick_put(struct host *h, unsigned question)
{
	static char json[1024];

	sick_expand(h, json, sizeof json, sick_questions[question].json);
	host_put(h, sick_questions[question].who, COMMAND_QUERY, NULL, "%s", json);
}

const struct answer *sick_ask(struct host *h, unsigned question)
{
	host_begin(h);
	sick_put(h, question);
	host_commit(h);
	return host_first(h);
}

unsigned sick_some;

const struct answer *sick_step(struct host *h, unsigned step)
{
	struct slice frame = sick_frame(h, step);
	const struct answer *a = host_frame(h, sick_steps[step].who, frame);

	free((void *)(uintptr_t)frame.bytes);
	return a;
}

void sick_make_whole(struct host *h)
{
	sick_make(h);
	for (unsigned i = 0; i < sick_step_count; i++) {
		const struct answer *a = sick_step(h, i);

		if (getenv("ATTEND_SHOW"))
			print_message("step %u: %u %s\n", i, a->status, a->text);
		if (a->status != STATUS_OK && a->status != STATUS_PARTIAL)
			fail_msg("step %u, %s: %u %s", i, sick_steps[i].json, a->status, a->text);
		host_turns(h);
	}
}

char *sick_answers(struct host *h)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (unsigned i = 0; i < sick_question_count; i += sick_some ? sick_some : 1) {
		const struct answer *a;

		/* the proofs and the counters are not the same of a store that was made anew */
		if (strstr(sick_questions[i].json, "'prove'") || strstr(sick_questions[i].json, "'consistency'") || strstr(sick_questions[i].json, "'stats'"))
			continue;
		a = sick_ask(h, i);
		fprintf(out, "%s %u %s\n", sick_questions[i].json, a->status, a->text);
	}
	fclose(out);
	return text;
}

void sick_copy(const char *from, const char *to)
{
	DIR *folder = opendir(from);
	struct dirent *entry;
	static uint8_t room[1 << 16];

	assert_non_null(folder);
	mkdir(to, 0700);
	while ((entry = readdir(folder))) {
		int in = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC), out;
		char path[600];
		struct stat status;
		ssize_t n;

		assert_true(in >= 0 && fstat(in, &status) == 0);
		if (S_ISREG(status.st_mode)) {
			snprintf(path, sizeof path, "%s/%s", to, entry->d_name);
			out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, status.st_mode & 0777);
			assert_true(out >= 0);
			while ((n = read(in, room, sizeof room)) > 0)
				assert_int_equal(write(out, room, (size_t)n), n);
			close(out);
		}
		close(in);
	}
	closedir(folder);
}
