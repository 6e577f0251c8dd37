#!/usr/bin/python3
"""pages.py - the board over HTTP, without a browser: what it shows, and what it refuses.

    pages.py --attendd FILE --attend FILE

A daemon, two officers, a school, a lead, and the board; then pages and forms as a browser sends them, and as
nobody's browser would.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import html
import http.client
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, HERE)
import run_with_daemon  # noqa: E402
import school  # noqa: E402
from board import Board, Browser  # noqa: E402

CLOCK = "2026-11-11T09:00:00Z"
SCRIPT = "<script>alert(1)</script>"
ATTRIBUTE = "\"onfocus=alert(1) x='"
MINE, OTHER = "100001", "100002"


def check(good, *said):
    if not good:
        raise SystemExit("WRONG: " + " ".join(str(one) for one in said))


def shows(page, status, *texts):
    check(page.status == status, "status", page.status, "not", status, page.text[-1500:])
    for text in texts:
        check(text in page.text, "the page lacks", repr(text), page.text[-3000:])


def board_of(reader):
    return reader.board


class Scene:
    def __init__(self, daemon):
        self.daemon = daemon
        daemon.start()
        grant = daemon.grant
        self.officer, self.manager = grant("officer", "officer"), grant("manager", "manager")
        self.colleague = grant("colleague", "officer")
        self.auditor = grant("auditor", "auditor")
        self.school = grant("school", "school", (MINE,))
        self.connector = grant("mis", "connector", (MINE, OTHER))
        self.upns = [school.upn_of("35610012210%d" % n) for n in range(1, 5)]
        self.roster()
        self.marks()
        daemon.cli("act", "contact", "--pupil", self.upns[0], "reached=yes", "barriers_explored=yes", "barriers=" + SCRIPT, identity=self.officer)
        daemon.cli("act", "contact", "--pupil", self.upns[2], "reached=yes", "barriers_explored=yes", identity=self.officer)
        self.lead = grant_case(daemon, "lead", "C1")

    def file(self, name, text):
        path = os.path.join(self.daemon.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def roster(self):
        head = "urn,upn,surname,forename,birth_date,year_group,parent,parent_name\n"
        rows = ["%s,%s,%s,%s,2015-05-01,%s,p1,%s\n" % (MINE if n < 2 else OTHER, upn, '"%s"' % SCRIPT if n == 0 else "Able", '"%s"' % ATTRIBUTE.replace('"', '""'),
                                                       "4", '"%s"' % SCRIPT) for n, upn in enumerate(self.upns)]
        self.daemon.cli("roster", self.file("roster.csv", head + "".join(rows)), identity=self.connector)

    def marks(self):
        rows = ["urn,upn,date,session,code\n"]
        for n, upn in enumerate(self.upns):
            for day in ("2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08", "2026-10-09"):
                for session in ("AM", "PM"):
                    rows.append("%s,%s,%s,%s,%s\n" % (MINE if n < 2 else OTHER, upn, day, session, "O" if n in (0, 2) else "/" if session == "AM" else "\\"))
        self.daemon.cli("push", self.file("marks.csv", "".join(rows)), identity=self.connector)

    def actions_of(self, case):
        import json
        return [one["action"] for one in json.loads(self.daemon.cli("case", case, "--json", identity=self.officer).stdout)["actions"]]

    def log(self):
        import json
        return [json.loads(line) for line in self.daemon.cli("log", "--json", identity=self.officer).stdout.splitlines()]


def grant_case(daemon, name, case):
    path = os.path.join(daemon.folder, name + ".identity")
    public = daemon.cli("keygen", path).stdout.strip().splitlines()[-1]
    daemon.cli("grant", public, "lead", "--name", name, "--case", case)
    return path


def headers_and_doors(scene, board):
    stranger = Browser(board)
    page = stranger.get("/")
    shows(page, 401, "Sign in", "attend board-link")
    policy = page.headers["Content-Security-Policy"]
    check("default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy, policy)
    for name, value in (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"), ("Referrer-Policy", "same-origin")):
        check(page.headers[name] == value, name, page.headers[name])
    for path in ("/case/C1", "/pupil/" + scene.upns[0], "/school/" + MINE, "/authority", "/cases", "/process/stockport/1", "/live?from=1"):
        shows(stranger.get(path), 401)
        check(scene.upns[0] not in stranger.get(path).text or path.startswith("/pupil"), path)
    shows(stranger.get("/style.css"), 200, "--ink")
    # kept by browsers where it is asked for by what it holds; nothing else is kept
    asked = re.search(r'href="(/style\.css\?v=\w+)"', page.text).group(1)
    check("max-age" in stranger.get(asked).headers["Cache-Control"] and stranger.get("/style.css?v=1").headers["Cache-Control"] == "no-store", asked)
    shows(stranger.get("/live.js"), 200, "EventSource")
    # another name for the same address is not ours (rebinding)
    shows(stranger.get("/", headers={"Host": "evil.example"}), 403)
    shows(stranger.send("PUT", "/"), 405)
    shows(stranger.send("DELETE", "/case/C1"), 405)
    shows(stranger.get("/a/b/c/d/e"), 404)
    shows(stranger.get("/" + "a" * 3000), 404)
    check(stranger.send("HEAD", "/").text == "", "HEAD has a body")


def links(scene, board):
    link = board.link(scene.officer)
    token = link.split("link=")[1]
    browser = Browser(board)
    page = browser.get("/sign-in?link=" + token)
    shows(page, 200, "works once", "Sign in")
    check(not browser.cookie, "looking at a link signs nobody in")
    shows(browser.post("/sign-in", {"link": token}, headers={"Origin": "http://evil.example"}), 403)
    page = browser.post("/sign-in", {"link": token})
    check(page.status == 303 and page.headers["Location"] == "/", page.status, page.text)
    cookie = page.headers["Set-Cookie"]
    check("HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie, cookie)
    shows(browser.get("/"), 200, "To decide")
    # once
    again = Browser(board)
    shows(again.post("/sign-in", {"link": token}), 403, "used already")
    check(not again.cookie, "a used link gave a session")
    # not changed, not somebody else's, not nothing
    for wrong in (token[:-4] + "AAAA", token[:40], "x", "", "A" * 128, token + "A"):
        shows(again.post("/sign-in", {"link": wrong}), 403)
    # not for another board
    other = os.path.join(scene.daemon.folder, "other.identity")
    scene.daemon.cli("keygen", other)
    foreign = scene.daemon.cli("board-link", "--board-key", other, identity=scene.officer).stdout.split("link=")[1].strip()
    shows(again.post("/sign-in", {"link": foreign}), 403, "not made for this board")
    # nor for who may not: an administrator's key asks for nobody here
    admin = board.link(scene.daemon.admin).split("link=")[1]
    shows(again.post("/sign-in", {"link": admin}), 403, "can&#39;t sign in here")
    check(not again.cookie, again.cookie)
    # and out again
    form = browser.get("/").form("/sign-out")
    check(browser.post("/sign-out", form).status == 303 and not browser.cookie, "signed out")
    browser.cookie = cookie.split(";")[0]
    shows(browser.get("/"), 401)


def what_is_shown(scene, board, officer):
    shows(officer.get("/"), 200, "What came in", "C1")
    # what was raised before the case was opened leads to it all the same
    shows(officer.get("/alerts/threshold"), 200, '<a href="/case/C1">', '<span class="quiet">C1, ')
    page = officer.get("/case/C1")
    shows(page, 200, "&lt;script&gt;alert(1)&lt;/script&gt;", "Stage 1", "What may be recorded next", "Marks of the last six weeks", 'class="s unauthorised ">O<')
    for path in ("/", "/case/C1", "/pupil/" + scene.upns[0], "/school/" + MINE, "/authority", "/case/C1/record/contact", "/case/C1?as_of=2026-11-11"):
        page = officer.get(path)
        shows(page, 200)
        check(SCRIPT not in page.text and "onfocus=alert(1) x='" not in page.text, "unescaped on", path)
        check("style=" not in page.text and "<script>" not in page.text and not re.search(r'\son[a-z]+="', page.text), "inline on", path)
        check(page.text.count("<h1>") == 1 and 'lang="en-GB"' in page.text, path)
    shows(officer.get("/pupil/" + scene.upns[0]), 200, "10: notice", 'class="s unauthorised ">O<')
    shows(officer.get("/school/" + MINE), 200, "none yet", "10 (reached)")
    shows(officer.get("/authority"), 200, "Open cases by stage", OTHER)
    for path, to in (("/find?q=c1", "/case/C1"), ("/find?q=" + scene.upns[0].lower(), "/pupil/" + scene.upns[0]), ("/find?q=100001", "/school/100001")):
        page = officer.get(path)
        check(page.status == 303 and page.headers["Location"] == to, path, page.headers["Location"])
    shows(officer.get("/find?q=nobody"), 404, "Nothing found")
    # the only one of a name is gone to; where there are several they are listed
    page = officer.get("/find?q=%3Cscript%3E")
    check(page.status == 303 and page.headers["Location"] == "/pupil/" + scene.upns[0], page.status)
    page = officer.get("/find?q=aBL")
    check(page.status == 200 and page.text.count("/pupil/") == 3, page.text.count("/pupil/"))
    shows(page, 200, "<td>1 May 2015</td>")
    shows(officer.get("/find?q=able+xyz"), 404)
    shows(officer.get("/find?q=//evil.example"), 404)
    # a letter, filled from the case; what is asked for is in the address, and nothing is recorded
    shows(officer.get("/case/C1/letter/stage-2"), 200, "Dear &lt;script&gt;", "Not known, and left open")
    page = officer.get("/case/C1/letter/stage-2?f-from=%3Cb%3EMrs%20Hart&f-with_pupil=perhaps")
    shows(page, 200, "can't be made now", "&lt;b&gt;Mrs Hart")
    shows(officer.get("/case/C1/letter/stage-2?f-from=%3Cb%3EMrs%20Hart&f-with_pupil=yes"), 200, "<p>&lt;b&gt;Mrs Hart</p>")
    shows(officer.get("/case/C1/letter/stage-2?f-with_pupil=yes"), 200, "[not known: Name of the school]")
    shows(officer.get("/case/C1/letter/no-such"), 404)
    # as it was known: before the case there was none
    shows(officer.get("/case/C1?as_of=2026-11-01"), 404, "The case was not open yet", "Another day", "Back to now")
    shows(officer.get("/?as_of=yesterday"), 400, "2026-11-05")


def steps(scene, officer):
    """First what leads on from where the case stands; the rest is folded."""
    page = officer.get("/case/C2")
    first, folded = re.search(r'id="next">.*?<ul class="next first">(.*?)</ul>\n<details>(.*?)</section>', page.text, re.S).groups()
    for action in ("stage-1-checks", "letter-sent", "meeting", "note"):
        check('record/%s"' % action in first, action, first)
    for action in ("contact", "close", "decision", "prosecution"):
        check('record/%s"' % action not in first and 'record/%s"' % action in folded, action, "is not folded")
    check("No School Attendance Meeting is recorded" in first, "what the next stage lacks is not said")
    # a payment that no form could make right is lacking something
    check(re.search(r'class="lacking"><a href="[^"]*record/payment">', folded), "a payment of nothing is offered")
    page = officer.get("/pupil/" + scene.upns[3])
    shows(page, 200, "the first step opens one")
    first = re.search(r'<ul class="next first">(.*?)</ul>', page.text, re.S).group(1)
    check(len(re.findall(r"/record/", first)) == 3 and "record/contact" in first, first)


def names_and_cases(scene, officer, school_reader, lead):
    """A school by its name, everywhere; and the cases as a list."""
    name = "St Mary's & <b>"
    escaped = "St Mary&#39;s &amp; &lt;b&gt;"
    scene.daemon.cli("school", MINE, "--name", name, identity=scene.officer)
    check(name in scene.daemon.cli("school", identity=scene.officer).stdout, "attend school doesn't show it")
    for path in ("/", "/case/C1", "/pupil/" + scene.upns[0], "/school/" + MINE, "/authority", "/cases", "/find?q=able", "/cases?as_of=2026-11-11"):
        page = officer.get(path)
        shows(page, 200, escaped)
        check("<b>" not in page.text, "unescaped on", path)
    # a school by a part of its name; a pupil however the apostrophe and the letters are written
    page = officer.get("/find?q=st+mary")
    check(page.status == 303 and page.headers["Location"] == "/school/" + MINE, page.status)
    rows = "urn,upn,surname,forename,birth_date,year_group,parent,parent_name\n%s,%s,O\u2019D\u00fcnal,Se\u00e1n \u0141,2015-05-01,4,p1,X\n"
    scene.daemon.cli("roster", scene.file("odd.csv", rows % (MINE, school.upn_of("356100122190"))), identity=scene.connector)
    for asked in ("o%27dunal", "O%E2%80%99D%C3%9CNAL", "sean+l", "SE%C3%81N+o%27d", "sea%CC%81n"):
        page = officer.get("/find?q=" + asked)
        check(page.status == 303 and page.headers["Location"].startswith("/pupil/"), asked, page.status)
    page = officer.get("/cases")
    shows(page, 200, "Open cases", "/case/C1", "/case/C2", "Stage 1", "Contact with the parents", "Whose", "<td>officer</td>")
    # whose they are, for the authority: and a list of those in one's hands
    check(len(re.findall(r'href="/case/C', officer.get("/cases?with=officer").text)) == 2, "in the officer's hands")
    shows(officer.get("/cases?with=nobody"), 200, "There are none")
    shows(board_of(officer).reader(scene.manager).get("/case/C1"), 200, "in the hands of <strong>officer</strong>")
    shows(officer.get("/case/C1"), 200, "<strong>in your hands</strong>")
    for reader in (school_reader, lead):
        for path in ("/cases", "/case/C1"):
            check("hands" not in reader.get(path).text and "Whose" not in reader.get(path).text, "whose a case is was told on", path)
    stage = re.search(r'href="(/cases\?pathway=stockport&amp;stage=stage-1)"', officer.get("/authority").text).group(1)
    shows(officer.get(stage.replace("&amp;", "&")), 200, "/case/C1", "All stages", '<option value="stockport/stage-1" selected>')
    page = officer.get("/cases?stage=stockport%2Fstage-1&school=" + MINE)
    check(re.findall(r'href="/case/(C\d+)"', page.text) == ["C1"], "by stage and school")
    check(not re.findall(r'href="/case/C', officer.get("/cases?stage=wigan%2Fstage-1").text), "another process's stage of the same name")
    for path, wanted in (("/cases?school=" + MINE, "C1"), ("/cases?school=" + OTHER, "C2")):
        page = officer.get(path)
        check(re.findall(r'href="/case/(C\d+)"', page.text) == [wanted], path)
    for path in ("/cases?closed=1", "/cases?stage=stage-4", "/cases?stage=%3Cscript%3E"):
        page = officer.get(path)
        shows(page, 200, "There are none")
        check("<script>" not in page.text, path)
    shows(officer.get("/cases?school=x"), 400)
    for reader in (school_reader, lead):
        page = reader.get("/cases")
        check(re.findall(r'href="/case/(C\d+)"', page.text) == ["C1"], "sees another's")
    check("/case/" not in officer.get("/cases?as_of=2026-11-01").text, "cases of before there were any")
    # a letter has it, until somebody says another; and leads to where its sending is recorded
    page = officer.get("/case/C1/letter/stage-2?f-with_pupil=yes")
    shows(page, 200, "registered at " + escaped, '<body class="goes-out">', 'href="/case/C1/record/letter-sent?f-kind=stage-2&amp;parent=p1"')
    check("<b>" not in page.text, "unescaped in a letter")
    shows(officer.get("/case/C1/letter/stage-2?f-with_pupil=yes&f-school_name=Hill+Top"), 200, "registered at Hill Top")
    shows(officer.get("/case/C1/record/letter-sent?f-kind=stage-2"), 200, '<option value="stage-2" selected>')
    # a letter that a step is called after is recorded by that step, not by another that has it among its answers
    page = officer.get("/case/C1/letter/notice-to-improve")
    shows(page, 200, 'Sent it? <a href="/case/C1/record/notice-to-improve">')
    check("record/penalty-notice" not in page.text, "a Notice to Improve is offered to be recorded as a penalty notice")


def drawing(scene, officer, lead):
    """The process of a case, with its place in it marked by the address alone."""
    place = re.search(r'href="(/process/stockport/1)#(stockport-stage-stage-1)"', officer.get("/case/C1").text)
    check(place, "no way to the drawing")
    for reader in (officer, lead):
        page = reader.get(place.group(1))
        shows(page, 200, 'id="%s"' % place.group(2), ":target", "</svg>")
        policy = page.headers["Content-Security-Policy"]
        check(page.headers["Content-Type"] == "image/svg+xml" and "default-src 'none'" in policy and "script" not in policy, policy)
        check("<script" not in page.text, "a script in a drawing")
    for path in ("/process/stockport/9", "/process/nothing/1", "/process/stockport/x", "/process/%3Cscript%3E/1", "/process/stockport", "/process/stockport/1/2"):
        page = officer.get(path)
        check(page.status in (400, 404) and "text/html" in page.headers["Content-Type"] and "<script>" not in page.text, path, page.status)


def clauses(scene, officer, school_reader):
    """A clause is never a bare number: what the council's document says stands with it."""
    document = "Attendance Intervention Staged Process: Guidance for Schools, August 2024"
    page = officer.get("/case/C1/record/review")
    shows(page, 200, "SP-07: \u201cStage 2: at end of each of the review periods, school should conduct a review of the case\u201d", "<cite>", document)
    for reader in (officer, school_reader):
        page = reader.get("/case/C1")
        shows(page, 200, "Clauses are those of <cite>", document)
        bare = re.findall(r'class="clause">([A-Z]+-\d+)', re.sub(r'<abbr class="clause" title="[^"]+">', "", page.text))
        check(not bare, "clauses that say nothing", bare)
        check(re.search(r'<abbr class="clause" title="[^"]*%s: [^"]{10,}">SP-\d+</abbr>' % re.escape(document), page.text), "a clause does not say what it is")
    shows(officer.get("/pupil/" + scene.upns[3]), 200, '<abbr class="clause" title=')
    check("<cite>" not in officer.get("/case/C1/record/note").text, "a note rests on no clause")


def what_is_not_there(scene, board, officer, school_reader, lead):
    for path in ("/case/C99", "/case/C0", "/case/" + "C" * 200, "/case/..", "/pupil/A000000000000", "/pupil/%00", "/school/999999", "/school/1", "/case/C1/record/no-such",
                 "/alert/1", "/case/C1%2Frecord", "/case/%27%3B--", "/pupil/%3Cscript%3E"):
        page = officer.get(path)
        check(page.status in (400, 404, 405), path, page.status)
        check("<script>" not in page.text, path)
    # a school sees its own, a lead the case it is named on, and nobody learns which others there are
    shows(school_reader.get("/case/C1"), 200)
    there, nowhere = school_reader.get("/case/C2"), school_reader.get("/case/C99")
    check(there.status == nowhere.status == 404 and there.text.replace("C2", "") == nowhere.text.replace("C99", ""), "another's case can be told from none")
    shows(school_reader.get("/pupil/" + scene.upns[2]), 404)
    page = school_reader.get("/find?q=able")
    check(page.status == 303 and page.headers["Location"] == "/pupil/" + scene.upns[1], "a school finds another's pupils")
    shows(lead.get("/find?q=able"), 404, "Nothing found")
    shows(school_reader.get("/school/" + OTHER), 404)
    check(OTHER not in school_reader.get("/authority").text, "a school sees another")
    shows(school_reader.get("/case/C2/record/note"), 404)
    shows(school_reader.get("/case/C2/letter/stage-2"), 404)
    for reader in (officer, lead, school_reader):  # the way down leads somewhere
        page = reader.get("/case/C1")
        shows(page, 200)
        for place in re.findall(r'<li><a href="#([\w-]+)"', page.text):
            check('id="%s"' % place in page.text, "a link to nowhere", place)
    shows(lead.get("/case/C2"), 404)
    shows(lead.get("/authority"), 403)
    shows(lead.get("/"), 200, "To decide")


def recording(scene, board, officer, school_reader):
    path = "/case/C1/record/note"
    form = officer.get(path).form(path)
    form["f-text"] = "a note with " + SCRIPT
    page = officer.post(path, form)
    check(page.status == 303 and page.headers["Location"] == "/case/C1?done=note", page.status, page.text[-800:])
    page = officer.get("/case/C1?done=note")
    shows(page, 200, "Recorded: Note, Wed 11 Nov 2026.", "a note with &lt;script&gt;", "by officer (officer)")
    check("through board" not in page.text, "what is always so is told")
    shows(board.reader(scene.auditor).get("/case/C1"), 200, "by officer (officer)", "through board (board)", "Contact with the parents to arrange a meeting", "Were the parents reached?")
    event = scene.log()[-1]
    check(event["actor"] == "officer (officer)" and event["via"] == "board (board)", event)
    # replayed: the same answer, and nothing more
    before = scene.actions_of("C1")
    check(officer.post(path, form).status == 303, "a form sent twice")
    check(scene.actions_of("C1") == before, "a form sent twice was recorded twice")
    # the same form with other answers, or from somebody else
    shows(officer.post(path, dict(form, **{"f-text": "other"})), 409, "recorded already", "other")
    colleague = board.reader(scene.colleague)
    shows(colleague.post(path, form), 403, "not from your page")
    shows(colleague.post(path, dict(form, token=colleague.get("/").token())), 409, "recorded already")
    check(scene.actions_of("C1") == before, "something was recorded")
    slips(scene, officer, path, "a note with " + SCRIPT)
    # what is lacking is shown in place, and what was filled in stays
    path = "/case/C1/record/notice-to-improve"
    form = officer.get(path).form(path)
    page = officer.post(path, dict(form, parent="p1", **{"f-medical": "no", "on": "2026-11-10"}))
    shows(page, 422, "Not recorded", "SP-09", 'value="2026-11-10"', 'role="alert"', 'name="override"')
    check(page.form(path)["id"] == form["id"], "a refused form may be sent again")
    shows(officer.post(path, dict(form, on="11/10/2026")), 422, "not a date")
    shows(officer.post(path, dict(form, parent=SCRIPT)), 422, "Not recorded", "parent")
    page = officer.post("/case/C1/record/penalty-notice", officer.get("/case/C1/record/penalty-notice").form("/case/C1/record/penalty-notice"))
    shows(page, 422, "Something in the form is missing", "<li>Parent: which parent?")
    check('name="override"' not in page.text, "a reason is asked for where none would help")
    page = officer.post(path, dict(form, parent="p1", override="seen at the door"))
    check(page.status == 303, page.status, page.text[-800:])
    shows(officer.get("/authority"), 200, "seen at the door", "officer (officer)")
    check("seen at the door" not in school_reader.get("/authority").text, "a school reads another's reason")
    check(">Notice to Improve<" in school_reader.get("/case/C1").text, "what others recorded has no title")
    check(scene.actions_of("C1")[-1] == "notice-to-improve", scene.actions_of("C1"))
    shows(officer.get("/case/C1"), 200, "no penalty notice")
    path = "/case/C1/record/penalty-notice"
    form = officer.get(path).form(path)
    page = officer.post(path, dict(form, parent="p1", override="agreed", **{"f-reason": "leave"}))
    check(page.status == 303, page.status, page.text[-900:])
    shows(officer.get("/case/C1"), 200, "penalty notices: Wed 11 Nov 2026 (unpaid)", "<dd>For unauthorised leave</dd>", "unpaid; \u00a380 if it is paid today, and it may be paid until")
    shows(officer.get("/case/C1/record/decision"), 200, '<option value="not-to-issue">No penalty notice</option>')
    # a school reads what it wrote itself, and of others' steps what they are called
    path = "/case/C1/record/note"
    check(school_reader.post(path, dict(school_reader.get(path).form(path), **{"f-text": "seen at the school's gate"})).status == 303, "a school's note")
    page = school_reader.get("/case/C1")
    shows(page, 200, "seen at the school&#39;s gate", ">Notice to Improve<")
    check("a note with" not in page.text and "by officer" not in page.text, "a school reads others' notes")
    shows(officer.get("/case/C1"), 200, "seen at the school&#39;s gate")
    # a refusal leads on: to the reason where that would help, else to who may give one
    path = "/case/C1/record/plan"
    for reader, wanted, other in ((officer, 'href="#override"', "somebody else must do that"), (school_reader, "somebody else must do that", 'href="#override"')):
        page = reader.post(path, dict(reader.get(path).form(path), on="2026-11-11"))
        shows(page, 422, "Not recorded", wanted)
        check(other not in page.text, "a refusal leads elsewhere")
    # what a role may not
    path = "/case/C1/record/penalty-notice"
    shows(school_reader.get(path), 404)
    token = school_reader.get("/case/C1").token()
    shows(school_reader.post(path, {"token": token, "id": "019922e2-79b0-7cc3-98c4-dc0c0c07398f", "parent": "p1"}), 404)
    shows(school_reader.post("/case/C2/record/note", {"token": token, "id": "019922e2-79b0-7cc3-98c4-dc0c0c07398f"}), 404)


def slips(scene, officer, path, newest):
    """What may be one is asked about, once: nothing filled in, or the newest step over again as after going back."""
    before = scene.actions_of("C1")
    for fields, asked in (({}, "Nothing is filled in"), ({"f-text": newest}, "The newest step of this case is the same already")):
        form = dict(officer.get(path).form(path), **fields)
        page = officer.post(path, form)
        shows(page, 422, "Not recorded yet", asked, "Record it all the same")
        check(scene.actions_of("C1") == before, "recorded before it was asked")
        sure = page.form(path)
        check(sure["sure"] == "yes" and sure["id"] == form["id"], sure)
        check(officer.post(path, dict(sure, **fields)).status == 303, "said twice, it is meant")
        before.append("note")
        check(scene.actions_of("C1") == before, scene.actions_of("C1"))
        # the note that was empty is the newest now: what was said before it may be said again
        check(fields or officer.post(path, dict(officer.get(path).form(path), **{"f-text": newest})).status == 303, "another one")
        before = scene.actions_of("C1")


def nobody_answers(scene, board, officer):
    """What was filled in is kept on the page while the service is away, and recorded once when it is back."""
    path, before = "/case/C1/record/note", scene.actions_of("C1")
    form = dict(officer.get(path).form(path), **{"f-text": "typed for minutes " + SCRIPT})
    scene.daemon.stop()
    page = officer.post(path, form)
    shows(page, 503, "Not recorded yet", "Send it again", "typed for minutes &lt;script&gt;", "Note, for &lt;script&gt;")
    kept = {name: html.unescape(value) for name, value in page.form(path).items()}
    check(dict(kept, **{"f-text": html.unescape(re.search(r'name="f-text" value="([^"]*)"', page.text).group(1))}) == form, kept, form)
    shows(officer.get("/"), 503, "can&#39;t be reached")
    shows(officer.get("/case/C1"), 503, "can&#39;t be reached", "Try this page again")
    scene.daemon.start()
    for time_sent in (1, 2):
        page = officer.post(path, form)
        check(page.status == 303, "sent again", time_sent, page.status, page.text[-700:])
    check(scene.actions_of("C1") == before + ["note"], scene.actions_of("C1"))


def forgeries(scene, board, officer):
    path, before = "/case/C1/record/note", scene.actions_of("C1")
    form = officer.get(path).form(path)
    form["f-text"] = "forged"
    for wrong in ({"token": ""}, {"token": form["token"][:-1]}, {"token": "0" * 32}):
        shows(officer.post(path, dict(form, **wrong)), 403)
    shows(officer.post(path, {name: value for name, value in form.items() if name != "token"}), 403)
    shows(officer.post(path, form, headers={"Origin": "http://evil.example"}), 403)
    shows(officer.post(path, form, headers={"Origin": "null"}), 403)
    shows(officer.post(path, form, headers={"Sec-Fetch-Site": "cross-site"}), 403)
    shows(officer.post(path, form, headers={"Host": "evil.example"}), 403)
    shows(officer.post(path, form, headers={"Cookie": None}), 401)
    shows(officer.post(path, form, headers={"Cookie": "attend=" + "A" * 43}), 401)
    for wrong in ({"id": ""}, {"id": "1"}, {"id": form["id"] + "0"}, {"id": "00000000-0000-0000-0000-000000000000"}):
        page = officer.post(path, dict(form, **wrong))
        check(page.status in (400, 422), wrong, page.status)
    # not text, not a form, twice, too much
    send = lambda body, **more: officer.send("POST", path, body, **more)  # noqa: E731
    ours = "token=%s&id=%s" % (form["token"], form["id"])
    shows(send(ours + "&f-text=a%00b"), 400)
    shows(send(ours + "&f-text=%ff%fe"), 400)
    shows(send(ours + "&f-text=a&f-text=b"), 400)
    shows(send("{\"token\": 1}", headers={"Content-Type": "application/json"}), 400)
    shows(send(ours + "&" + "&".join("x%d=1" % n for n in range(200))), 400)
    shows(send(ours + "&f-text=" + "a" * 5000), 422)
    shows(send(ours + "&f-text=" + "a" * 70000), 413)
    check(scene.actions_of("C1") == before, "something was recorded", scene.actions_of("C1"))
    try:
        page = send("a" * (8 << 20))
        check(page.status == 413, page.status)
    except (ConnectionError, http.client.HTTPException):
        pass  # cut off: as good
    shows(officer.get("/"), 200)
    # an unheard-of name in a form changes nothing of what is recorded
    page = officer.post(path, dict(form, action="close", upn=scene.upns[2], case="C2", **{"f-nothing": "x"}))
    check(page.status == 303 and scene.actions_of("C1")[-1] == "note" and scene.actions_of("C2") == ["contact"], page.status)


def alerts(scene, board, officer, school_reader):
    page = officer.get("/")
    action = re.search(r'action="(/alert/\d+)"', page.text).group(1)
    form = page.form(action)
    shows(officer.get(action), 405)
    shows(school_reader.post(action, {"token": school_reader.get("/").token(), "id": form["id"]}), 403)
    page = officer.post(action, form)
    check(page.status == 303 and "#kind-" in page.headers["Location"] and action not in officer.get("/").text, page.headers["Location"])
    again = officer.post(action, dict(form, id="019922e2-79b0-7cc3-98c4-dc0c0c07398d"))
    check(again.status == 303, "what was dealt with in another tab is told as a fault", again.status)
    shows(officer.post("/alert/99999999", dict(form, id="019922e2-79b0-7cc3-98c4-dc0c0c07398e")), 404)
    shows(officer.post("/alert/x", form), 400)


def all_of_a_kind(officer, school_reader):
    """A kind's own page, where all that was looked at is dealt with at once; not what came in since."""
    path = "/alerts/threshold"
    page = officer.get(path)
    shows(page, 200, "At the threshold for a penalty notice", "All 2 are dealt with")
    shows(officer.get("/alerts/breach"), 200, "Nothing of this waits")
    for wrong in ("/alerts/%3Cscript%3E", "/alerts/nothing", "/alerts/threshold/x"):
        check(officer.get(wrong).status in (400, 404) and SCRIPT not in officer.get(wrong).text, wrong)
    form = page.form(path)
    oldest = min(int(number) for number in re.findall(r'action="/alert/(\d+)"', page.text))
    shows(officer.post(path, form), 400, "Not ticked")
    shows(officer.post(path, dict(form, looked="yes", newest="x")), 400)
    shows(officer.post(path, dict(form, looked="yes", token="")), 403)
    check("dealt with" not in school_reader.get(path).text.lower(), "a school is offered what it may not")
    shows(school_reader.post(path, dict(form, looked="yes", token=school_reader.get("/").token())), 403)
    check("All 2 are dealt with" in officer.get(path).text, "something was recorded")
    check(officer.post(path, dict(form, looked="yes", newest=oldest)).status == 303, "the older one")
    check(len(re.findall(r'action="/alert/', officer.get(path).text)) == 1, "one was left that came in since")
    check(officer.post(path, dict(form, looked="yes")).status == 303 and officer.post(path, dict(form, looked="yes")).status == 303, "twice")
    shows(officer.get(path), 200, "Nothing of this waits")


def on_the_case(scene, officer, school_reader):
    """What came in about a child is dealt with where its case is looked at."""
    rows = "".join("%s,%s,2026-10-%d,%s,O\n" % (OTHER, scene.upns[2], day, session) for day in (12, 13, 14, 15, 16) for session in ("AM", "PM"))
    scene.daemon.cli("push", scene.file("further.csv", "urn,upn,date,session,code\n" + rows), identity=scene.connector)
    page = officer.get("/case/C2")
    shows(page, 200, "Came in, and not dealt with", "ersistently absent", 'data-upn="%s"' % scene.upns[2])
    action = re.search(r'action="(/alert/\d+)"', page.text).group(1)
    back = officer.post(action, page.form(action))
    check(back.status == 303 and back.headers["Location"] == "/case/C2#waits" and action not in officer.get("/case/C2").text, back.headers["Location"])
    check("/alert/" not in officer.get("/case/C2?as_of=2026-11-11").text and "Came in" not in school_reader.get("/case/C1").text, "offered to whom it is not")


def comes_and_goes(scene, officer):
    """Persistently absent, no longer, and again: one line, and dealt with by one button."""
    def put_right(code):
        rows = "".join("%s,%s,2026-10-%d,%s,%s\n" % (OTHER, scene.upns[3], day, session, code) for day in (12, 13, 14, 15, 16) for session in ("AM", "PM"))
        scene.daemon.cli("push", scene.file("right.csv", "urn,upn,date,session,code\n" + rows), identity=scene.connector)
    for code in "BUDG":  # a row that was sent before changes nothing
        put_right(code)
    for path in ("/", "/alerts/persistent"):
        page = officer.get(path)
        items = [item for item in re.findall(r'<li class="alert".*?</li>', page.text, re.S) if scene.upns[3] in item and "ersistently" in item]
        check(len(items) == 1 and "It takes the place of" in items[0], path, len(items), items)
    action = re.search(r'action="(/alert/\d+)"', items[0]).group(1)
    form = page.form(action)
    check(form["earlier"].count(",") >= 1, form)
    check(officer.post(action, form).status == 303, "dealt with")
    check(not [item for item in re.findall(r'<li class="alert".*?</li>', officer.get("/alerts/persistent").text, re.S) if scene.upns[3] in item], "those before it came back")


def others_questions(scene, officer, school_reader):
    """Whether a penalty notice is issued is put to officers; a school sees the question, and no button that it may not press."""
    scene.daemon.cli("clock", "2026-12-07T09:00:00Z")
    for reader, may in ((officer, True), (school_reader, False), (officer, True)):
        page = reader.get("/case/C1")
        shows(page, 200, "The 15 school days of the Notice to Improve")
        check(("record/decision?f-outcome=issue" in page.text) == may and ("It is for others to decide" in page.text) == (not may), "buttons", may)
        decide = re.search(r'id="count-decide">(\d+)<', reader.get("/").text).group(1)
        check((decide == "0") != may, "to decide", decide, may)


def live(scene, board, officer):
    """What comes in is told to whoever may see it, and resumed where it was broken off."""
    start = re.search(r'data-from="(\d+)"', officer.get("/").text).group(1)
    connection = http.client.HTTPConnection(board.host, timeout=30)
    connection.request("GET", "/live?from=" + start, headers={"Cookie": officer.cookie})
    stream = connection.getresponse()
    check(stream.status == 200 and stream.headers["Content-Type"] == "text/event-stream", stream.status)
    rows = "".join("%s,%s,2026-10-1%d,%s,O\n" % (OTHER, scene.upns[3], day, session) for day in (2, 3, 4, 5, 6) for session in ("AM", "PM"))
    scene.daemon.cli("push", scene.file("more.csv", "urn,upn,date,session,code\n" + rows), identity=scene.connector)
    lines = []
    while not any(line.startswith("data:") and "threshold" in line for line in lines):
        lines.append(stream.readline().decode())
        check(lines[-1], "the stream ended", lines)
    last = [line for line in lines if line.startswith("id:")][-1].split()[1]
    connection.close()
    # what the browser had is not sent again; a school hears of its own alone
    connection = http.client.HTTPConnection(board.host, timeout=30)
    connection.request("GET", "/live?from=1", headers={"Cookie": officer.cookie, "Last-Event-ID": last})
    stream = connection.getresponse()
    line = stream.readline().decode()
    while line.startswith("id:") or line == "\n":
        check(line == "\n" or int(line.split()[1]) > int(last), "sent again", line)
        line = stream.readline().decode()
    # signed out, nothing more is told
    reader = board.reader(scene.manager)
    other = http.client.HTTPConnection(board.host, timeout=30)
    other.request("GET", "/live?from=999999", headers={"Cookie": reader.cookie})
    stream = other.getresponse()
    check(stream.readline() == b": still here\n", "no line")
    reader.post("/sign-out", reader.get("/").form("/sign-out"))
    while stream.readline():
        pass
    other.close()
    connection.close()


def revoked(scene, board):
    reader = board.reader(scene.colleague)
    shows(reader.get("/"), 200)
    with open(scene.colleague, encoding="ascii") as file:
        key = [line.split(": ", 1)[1].strip() for line in file if line.startswith("public: ")][0]
    scene.daemon.cli("revoke", key)
    shows(reader.get("/"), 403, "Your access has ended")
    shows(reader.get("/"), 401)


def proxied(scene):
    with Board(scene.daemon, "--proxy-header", "X-Remote-User") as board:
        reader = Browser(board)
        shows(reader.get("/"), 403, "Nobody is signed in")
        page = reader.get("/", headers={"X-Remote-User": "officer"})
        shows(page, 200, "officer, officer")
        shows(reader.get("/case/C1", headers={"X-Remote-User": "officer"}), 200)
        # the cookie alone is nothing; another name is another reader
        shows(reader.get("/"), 403)
        shows(reader.get("/case/C2", headers={"X-Remote-User": "school"}), 404)
        shows(reader.get("/", headers={"X-Remote-User": "mis"}), 403, "can&#39;t sign in here")
        shows(reader.get("/", headers={"X-Remote-User": "nobody"}), 403)
        shows(reader.get("/sign-in", headers={"X-Remote-User": "officer"}), 404)
    done = scene.daemon.cli("board", "--listen", "0.0.0.0:0", "--proxy-header", "X-Remote-User", identity=board.identity, check=False)
    check(done.returncode == 2 and "loopback" in done.stderr, done)
    done = scene.daemon.cli("board", "--listen", "127.0.0.1:0", identity=scene.officer, check=False)
    check(done.returncode == 1 and "board" in done.stderr, done)


def main():
    parser = argparse.ArgumentParser(description="the board over HTTP")
    run_with_daemon.add_programs(parser)
    args = parser.parse_args()
    began = time.monotonic()
    with run_with_daemon.Daemon(args.attendd, args.attend, CLOCK, keep=args.keep) as daemon:
        scene = Scene(daemon)
        with Board(daemon) as board:
            headers_and_doors(scene, board)
            links(scene, board)
            officer, school_reader, lead = board.reader(scene.officer), board.reader(scene.school), board.reader(scene.lead)
            what_is_shown(scene, board, officer)
            steps(scene, officer)
            names_and_cases(scene, officer, school_reader, lead)
            drawing(scene, officer, lead)
            clauses(scene, officer, school_reader)
            what_is_not_there(scene, board, officer, school_reader, lead)
            recording(scene, board, officer, school_reader)
            nobody_answers(scene, board, officer)
            forgeries(scene, board, officer)
            alerts(scene, board, officer, school_reader)
            live(scene, board, officer)
            all_of_a_kind(officer, school_reader)
            on_the_case(scene, officer, school_reader)
            comes_and_goes(scene, officer)
            others_questions(scene, officer, school_reader)
            revoked(scene, board)
            log = board.log_text()
            check("signed-in" in log and SCRIPT not in log and scene.upns[0] not in log, "the board's own log", log)
        proxied(scene)
        check(daemon.stop() == 0, daemon.log_text())
        verified = daemon.verify()
        check(verified.returncode == 0, verified.stdout, verified.stderr)
    print("the board's pages are as they must be (%.1f s)" % (time.monotonic() - began))
    return 0


if __name__ == "__main__":
    sys.exit(main())
