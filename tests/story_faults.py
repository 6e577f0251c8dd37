#!/usr/bin/env python3
"""That a story can fail: each of these is wrong in one line, and the runner must say which and what
it saw instead. "# WRONG: text" marks the line and what must be said of it.

  story_faults.py ATTEND-STORY

SPDX-License-Identifier: Apache-2.0"""
import pathlib
import subprocess
import sys
import tempfile

HEAD = """story: one that fails
council: stockport
calendar: [term 2 September 2026 to 18 December 2026]
scenes:
  - scene: it
    minutes:
      - on: Monday 14 September 2026
      - marks: 10 sessions of O from 7 September
"""
WRONG = [
    "      - no alert: threshold   # WRONG: there is one: 10 unauthorised",
    "      - alert: severe   # WRONG: no such alert was raised",
    "      - alert: threshold\n        says: [of a fish]\n# WRONG -2: 10 unauthorised sessions",
    "      - alert: threshold\n      - alert: threshold   # WRONG: nothing",
    "      - alerts: none   # WRONG: other alerts were raised",
    "      - alerts: [threshold, threshold]   # WRONG: other alerts were raised",
    "      - standing: {threshold: 2}   # WRONG: 1 of threshold stand",
    "      - withdrawn: threshold   # WRONG: no such alert was withdrawn",
    "      - figures: {unauthorised: 11}   # WRONG: unauthorised is 10",
    "      - figures: {unauthorised: 10, percentage: 0.1}   # WRONG: percentage is 0.0",
    "      - figures: {fishes: 1}   # WRONG: fishes is no figure",
    "      - stage: stage-1   # WRONG: there is no case",
    "      - case: open   # WRONG: the case is none",
    "      - officer records: plan   # WRONG: no contact with the parents",
    "      - officer records: plan\n        unmet: [no contact]   # WRONG: 2 things are missing, not 1",
    "      - officer records: plan\n        unmet: [no contact, no School, no third]   # WRONG: not among what is said",
    "      - officer records: plan\n        barred: [no contact]   # WRONG: barred was wanted",
    "      - officer records: plan\n        forbidden: yes   # WRONG: forbidden was wanted",
    "      - officer records: contact\n        unmet: [anything]   # WRONG: unmet was wanted",
    "      - officer records: contact\n        because: just so   # WRONG: no reason was needed",
    "      - school records: prosecution   # WRONG: 403",
    "      - officer records: dance   # WRONG: refused",
    "      - school records: contact\n      - stage: stage-2   # WRONG: the case stands at stage-1",
    "      - school records: contact\n      - deadline: review   # WRONG: there is no such deadline",
    "      - officer records: plan\n        because: x\n      - deadline: review\n        ends: 25 October   # WRONG: ends is \"2026-10-26\"",
    "      - officer records: plan\n        because: x\n      - no deadline: review   # WRONG: there is one",
    "      - school records: contact\n      - notice: p1   # WRONG: there is no such penalty notice",
    "      - not offered: contact   # WRONG: it is offered",
    "      - offered: dance   # WRONG: it is not offered",
    "      - offered: plan   # WRONG: something is missing",
    "      - officer asks: pathways\n        says: [Wigan]   # WRONG: this is not in the answer",
    "      - officer asks: pathways\n        says not: [stockport]   # WRONG: this is in the answer",
    "      - calendar adds: closure 10 November\n        moves: 3   # WRONG: another number of deadlines moved: 0",
    "      - calendar drops: closure 10 November   # WRONG: no such row",
    "      - on: Tuesday 14 September 2026   # WRONG: a weekday must be right",
    "      - on: 13 September 2026   # WRONG: time does not go back",
    "      - marks: O from never   # WRONG: can't be read as marks",
    "      - marks: O on 12 September   # WRONG: no school day",
    "      - marks: O on 15 September   # WRONG: in the future",
    "      - marks: present on 7 September\n        refused: [x]   # WRONG: refused was wanted",
    "      - sings: a song   # WRONG: no verb of stories",
    "      - stage: stage-1\n        loudly: yes   # WRONG: no word of",
    "      - opening: the door   # WRONG: no opening of this name",
    "      - policy changes: fish\n        becomes: fowl\n# WRONG -2: does not stand in",
    "      - figures: {possible: 10}\n        pupil: Zoe   # WRONG: no pupil of this name",
]


def main():
    runner, faults = sys.argv[1], 0
    with tempfile.TemporaryDirectory() as room:
        path = pathlib.Path(room) / "wrong.yaml"
        for body in WRONG:
            path.write_text(HEAD + body + "\n")
            done = subprocess.run([runner, str(path)], capture_output=True, text=True)
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if "# WRONG" not in line:
                    continue
                where, wanted = line.split("# WRONG", 1)[1].split(": ", 1)
                place = f"wrong.yaml:{number + int(where or 0)}: "
                if done.returncode != 1 or place not in done.stderr or wanted not in done.stderr:
                    faults += 1
                    print(f"{body}\nwanted {place}...{wanted}; {done.returncode}:\n{done.stderr}")
        path.write_text(HEAD + "      - {on: [}\n")
        if subprocess.run([runner, str(path)], capture_output=True).returncode != 2:
            faults += 1
            print("what is no YAML does not give 2")
        path.write_text(HEAD)
        if subprocess.run([runner, str(path)], capture_output=True).returncode != 0:
            faults += 1
            print("the head alone should pass")
    sys.exit(f"{faults} were not said as wanted" if faults else 0)


main()
