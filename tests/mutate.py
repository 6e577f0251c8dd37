#!/usr/bin/env python3
"""Spoils the pathway files one rule at a time and looks whether a story notices.

Of each file: every rule deleted, every number one more and one less, every comparison and
every and/or turned, every "not" taken away, every yes made no, one of each list left out. What
is prose (titles, sources, texts) stays, but each brace of a letter is left out; who may record an action loses and gains each role. A mutant is *refused* where `check` refuses it, *killed*
where a story fails, and else *survives*. Survivors that are as they should be stand, with the
reason, in tests/survivors.yaml; any other is a failure, and so is one that stands there
and no longer survives.

  mutate.py --runner build/attend-story [--file NAME] [--only TEXT] [--jobs 2] [--list]

SPDX-License-Identifier: Apache-2.0"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATHWAYS = ROOT / "pathways"
STORIES = ROOT / "tests" / "stories"
PROSE = {"pathway", "title", "source", "clause", "text", "text down", "breach text", "ask", "lack", "if unknown", "stages", "include", "heading", "item"}
ROLES = ("school", "lead", "officer", "manager")
TURNED = {">=": ">", ">": ">=", "<=": "<", "<": "<=", "=": "!=", "!=": "="}


class Mutant:
    """One spoilt file: what was done where, and the edits (start, end, text) that do it."""

    def __init__(self, file, path, what, edits, line, clauses):
        self.id = f"{file}: {path}: {what}"
        self.file, self.edits, self.line, self.clauses = file, edits, line, clauses

    def spoil(self, source):
        for start, end, text in sorted(self.edits, reverse=True):
            source = source[:start] + text + source[end:]
        return source


def blank(text):
    """Spaces, so that every line stays where it was."""
    return re.sub(r"[^\n]", " ", text)


class Spoiler:
    def __init__(self, file, source):
        self.file, self.source, self.mutants = file, source, []

    def add(self, path, what, edits, line, clauses):
        self.mutants.append(Mutant(self.file, path, what, edits, line, clauses))

    def end_of(self, node):
        """Where a node's own text ends: libyaml ends a block where the next begins."""
        return node.start_mark.index + len(self.source[node.start_mark.index:node.end_mark.index].rstrip())

    def without(self, start, node, flow):
        end = self.end_of(node)
        if flow:  # with one comma
            after = re.match(r"\s*,\s*", self.source[end:])
            before = re.search(r",\s*$", self.source[:start])
            if after:
                end += after.end()
            elif before:
                start = before.start()
        return start, end, blank(self.source[start:end])

    def delete(self, start, node, path, clauses, flow):
        self.add(path, "deleted", [self.without(start, node, flow)], node.start_mark.line + 1, clauses)

    def roles(self, action, path, clauses):
        """Who may record: each role left out (of those who may override too), each other let in."""
        lists = {k.value: v for k, v in action.value if k.value in ("may record", "may override") and v.value}
        record = lists["may record"]
        for role in ROLES:
            edits = [self.without(n.start_mark.index, n, True) for v in lists.values() if len(v.value) > 1
                     for n in v.value if n.value == role]
            if role in [n.value for n in record.value]:
                if len(record.value) > 1:
                    self.add(path, f"{role} may not", edits, record.start_mark.line + 1, clauses)
            else:
                self.add(path, f"{role} may", [(record.start_mark.index + 1,) * 2 + (role + ", ",)], record.start_mark.line + 1, clauses)

    def scalar(self, node, path, clauses):
        text = self.source[node.start_mark.index:node.end_mark.index]
        at, line = node.start_mark.index, node.start_mark.line + 1

        def change(match, new, what):
            self.add(path, what, [(at + match.start(), at + match.end(), new)], line, clauses)

        if text in ("yes", "no"):
            new = "no" if text == "yes" else "yes"
            self.add(path, f"{text} made {new}", [(at, at + len(text), new)], line, clauses)
        for i, m in enumerate(re.finditer(r"(?<![\w-])\d+(?![\w-])", text)):
            for step in (1, -1):
                if int(m.group()) + step >= 0:
                    change(m, str(int(m.group()) + step), f"number {i + 1} ({m.group()}) {step:+d}")
        for i, m in enumerate(re.finditer(r"<=|>=|!=|<|>|(?<=\s)=(?=\s)", text)):
            change(m, TURNED[m.group()], f"comparison {i + 1} ({m.group()}) made {TURNED[m.group()]}")
        for i, m in enumerate(re.finditer(r"(?<= )(and|or)(?= )", text)):
            new = "or" if m.group() == "and" else "and"
            change(m, new, f"{m.group()} {i + 1} made {new}")
        for i, m in enumerate(re.finditer(r"\bnot (?=[\w(])", text)):
            change(m, "", f"not {i + 1} left out")

    def braces(self, node, path, clauses):
        """What a letter is filled with."""
        text = self.source[node.start_mark.index:node.end_mark.index]
        for i, m in enumerate(re.finditer(r"\{[^{}]+\}", text)):
            self.add(path, f"brace {i + 1} {m.group()} left out",
                     [(node.start_mark.index + m.start(), node.start_mark.index + m.end(), "")], node.start_mark.line + 1, clauses)

    def walk(self, node, path, clauses):
        if isinstance(node, yaml.MappingNode):
            own = [v.value for k, v in node.value if k.value == "clause"]
            clauses = own + clauses
            words = {k.value for k, _ in node.value}
            if "may record" in words:
                self.roles(node, path, clauses)
            for key, value in node.value:
                if path.startswith("letters.") and ".body" in path and key.value in PROSE:
                    self.braces(value, f"{path}.{key.value}", clauses)
                if key.value in PROSE or key.value == "may record":
                    continue
                if key.value == "may override" and not words & {"needs", "effect", "checklist"}:
                    continue  # there is nothing to pass over
                inner = f"{path}.{key.value}" if path else key.value
                if path and len(words) > 1:
                    self.delete(key.start_mark.index, value, inner, clauses, node.flow_style)
                # a question alone is prose, and so is what people call an outcome
                if not (path.endswith((".checklist", ".values")) and isinstance(value, yaml.ScalarNode)):
                    self.walk(value, inner, clauses)
        elif isinstance(node, yaml.SequenceNode):
            for i, item in enumerate(node.value):
                name = item.value[:60] if isinstance(item, yaml.ScalarNode) else str(i + 1)
                inner = f"{path}[{name}]"
                if len(node.value) > 1:
                    start = item.start_mark.index
                    if not node.flow_style:
                        start = self.source.rindex("-", 0, start)
                    self.delete(start, item, inner, clauses, node.flow_style)
                if isinstance(item, yaml.ScalarNode) and path.startswith("letters.") and ".body" in path:
                    self.braces(item, inner, clauses)
                elif not isinstance(item, yaml.ScalarNode) or not node.flow_style:
                    self.walk(item, inner, clauses)
        else:
            self.scalar(node, path, clauses)


def mutants_of(path):
    source = path.read_text()
    spoiler = Spoiler(path.relative_to(PATHWAYS).as_posix(), source)
    spoiler.walk(yaml.compose(source), "", [])
    return spoiler.mutants


def included(council):
    """The files that a council's file is made of."""
    files, at = [], [council + ".yaml"]
    while at:
        name = at.pop()
        if name in files or not (PATHWAYS / name).exists():
            continue
        files.append(name)
        inner = yaml.safe_load((PATHWAYS / name).read_text()).get("include") or []
        at += [os.path.normpath(os.path.join(os.path.dirname(name), i)) for i in inner]
    return files


def stories():
    """[(path, council's files, clauses shown)]"""
    out = []
    for path in sorted(STORIES.glob("*.yaml")):
        doc = yaml.safe_load(path.read_text())
        shown = {clause for scene in doc["scenes"] for clause in scene.get("shows") or {}}
        out.append((path, included(doc["council"]), shown))
    return out


def play(mutant, told, options):
    """"refused", "killed", "survived" or "crashed", and what was said."""
    mine = [s for s in told if mutant.file in s[1]]
    mine.sort(key=lambda s: (not s[2] & set(mutant.clauses[:1]), not s[2] & set(mutant.clauses)))
    with tempfile.TemporaryDirectory(dir=options.room) as room:
        folder = pathlib.Path(room) / "pathways"
        shutil.copytree(PATHWAYS, folder, ignore=lambda d, names: [n for n in names if n.endswith((".c", ".h"))])
        source = (PATHWAYS / mutant.file).read_text()
        (folder / mutant.file).write_text(mutant.spoil(source))
        done = subprocess.run([options.runner, "--first", "--quiet", "--pathways", str(folder)] + [str(s[0]) for s in mine],
                              cwd=ROOT, env=dict(os.environ, TMPDIR=room), capture_output=True, text=True, timeout=300)
    said = (done.stderr.strip().splitlines() or [""])[0]
    if "engine_create" in done.stderr + done.stdout:
        return "refused", said
    if done.returncode == 0:
        return "survived", said
    return ("killed" if done.returncode == 1 else "crashed"), said


def main():
    words = argparse.ArgumentParser(description="spoils the pathway files rule by rule and plays the stories")
    words.add_argument("--runner", default=str(ROOT / "build" / "attend-story"))
    words.add_argument("--file", help="this pathway file alone: stockport.yaml")
    words.add_argument("--only", help="those mutants alone whose name holds this")
    words.add_argument("--jobs", type=int, default=2)
    words.add_argument("--list", action="store_true", help="name the mutants, and play none")
    words.add_argument("--verbose", action="store_true", help="say of each what killed it")
    options = words.parse_args()
    options.runner = os.path.abspath(options.runner)
    options.room = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    told = stories()
    files = [f for f in sorted({name for s in told for name in s[1]}) if options.file in (None, f)]
    mutants = [m for f in files for m in mutants_of(PATHWAYS / f) if not options.only or options.only in m.id]
    if options.list:
        print("\n".join(m.id for m in mutants))
        return 0
    kept = ROOT / "tests" / "survivors.yaml"
    reasons = {m: group["because"] for group in (yaml.safe_load(kept.read_text()) or []) for m in group["survivors"]} if kept.exists() else {}
    begun, counts, wrong = time.time(), {}, 0
    whole = subprocess.run([options.runner, "--quiet"] + sorted({str(s[0]) for s in told if set(s[1]) & set(files)}), cwd=ROOT)
    if whole.returncode:  # every mutant would seem to be noticed
        print("the stories don't hold for the files as they are: mend those first")
        return 2
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for mutant, (fate, said) in zip(mutants, pool.map(lambda m: play(m, told, options), mutants)):
            counts[fate] = counts.get(fate, 0) + 1
            if options.verbose:
                print(f"{fate:9} {mutant.id}   {said}", flush=True)
            if fate == "crashed" or (fate == "survived") != (mutant.id in reasons):
                wrong += 1
                print(f"{fate.upper()}: pathways/{mutant.file}:{mutant.line}: {mutant.id}"
                      + ("" if fate == "survived" else f" (stands in survivors.yaml; {said})" if fate != "crashed" else f" ({said})"), flush=True)
    named = {m.id for m in mutants}
    for stale in [m for m in reasons if m not in named and not options.only and m.split(":")[0] in files]:
        wrong += 1
        print(f"GONE: survivors.yaml names what is no mutant: {stale}")
    print(f"{len(mutants)} mutants of {len(files)} files: " + ", ".join(f"{n} {fate}" for fate, n in sorted(counts.items()))
          + f"; {time.time() - begun:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
