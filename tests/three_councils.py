"""three_councils.py - the demo's scene of one child under three councils.

The same register is kept at three schools, each on its own council's pathway in the one
store; the same is asked for under each, and what the daemon answers stands side by side.
Everything shown is checked (story.py tells it).

SPDX-License-Identifier: Apache-2.0
"""
import datetime
import os
import textwrap

import yaml

import school

PATHWAYS = os.path.join(os.path.dirname(school.HERE), "pathways")
COUNCILS = ("stockport", "stockton", "south-tyneside")
NAMES = ("Stockport", "Stockton", "South Tyneside")
URNS = (100011, 100012, 100013)
FIRST = datetime.date(2026, 11, 23)
AWAY = ("2026-11-24", "2026-12-01", "2027-01-12", "2027-01-19", "2027-01-26", "2027-02-02")
HEAD, COLUMN = 18, 30

# What each council asks the school for before it refers; then the referral.
BEFORE = {
    "stockport": (("contact", {"reached": "yes", "barriers_explored": "yes"}),
                  ("stage-1-checks", {"support_plan": "no", "unmet_needs": "no", "in_school": "yes", "medical_needs": "no",
                                      "catch_up": "yes", "anxious": "no"}),
                  ("early-help", {"outcome": "accepted"}), ("meeting", {}), ("plan", {"support_offered": "yes"})),
    "stockton": (),
    "south-tyneside": (
        ("action-plan", {"with_pupil": "yes", "with_parent": "yes"}), ("invitation", {"legal_obligations": "yes"}),
        ("meeting", {"by_child": "an alarm clock", "by_parents": "the bus fare", "by_school": "a mentor", "by_agencies": "none",
                     "plan_reviewed": "yes"})),
}
REFERRAL = {
    "stockport": {"support_package": "yes", "contract_engaged": "no", "support_engaged": "no", "why": "the mentor was turned down"},
    "stockton": dict.fromkeys(("stage_1", "continues", "letters", "home_visits", "support_plan", "early_help", "printout",
                               "other_agencies", "form", "responsibility", "signed"), "yes"),
    "south-tyneside": {"route": "route-1", "parents_told": "yes", "evidence": "yes"},
}
# What its officers send the parent then.
SENT = {
    "stockport": (("notice-to-improve", {"medical": "no", "mental_health": "no", "bullying": "no", "family_complexity": "no",
                                         "support_named": "yes"}),),
    "stockton": (("route", {"outcome": "penalty-notice-procedure"}), ("warning-letter", {"responsibility_outlined": "yes"})),
    "south-tyneside": (("warning", {}),),
}
PERIOD = {"stockport": "nti-end", "stockton": "warning-period", "south-tyneside": "warning-period"}


def long_date(text):
    return datetime.date.fromisoformat(text).strftime("%A %-d %B")


class Scene:
    def __init__(self, story, check):
        self.story, self.check, self.screen = story, check, story.screen
        self.upns = [school.upn_of("356%04d22001" % (1001 + urn - 100001)) for urn in URNS]
        self.school = story.daemon.client(story.daemon.grant("three-schools", "school", URNS))
        self.officer = story.daemon.client(story.who["officer"])

    def close(self):
        self.school.close()
        self.officer.close()

    # ---- the daemon ----

    def marks(self, first, last, away):
        """The same register at all three."""
        calendar = school.read_calendar(school.CALENDAR) + school.read_calendar(school.BANK_HOLIDAYS)
        for urn, upn in zip(URNS, self.upns):
            registers = [[day.isoformat(), session, [[upn, "O" if day.isoformat() in away else "/\\"[session == "PM"]]]]
                         for day in school.school_days(calendar, first, last) for session in ("AM", "PM")]
            self.check(self.officer.done("marks", {"urn": str(urn), "registers": registers}).status == 200, "the register of", urn)

    def act(self, who, council, action, fields, parent=None):
        body = {"action": action, "upn": self.upns[COUNCILS.index(council)], "fields": fields}
        return who.ask("action", dict(body, parent=parent) if parent else body)

    def refused(self, reply):
        """What a refusal says, in a cell."""
        self.check(reply.status in (412, 413), "refused with", reply.status, reply.body)
        return "refused (%s): %s" % (reply.body["lacks"][0]["clause"], "; ".join(one["text"] for one in reply.body["lacks"]))

    def case(self, council):
        return self.officer.query("case", upn=self.upns[COUNCILS.index(council)])

    def breaches(self):
        """The councils under which a breach stands."""
        told = [a["upn"] for a in self.officer.items("alerts", from_=self.began, limit=1000) if a["kind"] == "breach"]
        return [council for council, upn in zip(COUNCILS, self.upns) if upn in told]

    def refer(self, council):
        reply = self.act(self.school, council, "referral", REFERRAL[council])
        return "taken" if reply.status == 200 else self.refused(reply)

    def send(self, council):
        """The parent is written to; what it was, and when its days end."""
        for action, fields in SENT[council]:
            reply = self.act(self.officer, council, action, fields, "p1")
            self.check(reply.status == 200, council, action, reply.body)
        period = [one for one in self.case(council)["deadlines"] if one["kind"] == PERIOD[council]][-1]
        title = {one["action"]: one["title"] for one in
                 self.officer.query("actions", upn=self.upns[COUNCILS.index(council)])["items"]}[SENT[council][-1][0]]
        with open(os.path.join(PATHWAYS, council + ".yaml"), encoding="utf-8") as file:
            length = yaml.safe_load(file)["deadlines"][PERIOD[council]]["period"]
        return title, "%s, to %s" % (length, long_date(period["last_day"]))

    def notice(self, council):
        reply = self.act(self.officer, council, "penalty-notice", {}, "p1")
        if reply.status != 200:
            return self.refused(reply)
        notice = self.case(council)["penalty_notices"][-1]
        return "issued: £%d if paid by %s" % (notice["amount_now"], long_date(notice["reduced_until"]))

    # ---- side by side ----

    def table(self, *rows):
        for row in (("",) + NAMES,) + rows:
            cells = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, (HEAD - 2,) + (COLUMN - 2,) * 3)]
            for n in range(max(len(cell) for cell in cells)):
                self.screen.say("".join((cell[n] if n < len(cell) else "").ljust(width)
                                        for cell, width in zip(cells, (HEAD,) + (COLUMN,) * 3)).rstrip())

    def begin(self):
        for council, urn in zip(COUNCILS, URNS):
            if council != "stockport":  # it is the default here
                self.story.attend("administrator", "pathway", "load", os.path.join(PATHWAYS, council + ".yaml"))
                self.story.attend("administrator", "pathway", "choose", str(urn), council)
        self.began = self.officer.done("hello").body["head"] + 1
        for urn, upn in zip(URNS, self.upns):
            self.officer.done("roster", {"urn": str(urn), "pupils": [
                {"upn": upn, "surname": "Same", "birth_date": "2017-05-04", "parents": [{"id": "p1"}]}]})
        self.marks(FIRST, datetime.date(2027, 2, 10), AWAY)
        told = [a for a in self.officer.items("alerts", from_=self.began, limit=1000) if a["kind"] == "threshold"]
        self.check([a["upn"] for a in told] == self.upns and len({a["text"] for a in told}) == 1, "the threshold", told)
        count = {self.officer.query("pupil", upn=upn)["unauthorised_10_weeks"] for upn in self.upns}
        self.check(count == {12}, "the figures", count)

    def february(self):
        self.screen.say("Thursday 11 February. In 10 school weeks 12 unauthorised sessions, 8 of them in the last 8: the national")
        self.screen.say("threshold is told in all three. Each school has done what its council asks for first, and refers:")
        for council in COUNCILS:
            for action, fields in BEFORE[council]:
                reply = self.act(self.school, council, action, fields)
                self.check(reply.status == 200, council, action, reply.body)
        referred = [self.refer(council) for council in COUNCILS]
        self.check(referred[0] == referred[2] == "taken" and referred[1] ==
                   "refused (SK-01): fewer than 10 unauthorised sessions in the previous 8 school weeks", referred)
        sent = [self.send(c) if taken == "taken" else ("nothing", "nothing is due") for c, taken in zip(COUNCILS, referred)]
        self.table(("the referral", *referred), ("the parent gets", *(one for one, _ in sent)), ("what runs", *(one for _, one in sent)))
        # No school from 12 to 21 February: fifteen school days after the 11th; three weeks.
        self.check(sent[0] == ("Notice to Improve", "15 school days, to Friday 12 March"), sent[0])
        self.check(sent[2] == ("Route 1: penalty notice warning", "3 weeks, to Thursday 4 March"), sent[2])

    def after_half_term(self):
        self.story.clock("2027-02-23T17:00:00Z")
        self.marks(datetime.date(2027, 2, 11), datetime.date(2027, 2, 23), ("2027-02-22",))
        self.screen.say("The child was away on Monday, the first day after half-term. A penalty notice now?")
        breaches = self.breaches()
        self.check(breaches == ["stockport", "south-tyneside"], "breaches", breaches)
        referred = self.refer("stockton")
        self.check(referred == "taken", referred)
        title, runs = self.send("stockton")
        self.check((title, runs) == ("Penalty notice warning letter", "4 weeks, to Tuesday 23 March"), title, runs)
        notices = [self.notice(council) for council in COUNCILS]
        self.table(("Monday's absence", "a breach: told at once", "the tenth in 8 weeks: the referral is taken", "a breach: told at once"),
                   ("the parent gets", "", title, ""), ("what runs", "", runs, ""), ("penalty notice", *notices))
        self.check(notices[0].startswith("refused (SP-11): the 15 school days of the Notice to Improve are still running"), notices[0])
        self.check(notices[1].startswith("refused (SK-06): the four weeks are still running"), notices[1])
        self.check(notices[2] == "issued: £80 if paid by Thursday 18 March", notices[2])


def tell(story, check):
    story.screen.heading("One child under three councils: the same register, side by side")
    scene = Scene(story, check)
    try:
        scene.begin()
        scene.february()
        scene.after_half_term()
    finally:
        scene.close()
