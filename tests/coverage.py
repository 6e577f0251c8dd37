#!/usr/bin/env python3
"""coverage.py COUNTS.json [PATH ...]: what gcovr counted, a line a folder; fails under 95 % of lines or 90 % of branches.

`daemon/` counts as two: the shell, which is what `shell_sources` in daemon/CMakeLists.txt and main.c are, and the engine,
which is all else. The shell is shown and not held to the figures: sockets, signals and systemd are tried from outside,
by processes that are killed before they can tell gcov.
A PATH (a file or a folder) lists what no test reached in it: `-` a line, `?` a line of which a branch is missing.

Not counted: the way out of an assert that fails, and with --exclude-unreachable-branches and --exclude-throw-branches
what the compiler adds where no source stands. Nothing else is.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINES, BRANCHES = 95.0, 90.0
WANTED = ("casework", "store", "proto", "daemon: engine")
ASSERT = re.compile(r"\bassert\(")


def shell() -> set[str]:
    with open(os.path.join(TOP, "daemon/CMakeLists.txt"), encoding="utf-8") as file:
        found = re.search(r"set\(shell_sources([^)]*)\)", file.read())
    assert found
    return {name.rsplit(".", 1)[0] for name in found.group(1).split()} | {"main"}


def assert_lines(source: list[str]) -> set[int]:
    """Those of each assert from its word to its semicolon."""
    lines, inside = set(), False
    for number, text in enumerate(source, 1):
        inside = inside or bool(ASSERT.search(text))
        if inside:
            lines.add(number)
            inside = not text.rstrip().endswith(";")
    return lines


class File:
    def __init__(self, counts: dict) -> None:
        self.path = counts["file"]
        with open(os.path.join(TOP, self.path), encoding="utf-8") as file:
            self.source = file.read().splitlines()
        asserts = assert_lines(self.source)
        self.lines = {line["line_number"]: line["count"] for line in counts["lines"] if not line["gcovr/noncode"]}
        self.branches = {
            line["line_number"]: [branch["count"] for branch in line["branches"]]
            for line in counts["lines"]
            if not line["gcovr/noncode"] and line["branches"] and line["line_number"] not in asserts
        }

    def figures(self) -> list[int]:
        branches = [count for counts in self.branches.values() for count in counts]
        return [
            sum(count > 0 for count in self.lines.values()), len(self.lines),
            sum(count > 0 for count in branches), len(branches),
        ]

    def folder(self, shells: set[str]) -> str:
        folder, name = self.path.split("/", 1)
        if folder != "daemon":
            return folder
        return "daemon: shell" if name.rsplit(".", 1)[0] in shells else "daemon: engine"

    def missed(self) -> None:
        for number, count in sorted(self.lines.items()):
            branches = "".join("x" if count == 0 else "." for count in self.branches.get(number, []))
            if count == 0 or "x" in branches:
                print(f"{self.path}:{number}: {'?' if count else '-'} {branches:10} {self.source[number - 1].strip()}")


def share(done: int, of: int) -> float:
    return 100.0 * done / of if of else 100.0


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        files = [File(counts) for counts in json.load(file)["files"]]
    if len(sys.argv) > 2:
        for one in files:
            if any(one.path == path or one.path.startswith(path.rstrip("/") + "/") for path in sys.argv[2:]):
                one.missed()
        return 0
    shells, sums, failed = shell(), {}, False
    for one in files:
        sums.setdefault(one.folder(shells), []).append((one.path, one.figures()))
    print(f"{'':28} {'lines':>20} {'branches':>24}")
    for folder, rows in sorted(sums.items()):
        total = [sum(row[1][i] for row in rows) for i in range(4)]
        lines, branches = share(*total[:2]), share(*total[2:])
        short = folder in WANTED and (lines < LINES or branches < BRANCHES)
        failed |= short
        print(f"{folder:28} {total[0]:6} of {total[1]:6} {lines:5.1f} % {total[2]:8} of {total[3]:6} {branches:5.1f} %"
              f"{'  too little' if short else '' if folder in WANTED else '  (not held to it)'}")
        for path, row in sorted(rows, key=lambda one: one[1][2] - one[1][3])[:5]:
            if row[2] < row[3]:
                print(f"  {path:26} {row[0]:6} of {row[1]:6} {share(*row[:2]):5.1f} % {row[2]:8} of {row[3]:6} {share(*row[2:]):5.1f} %")
    missing = set(WANTED) - set(sums)
    if missing:
        print("nothing was counted of", ", ".join(sorted(missing)))
    print(f"coverage: {'under' if failed or missing else 'at least'} {LINES:.0f} % of lines and {BRANCHES:.0f} % of branches"
          f" in {', '.join(WANTED)}")
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main())
