/* What is not well asked or not well submitted, field by field: refused with the field's name and a reason, and without a
 * trace. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_sick.h"

static struct host h;

#define D50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define D250 D50 D50 D50 D50 D50
#define D4000 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250
#define PARENT "{'id':'p1','name':'N'}"
#define PARENTS4 PARENT "," PARENT "," PARENT "," PARENT
#define PARENTS16 PARENTS4 "," PARENTS4 "," PARENTS4 "," PARENTS4
#define D5000 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250 D250

static const struct {
	enum who who;
	uint8_t command;
	unsigned status;
	const char *says, *json;
} rows[] = {
	/* ---- questions ---- */
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "takes what, case, upn, as_of\",\"field\":\"as_off\"", "{'what':'case','case':'C1','as_off':'2026-09-14'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "\"field\":\"urm\"", "{'what':'calendar','urm':'" OTHER_URN "'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "takes what\",\"field\":\"as_of\"", "{'what':'pathways','as_of':3}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "as_of", "{'what':'authority','as_of':'never'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "as_of", "{'what':'school','urn':'" SCHOOL_URN "','as_of':true}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "as_of", "{'what':'case','case':'C1','as_of':'2026-13-01'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "as_of", "{'what':'people','upn':'@1','as_of':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "as_of", "{'what':'timeline','case':'C1','as_of':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "as_of", "{'what':'pupil','upn':'@1','as_of':-1}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "as_of", "{'what':'year','upn':'@1','as_of':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "urn", "{'what':'school','urn':'12345'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "first", "{'what':'report','of':'pupils','first':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "last", "{'what':'report','of':'pupils','last':'2026-02-30'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "before the first day", "{'what':'report','of':'pupils','first':'2026-09-10','last':'2026-09-09'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "school", "{'what':'report','of':'pupils','school':'12'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "of", "{'what':'report','of':'nothing'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "from", "{'what':'report','of':'pupils','from':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "before", "{'what':'deadlines','before':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "since", "{'what':'deadlines','since':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "officer", "{'what':'deadlines','officer':'nobody'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "a number is wanted", "{'what':'deadlines','limit':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "a number is wanted", "{'what':'alerts','from':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "a number is wanted", "{'what':'log','from':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "a number is wanted", "{'what':'schools','limit':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_NOT_FOUND, "urn", "{'what':'schools','urn':'999999'}"},
	{OFFICER, COMMAND_QUERY, STATUS_NOT_FOUND, "case", "{'what':'case','case':'C99'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "case", "{'what':'case','case':'99'}"},
	{OFFICER, COMMAND_QUERY, STATUS_NOT_FOUND, "case", "{'what':'timeline','case':'C99'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "upn", "{'what':'pupil','upn':'B80120000500'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "upn", "{'what':'pupil','upn':7}"},
	{SCHOOL, COMMAND_QUERY, STATUS_NOT_FOUND, "upn", "{'what':'pupil','upn':'@4'}"},
	{OFFICER, COMMAND_QUERY, STATUS_NOT_FOUND, "name", "{'what':'pathway','name':'nowhere'}"},
	{OFFICER, COMMAND_QUERY, STATUS_NOT_FOUND, "", "{'what':'pathway','name':'stockport','version':9}"},
	{OFFICER, COMMAND_QUERY, STATUS_NOT_FOUND, "letter", "{'what':'letter','case':'C1','letter':'nothing'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "at most 32 texts", "{'what':'letter','case':'C1','letter':'stage-2','fields':7}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "4,096 bytes", "{'what':'letter','case':'C1','letter':'stage-2','fields':{'from':'" D5000 "'}}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "parent's id", "{'what':'letter','case':'C1','letter':'stage-2','parent':7}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "parent's id", "{'what':'letter','case':'C1','letter':'stage-2','parent':'7'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "no such parent", "{'what':'letter','case':'C1','letter':'stage-2','parent':'p9'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "stage", "{'what':'cases','stage':7}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "six digits", "{'what':'cases','urn':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "as_of", "{'what':'cases','as_of':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "a number is wanted", "{'what':'cases','from':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "a number is wanted", "{'what':'names','name':'ash','from':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "beginnings", "{'what':'names','name':' , '}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "beginnings", "{'what':'names','name':'\xcc\x81'}"}, /* an accent over nothing begins every name */
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "beginnings", "{'what':'names','name':'" D250 "'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "beginnings", "{'what':'names','name':7}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "a number is wanted", "{'what':'timeline','case':'C1','from':'x'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "officer", "{'what':'today','officer':7}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "limit", "{'what':'today','limit':501}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "kind of alert", "{'what':'today','kind':'party'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "what", "{'what':'nonsense'}"},
	{OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "limit", "{'what':'today','limit':0}"},
	{AUDITOR, COMMAND_QUERY, STATUS_NOT_FOUND, "seq", "{'what':'prove','seq':0}"},
	{AUDITOR, COMMAND_QUERY, STATUS_NOT_FOUND, "seq", "{'what':'prove','seq':999999}"},
	{AUDITOR, COMMAND_QUERY, STATUS_BAD_FIELD, "", "{'what':'consistency','first':9,'second':3}"},
	{MANAGER, COMMAND_QUERY, STATUS_BAD_FIELD, "source", "{'what':'try','source':'x','trial':1}"},
	{MANAGER, COMMAND_QUERY, STATUS_NOT_FOUND, "", "{'what':'try','trial':77}"},
	{ADMIN, COMMAND_QUERY, STATUS_BAD_FIELD, "offset", "{'what':'backup','offset':'x'}"},
	{ADMIN, COMMAND_QUERY, STATUS_NOT_FOUND, "", "{'what':'backup','offset':5}"},
	{OFFICER, COMMAND_SUBSCRIBE, STATUS_BAD_FIELD, "what", "{'what':'cases','credit':1}"},
	{OFFICER, COMMAND_SUBSCRIBE, STATUS_BAD_FIELD, "officer", "{'what':'log','credit':1,'officer':'officer'}"},
	{OFFICER, COMMAND_SUBSCRIBE, STATUS_BAD_FIELD, "case", "{'what':'log','credit':1,'case':'x'}"},
	{OFFICER, COMMAND_SUBSCRIBE, STATUS_BAD_FIELD, "upn", "{'what':'log','credit':1,'upn':'x'}"},
	{OFFICER, COMMAND_SUBSCRIBE, STATUS_BAD_FIELD, "credit", "{'what':'log','credit':'x'}"},
	{OFFICER, COMMAND_SUBSCRIBE, STATUS_BAD_FIELD, "cursor", "{'what':'log','credit':1,'cursor':'" D250 "'}"},
	{SCHOOL, COMMAND_SUBSCRIBE, STATUS_FORBIDDEN, "what", "{'what':'log','credit':1}"},
	{OFFICER, COMMAND_CURSOR, STATUS_BAD_FIELD, "cursor", "{'cursor':'','position':1}"},
	{OFFICER, COMMAND_CURSOR, STATUS_BAD_FIELD, "position", "{'cursor':'x','position':'x'}"},
	{OFFICER, COMMAND_CURSOR, STATUS_BAD_FIELD, "beyond the head", "{'cursor':'x','position':999999}"},
	{OFFICER, COMMAND_CURSOR, STATUS_BAD_FIELD, "is wanted", "{'cursor':'x','position':1,'colour':'x'}"},
	{OFFICER, COMMAND_SUBSCRIBE, STATUS_BAD_FIELD, "at most 63 bytes", "{'what':'alerts','credit':1,'officer':'" D250 "'}"},
	{OFFICER, COMMAND_SUBSCRIBE, STATUS_BAD_FIELD, "from", "{'what':'alerts','credit':1,'from':'x'}"},
	{OFFICER, COMMAND_CURSOR, STATUS_BAD_FIELD, "{cursor, position}", "{'cursor':'x'}"},
	{OFFICER, COMMAND_CURSOR, STATUS_BAD_FIELD, "{cursor, position}", "{'cursor':'x','forget':false}"},
	{OFFICER, COMMAND_CURSOR, STATUS_BAD_FIELD, "{cursor, position}", "{'cursor':'x','position':1,'forget':true}"},
	{OFFICER, COMMAND_HELLO, STATUS_BAD_BODY, "", "{'protocol':1}"},
	{OFFICER, COMMAND_UNSUBSCRIBE, STATUS_BAD_BODY, "", "{'what':'log'}"},
	/* ---- submissions ---- */
	{OFFICER, COMMAND_ACKNOWLEDGE, STATUS_BAD_FIELD, "alert", "{'alert':'x'}"},
	{OFFICER, COMMAND_ACKNOWLEDGE, STATUS_NOT_FOUND, "alert", "{'alert':999999}"},
	{OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "from, to, kind, name", "{'rows':[['2026-09-02']]}"},
	{OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "from", "{'rows':[['x','2026-12-18','term','A']]}"},
	{OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "to", "{'rows':[['2026-09-02','2026-02-30','term','A']]}"},
	{OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "kind", "{'rows':[['2026-09-02','2026-12-18','party','A']]}"},
	{OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "200 bytes", "{'rows':[['2026-09-02','2026-12-18','term','" D250 "']]}"},
	{OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "urn", "{'urn':'x','rows':[]}"},
	{OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "1 to 512 rows", "{'rows':[]}"},
	{OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "a row is", "{'rows':[7]}"},
	{OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "200 bytes", "{'rows':[['2026-09-02','2026-12-18','term',7]]}"},
	{ADMIN, COMMAND_PATHWAY, STATUS_BAD_FIELD, "is wanted", "{'source':7}"},
	{ADMIN, COMMAND_PATHWAY, STATUS_BAD_FIELD, "is wanted", "{'source':'x','colour':'x'}"},
	{ADMIN, COMMAND_PATHWAY, STATUS_BAD_FIELD, "stages", "{'source':'x','stages':7}"},
	{ADMIN, COMMAND_PATHWAY, STATUS_BAD_FIELD, "stages", "{'source':'x','stages':{'':'x'},'reason':'r'}"},
	{ADMIN, COMMAND_PATHWAY, STATUS_BAD_FIELD, "deadlines", "{'source':'x','deadlines':{'x':'" D50 "'},'reason':'r'}"},
	{ADMIN, COMMAND_PATHWAY, STATUS_BAD_FIELD, "deadlines", "{'source':'x','deadlines':{'x':7},'reason':'r'}"},
	{ADMIN, COMMAND_PATHWAY, STATUS_BAD_FIELD, "why the case is moved", "{'source':'x','deadlines':{'x':null}}"},
	{ADMIN, COMMAND_PATHWAY, STATUS_BAD_FIELD, "why the case is moved", "{'source':'x','stages':{'x':'y'},'reason':'" D5000 "'}"},
	{OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "", "{'rows':7}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "key", "{'key':'x','role':'officer'}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "role", "{'key':'@s','role':'king'}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "63 bytes", "{'key':'@s','role':'officer','name':'" D250 "'}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "schools", "{'key':'@s','role':'school','schools':['x']}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "schools", "{'key':'@s','role':'school','schools':7}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "at least one school", "{'key':'@s','role':'school'}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "cases", "{'key':'@s','role':'lead','cases':['x']}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "cases", "{'key':'@s','role':'lead','cases':['C1x']}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "cases", "{'key':'@s','role':'lead','cases':['C01']}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "cases", "{'key':'@s','role':'lead','cases':['C0']}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "cases", "{'key':'@s','role':'lead','cases':['C4294967296']}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "cases", "{'key':'@s','role':'lead','cases':[7]}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "63 bytes", "{'key':'@s','role':'officer','name':7}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "none of its own", "{'key':'@s','role':'board','cases':['C1']}"},
	{ADMIN, COMMAND_REVOKE, STATUS_NOT_FOUND, "no grant stands", "{'key':'@s'}"},
	{ADMIN, COMMAND_REVOKE, STATUS_BAD_FIELD, "key", "{'key':'@s','colour':'x'}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "none of its own", "{'key':'@s','role':'board','schools':['" SCHOOL_URN "']}"},
	{ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "is wanted", "{'key':'@s','role':'officer','colour':'x'}"},
	{ADMIN, COMMAND_REVOKE, STATUS_BAD_FIELD, "key", "{'key':7}"},
	{OFFICER, COMMAND_ACTION, STATUS_BAD_BODY, "is wanted", "{'upn':'@1','action':'note','colour':'x'}"},
	{OFFICER, COMMAND_ACTION, STATUS_BAD_FIELD, "upn", "{'upn':7,'action':'note'}"},
	{OFFICER, COMMAND_ACTION, STATUS_BAD_FIELD, "upn", "{'upn':'x','action':'note'}"},
	{OFFICER, COMMAND_ACTION, STATUS_BAD_FIELD, "name of an action", "{'upn':'@1','action':7}"},
	{OFFICER, COMMAND_ACTION, STATUS_BAD_FIELD, "on", "{'upn':'@1','action':'note','on':'x'}"},
	{OFFICER, COMMAND_ACTION, STATUS_BAD_FIELD, "a map of at most 32 texts", "{'upn':'@1','action':'note','fields':7}"},
	{OFFICER, COMMAND_ACTION, STATUS_BAD_FIELD, "override", "{'upn':'@1','action':'note','override':7}"},
	{OFFICER, COMMAND_ACTION, STATUS_BAD_FIELD, "override", "{'upn':'@1','action':'note','override':'" D5000 "'}"},
	{OFFICER, COMMAND_ACTION, STATUS_BAD_FIELD, "parent", "{'upn':'@1','action':'note','parent':'7'}"},
	{OFFICER, COMMAND_ACTION, STATUS_BAD_FIELD, "case", "{'upn':'@1','action':'note','case':'x'}"},
	{OFFICER, COMMAND_ACTION, STATUS_BAD_FIELD, "case", "{'upn':'@1','action':'note','case':7}"},
	{OFFICER, COMMAND_ACTION, STATUS_NOT_FOUND, "open case", "{'upn':'@1','action':'note','case':'C2'}"},
	{MANAGER, COMMAND_COVER, STATUS_BAD_FIELD, "no officer or manager", "{'officer':'@s','cover':'manager','until':'2026-12-01'}"},
	{MANAGER, COMMAND_COVER, STATUS_BAD_FIELD, "who stands in", "{'officer':'officer','cover':7,'until':'2026-12-01'}"},
	{MANAGER, COMMAND_COVER, STATUS_BAD_FIELD, "who stands in", "{'officer':'officer','until':'2026-12-01'}"},
	{MANAGER, COMMAND_COVER, STATUS_BAD_FIELD, "somebody else", "{'officer':'officer','cover':'officer','until':'2026-12-01'}"},
	{MANAGER, COMMAND_COVER, STATUS_BAD_FIELD, "before the first day", "{'officer':'officer','cover':'manager','from':'2026-12-02','until':'2026-12-01'}"},
	{MANAGER, COMMAND_COVER, STATUS_BAD_FIELD, "in the past", "{'officer':'officer','cover':'manager','from':'2026-09-01','until':'2026-09-02'}"},
	{MANAGER, COMMAND_COVER, STATUS_BAD_FIELD, "more than a year", "{'officer':'officer','cover':'manager','until':'2028-12-01'}"},
	{OFFICER, COMMAND_COVER, STATUS_BAD_FIELD, "names their own", "{'officer':'manager','cover':'officer','until':'2026-12-01'}"},
	{MANAGER, COMMAND_COVER, STATUS_BAD_FIELD, "nobody stands in", "{'officer':'manager','end':true}"},
	{MANAGER, COMMAND_COVER, STATUS_BAD_FIELD, "officer", "{'officer':7,'cover':'manager','until':'2026-12-01'}"},
	{MANAGER, COMMAND_COVER, STATUS_BAD_FIELD, "no officer", "{'officer':'nobody','cover':'manager','until':'2026-12-01'}"},
	{MANAGER, COMMAND_COVER, STATUS_BAD_FIELD, "from", "{'officer':'officer','cover':'manager','from':'x','until':'2026-12-01'}"},
	{MANAGER, COMMAND_COVER, STATUS_BAD_FIELD, "until", "{'officer':'officer','cover':'manager','until':'x'}"},
	{MANAGER, COMMAND_COVER, STATUS_BAD_FIELD, "more than a year", "{'officer':'officer','cover':'manager','from':'2026-12-01','until':'2027-12-02'}"},
	{CONNECTOR, COMMAND_MARKS, STATUS_PARTIAL, "\"comment\"",
	 "{'urn':'" SCHOOL_URN "','registers':[['2026-09-14','AM',[['@1','O',{'comment':'" D5000 "'}],['@2','/']]]]}"},
	{CONNECTOR, COMMAND_MARKS, STATUS_BAD_FIELD, "urn", "{'urn':'x','registers':[]}"},
	{MANAGER, COMMAND_MOVE, STATUS_BAD_FIELD, "case", "{'case':'x','pathway':'stockport','reason':'r'}"},
	{MANAGER, COMMAND_MOVE, STATUS_NOT_FOUND, "case", "{'case':'C99','pathway':'stockport','reason':'r'}"},
	{MANAGER, COMMAND_MOVE, STATUS_NOT_FOUND, "pathway", "{'case':'C1','pathway':'nowhere','reason':'r'}"},
	{MANAGER, COMMAND_MOVE, STATUS_NOT_FOUND, "pathway", "{'case':'C1','pathway':'stockport','version':9,'reason':'r'}"},
	{MANAGER, COMMAND_MOVE, STATUS_BAD_FIELD, "a text is wanted", "{'case':'C1','pathway':'stockport','stage':7,'reason':'r'}"},
	{MANAGER, COMMAND_MOVE, STATUS_BAD_FIELD, "a map of names to names", "{'case':'C1','pathway':'stockport','deadlines':7,'reason':'r'}"},
	{MANAGER, COMMAND_MOVE, STATUS_BAD_FIELD, "47 bytes", "{'case':'C1','pathway':'stockport','deadlines':{'" D50 "':'x'},'reason':'r'}"},
	{MANAGER, COMMAND_MOVE, STATUS_BAD_FIELD, "reason", "{'case':'C1','pathway':'stockport','reason':7}"},
	{MANAGER, COMMAND_MOVE, STATUS_BAD_FIELD, "closed", "{'case':'C2','pathway':'stockport','reason':'r'}"},
	{MANAGER, COMMAND_MOVE, STATUS_BAD_BODY, "is wanted", "{'case':'C1','pathway':'stockport','reason':'r','colour':'x'}"},
	{OFFICER, COMMAND_OFFER, STATUS_BAD_FIELD, "another type", "{'urn':'" OTHER_URN "','meeting':7}"},
	{OFFICER, COMMAND_OFFER, STATUS_BAD_FIELD, "six digits", "{'urn':'x'}"},
	{OFFICER, COMMAND_OFFER, STATUS_BAD_FIELD, "is the number right", "{'urn':'999999'}"},
	{OFFICER, COMMAND_OFFER, STATUS_BAD_FIELD, "not a date", "{'urn':'" OTHER_URN "','on':'x'}"},
	{OFFICER, COMMAND_OFFER, STATUS_BAD_FIELD, "in the future", "{'urn':'" OTHER_URN "','on':'2027-09-01'}"},
	{OFFICER, COMMAND_OFFER, STATUS_BAD_FIELD, "400 days ago", "{'urn':'" OTHER_URN "','on':'2024-09-01'}"},
	{OFFICER, COMMAND_OFFER, STATUS_BAD_FIELD, "no meeting of this name", "{'urn':'" OTHER_URN "','meeting':'tea'}"},
	{OFFICER, COMMAND_OFFER, STATUS_BAD_FIELD, "offers none", "{'urn':'" SCHOOL_URN "'}"},
	{OFFICER, COMMAND_FACT, STATUS_BAD_BODY, "is wanted", "{'upn':'@1','fact':'looked-after','colour':'x'}"},
	{OFFICER, COMMAND_FACT, STATUS_BAD_FIELD, "holds", "{'upn':'@1','fact':'looked-after','holds':7}"},
	{OFFICER, COMMAND_FACT, STATUS_BAD_FIELD, "since", "{'upn':'@1','fact':'looked-after','since':'x'}"},
	{OFFICER, COMMAND_FACT, STATUS_BAD_FIELD, "in the future", "{'upn':'@1','fact':'looked-after','since':'2027-09-01'}"},
	{OFFICER, COMMAND_FACT, STATUS_BAD_FIELD, "4,096 bytes", "{'upn':'@1','fact':'looked-after','text':'" D5000 "'}"},
	{OFFICER, COMMAND_FACT, STATUS_BAD_FIELD, "upn", "{'upn':'x','fact':'looked-after'}"},
	{OFFICER, COMMAND_LINK, STATUS_BAD_FIELD, "parent's id", "{'upn':'@1','other':'@2','parent':'7','other_parent':'p1'}"},
	{OFFICER, COMMAND_LINK, STATUS_BAD_FIELD, "other_parent", "{'upn':'@1','other':'@2','parent':'p1'}"},
	{OFFICER, COMMAND_FACT, STATUS_BAD_FIELD, "fact of the pupil", "{'upn':'@1','fact':'looked-after','parent':'p1'}"},
	{OFFICER, COMMAND_FACT, STATUS_BAD_FIELD, "a fact of a parent", "{'upn':'@1','fact':'prosecuted-before'}"},
	{OFFICER, COMMAND_FACT, STATUS_BAD_FIELD, "parent's id", "{'upn':'@1','fact':'prosecuted-before','parent':7}"},
	{OFFICER, COMMAND_FACT, STATUS_BAD_FIELD, "parent's id", "{'upn':'@1','fact':'prosecuted-before','parent':'7'}"},
	{OFFICER, COMMAND_FACT, STATUS_BAD_FIELD, "registers say", "{'upn':'@1','fact':'school'}"},
	{OFFICER, COMMAND_LINK, STATUS_BAD_FIELD, "the same pupil", "{'upn':'@1','other':'@1'}"},
	{OFFICER, COMMAND_LINK, STATUS_BAD_FIELD, "\"field\":\"parent\"", "{'upn':'@1','other':'@2','parent':7}"},
	{OFFICER, COMMAND_LINK, STATUS_BAD_FIELD, "linked so already", "{'upn':'@1','other':'@3'}"},
	{OFFICER, COMMAND_LINK, STATUS_NOT_FOUND, "no such link", "{'upn':'@1','other':'@2','stands':false}"},
	{OFFICER, COMMAND_LINK, STATUS_NOT_FOUND, "no such link", "{'upn':'@1','parent':'p2','other':'@2','other_parent':'p1','stands':false}"},
	{OFFICER, COMMAND_LINK, STATUS_BAD_FIELD, "stands", "{'upn':'@1','other':'@2','stands':7}"},
	{OFFICER, COMMAND_ROSTER, STATUS_NOTHING_ACCEPTED, "parent",
	 "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'@2','surname':'Elm','parents':[{'id':'7'}]},{'upn':'@3','surname':'Fir','parents':[7]},{'upn':'@1','surname':'Ash','parents':7}]}"},
	{OFFICER, COMMAND_ROSTER, STATUS_NOTHING_ACCEPTED, "text",
	 "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'@2','surname':'Elm','colour':'x'},{'upn':'@3','surname':7},{'upn':'@3','surname':'" D5000 "'}]}"},
	{OFFICER, COMMAND_ROSTER, STATUS_BAD_BODY, "1 to 1,000", "{'urn':'" SCHOOL_URN "','pupils':[]}"},
	{OFFICER, COMMAND_ROSTER, STATUS_BAD_BODY, "1 to 1,000", "{'urn':'" SCHOOL_URN "','pupils':7}"},
	{OFFICER, COMMAND_ROSTER, STATUS_BAD_FIELD, "six digits", "{'urn':7,'pupils':[]}"},
	{OFFICER, COMMAND_ROSTER, STATUS_NOTHING_ACCEPTED, "upn", "{'urn':'" SCHOOL_URN "','pupils':[{'upn':7,'surname':'Elm'},{'surname':'Elm'}]}"},
	{OFFICER, COMMAND_ROSTER, STATUS_NOTHING_ACCEPTED, "birth_date", "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'@2','surname':'Elm','birth_date':'2030-01-01'}]}"},
	{OFFICER, COMMAND_ROSTER, STATUS_NOTHING_ACCEPTED, "parent",
	 "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'@2','surname':'Elm','parents':[" PARENTS16 "," PARENT "]}]}"},
	{OFFICER, COMMAND_ROSTER, STATUS_NOTHING_ACCEPTED, "text", /* each field may be so long, and all together not */
	 "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'@2','surname':'Elm','groups':'" D4000 "','forename':'" D4000 "','year_group':'" D4000 "','language':'" D4000 "','send':'" D4000 "'}]}"},
	{OFFICER, COMMAND_SCHOOL, STATUS_BAD_FIELD, "120 bytes", "{'urn':'" SCHOOL_URN "','name':'" D250 "'}"},
	{OFFICER, COMMAND_SCHOOL, STATUS_BAD_FIELD, "120 bytes", "{'urn':'" SCHOOL_URN "','name':'a\x7f'}"},
	{OFFICER, COMMAND_SCHOOL, STATUS_BAD_FIELD, "six digits", "{'urn':7,'name':'x'}"},
	{OFFICER, COMMAND_SCHOOL, STATUS_BAD_FIELD, "a list of", "{'urn':'" SCHOOL_URN "','kinds':7}"},
	{OFFICER, COMMAND_SCHOOL, STATUS_BAD_FIELD, "a list of", "{'urn':'" SCHOOL_URN "','kinds':[7]}"},
	{OFFICER, COMMAND_SCHOOL, STATUS_BAD_FIELD, "kinds", "{'urn':'" SCHOOL_URN "','kinds':['castle']}"},
	{OFFICER, COMMAND_SCHOOL, STATUS_BAD_FIELD, "urn", "{'urn':'x','kinds':['primary']}"},
	{ADMIN, COMMAND_CHOOSE, STATUS_NOT_FOUND, "pathway", "{'urn':'" SCHOOL_URN "','pathway':'nowhere'}"},
	{ADMIN, COMMAND_CHOOSE, STATUS_BAD_FIELD, "urn", "{'urn':'x'}"},
	{OFFICER, COMMAND_ACTION, STATUS_BAD_FIELD, "a reason is wanted", "{'upn':'@2','action':'notice-to-improve','parent':'p1','override':'  '}"},
	{ADMIN, COMMAND_CLOCK, STATUS_BAD_FIELD, "to", "{'to':'x'}"},
	{ADMIN, COMMAND_CLOCK, STATUS_BAD_FIELD, "to", "{}"},
	{ADMIN, COMMAND_CLOCK, STATUS_BAD_FIELD, "to", "{'confirm':7}"},
	{ADMIN, COMMAND_CLOCK, STATUS_BAD_FIELD, "to", "{'confirm':true,'colour':'x'}"},
	{OFFICER, COMMAND_ACKNOWLEDGE, STATUS_BAD_FIELD, "alert", "{'alert':0}"},
	{OFFICER, COMMAND_ACKNOWLEDGE, STATUS_BAD_FIELD, "alert", "{'alert':1,'colour':'x'}"},
	{ADMIN, COMMAND_CLOCK, STATUS_WRONG_CLOCK, "forward", "{'to':'2026-01-01T00:00:00Z'}"},
	{ADMIN, COMMAND_CLOCK, STATUS_WRONG_CLOCK, "not held", "{'confirm':true}"},
	{ADMIN, COMMAND_PATHWAY, STATUS_BAD_FIELD, "", "{'source':'pathway: x'}"},
};

static int setup(void **context)
{
	(void)context;
	sick_make_whole(&h);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static void each_is_refused_by_its_field(void **context)
{
	unsigned wrong = 0;

	(void)context;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char json[24000];
		bool whole = i % 16 == 0; /* all tables, now and then */
		struct host_look before = {.head = host_head(&h), .pupils = host_pupils(&h)};
		const struct answer *a;

		if (whole)
			before = host_look(&h);
		sick_expand(&h, json, sizeof json, rows[i].json);
		a = host_ask(&h, rows[i].who, rows[i].command, "%s", json);
		if (!a || a->status != rows[i].status || !strstr(a->text, rows[i].says)) {
			print_error("%.200s: %u %.200s (wanted %u %s)\n", rows[i].json, a ? a->status : 0, a ? a->text : "", rows[i].status, rows[i].says);
			wrong++;
		}
		/* of rows the right ones are taken */
		if (rows[i].status == STATUS_PARTIAL)
			free(before.tables);
		else if (whole)
			assert_unchanged(&h, &before);
		else if (host_head(&h) != before.head || host_pupils(&h) != before.pupils)
			fail_msg("%.200s left a trace", rows[i].json);
	}
	assert_int_equal(wrong, 0);
}

/* An alert that was withdrawn, or acknowledged before, can't be acknowledged. */
static void an_alert_is_acknowledged_once(void **context)
{
	char one[4096], json[80];
	unsigned withdrawn = host_alerts(&h, NULL, "withdrawn", one);

	(void)context;
	if (withdrawn) {
		snprintf(json, sizeof json, "{'alert':%llu}", (unsigned long long)number_of(one, "alert"));
		assert_refused(&h, OFFICER, COMMAND_ACKNOWLEDGE, STATUS_BAD_FIELD, "withdrawn", json);
	}
	assert_true(host_alerts(&h, NULL, "acknowledged", one) > 0);
	snprintf(json, sizeof json, "{'alert':%llu}", (unsigned long long)number_of(one, "alert"));
	assert_refused(&h, OFFICER, COMMAND_ACKNOWLEDGE, STATUS_BAD_FIELD, "acknowledged before", json);
}

/* Blanks are not what a field asks for that has to be given. */
static void a_required_text_says_something(void **context)
{
	static const char title[] = "reasons: {type: text, title: \"Why\"", required[] = "reasons: {type: text, title: \"Why\", required: yes";
	struct slice frame = host_pathway(&h, title, required);
	const char *const values[] = {"''", "' \t '", "'none better'"};
	char json[400], text[400];

	(void)context;
	assert_answer(host_frame(&h, ADMIN, frame), STATUS_OK, NULL);
	free((void *)(uintptr_t)frame.bytes);
	for (unsigned i = 0; i < 3; i++) {
		const struct answer *a;

		snprintf(json, sizeof json, "{'upn':'@2','action':'decision','fields':{'outcome':'issue','reasons':%s}}", values[i]);
		sick_expand(&h, text, sizeof text, json);
		a = host_ask(&h, OFFICER, COMMAND_ACTION, "%s", text);
		assert_int_equal(strstr(a->text, "\"reasons\"") != NULL, i < 2);
	}
}

/* ---- every field of every body, as it may not be ---- */

/* Behind the value that begins there. */
static const char *value_end(const char *at)
{
	unsigned depth = 0;
	bool text = false;

	for (; *at; at++) {
		text ^= *at == '\'';
		if (text)
			continue;
		if (!depth && (*at == ',' || *at == ']' || *at == '}'))
			break;
		depth += *at == '[' || *at == '{';
		depth -= *at == ']' || *at == '}';
	}
	return at;
}

/* The next key of a map from `*at` on, at whatever depth; `*at` is then behind its colon. */
static const char *next_key(const char **at)
{
	for (; **at; ++*at) {
		const char *key = *at, *end;

		if (*key != '\'')
			continue;
		end = strchr(key + 1, '\'');
		*at = end;
		if (end[1] == ':') {
			*at = end + 2;
			return key;
		}
	}
	return NULL;
}

static unsigned spoilt, refused;

static void ask_spoilt(enum who who, uint8_t command, const char *json, const char *was)
{
	static const unsigned internal[] = {STATUS_DAMAGED, STATUS_FAILED};
	uint64_t head = host_head(&h);
	uint32_t pupils = host_pupils(&h);
	const struct answer *a = host_ask(&h, who, command, "%s", json);

	spoilt++;
	if (!a)
		fail_msg("%.300s (of %.300s): no answer", json, was);
	for (unsigned i = 0; i < 2; i++)
		if (a->status == internal[i])
			fail_msg("%.300s (of %.300s): %u %s", json, was, a->status, a->text);
	if (getenv("ATTEND_SHOW") && a->status == STATUS_OK)
		print_message("TAKEN %.150s\n", json);
	if (a->status == STATUS_OK || a->status == STATUS_PARTIAL)
		return;
	refused++;
	if (!strstr(a->text, "\"reason\":\"") && !strstr(a->text, "\"refused\":[["))
		fail_msg("%.300s (of %.300s): %u without a reason: %s", json, was, a->status, a->text);
	if (host_head(&h) != head || host_pupils(&h) != pupils)
		fail_msg("%.300s (of %.300s) left a trace: %u %s", json, was, a->status, a->text);
}

static void spoil_each(enum who who, uint8_t command, const char *json)
{
	static const char *const others[] = {"null", "true", "-1", "0", "18446744073709551615", "''", "'x y'", "[]", "{}", "[['a']]", "{'a':{}}", "'" D5000 "'"};
	static char text[24000];
	const char *at = json, *key;

	while ((key = next_key(&at))) {
		const char *end = value_end(at);

		for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
			snprintf(text, sizeof text, "%.*s%s%s", (int)(at - json), json, others[i], end);
			ask_spoilt(who, command, text, json);
		}
		/* twice; another's name; not there */
		snprintf(text, sizeof text, "%.*s%.*s,%s", (int)(key - json), json, (int)(end - key), key, key);
		ask_spoilt(who, command, text, json);
		snprintf(text, sizeof text, "%.*s'zz%s", (int)(key - json), json, key + 1);
		ask_spoilt(who, command, text, json);
		snprintf(text, sizeof text, "%.*s%s", (int)(key - json), json, *end == ',' ? end + 1 : end);
		if (*end != ',' && key[-1] == ',')
			snprintf(text, sizeof text, "%.*s%s", (int)(key - json) - 1, json, end);
		ask_spoilt(who, command, text, json);
	}
}

static void no_field_of_another_kind_is_taken_amiss(void **context)
{
	char json[12000];

	(void)context;
	for (unsigned i = 0; i < sick_question_count; i++) {
		sick_expand(&h, json, sizeof json, sick_questions[i].json);
		spoil_each(sick_questions[i].who, COMMAND_QUERY, json);
	}
	for (unsigned i = 0; i < sick_step_count; i++) {
		if (sick_steps[i].command == COMMAND_PATHWAY)
			continue;
		sick_expand(&h, json, sizeof json, sick_steps[i].json);
		spoil_each(sick_steps[i].who, sick_steps[i].command, json);
	}
	print_message("%u bodies with one field spoilt, %u refused\n", spoilt, refused);
	assert_true(refused > spoilt / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_refused_by_its_field),
		cmocka_unit_test(an_alert_is_acknowledged_once),
		cmocka_unit_test(a_required_text_says_something),
		cmocka_unit_test(no_field_of_another_kind_is_taken_amiss),
	};

	return cmocka_run_group_tests_name("engine_refusals", tests, setup, teardown);
}
