#!/usr/bin/python3
"""hostile.py - a thousand hostile peers at once, kind by kind, and what becomes of the honest ones.

    hostile.py --build DIR [--peers N] [--rate N] [--quiet S] [--seconds S] [--kinds A,B] [--pace N] [--nice N]
    hostile.py --build DIR --short

Honest connectors (hostile-honest, an open loop of --rate submissions a second over eight keys) push while for --seconds
so many peers of one kind (hostile-attack, one thread, from other addresses of this machine) do their worst. For each
kind: what the honest ones kept of their rate, the 99th percentile of their answers before and meanwhile, the daemon's
own memory and descriptors at their peak, and what it said of it.

--pace bounds what all peers of a kind send together a second (0: as fast as they can, at --nice). On two cores that
are shared with the daemon a flood without a bound measures who gets the cores.

--short: a few peers of each kind, all kinds at the same time. No figure of time is judged; what is counted, bounded,
answered and given back is.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time

import run_with_daemon

CLOCK = "2049-07-31T12:00:00Z" # at --rate 10000 the honest ones send ten sessions of all classes a second
CLASSES, A_SCHOOL = 1000, 34
HONEST, HOSTILE = 8, 20
MIB = 1 << 20
SHORT_MEMORY = 64  # MiB that peers may fill

# Kind: (whose keys it has, or none, its pace where it is paced, the counters of which one at least must rise).
KINDS = {
    "silent": (None, 0, ()),
    "half-greeting": (None, 0, ()),
    "half-open": (None, 0, ()),
    "hello-flood": (None, 2000, ()),
    "unknown-keys": (None, 2000, ("handshakes_refused",)),
    "garbage": (None, 2000, ()),
    "giant-frames": (None, 2000, ()),
    "stuffed": (None, 0, ()),
    "churn": ("connector", 1000, ()),
    "endless": ("connector", 10000, ("connections_cut",)),
    "crumbs": ("connector", 20000, ()),
    "unread-replies": ("connector", 5000, ()),
    "unread-answers": ("auditor", 500, ()),
    "no-credit": ("subscriber", 1000, ()),
    "deaf-subscribers": ("subscriber", 1000, ()),
    "all-cursors": ("subscriber", 1000, ("items_sent",)),
    "valid-flood": ("connector", 5000, ("submissions",)),
    "refused-flood": ("connector", 5000, ("refused_form", "refused_content", "refused_role")),
    "malformed-flood": ("connector", 5000, ("refused_form",)),
    "replays": ("connector", 5000, ("repeats",)),
    "others-ids": ("connector", 5000, ("refused_content",)),
    "queries": ("auditor", 200, ("queries",)),
}


def status_field(pid, name):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return [int(line.split()[1]) * 1024 for line in file if line.startswith(name + ":")][0]


class Watcher(threading.Thread):
    """The daemon's own memory and its descriptors, twenty times a second."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.stopped = pid, threading.Event()
        self.memory = self.files = 0
        self.start()

    def now(self):
        return status_field(self.pid, "RssAnon"), len(os.listdir("/proc/%d/fd" % self.pid))

    def run(self):
        while not self.stopped.wait(0.05):
            try:
                memory, files = self.now()
            except (OSError, IndexError):
                return  # it has ended; who asks it next will say so
            self.memory, self.files = max(self.memory, memory), max(self.files, files)

    def reset(self):
        self.memory, self.files = self.now()
        return self.memory, self.files


class Scene:
    def __init__(self, daemon, args):
        self.daemon, self.args = daemon, args
        daemon.start()
        schools = [100001 + n for n in range(2 * CLASSES // A_SCHOOL + 1)]
        half = CLASSES // A_SCHOOL + 1
        self.honest = [daemon.grant("honest%d" % n, "connector", schools[:half]) for n in range(HONEST)]
        self.hostile = {
            "connector": [daemon.grant("hostile%d" % n, "connector", schools[half - 1:]) for n in range(HOSTILE)],
            "auditor": [daemon.grant("auditor%d" % n, "auditor") for n in range(HOSTILE)],
            "subscriber": [daemon.grant("subscriber%d" % n, "auditor") for n in range(HOSTILE)],
        }
        self.monitor = daemon.grant("monitor", "monitor")
        self.session = 0
        self.faults = []
        # at the latest when the daemon ends
        self.to_be_said = ("handshakes-refused", "connections-turned-away", "connections-cut") if args.short else ()
        self.watcher = Watcher(daemon.process.pid)
        # The pupils are made known before: their memory is nobody's attack.
        self.push(CLASSES * 2, 1 if not args.short else 0.1)
        self.base = self.watcher.reset()

    def program(self, name):
        return os.path.join(self.args.build, name)

    def server(self):
        return ["--server", self.daemon.endpoint, "--server-key", self.daemon.server_key]

    def honest_process(self, rate, seconds):
        command = [self.program("hostile-honest"), *self.server(), "--rate", str(rate), "--seconds", str(seconds),
                   "--classes", str(CLASSES), "--first", str(self.session)]
        for key in self.honest:
            command += ["--key", key]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = process.stdout.readline()
        if not line.startswith("pushing "):
            raise SystemExit("hostile-honest said %r" % line)
        return process, int(line.split()[1]) / 1e9

    def push(self, rate, seconds):
        process, _ = self.honest_process(rate, seconds)
        out, _ = process.communicate(timeout=120)
        self.session += int(rate * seconds) // CLASSES + 1
        if process.returncode:
            raise SystemExit("the honest ones alone: %s" % out[-600:])

    def attack_process(self, kind, pace, *more):
        role = KINDS[kind][0]
        command = ["nice", "-n", str(self.args.nice), self.program("hostile-attack"), *self.server(), "--kind", kind,
                   "--peers", str(self.args.peers), "--seconds", str(self.args.seconds), "--rate", str(pace),
                   "--classes", str(CLASSES), "--first-class", str(CLASSES), "--seed", str(self.args.seed), *more]
        for key in self.hostile.get(role, ()):
            command += ["--key", key]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def stats(self):
        client = self.daemon.client(self.monitor, timeout=60)
        client.done("query", {"what": "stats"})  # what the shell counts is as of the turn before
        body = client.done("query", {"what": "stats"}).body
        client.close()
        return body

    def settle(self, files):
        """Waits until the descriptors are what they were; what they are then."""
        ends = time.monotonic() + 40
        while time.monotonic() < ends:
            now = self.watcher.now()
            if now[1] <= files + 2:
                break
            time.sleep(0.1)
        return now

    def forgotten(self):
        """The counts once who has gone is forgotten: a subscriber when it could not be sent the next heartbeat."""
        ends = time.monotonic() + 40
        while (now := self.stats())["gauges"]["subscriptions"] and time.monotonic() < ends:
            time.sleep(0.1)
        return now

    def run(self, kind):
        args = self.args
        pace = 0 if args.pace == 0 else KINDS[kind][1] if args.pace is None else args.pace
        before = self.stats()
        told = len(self.daemon.log_text())
        memory, files = self.watcher.reset()
        honest, began = self.honest_process(args.rate, 2 * args.quiet + args.seconds + 60)
        time.sleep(max(0, began + args.quiet - time.monotonic()))
        attack = self.attack_process(kind, pace)
        attack_began = time.monotonic()
        # where they are turned away, not all of them may have come in that time
        did = json.loads(attack.stdout.read().splitlines()[-1])
        attack.wait()
        attack_ended = time.monotonic()
        peak_memory, peak_files = self.watcher.memory, self.watcher.files
        time.sleep(args.quiet)
        honest.send_signal(signal.SIGTERM)
        out, _ = honest.communicate(timeout=120)
        lines = [json.loads(text) for text in out.splitlines()]
        seconds, total = lines[:-1], lines[-1]
        self.session += total["sent"] // CLASSES + 1
        settled = self.settle(files)
        after = self.stats()
        first, last = int(attack_began - began) + 1, int(attack_ended - began)
        meanwhile = seconds[first:last] or seconds[first - 1:last + 1]
        quiet = seconds[:first - 1] or seconds[:1]
        row = {
            "kind": kind, "pace": pace, "did": did,
            "kept": 100.0 * sum(s["acked"] for s in meanwhile) / max(1, sum(s["due"] for s in meanwhile)),
            "p99_before": max(s["p99_ms"] for s in quiet), "p99": sorted(s["p99_ms"] for s in meanwhile)[len(meanwhile) // 2],
            "worst": max(s["max_ms"] for s in meanwhile),
            "memory": (peak_memory - memory) / MIB, "files": peak_files - files,
            "left": (settled[0] - memory) / MIB, "files_left": settled[1] - files, "total": total,
            "counted": {name: after["counters"][name] - before["counters"].get(name, 0) for name in after["counters"]
                        if after["counters"][name] != before["counters"].get(name, 0)},
            "said": sorted({word.split("=", 1)[1] for word in self.daemon.log_text()[told:].split() if word.startswith("event=")}),
        }
        self.judge(kind, row)
        return row

    def attack_of_a_few(self, kind):
        # the silent: more from one address than may stay without a word
        return self.attack_process(kind, *((100, "--spread", "1", "--peers", "270") if kind == "silent" else
                                           (min(KINDS[kind][1], 3000), "--spread", "20")))

    def rises_alone(self, kind, name):
        """On a machine that is slow or busy not every kind may have come to it beside all others."""
        before = self.stats()["counters"][name]
        for _ in range(5):
            self.attack_of_a_few(kind).communicate(timeout=120)
            if self.stats()["counters"][name] > before:
                return True
        return False

    def came(self, kind, did):
        return did["connects"] >= self.args.peers and (not KINDS[kind][0] or did["admitted"])

    def comes_alone(self, kind):
        tries = (self.attack_of_a_few(kind).communicate(timeout=120)[0] for _ in range(5))
        return any(self.came(kind, json.loads(told.splitlines()[-1])) for told in tries)

    def all_at_once(self):
        """Every kind at the same time; what must be so whatever the machine's speed."""
        before = self.stats()["counters"]
        memory, files = self.watcher.reset()
        honest, _ = self.honest_process(self.args.rate, 600)
        attacks = {kind: self.attack_of_a_few(kind) for kind in KINDS}
        did = {kind: json.loads(one.communicate(timeout=120)[0].splitlines()[-1]) for kind, one in attacks.items()}
        honest.send_signal(signal.SIGTERM)
        out, _ = honest.communicate(timeout=120)
        total = json.loads(out.splitlines()[-1])
        peak = (self.watcher.memory - memory) / MIB
        settled = self.settle(files)
        after = self.forgotten()
        rose = {name: after["counters"][name] - before[name] for name in before}
        self.judge("all at once", {"total": total, "files_left": settled[1] - files, "counted": rose})
        for kind, one in did.items():
            if not self.came(kind, one) and not self.comes_alone(kind):
                self.faults.append("%s did not come: %s" % (kind, one))
        for kind in KINDS:
            for name in KINDS[kind][2] + (("connections_turned_away", "connections_unspoken") if kind == "silent" else ()):
                if rose[name] <= 0 and not self.rises_alone(kind, name):
                    self.faults.append("%s did not rise" % name)
        if peak > 4 * SHORT_MEMORY:
            self.faults.append("own memory rose by %.0f MiB, %d are given to peers" % (peak, SHORT_MEMORY))
        if after["gauges"]["connections"] != 1 or after["gauges"]["subscriptions"] != 0:
            self.faults.append("%(connections)d connections and %(subscriptions)d subscriptions are left" % after["gauges"])
        print("%d submissions of honest connectors, all answered: %s; own memory up by %.0f MiB at most; counted: %s" % (
            total["sent"], total["done"] == total["sent"], peak,
            " ".join("%s=%d" % pair for pair in sorted(rose.items()) if pair[1])))

    def judge(self, kind, row):
        faults = self.faults
        if row["total"]["refused"] or row["total"]["done"] != row["total"]["sent"]:
            faults.append("%s: of the honest ones' %d submissions %d were answered, %d refused" % (
                kind, row["total"]["sent"], row["total"]["done"], row["total"]["refused"]))
        if row["files_left"] > 2:
            faults.append("%s: %d descriptors are left over" % (kind, row["files_left"]))
        wanted = KINDS[kind][2] if kind in KINDS else ()
        if wanted and not any(row["counted"].get(name) for name in wanted):
            faults.append("%s: none of %s rose" % (kind, ", ".join(wanted)))


def print_row(row):
    did = row["did"]
    counted = " ".join("%s=%d" % (name, n) for name, n in sorted(row["counted"].items())
                       if name not in ("commits", "frames", "marks", "marks_known", "alerts"))
    print("%-17s %6.1f %8.1f %8.1f %9.1f %8.0f %6d %7.0f  %s | %s | %s" % (
        row["kind"], row["kept"], row["p99_before"], row["p99"], row["worst"], row["memory"], row["files"], row["left"],
        "%d conn, %d frames, %.1f MB, %d replies, cpu %.1f" % (
            did.get("connects", 0), did.get("frames", 0), did.get("bytes", 0) / 1e6, did.get("replies", 0), did.get("cpu", 0)),
        counted, " ".join(row["said"])), flush=True)


def finish(daemon, scene):
    """Ends and verifies; says what was wrong. Exit status."""
    scene.watcher.stopped.set()
    ended = daemon.stop()
    if ended:
        scene.faults.append("attendd ended with %d\n%s" % (ended, daemon.log_text()))
    for event in scene.to_be_said:
        if "event=" + event not in daemon.log_text():
            scene.faults.append("the journal says nothing of %s" % event)
    verified = daemon.verify()
    if verified.returncode:
        scene.faults.append("verify: %s%s" % (verified.stdout, verified.stderr))
    for fault in scene.faults:
        print("FAULT", fault)
    print("verify %d, %d faults" % (verified.returncode, len(scene.faults)))
    return 1 if scene.faults else 0


def main():
    parser = argparse.ArgumentParser(description="a thousand hostile peers, kind by kind")
    parser.add_argument("--build", required=True)
    parser.add_argument("--attendd")
    parser.add_argument("--peers", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--quiet", type=float, default=2)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--pace", type=int)
    parser.add_argument("--nice", type=int, default=19)
    parser.add_argument("--kinds")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--json")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--short", action="store_true")
    args = parser.parse_args()
    if args.short:
        args.peers, args.rate, args.seconds, args.nice = 20, 100, 3, 5
        # The sanitizer keeps what was freed, to see it used; here it shall be gone.
        os.environ["ASAN_OPTIONS"] = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=0",
                                              "thread_local_quarantine_size_kb=0", "allocator_release_to_os_interval_ms=0"]))
    args.seed = run_with_daemon.seed_of(args.seed)
    kinds = args.kinds.split(",") if args.kinds else list(KINDS)
    with run_with_daemon.Daemon(args.attendd or os.path.join(args.build, "attendd"), os.path.join(args.build, "attend"),
                                CLOCK, keep=args.keep) as daemon:
        if args.short:
            daemon.options = ["--memory", str(SHORT_MEMORY)]
        scene = Scene(daemon, args)
        if args.short:
            scene.all_at_once()
            return finish(daemon, scene)
        print("honest: %d submissions of 30 marks a second over %d connections; hostile: %d at once, %s" % (
            args.rate, HONEST, args.peers, "as fast as they can at nice %d" % args.nice if args.pace == 0 else "paced"))
        print("%-17s %6s %8s %8s %9s %8s %6s %7s  %s" % (
            "kind", "kept %", "p99 ms", "meanw.", "worst ms", "MiB up", "files", "MiB left", "what they did | counted | said"))
        rows = []
        for kind in kinds:
            rows.append(scene.run(kind))
            print_row(rows[-1])
        status = finish(daemon, scene)
    if args.json:
        with open(args.json, "w", encoding="ascii") as file:
            json.dump(rows, file, indent=1)
    print("hostile: %d kinds of %d peers, the least kept %.1f %%, the most memory %.0f MiB, %d faults" % (
        len(rows), args.peers, min(row["kept"] for row in rows), max(row["memory"] for row in rows), len(scene.faults)))
    return status


if __name__ == "__main__":
    sys.exit(main())
