#!/usr/bin/python3
"""report_growth.py RUNS FOLDER - what becomes of each figure as an authority grows: growth.md, growth.tsv and growth.svg.

RUNS holds, by size (1, 10, 100, 1,000 times 100 pupils), what run.sh measures of a school year and of deadlines.

SPDX-License-Identifier: Apache-2.0
"""
import os
import subprocess
import sys
import time

import report

# (heading, of the plot, value)
FIGURES = (
    ("us a submission, loading", "loading, a submission", lambda m, rows: 1e6 / rows["year"][0]["rate"]),
    ("own memory (RssAnon) after loading, MiB", None, lambda m, rows: m["rss_anon_loaded"] / 2**20),
    ("the same, bytes a pupil", "memory, a pupil", lambda m, rows: m["rss_anon_loaded"] / m["pupils"]),
    ("bytes a mark on disk", "disk, a mark", lambda m, rows: m["disk_bytes"] / m["marks"]),
    ("ms from start to ready", "start", lambda m, rows: m["open_ms"]),
    ("a pupil as of then, p50, ms", "a pupil as of then, p50", lambda m, rows: rows["as-of"][0]["p50"] / 1e3),
    ("the same, p99, ms", None, lambda m, rows: rows["as-of"][0]["p99"] / 1e3),
    ("verify, us a mark", "verify, a mark", lambda m, rows: 1e3 * m["verify_ms"] / m["marks"]),
    ("us a deadline that falls due", "firing, a deadline", lambda m, rows: 1e6 * rows["deadlines"][0]["seconds"] / rows["deadlines"][0]["count"]),
)
YEAR = 380 # sessions


def main():
    runs, folder = sys.argv[1:]
    measures, rows = {}, {}
    with open(runs, encoding="ascii") as file:
        for line in file:
            size, name, rest = line.rstrip("\n").split("\t", 2)
            if "\t" not in rest:
                measures.setdefault(int(size), {})[name] = float(rest)
    for size, named in report.read(runs)[0].items():
        rows[size] = named
    sizes = sorted(measures)
    for size in sizes:
        measures[size]["pupils"] = measures[size]["marks"] / YEAR
    values = [[value(measures[size], rows[size]) for size in sizes] for _, _, value in FIGURES]
    lines = ["# Growth", "", "%s, %s. A school year of so many pupils, each 380 marks in 30-mark submissions; open deadlines ten"
             % (time.strftime("%Y-%m-%d"), report.machine()), "times as many as pupils, one in a hundred of them due at one instant. One run.", "",
             "| pupils | " + " | ".join("%d" % measures[size]["pupils"] for size in sizes) + " |", "|---|" + "---|" * len(sizes)]
    lines += ["| %s | %s |" % (heading, " | ".join("%.3g" % v for v in line)) for (heading, _, _), line in zip(FIGURES, values)]
    lines += ["", "![growth](growth.svg)", ""]
    with open(os.path.join(folder, "growth.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    plotted = [(title, line) for (_, title, _), line in zip(FIGURES, values) if title]
    with open(os.path.join(folder, "growth.tsv"), "w", encoding="ascii") as file:
        file.write("pupils\t%s\n" % "\t".join(title for title, _ in plotted))
        for n, size in enumerate(sizes):
            file.write("%d\t%s\n" % (measures[size]["pupils"], "\t".join("%.5g" % (line[n] / line[-1]) for _, line in plotted)))
    script = """set terminal svg size 760,420 font 'sans,13' background 'white'
set output 'growth.svg'
set datafile separator '\\t'
set title 'each figure, against what it is at the largest size'
set logscale xy
set grid
set key outside right
set xlabel 'pupils'
plot for [n=2:%d] 'growth.tsv' using 1:n with linespoints lw 2 title columnheader(n)
""" % (len(plotted) + 1)
    subprocess.run(["gnuplot"], input=script, text=True, check=True, cwd=folder)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
