#!/usr/bin/python3
"""record.py - a real attendd under load, everything that it does to its data directory recorded; then the power is cut.

    record.py --attendd FILE --attend FILE --recorder FILE --powercut FILE
              [--states N] [--seed N] [--acks N] [--jobs N] [--keep] [-- more for powercut]

One trace, from `init` to the last clean end, with in it: connectors in a window, officers' actions, deadlines under a
clock that is moved, two subscribers with durable cursors, new pupils, a roster, a calendar, a pathway, a backup; ends by
SIGTERM and by SIGKILL (at a record that chance chose), starts on the same boot and on another; `rekey` and `admin`. When all has
ended, the log is compared with what was sent and answered, so that it can stand for it; tests/powercut/powercut.c then
cuts the power --states times.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import csv
import datetime
import os
import random
import shutil
import struct
import subprocess
import sys
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir))

import run_with_daemon  # noqa: E402
import school  # noqa: E402
import torture  # noqa: E402
from attend_client import id_text, read_identity  # noqa: E402

MARK = 16  # its number among the kinds of tests/powercut/trace.h
HEAD = struct.Struct("=IBBHQQ")
SLOW_US = 300
SECONDS_MAX = 120


class Recorded(run_with_daemon.Daemon):
    """A daemon whose commands run under the recorder, and marks in its trace."""

    def __init__(self, args, folder):
        self.plain = os.path.abspath(args.attendd)
        self.trace = os.path.join(folder, "trace")
        self.boot = os.path.join(folder, "boot")
        os.environ.update(
            POWERCUT_ATTENDD=self.plain, POWERCUT_RECORDER=os.path.abspath(args.recorder), TMPDIR=folder,
            ATTEND_POWERCUT_TRACE=self.trace, ATTEND_POWERCUT_BOOT=self.boot, ATTEND_POWERCUT_SLOW=str(SLOW_US))
        self.new_boot()
        self.mark("begin init")
        super().__init__(os.path.join(HERE, "recorded.sh"), args.attend, torture.START, keep=True)
        self.mark("done init")

    def new_boot(self):
        with open(self.boot, "w", encoding="ascii") as file:
            print(uuid.uuid4(), file=file)

    def mark(self, text):
        data = text.encode()
        with open(self.trace, "ab", buffering=0) as file:
            file.write(HEAD.pack(HEAD.size + len(data), MARK, 0, 0, 0, 0) + data)

    def start(self, records=0):
        """`records`: it ends as by SIGKILL when it has written down so many; 0: it doesn't."""
        os.environ["ATTEND_POWERCUT_KILL"] = str(records)
        self.mark("start")
        endpoint = super().start()
        os.environ["ATTEND_POWERCUT_KILL"] = "0"
        return endpoint

    def command(self, name):
        self.mark("begin " + name)
        self.run([self.attendd, name, "--data", self.data])
        self.mark("done " + name)

    def verify(self):
        return self.run([self.plain, "verify", "--data", self.data], check=False)


class Subscriber(torture.Subscriber):
    """Keeps what cursors it ever asked for, as the promises' file wants them."""

    def __init__(self, identity, chance, name):
        super().__init__(identity, chance)
        self.name = name
        self.every = {}

    def connect(self, daemon):
        super().connect(daemon)
        self.client.send("unsubscribe", None, self.subscription)
        self.subscription = self.client.send("subscribe", {"what": "alerts", "cursor": self.name, "credit": torture.CREDIT})

    def items(self, body):
        self.client.send("credit", {"credit": len(body["items"])}, self.subscription)
        if self.chance.random() < 0.5:
            id = self.client.send("cursor", {"cursor": self.name, "position": body["next"]})
            self.every[id] = body["next"]


class Load(torture.Torture):
    """The load of torture.py in a small window, so that commits are many, and with what else an authority does."""

    def __init__(self, daemon, chance):
        super().__init__(daemon, chance)
        for sender in self.connectors:
            sender.window = 2
        self.second = Subscriber(daemon.grant("second", "auditor"), chance, "second-screen")
        self.subscriber = Subscriber(self.subscriber.identity, chance, torture.CURSOR)
        self.fresh = 0
        self.sent = {}  # id: (command, body)

    def connect(self):
        super().connect()
        self.second.connect(self.daemon)

    def disconnect(self):
        super().disconnect()
        self.second.client.close()

    def load(self):
        super().load()
        for sender in self.senders:
            self.sent.update(sender.waiting)

    def answers(self):
        super().answers()
        self.second.drain()

    def new_class(self):
        """Up to a whole class that nobody knew: their keys go to persons.keys at once."""
        urn = self.chance.choice(torture.SCHOOLS)
        pupils = [school.upn_of("357%04d26%03d" % (urn - 99000, self.fresh + n)) for n in range(self.chance.choice((1, 3, 30)))]
        self.fresh += len(pupils)
        day = self.chance.choice([day for day in self.town.days if day <= self.now.date()][-5:])
        sender = self.connectors[torture.SCHOOLS.index(urn)]
        body = {"urn": str(urn), "registers": [[day.isoformat(), "AM", [[upn, "/"] for upn in pupils]]]}
        sender.submit("marks", body)
        self.sent.update(sender.waiting)

    def is_dead(self):
        return self.daemon.process.poll() is not None

    def until(self, acks, meanwhile=()):
        """Load until so many more were acknowledged or the daemon is dead; what is done meanwhile is spread over it."""
        first, ends = self.acks(), time.monotonic() + SECONDS_MAX
        doing = [(acks * (n + 1) // (len(meanwhile) + 1), act) for n, act in enumerate(meanwhile)]
        self.connect()
        while self.acks() - first < acks and not self.is_dead():
            while doing and self.acks() - first >= doing[0][0]:
                doing.pop(0)[1]()
            if self.chance.random() < 0.02:
                self.new_class()
            self.load()
            self.answers()
            if time.monotonic() > ends:
                raise SystemExit("%d acknowledged of %d in %d s\n%s"
                                 % (self.acks() - first, acks, SECONDS_MAX, self.daemon.log_text()))
            time.sleep(0.0005)
        self.answers()
        self.disconnect()

    def roster(self):
        path = os.path.join(self.daemon.folder, "roster.csv")
        with open(path, "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(("urn", "upn", "surname", "forename", "birth_date", "year_group"))
            for n in range(40):
                rows.writerow((torture.SCHOOLS[0], school.upn_of("358100126%03d" % n), "Ahmed", "Isla", "2016-05-0%d" % (n % 9 + 1), 5))
        self.daemon.cli("roster", path)

    def calendar(self):
        self.daemon.cli("calendar", school.CALENDAR)

    def pathway(self):
        self.daemon.cli("pathway", "load", run_with_daemon.PATHWAY)

    def backup(self):
        self.daemon.cli("backup", os.path.join(self.daemon.folder, "backup-%d" % self.chance.randrange(1 << 30)))


def compare_content(load, log, faults):
    """What was acknowledged is there as it was sent: each mark sent is in the event, or was known already."""
    events = {event["id"]: event for event in log if event["id"]}
    compared = 0
    for sender in load.senders:
        for id in sender.acked:
            event = events.get(id_text(id))
            command, body = load.sent[id]
            if event is None:
                continue  # count_up has said so
            if command == "marks":
                sent = {(upn, day, session, code) for day, session, marks in body["registers"] for upn, code in marks}
                there = {(mark["upn"], mark["date"], mark["session"], mark["code"]) for mark in event["marks"]}
                if not there <= sent or len(there) + event["known"] != len(sent) or event["urn"] != body["urn"]:
                    faults.append("%s: other marks than were sent" % id_text(id))
            elif command == "action":
                if any(event[key] != body[key] for key in ("action", "upn", "on", "parent")):
                    faults.append("%s: another action than was sent" % id_text(id))
            compared += 1
    return compared


def last_look(load):
    """All is answered; then everything is counted, while the daemon still runs. The faults."""
    load.subscriber.at_end = False
    load.connect()
    ends = time.monotonic() + SECONDS_MAX
    while any(sender.waiting for sender in load.senders) or not (load.subscriber.at_end and load.second.at_end):
        load.answers()
        if time.monotonic() > ends:
            raise SystemExit("still open after %d s" % SECONDS_MAX)
        time.sleep(0.002)
    load.disconnect()
    faults = []
    client = load.daemon.client(timeout=120)
    log = list(client.items("log", limit=1000))
    if [event["seq"] for event in log] != list(range(1, len(log) + 1)):
        faults.append("the log's positions have a gap")
    acked = torture.check_submissions(load, log, faults)
    now = torture.instant(client.done("hello").body["now"])
    passed, fired = torture.check_deadlines(client, log, now, faults)
    compared = compare_content(load, log, faults)
    client.close()
    print("%d acknowledged, %d of them compared with what was sent, %d deadlines passed in %d phases, %d cursors asked for, %d events"
          % (acked, compared, passed, fired, len(load.subscriber.every) + len(load.second.every), len(log)))
    if not (acked and fired and load.second.every):
        faults.append("nothing was tried: no acknowledgement, deadline or cursor")
    return faults


def record(args, folder, chance):
    """The whole story. The daemon, stopped; the file of promises; the faults."""
    daemon = Recorded(args, folder)
    load = Load(daemon, chance)
    load.until(args.acks, [load.roster, load.calendar])
    lives = 1
    for another_boot in (False, True, False, True):
        if daemon.process:
            daemon.stop()
        records = 60 + chance.randrange(args.acks * 6)
        daemon.clock = load.now.strftime(torture.INSTANT)
        try:
            daemon.start(records)
            load.until(args.acks)
        except SystemExit:
            if daemon.process.poll() is None:
                raise
        if daemon.process.poll() is not None:  # killed: in the middle of its work, or of its start
            daemon.process.stdout.close()
            daemon.process = None
        if another_boot:
            daemon.new_boot()
        lives += 1
    if daemon.process:
        daemon.stop()
    daemon.command("rekey")
    daemon.start()
    load.until(args.acks, [load.pathway, load.backup])
    daemon.stop()
    daemon.command("rekey")
    daemon.start()
    head = daemon.client().done("hello").position
    daemon.stop()
    daemon.command("admin")
    daemon.mark("promised %d" % (head + 1))
    daemon.start()
    load.until(max(5, args.acks // 10))
    faults = last_look(load)
    if daemon.stop() != 0:
        faults.append("attendd did not end well:\n" + daemon.log_text())
    promised = os.path.join(folder, "promised")
    with open(promised, "w", encoding="ascii") as file:
        for one in (load.subscriber, load.second):
            key = public_key(one.identity)
            for id, position in one.every.items():
                print("cursor", id.hex(), key.hex(), one.name, position, file=file)
    return daemon, promised, faults


def public_key(identity):
    import zmq.utils.z85
    return zmq.utils.z85.decode(read_identity(identity)[0])


def main():
    parser = argparse.ArgumentParser(description="records a real attendd under load and cuts its power")
    run_with_daemon.add_programs(parser)
    parser.add_argument("--recorder", required=True)
    parser.add_argument("--powercut", required=True)
    parser.add_argument("--states", type=int, default=10000)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--acks", type=int, default=250, help="acknowledgements of each life of the daemon")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("more", nargs="*", help="what else powercut is told: --state CUT:STYLE:SEED")
    args = parser.parse_args()
    seed = run_with_daemon.seed_of(args.seed)
    memory = "/dev/shm"
    folder = os.path.realpath(run_with_daemon.tempfile.mkdtemp(
        prefix="attend-powercut-", dir=memory if os.access(memory, os.W_OK) else None))
    try:
        daemon, promised, faults = record(args, folder, random.Random(seed))
        status = 0 if not faults else 1
        for fault in faults[:40]:
            print("FAULT", fault)
        command = [args.powercut, "--trace", daemon.trace, "--final", daemon.data, "--promised", promised, "--work", folder]
        if args.keep:
            print("again:", " ".join(command))
        sys.stdout.flush()
        status = subprocess.run(command + ["--states", str(args.states), "--seed", str(seed), "--jobs", str(args.jobs)]
                                + args.more).returncode or status
        verified = daemon.verify()
        if verified.returncode != 0:
            print("FAULT verify of the store that was recorded:", verified.stdout, verified.stderr)
            status = 1
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
