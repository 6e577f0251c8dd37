#!/usr/bin/python3
"""importers.py - files as schools' systems export them, through the commands that take them.

The same term goes in from the shape of each system (mis_files.py), each into a store of its own, and the projections
are compared: by Bromcom's CSV and by Wonde's JSON, which have the same rows in the same order, every table that
holds no secret of the store's own must be equal byte for byte; by the others, every figure of every pupil, who they
are and who their parents are. Then what comes in broken or with ill will, and a folder that is watched.

    importers.py --attendd FILE --attend FILE [--only NAME] [--big MIB] [--pupils N]

--big does the memory's test alone, with files of so many MiB (./dev soak: 1,024).

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import csv
import datetime
import io
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
import zipfile

import mis_files
import run_with_daemon
import school

FIRST, LAST = datetime.date(2026, 9, 1), datetime.date(2026, 10, 23)
CLOCK = "2026-10-24T09:00:00Z"
# Left out: what is sealed or keyed under the store's own secrets, and what stands beside the projections.
TABLES = "pupils standing cases pupil_cases timers alerts calendars alert_changes people schools".split()
CHECKSUM = 8  # bytes, after each value
WAIT = 60


def check(good, what):
    if not good:
        raise SystemExit("importers: " + what)


def told(done):
    return json.loads(done.stdout.strip().splitlines()[-1])


def table(daemon, name):
    """A table's keys and values as mdb_dump gives them, each value without its checksum, which is keyed by the store."""
    done = subprocess.run(["mdb_dump", "-s", name, daemon.data], capture_output=True, text=True)
    check(done.returncode == 0, "mdb_dump %s: %s" % (name, done.stderr))
    lines = done.stdout.split("HEADER=END\n", 1)[1].split("DATA=END")[0].split()
    return [(key, value[:-2 * CHECKSUM]) for key, value in zip(lines[::2], lines[1::2])]


def everything(daemon, town):
    """What the daemon says of every pupil, and the alerts."""
    said = [daemon.cli("alerts", "--json").stdout]
    for pupil in town.pupils:
        for command in ("pupil", "people"):
            said.append(json.loads(daemon.cli(command, "--json", pupil.upn).stdout))
            said[-1].pop("as_of", None)
    return said


def feed(args, town, folder, roster, marks):
    """A store with that in it: what it says, and its tables."""
    with run_with_daemon.Daemon(args.attendd, args.attend, clock=CLOCK, keep=args.keep) as daemon:
        daemon.start()
        connector = daemon.grant("connector", "connector", sorted({pupil.urn for pupil in town.pupils}))
        daemon.cli("calendar", school.CALENDAR)
        for command, rows in (roster, len(town.pupils)), (marks, len(town.pupils) * len(town.days) * 2):
            done = told(daemon.cli(*command, "--json", identity=connector, cwd=folder))
            check(done["refused"] == 0 and done["accepted"] == rows, "%s: %s, %d wanted" % (" ".join(command), done, rows))
            again = told(daemon.cli(*command, "--json", identity=connector, cwd=folder))
            check(again["refused"] == again["accepted"] == 0 and again["known"] == rows, "%s again: %s" % (" ".join(command), again))
        said = everything(daemon, town)
        check(daemon.stop() == 0 and daemon.verify().returncode == 0, "the store of %s doesn't verify" % marks[-1])
        return said, {name: table(daemon, name) for name in TABLES}


def same_term(args, seed):
    town = school.make_town(args.pupils, 2, FIRST, LAST, seed)
    with run_with_daemon.Daemon(args.attendd, args.attend, keep=args.keep) as place:
        folder = os.path.join(place.folder, "files")
        mis_files.write_all(town, folder, seed)
        by_csv, csv_tables = feed(args, town, folder, ("roster", "--map", "bromcom-roster", "bromcom-roster.csv"),
                                  ("push", "--map", "bromcom-marks", "bromcom-marks.csv"))
        by_json, json_tables = feed(args, town, folder, ("roster", "--map", "wonde-students", "wonde-students.json"),
                                    ("push", "--map", "wonde-attendance", "--with", "wonde-students.json", "--with", "wonde-codes.json",
                                     "--with", "wonde-schools.json", "wonde-attendance.json"))
        for name in TABLES:
            check(csv_tables[name] == json_tables[name], "the table %s differs between CSV and JSON" % name)
        check(len(csv_tables["pupils"]) >= len(town.pupils) and csv_tables["alerts"], "too little to compare")
        check(by_csv == by_json, "what is said of the pupils differs between CSV and JSON")
        by_arbor, _ = feed(args, town, folder, ("roster", "--map", "arbor-roster", "arbor-roster.csv"),
                           ("push", "--map", "arbor-marks", "arbor-marks.csv"))
        check(by_arbor[1:] == by_csv[1:], "what is said of the pupils differs by Arbor's files")
        by_sims, _ = feed(args, town, folder, ("roster", "--map", "sims-roster", "sims-roster.csv"),
                          ("push", "--map", "sims-marks", "sims-marks.csv"))
        for theirs, ours in zip(by_sims[1:], by_csv[1:]):
            # SIMS's two contacts have no ids: they are p1 and p2
            for number, parent in enumerate(theirs.get("parents", ())):
                check(parent["parent"] == "p%d" % (number + 1), "SIMS's contact is %s" % parent)
                parent["parent"] = ours["parents"][number]["parent"]
            check(theirs == ours, "by SIMS's files %s, by Bromcom's %s" % (theirs, ours))
    print("one term of %d pupils from four systems: %d tables equal byte for byte by CSV and JSON" % (len(town.pupils), len(TABLES)))


def transfer_files(daemon, folder, town):
    """Common Transfer Files: who they are goes in, their totals are shown and never taken."""
    urn = town.pupils[0].urn
    mine = [pupil for pupil in town.pupils if pupil.urn == urn]
    officer = daemon.grant("officer", "officer")
    path = os.path.join(folder, "ctf-%d.xml" % urn)
    done = daemon.cli("roster", path, check=False)
    check(done.returncode == 1 and "give --school URN" in done.stderr, "a CTF without --school: %s" % done.stderr)
    lines = daemon.cli("roster", "--school", str(urn), "--totals", "--json", path, identity=officer).stdout.splitlines()
    totals = [json.loads(line) for line in lines[:-1]]
    check(json.loads(lines[-1])["accepted"] == len(mine) == len(totals), "a CTF: %s" % lines[-1])
    check(totals[0]["possible"] == 380 and totals[0]["unauthorised"] == 7 and totals[0]["ours"] is None,
          "totals beside ours: %s" % totals[0])
    who = json.loads(daemon.cli("pupil", "--json", mine[0].upn).stdout)
    check(who["possible"] == 0 and who["surname"], "a CTF's totals became figures: %s" % who)
    # a connector may not read figures: said once
    done = daemon.cli("roster", "--school", str(urn), "--totals", path, identity=daemon.connector)
    check(done.stderr.count("may not read figures") == 1 and "380 / -" in done.stdout, "totals for a connector: %s" % done.stderr)
    with open(path, encoding="utf-8") as file:
        half = file.read()[:-400]
    with open(os.path.join(folder, "half.xml"), "w", encoding="utf-8") as file:
        file.write(half.replace(mine[0].upn, school.upn_of("356999920001")))
    done = daemon.cli("roster", "--school", str(urn), os.path.join(folder, "half.xml"), check=False)
    check(done.returncode == 1 and "half a file" in done.stderr and "nothing of it was taken" in done.stderr, "half a CTF: %s" % done.stderr)
    check(daemon.cli("pupil", school.upn_of("356999920001"), check=False).returncode == 1, "half a CTF was half applied")


def mended(daemon, folder, town):
    """What is refused goes to the rejects with its line's text, is mended and goes in: of CSV, JSON and rosters."""
    a, b, c = (pupil.upn for pupil in town.pupils[:3])
    urn = town.pupils[0].urn
    wrong = "A" + a[1:] if a[0] != "A" else "B" + a[1:]
    marks = os.path.join(folder, "mixed.csv")
    with open(marks, "w", encoding="cp1252", newline="") as file:
        file.write("School URN,UPN,Mark Date,Session,Mark,Comments\r\n"
                   "%(urn)s,%(a)s,07/09/2026,AM,/,\r\n%(urn)s,%(a)s,9/7/26,PM,N,\"said \"\"café\"\", later\"\r\n%(urn)s,%(b)s,07/09/2026,AM,J,\r\n"
                   "%(urn)s,%(wrong)s,07/09/2026,AM,/,\r\n%(urn)s,%(c)s,07/09/2026,AM,-,\r\n%(urn)s,%(c)s,07/09/2026,PM,\\,\r\n%(urn)s,%(c)s,08/09/2026,AM"
                   % {"urn": urn, "a": a, "b": b, "c": c, "wrong": wrong})
    rejects = os.path.join(folder, "mixed-rejects.csv")
    done = daemon.cli("push", "--map", "sims-marks", "--rejects", rejects, "--json", marks, identity=daemon.connector, check=False)
    check(done.returncode == 1 and told(done) == {"rows": 6, "accepted": 2, "known": 0, "refused": 4}, "mixed.csv: %s" % done.stdout)
    for part in ('mixed.csv:3: date: "9/7/26" is no date in the form DD/MM/YYYY', "mixed.csv:4: code: J is a code of before August 2024: an interview is J1",
                 "mixed.csv:5: upn: ", "mixed.csv:8: row: 4 fields where the header has 6", "the last line has no line end; if the file broke off",
                 "1 row passed over that the mapping says hold no mark"):
        check(part in done.stderr, "not told: %s in %s" % (part, done.stderr))
    with open(rejects, encoding="cp1252", newline="") as file:
        text = file.read()
    rows = list(csv.reader(io.StringIO(text)))
    check(len(rows) == 5 and rows[0][-1] == "reason" and rows[1][5] == 'said "café", later', "rejects: %s" % rows)
    for bad, good in ("9/7/26", "07/09/2026"), (",J,", ",J1,"), (wrong, a), (",08/09/2026,AM,", ",08/09/2026,AM,I,,"), ("07/09/2026,AM,/", "08/09/2026,AM,/"):
        text = text.replace(bad, good, 1)
    with open(rejects, "w", encoding="cp1252", newline="") as file:
        file.write(text)
    done = daemon.cli("push", "--map", "sims-marks", "--json", rejects, identity=daemon.connector, check=False)
    check(done.returncode == 0 and told(done)["accepted"] == 4, "mended: %s %s" % (done.stdout, done.stderr))
    # JSON: the rejects are lines of attend's own
    entries = [{"student": {"education_details": {"upn": upn}}, "date": "2026-09-09", "session": "AM", "attendance_code": {"code": code}}
               for upn, code in ((a, "/"), (b, "Y"), (c, "\\"))]
    with open(os.path.join(folder, "marks.json"), "w", encoding="utf-8") as file:
        json.dump({"data": entries}, file)
    rejects = os.path.join(folder, "marks-rejects.jsonl")
    done = daemon.cli("push", "--map", "wonde-attendance", "--school", str(urn), "--rejects", rejects, "--json", os.path.join(folder, "marks.json"),
                      identity=daemon.connector, check=False)
    check(told(done)["refused"] == 2 and "marks.json:entry 2: code: Y is a code of before August 2024" in done.stderr, "JSON: %s" % done.stderr)
    with open(rejects, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    for line, code in zip(lines, ("Y1", "/")):
        check(line["urn"] == str(urn) and line["reason"], "a rejected entry: %s" % line)
        line["code"] = code
    with open(rejects, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    done = daemon.cli("push", "--json", rejects, identity=daemon.connector)
    check(told(done)["accepted"] == 2, "mended JSON: %s" % done.stdout)
    rosters_mended(daemon, folder, urn, a, b)


def rosters_mended(daemon, folder, urn, a, b):
    """A duplicate pupil with another birth date: neither row counts, both are given back."""
    path, rejects = os.path.join(folder, "twice.csv"), os.path.join(folder, "twice-rejects.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("urn,upn,surname,forename,birth_date,parent,parent_name\n%s,%s,Good,Ada,2015-05-01,p1,Mary\n%s,%s,Twice,Bo,2015-05-02,p1,John\n"
                   "%s,%s,Twice,Bo,2015-05-03,p2,Jane\n" % (urn, a, urn, b, urn, b))
    done = daemon.cli("roster", "--rejects", rejects, "--json", path, identity=daemon.connector, check=False)
    check(done.returncode == 1 and told(done) == {"rows": 3, "pupils": 2, "accepted": 1, "known": 0, "refused": 1}, "twice: %s" % done.stdout)
    check("twice.csv:4: birth_date: another than in line 3, which is about the same pupil" in done.stderr, "twice: %s" % done.stderr)
    with open(rejects, encoding="utf-8") as file:
        text = file.read()
    check(text.count("\n") == 3 and text.startswith("urn,upn,surname,forename,birth_date,parent,parent_name,reason\n"), "twice: %s" % text)
    with open(rejects, "w", encoding="utf-8") as file:
        file.write(text.replace("2015-05-03", "2015-05-02", 1))
    done = daemon.cli("roster", "--json", rejects, identity=daemon.connector)
    check(told(done)["accepted"] == 1, "twice, mended: %s" % done.stdout)
    people = json.loads(daemon.cli("people", "--json", b).stdout)
    check([parent["parent"] for parent in people["parents"]] == ["p1", "p2"], "the parents of the mended: %s" % people)


def hostile(daemon, folder, town):
    """What is no file of marks is refused by its name; a file that breaks off is not begun."""
    urn, a = town.pupils[0].urn, town.pupils[0].upn
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("marks.csv", b"\0" * (64 << 20))
    whole = json.dumps({"data": [{"student": {"education_details": {"upn": a}}, "date": "2026-09-1%d" % (n % 2), "session": "AM",
                                  "attendance_code": {"code": "/"}} for n in range(200)]}).encode()
    cases = [("bomb.zip", bomb.getvalue(), (), "a zip file"), ("marks.xlsx", bomb.getvalue(), (), "a zip file"),
             ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, (), "a spreadsheet"),
             ("wide.csv", "urn,upn,date,session,code\n".encode("utf-16"), (), "UTF-16"), ("bare.csv", "urn,upn,date".encode("utf-16-le"), (), "UTF-16"),
             ("laughs.xml", b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">]><CTfile>&a;</CTfile>', (), "this is XML"),
             ("half.json", whole[:len(whole) // 2], ("--map", "wonde-attendance", "--school", str(urn)), "nothing of it was taken"),
             ("empty.csv", b"", (), "empty"), ("unknown.csv", b"Name,Form,Monday\nAda,7B,/\n", (), "attend push --guess FILE"),
             ("sims.csv", b"URN,UPN,When,Session,Mark\n", ("--map", "sims-marks"), 'date: by the mapping sims-marks it stands in a column "Mark Date"')]
    before = daemon.cli("log", "--json").stdout.count("\n")
    for name, data, options, words in cases:
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(data)
        done = daemon.cli("push", *options, path, identity=daemon.connector, check=False, timeout=WAIT)
        check(done.returncode in (1, 2) and words in done.stderr, "%s: %d %s" % (name, done.returncode, done.stderr))
    done = daemon.cli("roster", "--school", str(urn), os.path.join(folder, "laughs.xml"), check=False)
    check(done.returncode == 1 and "declares a document type" in done.stderr, "laughs.xml: %s" % done.stderr)
    with open(os.path.join(folder, "sparse.csv"), "wb") as file:
        file.truncate(1 << 30)
    done = daemon.cli("push", os.path.join(folder, "sparse.csv"), check=False, timeout=WAIT)
    check(done.returncode == 1 and "longer than 64 KiB" in done.stderr, "a sparse GiB: %s" % done.stderr)
    check(daemon.cli("log", "--json").stdout.count("\n") == before, "something of a file that was refused is in the log")


class Watch:
    """attend push --watch (or roster), with what it says, a line at a time."""

    def __init__(self, daemon, folder, command="push"):
        self.process = subprocess.Popen([daemon.attend, command, "--watch", folder, "--timeout", "1"],
                                        env=daemon.environment(daemon.connector), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def until(self, words):
        seen, ends = b"", time.monotonic() + WAIT
        while words.encode() not in seen:
            ready = select.select([self.process.stdout], [], [], max(0, ends - time.monotonic()))[0]
            data = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            check(data, "the watch never said %s: %s" % (words, seen.decode()))
            seen += data
        return seen.decode()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(WAIT)
        self.process.stdout.close()
        return status


def put(folder, name, text):
    """As a program does that writes elsewhere and moves it in."""
    path = os.path.join(folder, "." + name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path, os.path.join(folder, name))


def watched(daemon, folder, town):
    box = os.path.join(folder, "box")
    os.mkdir(box)
    urn = town.pupils[0].urn
    row = lambda pupil, code: "%s,%s,2026-09-14,AM,%s\n" % (urn, pupil.upn, code)
    header = "urn,upn,date,session,code\n"
    put(box, "before.csv", header + row(town.pupils[0], "/"))
    put(box, "later.csv.part", header)
    watch = Watch(daemon, box)
    watch.until("before.csv: 1 row: 1 accepted")
    put(box, "mixed.csv", header + row(town.pupils[1], "/") + row(town.pupils[2], "H"))
    watch.until("mixed.csv: 2 rows: 1 accepted, 0 known already, 1 refused")
    put(box, "sheet.csv", "PK\3\4nonsense")
    watch.until("a zip file")
    with open(os.path.join(box, "slow.csv"), "w", encoding="utf-8") as slow:  # written in two goes: taken when it is closed
        slow.write(header)
        slow.flush()
        slow.write(row(town.pupils[3], "L"))
    watch.until("slow.csv: 1 row: 1 accepted")
    daemon.stop()
    put(box, "away.csv", header + row(town.pupils[4], "/"))
    watch.until("away.csv stays")
    daemon.start()
    watch.until("away.csv: 1 row: 1 accepted")
    put(box, "mixed.csv", header + row(town.pupils[2], "C"))
    watch.until("mixed.csv: 1 row: 1 accepted")
    check(watch.end() == 0, "the watch ended badly")
    lists = {part: sorted(os.listdir(os.path.join(box, part))) for part in ("done", "failed", "rejects")}
    check(lists == {"done": ["away.csv", "before.csv", "mixed.csv", "mixed.csv.2", "slow.csv"], "failed": ["sheet.csv"], "rejects": ["mixed.csv"]},
          "the folder: %s" % lists)
    with open(os.path.join(box, "rejects", "mixed.csv"), encoding="utf-8") as file:
        check("H is a code of before August 2024" in file.read(), "the rejects lack their reason")
    check(sorted(os.listdir(box)) == ["done", "failed", "later.csv.part", "rejects"], "left: %s" % os.listdir(box))
    watch = Watch(daemon, box, "roster")
    put(box, "pupils.csv", "urn,upn,surname,forename,birth_date\n%s,%s,Brown,Ada,2015-05-01\n%s,%s,Brown,Bo,1/5/2015\n"
        % (urn, town.pupils[0].upn, urn, town.pupils[1].upn))
    watch.until("pupils.csv: 2 rows, 2 pupils: 1 recorded, 0 as known already, 1 refused")
    put(box, "half.xml", "<CTfile><Header>")
    watch.until("half a file?")
    put(box, "more.csv", "urn,upn,surname,forename,birth_date\n%s,%s,Brown,Bo,2015-05-01\n" % (urn, town.pupils[1].upn))
    watch.until("more.csv: 1 row, 1 pupil: 1 recorded")
    check(watch.end() == 0 and os.path.exists(os.path.join(box, "rejects", "pupils.csv")) and os.path.exists(os.path.join(box, "failed", "half.xml")),
          "the folder of rosters: %s" % os.listdir(box))


def guessed(daemon, folder, town):
    """A guess sends nothing and leaves the dates to people; what it wrote is pushed once they are named."""
    urn = town.pupils[0].urn
    path, mapping = os.path.join(folder, "theirs.csv"), os.path.join(folder, "ours.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("Pupil UPN,Unique Pupil Number,Day,AM/PM,Attendance Mark,Teacher\n")
        file.writelines("x,%s,%s,%s,/,Smith\n" % (pupil.upn, "%02d/09/2026" % (15 + n % 3), "Morning") for n, pupil in enumerate(town.pupils[:6]))
    done = subprocess.run([daemon.attend, "push", "--guess=" + mapping, path], capture_output=True, text=True)
    check(done.returncode == 0, "guess: %s" % done.stderr)
    with open(mapping, encoding="utf-8") as file:
        text = file.read()
    for part in ("dates: ask", "DD/MM/YYYY", 'upn: "Unique Pupil Number"', 'AM: ["Morning"]', "# passed over: Teacher", "# school: 123456"):
        check(part in text, "the guess lacks %s: %s" % (part, text))
    done = subprocess.run([daemon.attend, "push", "--guess=" + mapping, path], capture_output=True, text=True)
    check(done.returncode == 2 and "exists" in done.stderr, "a guess wrote over a file")
    done = daemon.cli("push", "--map", mapping, "--school", str(urn), "--dry-run", path, check=False)
    check(done.returncode == 2 and "day or month first?" in done.stderr, "a guess's dates: %s" % done.stderr)
    with open(mapping, "w", encoding="utf-8") as file:
        file.write(text.replace("dates: ask", "dates: DD/MM/YYYY").replace("# school: 123456", "school: %s" % urn))
    before = daemon.cli("log", "--json").stdout
    done = daemon.cli("push", "--map", mapping, "--dry-run", path)
    check("6 rows: 6 look right, 0 would be refused; nothing was sent" in done.stdout, "dry run: %s" % done.stdout)
    check(daemon.cli("log", "--json").stdout == before, "a dry run sent something")
    check(told(daemon.cli("push", "--map", mapping, "--json", path, identity=daemon.connector))["accepted"] == 6, "the guess's file")


def one_daemon(args, seed):
    town = school.make_town(30, 1, FIRST, LAST, seed)
    for part in (transfer_files, mended, hostile, watched, guessed):
        if args.only not in (None, part.__name__):
            continue
        with run_with_daemon.Daemon(args.attendd, args.attend, clock=CLOCK, keep=args.keep) as daemon:
            folder = os.path.join(daemon.folder, "files")
            mis_files.write_all(town, folder, seed)
            daemon.start()
            daemon.connector = daemon.grant("connector", "connector", [town.pupils[0].urn])
            part(daemon, folder, town)
            check(daemon.stop() == 0 and daemon.verify().returncode == 0, "the store doesn't verify after %s" % part.__name__)
        print("%s: as it must be" % part.__name__, flush=True)


def streams(mib):
    """Files of so many MiB, made as they are read: their first and last bytes, and blocks of what comes in between by number."""
    upn = school.upn_of("356100120001")
    row = ("100001,%s,07/09/2026,AM,/,,late café\r\n" % upn).encode()
    entry = json.dumps({"id": "A1", "student": {"data": {"education_details": {"data": {"upn": upn}}}}, "date": mis_files.date(FIRST), "session": "AM",
                        "attendance_code": {"data": {"code": "/"}}, "comment": None}).encode()
    # of a pupil's element most is assessments, which are passed over
    pupil = (b"<Pupil><UPN>%%s</UPN><Surname>Brown</Surname><Forename>Ada</Forename><DOB>2015-05-01</DOB><StageAssessments>%s</StageAssessments>"
             b"</Pupil>\n" % (b"<Result><Grade>4</Grade></Result>\n" * 120))

    def pupils(block):
        return b"".join(pupil % school.upn_of("%012d" % (block * 15 + n)).encode() for n in range(15))
    yield ("push", "--map", "sims-marks"), b"School URN,UPN,Mark Date,Session,Mark,Minutes Late,Comments\r\n", lambda block: row * 1200, b"", mib
    yield ("push", "--map", "wonde-attendance", "--school", "100001"), b'{"data":[' + entry, lambda block: (b",\n" + entry) * 240, b"]}", mib
    yield ("roster", "--school", "100001"), b"<CTfile><CTFpupilData>", pupils, b"</CTFpupilData></CTfile>", mib


def memory_of(attend, command, first, block, last, mib):
    """The most memory, in MiB, that a dry run of such a file takes."""
    # the address sanitizer keeps what was freed
    process = subprocess.Popen([attend] + list(command) + ["--dry-run", "--json", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=1:thread_local_quarantine_size_kb=64"))
    process.stdin.write(first)
    for number in range((mib << 20) // len(block(0))):
        process.stdin.write(block(number))
    process.stdin.write(last)
    process.stdin.close()
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    check(process.returncode == 0 and json.loads(out)["refused"] == 0, "%s of %d MiB: %s" % (command[0], mib, out))
    return json.loads(out)["rows"], used.ru_maxrss // 1024


def memory(args, mib):
    for small, large in zip(streams(2), streams(mib)):
        _, little = memory_of(args.attend, *small)
        began = time.monotonic()
        rows, much = memory_of(args.attend, *large)
        print("%s of %d MiB, %d rows: %d MiB of memory, %d for 2 MiB (%.1f s)" % (" ".join(large[0]), mib, rows, much, little, time.monotonic() - began),
              flush=True)
        check(much < little + 24, "memory grows with the file")


def main():
    parser = argparse.ArgumentParser(description="files of schools' systems through the importers")
    run_with_daemon.add_programs(parser)
    parser.add_argument("--pupils", type=int, default=60)
    parser.add_argument("--big", type=int)
    parser.add_argument("--only", help="one of the parts on one daemon")
    parser.add_argument("--seed", type=int)
    args = parser.parse_args()
    args.attend = os.path.abspath(args.attend)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if args.big:
        return memory(args, args.big)
    seed = run_with_daemon.seed_of(args.seed)
    if not args.only:
        same_term(args, seed)
    one_daemon(args, seed)
    return 0 if args.only else memory(args, 16)


if __name__ == "__main__":
    sys.exit(main())
