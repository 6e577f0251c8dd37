#!/usr/bin/python3
"""package.py - the Python package attend, against the daemon and against one that misbehaves.

    package.py --attendd FILE --attend FILE [--package FOLDER]

`--package`: where to import it from; the source tree where nothing is said.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
SOURCE = os.path.join(os.path.dirname(TESTS), "client", "python")
sys.path.insert(0, TESTS)
import run_with_daemon  # noqa: E402
import school  # noqa: E402

URN = "100001"
PUPILS = [school.upn_of("356100126%03d" % n) for n in range(1, 31)]
OTHERS = [school.upn_of("356100126%03d" % n) for n in range(101, 131)]
CLOCK = "2026-12-19T09:00:00Z"


def check(good, *said):
    if not good:
        raise SystemExit("FAILED: " + " ".join(str(one) for one in said))


def raised(kind, call, *arguments, **more):
    """What `call` raises, which must be of that kind."""
    try:
        told = call(*arguments, **more)
    except kind as error:
        return error
    raise SystemExit("FAILED: nothing was raised: %s" % (told,))


def has_the_version_of_the_command(daemon):
    told = daemon.run([daemon.attend, "--version"]).stdout.split()[1]
    check(attend.__version__ == told, "package", attend.__version__, "command", told)


def knows_the_commands():
    """Those of libattend and, of a subscription's own, those of PROTOCOL.md: none left out, none of its own."""
    with open(os.path.join(TESTS, os.pardir, "client", "attend.h"), encoding="utf-8") as file:
        theirs = set(re.findall(r"ATTEND_(\w+) = (0x\w+)", file.read()))
    with open(os.path.join(TESTS, os.pardir, "proto", "PROTOCOL.md"), encoding="utf-8") as file:
        spelt = re.findall(r"^(\w+) += %x(\w\w) *(?:;|$)", file.read(), re.M)
        theirs |= {(name.upper(), "0x" + number.lower()) for name, number in spelt}
    ours = {(command.name, "0x%02x" % command) for command in attend.Command}
    check(ours == theirs - {("VERSION", "0x01"), ("NIL", "0xc0")}, ours ^ theirs)


def reads_keys(daemon):
    path = os.path.join(daemon.folder, "open.identity")
    with open(daemon.admin, encoding="ascii") as file:
        text = file.read()

    def write(content, mode=0o600):
        with open(path, "w", encoding="ascii") as out:
            out.write(content)
        os.chmod(path, mode)

    write(text)
    identity = attend.read_identity(path)
    check(len(identity.public) == 40 and identity.secret.decode() not in repr(identity), identity)
    for content, mode, says in ((text, 0o640, "others can read it"), (text.split("secret")[0], 0o600, "secret: is not there"),
                                (text.replace("public: ", "public: !"), 0o600, "public: not a key"),
                                ("hello\n", 0o600, "not an identity file")):
        write(content, mode)
        error = raised(attend.KeyFileError, attend.read_identity, path)
        check(says in str(error) and error.path == path, error)
    check("No such file" in str(raised(attend.KeyFileError, attend.read_server_key, path + ".none")))
    check(len(attend.read_server_key(daemon.server_key)) == 40)


def submits_marks(client, officer):
    wrong = ("A" if PUPILS[0][0] != "A" else "B") + PUPILS[0][1:]
    receipt = client.marks(URN, [
        attend.Mark(PUPILS[0], "2026-09-07", "AM", "N"), (PUPILS[0], "2026-09-07", "PM", "N"),
        attend.Mark(wrong, "2026-09-07", "AM", "/"), attend.Mark(PUPILS[1], "2026-09-07", "AM", "L", minutes_late=9),
        attend.Mark(PUPILS[1], "2026-09-07", "PM", "/")])
    check((receipt.accepted, receipt.known) == (3, 0), receipt)
    check([(row.row, row.field) for row in receipt.refused] == [(2, "upn"), (4, "code")], receipt)
    check("the check letter should be" in str(receipt.refused[0]), str(receipt.refused[0]))
    none = client.marks(URN, [(wrong, "2026-09-08", "AM", "/")])
    check(none.accepted == 0 and none.refused[0].field == "upn", "every row refused", none)
    # A mark and its correction in one call: the order counts, so they go one after the other.
    receipt = client.marks(URN, [(PUPILS[2], "2026-09-07", "AM", "N"), (PUPILS[2], "2026-09-07", "AM", "I")])
    check(receipt == (2, 0, []), receipt)
    check(officer.query("pupil", upn=PUPILS[2])["authorised"] == 1, "the correction stands")
    # More than fit into one submission.
    many = [(upn, "2026-%02d-%02d" % (month, day), session, "/" if session == "AM" else "\\")
            for upn in PUPILS[3:8] for month, days in ((9, range(14, 19)), (10, range(5, 10)), (11, range(9, 14)))
            for day in days for session in ("AM", "PM")]
    many *= 3
    receipt = client.marks(URN, many)
    check((receipt.accepted, receipt.known) == (len(many) // 3, 2 * len(many) // 3), receipt)


def submits_by_content(daemon, connector, client):
    """The id of a content is libattend's: what `attend push` has sent is known to the package, and the other way."""
    path = os.path.join(daemon.folder, "one.csv")
    with open(path, "w", encoding="ascii") as file:
        file.write("urn,upn,date,session,code\n%s,%s,2026-09-09,AM,N\n" % (URN, PUPILS[9]))
    daemon.cli("push", path, identity=connector)
    body = {"urn": URN, "registers": [["2026-09-09", "AM", [[PUPILS[9], "N"]]]]}
    answer = client.submit("marks", body, by_content=True)
    check(answer.before and answer.id.version == 8, answer)
    client.marks(URN, [(PUPILS[9], "2026-09-09", "AM", "I")])   # a correction
    check(client.marks(URN, [(PUPILS[9], "2026-09-09", "AM", "N")], by_content=True).accepted == 1, "the first answer again")
    # Equal contents that are meant to count each.
    told = list(client.submit_all([("marks", body), ("marks", body)], by_content=True))
    check(told[0].before and not told[1].before, told)


def cuts_as_push_does(daemon, connector, client):
    """Rows in any order, some twice, some with much to say: cut and packed as `attend push` does it, so that no id differs."""
    rows = [(upn, "2026-11-%02d" % day, session, "I", comment)
            for upn in OTHERS[3:8] for day in (16, 17, 18) for session in ("AM", "PM")
            for comment in ("x" * 3900 if session == "AM" else "", "again" if day == 17 else None) if comment is not None]
    rows += [(upn, "2026-11-%02d" % day, session, "M", "")
             for upn in OTHERS for day in (2, 3, 4, 5, 6) for session in ("AM", "PM")] * 5
    path = os.path.join(daemon.folder, "any.csv")
    with open(path, "w", encoding="ascii") as file:
        file.write("urn,upn,date,session,code,comment\n" + "".join(",".join((URN,) + row) + "\n" for row in rows))
    daemon.cli("push", path, identity=connector)
    head = client.hello()["head"]
    receipt = client.marks(URN, [row[:4] + (None, None, row[4] or None) for row in rows], by_content=True)
    check(receipt.accepted + receipt.known == len(rows), receipt)
    check(client.hello()["head"] == head, "nothing was taken twice", client.hello()["head"] - head)


def sends_much(client):
    """What doesn't fit into a frame goes in several."""
    long = [(upn, "2026-11-09", "AM", "I", None, None, "y" * 4000) for upn in OTHERS] * 30
    receipt = client.marks(URN, long)
    check(receipt.accepted + receipt.known == len(long) and not receipt.refused, receipt)
    parents = [{"id": "p%d" % i, "address": "z" * 1000} for i in range(9)]
    pupils = [{"upn": upn, "surname": "Lee", "forename": "A", "parents": parents} for upn in OTHERS] * 10
    receipt = client.roster(URN, pupils)
    check(receipt.accepted + receipt.known == len(pupils) and not receipt.refused, receipt)


def belongs_to_its_process(client):
    """A child that was forked is told so at once, and leaves the line to the parent; closed, it says that."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            with client:
                client.hello()
        except attend.AttendError as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as said:
        told = said.read()
    check("made before a fork" in told, told)
    check(os.waitpid(child, 0)[1] == 0, "the child ends")
    check(client.hello()["protocol"] == 1, "the parent's goes on")
    client.close()
    client.close()
    check("closed" in str(raised(attend.AttendError, client.hello)), "closed")


def submits_many(client):
    bodies = [{"urn": URN, "registers": [["2026-10-%02d" % day, "AM", [[upn, "/"]]]]} for day in range(5, 10) for upn in PUPILS]
    bodies[7] = {"urn": "999999", "registers": bodies[7]["registers"]}
    told = list(client.submit_all((("marks", body) for body in bodies), window=40))
    check(len(told) == len(bodies) and isinstance(told[7], attend.NotAllowed), told[7])
    check([isinstance(one, attend.Answer) for one in told].count(True) == len(bodies) - 1, "all others taken")
    first = told[0]
    again = client.submit("marks", bodies[0], id=first.id)
    check(again.before and again.position == first.position, first, again)
    error = raised(attend.Refused, client.submit, "marks", bodies[1], id=first.id)
    check(error.status == 409, error)


def names_what_is_wrong(client, officer):
    error = raised(attend.NotAllowed, client.query, "pupil", upn=PUPILS[0])
    check(error.status == 403 and error.reason, error)
    error = raised(attend.Refused, officer.query, "deadlines", before="soon")
    check(error.status == 402 and error.field == "before" and "before: " in str(error), error)
    check(raised(attend.NotFound, officer.query, "case", case="C999").field == "case")
    done = officer.action("contact", PUPILS[0], fields={"reached": "yes", "barriers_explored": "yes"})
    check(done.body["opened"] and officer.query("case", upn=PUPILS[0])["case"] == done.body["case"], done)
    error = raised(attend.Unmet, officer.action, "notice-to-improve", PUPILS[0], parent="p1")
    check(not isinstance(error, attend.Barred) and error.lacks and error.lacks[0].text in str(error), error)
    raised(ValueError, officer.submit, "mark", {})
    raised(ValueError, officer.submit, "marks", {}, id="6ba7b810-9dad-11d1-80b4-00c04fd430c8")
    check(officer.hello()["role"] == "officer")
    check([item["seq"] for item in officer.items("log", limit=7)] == list(range(1, officer.hello()["head"] + 1)), "pages")


def alerts_of(client, pupils, day):
    """Ten sessions without a reason each: a threshold alert."""
    for upn in pupils:
        receipt = client.marks(URN, [(upn, "2026-%02d-%02d" % (day[0], day[1] + n), session, "N")
                                     for n in range(5) for session in ("AM", "PM")])
        check(receipt.accepted == 10, receipt)


def thresholds(subscription, wanted):
    """The pupils of the threshold alerts that come, until there are so many."""
    upns = []
    for item in subscription:
        if item["kind"] == "threshold":
            upns.append(item["upn"])
        if len(upns) == wanted:
            return upns
    raise SystemExit("FAILED: the subscription ended with %s" % upns)


def subscribes(daemon, client, officer):
    alerts_of(client, PUPILS[10:14], (11, 16))
    with officer.subscribe("alerts", cursor="desk", credit=2) as sub:
        first = thresholds(sub, 2)   # the second is left by a return: not dealt with
        check(officer.hello()["role"] == "officer", "questions meanwhile, on the same connection")
    with officer.subscribe("alerts", cursor="desk", credit=2) as sub:
        second = thresholds(sub, 1)
        check(second == first[1:], "the one not dealt with comes again, and no other", first, second)
        sub.done()
    with officer.subscribe("alerts", cursor="desk") as sub:
        third = thresholds(sub, 2)
        sub.done()
        check(sorted(first + third) == sorted(PUPILS[10:14]), first, third)
        check(sub.turn(0.2) is None, "nothing more")
        # The daemon is killed and comes back: nothing is left out, nothing comes twice.
        daemon.kill()
        check(sub.turn(0.2) is None, "silence is no error")
        daemon.start()
        alerts_of(client, PUPILS[14:17], (11, 16))
        check(thresholds(sub, 3) == PUPILS[14:17], "after the restart")
    all_so_far = [item for item in officer.subscribe("alerts", follow=False) if item["kind"] == "threshold"]
    check(len(all_so_far) == 7, "follow=False ends", len(all_so_far))
    check(len(list(officer.subscribe("alerts", cursor="all", follow=False))) >= 7, "all of them")
    check(not list(officer.subscribe("alerts", cursor="all", follow=False)), "and the last of them was dealt with")
    with officer.subscribe("alerts", cursor="some", follow=False) as sub:
        seen = [next(sub)["seq"] for _ in range(5)]
    check(next(officer.subscribe("alerts", cursor="some", follow=False))["seq"] == seen[4], "the last one is given again")
    raised(attend.NotAllowed, client.subscribe, "alerts")


def says_who_is_not_there(daemon):
    stranger = os.path.join(daemon.folder, "stranger.identity")
    daemon.cli("keygen", stranger)
    with attend.Client(daemon.endpoint, daemon.server_key, stranger, timeout=1, patience=20) as client:
        error = raised(attend.KeyRefused, client.hello)
        check("attend grant " + client.public_key in str(error), error)
    with attend.Client("tcp://127.0.0.1:1", daemon.server_key, stranger, timeout=0.2, patience=0.5) as client:
        check("is attendd running there" in str(raised(attend.Unreachable, client.hello)))
    raised(attend.Unreachable, attend.Client, "somewhere", daemon.server_key, stranger)


class Stubborn(threading.Thread):
    """A daemon that answers the n-th frame as it is told, a status or nothing, and all later ones as the last."""

    def __init__(self, statuses):
        super().__init__(daemon=True)
        self.public, secret = zmq.curve_keypair()
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.curve_server, self.socket.curve_secretkey, self.socket.linger = True, secret, 0
        self.endpoint = "tcp://127.0.0.1:%d" % self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.statuses, self.frames, self.ended = statuses, [], threading.Event()

    def run(self):
        while not self.ended.is_set():
            if not self.socket.poll(20):
                continue
            peer, frame = self.socket.recv_multipart()
            status = self.statuses[min(len(self.frames), len(self.statuses) - 1)]
            self.frames.append(frame)
            if status:
                head = frame[:3] + bytes([frame[3] | 0x80]) + frame[4:20]
                self.socket.send_multipart([peer, head + status.to_bytes(2, "big") + (7).to_bytes(8, "big")])
        self.socket.close()


def sends_again(daemon):
    """The same bytes, after a silence and after "not now"; a refusal isn't sent again."""
    key = os.path.join(daemon.folder, "stubborn.pub")

    def ask(statuses, **more):
        stubborn = Stubborn(statuses)
        with open(key, "wb") as file:
            file.write(stubborn.public)
        stubborn.start()
        with attend.Client(stubborn.endpoint, key, daemon.admin, **more) as client:
            try:
                told = client.submit("marks", {"urn": URN, "registers": []})
            except attend.AttendError as error:
                told = error
        stubborn.ended.set()
        stubborn.join()
        check(len(set(stubborn.frames)) == 1, "the same bytes", stubborn.frames)
        return stubborn.frames, told

    frames, told = ask([0, 300, 500, 201], timeout=0.3)
    check(told.position == 7 and told.before and len(frames) >= 4, told, frames)
    frames, told = ask([300], timeout=1, patience=3)
    check(isinstance(told, attend.NotNow) and 3 <= len(frames) < 40, told, len(frames))
    frames, told = ask([402])
    check(isinstance(told, attend.Refused) and len(frames) == 1, told)


def connector_skeleton(daemon, connector, package):
    """What a technician copies: run twice, it takes the marks once; a bad row is named by its line."""
    path = os.path.join(daemon.folder, "register.csv")
    with open(path, "w", encoding="utf-8-sig") as file:
        file.write("upn,date,session,code\n%s,2026-09-21,AM,/\n%s,2026-09-21,AM,%%\n" % (PUPILS[20], PUPILS[21]))
    script = os.path.join(SOURCE, "examples", "connector.py")
    with open(script, encoding="utf-8") as file:
        check(len(file.readlines()) < 40, "under 40 lines")
    for _ in range(2):
        done = subprocess.run([sys.executable, script, URN, path], capture_output=True, text=True,
                              env=dict(daemon.environment(connector), PYTHONPATH=package))
        check(done.returncode == 1 and "1 marks taken, 0 known, 1 refused" in done.stdout, done)
        check(done.stderr.startswith("line 3: code: "), done.stderr)
    events = [json.loads(line) for line in daemon.cli("log", "--json").stdout.splitlines()]
    check(sum("2026-09-21" in json.dumps(event) for event in events) == 1, "one submission in the log")


def run(daemon, package):
    daemon.start()
    connector = daemon.grant("connector", "connector", (URN,))
    has_the_version_of_the_command(daemon)
    knows_the_commands()
    reads_keys(daemon)
    where = (daemon.endpoint, daemon.server_key)
    with attend.Client(*where, connector) as client, attend.Client(*where, daemon.grant("officer", "officer")) as officer:
        submits_marks(client, officer)
        submits_by_content(daemon, connector, client)
        cuts_as_push_does(daemon, connector, client)
        sends_much(client)
        submits_many(client)
        names_what_is_wrong(client, officer)
        subscribes(daemon, client, officer)
    belongs_to_its_process(attend.Client(*where, connector, timeout=2, patience=5))
    says_who_is_not_there(daemon)
    sends_again(daemon)
    connector_skeleton(daemon, connector, package)
    check(daemon.stop() == 0 and daemon.verify().returncode == 0, "the store is sound")
    print("all well")


def main():
    parser = argparse.ArgumentParser(description="the package, tried")
    run_with_daemon.add_programs(parser)
    parser.add_argument("--package", default=SOURCE)
    args = parser.parse_args()
    sys.path.insert(0, args.package)
    global attend, zmq
    import attend
    import zmq
    check(os.path.dirname(os.path.dirname(os.path.abspath(attend.__file__))) == os.path.abspath(args.package), attend.__file__)
    with run_with_daemon.Daemon(args.attendd, args.attend, CLOCK, keep=args.keep) as daemon:
        run(daemon, args.package)


if __name__ == "__main__":
    main()
