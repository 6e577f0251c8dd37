#!/usr/bin/python3
"""calendars.py - the new school year's calendar: with last year's terms in it, and without.

    calendars.py --attendd FILE --attend FILE

The ten school weeks of the penalty-notice threshold reach over the summer. A calendar is the whole of its
scope, so that one which begins with the new year takes last year's holidays away, and their weeks count as
school weeks: `attend calendar` says so.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os

import run_with_daemon

UPN = "B801200005001"
LAST_YEAR = "from,to,kind,name\n2026-09-02,2026-12-18,term,Autumn\n2027-01-04,2027-07-21,term,Spring and summer\n"
NEW_YEAR = "2027-09-01,2027-12-17,term,Autumn\n2028-01-04,2028-07-20,term,Spring and summer\n"
HEAD = "from,to,kind,name\n"


class Scene:
    def __init__(self, daemon):
        self.daemon = daemon

    def attend(self, *arguments):
        return self.daemon.run([self.daemon.attend, *arguments], env=self.daemon.environment())

    def write(self, name, text):
        path = os.path.join(self.daemon.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def calendar(self, text, *more):
        done = self.attend("calendar", self.write("calendar.csv", text), *more)
        return done.stderr

    def window(self):
        return json.loads(self.attend("pupil", UPN, "--json").stdout)["unauthorised_10_weeks"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    run_with_daemon.add_programs(parser)
    args = parser.parse_args()
    with run_with_daemon.Daemon(args.attendd, args.attend, clock="2027-09-03T16:00:00Z") as daemon:
        daemon.start()
        s = Scene(daemon)
        assert s.calendar(LAST_YEAR) == "", "the first of its scope takes nothing away"
        days = ["2027-06-%d" % d for d in (21, 22, 23, 24, 25)] + ["2027-09-02", "2027-09-03"]
        s.attend("push", s.write("marks.csv", "urn,upn,date,session,code\n" + "".join(
            "100001,%s,%s,AM,G\n" % (UPN, day) for day in days)))
        # with last year's terms: the summer's weeks are none, and June counts
        assert s.calendar(LAST_YEAR + NEW_YEAR) == ""
        assert s.window() == 7, s.window()
        # without: the weeks of summer push June out, and whoever loads it is told
        said = s.calendar(HEAD + NEW_YEAR)
        assert "the terms before 2027-09-01" in said and "school weeks" in said, said
        assert s.window() == 2, s.window()
        # a school's own, in the same way; and nothing is said where nothing was lost
        assert s.calendar(LAST_YEAR + NEW_YEAR, "--school", "100001") == ""
        said = s.calendar(HEAD + NEW_YEAR, "--school", "100001")
        assert "the terms before 2027-09-01" in said, said
        assert s.calendar(HEAD + NEW_YEAR, "--school", "100001") == ""
        # of years ago nothing is asked any more
        assert s.calendar(HEAD + "2024-09-02,2025-07-21,term,Year\n" + NEW_YEAR) == ""
        assert s.calendar(HEAD + NEW_YEAR) == ""
        assert daemon.stop() == 0
        assert daemon.verify().returncode == 0


main()
