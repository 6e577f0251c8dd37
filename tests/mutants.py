#!/usr/bin/env python3
"""Plants the mistakes of tests/mutants/ one at a time and looks which test notices.

Each NAME.patch begins with what the mistake is and with `finds:`, a regular expression of the tests that should
notice it first. A copy of the tree is spoilt with it, what those tests need is built (every warning is an error, as
always; without sanitizers, so that what notices is an assertion), and they are played in the hint's order; if none
notices, all the others are, cheapest first. It stops at the first that fails, and plays that one once more without the
mistake: where it fails all the same, it proves nothing.

  mutants.py [--build build-mutants] [--minutes M] [--anew] [NAME ...]
  mutants.py --check        each patch still applies; builds nothing

What was found is kept in the build folder as long as the code stays what it is, so that a long run can be stopped and gone on with.

SPDX-License-Identifier: Apache-2.0"""
import argparse
import collections
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATCHES = ROOT / "tests" / "mutants"
LEFT_OUT = re.compile(r"^(build.*|\.git|node_modules|__pycache__|.*\.egg-info)$")
# Of the tests that no mutant can concern, or that take minutes to say what others say in seconds.
NOT_PLAYED = re.compile(r"^(mutants_apply|outside-runbook|outside-pages|systemd_unit|python-wheel|outside-importers)$")


class Planted:
    def __init__(self, path):
        self.name, self.path = path.stem, path
        text = path.read_text()
        head = text.split("\n--- ")[0]
        found = re.search(r"^finds: (.+)$", head, re.M)
        self.what = " ".join(head.split("\nfinds:")[0].split())
        self.finds = found[1].strip() if found else None
        self.text = text
        self.files = re.findall(r"^\+\+\+ b/(\S+)", text, re.M)


def patch(folder, planted, *how):
    return subprocess.run(["patch", "-p1", "--fuzz=0", "--silent", "--force", "--no-backup-if-mismatch", *how, "-i", str(planted.path)], cwd=folder,
                          capture_output=True, text=True)


def check(all_planted):
    """Every patch says what it is, and applies."""
    wrong = 0
    for p in all_planted:
        done = patch(ROOT, p, "--dry-run")
        why = "has no line `finds: REGEX` before its first hunk" if not p.finds else "does not say what the mistake is" if not p.what else \
              f"no longer applies, so nobody plants it: make it anew for the code as it is now\n{done.stdout}{done.stderr}" if done.returncode else ""
        if why:
            wrong += 1
            print(f"tests/mutants/{p.path.name}: {why}")
    print(f"{len(all_planted)} planted mistakes, {wrong} of them wrong")
    return 1 if wrong or len(all_planted) < 25 else 0


def copy_tree(to):
    """The tree as it is, without touching what has not changed, so that little is built anew."""
    wanted = set()
    for folder, names, files in os.walk(ROOT):
        names[:] = [n for n in names if not LEFT_OUT.match(n)]
        for name in files:
            source = pathlib.Path(folder) / name
            path = source.relative_to(ROOT)
            target = to / path
            wanted.add(path)
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
                os.utime(target)
    for folder, names, files in os.walk(to):
        for name in files:
            path = pathlib.Path(folder) / name
            if path.relative_to(to) not in wanted and "__pycache__" not in path.parts:
                path.unlink()


def digest_of(tree):
    """Of what mistakes are planted in. Another test takes nothing back that was found."""
    whole = hashlib.sha256()
    for part in ("proto", "casework", "store", "pathways", "daemon", "client"):
        for path in sorted(p for p in (tree / part).rglob("*") if p.suffix in (".c", ".h")):
            whole.update(str(path.relative_to(tree)).encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:16]


class Bench:
    def __init__(self, folder):
        self.tree, self.build = folder / "tree", folder / "planted"
        copy_tree(self.tree)
        self.digest = digest_of(self.tree)
        subprocess.run(["cmake", "-S", str(self.tree), "-B", str(self.build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.programs = {}  # of each test, what has to be built; ctest itself names none that isn't there yet
        told = (self.build / "tests" / "CTestTestfile.cmake").read_text()
        for name, command in re.findall(r"^add_test\((?:\[=\[)?([\w.-]+)(?:\]=\])? (.*)\)$", told, re.M):
            if not NOT_PLAYED.match(name):
                inside = [os.path.relpath(w, self.build) for w in re.findall(r'"([^"]*)"', command)
                          if w.startswith(str(self.build) + "/")]
                self.programs[name] = [w for w in inside if "/" not in w]
        self.seconds_file = folder / "seconds.json"
        self.seconds = json.loads(self.seconds_file.read_text()) if self.seconds_file.exists() else {}

    def make(self, tests):
        targets = sorted({p for t in tests for p in self.programs[t]})
        return subprocess.run(["ninja", "-C", str(self.build), "-j2", *targets], capture_output=True, text=True) if targets else None

    def play(self, test):
        """None: it passes; else how it fails, in a line."""
        begun = time.time()
        done = subprocess.run(["ctest", "-R", f"^{re.escape(test)}$", "--output-on-failure"], cwd=self.build, capture_output=True, text=True,
                              env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
        if "(Not Run)" in done.stdout:
            sys.exit(f"{test} could not be started:\n{done.stdout}")
        if done.returncode == 0:
            self.seconds[test] = round(time.time() - begun, 2)
            return None
        return said(done.stdout)

    def first(self, finds):
        """The hinted tests, in the order in which the hint names them, then by how long they take."""
        parts = finds.split("|")

        def place(test):
            return next(i for i, part in enumerate(parts) if re.search(part, test)), self.seconds.get(test, 1)
        return sorted((t for t in self.programs if re.search(finds, t)), key=place)

    def rest(self, played):
        return sorted((t for t in self.programs if t not in played), key=lambda t: self.seconds.get(t, 1))


def said(output):
    """What an assertion, a sanitizer or a script said first."""
    lines = [x.strip() for x in output.splitlines()]
    for pattern in (r"\[ +ERROR +\] --- (.+)", r"(?:.*?: )?(\S+:\d+: .*Assertion .*)", r".*runtime error: (.+)", r".*ERROR: AddressSanitizer: (\S+)",
                    r"(?:AssertionError|\w+Error|Wrong|Failed)\b:? ?(.+)", r"(.*\b(?:FAIL|failed|wrong|expected|lost|but)\b.*)"):
        for x in lines:
            m = re.match(pattern, x)
            if m and "tests failed" not in x and "Test #" not in x:
                return m[1][:110]
    return "(timeout)" if "Timeout" in output else next((x[:110] for x in reversed(lines) if x), "")


def find(bench, p):
    """(test or None, what it said, seconds, tests played)"""
    begun, played = time.time(), 0
    if patch(bench.tree, p).returncode:
        return "does not apply", "make it anew for the code as it is now", 0, 0
    try:
        hinted = bench.first(p.finds)
        for group in (hinted, bench.rest(hinted)):
            made = bench.make(group)
            if made and made.returncode:
                error = next((x for x in made.stdout.splitlines() if "error:" in x), made.stdout[-200:])
                return "does not compile", error.strip()[:140], 0, played
            for test in group:
                played += 1
                how = bench.play(test)
                if how is not None and test not in hinted:
                    how = bench.play(test)  # one that nobody thought of: by chance, perhaps, on a busy machine
                if how is not None:
                    return test, how, time.time() - begun, played
        return None, "", time.time() - begun, played
    finally:
        patch(bench.tree, p, "--reverse")
        for name in p.files:
            os.utime(bench.tree / name)


def find_for_sure(bench, p, well):
    """What found it must pass without it: else it proves nothing, and is left out."""
    while True:
        result = find(bench, p)
        test = result[0]
        if test not in bench.programs or test in well:
            return result
        bench.make([test])
        how = bench.play(test)
        if how is None:
            well.add(test)
            return result
        print(f"fails without any mistake, and is left out: {test}: {how}", flush=True)
        del bench.programs[test]


def main():
    words = argparse.ArgumentParser(description="plants the mistakes of tests/mutants/ and looks which test notices")
    words.add_argument("names", nargs="*", help="these alone")
    words.add_argument("--build", default=str(ROOT / "build-mutants"))
    words.add_argument("--check", action="store_true", help="only look whether each patch applies")
    words.add_argument("--minutes", type=float, default=1e6, help="stop after so many; the next run goes on")
    words.add_argument("--anew", action="store_true", help="forget what was found before")
    options = words.parse_args()
    all_planted = [Planted(p) for p in sorted(PATCHES.glob("*.patch"))]
    if options.check:
        return check(all_planted)
    unknown = set(options.names) - {p.name for p in all_planted}
    if unknown:
        sys.exit(f"no such file in tests/mutants/: {', '.join(sorted(unknown))}")
    wanted = [p for p in all_planted if not options.names or p.name in options.names]
    folder = pathlib.Path(options.build).resolve()
    folder.mkdir(exist_ok=True)
    bench, begun = Bench(folder), time.time()
    kept_file = folder / "found.json"
    kept = json.loads(kept_file.read_text()) if kept_file.exists() and not options.anew else {}
    stamps = {p.name: bench.digest + hashlib.sha256(p.text.encode()).hexdigest()[:16] for p in wanted}
    left = [p for p in wanted if kept.get(p.name, [None])[0] != stamps[p.name] or kept[p.name][1] is None]
    well = set()  # tests that were seen to pass without any mistake
    for i, p in enumerate(left):
        if (time.time() - begun) / 60 > options.minutes:
            break
        kept[p.name] = [stamps[p.name], *find_for_sure(bench, p, well)]
        kept_file.write_text(json.dumps(kept))
        bench.seconds_file.write_text(json.dumps(bench.seconds))
        rate = (time.time() - begun) / (i + 1)
        print(f"  {i + 1} of {len(left)}: {p.name}: {kept[p.name][1]}; {(len(left) - i - 1) * rate / 60:.0f} min left", file=sys.stderr, flush=True)
    return report(wanted, {p.name: kept[p.name][1:] for p in wanted if kept.get(p.name, [None])[0] == stamps[p.name]}, time.time() - begun)


def report(wanted, results, seconds):
    counts = collections.Counter()
    print(f"{'mistake':34} {'found by':32} {'seconds':>7} {'tests':>5}  what was said")
    for p in wanted:
        test, how, took, played = results.get(p.name, ("not run", "", 0, 0))
        fate = "survived" if test is None else test if test in ("does not apply", "does not compile", "not run") else "found"
        counts[fate] += 1
        print(f"{p.name:34} {test or 'NOTHING':32} {took:7.1f} {played:5}  {how}")
    print(f"{len(wanted)} mistakes: " + ", ".join(f"{n} {fate}" for fate, n in counts.items()) + f"; {seconds:.0f} s in this run")
    return 0 if counts["found"] == len(wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
