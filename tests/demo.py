#!/usr/bin/python3
"""demo.py - a term of a school of 420 through attendd, shown as it happens.

Everything goes through the commands that people use; whatever is shown is checked,
and the first thing that is wrong ends it with 1.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import base64
import ctypes
import ctypes.util
import datetime
import hashlib
import json
import os
import subprocess
import time

import run_with_daemon
import school

SEED = 2026
PARTS = 14  # about a week each


def say(text=""):
    print(text, flush=True)


def chapter(text):
    say("\n\033[1m== %s\033[0m" % text)


def check(so, *what):
    if not so:
        raise SystemExit("demo: WRONG: " + " ".join(str(w) for w in what))


class Demo:
    def __init__(self, daemon):
        self.daemon = daemon

    def run(self, *arguments, identity=None, status=0, show=True, lines=12):
        """A command as a person would type it, and what it says."""
        if show:
            say("$ attend " + " ".join("'%s'" % a if " " in a else a.replace(self.daemon.folder + "/", "") for a in arguments))
        done = self.daemon.cli(*arguments, identity=identity, check=False)
        check(done.returncode == status, arguments, "ended with", done.returncode, done.stdout, done.stderr[:2000])
        if show:
            shown = (done.stdout + done.stderr).rstrip().split("\n")
            for line in shown[:lines]:
                say("  " + line)
            if len(shown) > lines:
                say("  ... %d lines more" % (len(shown) - lines))
        return done.stdout

    def ask(self, *arguments, identity=None):
        out = self.daemon.cli(*arguments, "--json", identity=identity).stdout
        return [json.loads(line) for line in out.splitlines()]


def inclusion_holds(proof):
    """RFC 9162, 2.1.3.2, written from the RFC."""
    leaf = base64.b64decode(proof["leaf"])
    node = hashlib.sha256(b"\0" + leaf).digest()
    check(node.hex() == proof["leaf_hash"], "the leaf's hash")
    index, last = proof["seq"] - 1, proof["size"] - 1
    for step in proof["path"]:
        step = bytes.fromhex(step)
        if index & 1 or index == last:
            node = hashlib.sha256(b"\1" + step + node).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + step).digest()
        index, last = index >> 1, last >> 1
    return last == 0 and node.hex() == proof["root"]


def signature_holds(note, vkey):
    """C2SP signed note: Ed25519 over the text up to the blank line."""
    text, signature = note.split("\n\n", 1)
    name, key_id, key = vkey.strip().split("+", 2)
    dash, signer, sealed = signature.strip().split(" ")
    raw, public = base64.b64decode(sealed), base64.b64decode(key)[1:]
    check(dash == "\u2014" and signer == name and raw[:4].hex() == key_id, "the note's signer", signature)
    signed = (text + "\n").encode()
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
    return sodium.crypto_sign_verify_detached(raw[4:], signed, ctypes.c_ulonglong(len(signed)), public) == 0


def tell(daemon):
    demo = Demo(daemon)
    town = school.make_town(420, 1, datetime.date(2026, 9, 1), datetime.date(2026, 12, 18), SEED)
    files = os.path.join(daemon.folder, "school")
    names = school.write_town(town, files, PARTS)
    days = town.days

    chapter("A council, a school, an officer")
    daemon.start()
    say("attendd listens on %s, CURVE only; its clock is moved by hand" % daemon.endpoint)
    mis = daemon.grant("mis", "connector", [town.pupils[0].urn])
    officer = daemon.grant("officer", "officer")
    demo.run("calendar", os.path.join(files, "calendar.csv"))
    demo.run("roster", os.path.join(files, "roster.csv"), identity=mis)
    watched = open(os.path.join(daemon.folder, "watched.jsonl"), "w+", encoding="utf-8")
    watch = subprocess.Popen([daemon.attend, "watch", "--name", "demo", "--json"], stdout=watched,
                             stderr=subprocess.DEVNULL, env=daemon.environment(officer))
    try:
        story(demo, daemon, files, names, days, mis, officer, watched)
    finally:
        watch.terminate()
        watch.wait()
        watched.close()


def last_day(days, part):
    """The day of the last register of a part of the term."""
    return days[(2 * len(days) * (part + 1) // PARTS - 1) // 2]


def push_part(demo, days, files, names, part, mis, officer, show=False):
    """A week's registers and what was put right of them; the alerts of it, counted."""
    before = len(demo.ask("alerts", identity=officer))
    demo.run("clock", "%sT17:00:00Z" % last_day(days, part), show=show, lines=2)
    rows = [demo.ask("push", os.path.join(files, name), identity=mis)[-1] for name in names[2 * part:2 * part + 2]]
    check(all(row["refused"] == 0 for row in rows), rows)
    after = len(demo.ask("alerts", identity=officer))
    say("  to %s: %5d marks, %3d put right, %3d alerts" % (
        last_day(days, part), rows[0]["accepted"], rows[1]["accepted"], after - before))


def story(demo, daemon, files, names, days, mis, officer, watched):
    chapter("Registers come in, twice a day, and corrections")
    began = time.monotonic()
    for part in range(PARTS // 2):
        push_part(demo, days, files, names, part, mis, officer)
    say("pushed again, the same file changes nothing:")
    demo.run("push", os.path.join(files, names[0]), identity=mis)
    alerts = demo.ask("alerts", identity=officer)
    kinds = sorted({a["kind"] for a in alerts})
    say("alerts so far: " + ", ".join("%d %s" % (sum(a["kind"] == k for a in alerts), k) for k in kinds))
    check("threshold" in kinds and "persistent" in kinds, kinds)

    chapter("A child crosses the threshold: what may be done, and what is lacking")
    upn = max((a for a in alerts if a["kind"] == "threshold" and a["status"] == "raised"),
              key=lambda a: demo.ask("pupil", a["upn"], identity=officer)[0]["unauthorised_10_weeks"])["upn"]
    demo.run("pupil", upn, identity=officer)
    served = last_day(days, PARTS // 2 - 1)
    demo.run("act", "notice-to-improve", "--pupil", upn, "--on", str(served), "--parent", "p1", identity=officer, status=1)
    demo.run("act", "contact", "--pupil", upn, "reached=yes", "support_offered=yes", identity=officer)
    demo.run("act", "notice-to-improve", "--pupil", upn, "--on", str(served), "--parent", "p1",
             "--override", "agreed by the panel, evidence on paper", identity=officer)
    before = demo.ask("case", upn, identity=officer)[0]
    check(before["stage"] == "stage-3a", before["stage"])
    demo.run("deadlines", identity=officer)
    asked = before["as_of"]

    chapter("Fifteen school days, over half-term; then the question is put to an officer")
    for part in range(PARTS // 2, PARTS):
        push_part(demo, days, files, names, part, mis, officer)
    case = demo.ask("case", upn, identity=officer)[0]
    deadline = {d["kind"]: d for d in case["deadlines"]}
    check(deadline["nti-end"]["status"] == "met" and case["stage"] == "monitoring", case["stage"])
    check(deadline["monitoring-end"]["status"] == "open", deadline)
    after = [day for day in days if day > served][:15]
    check(deadline["nti-end"]["last_day"] == str(after[-1]), deadline["nti-end"], after[-1])
    for alert in demo.ask("alerts", identity=officer):
        if alert["case"] == case["case"]:
            say("  %-9s %s  %s" % (alert["kind"], alert["raised"], alert["text"][:110]))
    demo.run("case", upn, identity=officer, lines=14)
    demo.run("act", "decision", "--pupil", upn, "outcome=not-to-issue", identity=officer)

    chapter("As it was known then")
    demo.run("case", case["case"], "--as-of", str(asked), identity=officer, lines=9)
    then = demo.ask("case", case["case"], "--as-of", str(asked), identity=officer)[0]
    check(then["stage"] == "stage-3a" and then["deadlines"][0]["status"] == "open", then)

    chapter("Nobody rewrote it: an event's proof, checked by other code")
    event = [a for a in then["actions"] if a["action"] == "notice-to-improve"][0]["seq"]
    proof = demo.ask("prove", str(event), identity=officer)[0]
    note = demo.run("checkpoint", identity=officer)
    check(inclusion_holds(proof), "the inclusion proof")
    with open(os.path.join(daemon.data, "log.vkey"), encoding="utf-8") as file:
        check(signature_holds(note, file.read()), "the checkpoint's signature")
    root = base64.b64decode(note.split("\n")[2]).hex()
    check(root == proof["root"] and int(note.split("\n")[1]) == proof["size"], "the proof's root is the signed one")
    say("event %d stands under the signed root %s..." % (event, root[:16]))

    chapter("The officer who watched missed nothing")
    alerts = demo.ask("alerts", identity=officer)
    for _ in range(300):
        watched.seek(0)
        seen = {json.loads(line)["alert"] for line in watched if line.endswith("\n")}
        if len(seen) == len(alerts):
            break
        time.sleep(0.1)
    check(seen == {a["alert"] for a in alerts}, "watched", len(seen), "of", len(alerts))
    say("%d alerts, each seen by `attend watch` as it came" % len(seen))

    chapter("Stopped, and everything replayed from the log")
    check(daemon.stop() == 0, "attendd's end")
    verified = daemon.verify()
    say(verified.stdout.rstrip())
    check(verified.returncode == 0, verified.stdout)
    say("\nAll of it in %.0f seconds; nothing is left running." % (time.monotonic() - began))


def main():
    parser = argparse.ArgumentParser(description="the main job, shown and checked")
    run_with_daemon.add_programs(parser)
    args = parser.parse_args()
    with run_with_daemon.Daemon(args.attendd, args.attend, "2026-09-01T07:00:00Z", authority="Testshire Council",
                                keep=args.keep) as daemon:
        tell(daemon)


if __name__ == "__main__":
    main()
