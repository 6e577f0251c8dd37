#!/usr/bin/python3
"""watch.py - alerts handed to a program, and as JSON lines.

    watch.py --attendd FILE --attend FILE

The program gets each alert once it has dealt with the one before, again where it fails, and again after a kill
where it had not dealt with it; never through a shell.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import signal
import stat
import subprocess
import sys
import time

import run_with_daemon
import school

URN = 100001
DAYS = ["2026-09-%02d" % day for day in (7, 8, 9, 10, 11)]
# Appends what it was given to `out`. Fails where the file `fail` is there: so often as its number says, or always (0).
TAKER = """#!/usr/bin/python3
import json, os, sys
folder = os.path.dirname(os.path.abspath(__file__))
fail = os.path.join(folder, "fail")
status = 0
if os.path.exists(fail):
    left = int(open(fail).read()) - 1
    status = 7
    if left > 0:
        open(fail, "w").write(str(left))
    elif left == 0:
        os.remove(fail)
with open(os.path.join(folder, "out"), "a") as out:
    out.write(json.dumps({"arguments": sys.argv[1:], "input": sys.stdin.read(), "status": status}) + "\\n")
sys.exit(status)
"""
ARGUMENTS = ["a b", "; touch injected", "$(touch injected)", "`touch injected`", "--json"]


def check(good, *said):
    if not good:
        raise SystemExit("FAILED: " + " ".join(str(one) for one in said))


class Taker:
    def __init__(self, folder):
        self.path = os.path.join(folder, "taker")
        self.out = os.path.join(folder, "out")
        self.fail_file = os.path.join(folder, "fail")
        with open(self.path, "w", encoding="ascii") as file:
            file.write(TAKER)
        os.chmod(self.path, stat.S_IRWXU)

    def fails(self, times):
        with open(self.fail_file, "w", encoding="ascii") as file:
            file.write(str(times))

    def given(self):
        if not os.path.exists(self.out):
            return []
        with open(self.out, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def seqs(self, status=0):
        return [json.loads(one["input"])["seq"] for one in self.given() if one["status"] == status]


def until(what, holds):
    ends = time.monotonic() + 60
    while not holds():
        check(time.monotonic() < ends, "not in a minute:", what)
        time.sleep(0.01)


def watch(daemon, *arguments):
    return subprocess.Popen([daemon.attend, "watch"] + list(arguments), env=daemon.environment(), cwd=daemon.folder,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process, number=signal.SIGTERM):
    process.send_signal(number)
    said = process.communicate(timeout=60)
    return process.returncode, said[0], said[1]


def absences(daemon, first, last):
    """Each of these pupils is away for a week: alerts."""
    for n in range(first, last + 1):
        marks = [[day, session, [[school.upn_of("356100126%03d" % n), "N"]]] for day in DAYS for session in ("AM", "PM")]
        client = daemon.client()
        client.done("marks", {"urn": str(URN), "registers": marks})
        client.close()
    done = daemon.cli("alerts", "--json")
    return [json.loads(line) for line in done.stdout.splitlines()]


def runs_a_program(daemon, taker):
    alerts = absences(daemon, 1, 3)
    check(len(alerts) >= 3, "no alerts to hand over", alerts)
    seqs = [alert["seq"] for alert in alerts]
    taker.fails(2)
    process = watch(daemon, "--name", "taker", "--exec", taker.path, "--", *ARGUMENTS)
    until("all handed over", lambda: len(taker.seqs()) >= len(seqs))
    status, out, err = end(process)
    check(status == 0 and out == "", "it ends well and prints nothing", status, out, err)
    check(taker.seqs() == seqs, "each once, in order", taker.seqs(), seqs)
    check(taker.seqs(7) == [seqs[0]] * 2, "what failed was given again, and nothing before it", taker.seqs(7))
    check(err.count("ended with status 7; again in") == 2, "failures are told", err)
    check(all(one["arguments"] == ARGUMENTS for one in taker.given()), "arguments go as they stand", taker.given()[0])
    check(not os.path.exists(os.path.join(daemon.folder, "injected")), "a shell has looked at them")
    check(all(one["input"].count("\n") == 1 for one in taker.given()), "one line of JSON")
    # All is dealt with: nothing comes again.
    before = len(taker.given())
    alerts = absences(daemon, 4, 4)
    process = watch(daemon, "--name", "taker", "--exec", taker.path, "--", *ARGUMENTS)
    until("the new ones", lambda: len(taker.seqs()) >= len(alerts))
    end(process)
    check(taker.seqs() == [alert["seq"] for alert in alerts], "goes on where it was", before, taker.seqs())


def gives_again_after_a_kill(daemon, taker):
    done = len(taker.seqs())
    alerts = absences(daemon, 5, 6)
    taker.fails(0)
    process = watch(daemon, "--name", "taker", "--exec", taker.path)
    until("two attempts", lambda: len(taker.seqs(7)) >= 4)
    end(process, signal.SIGKILL)
    check(len(set(taker.seqs(7)[2:])) == 1, "none overtakes the one that fails", taker.seqs(7))
    os.remove(taker.fail_file)
    check(len(taker.seqs()) == done, "the cursor moved though it failed")
    process = watch(daemon, "--name", "taker", "--exec", taker.path)
    until("all handed over", lambda: len(taker.seqs()) >= len(alerts))
    end(process)
    check(taker.seqs() == [alert["seq"] for alert in alerts], "each once, in order", taker.seqs())


def refuses_what_can_not_run(daemon):
    process = watch(daemon, "--name", "nobody", "--exec", os.path.join(daemon.folder, "missing"))
    out, err = process.communicate(timeout=60)
    check(process.returncode == 2 and "can't be run" in err, process.returncode, out, err)
    done = daemon.cli("watch", "stray", check=False)
    check(done.returncode == 2 and "--exec" in done.stderr, done.returncode, done.stderr)


def prints_json(daemon):
    """Without --exec: a line each, flushed as it comes, and the cursor behind the last."""
    alerts = [json.loads(line) for line in daemon.cli("alerts", "--json").stdout.splitlines()]
    prints(daemon, alerts)
    prints(daemon, absences(daemon, 7, 7)[len(alerts):])


def prints(daemon, alerts):
    check(alerts, "no alerts to print")
    process = watch(daemon, "--name", "screen", "--json")
    seen = [json.loads(process.stdout.readline()) for _ in alerts]
    status, out, err = end(process)
    check(status == 0 and out == "", status, out, err)
    check(seen == alerts, "the alerts as they stand", seen[0], alerts[0])


def main():
    parser = argparse.ArgumentParser(description="alerts handed to a program")
    run_with_daemon.add_programs(parser)
    args = parser.parse_args()
    with run_with_daemon.Daemon(args.attendd, args.attend, keep=args.keep) as daemon:
        daemon.start()
        taker = Taker(daemon.folder)
        runs_a_program(daemon, taker)
        gives_again_after_a_kill(daemon, taker)
        refuses_what_can_not_run(daemon)
        prints_json(daemon)
        check(daemon.stop() == 0, "attendd did not end well")
    print("alerts were handed over, each once and in order")
    return 0


if __name__ == "__main__":
    sys.exit(main())
