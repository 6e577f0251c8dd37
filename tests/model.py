#!/usr/bin/python3
"""model.py - what the figures and alerts of every pupil must be, worked out plainly.

A reading of the written rules that shares nothing with the daemon: no running
totals, no bit sets. A pupil's marks are a dictionary from (day, session) to code,
and whatever is asked is counted again from all of them. Slow, and easy to check
by eye against the rule that each function quotes.

SPDX-License-Identifier: Apache-2.0
"""
import collections
import csv
import datetime

ATTENDED = set("/ \\ L K V P W B".split())
AUTHORISED = set("C C1 C2 M J1 S T R I E".split())
UNAUTHORISED = set("G N O U".split())
ABSENT = AUTHORISED | UNAUTHORISED
POSSIBLE = ATTENDED | ABSENT

THRESHOLD = 10     # sessions, in
WINDOW_WEEKS = 10  # school weeks
RUN_DAYS = 10
SHARE_FROM = 20    # possible sessions before persistent and severe mean anything

ONE_DAY = datetime.timedelta(days=1)
ONE_WEEK = datetime.timedelta(days=7)


def monday(day):
    return day - datetime.timedelta(days=day.weekday())


class Calendar:
    """A school day is a Monday to Friday inside a term and inside nothing else.
    Outside the terms that the calendar spans, every Monday to Friday counts that
    is no bank holiday."""

    def __init__(self, calendar_file, bank_holiday_file):
        self.rows = []
        for path in (calendar_file, bank_holiday_file):
            with open(path, newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    first = row.get("from") or row.get("date")
                    last = row.get("to") or first
                    self.rows.append((datetime.date.fromisoformat(first), datetime.date.fromisoformat(last),
                                      row["kind"]))
        terms = [(first, last) for first, last, kind in self.rows if kind == "term"]
        self.first = min(first for first, _ in terms)
        self.last = max(last for _, last in terms)
        self.known = {}
        self.known_weeks = {}
        self.known_windows = {}

    def work_out(self, day):
        if day.weekday() >= 5:
            return False
        kinds = {kind for first, last, kind in self.rows if first <= day <= last}
        if not self.first <= day <= self.last:
            return "bank-holiday" not in kinds
        return kinds == {"term"}

    def is_school_day(self, day):
        if day not in self.known:
            self.known[day] = self.work_out(day)
        return self.known[day]

    def is_school_week(self, week):
        if week not in self.known_weeks:
            self.known_weeks[week] = any(self.is_school_day(week + ONE_DAY * n) for n in range(5))
        return self.known_weeks[week]

    def window_start(self, day):
        """The Monday of the rolling ten school weeks up to `day`: its own week and
        the nine weeks with a school day before it."""
        week = monday(day)
        if week not in self.known_windows:
            start, found = week, 1
            while found < WINDOW_WEEKS:
                start -= ONE_WEEK
                if self.is_school_week(start):
                    found += 1
            self.known_windows[week] = start
        return self.known_windows[week]


def year_start(day):
    return datetime.date(day.year if day.month >= 9 else day.year - 1, 9, 1)


def window_count(marks, latest, calendar):
    """Sessions of unauthorised absence in the rolling ten school weeks that end with
    the latest register."""
    start = calendar.window_start(latest[0])
    return sum(1 for when, code in marks.items() if code in UNAUTHORISED and start <= when[0] and when <= latest)


def figures(marks, calendar):
    """What `attend pupil` must say."""
    latest = max(marks)
    return figures_of(marks, calendar, year_start(latest[0]), latest[0])


def figures_of(marks, calendar, first, last):
    """What a report must say of the days from `first` to `last`: as if nothing were marked after them.
    None where nothing is marked in them."""
    year = {when: code for when, code in marks.items() if first <= when[0] <= last}
    if not year:
        return None
    latest = max(year)
    codes = collections.Counter(year.values())
    possible = sum(codes[code] for code in POSSIBLE)
    attended = sum(codes[code] for code in ATTENDED)
    authorised = sum(codes[code] for code in AUTHORISED)
    unauthorised = sum(codes[code] for code in UNAUTHORISED)
    missed = authorised + unauthorised
    weeks = 0
    week = monday(min(year)[0])
    while week <= latest[0]:
        if calendar.is_school_week(week):
            weeks += 1
        week += ONE_WEEK
    return {
        "possible": possible,
        "attended": attended,
        "authorised": authorised,
        "unauthorised": unauthorised,
        "late": codes["L"],
        # To one decimal, halves up, worked out in whole numbers.
        "percentage": (2000 * attended + possible) // (2 * possible) / 10 if possible else None,
        "unauthorised_10_weeks": window_count(marks, latest, calendar),
        "persistent": possible >= SHARE_FROM and missed * 10 >= possible,
        "severe": possible >= SHARE_FROM and missed * 2 >= possible,
        "broken_weeks": len({monday(day) for (day, _), code in year.items() if code in ABSENT}),
        "weeks_in_session": weeks,
    }


def day_counts(marks, day, latest):
    """True: a whole day of unauthorised absence; False: it ends a run; None: it does
    neither. A session that was not a possible attendance counts for nothing, and
    the day of the latest register has not ended before its PM."""
    codes = [marks[day, session] for session in ("AM", "PM") if (day, session) in marks]
    possible = [code for code in codes if code in POSSIBLE]
    if not possible:
        return None
    if any(code not in UNAUTHORISED for code in possible):
        return False
    if day == latest[0] and latest[1] != "PM":
        return None
    return True


def long_runs(marks, latest):
    """Every period of ten or more whole days on end: (first day, last day)."""
    runs, days = [], []
    for day in sorted({day for day, _ in marks}):
        counts = day_counts(marks, day, latest)
        if counts:
            days.append(day)
        elif counts is False:
            runs.append(days)
            days = []
    runs.append(days)
    return [run for run in runs if len(run) >= RUN_DAYS]


class Alert:
    def __init__(self, kind, first, last):
        self.kind = kind
        self.first, self.last = first, last
        self.status = "raised"

    def __repr__(self):
        return "%s(%s..%s %s)" % (self.kind, self.first, self.last, self.status)


class Pupil:
    """One pupil's story: marks in the order in which they came."""

    def __init__(self, calendar):
        self.calendar = calendar
        self.marks = {}
        self.latest = None
        self.armed = True
        self.alerts = []
        self.shares = {"persistent": False, "severe": False}

    def standing(self, kind):
        return [alert for alert in self.alerts if alert.kind == kind and alert.status == "raised"]

    def take(self, day, session, code):
        when = (day, session)
        held = self.marks.get(when)
        if held == code:
            return
        self.marks[when] = code
        before = self.latest
        if self.latest is None or when > self.latest:
            self.latest = when
        # The rest is counted again only where it can have changed: an absence came or
        # went, or the window rolled on to another week.
        touched = code in UNAUTHORISED or held in UNAUTHORISED
        if touched or before is None or monday(before[0]) != monday(self.latest[0]):
            self.look_at_threshold(held is not None)
        self.look_at_runs()
        self.look_at_shares()

    def look_at_threshold(self, correction):
        """Raised when the current window reaches 10, armed again below 10, withdrawn
        only by a correction that takes the current window below 10: what fell below
        because weeks passed was right when it was told."""
        count = window_count(self.marks, self.latest, self.calendar)
        told = [alert for alert in self.alerts if alert.kind == "threshold"]
        if count >= THRESHOLD:
            if self.armed:
                self.armed = False
                self.alerts.append(Alert("threshold", self.calendar.window_start(self.latest[0]), self.latest[0]))
        elif correction and told and told[-1].status == "raised" and not self.armed:
            told[-1].status = "withdrawn"
        if count < THRESHOLD:
            self.armed = True

    def look_at_runs(self):
        """Ten whole days on end of G, N, O or U: told once a run, when the tenth day
        ends; withdrawn when a correction leaves no such run where it was."""
        if sum(1 for code in self.marks.values() if code in UNAUTHORISED) < RUN_DAYS \
                and not self.standing("attendance-return"):
            return  # too few for any run, and none that could go
        runs = long_runs(self.marks, self.latest)
        for kind in ("attendance-return", "missing-from-school"):
            standing = self.standing(kind)
            for alert in standing:
                if not any(run[0] <= alert.last and alert.first <= run[-1] for run in runs):
                    alert.status = "withdrawn"
            for run in runs:
                if not any(run[0] <= alert.last and alert.first <= run[-1] for alert in self.standing(kind)):
                    self.alerts.append(Alert(kind, run[0], run[RUN_DAYS - 1]))

    def look_at_shares(self):
        """A tenth, and a half, of the possible sessions missed: told in both directions."""
        start = year_start(self.latest[0])
        codes = [code for (day, _), code in self.marks.items() if day >= start]
        possible = sum(1 for code in codes if code in POSSIBLE)
        missed = sum(1 for code in codes if code in ABSENT)
        for kind, parts in (("persistent", 10), ("severe", 2)):
            reached = possible >= SHARE_FROM and missed * parts >= possible
            if reached != self.shares[kind]:
                self.shares[kind] = reached
                self.alerts.append(Alert(kind, start, self.latest[0]))

    def figures(self):
        return figures(self.marks, self.calendar)


class Model:
    def __init__(self, calendar):
        self.calendar = calendar
        self.rows = collections.defaultdict(list)
        self.days = {}

    def feed(self, path):
        """Takes a marks file in, as it was pushed."""
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                text = row["date"]
                if text not in self.days:
                    self.days[text] = datetime.date.fromisoformat(text)
                self.rows[row["upn"]].append((self.days[text], row["session"], row["code"]))

    def pupil(self, upn):
        """What became of one pupil: worked out now, from all that was fed."""
        pupil = Pupil(self.calendar)
        for day, session, code in self.rows[upn]:
            pupil.take(day, session, code)
        return pupil

    def upns(self):
        return sorted(self.rows)


def main():
    import argparse
    parser = argparse.ArgumentParser(description="prints what every pupil's figures and alerts must be")
    parser.add_argument("--calendar", required=True)
    parser.add_argument("--bank-holidays", required=True)
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    model = Model(Calendar(args.calendar, args.bank_holidays))
    for path in args.files:
        model.feed(path)
    for upn in model.upns():
        pupil = model.pupil(upn)
        print(upn, pupil.figures(), pupil.alerts)


if __name__ == "__main__":
    main()
