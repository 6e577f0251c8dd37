#!/usr/bin/python3
"""torture.py - kill -9 under load, again and again; then everything is counted.

    torture.py --attendd FILE --attend FILE [--kills N] [--seed N]

Three connectors push registers and corrections, an officer serves Notices to
Improve, an administrator moves the clock over deadlines, and a subscriber reads
alerts with a durable cursor, all at once, while the daemon is killed at a random
moment and started again, N times. What is not answered is sent again with its
id, or given up, as a real sender would. In the end:

  - every submission that was acknowledged is in the log once, at its position, and
    none that was not is there twice;
  - every deadline that fell due fired once in each phase, and none before its time;
  - the subscriber has seen every alert in its newest state, and after a cursor
    was kept nothing before it ever came again;
  - `attendd verify` finds nothing wrong.

SPDX-License-Identifier: Apache-2.0
"""
import collections
import datetime
import sys
import time

import run_with_daemon
import school
from attend_client import id_text, new_id

SCHOOLS = (100001, 100002, 100003)
CLASS = 10
CLASSES = 3  # of each school
START = "2027-01-11T08:00:00Z"
CURSOR = "torture"
CREDIT = 200
WINDOW = 8   # submissions on their way, of each connector
INSTANT = "%Y-%m-%dT%H:%M:%SZ"


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Sender:
    """One key's submissions: what was sent, what was answered. Outlives its connection."""

    def __init__(self, name, identity, window):
        self.name, self.identity, self.window = name, identity, window
        self.client = None
        self.waiting = {}   # id: (command, body)
        self.acked = {}     # id: position
        self.refused = collections.Counter()
        self.given_up = set()

    def connect(self, daemon, chance):
        self.client = daemon.client(self.identity)
        again = []
        for id, (command, body) in list(self.waiting.items()):
            if chance.random() < 0.8:
                again.append((command, body, id))
            else:
                self.given_up.add(id)
                del self.waiting[id]
        self.send(again)

    def send(self, submissions):
        """What is sent at once goes in one frame."""
        if len(submissions) > 1:
            self.client.send_bundle(submissions)
        else:
            for submission in submissions:
                self.client.send(*submission)

    def submit(self, command, body):
        self.submit_all([(command, body)])

    def submit_all(self, asked):
        numbered = [(command, body, new_id()) for command, body in asked]
        self.waiting.update((id, (command, body)) for command, body, id in numbered)
        self.send(numbered)

    def take(self, reply):
        if reply.id not in self.waiting:
            return None
        if reply.status in (300, 500):
            return None  # "send again": done at the next connection
        command, body = self.waiting.pop(reply.id)
        if reply.status < 300:
            self.acked[reply.id] = reply.position
        else:
            self.refused["%s %d %s" % (command, reply.status, reply.body.get("reason"))] += 1
        return command

    def drain(self):
        """What became of what was sent; the replies."""
        came = []
        while True:
            reply = self.client.receive(0)
            if reply is None:
                return came
            self.take(reply)
            came.append(reply)


class Subscriber:
    """An auditor's screen, with a durable cursor: told of everything."""

    def __init__(self, identity, chance):
        self.identity, self.chance = identity, chance
        self.client = self.subscription = None
        self.seen = collections.Counter()  # (alert, seq)
        self.newest = {}                   # alert: (seq, status)
        self.kept = 0                      # position of a cursor known to be on disk
        self.asked = {}                    # id of a cursor request: position
        self.at_end = False
        self.faults = []

    def connect(self, daemon):
        self.client = daemon.client(self.identity)
        self.asked = {}
        self.at_end = False
        self.here = set()  # of this connection
        self.subscription = self.client.send("subscribe", {"what": "alerts", "cursor": CURSOR, "credit": CREDIT})

    def fault(self, *words):
        self.faults.append(" ".join(str(word) for word in words))

    def drain(self):
        while True:
            reply = self.client.receive(0)
            if reply is None:
                return
            if reply.id in self.asked:
                if reply.status < 300:
                    self.kept = max(self.kept, self.asked[reply.id])
            elif reply.command == "items":
                self.items(reply.body)
            elif reply.command == "heartbeat":
                self.at_end = reply.body["next"] > reply.body["head"]
            elif reply.command == "subscribe":
                if reply.status != 200 or reply.body["from"] < self.kept:
                    self.fault("subscribed again before the cursor", self.kept, reply)

    def items(self, body):
        for item in body["items"]:
            key = (item["alert"], item["seq"])
            if key in self.here:
                self.fault("twice in one subscription", key)
            if item["seq"] < self.kept:
                self.fault("came again though the cursor stood at", self.kept, key)
            self.here.add(key)
            self.seen[key] += 1
            if item["seq"] >= self.newest.get(item["alert"], (0, ""))[0]:
                self.newest[item["alert"]] = (item["seq"], item["status"])
        self.client.send("credit", {"credit": len(body["items"])}, self.subscription)
        if self.chance.random() < 0.5:
            id = self.client.send("cursor", {"cursor": CURSOR, "position": body["next"]})
            self.asked[id] = body["next"]


class Town:
    def __init__(self, chance):
        self.chance = chance
        self.classes = [
            (urn, [school.upn_of("356%04d26%03d" % (urn - 99000, one * CLASS + n + 1)) for n in range(CLASS)])
            for urn in SCHOOLS for one in range(CLASSES)]
        rows = school.read_calendar(school.CALENDAR)
        self.days = school.school_days(rows, datetime.date(2026, 9, 1), datetime.date(2027, 7, 21))

    def registers(self, urn, today):
        """A class's register, mostly of a day gone by; one in three puts an earlier one right."""
        r = self.chance
        day = r.choice([day for day in self.days if day <= today][-40:])
        session = r.choice(("AM", "PM"))
        pupils = r.choice([pupils for own, pupils in self.classes if own == urn])
        if r.random() < 0.33:
            pupils = r.sample(pupils, r.randint(1, 3))
        present = "/" if session == "AM" else "\\"
        marks = [[upn, r.choice("NOIUGL") if r.random() < 0.3 else present] for upn in pupils]
        return {"urn": str(urn), "registers": [[day.isoformat(), session, marks]]}

    def notice(self, today):
        """A Notice to Improve, with the evidence that it lacks overridden."""
        _, pupils = self.chance.choice(self.classes)
        return {"action": "notice-to-improve", "upn": self.chance.choice(pupils), "on": today.isoformat(),
                "parent": "p%d" % self.chance.randint(1, 4), "fields": {"support_named": "yes", "medical": "no"},
                "override": "torture"}


class Torture:
    def __init__(self, daemon, chance):
        self.daemon, self.chance = daemon, chance
        self.town = Town(chance)
        daemon.start()
        self.connectors = [Sender("connector-%d" % urn, daemon.grant("connector-%d" % urn, "connector", (urn,)), WINDOW)
                           for urn in SCHOOLS]
        self.officer = Sender("officer", daemon.grant("officer", "officer"), 2)
        self.keeper = Sender("administrator", daemon.admin, 1)
        self.subscriber = Subscriber(daemon.grant("watcher", "auditor"), chance)
        self.senders = self.connectors + [self.officer, self.keeper]
        daemon.cli("calendar", school.CALENDAR)
        client = daemon.client()
        self.now = instant(client.done("hello").body["now"])  # the furthest that the clock was asked to go
        client.close()

    def connect(self):
        for sender in self.senders:
            sender.connect(self.daemon, self.chance)
        self.subscriber.connect(self.daemon)

    def disconnect(self):
        for one in self.senders + [self.subscriber]:
            one.client.close()

    def load(self):
        today = self.now.date()
        for urn, sender in zip(SCHOOLS, self.connectors):
            sender.submit_all([("marks", self.town.registers(urn, today)) for _ in range(sender.window - len(sender.waiting))])
        if len(self.officer.waiting) < self.officer.window and self.chance.random() < 0.04:
            self.officer.submit("action", self.town.notice(today))
        if not self.keeper.waiting and self.chance.random() < 0.3:
            self.now += datetime.timedelta(hours=self.chance.choice((1, 5, 17, 24, 49)))
            self.keeper.submit("clock", {"to": self.now.strftime(INSTANT)})

    def answers(self):
        for sender in self.senders:
            for reply in sender.drain():
                # A long way is gone in parts.
                if sender is self.keeper and reply.status == 200 and reply.body.get("more"):
                    sender.submit("clock", {"to": self.now.strftime(INSTANT)})
        self.subscriber.drain()

    def acks(self):
        return sum(len(sender.acked) for sender in self.senders)

    def round(self, number):
        self.connect()
        before, began = self.acks(), time.monotonic()
        life = self.chance.uniform(0.05, 0.9)
        first = None
        while first is None or time.monotonic() - first < life:
            self.load()
            self.answers()
            if first is None and self.acks() > before:
                first = time.monotonic()
            if time.monotonic() - began > 60:
                raise SystemExit("round %d: nothing acknowledged in a minute\n%s" % (number, self.daemon.log_text()))
            time.sleep(0.001)
        self.daemon.kill()
        # What was on its way to us when the daemon died was still said by it.
        time.sleep(0.02)
        self.answers()
        self.disconnect()
        if self.chance.random() < 0.3:
            self.now += datetime.timedelta(hours=self.chance.choice((3, 30)))  # it was down while time went by
        self.daemon.clock = self.now.strftime(INSTANT)
        self.daemon.start()

    def finish(self):
        """The last life: everything still open is answered, the subscriber reads to the end."""
        self.connect()
        ends = time.monotonic() + 60
        while any(sender.waiting for sender in self.senders) or not self.subscriber.at_end:
            self.answers()
            if time.monotonic() > ends:
                raise SystemExit("still open after a minute: %s, subscriber at the end: %s"
                                 % ([len(sender.waiting) for sender in self.senders], self.subscriber.at_end))
            time.sleep(0.005)
        self.disconnect()


def check_submissions(torture, log, faults):
    places = collections.defaultdict(list)
    for event in log:
        if event["id"]:
            places[event["id"]].append(event["seq"])
    for sender in torture.senders:
        for id, position in sender.acked.items():
            at = places.get(id_text(id), [])
            if at != [position]:
                faults.append("%s: acknowledged %s at %d, in the log at %s" % (sender.name, id_text(id), position, at))
        for id in sender.given_up:
            if len(places.get(id_text(id), [])) > 1:
                faults.append("%s: %s is in the log more than once" % (sender.name, id_text(id)))
    return sum(len(sender.acked) for sender in torture.senders)


def check_deadlines(client, log, now, faults):
    fired = collections.Counter()
    when = {}
    for event in log:
        if event["kind"] == "deadline-fired":
            key = (event["case"], event["deadline"], event["phase"])
            fired[key] += 1
            # a deadline that was moved warns again, of its new day; nothing else speaks twice
            if key in when and (event["phase"] != "soon" or when[key][0] >= instant(event["due"])):
                faults.append("deadline %s fired again at %s" % (key, event["recorded"]))
            when[key] = (instant(event["due"]), instant(event["recorded"]))
    for key, times in fired.items():
        due, recorded = when[key]
        if times != 1 and key[2] != "soon":
            faults.append("deadline %s fired %d times" % (key, times))
        if recorded < due:
            faults.append("deadline %s fired at %s, before it was due at %s" % (key, recorded, due))
    cases = sorted({event["case"] for event in log if event["kind"] == "action-recorded"})
    passed = 0
    for case in cases:
        for deadline in client.query("case", case=case)["deadlines"]:
            key = (case, deadline["deadline"], "due")
            is_due = instant(deadline["due"]) <= now
            passed += is_due
            if deadline["status"] != "cancelled" and is_due != (key in fired):
                faults.append("deadline %s due %s, now %s: fired %d times" % (key, deadline["due"], now, fired[key]))
            if key in fired and when[key][0] != instant(deadline["due"]):
                faults.append("deadline %s fired for %s, due %s" % (key, when[key][0], deadline["due"]))
    return passed, len(fired)


def check_alerts(client, subscriber, log, faults):
    faults += subscriber.faults
    listed = list(client.items("alerts", limit=1000))
    held = {alert["alert"]: (alert["seq"], alert["status"]) for alert in listed}
    raised = [event["seq"] for event in log if event["kind"] == "alert-raised"]
    if sorted(held) != sorted(raised):
        faults.append("%d alerts listed, %d raised in the log" % (len(held), len(raised)))
    for alert, state in held.items():
        if subscriber.newest.get(alert) != state:
            faults.append("alert %d is %s, the subscriber has %s" % (alert, state, subscriber.newest.get(alert)))
    for alert in subscriber.newest:
        if alert not in held:
            faults.append("the subscriber saw alert %d, which is not there, or not for them" % alert)
    return len(held)


def count_up(torture):
    """Everything that must hold, counted; the faults."""
    faults = []
    client = torture.daemon.client(timeout=120)
    now = instant(client.done("hello").body["now"])
    log = list(client.items("log", limit=1000))
    if [event["seq"] for event in log] != list(range(1, len(log) + 1)):
        faults.append("the log's positions have a gap")
    acked = check_submissions(torture, log, faults)
    passed, phases = check_deadlines(client, log, now, faults)
    alerts = check_alerts(client, torture.subscriber, log, faults)
    client.close()
    print("%d acknowledged, %d given up, %d deadlines passed in %d phases, %d alerts, %d events"
          % (acked, sum(len(sender.given_up) for sender in torture.senders), passed, phases, alerts, len(log)))
    refused = sum((sender.refused for sender in torture.senders), collections.Counter())
    if refused:
        print("refused:", dict(refused))
    if not (acked and passed and alerts):
        faults.append("nothing was tried: no acknowledgement, deadline or alert")
    return faults


def finish(torture):
    torture.finish()
    return count_up(torture)


def main():
    return run_with_daemon.kill_again_and_again("kill -9 under load, again and again", START, Torture, finish,
                                                lambda torture: "%d acknowledged" % torture.acks())


if __name__ == "__main__":
    sys.exit(main())
