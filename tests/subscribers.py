#!/usr/bin/python3
"""subscribers.py - many subscribers, of whom one is stopped, one is slow and some reconnect all the time.

    subscribers.py --attendd FILE --attend FILE [--subscribers N] [--minutes N] [--second S] [--memory MIB] [--seed N]

The manual clock goes through an hour, minute by minute. In each, pupils' absences raise alerts, and corrections withdraw
some. Most subscribers read as it comes; one `attend watch` is stopped (SIGSTOP) until the hour is over, one
writes to a pipe that is hardly read, one is ended and started again each minute, and some connections are cut and
made anew. In the end:

  - each subscriber has seen every alert in its newest state, positions only rising, so none twice and none lost,
    and nothing that is not in the log;
  - the daemon's own memory (RssAnon) has not grown by more than MIB since the hour's first sixth.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import datetime
import json
import os
import random
import select
import signal
import subprocess
import sys
import time

import zmq

import run_with_daemon
import school
from attend_client import Client, decode

START = datetime.datetime(2026, 12, 18, 9, tzinfo=datetime.timezone.utc)
DAYS = ["2026-12-%02d" % day for day in (7, 8, 9, 10, 11)]
URN = 100001
A_MINUTE = 40        # pupils who come to an alert in each
CREDIT = 100
INSTANT = "%Y-%m-%dT%H:%M:%SZ"
RECONNECTING = 5


class Seen:
    """What one subscriber was given."""

    def __init__(self, name):
        self.name = name
        self.last = 0
        self.newest = {}   # alert: (seq, status)
        self.seqs = set()
        self.faults = []

    def take(self, item):
        if item["seq"] <= self.last:
            self.faults.append("%s: position %d after %d" % (self.name, item["seq"], self.last))
        self.last = item["seq"]
        self.seqs.add(item["seq"])
        self.newest[item["alert"]] = (item["seq"], item["status"])


class Connection:
    """A subscription of our own; begun again from where it stood."""

    def __init__(self, daemon, identity, name, poller):
        self.daemon, self.identity, self.poller = daemon, identity, poller
        self.seen = Seen(name)
        self.next = 1
        self.up_to_date = False
        self.client = None
        self.connect()

    def connect(self):
        if self.client:
            self.poller.unregister(self.client.socket)
            self.client.close()
        self.client = Client(self.daemon.endpoint, self.daemon.server_key, self.identity)
        self.id = self.client.send("subscribe", {"what": "alerts", "from": self.next, "credit": CREDIT})
        self.poller.register(self.client.socket, zmq.POLLIN)
        self.up_to_date = False

    def drain(self):
        try:
            while True:
                self.take(decode(self.client.socket.recv(zmq.NOBLOCK)))
        except zmq.Again:
            pass

    def take(self, reply):
        if reply.id != self.id or reply.command == "subscribe":
            return
        if reply.command == "items":
            for item in reply.body["items"]:
                self.seen.take(item)
            self.client.send("credit", {"credit": len(reply.body["items"])}, self.id)
        self.next = reply.body["next"]
        self.up_to_date = self.next > reply.body["head"]


class Watch:
    """An `attend watch`, whose lines are read when it is asked for them."""

    def __init__(self, daemon, identity, name):
        self.daemon, self.identity, self.seen = daemon, identity, Seen(name)
        self.rest = b""
        self.process, self.wrote = None, False
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.daemon.attend, "watch", "--json", "--name", self.seen.name, "--timeout", "120"],
            env=self.daemon.environment(self.identity), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.wrote = False

    def read(self, most=1 << 30):
        while most > 0 and select.select([self.process.stdout], [], [], 0)[0]:
            got = os.read(self.process.stdout.fileno(), min(most, 1 << 16))
            if not got:
                return
            most -= len(got)
            self.wrote = True
            lines = (self.rest + got).split(b"\n")
            self.rest = lines.pop()
            for line in lines:
                self.seen.take(json.loads(line))

    def end(self):
        """A clean end: what it wrote before is dealt with, and the cursor stands behind it."""
        self.process.send_signal(signal.SIGTERM)
        ends = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < ends:
            self.read()
            time.sleep(0.002)
        self.read()
        # One that was ended before it could take the signal, and so before it said anything, is no fault.
        if self.process.wait(1) != 0 and (self.wrote or self.process.returncode != -signal.SIGTERM):
            self.seen.faults.append("%s ended with %d" % (self.seen.name, self.process.returncode))
        self.process.stdout.close()


def rss_anon(process):
    with open("/proc/%d/status" % process.pid, encoding="ascii") as file:
        return [int(line.split()[1]) / 1024 for line in file if line.startswith("RssAnon")][0]


class Hour:
    def __init__(self, daemon, chance, args):
        self.daemon, self.chance, self.args = daemon, chance, args
        daemon.start()
        auditor = daemon.grant("auditor", "auditor")
        self.admin = daemon.client(timeout=120)
        self.pupils = [school.upn_of("356%04d26%03d" % (1000 + n // 900, n % 900)) for n in range(A_MINUTE * args.minutes)]
        for at in range(0, len(self.pupils), 500):  # known beforehand: their memory is not the subscribers'
            marks = [[upn, "/"] for upn in self.pupils[at:at + 500]]
            self.admin.done("marks", {"urn": str(URN), "registers": [[DAYS[0], "AM", marks]]})
        self.poller = zmq.Poller()
        self.connections = [Connection(daemon, auditor, "connection %d" % n, self.poller) for n in range(args.subscribers - 3)]
        self.stopped, self.slow, self.restarted = (Watch(daemon, auditor, name) for name in ("stopped", "slow", "restarted"))
        self.memory = []

    def pump(self, until):
        """Takes in what comes; the slow one's pipe is read by some bytes."""
        by_socket = {one.client.socket: one for one in self.connections}
        while True:
            left = until - time.monotonic()
            for socket, _ in self.poller.poll(max(0, min(left, 0.05)) * 1000):
                by_socket[socket].drain()
            self.restarted.read()
            self.slow.read(40)
            if left <= 0:
                return

    def minute(self, number):
        r = self.chance
        pupils = self.pupils[number * A_MINUTE:(number + 1) * A_MINUTE]
        for upn in pupils:
            marks = [[day, session, [[upn, "N"]]] for day in DAYS for session in ("AM", "PM")]
            self.admin.send("marks", {"urn": str(URN), "registers": marks})
        for upn in r.sample(self.pupils[:(number + 1) * A_MINUTE], A_MINUTE // 2):
            self.admin.send("marks", {"urn": str(URN), "registers": [[r.choice(DAYS), "AM", [[upn, r.choice("I/N")]]]]})
        self.admin.done("clock", {"to": (START + datetime.timedelta(minutes=number + 1)).strftime(INSTANT)})
        self.admin.early.clear()
        if number == 0:
            self.until("the one to be stopped has begun", lambda: self.stopped.read() or self.stopped.seen.seqs)
            self.stopped.process.send_signal(signal.SIGSTOP)
        for one in self.connections[:RECONNECTING]:
            one.connect()
        self.restarted.end()
        self.restarted.start()
        self.pump(time.monotonic() + self.args.second)
        self.memory.append(rss_anon(self.daemon.process))

    def until(self, what, holds):
        ends = time.monotonic() + 120
        while not holds():
            if time.monotonic() > ends:
                raise SystemExit("not in two minutes: %s" % what)
            self.pump(time.monotonic() + 0.02)

    def finish(self):
        """The stopped one goes on, the slow one's pipe is emptied: all read to the end."""
        held = {item["alert"]: (item["seq"], item["status"]) for item in self.admin.items("alerts", limit=1000)}
        behind = len(held) - len(self.stopped.seen.newest), len(held) - len(self.slow.seen.newest)
        self.stopped.process.send_signal(signal.SIGCONT)
        watches = (self.stopped, self.slow, self.restarted)

        def all_seen():
            for one in watches:
                one.read()
            return all(one.up_to_date for one in self.connections) and all(one.seen.newest == held for one in watches)

        try:
            self.until("all have seen all", all_seen)
        except SystemExit as late:
            print(late)  # the faults below say who
        for one in watches:
            one.end()
        return held, behind

    def faults(self, held):
        faults = []
        written = {event["seq"] for event in self.admin.items("log", limit=1000) if event["kind"].startswith("alert-")}
        for one in self.connections + [self.stopped, self.slow, self.restarted]:
            seen = one.seen
            faults += seen.faults[:5]
            wrong = [alert for alert in set(held) | set(seen.newest) if held.get(alert) != seen.newest.get(alert)]
            if wrong:
                faults.append("%s: %d of %d alerts not in their newest state: %s, held %s"
                              % (seen.name, len(wrong), len(held), seen.newest.get(wrong[0]), held.get(wrong[0])))
            if seen.seqs - written:
                faults.append("%s: %d items that are not in the log" % (seen.name, len(seen.seqs - written)))
        steady = self.memory[len(self.memory) // 6:]
        grown = max(steady) - steady[0]
        print("daemon's own memory: %.1f MiB after a sixth, at most %.1f later; of each sixth the most: %s"
              % (steady[0], max(steady), " ".join("%.1f" % max(self.memory[at:at + len(self.memory) // 6])
                                                for at in range(0, len(self.memory), max(1, len(self.memory) // 6)))))
        if self.args.memory and grown > self.args.memory:
            faults.append("the daemon's own memory grew by %.1f MiB" % grown)
        return faults


def main():
    parser = argparse.ArgumentParser(description="many subscribers, some of them bad ones")
    run_with_daemon.add_programs(parser)
    parser.add_argument("--subscribers", type=int, default=200)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--second", type=float, default=1.0, help="real seconds for each minute")
    parser.add_argument("--memory", type=float, help="MiB that the daemon may grow by")
    parser.add_argument("--seed", type=int)
    args = parser.parse_args()
    chance = random.Random(run_with_daemon.seed_of(args.seed))
    with run_with_daemon.Daemon(args.attendd, args.attend, START.strftime(INSTANT), keep=args.keep) as daemon:
        hour = Hour(daemon, chance, args)
        began = time.monotonic()
        for number in range(args.minutes):
            hour.minute(number)
        held, behind = hour.finish()
        faults = hour.faults(held)
        items = sum(len(one.seen.seqs) for one in hour.connections)
        if not held or not behind[0]:
            faults.append("nothing was tried: %d alerts, the stopped one %d behind" % (len(held), behind[0]))
        if daemon.stop() != 0:
            faults.append("attendd did not end well:\n" + daemon.log_text())
    for fault in faults[:40]:
        print("FAULT", fault)
    print("%d subscribers, %d minutes in %.0f s, %d alerts, %d items to the connections; the stopped one was %d alerts behind, the slow one %d; %d faults"
          % (args.subscribers, args.minutes, time.monotonic() - began, len(held), items, behind[0], behind[1], len(faults)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
