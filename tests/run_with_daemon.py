#!/usr/bin/python3
"""run_with_daemon.py - a daemon on a store of its own, for tests from outside.

    run_with_daemon.py --attendd FILE --attend FILE [--clock TIME] -- COMMAND...

Makes a store in a temporary folder, starts attendd on a free port, grants a
connector for the schools 100001 and 100002, a second one for 100003, an officer and
an auditor, runs COMMAND with the environment below, stops the daemon, verifies the
store, and ends with COMMAND's exit status (or 1 where the daemon did not end well).

    ATTEND_SERVER ATTEND_SERVER_KEY ATTEND_IDENTITY   as `attend` reads them (the administrator)
    ATTEND_CONNECTOR ATTEND_OTHER_CONNECTOR ATTEND_OFFICER ATTEND_AUDITOR   identity files
    ATTEND_DATA ATTENDD ATTEND   the store's folder, the two programs

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "interop"))
PATHWAY = os.path.join(HERE, os.pardir, "pathways", "stockport.yaml")
CLOCK = "2026-12-19T09:00:00Z"
READY_SECONDS = 60


class Daemon:
    """attendd on a store of its own; used in a with statement."""

    def __init__(self, attendd, attend, clock=CLOCK, authority="Testshire", keep=False):
        self.attendd, self.attend = os.path.abspath(attendd), os.path.abspath(attend)
        self.clock = clock
        self.keep = keep
        self.folder = tempfile.mkdtemp(prefix="attend-test-")
        self.data = os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "attendd.log")
        self.process = None
        self.endpoint = None
        self.options = []  # of `attendd run`, beside the usual
        try:
            self.run([self.attendd, "init", "--data", self.data, "--authority", authority, "--pathway", PATHWAY])
        except BaseException:
            self.remove()
            raise

    def run(self, command, check=True, text=True, **more):
        done = subprocess.run(command, capture_output=True, text=text, **more)
        if check and done.returncode != 0:
            raise SystemExit("%s: exit %d\n%s%s" % (" ".join(command), done.returncode, done.stdout, done.stderr))
        return done

    @property
    def admin(self):
        return os.path.join(self.data, "admin.identity")

    @property
    def server_key(self):
        return os.path.join(self.data, "attendd.pub")

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.attendd, "run", "--data", self.data, "--listen", self.endpoint or "tcp://127.0.0.1:*",
                 "--clock", "system" if self.clock == "system" else "manual:" + self.clock, *self.options],
                stdout=subprocess.PIPE, stderr=log)
        ready, line = time.monotonic() + READY_SECONDS, b""
        while not line.endswith(b"\n"):
            left = ready - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise SystemExit("attendd was not ready in %d s\n%s" % (READY_SECONDS, self.log_text()))
            byte = os.read(self.process.stdout.fileno(), 1)
            if not byte:
                raise SystemExit("attendd ended before it was ready: %s\n%s" % (self.process.wait(), self.log_text()))
            line += byte
        word, endpoint = line.decode().split()[:2]
        if word != "ready":
            raise SystemExit("attendd said %r" % line)
        # A daemon that is started again takes the same port, so that clients find it.
        self.endpoint = endpoint
        return endpoint

    def log_text(self):
        with open(self.log, errors="replace") as file:
            return file.read()[-20000:]

    def stop(self):
        """A clean end; its exit status."""
        if not self.process:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        self.process = None
        return status

    def kill(self):
        """As the machine's power would end it, but for the disk's cache."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def verify(self):
        return self.run([self.attendd, "verify", "--data", self.data], check=False)

    def environment(self, identity=None):
        return dict(os.environ, ATTEND_SERVER=self.endpoint, ATTEND_SERVER_KEY=self.server_key,
                    ATTEND_IDENTITY=identity or self.admin, ATTEND_DATA=self.data, ATTENDD=self.attendd,
                    ATTEND=self.attend)

    def cli(self, *arguments, identity=None, check=True, **more):
        return self.run([self.attend] + list(arguments), check=check, env=self.environment(identity), **more)

    def grant(self, name, role, schools=()):
        """A new identity with a role; its file."""
        path = os.path.join(self.folder, name + ".identity")
        self.cli("keygen", path)
        with open(path, encoding="ascii") as file:
            public = [line.split(": ", 1)[1].strip() for line in file if line.startswith("public: ")][0]
        arguments = ["grant", public, role, "--name", name]
        for urn in schools:
            arguments += ["--school", str(urn)]
        self.cli(*arguments)
        return path

    def client(self, identity=None, **more):
        from attend_client import Client
        return Client(self.endpoint, self.server_key, identity or self.admin, **more)

    def remove(self):
        if self.process:
            self.kill()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind and os.path.exists(self.log):
            sys.stderr.write(self.log_text())
        self.remove()


def add_programs(parser):
    parser.add_argument("--attendd", required=True)
    parser.add_argument("--attend", required=True)
    parser.add_argument("--keep", action="store_true", help="leave the temporary folder")


def seed_of(given):
    """The seed: as given, else ATTEND_SEED, else a new one. Printed, so that a failure can be run again."""
    seed = given if given is not None else int(os.environ.get("ATTEND_SEED") or time.time_ns() % 1000000007)
    print("seed %d (again: ATTEND_SEED=%d)" % (seed, seed), flush=True)
    return seed


def kill_again_and_again(description, clock, make, count_up, so_far):
    """The main of a test that kills: `make(daemon, chance)` has `round(number)`; `count_up(it)` gives the faults once all is
    over; `so_far(it)` says what there was. Exit status."""
    parser = argparse.ArgumentParser(description=description)
    add_programs(parser)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int)
    args = parser.parse_args()
    chance = random.Random(seed_of(args.seed))
    with Daemon(args.attendd, args.attend, clock, keep=args.keep) as daemon:
        it = make(daemon, chance)
        began = time.monotonic()
        for number in range(1, args.kills + 1):
            it.round(number)
            if number % 20 == 0:
                print("%d kills, %s, %.0f s" % (number, so_far(it), time.monotonic() - began), flush=True)
        faults = count_up(it)
        if daemon.stop() != 0:
            faults.append("attendd did not end well:\n" + daemon.log_text())
        verified = daemon.verify()
        if verified.returncode != 0:
            faults.append("verify: %s%s" % (verified.stdout, verified.stderr))
    for fault in faults[:40]:
        print("FAULT", fault)
    print("%d kills, %s, %d faults" % (args.kills, so_far(it), len(faults)))
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description="runs a command beside a daemon of its own")
    add_programs(parser)
    parser.add_argument("--clock", default=CLOCK)
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    with Daemon(args.attendd, args.attend, args.clock, keep=args.keep) as daemon:
        daemon.start()
        environment = daemon.environment()
        environment["ATTEND_CONNECTOR"] = daemon.grant("connector", "connector", (100001, 100002))
        environment["ATTEND_OTHER_CONNECTOR"] = daemon.grant("other", "connector", (100003,))
        environment["ATTEND_OFFICER"] = daemon.grant("officer", "officer")
        environment["ATTEND_AUDITOR"] = daemon.grant("auditor", "auditor")
        status = subprocess.run(args.command, env=environment).returncode
        ended = daemon.stop()
        if ended != 0:
            sys.stderr.write("attendd ended with %d\n%s" % (ended, daemon.log_text()))
            status = status or 1
        verified = daemon.verify()
        if verified.returncode != 0:
            sys.stderr.write("verify: exit %d\n%s%s" % (verified.returncode, verified.stdout, verified.stderr))
            status = status or 1
    return status


if __name__ == "__main__":
    sys.exit(main())
