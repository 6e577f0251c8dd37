#!/usr/bin/python3
"""drawing.py - what `attend pathway draw` gives, read as a browser would.

    drawing.py ATTEND

Draws each pathway file, and one at the language's limits whose texts are long and
full of what XML must escape. Each picture must be well-formed, hold no script and
nothing from elsewhere, have a title and a description, and no id twice; everything
lies on the page, no two boxes overlap unless one stands in the other, and no line of
text runs over another.

SPDX-License-Identifier: Apache-2.0
"""
import glob
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {SVG + name for name in ("svg", "title", "desc", "style", "g", "rect", "text", "tspan", "path")}


def large():
    """As many stages, actions and deadlines as there may be."""
    text = 'An <awkward> & "long" title \u00a3 \u2013 that goes on, and on, until it needs several lines of its box, '
    lines = ["pathway: large", "title: '%s'" % text, "source: '%s'" % (text * 3), "stages:"]
    lines += ["  stage-%d: 'Stage %d: %s'" % (i, i, text) for i in range(31)] + ["  closed: Closed"]
    lines += ["first stage: stage-0", "closed stage: closed", "deadlines:"]
    for i in range(64):
        lines += ["  wait-%d:" % i, "    title: '%s'" % text, "    clause: XX-%d" % i]
        if i % 3 == 0:
            lines += ["    period: %d school weeks" % (i + 1), "    breach: unauthorised", "    at end:",
                      "      moves to: stage-%d" % (i * 7 % 31)]
        elif i % 3 == 1:
            lines += ["    task: %d working days" % (i + 1), "    per parent: yes", "    escalates to: manager"]
        else:
            lines += ["    task: %s" % ("on day", "3 weeks before day", "2 weeks after day", "9 weeks after act-0")[i % 4],
                      "    tells: [school, lead]", "    at end:", "      starts:",
                      "        - wait-%d: running(wait-%d)" % ((i + 2) % 64, (i + 1) % 64)]
    lines += ["actions:"]
    for i in range(64):
        lines += ["  act-%d:" % i, "    title: '%d %s'" % (i, text), "    clause: YY-%d" % i, "    may record: [officer]",
                  "    fields: {choice: {type: yes/no}, day: {type: date, required: yes}}", "    starts:", "      - wait-%d" % i,
                  "      - wait-%d: given(choice)" % ((i + 5) % 64), "    meets: wait-%d" % ((i + 1) % 64),
                  "    moves to:", "      - stage-%d: given(choice) and not reached(stage-%d)" % (i * 13 % 31, (i + 9) % 31),
                  "      - %s" % ("closed" if i % 8 == 0 else "stage-%d" % (i // 2 % 31)), "    moves back: yes"]
    return "\n".join(lines) + "\n"


def number(element, name):
    return int(element.get(name))


def box(rect):
    x, y = number(rect, "x"), number(rect, "y")
    return x, y, x + number(rect, "width"), y + number(rect, "height")


def apart(a, b):
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def within(a, b):
    return a[0] >= b[0] and a[1] >= b[1] and a[2] <= b[2] and a[3] <= b[3]


def look_at(name, picture):
    root = tree.fromstring(picture)
    assert root.tag == SVG + "svg", root.tag
    title, desc = root.find(SVG + "title"), root.find(SVG + "desc")
    assert title.text and desc.text, "no title or description"
    assert root.get("aria-labelledby") == "%s %s" % (title.get("id"), desc.get("id"))
    ids, boxes, page = set(), [], (0, 0, number(root, "width"), number(root, "height"))
    for element in root.iter():
        assert element.tag in ALLOWED, element.tag
        for attribute, value in element.attrib.items():
            assert not attribute.startswith("on") and "href" not in attribute and "url(" not in value, attribute
        if element.get("id"):
            assert element.get("id") not in ids, element.get("id")
            ids.add(element.get("id"))
        if element.tag == SVG + "rect":
            boxes.append(box(element))
    for i, one in enumerate(boxes):
        assert within(one, page), one
        for other in boxes[i + 1:]:
            assert apart(one, other) or within(other, one) or within(one, other), (one, other)
    for group in root.iter(SVG + "g"):
        rect = group.find(SVG + "rect")
        if rect is None:
            continue
        lines = [(number(span, "y"), number(span, "x")) for text in group.findall(SVG + "text") for span in text]
        for (y, x), (next_y, _) in zip(lines, lines[1:]):
            assert next_y - y >= 14, (lines, "lines run into each other")
        for y, x in lines:
            assert within((x, y - 10, x, y + 4), box(rect)), (x, y, box(rect))
    print("%s: %d boxes, %d x %d" % (name, len(boxes), page[2], page[3]))


def main():
    attend = sys.argv[1]
    files = sorted(glob.glob(os.path.join(os.path.dirname(__file__), os.pardir, "pathways", "*.yaml")))
    files = [file for file in files if "\npathway: " in open(file, encoding="utf-8").read()]  # not those for others to include
    assert files
    with tempfile.TemporaryDirectory(prefix="attend-test-") as folder:
        path = os.path.join(folder, "large.yaml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(large())
        for file in files + [path]:
            done = subprocess.run([attend, "pathway", "draw", file], capture_output=True)
            assert done.returncode == 0, done.stderr.decode()
            look_at(os.path.basename(file), done.stdout)
        with open(path, "a", encoding="utf-8") as out:
            out.write("colour: red\n")
        done = subprocess.run([attend, "pathway", "draw", path], capture_output=True)
        assert done.returncode == 1 and not done.stdout and b"unknown word" in done.stderr, done.stderr


if __name__ == "__main__":
    main()
