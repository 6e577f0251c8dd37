#!/usr/bin/python3
"""reports.py - `attend report` over a random term, against plain sums of the naive model.

Makes up a town (school.py) whose roster has groups and special needs, records facts,
pushes a term, and compares every report, row by row and in order, with what model.py
gives for each pupil, for the year to date, for a term of the calendar and for days
chosen by chance. What each pupil's row says of the year must equal what is said of
that pupil alone.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import collections
import csv
import datetime
import fractions
import io
import json
import os
import random
import subprocess
import sys
import time
import xml.etree.ElementTree

import model as naive
import run_with_daemon
import school

FIRST, LAST = datetime.date(2026, 9, 1), datetime.date(2026, 12, 18)
TODAY = datetime.date(2026, 12, 19)
FACTS = ("looked-after", "social-worker", "free-school-meals", "young-carer", "ehcp", "early-help")
ROSTER_GROUPS = ("PP", "7B", "Breakfast club")
NEAR = 3
CLASSES = (("present", naive.ATTENDED), ("authorised absence", naive.AUTHORISED),
           ("unauthorised absence", naive.UNAUTHORISED),
           ("no possible attendance", set("D Q X Y1 Y2 Y3 Y4 Y5 Y6 Y7".split())), ("administrative", {"Z", "#"}))
CODE_ORDER = "/ \\ L K V P W B C C1 C2 M J1 S T R I E G N O U D Q X Y1 Y2 Y3 Y4 Y5 Y6 Y7 Z #".split()


def percent(part, whole):
    """To one decimal, halves up; in tenths, so that nothing is lost to a float."""
    return (2000 * part + whole) // (2 * whole) / 10 if whole else None


class Row:
    """What a report knows of one pupil."""

    def __init__(self, pupil, particulars, marks, calendar, first, last):
        self.pupil, self.particulars = pupil, particulars
        self.figures = naive.figures_of(marks, calendar, first, last)
        within = {when: code for when, code in marks.items() if first <= when[0] <= last}
        self.codes = collections.Counter(within.values())
        self.absent_on = [sum(1 for (day, _), code in within.items() if code in naive.ABSENT and day.weekday() == n)
                          for n in range(5)]
        self.latest = max(within)[0].isoformat() if within else None
        self.facts = set(particulars["facts"])
        if particulars["send"] in ("K", "E"):
            self.facts.add("send")
        if particulars["send"] == "E":
            self.facts.add("ehcp")

    def who(self):
        return {"upn": self.pupil.upn, "surname": self.particulars["surname"], "forename": self.particulars["forename"],
                "urn": str(self.pupil.urn), "year_group": str(self.pupil.year_group)}

    def year(self):
        f = self.figures
        return {name: f[name] for name in ("percentage", "possible", "attended", "authorised", "unauthorised", "late")}


def by_share(rows, part, whole):
    """The greater share first, then the greater part, then by UPN."""
    return sorted(rows, key=lambda row: (-fractions.Fraction(part(row), row.figures[whole]), -part(row), row.pupil.upn))


def broken_weeks(rows):
    listed = by_share([row for row in rows if row.figures["broken_weeks"]],
                      lambda row: row.figures["broken_weeks"], "weeks_in_session")
    return [dict(row.who(), table="broken-weeks", broken_weeks=row.figures["broken_weeks"],
                 weeks_in_session=row.figures["weeks_in_session"], percentage=row.figures["percentage"],
                 absent_on=row.absent_on, absent_codes={c: n for c, n in row.codes.items() if c in naive.ABSENT})
            for row in listed]


def persistent(rows):
    listed = by_share([row for row in rows if row.figures["persistent"]],
                      lambda row: row.figures["authorised"] + row.figures["unauthorised"], "possible")
    return [dict(row.who(), **row.year(), table="persistent", severe=row.figures["severe"], case=None) for row in listed]


def threshold(rows):
    listed = [row for row in rows if row.figures["unauthorised_10_weeks"] >= naive.THRESHOLD - NEAR]
    listed.sort(key=lambda row: (-row.figures["unauthorised_10_weeks"], row.pupil.upn))
    return [dict(row.who(), table="threshold", unauthorised_10_weeks=row.figures["unauthorised_10_weeks"],
                 threshold=naive.THRESHOLD, latest=row.latest, case=None,
                 reached=row.figures["unauthorised_10_weeks"] >= naive.THRESHOLD) for row in listed]


def add_up(rows):
    total = {name: sum(row.figures[name] for row in rows)
             for name in ("possible", "attended", "authorised", "unauthorised", "late", "persistent", "severe")}
    pupils = len(rows)
    return dict(total, pupils=pupils, percentage=percent(total["attended"], total["possible"]),
                authorised_percentage=percent(total["authorised"], total["possible"]),
                unauthorised_percentage=percent(total["unauthorised"], total["possible"]),
                persistent_percentage=percent(total["persistent"], pupils),
                severe_percentage=percent(total["severe"], pupils),
                at_threshold=sum(row.figures["unauthorised_10_weeks"] >= naive.THRESHOLD for row in rows))


def attendance(rows):
    told = []
    for urn in sorted({row.pupil.urn for row in rows}):
        of_school = [row for row in rows if row.pupil.urn == urn]
        for year in sorted({row.pupil.year_group for row in of_school}):
            told.append(dict(add_up([row for row in of_school if row.pupil.year_group == year]), table="attendance",
                             school=str(urn), year_group=str(year)))
        told.append(dict(add_up(of_school), table="attendance", school=str(urn), year_group="all"))
    if rows:
        told.append(dict(add_up(rows), table="attendance", school="all", year_group="all"))
    return told


def groups(rows):
    told = []

    def group(name, of, members):
        if members:
            told.append(dict(add_up(members), table="vulnerability", group=name, of=of))

    group("all", None, rows)
    group("none", "fact", [row for row in rows if not row.facts])
    group("any", "fact", [row for row in rows if row.facts])
    for fact in sorted({fact for row in rows for fact in row.facts}):
        group(fact, "fact", [row for row in rows if fact in row.facts])
    for name in sorted({name for row in rows for name in row.particulars["groups"]}):
        group(name, "roster", [row for row in rows if name in row.particulars["groups"]])
    possible = sum(row.figures["possible"] for row in rows)
    for name, codes in CLASSES:
        sessions = sum(row.codes[code] for row in rows for code in codes)
        told.append({"table": "category", "category": name, "sessions": sessions,
                     "of_possible": percent(sessions, possible) if codes & naive.POSSIBLE else None,
                     "pupils": sum(any(row.codes[code] for code in codes) for row in rows)})
    for code in CODE_ORDER:
        sessions = sum(row.codes[code] for row in rows)
        if sessions:
            told.append({"table": "code", "code": code, "category": next(n for n, codes in CLASSES if code in codes),
                         "sessions": sessions, "of_possible": percent(sessions, possible) if code in naive.POSSIBLE else None,
                         "pupils": sum(row.codes[code] > 0 for row in rows)})
    return told


KINDS = {"broken-weeks": broken_weeks, "persistent": persistent, "attendance": attendance, "threshold": threshold,
         "groups": groups, "governors": lambda rows: attendance(rows) + groups(rows)}


def more_particulars(town, folder, r):
    """The town's roster with groups and special needs added; what is known of each pupil."""
    known = {}
    with open(os.path.join(folder, "roster.csv"), newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for pupil in town.pupils:
        known[pupil.upn] = {"send": r.choice(("", "N", "N", "K", "E")), "facts": r.sample(FACTS, r.choice((0, 0, 0, 1, 2))),
                            "groups": r.sample(ROSTER_GROUPS, r.choice((0, 0, 1, 2)))}
    for row in rows:
        known[row["upn"]].update(surname=row["surname"], forename=row["forename"])
        row["send"] = known[row["upn"]]["send"]
        row["groups"] = r.choice((", ", ";", " ; ")).join(known[row["upn"]]["groups"])
    # The rows of one pupil must say the same.
    seen = {}
    for row in rows:
        row["groups"] = seen.setdefault(row["upn"], row["groups"])
    with open(os.path.join(folder, "roster.csv"), "w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        out.writeheader()
        out.writerows(rows)
    return known


class Comparison:
    def __init__(self, daemon, school_identity):
        self.daemon, self.school = daemon, school_identity
        self.rows = self.differences = 0

    def differ(self, what, ours, theirs):
        self.differences += 1
        if self.differences <= 10:
            print("DIFFERS %s:\n  model  %s\n  attend %s" % (what, ours, theirs))

    def report(self, kind, wanted, *arguments, identity=None):
        told = self.daemon.cli("report", kind, "--json", *arguments, identity=identity)
        theirs = [json.loads(line) for line in told.stdout.splitlines()]
        what = " ".join(("report", kind) + arguments)
        for place, (ours, row) in enumerate(zip(wanted, theirs)):
            row.pop("meaning", None)
            if ours != row:
                self.differ("%s, row %d" % (what, place + 1), ours, row)
        if len(wanted) != len(theirs):
            self.differ(what, "%d rows" % len(wanted), "%d rows" % len(theirs))
        self.rows += len(theirs)
        return told.stdout

    def all_reports(self, rows, *arguments, identity=None):
        for kind, naive_report in KINDS.items():
            self.report(kind, naive_report(rows), *arguments, identity=identity)

    def csv_is_the_same(self, kind):
        """What a spreadsheet reads is what --json says."""
        table = list(csv.DictReader(io.StringIO(self.daemon.cli("report", kind, "--csv").stdout, newline="")))
        rows = [json.loads(line) for line in self.daemon.cli("report", kind, "--json").stdout.splitlines()]
        if len(table) != len(rows):
            self.differ("--csv of %s" % kind, len(rows), len(table))
        for line, row in zip(table, rows):
            for key, value in row.items():
                if isinstance(value, (list, dict)):
                    continue
                text = "yes" if value is True else "no" if value is False else "" if value is None else str(value)
                if line[key] != text:
                    self.differ("--csv of %s, %s" % (kind, key), text, line[key])

    def picture_is_the_same(self, kind):
        """--svg has a bar for each row of the tables that have bars, with its shares in width and in words."""
        tables = {"attendance": ("school", "year_group"), "vulnerability": ("group",)}
        rows = [row for row in map(json.loads, self.daemon.cli("report", kind, "--json").stdout.splitlines()) if row["table"] in tables]
        picture = xml.etree.ElementTree.fromstring(self.daemon.cli("report", kind, "--svg").stdout)
        space = "{http://www.w3.org/2000/svg}"
        texts = {name: [text.text for text in picture.iter(space + "text") if text.get("class") == name] for name in ("label", "said")}
        labels = [", year ".join(row[key] for at, key in enumerate(tables[row["table"]]) if not at or row[key] != "all") for row in rows]
        if len(rows) < 4 or [label for label in texts["label"] if not label.endswith("\u2026")] != [
                label for label, shown in zip(labels, texts["label"]) if not shown.endswith("\u2026")] or len(labels) != len(texts["label"]):
            self.differ("--svg of %s: its bars" % kind, labels, texts["label"])
        for row, said in zip(rows, texts["said"]):
            if row["attended"] and "%.1f %% attended" % row["percentage"] not in said:
                self.differ("--svg of %s, %s" % (kind, labels[rows.index(row)]), row["percentage"], said)
        # The legend's squares and the ground apart.
        wide = [int(bar.get("width")) for bar in picture.iter(space + "rect") if bar.get("width") not in ("18", "1080")]
        whole = sum(420 for row in rows if row["possible"])
        if not whole * 0.95 < sum(wide) <= whole:
            self.differ("--svg of %s: how wide its bars are" % kind, whole, sum(wide))

    def pupils_alone(self, town):
        """What the report is made of, beside what is said of each pupil alone."""
        client = self.daemon.client(timeout=120)
        began = time.monotonic()
        rows = {row["upn"]: row for row in client.items("report", of="pupils", limit=1000)}
        took = time.monotonic() - began
        upns = sorted(rows)
        for upn, reply in zip(upns, client.pipelined({"what": "pupil", "upn": upn} for upn in upns)):
            alone = {key: value for key, value in reply.body.items() if key in rows[upn]}
            said = {key: rows[upn][key] for key in alone}
            if alone != said or len(alone) < 17:
                self.differ("pupil %s alone" % upn, alone, said)
        if len(upns) != len(town.pupils):
            self.differ("pupils", len(town.pupils), len(upns))
        client.close()
        return took


def tasks_of_a_school(c, daemon):
    """Those of one school are listed; one that is ticked off is due later, and no other is."""
    def due(urn):
        rows = map(json.loads, daemon.cli("task", "--school", urn, "--json").stdout.splitlines())
        return {row["kind"]: row["due"] for row in rows}

    daemon.cli("school", "100001", "primary")
    daemon.cli("clock", "2027-01-05T09:00:00Z")
    before = due("100001")
    daemon.cli("task", "lates", "--school", "100001")
    after = due("100001")
    moved = [(name, after.get(name, "") > due) for name, due in before.items() if after.get(name) != due]
    if moved != [("lates", True)] or due("100002"):
        c.differ("a school's tasks", [("lates", True)], (moved, due("100002")))


def full_disk(c, daemon):
    """A list that is cut where the disk is full is no list: it says so, and exits 1."""
    for arguments in (("report", "persistent"), ("report", "groups", "--csv"), ("log", "--json"), ("stats",), ("--help",)):
        with open("/dev/full", "wb") as full:
            cut = subprocess.run([daemon.attend, *arguments], env=daemon.environment(None), stdout=full, stderr=subprocess.PIPE,
                                 text=True, check=False)
        if cut.returncode != 1 or "could not be written to its end" not in cut.stderr:
            c.differ("%s on a full disk" % " ".join(arguments), "exit 1", (cut.returncode, cut.stderr))


def run(args, seed):
    r = random.Random(seed)
    town = school.make_town(args.pupils, args.schools, FIRST, LAST, seed)
    with run_with_daemon.Daemon(args.attendd, args.attend, keep=args.keep) as daemon:
        folder = os.path.join(daemon.folder, "town")
        names = school.write_town(town, folder, 2)
        known = more_particulars(town, folder, r)
        daemon.start()
        connector = daemon.grant("connector", "connector", sorted({pupil.urn for pupil in town.pupils}))
        one_school = daemon.grant("school", "school", [100001])
        daemon.cli("calendar", os.path.join(folder, "calendar.csv"))
        daemon.cli("roster", os.path.join(folder, "roster.csv"), identity=connector)
        facts = daemon.client()
        for upn, particulars in known.items():
            for fact in particulars["facts"]:
                facts.done("fact", {"fact": fact, "upn": upn, "since": "2026-09-01"})
        facts.close()
        model = naive.Model(naive.Calendar(os.path.join(folder, "calendar.csv"), school.BANK_HOLIDAYS))
        for name in names:
            daemon.cli("push", name, identity=connector)
            model.feed(name)
        marks = {upn: model.pupil(upn).marks for upn in model.upns()}

        def rows_of(first, last, which=lambda row: True):
            rows = [Row(pupil, known[pupil.upn], marks[pupil.upn], model.calendar, first, last) for pupil in town.pupils]
            return [row for row in rows if row.figures and which(row)]

        c = Comparison(daemon, one_school)
        began = time.monotonic()
        took = c.pupils_alone(town)
        c.all_reports(rows_of(FIRST, TODAY))
        c.all_reports(rows_of(datetime.date(2026, 11, 2), LAST), "--term", "2")
        first = FIRST + datetime.timedelta(days=r.randrange(90))
        last = min(first + datetime.timedelta(days=r.randrange(40)), LAST)
        c.all_reports(rows_of(first, last), "--from", first.isoformat(), "--to", last.isoformat())
        c.all_reports(rows_of(FIRST, TODAY, lambda row: row.pupil.urn == 100001), identity=one_school)
        c.all_reports(rows_of(FIRST, TODAY, lambda row: row.pupil.year_group == 2), "--year-group", "2")
        c.all_reports(rows_of(FIRST, TODAY, lambda row: "send" in row.facts), "--group", "send")
        c.all_reports(rows_of(FIRST, TODAY, lambda row: "PP" in row.particulars["groups"] and row.pupil.urn == 100001),
                      "--group", "PP", "--school", "100001")
        for kind in KINDS:
            c.csv_is_the_same(kind)
        for kind in ("attendance", "groups", "governors"):
            c.picture_is_the_same(kind)
        other = daemon.cli("report", "persistent", "--school", "100002", identity=one_school, check=False)
        if other.returncode != 1 or "no school of this URN is known to you" not in other.stderr:
            c.differ("another school's report", "a refusal", (other.returncode, other.stdout, other.stderr))
        refused = daemon.cli("report", "persistent", identity=connector, check=False)
        if refused.returncode != 1 or "your role does not allow it" not in refused.stderr:
            c.differ("a connector's report", "a refusal", (refused.returncode, refused.stdout, refused.stderr))
        for kind, *option in (("notices", "--near", "2"), ("persistent", "--svg"), ("broken-weeks", "--svg")):
            unused = daemon.cli("report", kind, *option, check=False)
            if unused.returncode != 2 or option[0] not in unused.stderr:
                c.differ("an option that changes nothing", "a refusal", (unused.returncode, unused.stdout, unused.stderr))
        tasks_of_a_school(c, daemon)
        full_disk(c, daemon)
        print("%d pupils, %d rows of reports compared in %.1f s: %d differ; all pupils' rows came in %.3f s"
              % (len(town.pupils), c.rows, time.monotonic() - began, c.differences, took))
        ended = daemon.stop()
        if c.rows < args.pupils:
            print("too little to compare: the town is too small or too well")
            return 1
    return 1 if c.differences or ended else 0


def main():
    parser = argparse.ArgumentParser(description="reports against the naive model")
    run_with_daemon.add_programs(parser)
    parser.add_argument("--pupils", type=int, default=300)
    parser.add_argument("--schools", type=int, default=2)
    parser.add_argument("--seed", type=int)
    args = parser.parse_args()
    return run(args, run_with_daemon.seed_of(args.seed))


if __name__ == "__main__":
    sys.exit(main())
