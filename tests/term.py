#!/usr/bin/python3
"""term.py - a term of registers through the daemon, against the naive model.

Makes up a town (school.py), pushes its roster, calendar, marks and corrections by
`attend push` as a connector would, asks for every pupil over the protocol
(interop/attend_client.py), and compares every figure of every pupil, every
threshold alert, every run of ten days and every crossing into persistent or
severe absence with model.py.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import collections
import datetime
import json
import os
import sys
import time

import model as naive
import run_with_daemon
import school

FIGURES = ("possible attended authorised unauthorised late percentage unauthorised_10_weeks persistent severe "
           "broken_weeks weeks_in_session").split()
KINDS = ("threshold", "attendance-return", "missing-from-school", "persistent", "severe")
SHOWN = 20  # differences printed before the rest are only counted


class Differences:
    def __init__(self):
        self.count = 0

    def add(self, upn, what, ours, theirs):
        self.count += 1
        if self.count <= SHOWN:
            print("DIFFERS %s %s: model %s, daemon %s" % (upn, what, ours, theirs))


def same(ours, theirs):
    if isinstance(ours, float) and theirs is not None:
        return abs(ours - theirs) < 1e-6
    return ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)


def push(daemon, connector, path, rows):
    """Pushes a file; every row of it must be taken."""
    done = daemon.cli("push", "--json", path, identity=connector)
    told = json.loads(done.stdout.strip().splitlines()[-1])
    if told["rows"] != rows or told["refused"] != 0 or told["accepted"] + told["known"] != rows:
        raise SystemExit("push %s: %d rows, told %s" % (path, rows, told))
    return told


def count_rows(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1


def compare_figures(client, model, pupils, differences):
    upns = sorted(pupils)
    replies = client.pipelined({"what": "pupil", "upn": upn} for upn in upns)
    for upn, reply in zip(upns, replies):
        if reply.status != 200:
            differences.add(upn, "query", "an answer", (reply.status, reply.body))
            continue
        wanted = pupils[upn].figures()
        for name in FIGURES:
            theirs = reply.body.get(name, "no such field")
            if not same(wanted[name], theirs):
                differences.add(upn, name, wanted[name], theirs)
    return len(upns) * len(FIGURES)


def compare_alerts(client, pupils, differences, others=()):
    """By pupil and kind: how many stand, how many were withdrawn, in which order. `others` have alerts that are not compared."""
    told = collections.defaultdict(list)
    for alert in client.items("alerts", limit=1000):
        told[alert["upn"], alert["kind"]].append(alert)
    compared = 0
    for upn, pupil in pupils.items():
        for kind in KINDS:
            theirs = [alert["status"] for alert in sorted(told.get((upn, kind), ()), key=lambda a: a["alert"])]
            ours = [alert.status for alert in pupil.alerts if alert.kind == kind]
            compared += len(ours)
            if ours != theirs:
                differences.add(upn, kind, [a for a in pupil.alerts if a.kind == kind], theirs)
    strangers = {upn for upn, kind in told if upn not in pupils and upn not in others}
    if strangers:
        differences.add("-", "alerts of pupils never pushed", 0, len(strangers))
    return compared


def run(args, seed):
    town = school.make_town(args.pupils, args.schools, args.first, args.last, seed)
    with run_with_daemon.Daemon(args.attendd, args.attend, keep=args.keep) as daemon:
        names = school.write_town(town, os.path.join(daemon.folder, "town"), args.parts)
        daemon.start()
        connector = daemon.grant("connector", "connector", sorted({pupil.urn for pupil in town.pupils}))
        town_file = lambda name: os.path.join(daemon.folder, "town", name)
        daemon.cli("calendar", town_file("calendar.csv"))
        daemon.cli("roster", town_file("roster.csv"), identity=connector)
        model = naive.Model(naive.Calendar(town_file("calendar.csv"), school.BANK_HOLIDAYS))
        rows, began = 0, time.monotonic()
        for name in names:
            count = count_rows(name)
            push(daemon, connector, name, count)
            model.feed(name)
            rows += count
        print("%d rows pushed in %.1f s" % (rows, time.monotonic() - began), flush=True)
        # Safe to run again: every row is answered as before and nothing changes.
        again = push(daemon, connector, names[0], count_rows(names[0]))
        if again["accepted"] != 0:
            raise SystemExit("a file pushed again was taken as new: %s" % again)
        began = time.monotonic()
        pupils = {upn: model.pupil(upn) for upn in model.upns()}
        print("the model took %.1f s" % (time.monotonic() - began), flush=True)
        differences = Differences()
        client = daemon.client(timeout=120)
        figures = compare_figures(client, model, pupils, differences)
        alerts = compare_alerts(client, pupils, differences)
        client.close()
        ended = daemon.stop()
        verified = daemon.verify()
    print("%d pupils, %d figures, %d alerts compared: %d differ" % (len(pupils), figures, alerts, differences.count))
    if ended != 0 or verified.returncode != 0:
        print("attendd ended with %d, verify with %d: %s%s"
              % (ended, verified.returncode, verified.stdout, verified.stderr))
        return 1
    # A comparison of nothing would pass too.
    if alerts < 5 or figures < 11 * args.pupils:
        print("too little to compare: the town is too small or too well")
        return 1
    return 1 if differences.count else 0


def main():
    parser = argparse.ArgumentParser(description="a term through the daemon against the naive model")
    run_with_daemon.add_programs(parser)
    parser.add_argument("--pupils", type=int, default=300)
    parser.add_argument("--schools", type=int)
    parser.add_argument("--parts", type=int, default=5)
    parser.add_argument("--from", dest="first", type=datetime.date.fromisoformat, default=datetime.date(2026, 9, 1))
    parser.add_argument("--to", dest="last", type=datetime.date.fromisoformat, default=datetime.date(2026, 12, 18))
    parser.add_argument("--seed", type=int)
    args = parser.parse_args()
    args.schools = args.schools or max(1, args.pupils // 840)
    return run(args, run_with_daemon.seed_of(args.seed))


if __name__ == "__main__":
    sys.exit(main())
