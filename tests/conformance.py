#!/usr/bin/env python3
"""Makes docs/conformance.md: each clause of docs/clauses.md, the rules of the pathway files
that carry it, and the stories that show it, both where it applies and where it doesn't.

  conformance.py            fails where the page is not what this makes, or a clause lost a test
  conformance.py --write    writes the page; not where a clause that had a test would lose it
  conformance.py --write --lost SP-10   ... but for the clauses named

SPDX-License-Identifier: Apache-2.0"""
import argparse
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "conformance.md"
CLAUSE = re.compile(r"[A-Z]{2}-\d\d")
WAYS = {"applies": {"yes"}, "does not apply": {"no"}, "both ways": {"yes", "no"}}


def clauses():
    """[(heading, [(id, text)])] in the order of the list."""
    sections = []
    for line in (ROOT / "docs" / "clauses.md").read_text().splitlines():
        if line.startswith("## "):
            sections.append((line[3:], []))
        row = re.match(r"\| ([A-Z]{2}-\d\d) \| (.*) \|$", line)
        if row:
            sections[-1][1].append(row.groups())
    return sections


def pathway_files():
    files = sorted((ROOT / "pathways").rglob("*.yaml"))
    return [f for f in files if "examples" not in f.parts]


def rules():
    """id -> [(file, line, source)] of every `clause:`."""
    found = {}

    def walk(node, file):
        if isinstance(node, yaml.MappingNode):
            entries = {k.value: v for k, v in node.value if isinstance(v, yaml.ScalarNode)}
            for key, value in node.value:
                if key.value == "clause":
                    for clause in CLAUSE.findall(value.value):
                        found.setdefault(clause, []).append(
                            (file, key.start_mark.line + 1, entries["source"].value if "source" in entries else ""))
                walk(value, file)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                walk(item, file)

    for path in pathway_files():
        walk(yaml.compose(path.read_text()), path.relative_to(ROOT).as_posix())
    return found


def code():
    """id -> sources that name it: what is no council's is built in."""
    found = {}
    for folder in ("casework", "daemon", "client"):
        for path in sorted((ROOT / folder).glob("*.[ch]")):
            for clause in set(CLAUSE.findall(path.read_text())):
                found.setdefault(clause, []).append(path.relative_to(ROOT).as_posix())
    return found


def stories():
    """id -> [(ways, file, scene)]"""
    found = {}
    for path in sorted((ROOT / "tests" / "stories").glob("*.yaml")):
        for scene in yaml.safe_load(path.read_text()).get("scenes") or []:
            for clause, way in (scene.get("shows") or {}).items():
                found.setdefault(clause, []).append((WAYS[way], path.stem, scene["scene"]))
    return found


def c_tests():
    """id -> how many C tests are named for it."""
    found = {}
    for path in sorted((ROOT / "tests").glob("*.c")):
        for name in re.findall(r"^static void ([a-z]{2}_\d\d_\w+)\(void \*\*", path.read_text(), re.M):
            clause = name[:5].upper().replace("_", "-")
            found[clause] = found.get(clause, 0) + 1
    return found


def mentions():
    """id -> [(file, line)] where a comment or a text of a pathway file names it."""
    found = {}
    for path in pathway_files():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for clause in CLAUSE.findall(line):
                found.setdefault(clause, []).append((path.relative_to(ROOT).as_posix(), number, ""))
    return found


def places(clause, in_rules, in_code):
    if clause in in_rules:
        by_file = {}
        for file, line, _ in in_rules[clause]:
            by_file.setdefault(file, []).append(str(line))
        return "; ".join(f"`{file}`:{', '.join(lines)}" for file, lines in by_file.items())
    return ", ".join(f"`{f}`" for f in in_code.get(clause, [])[:3])


def quoted(clause, in_rules):
    sources = [source for _, _, source in in_rules.get(clause, []) if source]
    return sources[0].replace("|", "/") if sources else ""


def shown(clause, way, in_stories):
    names = {}
    for ways, file, scene in in_stories.get(clause, []):
        if way in ways:
            names.setdefault(file, scene)
    return "<br>".join(f"[{file}](../tests/stories/{file}.yaml): {scene}" for file, scene in names.items())


def state(clause, in_stories, in_tests):
    ways = set().union(*[ways for ways, _, _ in in_stories.get(clause, [(set(), "", "")])])
    if ways == {"yes", "no"}:
        return "works"
    if ways:
        return "one way"
    return "C tests" if clause in in_tests else "not yet"


def page():
    in_rules, in_code, in_stories, in_tests = rules(), code(), stories(), c_tests()
    for clause, where in mentions().items():
        in_rules.setdefault(clause, where)
    sections = clauses()
    every = [clause for _, rows in sections for clause, _ in rows]
    unknown = (set(in_rules) | set(in_stories)) - set(every)
    if unknown:
        sys.exit(f"conformance: docs/clauses.md has no {', '.join(sorted(unknown))}: mend the clause's id")
    counts = {}
    for clause in every:
        s = state(clause, in_stories, in_tests)
        counts[s] = counts.get(s, 0) + 1
    out = ["# Conformance", "",
           "Made by `./dev conformance`; `./dev test` fails where it is not what the files say. The clauses are those of",
           "[clauses.md](clauses.md); a rule's place is that of its `clause` (or of its mention) in a pathway file, or the source where what it says is no",
           "council's own. A clause *works* where a story shows it applying and a story shows the nearest case where it doesn't.", "",
           f"{len(every)} clauses: " + ", ".join(f"{counts[s]} {s}" for s in ("works", "one way", "C tests", "not yet") if s in counts) + ".", ""]
    for heading, rows in sections:
        out += [f"## {heading}", "", "| clause | reference | rules | shown to apply | shown not to apply | C tests | state |",
                "|---|---|---|---|---|---|---|"]
        for clause, _ in rows:
            out.append(f"| {clause} | {quoted(clause, in_rules)} | {places(clause, in_rules, in_code)} | {shown(clause, 'yes', in_stories)} "
                       f"| {shown(clause, 'no', in_stories)} | {in_tests.get(clause, '')} | {state(clause, in_stories, in_tests)} |")
        out.append("")
    return "\n".join(out)


def states(text):
    rows = (line.split(" | ") for line in text.splitlines() if re.match(r"\| [A-Z]{2}-\d\d \|", line))
    return {row[0][2:]: row[-1].rstrip(" |") for row in rows}


def main():
    words = argparse.ArgumentParser(description="makes and checks docs/conformance.md")
    words.add_argument("--write", action="store_true")
    words.add_argument("--lost", nargs="*", default=[], metavar="CLAUSE")
    options = words.parse_args()
    now, was = page(), PAGE.read_text() if PAGE.exists() else ""
    order = ["not yet", "C tests", "one way", "works"]
    new = states(now)
    lost = [c for c, s in states(was).items() if order.index(new.get(c, "not yet")) < order.index(s) and c not in options.lost]
    for clause in lost:
        print(f"conformance: {clause} had its tests ({states(was)[clause]}) and has lost one ({new.get(clause, 'gone')})", file=sys.stderr)
    if lost:
        sys.exit("conformance: give them back, or say so: ./dev conformance --lost CLAUSE")
    if options.write:
        PAGE.write_text(now)
    elif now != was:
        sys.exit("conformance: docs/conformance.md is not what the files say: ./dev conformance, and commit it")


main()
