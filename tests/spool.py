#!/usr/bin/python3
"""spool.py - attend push --spool and attend spool as a school's technician uses them.

    spool.py --attendd FILE --attend FILE

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import sys

import run_with_daemon
import school
from watch import check

URN = 100001
PUPILS = [school.upn_of("356100126%03d" % n) for n in range(1, 31)]
HEADER = "urn,upn,date,session,code"


class Technician:
    def __init__(self, daemon):
        self.daemon = daemon
        self.identity = daemon.grant("connector", "connector", (URN,))
        self.spool = os.path.join(daemon.folder, "spool")

    def file(self, name, rows, header=HEADER):
        path = os.path.join(self.daemon.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join([header] + rows) + "\n")
        return path

    def register(self, day):
        return ["%d,%s,2026-09-%02d,AM,/" % (URN, upn, day) for upn in PUPILS]

    def push(self, *arguments, spool=None):
        done = self.daemon.cli("push", "--json", "--timeout", "1", "--spool", spool or self.spool, *arguments, identity=self.identity, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    def listed(self):
        done = self.daemon.cli("spool", self.spool, "--json", check=False)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def keeps_and_delivers(t):
    status, said, err = t.push(t.file("a.csv", t.register(7)))
    check(status == 0 and said["accepted"] == 30 and said["kept"] == said["waiting"] == 0, said, err)
    t.daemon.kill()
    rows = t.register(8)
    rows[4] = "%d,%s,2026-09-08,AM,ZZ" % (URN, PUPILS[4])
    path = t.file("b.csv", rows)
    status, said, err = t.push(path)
    check(status == 0 and said["kept"] == 30 and said["waiting"] == 1 and "not delivered yet" in err, "away", said, err)
    # Of another form; the row that can't be read is refused at once.
    other = t.file("c.csv", ["AM,2026-09-09,%d,A801200005001,/" % URN, "AM,2026-09-09"], "session,date,urn,upn,code")
    status, said, err = t.push(other)
    check(status == 1 and said["rows"] == 2 and said["refused"] == 1 and said["kept"] == 1 and "c.csv:3: row" in err, said, err)
    status, waits = t.listed()
    check(status == 0 and [(one["urn"], one["rows"], one["line"], os.path.basename(one["file"])) for one in waits]
          == [(str(URN), 30, 2, "b.csv"), (str(URN), 1, 2, "c.csv")], waits)
    os.remove(path)
    t.daemon.start()
    status, said, err = t.push()
    check(status == 1 and said["earlier"] == 31 and said["earlier_refused"] == 2 and said["waiting"] == 0, said, err)
    check("b.csv:6: code:" in err and "c.csv:2: upn:" in err, err)
    pupil = t.daemon.client().query("marks", upn=PUPILS[5])["items"]
    check(["2026-09-08", "/", None] in pupil, "delivered", pupil)


def gives_rejects_of_one_form_at_a_time(t):
    status, held = t.listed()
    check(status == 1 and [(os.path.basename(one["file"]), one["line"], one["field"]) for one in held]
          == [("b.csv", 6, "code"), ("c.csv", 2, "upn")], held)
    wanted = ("%s,reason\n%d,%s,2026-09-08,AM,ZZ,\"code: " % (HEADER, URN, PUPILS[4]),
              "session,date,urn,upn,code,reason\nAM,2026-09-09,%d,A801200005001,/,\"upn: " % URN)
    for number, text in enumerate(wanted):
        path = os.path.join(t.daemon.folder, "rejects%d.csv" % number)
        done = t.daemon.cli("spool", t.spool, "--rejects", path, check=False)
        check(done.returncode == (1 if number == 0 else 0) and done.stdout.startswith("1 refused rows"), done)
        with open(path, encoding="ascii") as file:
            got = file.read()
        check(got.startswith(text) and got.count("\n") == 2, got)
    check(t.listed() == (0, []), "nothing is left", t.listed())
    # Mended, with its column of reasons, it goes through; and its rejects are those of the file.
    mended = os.path.join(t.daemon.folder, "rejects0.csv")
    with open(mended, encoding="ascii") as file:
        text = file.read()
    with open(mended, "w", encoding="ascii") as file:
        file.write(text.replace(",ZZ,", ",L,"))
    status, said, err = t.push(mended, "--rejects", os.path.join(t.daemon.folder, "none.csv"))
    check(status == 0 and said["accepted"] == 1, said, err)


def puts_refused_rows_into_the_rejects(t):
    rejects = os.path.join(t.daemon.folder, "again.csv")
    status, said, err = t.push(t.file("d.csv", ["%d,%s,2026-09-10,AM,ZZ" % (URN, PUPILS[0])] + t.register(11)), "--rejects", rejects)
    check(status == 1 and said["accepted"] == 30 and said["refused"] == 1, said, err)
    with open(rejects, encoding="ascii") as file:
        check(file.read().count("\n") == 2, "the rejects")
    check(t.listed() == (0, []), "in good hands", t.listed())


def says_what_is_wrong(t):
    t.daemon.kill()
    small = t.spool + "-small"
    # A new school ends a submission: 1 MiB is less than all of them.
    rows = ["%d,%s,2026-09-%02d,%s,N" % (URN + n % 2, PUPILS[n % 30], day, session)
            for day in range(1, 29) for session in ("AM", "PM") for n in range(300)]
    path = t.file("e.csv", rows)
    status, said, err = t.push(path, "--spool-size", "1", spool=small)
    check(status == 1 and 0 < said["kept"] < len(rows) and "is full" in err, said, err)
    t.daemon.start()
    status, said, err = t.push(t.file("f.csv", t.register(14)), spool=small)
    check(said["waiting"] == 0 and said["accepted"] == 30, "room again", status, said, err[-300:])
    segment = [name for name in os.listdir(t.spool) if name.endswith(".spool")][0]
    with open(os.path.join(t.spool, segment), "r+b") as file:
        file.write(b"X")
    for command in (("push", "--spool", t.spool), ("spool", t.spool)):
        done = t.daemon.cli(*command, identity=t.identity, check=False)
        check(done.returncode == 2 and segment + " is damaged" in done.stderr, done)
    done = t.daemon.cli("spool", t.daemon.folder + "/data", check=False)
    check(done.returncode == 2 and "holds no spool" in done.stderr, done)


def main():
    parser = argparse.ArgumentParser(description="the outbox as a technician uses it")
    run_with_daemon.add_programs(parser)
    args = parser.parse_args()
    with run_with_daemon.Daemon(args.attendd, args.attend, keep=args.keep) as daemon:
        daemon.start()
        technician = Technician(daemon)
        keeps_and_delivers(technician)
        gives_rejects_of_one_form_at_a_time(technician)
        puts_refused_rows_into_the_rejects(technician)
        says_what_is_wrong(technician)
        check(daemon.stop() == 0, "attendd did not end well")
    print("kept, delivered, refused and said")
    return 0


if __name__ == "__main__":
    sys.exit(main())
