#!/usr/bin/python3
"""connector.py - what a school's connector and an officer rely on, step by step.

Run by ../run_with_daemon.py, which sets the environment. Uses nothing but
attend_client.py, which was written from proto/PROTOCOL.md.

SPDX-License-Identifier: Apache-2.0
"""
import os
import sys
import time

import zmq

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import school  # noqa: E402  (UPNs of made-up pupils)
from attend_client import Client, Silent, encode, new_id, read_identity  # noqa: E402

OURS, THEIRS = "100001", "100003"
PUPILS = [school.upn_of("356100126%03d" % n) for n in range(1, 31)]
OTHERS = [school.upn_of("356100326%03d" % n) for n in range(1, 4)]
CURSOR = "interop"


def check(good, *said):
    if not good:
        raise SystemExit("FAILED: " + " ".join(str(one) for one in said))


def registers(urn, day, session, codes):
    return {"urn": urn, "registers": [[day, session, [[upn, code] for upn, code in codes]]]}


def present(day, session, urn=OURS, pupils=PUPILS):
    return registers(urn, day, session, [(upn, "/" if session == "AM" else "\\") for upn in pupils])


def says_hello(admin, connector):
    told = admin.done("hello").body
    check(told["protocol"] == 1 and told["role"] == "administrator" and told["clock"] == "manual", told)
    told = connector.done("hello", {}).body
    check(told["role"] == "connector" and told["name"] == "connector", told)


def sends_several_in_one_frame(connector):
    ids = [new_id() for _ in range(3)]
    bodies = [present("2026-10-05", "AM"), present("2026-09-08", "PM"), present("2026-09-08", "AM", THEIRS, OTHERS)]
    connector.send_bundle([("marks", body, id) for body, id in zip(bodies, ids)])
    replies = [connector.receive() for _ in ids]
    check([reply.id for reply in replies] == ids, "each piece is answered", replies)
    check([reply.status for reply in replies][:2] == [200, 200] and replies[2].status >= 400, "each by itself", replies)
    again = connector.ask("marks", bodies[1], ids[1])
    check(again.status == 201 and again.position == replies[1].position, "a piece sent again by itself", again)
    bundle = new_id()
    connector.socket.send(encode("bundle", bundle) + b"\0\0\1\0" + b"short")
    reply = connector.receive()
    check((reply.command, reply.id, reply.status) == ("bundle", bundle, 400), "a bundle cut wrong", reply)


def submits_and_sends_again(connector):
    id, body = new_id(), present("2026-09-07", "AM")
    first = connector.ask("marks", body, id)
    check(first.status == 200 and first.position > 0, "a submission", first)
    again = connector.ask("marks", body, id)
    check(again.status == 201 and again.position == first.position, "sent again", first, again)
    # Sent again from another connection, as after a restart of the connector.
    other = Client.from_environment(os.environ["ATTEND_CONNECTOR"])
    again = other.ask("marks", body, id)
    other.close()
    check(again.status == 201 and again.position == first.position, "sent again over a new connection", again)
    reused = connector.ask("marks", present("2026-09-07", "PM"), id)
    check(reused.status == 409 and reused.body.get("reason"), "other content under the same id", reused)
    # The refusal did not take the id over.
    again = connector.ask("marks", body, id)
    check(again.status == 201 and again.position == first.position, "after the refusal", again)
    return first.position


def is_held_to_its_schools(connector, other):
    refused = connector.ask("marks", present("2026-09-07", "AM", THEIRS, OTHERS))
    check(refused.status == 403 and refused.body.get("reason"), "another school's marks", refused)
    done = other.ask("marks", present("2026-09-07", "AM", THEIRS, OTHERS))
    check(done.status == 200, "the same marks from its own connector", done)
    for command, body in (("calendar", {"rows": [["2026-09-01", "2026-12-18", "term", "Autumn"]]}),
                          ("clock", {"to": "2027-01-01T00:00:00Z"}),
                          ("query", {"what": "pupil", "upn": PUPILS[0]}),
                          ("action", {"action": "contact", "upn": PUPILS[0]})):
        refused = connector.ask(command, body)
        check(refused.status == 403, "a connector may not", command, refused)


def is_told_of_bad_rows(connector, officer):
    """A bad mark refuses itself alone, by row, field and reason."""
    wrong = ("A" if PUPILS[0][0] != "A" else "B") + PUPILS[0][1:]
    body = registers(OURS, "2026-09-08", "AM",
                     [(PUPILS[0], "N"), (wrong, "/"), (PUPILS[1], "%"), (PUPILS[2], "\\"), (PUPILS[3], "/")])
    id = new_id()
    told = connector.ask("marks", body, id)
    check(told.status == 202 and told.body["accepted"] == 2, "partly taken", told)
    check([(row[0], row[1]) for row in told.body["refused"]] == [(1, "upn"), (2, "code"), (3, "code")],
          "which rows", told)
    check(all(row[2] for row in told.body["refused"]), "a reason each", told)
    again = connector.ask("marks", body, id)
    check(again.status == 201 and again.body == told.body, "the first answer again", told, again)
    check(officer.query("pupil", upn=PUPILS[0])["unauthorised"] == 1, "the good row counts")
    none = connector.ask("marks", registers(OURS, "2026-09-08", "AM", [(wrong, "/")]))
    check(none.status == 410, "every row refused", none)
    future = connector.ask("marks", present("2027-03-01", "AM", pupils=PUPILS[:1]))
    check(future.status == 410 and future.body["refused"][0][1] == "date", "a mark in the future", future)


def is_told_of_bad_frames(connector):
    """Each gets an answer that can be matched, and the connection goes on."""
    good = encode("hello", new_id(), {})
    for frame, status in ((good[:2] + b"\x09" + good[3:], 405),     # a version never made
                          (good[:3] + b"\x7f" + good[4:], 406),     # a command never made
                          (good[:20] + b"\x81", 401),               # a map cut short
                          (good + b"\xc0", 401),                    # something after it
                          (good[:20] + b"\xdf\xff\xff\xff\xff", 401),  # a map that claims four thousand million
                          (good[:20] + b"\x82\xa1a\x01\xa1a\x02", 401),  # the same key twice
                          (good[:10], 400)):
        connector.socket.send(frame)
        reply = connector.receive(10)
        check(reply is not None and reply.status == status, "frame", frame.hex(), "wanted", status, "got", reply)
        if len(frame) >= 20:
            check(reply.id == frame[4:20], "the id comes back", frame.hex(), reply)
    connector.socket.send_multipart([good, b"and another"])
    reply = connector.receive(10)
    check(reply is not None and reply.status == 400, "two frames", reply)
    check(connector.ask("hello").status == 200, "still served")


def keeps_strangers_out():
    """An unknown key never gets past the handshake."""
    public, secret = zmq.curve_keypair()
    stranger = Client.from_environment((public, secret), timeout=2)
    try:
        check(False, "a stranger was answered:", stranger.ask("hello"))
    except Silent:
        pass
    stranger.close()


def collect(client, subscription, wanted, seconds=20):
    """Items until `wanted` is satisfied with them; also the newest `next`."""
    items, at, ends = [], None, time.monotonic() + seconds
    while not wanted(items):
        message = client.receive(max(0, ends - time.monotonic()))
        check(message is not None, "waited for items in vain; had", items)
        if message.id != subscription:
            continue
        if message.command == "items":
            items += message.body["items"]
            at = message.body["next"]
    return items, at


def make_alert(connector, upn, month):
    """Five days of N in a row make ten sessions: a threshold alert."""
    for day in range(5):
        for session in ("AM", "PM"):
            done = connector.ask("marks", registers(OURS, "2026-%02d-%02d" % (month, 9 + day), session, [(upn, "N")]))
            check(done.status == 200, "a mark", done)


def resumes_after_a_cut(connector):
    officer = Client.from_environment(os.environ["ATTEND_OFFICER"])
    subscription = officer.send("subscribe", {"what": "alerts", "cursor": CURSOR, "credit": 100})
    started = officer.receive(10)
    check(started.status == 200 and "head" in started.body, "subscribed", started)
    make_alert(connector, PUPILS[4], 11)
    of = lambda items, upn: [a for a in items if a["upn"] == upn and a["kind"] == "threshold"]
    first, at = collect(officer, subscription, lambda items: of(items, PUPILS[4]))
    check(of(first, PUPILS[4])[0]["status"] == "raised", first)
    kept = officer.ask("cursor", {"cursor": CURSOR, "position": at - 1})
    check(kept.status < 300, "the cursor is kept", kept)
    officer.close()  # the cut

    make_alert(connector, PUPILS[5], 11)
    officer = Client.from_environment(os.environ["ATTEND_OFFICER"])
    subscription = officer.send("subscribe", {"what": "alerts", "cursor": CURSOR, "credit": 100})
    second, at = collect(officer, subscription, lambda items: of(items, PUPILS[5]))
    seen = {(alert["alert"], alert["seq"]) for alert in first}
    check(not seen & {(alert["alert"], alert["seq"]) for alert in second}, "nothing twice", first, second)
    check(not of(second, PUPILS[4]), "only what came after the cursor", second)
    # Heartbeats carry the head: silence means that there was nothing.
    ends = time.monotonic() + 10
    while True:
        beat = officer.receive(max(0, ends - time.monotonic()))
        check(beat is not None, "no heartbeat")
        if beat.id == subscription and beat.command == "heartbeat":
            check(beat.body["next"] > beat.body["head"], "all seen, and known to be", beat)
            break
    # Credit holds the daemon back: with none left nothing comes.
    slow = officer.send("subscribe", {"what": "log", "from": 1, "credit": 2})
    some, _ = collect(officer, slow, lambda items: len(items) >= 2)
    check(len(some) == 2 and [item["seq"] for item in some] == [1, 2], "as many as there is credit for", some)
    officer.send("credit", {"credit": 3}, slow)
    some, _ = collect(officer, slow, lambda items: len(items) >= 3)
    check([item["seq"] for item in some] == [3, 4, 5], "and on from there", some)
    stopped = officer.ask("unsubscribe", None, slow)
    check(stopped.status == 200, stopped)
    # Never backwards.
    officer.ask("cursor", {"cursor": CURSOR, "position": 1})
    officer.close()
    officer = Client.from_environment(os.environ["ATTEND_OFFICER"])
    subscription = officer.send("subscribe", {"what": "alerts", "cursor": CURSOR, "credit": 100})
    started = officer.receive(10)
    check(started.id == subscription and started.status == 200, started)
    check(started.body["from"] > 1, "a cursor doesn't go back", started)
    officer.close()


def is_cut_off_when_revoked(admin):
    """A key revoked with its session alive: the next message is refused."""
    victim = Client.from_environment(os.environ["ATTEND_OTHER_CONNECTOR"])
    check(victim.ask("hello").status == 200)
    public, _ = read_identity(os.environ["ATTEND_OTHER_CONNECTOR"])
    check(admin.ask("revoke", {"key": public.decode()}).status == 200)
    refused = victim.ask("marks", present("2026-09-09", "AM", THEIRS, OTHERS))
    check(refused.status == 414, "revoked", refused)
    victim.close()


def main():
    admin = Client.from_environment()
    connector = Client.from_environment(os.environ["ATTEND_CONNECTOR"])
    other = Client.from_environment(os.environ["ATTEND_OTHER_CONNECTOR"])
    officer = Client.from_environment(os.environ["ATTEND_OFFICER"])
    steps = ((says_hello, admin, connector), (submits_and_sends_again, connector),
             (sends_several_in_one_frame, connector),
             (is_held_to_its_schools, connector, other), (is_told_of_bad_rows, connector, officer),
             (is_told_of_bad_frames, connector), (keeps_strangers_out,), (resumes_after_a_cut, connector),
             (is_cut_off_when_revoked, admin))
    for step in steps:
        print(step[0].__name__.replace("_", " "), flush=True)
        step[0](*step[1:])
    print("all well")


if __name__ == "__main__":
    main()
