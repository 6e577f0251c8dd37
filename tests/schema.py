#!/usr/bin/python3
"""schema.py - pathways/pathway.schema.json says what the compiler says.

    schema.py --attend FILE --words FILE

Every word of every map that the compiler reads stands in the schema, and no other, and
what must be there must be there; the names that a value may have are those that the
compiler takes; all files validate; and what the schema refuses, `attend pathway check`
refuses too.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import tempfile

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATHWAYS = ROOT / "pathways"
SCHEMA = PATHWAYS / "pathway.schema.json"
MERGE_WORDS = {"include", "fixed", "replaces"}  # merge.c takes them out before the maps are read

BASE = """pathway: small
title: Small
source: none
stages: {start: Start, on: On, closed: Closed}
first stage: start
closed stage: closed
watches:
  threshold: {kind: count, codes: [G, N, O, U], at least: 10, text: "{count}"}
  unexplained: {kind: stays, codes: [N], at least: 1, unless: done(begin) >= 1, new pupils: yes, once: yes, text: "{first}"}
meetings:
  targeted:
    title: Targeted
    at least: 1
    lists: {persistent: {title: Persistent, attendance at most: 90}}
    from possible: 20
    trends: [send, ehcp]
    pack: {help: {title: Help, actions: [begin, decision(outcome)]}}
tasks:
  tracker: {title: Tracker, every: year, in: september, schools: [primary], may record: [school], tells: [school]}
  display: {title: Display, every: week}
letters:
  invitation:
    title: Invitation
    per parent: yes
    may make: [school]
    fields: {place: {type: text, title: Where}}
    body:
      - "Dear {parent_name}"
      - list: [one, {item: "{on(begin)}", for each: begin}]
        when: done(begin) >= 1
      - columns: [Who, Signature]
        table: [{row: ["{parent_name}", ""], for each: parent}, [Pupil, ""]]
penalty notices: {window: 3 years, days count from: receipt, received after: 2 working days, amounts: [{full: 160, by day: 28}]}
deadlines:
  wait:
    period: 3 school days
    breach: unauthorised
    tells: officer
    per parent: yes
    questions:
      - {ask: "What now?", outcomes: [go, stop]}
actions:
  begin:
    title: Begin
    may record: [school, officer]
    starts: wait
    moves to: on
    needs:
      - {that: unauthorised >= 2, lack: too few}
  decision:
    title: Decide
    may record: [officer]
    effect: decision
    fields:
      outcome: {type: one of, values: [go, stop]}
    moves to:
      - closed: given(outcome=stop)
"""

# What both must refuse: a text of BASE, and what stands in its place.
SPOILT = (
    ("pathway: small", "pathway: Small"), ("title: Small\n", ""), ("{start: Start", "{Start: Start"), ("first stage: start\n", ""),
    ("kind: count", "kind: counts"), ("codes: [G, N, O, U]", "codes: [G, N, O, UU]"), ("codes: [G, N, O, U]", "codes: []"),
    ("at least: 10", "at least: ten"),
    ("threshold:", "thresholds:"), ("  threshold:", "  breach:"), ("receipt", "received"),
    ("2 working days", "2 work days"), ("3 years", "none"),
    ("by day: 28", "by days: 28"), ("3 school days", "3 schooldays"), ("3 school days", "1 school days after"), ("unauthorised\n", "unauthorized\n"),
    ("tells: officer", "tells: teacher"), ("per parent: yes", "per parent: true"), ("    period: 3 school days\n", ""),
    ("    period: 3", "    task: 2 days\n    period: 3"), ("outcomes: [go, stop]", "outcomes: []"), ("[school, officer]", "[school, clerk]"),
    ("[school, officer]", "officer"), ("starts: wait", "starts: [[wait]]"), ("lack: too few", "lacks: too few"), (", lack: too few", ""),
    ("kind: stays", "kind: run"), ("  unexplained:", "  unexplain:"), ("unless: done(begin) >= 1", "unless: []"),
    ("new pupils: yes", "new pupils: maybe"), ("meetings:", "meeting:"), ("attendance at most: 90", "attendance at most: 101"),
    ("lists: {persistent: {title: Persistent, attendance at most: 90}}", "lists: {}"), ("trends: [send, ehcp]", "trends: [prosecuted-before]"),
    ("decision(outcome)", "decision(outcome"), (", actions: [begin, decision(outcome)]", ""), ("from possible: 20", "from possible: 0"),
    ("in: september", "in: September"), (", in: september", ""), ("every: week", "every: week, in: may"), ("every: week", "every: day"),
    ("[primary]", "[primary, secondary]"), ("may record: [school],", "may record: [],"), ("may make: [school]", "may make: [clerk]"),
    ("      - list: [one", "      - heading: Both\n        list: [one"), ("list: [one, ", "list: [one, [two], "), ("        table:", "        list:"),
    ("for each: parent", "for all: parent"), ('[Pupil, ""]', "[]"), ("item: ", "row: "),
    ("effect: decision", "effect: decide"), ("type: one of", "type: choice"), ("    title: Begin\n", ""), ("  begin:", "  Begin:"),
    ("starts: wait", "start: wait"), ("title: Begin", "title: ''"), ("title: Begin", "title: [a]"),
)


class Loader(yaml.SafeLoader):
    """YAML as editors read it (1.2): yes is a text, and only whole numbers are none."""


Loader.yaml_implicit_resolvers = {}
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^(0|[1-9][0-9]*)$"), list("0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))


def same(what, schema, compiler, faults):
    for name in sorted(set(compiler) - set(schema)):
        faults.append("%s: the compiler takes \"%s\", and the schema doesn't" % (what, name))
    for name in sorted(set(schema) - set(compiler)):
        faults.append("%s: the schema has \"%s\", and the compiler doesn't take it" % (what, name))


def compiler_words(words, files):
    """{(what, first word): {word: required}}, and the names of units and codes."""
    told = subprocess.run([words] + [str(f) for f in files], check=True, capture_output=True, text=True).stdout
    maps, names = collections.defaultdict(dict), collections.defaultdict(set)
    for line in told.splitlines():
        kind, *rest = line.split("\t")
        if kind == "word":
            maps[rest[0], rest[1]][rest[2]] = rest[3] == "required"
        else:
            names[kind].add(rest[0])
    return maps, names


def check_words(schema, maps, faults):
    found = {}
    for one in [schema] + list(schema["definitions"].values()):
        if "title" in one:
            found[one["title"], next(iter(one["properties"]))] = one
            if one["additionalProperties"] is not False:
                faults.append("%s: words that it doesn't list pass" % one["title"])
    same("maps", ["%s (%s)" % key for key in found], ["%s (%s)" % key for key in maps], faults)
    for key in set(found) & set(maps):
        one = found[key]
        same(key[0], set(one["properties"]) - MERGE_WORDS, maps[key], faults)
        required = set(one.get("required", []))
        if one is schema:
            required = set(one["then"]["required"]) | set(one["then"]["anyOf"][1]["required"])
        same(key[0] + ", required", required, [word for word, must in maps[key].items() if must], faults)
    read = set(re.findall(r"\bread_map\([^;\n\"]*\"([^\"]+)\"(?: : \"([^\"]+)\")?", "".join(f.read_text() for f in sorted(PATHWAYS.glob("*.c")))))
    read = {what for pair in read for what in pair if what}
    same("maps read anywhere in pathways/*.c", [key[0] for key in maps], read, faults)


def told(attend, text):
    """What `attend pathway check` says of a file; empty: nothing wrong."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        done = subprocess.run([attend, "pathway", "check", file.name], capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def check_names(attend, schema, names, faults):
    d = schema["definitions"]
    same("register codes", d["codes"]["anyOf"][1]["items"]["enum"], names["code"], faults)
    units = re.search(r"\{1,4\} \(([^)]*)\)", d["length"]["pattern"]).group(1).split("|")
    same("units", units, names["unit"], faults)
    same("facts", d["fact"]["enum"], names["fact"], faults)
    # The compiler names all there are when it refuses one.
    for what, old, new, pattern, known in (
            ("roles", "tells: officer", "tells: x", r"(school|lead|officer|manager)\b", d["role"]["enum"]),
            ("kinds of watch", "kind: count", "kind: x", r"\((\w+)\)", d["watch"]["properties"]["kind"]["enum"]),
            ("watches", "  threshold:", "  x:", r"[(,] ?([a-z-]+)(?=[,)])", d["alert"]["enum"]),
            ("effects", "effect: decision", "effect: x", r"\"([^\"]+)\"", d["action"]["properties"]["effect"]["enum"]),
            ("types of fields", "type: one of", "type: x", r"(?:type |, (?:or )?)([a-z/]+(?: of)?)", d["field"]["properties"]["type"]["enum"]),
            ("days count from", "from: receipt", "from: x", r"\"([^\"]+)\"", d["notices"]["properties"]["days count from"]["enum"])):
        lines = [re.findall(pattern, line.split(": ", 1)[1]) for line in told(attend, BASE.replace(old, new)).splitlines()]
        same(what, known, next((found for found in lines if found), []), faults)


def check_files(attend, validator, files, faults):
    for path in files:
        for error in validator.iter_errors(yaml.load(path.read_text(), Loader)):
            faults.append("%s: %s: %s" % (path.relative_to(ROOT), "/".join(map(str, error.absolute_path)), error.message[:200]))
    if told(attend, BASE) or not validator.is_valid(yaml.load(BASE, Loader)):
        faults.append("the base of what is spoilt is refused: " + told(attend, BASE))
    for old, new in SPOILT:
        text = BASE.replace(old, new, 1)
        if text == BASE or validator.is_valid(yaml.load(text, Loader)) or not told(attend, text):
            faults.append("\"%s\" in place of \"%s\": the schema %s it, the compiler %s it" % (
                new, old, "takes" if validator.is_valid(yaml.load(text, Loader)) else "refuses",
                "refuses" if told(attend, text) else "takes"))


def main():
    words = argparse.ArgumentParser(description="the schema beside the compiler")
    words.add_argument("--attend", required=True)
    words.add_argument("--words", required=True)
    options = words.parse_args()
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    parts = [PATHWAYS / "national.yaml"] + sorted((PATHWAYS / "letters").glob("*.yaml"))  # what others include
    files = sorted(set(PATHWAYS.rglob("*.yaml")) - set(parts)) + sorted((ROOT / "tests" / "data").glob("*.yaml"))
    faults = []
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as base:  # it has maps that no council needs
        base.write(BASE)
        base.flush()
        maps, names = compiler_words(options.words, files + [base.name])
    check_words(schema, maps, faults)
    check_names(options.attend, schema, names, faults)
    check_files(options.attend, jsonschema.Draft7Validator(schema), files + parts, faults)
    for fault in faults:
        print("schema: " + fault)
    print("%d maps with %d words, %d files, %d spoilt: %s" % (
        len(maps), sum(map(len, maps.values())), len(files + parts), len(SPOILT), "%d faults" % len(faults) if faults else "all agree"))
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
