#!/usr/bin/python3
"""report.py RUNS FOLDER MODE - the runs of run.sh as a table and plots.

A ratio is taken within each round, of two runs of the same minute, and the median
of the rounds is given with its range: the disk of a shared machine drifts by a
factor of two within the hour, and figures of different minutes can't be compared.

SPDX-License-Identifier: Apache-2.0
"""
import collections
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time

REGISTER = 30  # marks

# (what, of what, against what, must be at least, at most): the targets
Ratio = collections.namedtuple("Ratio", "text value least most")


def read(path):
    """rounds: {round: {name: [row]}}, measures: {name: value}."""
    rounds, measures = collections.defaultdict(lambda: collections.defaultdict(list)), {}
    with open(path, encoding="ascii") as file:
        for line in file:
            cells = line.rstrip("\n").split("\t")
            if len(cells) == 3:
                measures[cells[1]] = float(cells[2])
                continue
            number, name, window, count, seconds, rate, p50, p99 = cells[:8]
            rounds[int(number)][name].append({
                "window": int(window), "count": int(count), "seconds": float(seconds), "rate": float(rate),
                "p50": float(p50), "p99": None if p99 == "-" else float(p99)})
    return rounds, measures


def best_postgres(one, form):
    return max(one["postgres-" + form], key=lambda row: row["rate"])


def disk_p50(one):
    return statistics.median(row["p50"] for row in one["fdatasync"])


RATIOS = (
    Ratio("attendd, window 1,000, sent in bundles of up to 16 and answered together (as libattend does) / bare CURVE ROUTER, "
          "sent one by one, that acks one by one",
          lambda one: one["attend"][0]["rate"] / one["bare"][0]["rate"], 0.5, None),
    Ratio("the same, sent one by one to both",
          lambda one: one["attend-single"][0]["rate"] / one["bare"][0]["rate"], 0.5, None),
    Ratio("the same, attendd answering one by one too",
          lambda one: one["attend-each"][0]["rate"] / one["bare"][0]["rate"], 0.5, None),
    Ratio("sent in the same bundles to both, attendd answering together, the bare ROUTER one by one",
          lambda one: one["attend"][0]["rate"] / one["bare-bundles"][0]["rate"], None, None),
    Ratio("attendd as in the first line, five pathways in force, each chosen by a fifth of the schools / bare CURVE ROUTER",
          lambda one: one["attend-five"][0]["rate"] / one["bare"][0]["rate"], 0.5, None),
    Ratio("attendd, window 1,000 / Redis XADD, appendfsync always, one connection, window 1,000",
          lambda one: one["attend"][0]["rate"] / one["redis"][0]["rate"], 1.5, None),
    Ratio("attendd, window 10,000, in bundles, answering together / Redis XADD, appendfsync always, 50 connections, 20 on their way on each",
          lambda one: one["attend-wide"][0]["rate"] / one["redis-many"][0]["rate"], 1, None),
    Ratio("attendd / PostgreSQL, 30-row inserts, session from a sequence, best of 1, 8 and 32 connections (marks a second)",
          lambda one: one["attend"][0]["rate"] / best_postgres(one, "simple")["rate"], 25, None),
    Ratio("the same, PostgreSQL with prepared statements and no sequence",
          lambda one: one["attend"][0]["rate"] / best_postgres(one, "prepared")["rate"], 25, None),
    Ratio("attendd one at a time, p50 / (fdatasync 4 KiB p50 + CURVE round trip p50)",
          lambda one: one["attend-one"][0]["p50"] / (disk_p50(one) + one["bare-one"][0]["p50"]), None, 2),
)


def verdict(value, least, most):
    if least is None and most is None:
        return ""
    if least is not None and value < least or most is not None and value > most:
        return "**missed**"
    return "met"


def wanted(least, most):
    if least is None and most is None:
        return ""
    return "at least %g" % least if least is not None else "at most %g" % most


def spread(values):
    return "%.3g (%.3g to %.3g)" % (statistics.median(values), min(values), max(values))


def ratio_lines(rounds):
    yield "| ratio | median (range) | wanted | |"
    yield "|---|---|---|---|"
    for ratio in RATIOS:
        values = [ratio.value(one) for one in rounds]
        middle = statistics.median(values)
        yield "| %s | %s | %s | %s |" % (ratio.text, spread(values), wanted(ratio.least, ratio.most),
                                         verdict(middle, ratio.least, ratio.most))


def rate_lines(rounds):
    yield "| | submissions/s | marks/s | p50 us | p99 us |"
    yield "|---|---|---|---|---|"
    rows = [("fdatasync of 4 KiB", "fdatasync", None), ("bare CURVE ROUTER, window 1,000", "bare", None),
            ("the same, sent in bundles", "bare-bundles", None),
            ("**attendd**, window 1,000, in bundles, answering together", "attend", None),
            ("**attendd**, the same with five pathways", "attend-five", None),
            ("**attendd**, window 1,000, sent one by one, answering together", "attend-single", None),
            ("**attendd**, window 1,000, answering one by one", "attend-each", None),
            ("**attendd**, window 10,000, in bundles, answering together", "attend-wide", None),
            ("Redis, window 1,000", "redis", None), ("Redis, 50 connections, 20 on their way on each", "redis-many", None)]
    for form in ("simple", "prepared"):
        rows += [("PostgreSQL, %s, %d connection%s" % (form, c, "s" if c > 1 else ""), "postgres-" + form, c)
                 for c in (1, 8, 32)]
    rows += [("CURVE round trip", "bare-one", None), ("**attendd**, one at a time", "attend-one", None)]
    for text, name, window in rows:
        found = [row for one in rounds for row in one[name] if window is None or row["window"] == window]
        rate = spread([row["rate"] for row in found])
        marks = "" if name == "fdatasync" else "%.3g" % (statistics.median(row["rate"] for row in found) * REGISTER)
        tail = [row["p99"] for row in found if row["p99"] is not None]
        yield "| %s | %s | %s | %s | %s |" % (text, rate, marks, spread([row["p50"] for row in found]),
                                              spread(tail) if tail else "")


def year_lines(measures, asked):
    marks = measures["marks"]
    rows = [
        ("own memory (RssAnon) after loading it, MiB", measures["rss_anon_loaded"] / 2**20, None, 100),
        ("own memory (RssAnon) after opening it, MiB", measures["rss_anon_opened"] / 2**20, None, 100),
        ("bytes a mark on disk, all told", measures["disk_bytes"] / marks, None, 8),
        ("seconds from start to ready", measures["open_ms"] / 1e3, None, 2),
    ]
    for row in asked["as-of"]:
        rows.append(("a pupil as of then, asked of a daemon just started, %d pupils: p50, ms" % row["count"], row["p50"] / 1e3, None, 20))
        rows.append(("the same, p99, ms", row["p99"] / 1e3, None, 20))
    for row in asked["deadlines"]:
        rows.append(("%d deadlines that fall due at one instant, of a million, fired, told of and on disk, ms" % row["count"],
                     row["seconds"] * 1e3, None, 100))
    for row, slept in zip(asked["alerts"], asked["sleeping"]):
        rows.append(("from a mark to its alert at each of %d subscribers, 10,000 submissions and 100 alerts a second: p50, ms" % row["window"],
                     row["p50"] / 1e3, None, None))
        rows.append(("the same, p99, ms", row["p99"] / 1e3, None, 10 if row["window"] == 500 else None))
        rows.append(("how late a thread wakes meanwhile that slept for a millisecond: p99, ms", slept["p99"] / 1e3, None, None))
    if "replay_marks_per_s" in measures:
        rows.append(("marks replayed a second, with every hash (of 30-mark submissions)", measures["replay_marks_per_s"], 12e6, None))
    # verify does more than replay (it compares every projection), so it is a lower bound.
    rows.append(("marks verified a second (`attendd verify`, replay and comparison)",
                 marks / (measures["verify_ms"] / 1e3), 5e6, None))
    yield "| a school year of 100,020 pupils: %.3g marks | | wanted | |" % marks
    yield "|---|---|---|---|"
    for text, value, least, most in rows:
        yield "| %s | %.4g | %s | %s |" % (text, value, wanted(least, most), verdict(value, least, most))


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    versions = []
    for command in (["redis-server", "--version"], ["psql", "--version"]):
        if shutil.which(command[0]):
            versions.append(" ".join(subprocess.run(command, capture_output=True, text=True).stdout.split()[:3]))
    return "%d x %s, Linux %s; %s" % (os.cpu_count(), models[0] if models else platform.machine(),
                                      platform.release(), "; ".join(versions))


def plot(folder, rounds):
    """Bars of marks a second, and of latencies one at a time: SVG by gnuplot."""
    middle = lambda name, what: statistics.median(one[name][0][what] for one in rounds)
    throughput = [("bare CURVE ROUTER", middle("bare", "rate")), ("attendd", middle("attend", "rate")),
                  ("Redis", middle("redis", "rate")),
                  ("PostgreSQL", statistics.median(best_postgres(one, "prepared")["rate"] for one in rounds))]
    latency = [("fdatasync 4 KiB", statistics.median(disk_p50(one) for one in rounds)),
               ("CURVE round trip", middle("bare-one", "p50")), ("attendd, one at a time", middle("attend-one", "p50"))]
    for name, title, rows, scale in (("throughput", "marks a second, window 1,000 (log scale)", throughput, REGISTER),
                                     ("latency", "p50, microseconds", latency, 1)):
        data = os.path.join(folder, name + ".tsv")
        with open(data, "w", encoding="ascii") as file:
            for text, value in rows:
                file.write("%s\t%.1f\n" % (text, value * scale))
        script = """set terminal svg size 760,360 font 'sans,13' background 'white'
set output '%s'
set datafile separator '\\t'
set title '%s'
set style fill solid 0.8
set boxwidth 0.6
unset key
set grid ytics
%s
plot '%s' using 0:2:xtic(1) with boxes lc rgb '#2b6777', '' using 0:2:(sprintf('%%.3g', $2)) with labels offset 0,0.7
""" % (name + ".svg", title,
       "set logscale y; set yrange [10000:3e7]" if name == "throughput" else "set yrange [0:*]", os.path.basename(data))
        if shutil.which("gnuplot"):
            subprocess.run(["gnuplot"], input=script, text=True, check=True, cwd=folder)


def main():
    runs, folder, mode = sys.argv[1:4]
    by_round, measures = read(runs)
    rounds = [by_round[number] for number in sorted(by_round) if number > 0]
    lines = ["# Benchmarks", "",
             "%s, %s. %s; %s, each round within the same minute%s."
             % (time.strftime("%Y-%m-%d"), machine(),
                "Registers of 30 marks over CURVE, durable and projected, 100,020 pupils known, classes in random order",
                "%d rounds" % len(rounds) if len(rounds) > 1 else "one round",
                " (the quick form: too short to quote)" if mode == "quick" else ""),
             "The peers are sent the same bytes (PostgreSQL the same marks) over UNIX sockets, without encryption; each",
             "has its data on the disk before it answers, except the bare ROUTER, which keeps nothing.", ""]
    lines += list(ratio_lines(rounds)) + [""] + list(rate_lines(rounds)) + [""] + list(year_lines(measures, by_round[0])) + [""]
    lines += ["![throughput](throughput.svg)", "", "![latency](latency.svg)", ""]
    shutil.copyfile(runs, os.path.join(folder, "runs.tsv"))
    with open(os.path.join(folder, "table.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    plot(folder, rounds)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
