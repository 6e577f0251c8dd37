#!/usr/bin/python3
"""feed.py - `attend feed`, read by parsers that are not ours, before and after a deadline moves.

    feed.py --attendd FILE --attend FILE [--ical-js]

Parsed by python3-icalendar, and with --ical-js (./dev feed, which installs it) by that module of node's too.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import datetime
import json
import os
import subprocess

import icalendar

import run_with_daemon
import school

SCHOOLS = ("100001", "100002")
PUPILS = [school.upn_of("356100126%03d" % n) for n in range(1, 5)]
CLOCK = "2026-09-14T09:00:00Z"
AUTHORITY = "Ynys Môn"
TERM = "from,to,kind,name\n2026-09-02,2026-10-23,term,Autumn 1\n2026-11-02,2026-12-18,term,Autumn 2\n"
ICAL_JS = False
JS = """
const ICAL = require("ical.js"), text = require("fs").readFileSync(0, "utf8");
const calendar = new ICAL.Component(ICAL.parse(text)), events = {};
for (const one of calendar.getAllSubcomponents("vevent")) {
  const event = new ICAL.Event(one);
  events[event.uid] = [event.startDate.toString(), event.endDate.toString(), event.sequence, one.getFirstPropertyValue("status"),
                       event.summary];
}
console.log(JSON.stringify(events));
"""


def check(good, *said):
    if not good:
        raise SystemExit("FAILED: " + " ".join(str(one) for one in said))


def by_ical_js(text):
    """The same by ical.js."""
    done = subprocess.run(["node", "-e", JS], input=text, capture_output=True)
    check(done.returncode == 0, "ical.js refused it", done.stderr.decode())
    return {uid: tuple(event) for uid, event in json.loads(done.stdout).items()}


def parse(data):
    """The calendar's events by UID, as (start, end, sequence, status, summary); and what every feed must be."""
    lines = data.split(b"\r\n")
    check(lines.pop() == b"" and all(b"\n" not in line for line in lines), "lines end with CRLF")
    check(max(map(len, lines)) <= 75, "lines are folded", max(lines, key=len))
    for line in lines:
        line.decode()  # not folded within a character
    calendar = icalendar.Calendar.from_ical(data)
    check(not calendar.errors and calendar["VERSION"] == "2.0" and calendar["METHOD"] == "PUBLISH", calendar)
    check(calendar["PRODID"] and str(calendar["X-WR-CALNAME"]).endswith(AUTHORITY), calendar["X-WR-CALNAME"])
    events = {}
    for event in calendar.walk("VEVENT"):
        check(not event.errors and event["DTSTAMP"].dt.tzinfo, event)
        check(type(event["DTSTART"].dt) is datetime.date and event["DTSTART"].params["VALUE"] == "DATE", "all day", event)
        check(event["CLASS"] == "PRIVATE" and event["TRANSP"] == "TRANSPARENT" and str(event["LOCATION"]), event)
        uid = str(event["UID"])
        check(uid not in events, "a UID twice", uid)
        events[uid] = (event["DTSTART"].dt.isoformat(), event["DTEND"].dt.isoformat(), event["SEQUENCE"],
                       str(event["STATUS"]), str(event["SUMMARY"]))
    if ICAL_JS:
        theirs = by_ical_js(data)
        check(theirs == events, "ical.js reads", theirs, "and icalendar", events)
    return events


class Scene:
    def __init__(self, daemon):
        self.daemon = daemon
        self.officers = {name: daemon.grant(name, "officer") for name in ("hart", "low")}

    def feed(self, *options):
        done = self.daemon.run([self.daemon.attend, "feed", *options], env=self.daemon.environment(self.officers["hart"]), text=False)
        return done.stdout

    def act(self, officer, action, pupil, *more):
        self.daemon.cli("act", action, "--pupil", PUPILS[pupil], "--override", "for the test", *more, identity=self.officers[officer])

    def calendar(self, *rows):
        path = os.path.join(self.daemon.folder, "calendar.csv")
        with open(path, "w", encoding="ascii") as file:
            file.write(TERM + "".join(row + "\n" for row in rows))
        self.daemon.cli("calendar", path)


def begin(scene):
    scene.calendar()
    for urn, pupils in zip(SCHOOLS, (PUPILS[:2], PUPILS[2:])):
        path = os.path.join(scene.daemon.folder, urn + ".csv")
        with open(path, "w", encoding="ascii") as file:
            file.write("urn,upn,date,session,code\n" + "".join("%s,%s,2026-09-07,AM,N\n" % (urn, upn) for upn in pupils))
        scene.daemon.cli("push", path)
    scene.act("hart", "notice-to-improve", 0, "--parent", "p1")
    scene.act("hart", "notice-to-improve", 2, "--parent", "p1")
    scene.act("low", "notice-to-improve", 3, "--parent", "p1", "--on", "2026-09-11")


def one(events, case):
    found = {uid: event for uid, event in events.items() if "(%s, p1" % case in event[4]}
    check(len(found) == 1, "events of", case, events)
    return next(iter(found.items()))


def moves_and_stays(scene):
    """Acceptance 2: the same UID, another day, a higher SEQUENCE; what did not move is as before."""
    before = parse(scene.feed())
    check(len(before) == 3, before)
    uid, event = one(before, "C1")
    check(event == ("2026-10-05", "2026-10-06", 0, "CONFIRMED", "Notice to Improve ends (C1, p1)"), event)
    check(uid == "C1-1@ynys-m--n.attend.invalid", uid)
    again = parse(scene.feed())
    check(again == before, "nothing has changed", before, again)
    scene.calendar("2026-10-01,2026-10-01,closure,Snow", "2026-09-11,2026-09-11,inset,INSET")
    after = parse(scene.feed())
    check(sorted(after) == sorted(before), "the same UIDs", before, after)
    check(after[uid] == ("2026-10-06", "2026-10-07", 4, "CONFIRMED", event[4]), after[uid])
    text = [event["DESCRIPTION"] for event in icalendar.Calendar.from_ical(scene.feed()).walk("VEVENT") if event["UID"] == uid][0]
    check("Before it moved: the end of Mon 5 Oct 2026." in text and "Case C1, stockport." in text, text)
    scene.calendar("2026-09-11,2026-09-11,inset,INSET")
    back = parse(scene.feed())
    check(back[uid][0] == event[0] and back[uid][2] == 8, "moved back: higher still", back)


def filters(scene):
    every = parse(scene.feed())
    of = {case: one(every, case)[0] for case in ("C1", "C2", "C3")}
    for options, wanted in ((("--officer", "hart"), "C1 C2"), (("--officer", "low"), "C3"), (("--school", SCHOOLS[0]), "C1"),
                            (("--school", SCHOOLS[1]), "C2 C3"), (("--school", SCHOOLS[1], "--officer", "low"), "C3"),
                            (("--pathway", "stockport"), "C1 C2 C3"), (("--pathway", "stockton"), "")):
        found = parse(scene.feed(*options))
        check(sorted(found) == [of[case] for case in wanted.split()], options, found)
    for wrong in (("--school", "1234"), ("--keep", "0"), ("--json",)):
        done = scene.daemon.cli("feed", *wrong, check=False)
        check(done.returncode == 2 and wrong[0] in done.stderr and not done.stdout, done)


def holds_no_personal_data(scene):
    plain = scene.feed().decode().replace("\r\n ", "")
    check(not any(upn in plain for upn in PUPILS), "a UPN without --upn")
    named = parse(scene.feed("--upn", "--link", "https://board.example/case/"))
    check(one(named, "C1")[1][4] == "Notice to Improve ends (C1, p1, %s)" % PUPILS[0], named)
    text = scene.feed("--link", "https://board.example/case/").decode()
    check("URL:https://board.example/case/C1\r\n" in text, text)


def ends_and_is_cancelled(scene):
    uid = {case: one(parse(scene.feed()), case)[0] for case in ("C1", "C2")}
    before = parse(scene.feed())
    scene.act("hart", "close", 0)
    after = parse(scene.feed())
    check(after[uid["C1"]][3:] == ("CANCELLED", "Cancelled: Notice to Improve (C1, p1)"), after)
    check(after[uid["C1"]][2] > before[uid["C1"]][2] and after[uid["C2"]] == before[uid["C2"]], before, after)
    scene.daemon.cli("clock", "2026-10-06T09:00:00Z")
    after = parse(scene.feed())
    check(after[uid["C2"]][2:] == (before[uid["C2"]][2] + 1, "CONFIRMED", "To decide: Notice to Improve (C2, p1)"), after)
    scene.act("hart", "decision", 2, "outcome=not-to-issue", "reasons=better")
    after = parse(scene.feed())
    check(after[uid["C2"]][2:] == (before[uid["C2"]][2] + 2, "CONFIRMED", "Done: Notice to Improve (C2, p1)"), after)
    check(uid["C1"] in parse(scene.feed("--keep", "1")), "its last day was yesterday")
    scene.daemon.cli("clock", "2026-10-07T09:00:00Z")
    check(uid["C1"] not in parse(scene.feed("--keep", "1")) and uid["C1"] in parse(scene.feed()), "kept so many days")


def goes_into_a_file(scene):
    path = os.path.join(scene.daemon.folder, "feed.ics")

    def run():
        return json.loads(scene.daemon.cli("feed", "--out", path, "--json", identity=scene.officers["hart"]).stdout)

    first = run()
    check(first["changed"] and first["events"] == len(parse(open(path, "rb").read())) and first["cancelled"] == 1, first)
    os.chmod(path, 0o640)
    scene.daemon.cli("clock", "2026-10-07T10:00:00Z")
    at = os.stat(path)
    check(not run()["changed"] and os.stat(path).st_mtime_ns == at.st_mtime_ns, "nothing but the time has changed: left alone")
    scene.calendar("2026-12-01,2026-12-01,closure,Flood", "2026-09-11,2026-09-11,inset,INSET")
    scene.act("low", "note", 1)
    check(run()["changed"] is False, "what has no deadline changes nothing")
    scene.act("low", "close", 3)
    check(run()["changed"] and os.stat(path).st_mode & 0o777 == 0o640 and os.stat(path).st_ino != at.st_ino, "replaced, mode kept")
    check(not [name for name in os.listdir(scene.daemon.folder) if name.endswith(".part")], "nothing is left over")
    done = scene.daemon.cli("feed", "--out", path + "/none/feed.ics", check=False)
    check(done.returncode == 1 and "Not a directory" in done.stderr, done)


def main():
    parser = argparse.ArgumentParser(description="the calendar feed")
    run_with_daemon.add_programs(parser)
    parser.add_argument("--ical-js", action="store_true")
    args = parser.parse_args()
    global ICAL_JS
    ICAL_JS = args.ical_js
    with run_with_daemon.Daemon(args.attendd, args.attend, CLOCK, AUTHORITY, keep=args.keep) as daemon:
        daemon.start()
        scene = Scene(daemon)
        begin(scene)
        for step in (moves_and_stays, filters, holds_no_personal_data, ends_and_is_cancelled, goes_into_a_file):
            print(step.__name__.replace("_", " "), flush=True)
            step(scene)
        check(daemon.stop() == 0, "a clean end")
    print("all well")


if __name__ == "__main__":
    main()
