#!/usr/bin/env python3
"""Spoils the C of casework/ one place at a time and looks whether a test notices.

Each comparison, sum, shift and "and" or "or" turned, each number one more and one less, each condition
negated, each "not" taken away, each statement left out. Comments, texts, assertions, enumerations and
what the preprocessor makes stay. A mutant is *refused* where the compiler refuses it (with the house's
warnings), *killed* where a test fails, *the same* where the optimised object is byte for byte the same as
without it, and else *survives*. Survivors that are as they should be stand, with the reason, in
tests/survivors-casework.yaml; any other is a failure, and so is one that stands there and no longer survives.

casework is linked as one shared object for this, so that a mutant costs one compilation, one link of thirty
objects, and the tests that execute its line: cheapest and most telling first, as measured. What became of a
mutant is kept in the build folder; a run goes on where the last one stopped, and asks survivors again when
the tests have changed.

  mutate_casework.py --build build-mutants/casework [--file civil.c] [--only TEXT] [--sample N --seed S]
                     [--minutes M] [--survivors] [--list] [--verbose]

SPDX-License-Identifier: Apache-2.0"""
import argparse
import collections
import hashlib
import json
import os
import pathlib
import random
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEPT = ROOT / "tests" / "survivors-casework.yaml"
TESTS = re.compile(r"(casework|case|stockport|pathway|timing|engine|story|random)_|story-|client_(calendar|letter)$")
NOT_TESTS = re.compile(r"story-runner|pathway_(schema|files)$")
TOKEN = re.compile(r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<directive>^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*)|(?P<number>\b\d\w*(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*)
    |(?P<sign><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[^\s\w])""", re.S | re.M | re.X)
TURNED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "++": "--", "--": "++",
          "+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "<<": ">>", ">>": "<<", "/": "*", "^": "|"}
BINARY = {"+": "-", "-": "+", "&": "|", "|": "&", "*": "/", "%": "/"}
WORDS = {"true": "false", "false": "true"}
TYPES = set("void bool char short int long unsigned signed size_t day_t const static struct enum union return case sizeof".split())
ASSERTIONS = {"pupil_check"}  # functions that do nothing but assert
FILE_MAX = 1 << 30


class Token:
    def __init__(self, match):
        self.kind, self.text, self.at, self.end = match.lastgroup, match.group(), match.start(), match.end()


class Mutant:
    def __init__(self, file, function, line, line_text, what, edit):
        self.file, self.function, self.line, self.what, self.edit = file, function, line, what, edit
        self.id = f"{file}: {function}: {line_text}: {what}"


def tokens_of(source):
    return [t for t in map(Token, TOKEN.finditer(source)) if t.kind not in ("comment", "directive")]


def pairs(tokens):
    """Where each bracket has its other end."""
    other, open_ = {}, []
    for i, t in enumerate(tokens):
        if t.text in ("(", "[", "{") and t.kind == "sign":
            open_.append(i)
        elif t.text in (")", "]", "}") and t.kind == "sign" and open_:
            other[i] = open_.pop()
            other[other[i]] = i
    return other


def skipped(tokens, other):
    """What is asserted, and what an enumeration says."""
    out = set()
    for i, t in enumerate(tokens):
        if t.text in ("assert", "_Static_assert") and tokens[i + 1].text == "(":
            out |= set(range(i, other[i + 1] + 1))
        if t.text == "enum":
            brace = i + 1 if tokens[i + 1].text == "{" else i + 2
            if tokens[brace].text == "{" and brace in other:
                out |= set(range(i, other[brace] + 1))
        if t.text == "case" or (t.text == "struct" and i + 1 < len(tokens) and tokens[i + 1].text == "{"):
            end = other.get(i + 1) if t.text == "struct" else next(j for j in range(i, len(tokens)) if tokens[j].text == ":")
            out |= set(range(i, end + 1))
    return out


def functions(tokens, other):
    """[(name, first token, last token)] of what stands at the outermost level with braces."""
    out, i = [], 0
    while i < len(tokens):
        if tokens[i].text == "{":
            name = next((tokens[j - 1].text for j in range(i, 0, -1)
                         if tokens[j].text == "(" and tokens[j - 1].kind == "word"), "")
            if tokens[i - 1].text != ")":  # a table
                name = next((tokens[j].text for j in range(i, 0, -1) if tokens[j].text == "=" or tokens[j].text == "struct"), "")
                name = next((tokens[j - 1].text for j in range(i, 0, -1) if tokens[j].text in ("[", "=") and tokens[j - 1].kind == "word"), name)
            out.append((name, i, other[i]))
            i = other[i]
        i += 1
    return out


def statements(tokens, other, first, last):
    """(first, last token) of each that may be left out: no declaration, no label."""
    starts = {first + 1}
    for i in range(first, last):
        t = tokens[i]
        if t.text in (";", "{", "}") or t.text in ("else", "do"):
            starts.add(i + 1)
        elif t.text == ")" and tokens[other[i] - 1].text in ("if", "for", "while", "switch"):
            starts.add(i + 1)
        elif t.text == ":" and tokens[i - 1].text != "?" and any(tokens[j].text in ("case", "default") for j in range(max(i - 4, 0), i)):
            starts.add(i + 1)
    for start in sorted(starts):
        t = tokens[start]
        if t.kind not in ("word", "sign") or t.text in ("{", "}", ";", "else", "do", "if", "for", "while", "switch", "case", "default"):
            continue
        if t.text in TYPES - {"return"} or re.fullmatch(r"u?int\d+_t", t.text):
            continue
        end, depth = start, 0
        while end < last and (tokens[end].text != ";" or depth):
            if tokens[end].text in ("(", "[", "{") and end in other:
                end = other[end]
            end += 1
        body = tokens[start:end]
        if len(body) > 1 and body[0].kind == "word" and body[1].kind == "word" and body[0].text not in ("return", "goto"):
            continue  # a declaration of a type of ours
        if tokens[end].text == ";" and body:
            yield start, end


class Spoiler:
    def __init__(self, path):
        self.source = path.read_text()
        self.file, self.mutants, self.seen = path.name, [], collections.Counter()
        self.tokens = tokens_of(self.source)
        self.other = pairs(self.tokens)
        self.skip = skipped(self.tokens, self.other)
        for name, first, last in functions(self.tokens, self.other):
            if name not in ASSERTIONS:
                self.function(name, first, last)

    def add(self, name, start, end, text, what):
        line = self.source.count("\n", 0, start) + 1
        whole = " ".join(self.source.split("\n")[line - 1].split())
        mutant = Mutant(self.file, name, line, whole, what, (start, end, text))
        self.seen[mutant.id] += 1
        if self.seen[mutant.id] > 1:
            mutant.id += f" ({self.seen[mutant.id]})"
        self.mutants.append(mutant)

    def function(self, name, first, last):
        tokens, other = self.tokens, self.other
        for i in range(first, last):
            t, before = tokens[i], tokens[i - 1]
            if i in self.skip:
                continue
            value = before.kind in ("word", "number") and before.text not in TYPES or before.text in (")", "]")
            if t.kind == "sign" and t.text in TURNED:
                self.add(name, t.at, t.end, TURNED[t.text], f"{t.text} made {TURNED[t.text]}")
            elif t.kind == "sign" and t.text in BINARY and value and not self.pointer(i):
                self.add(name, t.at, t.end, BINARY[t.text], f"{t.text} made {BINARY[t.text]}")
            elif t.text == "!" and t.kind == "sign":
                self.add(name, t.at, t.end, "", "! left out")
            elif t.text in WORDS:
                self.add(name, t.at, t.end, WORDS[t.text], f"{t.text} made {WORDS[t.text]}")
            elif t.kind == "number":
                self.number(name, t)
            elif t.text in ("if", "while") and tokens[i + 1].text == "(":
                open_, close = tokens[i + 1], tokens[other[i + 1]]
                condition = self.source[open_.end:close.at]
                self.add(name, open_.end, close.at, f"!({condition})", f"{t.text} negated")
        for start, end in statements(tokens, other, first, last):
            if start in self.skip:
                continue
            at, to = tokens[start].at, tokens[end].end
            blank = re.sub(r"[^\n]", " ", self.source[at:to])
            self.add(name, at, to, "{}" + blank[2:], "left out")

    def number(self, name, t):
        match = re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)", t.text)
        if not match:
            return
        n = int(match[1], 0)
        for step in (1, -1):
            if n + step >= 0:
                self.add(name, t.at, t.end, f"{n + step}{match[2]}", f"{t.text} made {n + step}")

    def pointer(self, i):
        """The * of a declaration or cast."""
        return self.tokens[i].text == "*" and (self.tokens[i + 1].text in (")", "*", "const") or
                                               self.tokens[i - 2].text in ("struct", "const", "{", ";", "("))


def run(command, cwd, cpu_s, environment):
    """(status, seconds of processor): an endless loop is ended by the processor's clock, not by the wall's."""
    def limits():
        resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s) + 1, int(cpu_s) + 2))
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_MAX, FILE_MAX))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=limits)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    return status, used.ru_utime + used.ru_stime


class Bench:
    """The build folder: compiling, linking, and the tests with what each executes."""

    def __init__(self, build, room):
        self.build, self.room = pathlib.Path(build).resolve(), pathlib.Path(room)
        commands = {pathlib.Path(c["file"]).name: shlex.split(c["command"]) for c in json.loads((self.build / "compile_commands.json").read_text())
                    if pathlib.Path(c["file"]).parent == ROOT / "casework"}
        self.compiler = {name: c[:c.index("-o")] for name, c in commands.items()}
        self.objects = {name: self.build / "casework" / "CMakeFiles" / "attend-casework.dir" / (name + ".o") for name in commands}
        self.rest = [str(self.build / "proto" / "libattend-proto.a"), "-lmsgpackc"]
        self.environment = dict(os.environ, TMPDIR=str(self.room), LD_LIBRARY_PATH=str(self.room))
        self.tests = self.find_tests()
        self.fingerprint = hashlib.sha256(b"".join(p.read_bytes() for p in sorted({pathlib.Path(t["command"][0]) for t in self.tests.values()}))
                                          + b"".join(p.read_bytes() for p in sorted((ROOT / "tests" / "stories").glob("*.yaml")))).hexdigest()[:16]

    def find_tests(self):
        told = json.loads(subprocess.run(["ctest", "--show-only=json-v1"], cwd=self.build, capture_output=True, check=True).stdout)
        out = {}
        for t in told["tests"]:
            if TESTS.match(t["name"]) and not NOT_TESTS.match(t["name"]):
                where = next((p["value"] for p in t.get("properties", []) if p["name"] == "WORKING_DIRECTORY"), str(self.build / "tests"))
                out[t["name"]] = {"command": t["command"], "where": where}
        return out

    def compile(self, name, source, out, extra=()):
        folder = self.room / "casework"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(source)
        # From a path that is always the same, so that objects can be compared.
        command = self.compiler[name] + list(extra) + ["-o", str(out), "-c", f"casework/{name}"]
        return subprocess.run(command, cwd=self.room, capture_output=True).returncode == 0

    def link(self, objects, extra=()):
        out = self.room / "libattend-casework.so"
        out.unlink(missing_ok=True)
        subprocess.run(["cc", "-shared", "-Wl,-soname,libattend-casework.so", *extra, "-o", str(out), *map(str, objects), *self.rest], check=True)

    def play(self, name, cpu_s):
        test = self.tests[name]
        return run(test["command"], test["where"], cpu_s, self.environment)

    def stamp_of(self, test, objects):
        """What a test is made of: its program, and what it reads of the stories."""
        read = [pathlib.Path(self.tests[test]["command"][0])] + [ROOT / w for w in self.tests[test]["command"][1:] if w.endswith(".yaml")]
        return objects + hashlib.sha256(b"".join(p.read_bytes() for p in read if p.exists())).hexdigest()[:16]

    def learn(self):
        """{test: [seconds, {file: lines executed}]}, by one run of each over counted objects."""
        kept = self.build / "executed.json"
        told = json.loads(kept.read_text()) if kept.exists() else {}
        objects = hashlib.sha256(b"".join(o.read_bytes() for o in sorted(self.objects.values()))).hexdigest()[:16]
        stamps = {t: self.stamp_of(t, objects) for t in self.tests}
        left = [t for t in self.tests if told.get(t, [None])[0] != stamps[t]]
        if left:
            print(f"what each of {len(left)} tests executes ...", file=sys.stderr, flush=True)
            lines = self.count_lines(left)
            self.link(self.objects.values())
            for test in left:  # once more as mutants are played, for the seconds
                told[test] = [stamps[test], self.play(test, 300)[1], lines[test]]
            kept.write_text(json.dumps(told))
        return {t: told[t][1:] for t in self.tests}

    def count_lines(self, tests):
        folder, counted = self.build / "counted", []
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in sorted(self.compiler):
            out = folder / (name + ".o")
            command = self.compiler[name] + ["--coverage", "-O0", "-U_FORTIFY_SOURCE", "-o", str(out), "-c", str(ROOT / "casework" / name)]
            subprocess.run(command, cwd=folder, check=True)
            counted.append(out)
        self.link(counted, ["--coverage"])
        executed = {}
        for test in tests:
            for old in folder.glob("*.gcda"):
                old.unlink()
            if self.play(test, 300)[0]:
                sys.exit(f"the test {test} fails without a mutant: mend that first")
            gcda = sorted(p.name for p in folder.glob("*.gcda"))
            lines = {}
            said = subprocess.run(["gcov", "--json-format", "--stdout", *gcda], cwd=folder, capture_output=True, text=True).stdout
            for document in said.splitlines():
                for f in json.loads(document)["files"]:
                    if pathlib.Path(f["file"]).parent.name == "casework" and f["file"].endswith(".c"):
                        lines.setdefault(pathlib.Path(f["file"]).name, set()).update(x["line_number"] for x in f["lines"] if x["count"])
            executed[test] = {f: sorted(x) for f, x in lines.items()}
        return executed


class Run:
    def __init__(self, bench, options):
        self.bench, self.options = bench, options
        self.executed = {t: (used, {f: set(x) for f, x in lines.items()}) for t, (used, lines) in bench.learn().items()}
        self.killers = collections.Counter()
        self.file = bench.build / "mutants.jsonl"
        self.known = {}
        if self.file.exists():
            for line in self.file.read_text().splitlines():
                row = json.loads(line)
                self.known[row["id"], row["source"]] = row
                if row["fate"] == "killed":
                    self.learn_killer(row["id"], row["by"])
        self.objects = {}

    def learn_killer(self, mutant, by):
        file, function = mutant.split(": ", 2)[:2]
        self.killers[file, by] += 1
        self.killers[file, function, by] += 1

    def order(self, mutant):
        """Tests that execute the line: those first that cost little for how often they have told."""
        lines = set(range(mutant.line - 1, mutant.line + 4))  # a statement may be reckoned to another of its lines
        quick = {t: e for t, e in self.executed.items() if e[0] <= self.options.longest}
        those = [t for t, (_, executed) in quick.items() if executed.get(mutant.file, set()) & lines]
        if mutant.function in ("one_off",) or not those and mutant.function.isupper():
            those = [t for t, (_, executed) in quick.items() if mutant.file in executed]

        def cost(test):
            told = 8 * self.killers[mutant.file, mutant.function, test] + self.killers[mutant.file, test]
            return (self.executed[test][0] + 0.004) / (1 + told)
        return sorted(those, key=cost)

    def same_code(self, mutant, source, spoilt):
        one, other = self.bench.room / "one.o", self.bench.room / "other.o"
        if mutant.file not in self.objects:
            self.bench.compile(mutant.file, source, one, ["-O2", "-w"])
            self.objects[mutant.file] = one.read_bytes()
        return self.bench.compile(mutant.file, spoilt, other, ["-O2", "-w"]) and other.read_bytes() == self.objects[mutant.file]

    def fate(self, mutant, source):
        start, end, text = mutant.edit
        spoilt = source[:start] + text + source[end:]
        out = self.bench.room / "spoilt.o"
        if not self.bench.compile(mutant.file, spoilt, out):
            return "refused", ""
        self.bench.link([out if name == mutant.file else o for name, o in self.bench.objects.items()])
        tests, spent = self.order(mutant), 0
        for n, test in enumerate(tests):
            spent += self.executed[test][0]
            if spent > self.options.budget:
                return self.unnoticed(mutant, source, spoilt, f"{n} of {len(tests)} tests")
            status, used = self.bench.play(test, 10 * self.executed[test][0] + 2)
            if status:
                self.learn_killer(mutant.id, test)
                return "killed", test
        return self.unnoticed(mutant, source, spoilt, f"{len(tests)} tests")

    def unnoticed(self, mutant, source, spoilt, said):
        return ("same" if self.same_code(mutant, source, spoilt) else "survived"), said

    def go(self, mutants, sources):
        begun, deadline = time.time(), time.time() + 60 * self.options.minutes
        stamps = {name: hashlib.sha256(s.encode()).hexdigest()[:16] for name, s in sources.items()}
        results, left = {}, []
        for m in mutants:
            row = self.known.get((m.id, stamps[m.file]))
            stands = row and (row["fate"] in ("killed", "refused", "same") or
                              row["tests"] == self.bench.fingerprint and row["budget"] >= self.options.budget)
            if stands and not self.options.anew:
                results[m.id] = row["fate"]
            else:
                left.append((m, row))
        left.sort(key=lambda pair: not pair[1])  # survivors of before first
        if self.options.survivors:
            left = [pair for pair in left if pair[1]]
        told = 0
        with self.file.open("a") as kept:
            for n, (m, _) in enumerate(left):
                if time.time() > deadline:
                    break
                fate, by = self.fate(m, sources[m.file])
                results[m.id] = fate
                kept.write(json.dumps({"id": m.id, "source": stamps[m.file], "tests": self.bench.fingerprint, "budget": self.options.budget,
                                       "fate": fate, "by": by}) + "\n")
                kept.flush()
                if self.options.verbose or fate == "survived":
                    print(f"{fate:9} {m.id}   [casework/{m.file}:{m.line}; {by}]", flush=True)
                if time.time() - told > 15:
                    told, rate = time.time(), (n + 1) / (time.time() - begun)
                    print(f"  {n + 1} of {len(left)}, {rate:.1f} a second, {(len(left) - n - 1) / rate / 60:.0f} min left",
                          file=sys.stderr, flush=True)
        return results, time.time() - begun


def explained():
    if not KEPT.exists():
        return {}
    return {m: group["because"] for group in (yaml.safe_load(KEPT.read_text()) or []) for m in group["survivors"]}


def report(mutants, results, files, options, seconds):
    reasons, wrong, rows = explained(), 0, collections.defaultdict(collections.Counter)
    for m in mutants:
        fate = results.get(m.id, "not run")
        if fate == "survived" and m.id in reasons:
            fate = "explained"
        elif fate == "survived":
            wrong += 1
            print(f"SURVIVED: casework/{m.file}:{m.line}: {m.id}")
        elif fate in ("killed", "refused", "same") and m.id in reasons:
            wrong += 1
            print(f"{fate.upper()}: {m.id} (stands in {KEPT.name})")
        rows[m.file][fate] += 1
    named = {m.id for m in mutants}
    for stale in [m for m in reasons if m not in named and not (options.only or options.sample) and m.split(":")[0] in files]:
        wrong += 1
        print(f"GONE: {KEPT.name} names what is no mutant: {stale}")
    fates = ("killed", "refused", "same", "explained", "survived", "not run")
    print(f"{'':20}{'mutants':>9}" + "".join(f"{f:>11}" for f in fates))
    for name in sorted(rows) + [""]:
        row = rows[name] if name else sum(rows.values(), collections.Counter())
        print(f"{name or 'all':20}{sum(row.values()):>9}" + "".join(f"{row[f]:>11}" for f in fates))
    print(f"{seconds:.0f} s in this run")
    return 1 if wrong else 0


def main():
    words = argparse.ArgumentParser(description="spoils the C of casework/ place by place and plays the tests")
    words.add_argument("--build", default=str(ROOT / "build-mutants" / "casework"))
    words.add_argument("--file", action="append", help="this file alone: civil.c; may be given again")
    words.add_argument("--only", help="those mutants alone whose name holds this")
    words.add_argument("--sample", type=int, help="so many mutants alone, drawn at random")
    words.add_argument("--seed", type=int, default=1, help="of that draw")
    words.add_argument("--minutes", type=float, default=1e6, help="stop after so many; the next run goes on")
    words.add_argument("--budget", type=float, default=1, help="seconds of tests a mutant, of those that execute its line; 100: all")
    words.add_argument("--longest", type=float, default=4, help="leave out the tests that take longer than so many seconds")
    words.add_argument("--survivors", action="store_true", help="only those again that have survived and that no newer test was tried on")
    words.add_argument("--anew", action="store_true", help="forget what became of them before")
    words.add_argument("--list", action="store_true", help="name the mutants, and play none")
    words.add_argument("--verbose", action="store_true", help="say of each what killed it")
    options = words.parse_args()
    files = options.file or sorted(p.name for p in (ROOT / "casework").glob("*.c"))
    spoilers = {f: Spoiler(ROOT / "casework" / f) for f in files}
    mutants = [m for s in spoilers.values() for m in s.mutants if not options.only or options.only in m.id]
    if options.sample and options.sample < len(mutants):
        print(f"{options.sample} of {len(mutants)} mutants, drawn with seed {options.seed}")
        drawn = set(random.Random(options.seed).sample(range(len(mutants)), options.sample))
        mutants = [m for i, m in enumerate(mutants) if i in drawn]
    if options.list:
        print("\n".join(m.id for m in mutants))
        return 0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as room:
        results, seconds = Run(Bench(options.build, room), options).go(mutants, {f: s.source for f, s in spoilers.items()})
    return report(mutants, results, files, options, seconds)


if __name__ == "__main__":
    sys.exit(main())
