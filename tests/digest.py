#!/usr/bin/python3
"""digest.py - `attend digest`: what it says, how it leaves, and that it stops when it is told to.

    digest.py --attendd FILE --attend FILE

A program takes the messages as sendmail would, aiosmtpd as a mail server would; both are read by
Python's email package.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import email
import email.policy
import json
import os
import re
import threading

from aiosmtpd.controller import Controller

import run_with_daemon
from feed import AUTHORITY, CLOCK, PUPILS, Scene, begin, check

SENDMAIL = """#!/usr/bin/python3
import json, os, sys
folder = os.path.dirname(sys.argv[0])
if os.path.exists(os.path.join(folder, "broken")):
    sys.exit(75)
name = os.path.join(folder, "%d.mail" % len(os.listdir(folder)))
with open(name, "wb") as out:
    out.write(json.dumps(sys.argv[1:]).encode() + b"\\n" + sys.stdin.buffer.read())
"""
HART, LOW = "hart@example.gov.uk", "low@example.gov.uk"
NAME = "Ångström, Zoë \"Zo\" O'Brien-Łukasiewicz of the Education Welfare Service"
FROM = "Présence <attendance@example.gov.uk>"
READERS = 'officer,address,name,school\nhart,%s,"%s",\nlow,%s,,\n' % (HART, NAME.replace('"', '""'), LOW)


class Post:
    """`attend digest` with a folder of its own and a sendmail that keeps what it is given."""

    def __init__(self, scene, name):
        self.scene = scene
        self.folder = os.path.join(scene.daemon.folder, name)
        self.state, self.taken = os.path.join(self.folder, "state"), os.path.join(self.folder, "taken")
        os.makedirs(self.taken)
        self.sendmail = os.path.join(self.taken, "sendmail")
        with open(self.sendmail, "w", encoding="utf-8") as out:
            out.write(SENDMAIL)
        os.chmod(self.sendmail, 0o755)
        self.readers = os.path.join(self.folder, "readers.csv")
        self.write(READERS)

    def write(self, text):
        with open(self.readers, "w", encoding="utf-8") as out:
            out.write(text)

    def only(self, *options, check_status=0, **more):
        done = self.scene.daemon.cli("digest", *options, identity=self.scene.officers["hart"], check=False, **more)
        check(done.returncode == check_status, options, done)
        return done

    def run(self, *options, check_status=0, sendmail=True):
        """What became of each reader, by address."""
        by = ["--sendmail", self.sendmail] if sendmail else []
        done = self.only("--readers", self.readers, "--from", FROM, "--state", self.state, "--json", *by, *options,
                         check_status=check_status)
        self.said = done.stderr
        return {told["address"]: told["status"] for told in map(json.loads, done.stdout.splitlines())}

    def mails(self):
        """(arguments, message) of what was taken since the last look."""
        taken = []
        for name in sorted(os.listdir(self.taken)):
            if name.endswith(".mail"):
                with open(os.path.join(self.taken, name), "rb") as file:
                    arguments = json.loads(file.readline())
                    taken.append((arguments, read(file.read())))
                os.rename(os.path.join(self.taken, name), os.path.join(self.folder, "%s-%d" % (name, len(os.listdir(self.folder)))))
        return taken


def read(raw):
    """The message, which must be one that any mail server takes."""
    for line in raw.splitlines():  # an address in a header is never folded
        check(line.isascii() and len(line) <= (998 if line.startswith(b"List-Unsubscribe:") else 78), "short lines of ASCII", raw)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    check(not message.defects and not any(value.defects for value in message.values() if hasattr(value, "defects")), message.defects)
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Unsubscribe", "List-Id"):
        check(len(message.get_all(name, [])) == 1, name, message.as_string())
    check(message["Auto-Submitted"] == "auto-generated" and message.get_content_charset() == "utf-8", message.as_string())
    return message


def token_of(message):
    return re.fullmatch(r"<mailto:attendance@example\.gov\.uk\?subject=unsubscribe%20(\w{48})>", message["List-Unsubscribe"]).group(1)


def says_what_there_is(scene):
    post = Post(scene, "says")
    check(post.run() == {HART: "nothing", LOW: "nothing"} and not post.mails(), "three weeks ahead is not soon")
    check(post.run("--days", "30") == {HART: "sent", LOW: "sent"}, post.said)
    (arguments, message), (_, other) = post.mails()
    check(arguments == ["-i", "-f", "attendance@example.gov.uk", "--", HART], arguments)
    to = message["To"].addresses[0]
    check((to.display_name, to.addr_spec) == (NAME, HART), to)
    check(message["From"].addresses[0].display_name == "Présence" and message["Date"].datetime.isoformat() == "2026-09-14T09:00:00+00:00",
          message["From"], message["Date"])
    check(message["Subject"] == "Attendance, Mon 14 Sep 2026: 2 due", message["Subject"])
    text = message.get_content()
    check(text.startswith("%s, Mon 14 Sep 2026\n\nDue within 30 days\n\n"
                          "  Mon 5 Oct 2026  Notice to Improve ends\n      C1, parent p1, school 100001\n"
                          % AUTHORITY), text)
    check("C2" in text and "C3" not in text and "C3" in other.get_content(), "each their own", text, other.get_content())
    check(not any(upn in text for upn in PUPILS), "no UPN")
    check("write to attendance@example.gov.uk" in text and token_of(message) in text, text)
    check(message["Message-ID"] != other["Message-ID"] and token_of(message) != token_of(other), "of each their own")


def says_it_once_a_day(scene):
    post = Post(scene, "once")
    check(post.run("--days", "30") == {HART: "sent", LOW: "sent"}, post.said)
    check(post.run("--days", "30") == {HART: "already", LOW: "already"} and len(post.mails()) == 2, "run twice")
    runs = [threading.Thread(target=post.run, args=("--days", "31")) for _ in range(3)]
    scene.daemon.cli("clock", "2026-09-15T06:00:00Z")
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    check(len(post.mails()) == 2, "three runs at once on the next day")
    # What could not be sent is not taken for sent; the others are not held up.
    scene.daemon.cli("clock", "2026-09-16T06:00:00Z")
    open(os.path.join(post.taken, "broken"), "w").close()
    check(post.run("--days", "30", check_status=1) == {HART: "failed", LOW: "failed"}, post.said)
    check("%s: %s: ended with exit status 75" % (HART, post.sendmail) in post.said, post.said)
    os.remove(os.path.join(post.taken, "broken"))
    check(post.run("--days", "30") == {HART: "sent", LOW: "sent"} and len(post.mails()) == 2, post.said)
    check(post.run("--sendmail", "/nowhere/sendmail", sendmail=False) == {HART: "already", LOW: "already"}, "before it is tried")


def narrows_and_names(scene):
    post = Post(scene, "narrow")
    post.write("officer,address,school,pathway\nhart,%s,100002,\nlow,%s,,stockton\n" % (HART, LOW))
    check(post.run("--days", "30", "--upn", "--link", "https://board.example/case/") == {HART: "sent", LOW: "nothing"}, post.said)
    text = post.mails()[0][1].get_content()
    check("C1" not in text and "C2, parent p1, school 100002, pupil %s\n      https://board.example/case/C2\n" % PUPILS[2] in text, text)
    check(post.run("--days", "30", "--empty")[LOW] == "sent", post.said)
    check("Nothing to decide, nothing overdue, nothing due within 30 days." in post.mails()[0][1].get_content())


def stops_when_told(scene):
    post = Post(scene, "stops")
    post.run("--days", "30")
    (_, message), (_, other) = post.mails()
    token, next_day = token_of(message), iter("2026-09-%02dT06:00:00Z" % day for day in range(17, 30))
    unsubscribe = lambda value, **more: post.only("--state", post.state, "--unsubscribe", value, **more)  # noqa: E731
    forged = token[:16] + token_of(other)[16:]
    for wrong in (forged, token[:-1], token + "0", "hello", ""):
        check("not a token" in unsubscribe(wrong, check_status=1).stderr, wrong)
    check("unsubscribed" in unsubscribe(token).stdout)
    scene.daemon.cli("clock", next(next_day))
    check(post.run("--days", "30") == {HART: "unsubscribed", LOW: "sent"}, post.said)
    # By a mail, as a reader's program sends it; the case of the address does not matter.
    answer = email.message.EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = LOW, "attendance@example.gov.uk", "unsubscribe " + token_of(other)
    unsubscribe("-", input=answer.as_string())
    post.write(READERS.replace(LOW, LOW.upper()))
    scene.daemon.cli("clock", next(next_day))
    check(post.run("--days", "30") == {HART: "unsubscribed", LOW.upper(): "unsubscribed"}, post.said)
    check("no token" in unsubscribe("-", input="Subject: I am away\n\n", check_status=1).stderr, "an answer without a token")
    check("again" in post.only("--state", post.state, "--resubscribe", HART).stdout)
    check("had not" in post.only("--state", post.state, "--resubscribe", HART).stdout)
    check(post.run("--days", "30")[HART] == "sent", post.said)
    # With a page that takes it, as RFC 8058 has it.
    scene.daemon.cli("clock", next(next_day))
    post.mails()
    post.run("--days", "30", "--unsubscribe-link", "https://board.example/unsubscribe/", "--unsubscribe-mail", "stop@example.gov.uk")
    message = post.mails()[0][1]
    check(message["List-Unsubscribe"] ==
          "<https://board.example/unsubscribe/%s>, <mailto:stop@example.gov.uk?subject=unsubscribe%%20%s>"
          % (token, token) and message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", message.as_string())
    for name in os.listdir(post.state):
        check(os.stat(os.path.join(post.state, name)).st_mode & 0o077 == 0 and "hart" not in name, "nobody else reads it", name)


def refuses_what_is_wrong(scene):
    post = Post(scene, "wrong")
    for row, says in (("hart,hart@example.gov.uk,\"A\nBcc: x@example.org\"", "name: holds a line end"),
                      ("hart,\"hart@example.gov.uk\nBcc: x@example.org\",", "address: not an address"),
                      ("hart,hart@example.gov.uk> <x@example.org,", "address: not an address"),
                      ("hart,-oQ/tmp@localhost,", "address: not an address"), ("hart,härt@example.gov.uk,", "address: only ASCII"),
                      ("hart,,Hart", "address: missing"), (",hart@example.gov.uk,", "officer: missing"),
                      ("low,LOW@example.gov.uk,", "address: stands here already")):
        post.write("officer,address,name\nlow,%s,\n%s\n" % (LOW, row))
        check(post.run("--days", "30", check_status=1) == {} and "line 3: " + says in post.said, row, post.said)
    post.write("officer,address\nhardt,%s\nlow,%s\n" % (HART, LOW))
    check(post.run("--days", "30", check_status=1) == {LOW: "sent"} and "line 2" in post.said and "nobody of this name" in post.said,
          "a misspelt officer is told of, and holds up nobody", post.said)
    post.mails()
    post.write("officer,address,scool\nlow,%s,100001\n" % LOW)
    check(post.run("--days", "30", check_status=1) == {} and "scool" in post.said, "a misspelt column would send too much", post.said)
    check(not post.mails(), "nothing was sent to anybody")
    for options, says in ((("--from", "a@b.example, c@d.example"), "not one address"),
                          (("--from", "A\nBcc: x@y.example <a@b.example>"), "--from"),
                          (("--smtp", "smtp://127.0.0.1", "--sendmail", "x"), "not both"), (("--smtp-plain",), "go with --smtp"),
                          (("--unsubscribe-link", "http://board.example/"), "https://"), (("--unsubscribe", "x"), "--state alone"),
                          (("--days", "9999"), "--days"), (("--dry-run",), "leave out --json")):
        done = post.only("--readers", post.readers, "--from", FROM, "--state", post.state, "--json", *options, check_status=2)
        check(says in done.stderr, options, done.stderr)


def prints_without_sending(scene):
    post = Post(scene, "dry")
    done = post.only("--readers", post.readers, "--from", FROM, "--state", post.state, "--days", "30", "--dry-run")
    first = done.stdout.split("\nDate: ")[0]
    check(read(first.encode())["To"].addresses[0].addr_spec == HART and HART + ": would be sent" in done.stderr, done)
    check(post.run("--days", "30") == {HART: "sent", LOW: "sent"}, "it was not remembered as sent")


class FreePort(Controller):
    def _trigger_server(self):  # it would try port 0
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Keep:
    def __init__(self):
        self.taken = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == LOW:
            return "550 no such reader"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(envelope)
        return "250 OK"


def goes_by_smtp(scene):
    post, keep = Post(scene, "smtp"), Keep()
    controller = FreePort(keep, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        url = "smtp://127.0.0.1:%d" % controller.port
        check(post.run("--days", "30", "--smtp", url, sendmail=False, check_status=1) == {HART: "failed", LOW: "failed"}, post.said)
        check("STARTTLS" in post.said and not keep.taken, "not without TLS, unless it is said", post.said)
        told = post.run("--days", "30", "--smtp", url, "--smtp-plain", sendmail=False, check_status=1)
        check(told == {HART: "sent", LOW: "failed"} and "550" in post.said, told, post.said)
    finally:
        controller.stop()
    check(len(keep.taken) == 1 and keep.taken[0].mail_from == "attendance@example.gov.uk" and keep.taken[0].rcpt_tos == [HART])
    check(b"\r\n" in keep.taken[0].content and b"\n" not in keep.taken[0].content.replace(b"\r\n", b""), "CR LF throughout")
    check(read(keep.taken[0].content)["To"].addresses[0].display_name == NAME)
    check(post.run("--days", "30", "--smtp", url, "--smtp-plain", sendmail=False, check_status=1) == {HART: "already", LOW: "failed"})


def puts_what_waits_first(scene):
    """After the notices' fifteen days: decisions; and what is overdue."""
    post = Post(scene, "waits")
    scene.daemon.cli("clock", "2026-10-06T06:00:00Z")
    check(post.run()[HART] == "sent", post.said)
    message = post.mails()[0][1]
    check(message["Subject"] == "Attendance, Tue 6 Oct 2026: 2 to decide", message["Subject"])
    check("To decide\n\n  Mon 5 Oct 2026  Notice to Improve\n      C1" in message.get_content(), message.get_content())
    scene.act("hart", "decision", 0, "outcome=not-to-issue", "reasons=better")
    scene.daemon.cli("clock", "2026-10-07T06:00:00Z")
    check(post.run()[HART] == "sent", post.said)
    check(post.mails()[0][1]["Subject"] == "Attendance, Wed 7 Oct 2026: 1 to decide", "what was decided is told no more")


def main():
    parser = argparse.ArgumentParser(description="the digest by e-mail")
    run_with_daemon.add_programs(parser)
    args = parser.parse_args()
    with run_with_daemon.Daemon(args.attendd, args.attend, CLOCK, AUTHORITY, keep=args.keep) as daemon:
        daemon.start()
        scene = Scene(daemon)
        begin(scene)
        for step in (says_what_there_is, narrows_and_names, refuses_what_is_wrong, prints_without_sending, goes_by_smtp,
                     says_it_once_a_day, stops_when_told, puts_what_waits_first):
            print(step.__name__.replace("_", " "), flush=True)
            step(scene)
        check(daemon.stop() == 0, "a clean end")
    print("all well")


if __name__ == "__main__":
    main()
