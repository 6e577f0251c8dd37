#!/usr/bin/python3
"""school.py - makes up an authority's schools and their registers.

    school.py --pupils N [--schools S] [--from DATE] [--to DATE] [--seed N]
              [--calendar FILE] [--parts N] --out FOLDER

Everything follows from the seed: the same arguments give the same bytes. Written
to FOLDER: roster.csv, calendar.csv, and for each part of the term marks-01.csv
(registers in the order in which they are taken, a class's session together) and
corrections-01.csv (what schools put right when that part was over). The parts
are meant to be pushed in turn: marks-01, corrections-01, marks-02 and so on.

Most children are rarely away. Some are ill for a spell, some go on holiday in
term time, a few are away again and again, and a very few don't come for weeks:
those are the ones whom the alerts are about, so there are enough of them to see.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import csv
import datetime
import os
import random
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CALENDAR = os.path.join(HERE, "data", "calendar-2026-27.csv")
BANK_HOLIDAYS = os.path.join(HERE, "data", "bank-holidays-england.csv")
CLASS_SIZE = 30
ONE_DAY = datetime.timedelta(days=1)
CHECK_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"

SURNAMES = ("Ahmed Archer Bailey Begum Brown Carter Chen Clarke Davies Edwards Evans Fletcher Green Hall Hughes "
            "Hussain Jackson Jones Kaur Khan Kowalski Lewis Marsh Mensah Moore Nowak Okafor Patel Pearce Roberts "
            "Shaw Singh Smith Taylor Turner Walker Ward White Williams Wood Wright Young").split()
FORENAMES = ("Aisha Alfie Amelia Arthur Ava Ben Chloe Daniel Ella Emily Ethan Freya George Grace Hannah Harry Ibrahim "
             "Isla Jack Jakub Leo Lily Lucas Maya Mohammed Noah Nur Olivia Oscar Poppy Priya Ravi Ruby Sam Sofia "
             "Thomas Willow Yusuf Zara Zofia").split()


def upn_of(twelve):
    """A UPN of its last twelve digits: the check letter goes before them."""
    total = sum(weight * int(digit) for weight, digit in zip(range(2, 14), twelve))
    return CHECK_LETTERS[total % 23] + twelve


def read_calendar(path):
    """Rows of a calendar file as (first day, last day, kind)."""
    rows = []
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            first = datetime.date.fromisoformat(row.get("from") or row["date"])
            last = datetime.date.fromisoformat(row.get("to") or row.get("date"))
            rows.append((first, last, row["kind"]))
    return rows


def school_days(rows, first, last):
    """The school days of a calendar from `first` to `last`, in order."""
    days = []
    day = first
    while day <= last:
        kinds = {kind for (a, b, kind) in rows if a <= day <= b}
        if day.weekday() < 5 and kinds == {"term"}:
            days.append(day)
        day += ONE_DAY
    return days


class Pupil:
    def __init__(self, upn, urn, year_group, class_no):
        self.upn = upn
        self.urn = urn
        self.year_group = year_group
        self.class_no = class_no
        self.codes = []  # one a session, in order of time


class Town:
    """Schools, classes, pupils and every register of the days given."""

    def __init__(self, pupils, schools, days, seed):
        self.random = random.Random(seed)
        self.days = days
        self.pupils = []
        self.classes = []
        for school in range(schools):
            share = pupils // schools + (1 if school < pupils % schools else 0)
            self.add_school(100001 + school, 1001 + school, share)
        shut = self.closed_sessions()
        for pupil in self.pupils:
            pupil.codes = self.registers_of(shut.get(pupil.urn, {}))

    def add_school(self, urn, establishment, count):
        for number in range(count):
            class_no = number // CLASS_SIZE
            year_group = class_no % 6 + 1
            entry = 26 - year_group  # reception is the year before year 1
            twelve = "356%04d%02d%03d" % (establishment % 10000, entry - number // 900, number % 900 + 1)
            pupil = Pupil(upn_of(twelve), urn, year_group, class_no)
            if number % CLASS_SIZE == 0:
                self.classes.append([])
            self.classes[-1].append(pupil)
            self.pupils.append(pupil)

    def closed_sessions(self):
        """A boiler breaks now and then: Y4 for a whole school's session or two."""
        shut = {}
        for urn in sorted({pupil.urn for pupil in self.pupils}):
            if self.random.random() < 0.3:
                slot = self.random.randrange(len(self.days) * 2)
                for one in range(slot, min(slot + self.random.randint(1, 4), len(self.days) * 2)):
                    shut.setdefault(urn, {})[one] = "Y4"
        return shut

    def registers_of(self, shut):
        """A child's codes for every session, by what sort of attender they are."""
        r = self.random
        sessions = len(self.days) * 2
        codes = ["/", "\\"] * len(self.days)
        lot = r.random()
        if lot < 0.70:
            self.spells(codes, r.randint(0, 2), "I", 1, 5)
            self.odd(codes, r.choice((0, 0, 0, 1, 2)), "MNOL")
        elif lot < 0.86:
            self.spells(codes, r.randint(1, 3), "I", 1, 8)
            self.odd(codes, r.randint(1, 8), "LLLNOUM")
        elif lot < 0.93:
            self.spells(codes, 1, "G", 3, 10)
            self.odd(codes, r.randint(0, 3), "LNOC")
        elif lot < 0.98:
            self.odd(codes, r.randint(sessions // 12, sessions // 5), "NOUOIL")
            self.spells(codes, r.randint(0, 3), "IO", 1, 6)
        elif lot < 0.995:
            self.spells(codes, 1, "ONUG", 9, 24)
            self.odd(codes, r.randint(0, 10), "NOUL")
        else:
            self.spells(codes, 2, "NOU", 8, 26)
            self.odd(codes, r.randint(5, max(6, sessions // 4)), "OUNI")
        if r.random() < 0.02:  # joins late: not yet on roll till then
            joined = r.randrange(sessions // 2) if sessions > 1 else 0
            codes[:joined] = ["Z"] * joined
        if r.random() < 0.03:  # away on visits, a part-time timetable
            self.odd(codes, r.randint(1, 8), ("V", "B", "P", "C2", "D", "Y1", "K", "J1"))
        for slot, code in shut.items():
            codes[slot] = code
        return codes

    def odd(self, codes, count, choice):
        for _ in range(count):
            codes[self.random.randrange(len(codes))] = self.random.choice(choice)

    def spells(self, codes, count, choice, shortest, longest):
        """Runs of whole days, now and then broken by one session."""
        r = self.random
        for _ in range(count):
            length = r.randint(shortest, longest)
            first = r.randrange(max(1, len(self.days) - length + 1))
            code = r.choice(choice)
            for slot in range(first * 2, min((first + length) * 2, len(codes))):
                if r.random() < 0.1:
                    code = r.choice(choice)
                codes[slot] = code
            if r.random() < 0.15:
                slot = min((first + r.randrange(length)) * 2 + r.randrange(2), len(codes) - 1)
                codes[slot] = r.choice("IL" if slot % 2 else "I/")

    def corrections(self, first, last):
        """What is put right when the sessions `first` to `last - 1` are over: of
        them and of some before. No session is given back a code that it had: a
        school that goes to and fro sends the same row twice, which is another test."""
        r = self.random
        put_right = []
        for pupil in self.pupils:
            if r.random() > 0.35:
                continue
            had = pupil.__dict__.setdefault("had", {})
            for _ in range(r.randint(1, 6)):
                from_slot = first if r.random() < 0.7 else 0
                away = [s for s in range(from_slot, last) if pupil.codes[s] in "NOUGI"]
                slot = r.choice(away) if away and r.random() < 0.85 else r.randrange(from_slot, last)
                was = pupil.codes[slot]
                new = self.put_right(was, slot)
                before = had.setdefault(slot, {was})
                if new in before:
                    continue
                before.add(new)
                pupil.codes[slot] = new
                put_right.append((pupil, slot, new))
        r.shuffle(put_right)
        # Where one session was put right twice, what the shuffle left last is what stands.
        newest = {}
        for place, (pupil, slot, new) in enumerate(put_right):
            newest.setdefault((pupil.upn, slot), []).append(place)
        for (_, slot), places in newest.items():
            if len(places) > 1:
                pupil = put_right[places[0]][0]
                pupil.codes[slot] = put_right[places[-1]][2]
        return put_right

    def put_right(self, was, slot):
        r = self.random
        present = "\\" if slot % 2 else "/"
        if was == "N":
            return r.choice(("I", "I", "O", "M", "C", present))
        if was in ("O", "U", "G"):
            return r.choice(("I", "I", "C", "L", present))
        if was == "I":
            return r.choice(("O", "O", "M", "G"))
        return r.choice(("N", "O", "L", "I", present))


def row_of(pupil, day, slot):
    return "%d,%s,%s,%s," % (pupil.urn, pupil.upn, day.isoformat(), "PM" if slot % 2 else "AM")


def write_marks(path, town, first, last):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write("urn,upn,date,session,code\n")
        heads = [[(pupil, "%d,%s," % (pupil.urn, pupil.upn)) for pupil in one] for one in town.classes]
        for slot in range(first, last):
            when = "%s,%s," % (town.days[slot // 2].isoformat(), "PM" if slot % 2 else "AM")
            for one in heads:
                file.write("".join([head + when + pupil.codes[slot] + "\n" for pupil, head in one]))


def write_corrections(path, town, corrections):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write("urn,upn,date,session,code\n")
        for pupil, slot, code in corrections:
            file.write(row_of(pupil, town.days[slot // 2], slot) + code + "\n")


def write_roster(path, town):
    r = random.Random(len(town.pupils))
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["urn", "upn", "surname", "forename", "birth_date", "year_group", "parent", "parent_name",
                      "parent_address"])
        for pupil in town.pupils:
            surname, forename = r.choice(SURNAMES), r.choice(FORENAMES)
            # Year 1 children turn six in the school year 2026-27.
            born = datetime.date(2021 - pupil.year_group, 9, 1) + ONE_DAY * r.randrange(365)
            for parent in ("p1", "p2")[:1 if r.random() < 0.6 else 2]:
                out.writerow([pupil.urn, pupil.upn, surname, forename, born.isoformat(), pupil.year_group,
                              parent, "%s %s" % (r.choice(FORENAMES), surname), "%d Mill Lane" % r.randint(1, 180)])


def write_town(town, folder, parts, calendar=CALENDAR):
    """The files, and their names in the order in which they are to be pushed."""
    os.makedirs(folder, exist_ok=True)
    shutil.copyfile(calendar, os.path.join(folder, "calendar.csv"))
    write_roster(os.path.join(folder, "roster.csv"), town)
    sessions = len(town.days) * 2
    cuts = [sessions * part // parts for part in range(parts + 1)]
    names = []
    for part in range(parts):
        marks = os.path.join(folder, "marks-%02d.csv" % (part + 1))
        put_right = os.path.join(folder, "corrections-%02d.csv" % (part + 1))
        write_marks(marks, town, cuts[part], cuts[part + 1])
        write_corrections(put_right, town, town.corrections(cuts[part], cuts[part + 1]))
        names += [marks, put_right]
    return names


def make_town(pupils, schools, first, last, seed, calendar=CALENDAR):
    rows = read_calendar(calendar) + read_calendar(BANK_HOLIDAYS)
    days = school_days(rows, first, last)
    if not days:
        raise SystemExit("school.py: no school day from %s to %s" % (first, last))
    return Town(pupils, schools, days, seed)


def main():
    parser = argparse.ArgumentParser(description="makes up schools and their registers")
    parser.add_argument("--pupils", type=int, default=420)
    parser.add_argument("--schools", type=int)
    parser.add_argument("--from", dest="first", type=datetime.date.fromisoformat, default=datetime.date(2026, 9, 1))
    parser.add_argument("--to", dest="last", type=datetime.date.fromisoformat, default=datetime.date(2026, 12, 18))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calendar", default=CALENDAR)
    parser.add_argument("--parts", type=int, default=3)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    schools = args.schools or max(1, args.pupils // 840)
    town = make_town(args.pupils, schools, args.first, args.last, args.seed, args.calendar)
    for name in write_town(town, args.out, args.parts, args.calendar):
        print(name)
    print("%d pupils, %d schools, %d classes, %d school days, seed %d"
          % (len(town.pupils), schools, len(town.classes), len(town.days), args.seed), file=sys.stderr)


if __name__ == "__main__":
    main()
