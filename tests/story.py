#!/usr/bin/python3
"""story.py - one pupil's autumn and winter, as an education welfare service sees them.

Starts a daemon of its own on a free port, lives through a term and the three
months after it on a manual clock, shows what happens, and checks everything that
it shows: it ends with 1 at the first thing that is not as it must be. All that
it made is in a temporary folder, which goes with it.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import base64
import datetime
import json
import os
import queue
import shlex
import subprocess
import sys
import threading
import time

import model as naive
import run_with_daemon
import school
import term
import three_councils

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "interop"))
import log_proof  # noqa: E402

SEED = 2026
CLOCK = "2026-09-01T07:00:00Z"
FIRST, LAST = datetime.date(2026, 9, 1), datetime.date(2027, 2, 10)
SNOW = datetime.date(2026, 11, 4)
CHILD = 100  # of the pupils, whose story this is
AWAY = ("09-04", "09-07", "09-11", "09-14", "09-18", "09-25", "10-02", "10-09")
BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")
WAIT_SECONDS = 20
LINES_SHOWN = 24


def date(text):
    return datetime.date.fromisoformat(text)


def check(good, *said):
    if not good:
        raise SystemExit("\nWRONG: " + " ".join(str(one) for one in said))


class Screen:
    """What is told, at a pace that can be read."""

    def __init__(self, pace):
        self.pace, self.chapter = pace, 0

    def heading(self, text):
        self.chapter += 1
        print("\n%s%d. %s%s" % (BOLD, self.chapter, text, PLAIN), flush=True)
        time.sleep(self.pace)

    def say(self, text):
        print("   " + text, flush=True)

    def shown(self, command, output):
        print("   %s$ %s%s" % (DIM, command, PLAIN))
        lines = output.rstrip("\n").splitlines()
        for line in lines[:LINES_SHOWN]:
            print("     " + line)
        if len(lines) > LINES_SHOWN:
            print("     ... %d lines more" % (len(lines) - LINES_SHOWN))
        sys.stdout.flush()
        time.sleep(self.pace)


class Watch:
    """An officer's `attend watch`, running beside: alerts as they come."""

    def __init__(self, story, identity, upn):
        self.story, self.upn = story, upn
        self.lines = queue.Queue()
        self.others = 0
        self.process = subprocess.Popen([story.daemon.attend, "watch", "--name", "board", "--json"],
                                        env=story.daemon.environment(identity), stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def expect(self, kind, status="raised"):
        """Waits for an alert of the child's; those of others are counted."""
        ends = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                alert = self.lines.get(timeout=max(0.01, ends - time.monotonic()))
            except queue.Empty:
                check(False, "no alert %s %s came in %d s" % (kind, status, WAIT_SECONDS))
            if alert["upn"] != self.upn:
                self.others += 1
                continue
            print("   %s* alert %d, %s, %s:%s %s" % (BOLD, alert["alert"], alert["kind"], alert["status"], PLAIN,
                                                     alert["text"]), flush=True)
            if alert["kind"] == kind and alert["status"] == status:
                time.sleep(self.story.screen.pace)
                return alert

    def close(self):
        self.process.terminate()
        self.process.wait(10)


class Story:
    def __init__(self, daemon, screen, pupils):
        self.daemon, self.screen = daemon, screen
        self.folder = os.path.join(daemon.folder, "school")
        os.makedirs(self.folder)
        rows = school.read_calendar(school.CALENDAR) + school.read_calendar(school.BANK_HOLIDAYS)
        days = school.school_days(rows + [(SNOW, SNOW, "closure")], FIRST, LAST)
        self.town = school.Town(pupils, 1, days, SEED)
        self.child = self.town.pupils[CHILD]
        self.child.codes = ["/", "\\"] * len(days)
        for away in AWAY:
            for session in ("AM", "PM"):
                self.set_code("2026-" + away, session, "N")
        self.set_code("2026-11-05", "AM", "O")
        self.set_code("2026-11-09", "PM", "O")
        self.of_child = ("--pupil", self.child.upn)
        self.files = []
        self.watch = None

    def slot(self, day, session):
        return self.town.days.index(date(day)) * 2 + (session == "PM")

    def set_code(self, day, session, code):
        self.child.codes[self.slot(day, session)] = code

    # ---- commands ----

    def attend(self, who, *arguments, status=0):
        """Runs `attend` as somebody; shows it; checks how it ended."""
        done = self.daemon.cli(*arguments, identity=self.who[who], check=False)
        self.screen.shown("attend " + " ".join(shlex.quote(self.short(one)) for one in arguments),
                          self.short(done.stdout + done.stderr))
        check(done.returncode == status, "attend", arguments, "ended with", done.returncode, "not", status, done.stderr)
        return done

    def act(self, who, action, *more, status=0):
        return self.attend(who, "act", action, *self.of_child, *more, status=status)

    def short(self, text):
        return text.replace(self.folder + "/", "").replace(self.daemon.data + "/", "").replace(
            school.HERE + "/", "").replace(os.path.dirname(school.HERE) + "/", "")

    def ask(self, *arguments, who="officer"):
        """The same question for a machine: its JSON."""
        lines = self.daemon.cli(*arguments, "--json", identity=self.who[who]).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def case(self, *more):
        return self.ask("case", self.child.upn, *more)[0]

    def pupil(self, *more):
        return self.ask("pupil", self.child.upn, *more)[0]

    def deadline(self, kind, case=None):
        found = [one for one in (case or self.case())["deadlines"] if one["kind"] == kind]
        check(found, "no deadline", kind)
        return found[-1]

    def clock(self, to):
        told = self.ask("clock", to, who="administrator")[-1]
        instant = datetime.datetime.fromisoformat(to.replace("Z", "+00:00"))
        self.screen.say("The clock goes to %s." % instant.strftime("%A %-d %B %Y, %H:%M UTC"))
        check(told["now"][:19] == to[:19], "the clock stands at", told)

    def push(self, first, last, corrections=False):
        """The registers of the school days from `first` to `last`, as the school's MIS sends them."""
        slots = [n for n, day in enumerate(self.town.days) if date(first) <= day <= date(last)]
        begin, end = slots[0] * 2, slots[-1] * 2 + 2
        path = os.path.join(self.folder, "registers-%s.csv" % first)
        school.write_marks(path, self.town, begin, end)
        self.push_file(path, "registers")
        if corrections:
            kept = list(self.child.codes)
            found = [one for one in self.town.corrections(begin, end) if one[0] is not self.child]
            self.child.codes = kept
            path = os.path.join(self.folder, "corrections-%s.csv" % last)
            school.write_corrections(path, self.town, found)
            self.push_file(path, "late corrections")

    def push_file(self, path, what):
        told = self.ask("push", path, who="connector")[-1]
        check(told["rows"] == term.count_rows(path) and told["refused"] == 0, "push", told)
        self.files.append(path)
        self.screen.say("%s$ attend push %s%s  %d mark%s, %d accepted (%s)"
                        % (DIM, os.path.basename(path), PLAIN, told["rows"], "s" * (told["rows"] != 1), told["accepted"], what))

    def correct(self, day, session, code):
        path = os.path.join(self.folder, "correction-%s.csv" % day)
        self.set_code(day, session, code)
        school.write_corrections(path, self.town, [(self.child, self.slot(day, session), code)])
        self.push_file(path, "a correction")

    # ---- the story ----

    def opening(self):
        self.screen.heading("A service opens")
        self.daemon.start()
        self.screen.say("attendd is ready at %s, under CURVE; its clock is moved by hand." % self.daemon.endpoint)
        client = self.daemon.client()
        now = client.done("hello").body["now"]
        client.close()
        check(now[:19] == CLOCK[:19], "started with --clock manual:%s, the clock is at %s" % (CLOCK, now))
        grant = self.daemon.grant
        self.who = {"administrator": self.daemon.admin,
                    "connector": grant("mill-lane-mis", "connector", (100001,)),
                    "school": grant("mill-lane-school", "school", (100001,)),
                    "officer": grant("officer", "officer"), "auditor": grant("auditor", "auditor")}
        self.screen.say("Five keys are known: administrator, connector, school, officer, auditor.")
        school.write_roster(os.path.join(self.folder, "roster.csv"), self.town)
        self.attend("officer", "calendar", school.CALENDAR)
        self.attend("connector", "roster", os.path.join(self.folder, "roster.csv"))
        self.watch = Watch(self, self.who["officer"], self.child.upn)
        self.screen.say("%d pupils in %d classes. An officer watches for alerts. This is the story of pupil %s."
                        % (len(self.town.pupils), len(self.town.classes), self.child.upn))

    def september(self):
        self.screen.heading("September: registers come in, and one pupil's absences add up")
        self.clock("2026-09-18T17:00:00Z")
        self.push("2026-09-02", "2026-09-18", corrections=True)
        alert = self.watch.expect("threshold")
        check("10" in alert["text"], alert)
        self.attend("officer", "pupil", self.child.upn)
        told = self.pupil()
        check((told["unauthorised_10_weeks"], told["unauthorised"], told["possible"]) == (10, 10, 26), told)

    def support(self):
        self.screen.heading("Support first: the school's steps")
        self.clock("2026-09-28T16:00:00Z")
        self.act("school", "contact", "--on", "2026-09-21", "reached=yes", "barriers_explored=yes",
                 "barriers=mornings are hard since the move")
        self.act("school", "stage-1-checks", "--on", "2026-09-22", "support_plan=no", "unmet_needs=no", "in_school=yes",
                 "medical_needs=no", "catch_up=yes", "anxious=no")
        self.act("school", "early-help", "--on", "2026-09-22", "outcome=refused")
        self.act("school", "meeting", "--on", "2026-09-25", "letter_sent=yes", "chaired_by_school=yes")
        self.act("school", "plan", "--on", "2026-09-28", "support_offered=yes", "actions=breakfast club from Monday",
                 "targets=every Monday and Friday")
        self.act("school", "early-help", "--on", "2026-09-28", "outcome=refused", "again=yes")
        case = self.case()
        check(case["stage"] == "stage-2" and case["status"] == "open", case)
        check(self.deadline("review", case)["due"][:19] == "2026-11-10T00:00:00", case["deadlines"])

    def evidence(self):
        self.screen.heading("October: a Notice to Improve is refused until the evidence is there")
        self.clock("2026-10-09T17:00:00Z")
        self.push("2026-09-21", "2026-10-09", corrections=True)
        refused = self.act("officer", "notice-to-improve", "--parent", "p1", "support_named=yes", status=1)
        check("referral" in refused.stderr and "medical" in refused.stderr, refused.stderr)
        check("recorded by: referral" in refused.stderr and "recorded by: notice" not in refused.stderr, refused.stderr)
        for name, lists in (("referral", True), ("no-such", False)):
            one = self.daemon.cli("actions", self.child.upn, name, identity=self.who["officer"], check=False)
            check((one.returncode == 0) == lists, "attend actions", name, one)
            check(("  referral  " in one.stdout) == lists and "  plan  " not in one.stdout, one.stdout)
        self.screen.say("The school's referral lacks a reason; the officer knows it and overrides, in writing:")
        fields = ("contract_engaged=no", "support_engaged=no")
        refused = self.act("school", "referral", *fields, status=1)
        check("why" in refused.stderr, refused.stderr)
        self.act("officer", "referral", *fields, "--override", "the parents said why at the door")
        done = [one for one in self.case()["actions"] if one["action"] == "referral"]
        check(len(done) == 1 and done[0]["overridden"], done)

    def notice(self):
        self.screen.heading("Monday 12 October: the notice is served, and its 15 school days count")
        self.clock("2026-10-12T15:00:00Z")
        self.act("officer", "notice-to-improve", "--parent", "p1", "--on", "2026-10-12", "medical=no",
                 "mental_health=no", "bullying=no", "family_complexity=no", "support_named=yes")
        case = self.case()
        due = self.deadline("nti-end", case)
        # Nine school days to half-term, and six after it: the last is 9 November.
        check(case["stage"] == "stage-3a" and due["status"] == "open", case)
        check(due["due"][:19] == "2026-11-10T00:00:00", due)
        self.attend("officer", "deadlines")

    def snow(self):
        self.screen.heading("Wednesday 4 November: snow closes the school, and the deadline moves")
        self.clock("2026-11-03T18:00:00Z")
        self.push("2026-10-12", "2026-11-03")
        path = os.path.join(self.folder, "calendar-with-snow.csv")
        with open(school.CALENDAR, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.rstrip("\n") + "\n%s,%s,closure,Snow\n" % (SNOW, SNOW))
        self.attend("officer", "calendar", path)
        self.watch.expect("deadline-moved")
        due = self.deadline("nti-end")
        check(due["due"][:19] == "2026-11-11T00:00:00", due)
        check([one[:19] for one in due["moved_from"]] == ["2026-11-10T00:00:00"], due)

    def breach(self):
        self.screen.heading("A breach; evidence that withdraws it; and another that stands")
        self.clock("2026-11-05T17:00:00Z")
        self.push("2026-11-05", "2026-11-05")
        self.watch.expect("breach")
        self.before = self.ask("log", who="auditor")[-1]["seq"]
        self.screen.say("A penalty notice now? Not before the fifteen days have ended:")
        refused = self.act("officer", "penalty-notice", "--parent", "p1", "reason=notice-to-improve", status=1)
        check("still running" in refused.stderr, refused.stderr)
        self.clock("2026-11-06T17:00:00Z")
        self.screen.say("A doctor's letter came: the school corrects Thursday's O to I.")
        self.correct("2026-11-05", "AM", "I")
        self.watch.expect("breach", "withdrawn")
        self.after = self.ask("log", who="auditor")[-1]["seq"]
        self.push("2026-11-06", "2026-11-06")
        self.act("school", "review", "outcome=formal", "parental_contact=two calls, one visit",
                 "child_view=she likes the breakfast club")
        check(self.deadline("review")["status"] == "met", self.case()["deadlines"])
        self.clock("2026-11-10T17:00:00Z")
        self.push("2026-11-09", "2026-11-10")
        alert = self.watch.expect("breach")
        check("2026-11-09" in alert["text"] and "2026-11-05" not in alert["text"], alert)

    def decision(self):
        self.screen.heading("The fifteen days end: a decision is put, and taken by an officer")
        self.clock("2026-11-11T09:00:00Z")
        self.watch.expect("decision")
        case = self.case()
        check(case["stage"] == "monitoring" and self.deadline("nti-end", case)["status"] == "met", case)
        # Three months from the fifteenth day, 10 November.
        check(self.deadline("monitoring-end", case)["due"][:19] == "2027-02-11T00:00:00", case["deadlines"])
        self.act("officer", "decision", "outcome=issue", "reasons=no improvement in the second week")
        self.clock("2026-11-12T10:00:00Z")
        self.act("officer", "penalty-notice", "--parent", "p1", "--on", "2026-11-12", "reason=notice-to-improve")
        notice = self.case()["penalty_notices"][0]
        check((notice["parent"], notice["number"], notice["amount_now"]) == ("p1", 1, 80), notice)
        self.clock("2026-11-27T12:00:00Z")
        self.act("officer", "payment", "--parent", "p1", "--on", "2026-11-27", "amount=80")
        notice = self.case()["penalty_notices"][0]
        check(notice["paid"] and not notice["amount_now"], notice)

    def monitoring(self):
        self.screen.heading("Three months of monitoring, over Christmas, to 10 February")
        self.clock("2027-02-10T17:00:00Z")
        self.push("2026-11-11", "2027-02-10", corrections=True)
        self.clock("2027-02-11T09:00:00Z")
        alert = self.watch.expect("decision")
        check("no longer met" in alert["text"], alert)
        self.act("officer", "monitoring-outcome", "outcome=close", "notes=every Monday since January")
        self.attend("officer", "case", self.child.upn)
        case = self.case()
        check((case["stage"], case["status"]) == ("closed", "closed"), case["stage"], case["status"])
        ended = [one for one in case["deadlines"] if one["kind"] in ("nti-end", "monitoring-end")]
        check(len(ended) == 2 and all(one["status"] == "met" for one in ended), ended)
        self.screen.say("Meanwhile %d alerts came for other pupils." % self.watch.others)

    def history(self):
        self.screen.heading("The case as it was known on 5 November, beside what is known now")
        then, now = self.case("--as-of", str(self.before)), self.case()
        # The figures of that week: with Thursday's O, as it was known; with the I, a day later.
        with_o, with_i = self.pupil("--as-of", str(self.before)), self.pupil("--as-of", str(self.after))
        for row in (("", "known on 5 November", "known now"), ("stage", then["stage"], now["stage"]),
                    ("the notice's days", self.deadline("nti-end", then)["status"], self.deadline("nti-end", now)["status"]),
                    ("penalty notices", len(then["penalty_notices"]), len(now["penalty_notices"])),
                    ("unauthorised", with_o["unauthorised"],
                     "%d from 6 November, with the doctor's letter" % with_i["unauthorised"])):
            self.screen.say("%-18s %-22s %s" % row)
        check((then["stage"], self.deadline("nti-end", then)["status"]) == ("stage-3a", "open"), then)
        check(not then["penalty_notices"] and len(now["penalty_notices"]) == 1, then, now)
        check((with_o["unauthorised"], with_i["unauthorised"]) == (17, 16), with_o, with_i)
        check((with_o["authorised"], with_i["authorised"]) == (0, 1), with_o, with_i)

    def proof(self):
        self.screen.heading("The evidence, checked by code that is not the daemon's")
        served = [one for one in self.ask("log", *self.of_child, who="auditor")
                  if one["kind"] == "action-recorded" and one["action"] == "notice-to-improve"]
        check(len(served) == 1, served)
        seq = served[0]["seq"]
        told = self.ask("prove", str(seq), who="auditor")[0]
        raw, path = base64.b64decode(told["leaf"]), [bytes.fromhex(one) for one in told["path"]]
        check(log_proof.leaf_hash(raw).hex() == told["leaf_hash"], "the leaf's hash")
        root = log_proof.inclusion_root(seq - 1, told["size"], log_proof.leaf_hash(raw), path)
        with open(os.path.join(self.daemon.data, "log.vkey"), encoding="utf-8") as file:
            vkey = file.read()
        opened = log_proof.open_checkpoint(self.daemon.cli("checkpoint", identity=self.who["auditor"]).stdout, vkey)
        check(opened is not None, "the checkpoint's signature")
        size, signed_root = opened
        check(size == told["size"] and root == signed_root, "the inclusion proof", told, opened)
        self.screen.say("Event %d, the notice, stands in the signed log of %d events: root %s..."
                        % (seq, size, root.hex()[:16]))
        # event 3 loads the pathway: for people its proof fits on a screen
        shown = self.daemon.cli("prove", "3", identity=self.who["auditor"]).stdout
        check(len(shown) < 3000 and "--json gives them all" in shown, shown[:3000])
        forged = raw[:-1] + bytes([raw[-1] ^ 1])
        check(log_proof.inclusion_root(seq - 1, size, log_proof.leaf_hash(forged), path) != root, "a forged event")
        self.screen.say("With one bit of it changed the proof no longer holds.")
        grew = self.ask("prove", "--consistency", str(self.before), str(size), who="auditor")[0]
        check(log_proof.consistent(grew["first"], grew["second"], bytes.fromhex(grew["first_root"]), signed_root,
                                   [bytes.fromhex(one) for one in grew["path"]]), "the consistency proof", grew)
        self.screen.say("The log of 5 November (%d events) is its beginning: nothing was rewritten." % self.before)

    def figures(self):
        self.screen.heading("Every figure of every pupil, against a naive count of the same files")
        snow = os.path.join(self.folder, "calendar-with-snow.csv")
        model = naive.Model(naive.Calendar(snow, school.BANK_HOLIDAYS))
        for path in self.files:
            model.feed(path)
        pupils = {upn: model.pupil(upn) for upn in model.upns()}
        differences = term.Differences()
        client = self.daemon.client(self.who["officer"])
        count = term.compare_figures(client, model, pupils, differences)
        alerts = term.compare_alerts(client, pupils, differences)
        client.close()
        check(differences.count == 0 and len(pupils) == len(self.town.pupils), "figures", differences.count, count)
        self.screen.say("%d figures and %d alerts compared: all agree." % (count, alerts))

    def three_councils(self):
        three_councils.tell(self, check)

    def ending(self):
        self.watch.close()
        check(self.daemon.stop() == 0, "attendd did not end well", self.daemon.log_text())
        verified = self.daemon.verify()
        check(verified.returncode == 0, "verify", verified.stdout, verified.stderr)
        self.screen.say("The daemon has stopped; `attendd verify` finds nothing wrong.")

    def tell(self):
        try:
            for chapter in (self.opening, self.september, self.support, self.evidence, self.notice, self.snow,
                            self.breach, self.decision, self.monitoring, self.history, self.proof, self.figures,
                            self.three_councils, self.ending):
                chapter()
        finally:
            if self.watch and self.watch.process.poll() is None:
                self.watch.close()


def main():
    parser = argparse.ArgumentParser(description="the main job, told as a story")
    run_with_daemon.add_programs(parser)
    parser.add_argument("--pupils", type=int, default=420)
    parser.add_argument("--pace", type=float, help="seconds to pause for reading (1.5 on a terminal, else none)")
    args = parser.parse_args()
    pace = args.pace if args.pace is not None else 1.5 if sys.stdout.isatty() else 0
    began = time.monotonic()
    with run_with_daemon.Daemon(args.attendd, args.attend, CLOCK, "Stockport", keep=args.keep) as daemon:
        Story(daemon, Screen(pace), args.pupils).tell()
    print("\n%sAll as it must be%s (%.0f s)." % (BOLD, PLAIN, time.monotonic() - began))
    return 0


if __name__ == "__main__":
    sys.exit(main())
