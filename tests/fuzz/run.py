#!/usr/bin/python3
"""run.py - drives the fuzzers: `./dev fuzz [TARGET...] [--minutes M]`.

Each target runs under libFuzzer with address and undefined-behaviour sanitizers, on the corpus that is kept
(tests/fuzz/corpus), what earlier runs here found (build-fuzz/corpus) and fresh seeds. A crash, a leak, an input over
five seconds and one that takes 2 GiB are findings; the input stays in build-fuzz/found/TARGET, and the run goes on
until its time is up. How long each target ran and what came of it is kept in build-fuzz/runs.tsv, which --total adds up.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
TOLD_EVERY_S = 30
FINDINGS_MAX = 20      # of one run: more are more of the same
KEPT_BYTES_MAX = 4096  # of an input that --keep takes
KEPT_FILES_MAX = {"engine": 16, "board": 40, "backup": 16, "redo": 40} # else 80: those that take longest have few, for ./dev test's sake


def targets():
    """In the order of CMakeLists.txt."""
    with open(os.path.join(HERE, "CMakeLists.txt"), encoding="utf-8") as file:
        return re.findall(r"^fuzz_target\((\w+)", file.read(), flags=re.M)


class Run:
    def __init__(self, build, target, seconds, seed):
        self.build, self.target, self.seconds = build, target, seconds
        self.program = os.path.join(build, "fuzz-" + target)
        self.corpus = os.path.join(build, "corpus", target)
        self.found = os.path.join(build, "found", target)
        self.kept = os.path.join(HERE, "corpus", target)
        self.log = os.path.join(build, "log-%s.txt" % target)
        self.seed = seed
        self.executions = self.edges = self.inputs = 0
        self.spent = 0.0
        self.findings = []
        for folder in (self.corpus, self.found):
            os.makedirs(folder, exist_ok=True)

    def folders(self):
        places = [self.kept, os.path.join(self.build, "seeds", self.target)]
        return [self.corpus] + [p for p in places if os.path.isdir(p)]

    def arguments(self, seconds):
        arguments = [self.program, "-max_total_time=%d" % max(1, seconds), "-timeout=5", "-rss_limit_mb=2048", "-artifact_prefix=%s/" % self.found,
                     "-print_final_stats=1"]
        words = os.path.join(self.build, "seeds", self.target + ".dict")
        if os.path.exists(words):
            arguments.append("-dict=" + words)
        if self.seed is not None:
            arguments.append("-seed=%d" % self.seed)
        return arguments + self.folders()

    def look(self):
        """(executions, edges, inputs) by the newest line of the log."""
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                lines = re.findall(r"^#(\d+)\s.*?cov: (\d+) .*?corp: (\d+)/", file.read(), flags=re.M)
        except OSError:
            lines = []
        return tuple(int(v) for v in lines[-1]) if lines else (0, 0, 0)

    def once(self, seconds):
        """One process; True: its time was up, and nothing was found."""
        began = told = time.monotonic()
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with open(self.log, "w", encoding="utf-8") as log, tempfile.TemporaryDirectory(prefix="attend-fuzz.", dir=memory) as folder:
            environment = dict(os.environ, TMPDIR=folder, ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1:handle_abort=1",
                               UBSAN_OPTIONS="print_stacktrace=1")
            child = subprocess.Popen(self.arguments(seconds), cwd=TOP, stdout=log, stderr=log, env=environment)
            while True:
                try:
                    child.wait(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    pass
                if time.monotonic() - told >= TOLD_EVERY_S:
                    told = time.monotonic()
                    executions, edges, _ = self.look()
                    print("%s: %d s, %d executions, %d edges, %d findings" % (
                        self.target, told - began + self.spent, executions + self.executions, edges, len(self.findings)), flush=True)
                # an input may hang where no alarm reaches it
                if time.monotonic() - began > seconds + 300:
                    child.kill()
        with open(self.log, encoding="utf-8", errors="replace") as file:
            text = file.read()
        whole = re.search(r"stat::number_of_executed_units: (\d+)", text)
        executions, edges, inputs = self.look()
        self.executions += int(whole.group(1)) if whole else executions
        self.edges, self.inputs = max(self.edges, edges), max(self.inputs, inputs)
        self.spent += time.monotonic() - began
        new = [os.path.basename(p) for p in re.findall(r"Test unit written to (\S+)", text)]
        if child.returncode == 0 and not new:
            return True
        why = re.search(r"(broken: .*|runtime error: .*|SUMMARY: .*|ERROR: libFuzzer: .*)", text)
        self.findings.append((new[0] if new else "no input: see " + self.log, why.group(1) if why else "exit %d" % child.returncode))
        print("%s: FOUND %s\n    %s" % (self.target, self.findings[-1][1], self.findings[-1][0]), flush=True)
        if not new:
            return True  # it does not even start: no use in going on
        shutil.copy(self.log, os.path.join(self.found, new[0] + ".txt"))
        return False

    def run(self):
        if not os.path.exists(self.program):
            self.findings.append(("no program", "%s was not built" % self.program))
            return
        while self.spent < self.seconds and len(self.findings) < FINDINGS_MAX:
            if self.once(self.seconds - self.spent):
                break

    def keep(self):
        """The smallest set of inputs that reaches what all of them reach, those of a size to be kept."""
        with tempfile.TemporaryDirectory(dir=self.build) as merged:
            subprocess.run([self.program, "-set_cover_merge=1", "-use_counters=0", "-max_len=%d" % KEPT_BYTES_MAX, merged] + self.folders(),
                           cwd=TOP, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            chosen = sorted(os.listdir(merged), key=lambda name: -os.path.getsize(os.path.join(merged, name)))[:KEPT_FILES_MAX.get(self.target, 80)]
            os.makedirs(self.kept, exist_ok=True)
            for name in os.listdir(self.kept):
                if re.fullmatch(r"[0-9a-f]{40}", name): # what has a telling name was a finding once, and stays
                    os.remove(os.path.join(self.kept, name))
            for name in chosen:
                shutil.copy(os.path.join(merged, name), os.path.join(self.kept, name))
        print("%s: %d inputs kept" % (self.target, len(chosen)), flush=True)


def table(rows):
    print("\n%-12s %8s %14s %9s %7s %7s  %s" % ("target", "seconds", "executions", "a second", "edges", "inputs", "findings"))
    for name, seconds, executions, edges, inputs, findings in rows:
        print("%-12s %8d %14d %9d %7d %7d  %d" % (name, seconds, executions, executions / max(seconds, 1), edges, inputs, findings))


def total(path):
    """All runs so far, of this build folder."""
    sums = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, seconds, executions, edges, inputs, findings, _ = line.rstrip("\n").split("\t")
            have = sums.setdefault(name, [0, 0, 0, 0, 0])
            sums[name] = [have[0] + int(seconds), have[1] + int(executions),
                          max(have[2], int(edges)), max(have[3], int(inputs)), have[4] + int(findings)]
    table([(name, *values) for name, values in sums.items()])
    print("%.1f hours in all" % (sum(v[0] for v in sums.values()) / 3600))


def main():
    parser = argparse.ArgumentParser(prog="dev fuzz", description="runs the fuzzers, one after the other")
    parser.add_argument("--build", default=os.path.join(TOP, "build-fuzz"), help=argparse.SUPPRESS)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all where none is named: " + " ".join(targets()))
    parser.add_argument("--minutes", type=float, default=10, help="of each target (10)")
    parser.add_argument("--seed", type=int, help="of libFuzzer's choices: with one worker and the same corpus it does the same again")
    parser.add_argument("--keep", action="store_true", help="runs nothing: takes the smallest set of inputs of all runs into tests/fuzz/corpus")
    parser.add_argument("--total", action="store_true", help="runs nothing: adds up all runs so far")
    args = parser.parse_args()
    args.build = os.path.abspath(args.build)
    log = os.path.join(args.build, "runs.tsv")
    if args.total:
        total(log)
        return 0
    unknown = sorted(set(args.targets) - set(targets()))
    if unknown:
        parser.error("no target %s; there are %s" % (unknown[0], " ".join(targets())))
    try:
        commit = subprocess.run(["git", "-C", TOP, "describe", "--always", "--dirty"], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL).stdout.decode().strip()
    except OSError: # no git, so no commit
        commit = "?"
    seeds = os.path.join(args.build, "seeds")
    shutil.rmtree(seeds, ignore_errors=True)
    subprocess.run([sys.executable, os.path.join(HERE, "seeds.py"), "--out", seeds, "--build", args.build], check=True)
    rows, found = [], []
    for name in args.targets or targets():
        run = Run(args.build, name, args.minutes * 60, args.seed)
        if args.keep:
            run.keep()
            continue
        run.run()
        rows.append((name, run.spent, run.executions, run.edges, run.inputs, len(run.findings)))
        found += [(name, *one) for one in run.findings]
        with open(log, "a", encoding="utf-8") as file:
            file.write("%s\t%d\t%d\t%d\t%d\t%d\t%s\n" % (*rows[-1], commit))
    if args.keep:
        size = sum(os.path.getsize(p) for p in glob.glob(os.path.join(HERE, "corpus/*/*")))
        print("%d files, %d KiB" % (len(glob.glob(os.path.join(HERE, "corpus/*/*"))), size / 1024))
        return 0
    table(rows)
    for name, file, why in found:
        print("%s: %s\n    build-fuzz/found/%s/%s" % (name, why, name, file))
    print("%d targets, %d executions, %d findings" % (len(rows), sum(r[2] for r in rows), len(found)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
