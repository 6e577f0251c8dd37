#!/usr/bin/python3
"""report_push.py RUNS FOLDER MODE - the runs of run.sh's push as push.md.

Ratios are taken within each round, and the median of the rounds is given with its range.

SPDX-License-Identifier: Apache-2.0
"""
import collections
import os
import shutil
import statistics
import sys
import time

import report

NAMES = (("copy", "`psql \\copy` into a table keyed by pupil, day and session"), ("push", "**`attend push`**"),
         ("spool", "**`attend push --spool`**: kept on disk first, each school in order"))


def main():
    runs, folder, mode = sys.argv[1:4]
    rounds = collections.defaultdict(dict)
    with open(runs, encoding="ascii") as file:
        for line in file:
            number, name, rows, seconds, rate, memory, processor = line.split()
            rounds[int(number)][name] = {"rows": int(rows), "seconds": float(seconds), "rate": float(rate),
                                         "memory": int(memory) / 2**20, "processor": float(processor)}
    rounds = list(rounds.values())
    values = lambda name, what: [one[name][what] for one in rounds]
    lines = ["# Pushing a file", "",
             "%s, %s. %s rows of CSV, ten schools, session by session, into an empty store; %d round%s%s. What `attend push` took is"
             % (time.strftime("%Y-%m-%d"), report.machine(), "{:,}".format(rounds[0]["push"]["rows"]), len(rounds),
                "s" if len(rounds) > 1 else "", " (the quick form: too short to quote)" if mode == "quick" else ""),
             "on disk, encrypted on its way, checked row by row, and in every pupil's figures; `\\copy` commits once.", "",
             "| | rows/s | beside `\\copy` | client's memory at most, MiB | its processor, s |", "|---|---|---|---|---|"]
    for name, text in NAMES:
        ratios = [one[name]["rate"] / one["copy"]["rate"] for one in rounds]
        lines.append("| %s | %s | %s | %s | %s |" % (
            text, report.spread(values(name, "rate")), "" if name == "copy" else report.spread(ratios),
            report.spread(values(name, "memory")), report.spread(values(name, "processor"))))
    lines.append("")
    shutil.copyfile(runs, os.path.join(folder, "push.tsv"))
    with open(os.path.join(folder, "push.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
