#!/usr/bin/python3
"""outbox.py - kill -9 of the daemon and of the connector in turn; then each mark is counted.

    outbox.py --attendd FILE --attend FILE [--kills N] [--seed N]

A school's machine writes a file of marks and pushes it through an outbox (attend push --spool), as often as it takes
until the push ends with 0; then the file is gone, and what it held is the outbox's to deliver. Most files put
marks of earlier ones right. At a random moment either the push or the daemon is killed; the daemon comes
back at once, or only when more was pushed while it was away. In the end:

  - each mark stands in the log exactly once, and those of a school in the order in which they were written;
  - the outbox is empty, and `attendd verify` finds nothing wrong.

SPDX-License-Identifier: Apache-2.0
"""
import collections
import datetime
import json
import os
import subprocess
import sys
import time

import run_with_daemon
import school

START = "2027-03-01T08:00:00Z"
SCHOOLS = (100001, 100002, 100003)
PUPILS = 12
DAYS = [datetime.date(2027, 1, 11) + datetime.timedelta(days=n) for n in (0, 1, 2, 3, 4)]
EPOCH = datetime.datetime(2027, 1, 11, tzinfo=datetime.timezone.utc)
INSTANT = "%Y-%m-%dT%H:%M:%SZ"


class Marks:
    """Marks as they are taken: each has a time of its own, by which the log's copy is known."""

    def __init__(self, chance):
        self.chance = chance
        self.written = collections.defaultdict(list)  # school: [(recorded_at, upn, date, session, code)]
        self.held = {}                                # (upn, date, session): code
        self.count = 0

    def row(self, urn):
        r = self.chance
        upn = school.upn_of("356%04d26%03d" % (urn - 99000, r.randrange(PUPILS) + 1))
        key = (upn, r.choice(DAYS).isoformat(), r.choice(("AM", "PM")))
        # Never the one held: that would be known, and no event.
        code = r.choice([code for code in "NOIUGLM" if code != self.held.get(key)])
        self.held[key] = code
        self.count += 1
        at = (EPOCH + datetime.timedelta(seconds=self.count)).strftime(INSTANT)
        self.written[urn].append((at,) + key + (code,))
        return "%d,%s,%s,%s,%s,%s\n" % (urn, key[0], key[1], key[2], code, at)

    def file(self, path):
        with open(path, "w", encoding="ascii") as file:
            file.write("urn,upn,date,session,code,recorded_at\n")
            for _ in range(self.chance.randint(3, 25)):
                urn = self.chance.choice(SCHOOLS)
                for _ in range(self.chance.randint(1, 6)):
                    file.write(self.row(urn))


class Machine:
    def __init__(self, daemon, chance):
        self.daemon, self.chance = daemon, chance
        daemon.start()
        self.identity = daemon.grant("connector", "connector", SCHOOLS)
        self.spool = os.path.join(daemon.folder, "spool")
        self.file = os.path.join(daemon.folder, "marks.csv")
        self.marks = Marks(chance)
        self.usual = 0.2  # seconds that a push takes
        self.ends = collections.Counter()

    def push(self, *files, timeout=20):
        return subprocess.Popen([self.daemon.attend, "push", "--spool", self.spool, "--json", "--timeout", str(timeout)] + list(files),
                                env=self.daemon.environment(self.identity), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def begin(self, **more):
        """Pushes the file that is there, or a new one."""
        if not os.path.exists(self.file):
            self.marks.file(self.file)
        return self.push(self.file, **more)

    def ended(self, process):
        out, err = process.communicate(timeout=120)
        if process.returncode == 0:
            os.remove(self.file)
            self.ends["kept" if json.loads(out)["kept"] else "delivered"] += 1
        elif process.returncode == -9:
            self.ends["killed"] += 1
        else:
            raise SystemExit("push ended with %d: %s%s" % (process.returncode, out, err))

    def round(self, number):
        began = time.monotonic()
        away = number % 2 and self.chance.random() < 0.15
        process = self.begin(timeout=1 if away else 20)
        life = self.chance.uniform(0, 1.2 * self.usual)
        while time.monotonic() - began < life and process.poll() is None:
            time.sleep(0.0005)
        if number % 2:
            self.daemon.kill()
            if away:
                self.ended(process)
                self.ended(self.begin(timeout=1))
            self.daemon.start()
        else:
            process.kill()
        if not away:
            self.ended(process)
        if number % 10 == 0:  # one that nobody disturbs
            began = time.monotonic()
            self.ended(self.begin())
            self.usual = time.monotonic() - began

    def finish(self):
        if os.path.exists(self.file):
            self.ended(self.begin())
        process = self.push()
        out, err = process.communicate(timeout=120)
        if process.returncode or json.loads(out)["waiting"]:
            return ["the outbox isn't empty: %d %s%s" % (process.returncode, out, err)]
        return []


def check(machine, faults):
    client = machine.daemon.client(timeout=120)
    found = collections.defaultdict(list)
    for event in client.items("log", limit=1000):
        if event["kind"] == "marks-recorded":
            found[int(event["urn"])] += [(mark["recorded_at"], mark["upn"], mark["date"], mark["session"], mark["code"])
                                         for mark in event["marks"]]
    client.close()
    for urn, written in machine.marks.written.items():
        counts = collections.Counter(found[urn])
        lost = [mark for mark in written if not counts[mark]]
        twice = [mark for mark, times in counts.items() if times > 1]
        if lost or twice or len(found[urn]) != len(written):
            faults.append("%d: %d marks written, %d in the log; lost %s; twice %s" % (urn, len(written), len(found[urn]), lost[:3], twice[:3]))
        elif found[urn] != written:
            at = next(n for n, (a, b) in enumerate(zip(found[urn], written)) if a != b)
            faults.append("%d: out of order at mark %d: %s, written as %s" % (urn, at, found[urn][at], written[at]))


def finish(machine):
    faults = machine.finish()
    check(machine, faults)
    return faults


def so_far(machine):
    ends = ", ".join("%s %d" % one for one in sorted(machine.ends.items()))
    return "%d marks (%s)" % (machine.marks.count, ends)


def main():
    return run_with_daemon.kill_again_and_again("kill -9 of daemon and connector in turn, with an outbox", START, Machine, finish, so_far)


if __name__ == "__main__":
    sys.exit(main())
