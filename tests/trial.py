#!/usr/bin/python3
"""trial.py - a term with its officers, and then a changed pathway tried on it.

A town's registers (school.py) come in week by week under a manual clock. An officer
deals with the thresholds that are told: contact, meeting and plan, referral, the
Notice to Improve; decides when the question is put; issues penalty notices, of which
some are paid. Then `attend pathway try`:

  the file in force     nothing differs for anybody, and the replay raises every alert
                        that the log holds, on its day
  15 school days as 20  each Notice to Improve ends five school days later; the question is
                        put, decided, and the penalty notice issued and paid, so much later

and the daemon goes on answering while it runs. With --report the text for people is
written to a file.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import collections
import datetime
import json
import os
import random
import shutil
import sys
import threading
import time

import run_with_daemon
import school

DAY = datetime.timedelta(days=1)
NTI = {"medical": "no", "mental_health": "no", "bullying": "no", "family_complexity": "no", "support_named": "yes"}
REFERRAL = {"support_package": "yes", "contract_engaged": "no", "support_engaged": "no", "why": "the evidence shows it"}


class Officer:
    """Deals with what is told, a week at a time."""

    def __init__(self, client, seed):
        self.client = client
        self.random = random.Random(seed)
        self.seen = 0
        self.steps = collections.OrderedDict()  # upn: what is next
        self.unpaid = []
        self.counts = collections.Counter()

    def act(self, upn, action, on, override=None, **fields):
        body = {"action": action, "upn": upn, "on": on.isoformat(), "fields": fields}
        if "parent" in fields:
            body["parent"] = fields.pop("parent")
        if override:
            body["override"] = override
        reply = self.client.ask("action", body)
        self.counts[action if reply.status < 300 else action + " refused"] += 1
        return reply.status < 300

    def told(self):
        alerts = [a for a in self.client.items("alerts", from_=self.seen, limit=1000) if a["status"] == "raised"]
        if alerts:
            self.seen = max(a["seq"] for a in alerts) + 1
        return alerts

    def decide(self, upn, on):
        if self.random.random() < 0.25:
            self.act(upn, "decision", on, outcome="not-to-issue", reasons="attendance is better")
        elif self.act(upn, "decision", on, outcome="issue", reasons="it did not improve"):
            if self.act(upn, "penalty-notice", on, parent="p1", reason="notice-to-improve"):
                self.unpaid.append((upn, on))

    def week(self, monday):
        for upn, step in list(self.steps.items()):
            if step == "meeting":
                self.act(upn, "meeting", monday, letter_sent="yes", chaired_by_school="yes", attended="yes")
                self.act(upn, "plan", monday, support_offered="yes", actions="breakfast club")
                self.steps[upn] = "notice"
            elif step == "notice":
                self.act(upn, "referral", monday, override="agreed at the panel", **REFERRAL)
                self.act(upn, "notice-to-improve", monday, override="agreed at the panel", parent="p1", **NTI)
                self.steps[upn] = "done"
        for alert in self.told():
            if alert["kind"] == "threshold" and alert["upn"] not in self.steps:
                self.act(alert["upn"], "contact", monday, reached="yes", barriers_explored="yes", support_offered="yes")
                self.steps[alert["upn"]] = "meeting"
            elif alert["kind"] == "decision" and alert["deadline"] == "nti-end":
                self.decide(alert["upn"], monday)
        for upn, issued in [one for one in self.unpaid if monday - one[1] >= 7 * DAY]:
            self.unpaid.remove((upn, issued))
            if self.random.random() < 0.5:
                self.act(upn, "payment", monday, parent="p1", amount="80")


def weeks_of(days):
    """Slots [first, last) of each week, and the Saturday after it."""
    first = 0
    for slot, day in enumerate(days):
        if slot + 1 == len(days) or days[slot + 1].isocalendar()[:2] != day.isocalendar()[:2]:
            yield first * 2, (slot + 1) * 2, day + (5 - day.weekday()) * DAY
            first = slot + 1


def to_clock(client, day, hour):
    body = {"to": "%sT%02d:00:00Z" % (day.isoformat(), hour)}
    while client.done("clock", body).body.get("more"):
        pass


def a_term(daemon, town, folder, seed):
    client = daemon.client(timeout=300)
    officer = Officer(daemon.client(daemon.grant("officer", "officer"), timeout=300), seed)
    connector = daemon.grant("connector", "connector", sorted({pupil.urn for pupil in town.pupils}))
    os.makedirs(folder)
    school.write_town(school.Town(1, 1, town.days, 1), folder, 1)  # for its calendar alone
    school.write_roster(os.path.join(folder, "roster.csv"), town)
    daemon.cli("calendar", os.path.join(folder, "calendar.csv"))
    daemon.cli("roster", os.path.join(folder, "roster.csv"), identity=connector)
    for number, (first, last, saturday) in enumerate(weeks_of(town.days)):
        path = os.path.join(folder, "week.csv")
        to_clock(client, saturday - DAY, 16)
        school.write_marks(path, town, first, last)
        daemon.cli("push", path, identity=connector)
        to_clock(client, saturday, 9)
        if number % 3 == 2:
            school.write_corrections(path, town, town.corrections(max(0, first - 20), last))
            daemon.cli("push", path, identity=connector)
        to_clock(client, saturday + 2 * DAY, 9)
        officer.week(saturday + 2 * DAY)
    officer.client.close()
    client.close()
    return officer.counts


class Watcher(threading.Thread):
    """Asks for health all the time, and keeps the longest wait."""

    def __init__(self, daemon):
        super().__init__()
        self.client = daemon.client(timeout=60)
        self.over = False
        self.longest = 0.0
        self.asked = 0

    def run(self):
        while not self.over:
            began = time.monotonic()
            self.client.query("health")
            self.longest = max(self.longest, time.monotonic() - began)
            self.asked += 1
            time.sleep(0.002)
        self.client.close()


def tried(daemon, path, *more):
    """The summary, the families, and how long it took."""
    began = time.monotonic()
    done = daemon.cli("pathway", "try", path, "--json", "--timeout", "120", *more)
    took = time.monotonic() - began
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return lines[0], lines[1:], took


def row(summary, what, kind, name):
    for one in summary["rows"]:
        if (one["what"], one["kind"], one["name"]) == (what, kind, name):
            return one
    return None


def check(good, *what):
    if not good:
        raise SystemExit("trial.py: %s" % (what,))


def check_unchanged(summary, families):
    check(families == [] and summary["affected_pupils"] == 0, summary["affected_pupils"], families[:1])
    check(summary["alerts_recorded"] == summary["alerts_met"] == summary["alerts_in_force"],
          [summary[k] for k in ("alerts_recorded", "alerts_met", "alerts_in_force")])
    check(summary["refusals"] == [], summary["refusals"])


def check_twenty(summary, families, counts):
    ends = row(summary, "deadline", None, "nti-end")
    notices = counts["notice-to-improve"]
    check(notices and ends["in_force"] == ends["changed"] == ends["later"] == notices, ends, counts)
    check(ends["days"][0] >= 7 and ends["days"][2] <= 30, ends)  # five school days, and a holiday between
    # what can't have been put by the history's end is never put, and nothing else is lost
    for name in ("decision", "penalty-notice"):
        done = row(summary, "action", None, name)
        check(done["in_force"] == counts[name] and done["earlier"] == done["new"] == done["same"] == 0, done)
        check(done["later"] + done["never"] == done["in_force"] and done["later"] > 0 and done["days"][0] >= 7, done)
    put = row(summary, "alert", "decision", "nti-end")
    check(put["earlier"] == put["new"] == 0 and put["later"] + put["never"] == put["in_force"], put)
    check(put["changed"] >= row(summary, "action", None, "decision")["changed"], put)
    check(summary["refusals"] == [], summary["refusals"])
    check(row(summary, "alert", "threshold", None)["same"] == row(summary, "alert", "threshold", None)["in_force"])
    check(len(families) == summary["affected_pupils"] == summary["affected_families"] == notices, len(families), notices)
    check(all(f["upn"] and f["differences"] for f in families))


LITTLE = """pathway: little
title: A little process
source: none
stages:
  start: Start
  closed: Closed
first stage: start
closed stage: closed
watches:
  threshold: {kind: count, codes: [G, N, O, U], at least: %d, text: "{count} sessions"}
actions:
  close: {title: Closing, may record: [officer], moves to: closed}
"""


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def check_what_is_refused(daemon):
    """One trial at a time, told whose it is, and what became of it; a process that is killed is a failure that is said."""
    client = daemon.client(timeout=60)

    def ask(status, says, **body):
        reply = client.ask("query", dict(body, what="try"))
        check(reply.status == status and says in str(reply.body), body.keys(), status, reply.status, reply.body)
        return reply.body

    def ended(trial):
        while True:
            reply = client.ask("query", {"what": "try", "trial": trial})
            if reply.status != 200 or reply.body["ready"]:
                return reply
            time.sleep(0.005)

    ask(402, "either", source=LITTLE % 6, trial=1)
    ask(402, "either")
    ask(407, "127 KiB", source=LITTLE % 6 + "# " + 130000 * "x")
    first = ask(200, "trial", source=LITTLE % 6)["trial"]
    check(ask(200, "trial", source=LITTLE % 6)["trial"] == first, "asked again it is the same")
    ask(300, "another file", source=LITTLE % 7)
    result = ended(first)
    check(result.status == 200, result.body)
    ask(404, "begin it again", trial=first + 1)
    ask(402, "not a place", trial=first, **{"from": 3})
    second = ask(200, "trial", source=LITTLE % 7)["trial"]
    ask(404, "begin it again", trial=first)
    for pid in children(daemon.process.pid):
        os.kill(pid, 9)
    result = ended(second)
    check(result.status == 500 and "journal" in str(result.body), result.status, result.body)
    # and one that runs when the daemon ends ends with it
    ask(200, "trial", source=LITTLE % 8)
    client.close()
    return children(daemon.process.pid)


def run(args, seed):
    town = school.make_town(args.pupils, args.schools, args.first, args.last, seed)
    with run_with_daemon.Daemon(args.attendd, args.attend, clock="2026-09-01T08:00:00Z", keep=args.keep) as daemon:
        daemon.start()
        began = time.monotonic()
        counts = a_term(daemon, town, os.path.join(daemon.folder, "town"), seed)
        print("the term took %.1f s: %s" % (time.monotonic() - began, dict(counts)), flush=True)
        with open(run_with_daemon.PATHWAY, encoding="utf-8") as file:
            source = file.read()
        check(source.count("period: 15 school days") == 1, "what is changed stands once in the file")
        # beside a copy of what it includes
        shutil.copytree(os.path.dirname(run_with_daemon.PATHWAY), os.path.join(daemon.folder, "pathways"))
        changed = os.path.join(daemon.folder, "pathways", "twenty.yaml")
        with open(changed, "w", encoding="utf-8") as file:
            file.write(source.replace("period: 15 school days", "period: 20 school days"))
        summary, families, _ = tried(daemon, run_with_daemon.PATHWAY)
        check_unchanged(summary, families)
        watcher = Watcher(daemon)
        watcher.start()
        summary, families, took = tried(daemon, changed)
        watcher.over = True
        watcher.join()
        check_twenty(summary, families, counts)
        print("%d pupils, %d marks, %d actions tried in %.1f s (%.1f s with asking); longest answer meanwhile %.0f ms of %d"
              % (summary["pupils"], summary["marks"], summary["actions"], summary["took_ms"] / 1000, took,
                 watcher.longest * 1000, watcher.asked), flush=True)
        check(daemon.cli("pathway", "try", os.path.join(daemon.folder, "town", "calendar.csv"), check=False).returncode == 1)
        told = daemon.cli("pathway", "try", changed, "--cases", "3").stdout
        check("would have seen a difference" in told and "+  " in told and "20 school days" in told, told)
        if args.report:
            with open(args.report, "w", encoding="utf-8") as file:
                file.write(daemon.cli("pathway", "try", changed, "--cases", "12").stdout.replace(changed, "twenty.yaml"))
        running = check_what_is_refused(daemon)
        ended = daemon.stop()
        check(not any(os.path.exists("/proc/%d" % pid) for pid in running), running)
        left = [name for name in os.listdir(daemon.data) if name.startswith("trial")]
        verified = daemon.verify()
    check(ended == 0 and verified.returncode == 0 and not left, ended, verified.stdout, left)
    return 0


def main():
    parser = argparse.ArgumentParser(description="a changed pathway, tried on a term")
    run_with_daemon.add_programs(parser)
    parser.add_argument("--pupils", type=int, default=240)
    parser.add_argument("--schools", type=int)
    parser.add_argument("--from", dest="first", type=datetime.date.fromisoformat, default=datetime.date(2026, 9, 1))
    parser.add_argument("--to", dest="last", type=datetime.date.fromisoformat, default=datetime.date(2026, 12, 18))
    parser.add_argument("--seed", type=int)
    parser.add_argument("--report", help="writes the text for people there")
    args = parser.parse_args()
    args.schools = args.schools or max(1, args.pupils // 840)
    return run(args, run_with_daemon.seed_of(args.seed))


if __name__ == "__main__":
    sys.exit(main())
