#!/usr/bin/python3
"""year.py - an authority's school year through the daemon, in as little time as it takes.

Five pathways are in force, each chosen by every fifth school. Part by part of the year the
clock goes on, registers and corrections are pushed, actions are recorded on some hundred
pupils' cases, deadlines fall due, schools' calendars change, pathways are loaded again as new
versions, backups are taken and restored, and the daemon is ended or killed and started
again. After each part its memory, its files and the latency of single submissions and questions are
measured. At the end every pupil's figures are compared with the naive model (model.py), the
alerts of Stockport's schools too, and the store is verified.

With --plots the measurements are drawn there: year-memory.svg, year-disk.svg, year-latency.svg.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import datetime
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time

import model as naive
import run_with_daemon
import school
import term

PATHWAYS = os.path.dirname(run_with_daemon.PATHWAY)
COUNCILS = ("stockport", "stockton", "south-tyneside", "three-stage", "wigan")
PROBE_URN, PROBE_UPN = 199999, school.upn_of("356999922001")
PROBES = 200
MEMORY_MAX = 200 << 20


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Cases:
    """Officers at work: on each pupil's case whatever may be recorded next, by chance."""

    def __init__(self, chance, upns):
        self.chance, self.upns = chance, upns
        self.recorded = self.refused = 0

    def value(self, field, today):
        if field.get("values"):
            return self.chance.choice(field["values"])
        return {"yes-no": "yes", "boolean": "yes", "date": today, "number": "1", "integer": "1"}.get(field["type"], "as agreed")

    def step(self, client, upn, today):
        reply = client.ask("query", {"what": "actions", "upn": upn})
        if reply.status != 200:
            return
        may = [item for item in reply.body["items"]
               if not any(lack["bar"] for lack in item["lacks"]) and (not item["lacks"] or item["may_override"])]
        if not may:
            return
        item = self.chance.choice(may[:12])
        body = {"action": item["action"], "upn": upn,
                "fields": {f["name"]: self.value(f, today) for f in item["fields"] if f["required"]}}
        if item["needs_parent"]:
            body["parent"] = "p1"
        if item["lacks"]:
            body["override"] = "agreed at the panel"
        status = client.ask("action", body).status
        self.recorded += status < 300
        self.refused += status >= 300


class Year:
    def __init__(self, args, daemon, seed):
        self.args, self.daemon, self.chance = args, daemon, random.Random(seed)
        self.town = school.make_town(args.pupils, args.schools, args.first, args.last, seed)
        self.folder = os.path.join(daemon.folder, "town")
        self.measured, self.rows, self.backups, self.restarts, self.changes, self.versions = [], 0, 0, 0, 0, 0
        self.flip = 0

    def file(self, name):
        return os.path.join(self.folder, name)

    def begin(self):
        names = school.write_town(self.town, self.folder, self.args.parts)
        self.parts = list(zip(names[::2], names[1::2]))
        self.daemon.start()
        urns = sorted({pupil.urn for pupil in self.town.pupils})
        self.pathway_of, self.urns = {}, urns
        for council in COUNCILS:
            before = self.loaded()
            if council != "stockport":
                self.load(council)
            name = (self.loaded() - before or before).pop()
            for urn in urns[COUNCILS.index(council)::len(COUNCILS)]:
                self.pathway_of[urn] = council
                self.daemon.cli("pathway", "choose", str(urn), name)
        self.connector = self.daemon.grant("connector", "connector", urns + [PROBE_URN])
        self.daemon.cli("calendar", self.file("calendar.csv"))
        self.daemon.cli("roster", self.file("roster.csv"), identity=self.connector)
        self.model = naive.Model(naive.Calendar(self.file("calendar.csv"), school.BANK_HOLIDAYS))
        chosen = self.chance.sample([pupil.upn for pupil in self.town.pupils], self.args.cases)
        self.cases = Cases(self.chance, chosen)

    def loaded(self):
        return {json.loads(line)["name"] for line in self.daemon.cli("pathway", "list", "--json").stdout.splitlines()}

    def load(self, council, note=None):
        """A version of its own needs another text: a line of comment does."""
        path = os.path.join(PATHWAYS, council + ".yaml")
        if note:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            path = os.path.join(PATHWAYS, ".year-%d-%s.yaml" % (os.getpid(), council))  # beside what it includes
            with open(path, "w", encoding="utf-8") as file:
                file.write(text + "# %s\n" % note)
        try:
            self.daemon.cli("pathway", "load", path)
        finally:
            if note:
                os.remove(path)

    # ---- what goes on beside the registers ----

    def work_on_cases(self, today):
        client = self.daemon.client(timeout=120)
        for upn in self.cases.upns:
            for _ in range(self.chance.choice((0, 1, 1, 2))):
                self.cases.step(client, upn, today)
        client.close()

    def change_calendar(self, day):
        """A school's own calendar gets an INSET day that is still to come, and loses it again."""
        urn = self.chance.choice(self.urns)
        path = self.file("own.csv")
        with open(self.file("calendar.csv"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        coming = (day + datetime.timedelta(days=1)).isoformat()
        for extra in ([coming + "," + coming + ",inset,training"], []):
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(lines + extra) + "\n")
            self.daemon.cli("calendar", "--school", str(urn), path)
            self.changes += 1

    def back_up(self):
        copy, where = os.path.join(self.daemon.folder, "copy"), os.path.join(self.daemon.folder, "restored")
        self.daemon.cli("backup", copy)
        self.daemon.run([self.daemon.attendd, "restore", copy, "--data", where])
        self.daemon.run([self.daemon.attendd, "verify", "--data", where])
        shutil.rmtree(where)
        os.remove(copy)
        os.remove(copy + ".key")
        self.backups += 1

    def start_again(self, number):
        if number % 2:
            self.daemon.kill()
        elif self.daemon.stop() != 0:
            raise SystemExit("attendd did not end well:\n" + self.daemon.log_text())
        self.daemon.start()
        self.restarts += 1

    # ---- what is measured ----

    def probe(self, day):
        client, connector = self.daemon.client(timeout=120), self.daemon.client(self.connector, timeout=120)
        sent, asked = [], []
        while day.weekday() > 4:
            day -= datetime.timedelta(days=1)
        for number in range(PROBES):
            self.flip += 1
            began = time.perf_counter()
            connector.done("marks", {"urn": str(PROBE_URN),
                                     "registers": [[day.isoformat(), "AM", [[PROBE_UPN, "/L"[self.flip % 2]]]]]})
            sent.append(time.perf_counter() - began)
            upn = self.chance.choice(self.town.pupils).upn
            began = time.perf_counter()
            client.query("pupil", upn=upn)
            asked.append(time.perf_counter() - began)
        client.close()
        connector.close()
        return sent, asked

    def measure(self, day):
        sent, asked = self.probe(day)
        with open("/proc/%d/status" % self.daemon.process.pid, encoding="ascii") as file:
            memory = next(int(line.split()[1]) << 10 for line in file if line.startswith("RssAnon"))
        disk = sum(os.stat(os.path.join(self.daemon.data, name)).st_blocks * 512 for name in os.listdir(self.daemon.data))
        row = {"day": day.isoformat(), "rows": self.rows, "rss_anon": memory, "disk": disk,
               "submit_p50_us": statistics.median(sent) * 1e6, "submit_p99_us": percentile(sent, 0.99) * 1e6,
               "query_p50_us": statistics.median(asked) * 1e6, "query_p99_us": percentile(asked, 0.99) * 1e6}
        self.measured.append(row)
        print("%(day)s %(rows)d marks, %(mib).0f MiB of memory, %(each).2f bytes a mark, submission p50 %(submit_p50_us).0f us, "
              "question p50 %(query_p50_us).0f us" % dict(row, mib=memory / 2**20, each=disk / max(1, self.rows)), flush=True)

    def run(self):
        sessions = len(self.town.days) * 2
        for number, (marks, corrections) in enumerate(self.parts, 1):
            last = self.town.days[(sessions * number // len(self.parts) - 1) // 2]
            self.daemon.cli("clock", last.isoformat() + "T17:00:00Z", "--timeout", "600")
            for name in (marks, corrections):
                count = term.count_rows(name)
                term.push(self.daemon, self.connector, name, count)
                self.model.feed(name)
                os.remove(name)
                self.rows += count
            self.work_on_cases(last.isoformat())
            self.change_calendar(last)
            if number % 3 == 0:
                self.load(self.chance.choice(COUNCILS), "part %d" % number)
                self.versions += 1
            if number % 4 == 0 or number == len(self.parts):
                self.back_up()
            self.measure(last)
            self.start_again(number)

    def compare(self):
        differences = term.Differences()
        pupils = {upn: self.model.pupil(upn) for upn in self.model.upns()}
        client = self.daemon.client(timeout=120)
        figures = term.compare_figures(client, self.model, pupils, differences)
        stockports = {pupil.upn for pupil in self.town.pupils if self.pathway_of[pupil.urn] == "stockport"}
        alerts = term.compare_alerts(client, {upn: pupils[upn] for upn in stockports}, differences,
                                     others={pupil.upn for pupil in self.town.pupils} | {PROBE_UPN})
        open_cases = sum("case" in client.query("actions", upn=upn) for upn in self.cases.upns)
        client.close()
        return figures, alerts, differences.count, open_cases


def plot(folder, rows):
    os.makedirs(folder, exist_ok=True)
    data = os.path.join(folder, "year.tsv")
    with open(data, "w", encoding="ascii") as file:
        file.write("\t".join(rows[0]) + "\n")
        for row in rows:
            file.write("\t".join(str(value) for value in row.values()) + "\n")
    if not shutil.which("gnuplot"):
        print("no gnuplot here: %s is not drawn" % data)
        return
    pictures = (("memory", "own memory, MiB", "(column('rss_anon')/2**20) with linespoints title 'RssAnon'"),
                ("disk", "bytes a mark on disk", "(column('disk')/column('rows')) with linespoints title 'all files'"),
                ("latency", "microseconds", "'submit_p50_us' with linespoints, '' using 'rows':'submit_p99_us' with linespoints, "
                 "'' using 'rows':'query_p50_us' with linespoints, '' using 'rows':'query_p99_us' with linespoints"))
    for name, title, what in pictures:
        subprocess.run(["gnuplot"], text=True, check=True, cwd=folder, input=(
            "set terminal svg size 760,360 font 'sans,13' background 'white'\nset output 'year-%s.svg'\nset datafile separator '\\t'\n"
            "set key autotitle columnhead left\nset ylabel '%s'\nset xlabel 'marks'\nset yrange [0:*]\nset grid ytics\n"
            "plot 'year.tsv' using 'rows':%s\n" % (name, title, what)))


def run(args, seed):
    clock = args.first.isoformat() + "T07:00:00Z"
    began = time.monotonic()
    with run_with_daemon.Daemon(args.attendd, args.attend, clock, keep=args.keep) as daemon:
        year = Year(args, daemon, seed)
        year.begin()
        year.run()
        figures, alerts, differ, open_cases = year.compare()
        ended = daemon.stop()
        verified = daemon.verify()
    print("%d pupils, %d marks, %d actions (%d refused), %d restarts, %d backups restored, %d changes of a calendar, %d new versions, %d cases open: "
          "%d figures and %d alerts compared, %d differ; verify %d; %.0f s"
          % (args.pupils, year.rows, year.cases.recorded, year.cases.refused, year.restarts, year.backups, year.changes, year.versions,
             open_cases, figures, alerts, differ, verified.returncode,
             time.monotonic() - began))
    faults = []
    if ended != 0 or verified.returncode != 0:
        faults.append("attendd ended with %d, verify with %d: %s%s" % (ended, verified.returncode, verified.stdout, verified.stderr))
    if max(row["rss_anon"] for row in year.measured) > MEMORY_MAX:
        faults.append("more than %d MiB of memory" % (MEMORY_MAX >> 20))
    if not year.cases.recorded or not alerts or figures < 11 * args.pupils:
        faults.append("too little to compare: the town is too small or too well")
    for fault in faults:
        print("FAULT", fault)
    if args.plots:
        plot(args.plots, year.measured)
    return 1 if faults or differ else 0


def main():
    parser = argparse.ArgumentParser(description="an authority's school year through the daemon")
    run_with_daemon.add_programs(parser)
    parser.add_argument("--pupils", type=int, default=60000)
    parser.add_argument("--schools", type=int)
    parser.add_argument("--parts", type=int, default=13)
    parser.add_argument("--cases", type=int, default=900)
    parser.add_argument("--from", dest="first", type=datetime.date.fromisoformat, default=datetime.date(2026, 9, 1))
    parser.add_argument("--to", dest="last", type=datetime.date.fromisoformat, default=datetime.date(2027, 7, 21))
    parser.add_argument("--plots", metavar="FOLDER")
    parser.add_argument("--seed", type=int)
    args = parser.parse_args()
    args.schools = args.schools or max(len(COUNCILS), args.pupils // 840)
    return run(args, run_with_daemon.seed_of(args.seed))


if __name__ == "__main__":
    sys.exit(main())
