/* records.c - the records that the store keeps beside the log: a pupil, a case, people, a school, standing
 * alerts. Strict: what is read has one spelling; and safe: whatever is read may be asked.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "casework/case.h"
#include "casework/codes.h"
#include "casework/people.h"
#include "casework/task.h"
#include "casework/watch.h"

static struct calendar plain;
static uint8_t room[1 << 18];

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count, (void)arguments;
	calendar_build(&plain, NULL, 0);
	return 0;
}

static void same(const struct writer *w, struct slice record)
{
	MUST(!w->full && slice_equal(writer_slice(w), record));
}

static void pupil(struct slice record)
{
	static struct pupil p, again;
	struct stretch s;
	struct writer w = writer_of(room, sizeof room);
	day_t first, last, nth;

	if (!pupil_decode(&p, record))
		return;
	pupil_encode(&w, &p);
	if (record.bytes[0] == room[0])
		same(&w, record);
	else /* of the form before: it says the same in the newest */
		MUST(pupil_decode(&again, writer_slice(&w)) && memcmp(&p, &again, sizeof p) == 0);
	pupil_first_held(&p);
	for (unsigned back = 0; back < 12; back++) {
		day_t day = (day_t)(p.latest_day > back ? p.latest_day - back : 0);

		if (day < DAY_MIN)
			continue;
		pupil_window(&p, &plain, CODES_UNAUTHORISED, 10, day);
		pupil_day(&p, CODES_ABSENT, day);
		pupil_run(&p, CODES_ABSENT, day, &first, &last, 5, &nth);
		pupil_stretch(&p, CODES_ABSENT, day, 3, &s);
		pupil_count(&p, CODES_ABSENT, day, p.latest_day);
	}
}

static void people(struct slice record)
{
	static struct people p;
	struct writer w = writer_of(room, sizeof room);

	if (!people_decode(&p, record))
		return;
	people_encode(&w, &p);
	same(&w, record);
	people_attended(&p, 123456);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct case_state c;
	static struct school school;
	static struct standing standing;
	struct writer w = writer_of(room, sizeof room);
	uint8_t phase;

	if (size == 0)
		return 0;
	uint8_t *exact = fuzz_copy(slice_of(bytes + 1, size - 1));
	struct slice record = slice_of(exact, size - 1);

	switch (bytes[0] % 5) {
	case 0:
		pupil(record);
		break;
	case 1:
		if (case_decode(&c, record)) {
			case_encode(&w, &c);
			same(&w, record);
			for (unsigned i = 0; i < c.deadline_count; i++) {
				case_timer(&c.deadlines[i], &phase);
				case_deadline_overdue(&c.deadlines[i]);
			}
		}
		break;
	case 2:
		people(record);
		break;
	case 3:
		if (school_decode(&school, record)) {
			school_encode(&w, &school);
			same(&w, record);
		}
		break;
	case 4:
		if (standing_decode(&standing, record)) {
			standing_encode(&w, &standing);
			same(&w, record);
		}
		break;
	}
	free(exact);
	return 0;
}
