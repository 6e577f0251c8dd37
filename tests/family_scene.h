/* family_scene.h - two schools with two children each, three officers and a manager: for the tests that it is a part of.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FAMILY_SCENE_H
#define TESTS_FAMILY_SCENE_H

#include "tests/engine_host.h"

static struct host h;
static char upn[5][UPN_SIZE + 1]; /* 1 and 2 at the school, 3 and 4 at the other one */

#define TERMS "['2026-09-02','2026-10-23','term','Autumn 1'],['2026-11-02','2026-12-18','term','Autumn 2'],['2027-01-04','2027-03-25','term','Spring'],['2026-11-06','2026-11-06','inset','INSET']"
#define OTHER_TERMS "['2026-09-02','2026-10-16','term','A1'],['2026-10-26','2026-12-18','term','A2']"

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-10-15T09:00:00Z"});
	host_grant(&h, OFFICER, "officer", ",'name':'M. Field'");
	host_grant(&h, MANAGER, "manager", ",'name':'J. Ash'");
	host_grant(&h, SPARE, "officer", ",'name':'K. Low'");
	for (unsigned i = 0; i < 5; i++)
		host_upn(upn[i], i);
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[" TERMS "]}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR,
			       "{'urn':'" OTHER_URN "','rows':[" OTHER_TERMS ",['2026-11-12','2026-11-12','closure','flood']]}"),
		      STATUS_OK, NULL);
	for (unsigned i = 1; i <= 4; i++)
		host_marks(&h, i > 2 ? OTHER_URN : SCHOOL_URN, i, "2026-09-07", "2026-09-11", "O");
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	assert_verified(&h);
	host_restart(&h);
	assert_verified(&h);
	host_end(&h);
	return 0;
}

static void time_passes(const char *to)
{
	host_set_time(&h, to);
	host_turns(&h);
}

static void act(enum who who, unsigned pupil, const char *action, const char *more)
{
	assert_answer(host_ask(&h, who, COMMAND_ACTION, "{'upn':'%s','action':'%s','override':'r'%s}", upn[pupil], action, more), STATUS_OK, NULL);
}

#endif
