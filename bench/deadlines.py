#!/usr/bin/python3
"""deadlines.py CASES DUE IDENTITY - many open deadlines, of which some fall due at one instant; prints a line of runs.tsv.

The daemon runs by a manual clock, on a store with bench/deadlines.yaml whose pupils are known (registers.h); it and an
administrator's identity are named by the environment, as for attend, IDENTITY is an officer's. CASES cases are begun,
each of sixteen deadlines: DUE of them on one day, the others two days later. Then the clock is moved to just before the
first's due instant, which must fire none; and then past it, which must fire DUE, each with its alert: name, 1, how many fell
due, seconds until all of it was on the disk, deadlines a second, p50 and p99 of the clock's answers in us, open deadlines.

SPDX-License-Identifier: Apache-2.0
"""
import sys
import time

import as_of
import attend

BEGUN, LATER = "2026-09-01", "2026-09-03"
DAY_BEFORE, PAST = "2026-09-15T12:00:00Z", "2026-09-16T12:00:00Z"


def fired(administrator):
    return administrator.query("stats")["counters"]["deadlines_fired"]


def move_clock(administrator, to):
    """How long each answer took; a clock goes as far as one transaction reaches."""
    took, more = [], True
    while more:
        began = time.monotonic()
        more = administrator.submit("clock", {"to": to}).body.get("more", False)
        took.append(time.monotonic() - began)
    return took


def main():
    cases, due, identity = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    with attend.Client() as administrator, attend.Client(identity=identity) as officer:
        move_clock(administrator, "2026-09-04T12:00:00Z")
        bodies = ({"action": "begin", "upn": as_of.upn(n), "on": BEGUN if n < due else LATER} for n in range(cases))
        for answer in officer.submit_all(("action", body) for body in bodies):
            if not isinstance(answer, attend.Answer):
                raise answer
        before = fired(administrator)
        move_clock(administrator, DAY_BEFORE)
        if fired(administrator) != before:
            raise SystemExit("%d deadlines fired before their time" % (fired(administrator) - before))
        took = move_clock(administrator, PAST)
        if fired(administrator) - before != due:
            raise SystemExit("%d deadlines fired, not %d" % (fired(administrator) - before, due))
    total = sum(took)
    took.sort()
    print("deadlines\t1\t%d\t%.4f\t%.0f\t%.1f\t%.1f\t%d" % (due, total, due / total, took[len(took) // 2] * 1e6, took[-1] * 1e6,
                                                         16 * cases - due))


if __name__ == "__main__":
    main()
