#!/usr/bin/python3
"""monitoring.py - what a service's operators watch, from outside.

    monitoring.py --attendd FILE --attend FILE --sick FILE

  - a busy run (registers, comments, actions, refusals, strangers at the door, subscribers): its metrics say what
    was done, under names and units as Prometheus wants them (read by a parser of our own, and by promtool where
    it is there); neither they nor the journal nor the exporter's pages hold a UPN, a name or free text;
  - `attend exporter`: its pages, its refusals, a daemon that goes and comes back;
  - `attend health` and its exit status with a full disk, a full map, commits that fail, a held clock, a damaged
    store, and nobody there (--sick is an attendd whose disk is ill when told to, sick_store.c);
  - the dashboard and the alert rules name only metrics that there are, each metric is shown somewhere, and each
    rule is tried by promtool where it is there; docs/monitoring.md lists what the headers do.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import yaml

import run_with_daemon
import school
from attend_client import Client, Silent, new_id

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir)
FOLDER = os.path.join(TOP, "monitoring")
URN = "100001"
CLOCK = "2026-10-16T16:00:00Z"
PUPILS = [school.upn_of("356100126%03d" % n) for n in range(1, 21)]
# What must stand nowhere that operators look.
SURNAME, FORENAME, COMMENT, OVERRIDE, OFFICER, PARENT, CURSOR = (
    "Featherstonehaugh", "Peregrine", "seen at the fairground", "grandmother is gravely ill", "Hortensia Quill",
    "Thomasina Featherstonehaugh", "quill-desk")
PRIVATE = PUPILS + [SURNAME, FORENAME, COMMENT, "fairground", "grandmother", OFFICER, "Quill", CURSOR, PARENT, "Thomasina"]
METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*",?)*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def check(good, *said):
    if not good:
        raise SystemExit("FAILED: " + " ".join(str(one) for one in said))


# ---- the text format, read strictly ----

class Metrics:
    """{name: {type, help}} and {(name, labels): value} of a page; raises on what Prometheus would not take, and on
    what its conventions advise against."""

    def __init__(self, text):
        self.kinds, self.samples = {}, {}
        current, seen = None, set()
        check(text.endswith("\n"), "the last line has no end")
        for line in text.splitlines():
            if line.startswith("# "):
                word, name, rest = line[2:].split(" ", 2)
                if word == "HELP":
                    check(name not in self.kinds and rest.strip(), "HELP twice, or empty", line)
                    self.kinds[name], current = {"help": rest, "type": None}, name
                else:
                    check(word == "TYPE" and name == current and rest in ("counter", "gauge", "histogram"), line)
                    self.kinds[name]["type"] = rest
                continue
            match = SAMPLE.match(line)
            check(match, "no sample", line)
            name, labels = match.group(1), tuple(LABEL.findall(match.group(2) or ""))
            family = name if name in self.kinds else re.sub("_(bucket|sum|count)$", "", name)
            check(family == current and self.kinds[family]["type"], "a sample apart from its HELP and TYPE", line)
            check((name, labels) not in seen, "twice", line)
            seen.add((name, labels))
            self.samples[name, labels] = float(match.group(3))
        for name, kind in self.kinds.items():
            self.conventions(name, kind)

    def conventions(self, name, kind):
        check(METRIC.fullmatch(name) and name.startswith("attend_"), name)
        check((kind["type"] == "counter") == name.endswith("_total"), "a counter ends in _total, nothing else does", name)
        check(not re.search("_(ms|us|milliseconds|kb|mb|mib|percent|minutes|hours)(_|$)", name), "base units", name)
        if kind["type"] != "histogram":
            return
        buckets = [(labels[0][1], value) for (sample, labels), value in self.samples.items() if sample == name + "_bucket"]
        bounds, counts = [float(b) for b, _ in buckets], [c for _, c in buckets]
        check(bounds == sorted(set(bounds)) and buckets[-1][0] == "+Inf", "bounds", name, bounds)
        check(counts == sorted(counts) and counts[-1] == self[name + "_count"], "buckets", name, counts)

    def __getitem__(self, name):
        return self.samples[name, ()]

    def of(self, name, **labels):
        """The samples of a name that have these labels."""
        return [value for (sample, has), value in self.samples.items()
                if sample == name and labels.items() <= dict(has).items()]

    @property
    def names(self):
        return {name for name, _ in self.samples}


def promtool(*arguments, **more):
    """Runs it where it is there."""
    program = shutil.which("promtool")
    if program:
        done = subprocess.run([program] + list(arguments), capture_output=True, text=True, **more)
        check(done.returncode == 0, "promtool", arguments, done.stdout, done.stderr)
        return done.stdout
    print("promtool is not here: %s was not tried by it" % " ".join(arguments))
    return ""


def metrics_of(daemon, identity):
    text = daemon.cli("stats", "--prometheus", identity=identity).stdout
    promtool("check", "metrics", input=text)
    return Metrics(text), text


# ---- a busy run ----

def register(day, session, codes, **more):
    return {"urn": URN, "registers": [[day, session, [[upn, code, dict(more)] if more else [upn, code] for upn, code in codes]]]}


def busy(daemon, connector, officer):
    """Some of all that there is; how many submissions were taken, and refused by status."""
    client, desk = daemon.client(connector), daemon.client(officer)
    refused = {}
    taken = 0

    def tell(reply):
        nonlocal taken
        if reply.status >= 300:
            refused[reply.status] = refused.get(reply.status, 0) + 1
        else:
            taken += reply.status != 201
        return reply

    pupils = [{"upn": upn, "surname": SURNAME, "forename": FORENAME, "birth_date": "2014-05-01",
               "parents": [{"id": "p1", "name": PARENT, "address": "1 Fairground Lane"}]} for upn in PUPILS]
    tell(client.ask("roster", {"urn": URN, "pupils": pupils}))
    for week in ("09-07", "09-14", "09-21", "09-28", "10-05", "10-12"):
        for session in ("AM", "PM"):
            tell(client.ask("marks", register("2026-" + week, session, [(u, "/" if session == "AM" else "\\") for u in PUPILS[2:]])))
            tell(client.ask("marks", register("2026-" + week, session, [(u, "O") for u in PUPILS[:2]], comment=COMMENT)))
    again = register("2026-10-13", "AM", [(PUPILS[0], "O")])
    id = new_id()
    tell(client.ask("marks", again, id))
    check(client.ask("marks", again, id).status == 201)
    tell(client.ask("marks", {"urn": URN, "registers": [], "more": COMMENT}))
    tell(client.ask("marks", dict(again, urn="100003")))
    tell(client.ask("marks", register("2026-10-13", "AM", [("X" + PUPILS[0][1:], "O")])))
    tell(desk.ask("action", {"upn": PUPILS[0], "action": "notice-to-improve", "parent": "p1", "override": OVERRIDE}))
    tell(desk.ask("action", {"upn": PUPILS[1], "action": "referral", "fields": {"reasons": COMMENT}}))
    tell(desk.ask("fact", {"upn": PUPILS[0], "fact": "social-worker", "text": OFFICER}))
    tell(desk.ask("query", {"what": "pupil", "upn": school.upn_of("356100126999")}))
    client.socket.send(b"no frame")
    check(client.receive().status == 400)
    refused[400] = 1
    check(desk.done("cursor", {"cursor": CURSOR, "position": 1}).status == 200)
    client.close()
    desk.close()
    return taken, refused


def stranger(daemon):
    """Somebody with a key that was never granted; comes again until it is counted."""
    path = os.path.join(daemon.folder, "stranger.identity")
    daemon.cli("keygen", path)

    def knocked():
        client = Client(daemon.endpoint, daemon.server_key, path)
        try:
            client.ask("hello", timeout=0.5)
            check(False, "a stranger was let in")
        except Silent:
            pass
        client.close()
        return daemon.client().query("stats")["counters"]["handshakes_refused"] > 0
    wait_for("a refused handshake", knocked)


def says_what_was_done(metrics, taken, refused, alerts):
    check(metrics["attend_up"] == 1 and metrics["attend_healthy"] == 1)
    check(metrics.of("attend_build_info") == [1])
    check(metrics["attend_pupils"] == len(PUPILS) and metrics["attend_submissions_repeated_total"] == 1, metrics.samples)
    check(metrics["attend_submissions_total"] >= taken, metrics["attend_submissions_total"], taken)
    check(metrics["attend_marks_total"] >= 200 and metrics["attend_rows_refused_total"] >= 1)
    for status, times in refused.items():
        check(metrics.of("attend_refused_total", status=str(status)) == [times], "refused", status, times,
              metrics.of("attend_refused_total", status=str(status)))
    check(sum(metrics.of("attend_refused_total")) == sum(refused.values()))
    check(metrics["attend_handshakes_refused_total"] >= 1 and metrics["attend_frames_malformed_total"] == 0)
    check(metrics["attend_commit_seconds_count"] > 20 and 0 < metrics["attend_commit_seconds_sum"] < 600)
    check(metrics["attend_commit_events_sum"] <= metrics["attend_log_events_total"])
    check(metrics["attend_memory_own_bytes"] > 1 << 20 and metrics["attend_map_used_bytes"] > 1 << 15)
    check(abs(metrics["attend_start_time_seconds"] - time.time()) < 300 and metrics["attend_cpu_seconds_total"] > 0)
    check(sum(metrics.of("attend_problem")) == 0 and len(metrics.of("attend_problem")) == 5)
    check(metrics.of("attend_subscriber_unread_alerts", role="officer") == [min(alerts, 100)], alerts,
          metrics.of("attend_subscriber_unread_alerts"))


def nothing_private(where, text):
    for word in PRIVATE:
        check(word.lower() not in text.lower(), where, "holds", word)


# ---- the exporter ----

class Exporter:
    def __init__(self, daemon, identity, *arguments):
        self.process = subprocess.Popen(
            [daemon.attend, "exporter", "--listen", "127.0.0.1:*", "--timeout", "2", *arguments], env=daemon.environment(identity),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        word, self.url = self.process.stdout.readline().split()
        check(word == "ready" and self.url.startswith("http://127.0.0.1:"), word, self.url)

    def get(self, path="/metrics", method="GET"):
        request = urllib.request.Request(self.url.replace("/metrics", path), method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as page:
                return page.status, page.headers, page.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=30)
        check(self.process.returncode == 0 and out == "", self.process.returncode, out)
        return err


def exports(daemon, monitor):
    exporter = Exporter(daemon, monitor)
    status, headers, text = exporter.get()
    check(status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", status, headers)
    page, printed = Metrics(text), metrics_of(daemon, monitor)[0]
    check(page.names == printed.names and page["attend_up"] == 1)
    promtool("check", "metrics", input=text)
    nothing_private("the exporter's page", text)
    check(exporter.get("/health")[::2] == (200, "well\n"))
    status, headers, text = exporter.get(method="HEAD")
    check(status == 200 and text == "" and int(headers["Content-Length"]) > 1000)
    check(exporter.get("/nothing")[0] == 404 and exporter.get("/")[0] == 200)
    for method in ("POST", "PUT", "DELETE"):
        status, headers, _ = exporter.get(method=method)
        check(status == 405 and headers["Allow"] == "GET, HEAD", method, status)
    # The daemon goes; the exporter says so, and finds it again.
    check(daemon.stop() == 0)
    status, _, text = exporter.get()
    check(status == 200 and Metrics(text).samples == {("attend_up", ()): 0}, status, text)
    check([exporter.get("/health")[0] for _ in range(3)] == [503] * 3)
    daemon.start()
    wait_for("the daemon is found again", lambda: Metrics(exporter.get()[2])["attend_up"] == 1)
    check(exporter.get("/health")[0] == 200)
    said = exporter.end()
    check(1 <= said.count("can't be reached") == said.count("answers again") < 4, "each once, whatever was scraped meanwhile:", said)
    return said


def wrong_use(daemon, monitor):
    for listen in ("9570", "127.0.0.1:", ":9570", "nowhere.invalid:1"):
        done = daemon.cli("exporter", "--listen", listen, identity=monitor, check=False)
        check(done.returncode == 2 and listen in done.stderr, listen, done.returncode, done.stderr)
    for command in (("exporter", "--json"), ("stats", "--prometheus", "--json"), ("watch", "--forget"), ("watch", "--forget", "--name", "x", "--from", "1")):
        done = daemon.cli(*command, identity=monitor, check=False)
        check(done.returncode == 2 and "--" in done.stderr, command, done.returncode, done.stderr)
    done = daemon.cli("exporter", "--server-key", "/nowhere", identity=monitor, check=False)
    check(done.returncode == 2 and "/nowhere" in done.stderr, done.returncode, done.stderr)


def wait_for(what, so, seconds=60):
    ends = time.monotonic() + seconds
    while not so():
        check(time.monotonic() < ends, "not in %d s:" % seconds, what)
        time.sleep(0.05)


# ---- health ----

class Sick(run_with_daemon.Daemon):
    """A daemon whose disk is ill when told to."""

    def __init__(self, attendd, attend, **more):
        super().__init__(attendd, attend, **more)
        self.words = os.path.join(self.folder, "sick")
        os.environ["ATTEND_SICK"] = self.words

    def ill(self, words):
        with open(self.words, "w", encoding="ascii") as file:
            file.write(words)

    def health(self):
        """(exit status, reasons)."""
        done = self.cli("health", "--json", check=False)
        return done.returncode, json.loads(done.stdout)["reasons"] if done.stdout else None

    def ended(self):
        """Its exit status, where it ends by itself."""
        status = self.process.wait(60)
        self.process.stdout.close()
        self.process = None
        return status

    def is_ill(self, reason):
        def so():
            status, reasons = self.health()
            return status == 1 and reason in reasons
        wait_for(reason, so)
        told = self.cli("health", check=False)
        check(told.returncode == 1 and told.stdout == "" and told.stderr, told)
        check("problem-began problem=" + reason in self.log_text(), "the journal says nothing of", reason)

    def is_well(self):
        wait_for("health", lambda: self.health() == (0, []))
        told = self.cli("health", check=False)
        check(told.returncode == 0 and told.stdout == "well\n" and told.stderr == "", told)


def roster(daemon, n, size=40, timeout=30):
    client = daemon.client()
    reply = client.ask("roster", {"urn": URN, "pupils": [{"upn": school.upn_of("3561001%05d" % n), "surname": "x" * size}]}, timeout=timeout)
    client.close()
    return reply.status


def unhealthy(sick, attend):
    with Sick(sick, attend, clock="system") as daemon:
        daemon.ill("")
        daemon.start()
        daemon.is_well()
        daemon.ill("full")
        daemon.is_ill("disk-full")
        check(roster(daemon, 1) == 300)
        daemon.ill("")
        daemon.is_well()
        daemon.ill("failing")
        check(roster(daemon, 1) == 300)
        daemon.is_ill("commit-failing")
        wait_for("it is taken", lambda: roster(daemon, 1) == 200)  # for a second it thinks itself full
        daemon.is_well()
        check("problem-ended problem=commit-failing" in daemon.log_text())
        # A disk that does nothing any more: it ends without a word to the sender, and nobody answers.
        daemon.ill("dead")
        client = daemon.client()
        client.send("roster", {"urn": URN, "pupils": [{"upn": school.upn_of("356100199998"), "surname": "x"}]})
        check(daemon.ended() == 4 and client.receive(timeout=0) is None)
        client.close()
        check(daemon.cli("health", "--timeout", "1", check=False).returncode == 3)
        daemon.ill("")
        daemon.start()
        daemon.is_well()
        check(daemon.stop() == 0)
        # A map with no room left.
        daemon.ill("small")
        daemon.start()
        n = 2
        while roster(daemon, n, 4000) == 200:
            n += 1
            check(n < 2000)
        daemon.is_ill("map-full")
        check(daemon.stop() == 0)
        daemon.ill("")
        daemon.start()
        daemon.is_well()
        check(roster(daemon, n) == 200 and daemon.stop() == 0)
        # Damaged: it does not start, and nobody answers.
        damage(os.path.join(daemon.data, "data.mdb"))
        done = subprocess.run([daemon.attendd, "run", "--data", daemon.data, "--listen", "tcp://127.0.0.1:*"], capture_output=True, text=True)
        check(done.returncode == 1 and "event=open-failed" in done.stderr and "damaged" in done.stderr, done.returncode, done.stderr)
        check(daemon.cli("health", "--timeout", "1", check=False).returncode == 3)
        nothing_private("the journal", daemon.log_text())


def damage(path):
    """Turns round one letter of the pathway's source, which the store holds under a checksum."""
    with open(path, "r+b") as file:
        bytes = file.read()
        at = bytes.index(b"notice-to-improve:")
        file.seek(at)
        file.write(bytes[at:at + 1].upper())


def held(attendd, attend):
    """A start long before the last event is at a doubtful time: held until somebody confirms it."""
    with run_with_daemon.Daemon(attendd, attend, clock="2090-01-01T09:00:00Z") as daemon:
        daemon.start()
        check(roster(daemon, 1) == 200 and daemon.stop() == 0)
        daemon.clock = "system"
        daemon.start()
        done = daemon.cli("health", check=False)
        check(done.returncode == 1 and "attend clock --confirm" in done.stderr, done.returncode, done.stderr)
        check(Metrics(daemon.cli("stats", "--prometheus").stdout).of("attend_problem", reason="clock-held") == [1])
        daemon.cli("clock", "--confirm")
        check(daemon.cli("health", check=False).returncode == 0)
        check(daemon.stop() == 0)
        check("problem-began problem=clock-held" in daemon.log_text() and "problem-ended problem=clock-held" in daemon.log_text())


# ---- dashboard, rules, the page of docs ----

def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def named_in(text):
    return set(re.findall(r"\battend_[a-z0-9_]+\b", text))


def files_agree(metrics, stats):
    dashboard = json.loads(read("monitoring", "grafana-attend.json"))
    rules = yaml.safe_load(read("monitoring", "attend.rules.yml"))
    shown = named_in(json.dumps(dashboard))
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    for where, names in [("dashboard", shown)] + [(rule["alert"], named_in(rule["expr"])) for rule in alerts]:
        check(names and names <= metrics.names, where, "names what is not there:", sorted(names - metrics.names))
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in shown}
    check(set(metrics.kinds) <= families | {"attend_build_info"}, "shown nowhere:", sorted(set(metrics.kinds) - families))
    ids = [panel["id"] for panel in dashboard["panels"]]
    check(len(ids) == len(set(ids)) and all(p["targets"] for p in dashboard["panels"] if p["type"] != "row"))
    for rule in alerts:
        check(rule["labels"]["severity"] in ("page", "ticket") and {"summary", "description"} <= set(rule["annotations"]), rule)
    tried = read("monitoring", "attend.rules.test.yml")
    for rule in alerts:
        check("name: %s fires" % rule["alert"] in tried and "name: %s does not" % rule["alert"] in tried, rule["alert"])
    promtool("check", "rules", os.path.join(FOLDER, "attend.rules.yml"))
    promtool("test", "rules", "attend.rules.test.yml", cwd=FOLDER)
    # What the daemon counts has a metric, or is part of one that has.
    header = read("client", "prometheus.h")
    parts = {"commits", "deadlines_fired", "deadlines_late_ms", "refused_form", "refused_role", "refused_content", "refused_room"}
    for group in ("counters", "gauges", "histograms"):
        for name in stats[group]:
            check('"%s"' % name in header or name in parts, "no metric for", name)
    page = read("docs", "monitoring.md")
    for name in metrics.kinds:
        check("`%s`" % name in page, "docs/monitoring.md lacks", name)
    for rule in alerts:
        check("`%s`" % rule["alert"] in page, "docs/monitoring.md lacks", rule["alert"])
    events = re.findall(r'X\(\w+, \w+, "([a-z-]+)", "([0-9a-f]{32})"', read("daemon", "journal_events.h"))
    check(len(events) > 20)
    check(re.findall(r"^\| `([a-z-]+)` \| `([0-9a-f]{32})` \|", page, re.M) == events, "docs/monitoring.md's events are not the header's")
    known = {event for event, _ in events}
    return known


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    run_with_daemon.add_programs(parser)
    parser.add_argument("--sick", required=True)
    args = parser.parse_args()
    with run_with_daemon.Daemon(args.attendd, args.attend, CLOCK, keep=args.keep) as daemon:
        daemon.start()
        connector = daemon.grant("connector", "connector", (URN,))
        officer = daemon.grant(OFFICER, "officer")
        monitor = daemon.grant("monitor", "monitor")
        taken, refused = busy(daemon, connector, officer)
        stranger(daemon)
        alerts = len(daemon.cli("alerts", "--json").stdout.splitlines())
        check(alerts > 2, "alerts", alerts)
        metrics, text = metrics_of(daemon, monitor)
        says_what_was_done(metrics, taken, refused, alerts)
        stats = daemon.cli("stats", "--json", identity=monitor).stdout
        shown = daemon.cli("stats", identity=monitor).stdout
        check("Subscribers" in shown and "officer" in shown and "your role does not allow it" in shown, shown)
        for where, what in (("the metrics", text), ("stats", stats + shown), ("health", daemon.cli("health").stdout)):
            nothing_private(where, what)
        known = files_agree(metrics, json.loads(stats))
        said = exports(daemon, monitor)
        nothing_private("the exporter's standard error", said)
        wrong_use(daemon, monitor)
        check(daemon.stop() == 0)
        log = daemon.log_text()
        nothing_private("the journal", log)
        for line in log.splitlines():
            match = re.match(r"<[2-5]>event=([a-z-]+)( |$)", line)
            check(match and match.group(1) in known, "a line that is no event of the list:", line)
        check({"ready", "handshakes-refused", "stopping", "ended"} <= set(re.findall("event=([a-z-]+)", log)), log)
    held(args.attendd, args.attend)
    unhealthy(args.sick, args.attend)
    print("all as it must be")


if __name__ == "__main__":
    sys.exit(main())
