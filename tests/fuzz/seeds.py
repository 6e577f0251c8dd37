#!/usr/bin/python3
"""seeds.py - what the fuzzers begin with, beside the corpus that is kept: written anew into a folder, one of each target's name in it,
from tests/golden, the pathway files, the texts that the tests in C hold, and a made-up town in the shape of schools' systems.

    seeds.py --out FOLDER --build FOLDER     the second: where fuzz-compiler is, which gives a pathway's compiled bytes

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import ast
import glob
import hashlib
import os
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))


# Whose string literals are words that a target's parser knows, and words beside them.
WORDS = {
    "message": (["proto/mp.c", "proto/message.c", "tests/proto_message.c"], []),
    "settings": (["daemon/options.c", "client/invocation.c"], [" = ", "\n# ", "tcp://127.0.0.1:5570", "manual:2026-09-01T08:00:00Z"]),
    "identity": (["proto/identity.c"], ["public: ", "secret: ", "\r\n"]),
    "note": ([], ["\n\n", "\n\u2014 ", "attend.example/log", "+", "==", "AQ"]),
    "expression": (["pathways/expression.c", "casework/pathway.c", "pathways/compile_values.c"],
                   ["contact", "nti-end", "school days", "(", ")", "<=", "!="]),
    "pathway": (["pathways/compile*.c", "pathways/merge.c", "casework/letter.c", "casework/calendar.c", "casework/pathway.c"],
                ["--- # file ", "\n  ", "\n    ", ": ", "{", "}", "[", "]", "\"", "|", ">", "- "]),
    "rows": (["client/ctf.c", "client/mapping*.c", "client/mark_rows.c", "client/roster*.c", "client/entries.c"],
             ["<![CDATA[", "<!DOCTYPE", "<!ENTITY", "&amp;", "&#0;", "</", "/>", "\ufeff", "\"data\":", "\\u0000", "\\ud800", "\"\"", "\r\n"]),
    "calendar": (["client/icalendar.c", "client/calendar_file.c"],
                 ["BEGIN:VCALENDAR\r\n", "BEGIN:VEVENT\r\n", "END:VEVENT\r\n", "END:VCALENDAR\r\n", "DTSTART;VALUE=DATE:",
                  "DTEND;TZID=Europe/London:", "RRULE:FREQ=YEARLY",
                  "RDATE:", "EXDATE:", "DURATION:P1D", "SUMMARY:", "RECURRENCE-ID:", "20261225T000000Z", "\r\n "]),
    "readers": (["client/readers.c"], ["@", "officer,address,name,school,pathway\n"]),
    "board": (["client/board_*.c"],
              ["GET /", "POST /", "HEAD ", " HTTP/1.1\r\n", "Host: 127.0.0.1:8570\r\n", "Cookie: attend=\u0001\r\n", "token=\u0002", "\r\n\r\n",
               "<fz", "\"fz=", "%0d%0afz:",
               "%3cfz", "%22fz=", "Content-Length: ", "Content-Type: application/x-www-form-urlencoded\r\n", "multipart/form-data; boundary=b",
               "Transfer-Encoding: chunked",
               "Origin: http://127.0.0.1:8570\r\n", "as_of=2026-09-10", "X-User: officer\r\n", "id=", "/case/C1/record/", "/pupil/", "&f-"]),
}


class Seeds:
    def __init__(self, out):
        self.out = out

    def words(self, target, patterns, more):
        """A dictionary of libFuzzer's."""
        known = {w.encode() for w in more}
        for pattern in patterns:
            known |= {t for t in texts(pattern) if 1 < len(t) < 25 and b"%" not in t}
        with open(os.path.join(self.out, target + ".dict"), "w", encoding="ascii") as file:
            for word in sorted(known):
                file.write('"%s"\n' % "".join("\\x%02x" % c if c < 32 or c > 126 or c in b'"\\' else chr(c) for c in word))

    def add(self, target, data):
        folder = os.path.join(self.out, target)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, hashlib.sha1(data).hexdigest()[:16]), "wb") as file:
            file.write(data)


def read(*path):
    with open(os.path.join(TOP, *path), "rb") as file:
        return file.read()


def texts(pattern):
    """The string literals of C sources, those that stand side by side joined."""
    literal = r'"(?:[^"\\\n]|\\.)*"'
    for path in sorted(glob.glob(os.path.join(TOP, pattern))):
        with open(path, encoding="utf-8") as file:
            source = re.sub(r"(?s:/\*.*?\*/)|#include.*", "", file.read())
        for match in re.finditer(r"%s(?:\s*%s)*" % (literal, literal), source):
            parts = re.findall(literal, match.group(0))
            try:
                yield b"".join(ast.literal_eval("b" + p if p.isascii() else repr(p[1:-1].encode())) for p in parts)
            except (SyntaxError, ValueError):
                continue


def part(data):
    return struct.pack(">H", len(data)) + data


def golden(seeds):
    for path in sorted(glob.glob(os.path.join(TOP, "tests/golden/*.txt"))):
        with open(path, encoding="utf-8") as file:
            for line in file:
                name, _, value = line.strip().partition(" = ")
                if not re.fullmatch(r"([0-9a-f]{2}){8,}", value):
                    continue
                data = bytes.fromhex(value)
                seeds.add("event" if os.path.basename(path).startswith("event") else "message", data)


def expressions(seeds):
    for path in glob.glob(os.path.join(TOP, "pathways/*.yaml")):
        with open(path, encoding="utf-8") as file:
            for found in re.findall(r"(?:that|when|unless|met if|idle while): (.+)", file.read()):
                for place in range(4):
                    seeds.add("expression", bytes([place, len(found) % 20]) + found.strip("\"'").encode())
    for text in texts("tests/pathway_expression.c"):
        if 3 < len(text) < 200:
            for place in range(2):
                seeds.add("expression", bytes([place, 0]) + text)


def bundled(path):
    """As bundle_gather gives it: the file, then those that it includes, named from its folder."""
    text = read(path)
    found, out, names = [path], text, []
    for one in found:
        for listed in re.findall(rb"^include: *\[?([^\]\n]+)", read(one), flags=re.M):
            for name in listed.decode().split(","):
                full = os.path.normpath(os.path.join(os.path.dirname(one), name.strip()))
                if full not in found:
                    found.append(full)
    for one in found[1:]:
        names.append(one)
        out += (b"" if out.endswith(b"\n") else b"\n") + b"--- # file " + os.path.relpath(one, os.path.dirname(path)).encode() + b"\n" + read(one)
    return out


def pathways(seeds, compiler):
    for path in ["pathways/wigan.yaml", "pathways/three-stage.yaml", "tests/data/limits.yaml", "tests/data/timing.yaml", "tests/data/earlier.yaml"]:
        seeds.add("pathway", bundled(path))
        if os.path.getsize(os.path.join(TOP, path)) < 12000:
            seeds.add("compiled", part(subprocess.run([compiler, path], cwd=TOP, check=True, stdout=subprocess.PIPE).stdout))
    for path in glob.glob(os.path.join(TOP, "pathways/letters/*.yaml")) + [os.path.join(TOP, "pathways/national.yaml")]:
        seeds.add("pathway", read(path))
    for text in texts("tests/pathway_*.c"):
        if b"\n" in text and len(text) < 20000:
            seeds.add("pathway", text)
    # each top section of a large file with the head of a small one: what is not reached from there is told all the same
    head = b"pathway: p\ntitle: P\nsource: S\nstages: {a: A, z: Z}\nfirst stage: a\nclosed stage: z\n"
    for path in ["pathways/stockport.yaml", "pathways/south-tyneside.yaml", "pathways/stockton.yaml"]:
        for section in re.split(rb"(?m)^(?=[a-z])", read(path)):
            if 20 < len(section) < 9000:
                seeds.add("pathway", head + section)
            items = re.split(rb"(?m)^(?=  [a-z])", section)
            for item in items[1:]:
                if len(item) < 3000:
                    seeds.add("pathway", head + items[0] + item)


def rows(seeds):
    import datetime
    import mis_files
    import school
    names = sorted(os.path.basename(p) for p in glob.glob(os.path.join(TOP, "client/mappings/*.yaml")))
    with tempfile.TemporaryDirectory() as folder:
        town = school.make_town(3, 1, datetime.date(2026, 9, 7), datetime.date(2026, 9, 9), 1)
        mis_files.write_all(town, folder, 1)
        for path in sorted(glob.glob(os.path.join(folder, "**"), recursive=True)):
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                data = file.read()
            name = os.path.basename(path)
            data = data[:3000] if not name.endswith((".json", ".xml")) else data
            of = [i + 1 for i, n in enumerate(names) if n.split("-")[0] in path] or [0]
            for which in of:
                for options in (2, 3):
                    seeds.add("rows", bytes([which, options]) + data)
            if name.endswith(".xml"):
                seeds.add("rows", bytes([0, 3]) + data)
    for text in texts("tests/client_rows.c"):
        seeds.add("rows", bytes([0, 0]) + text)
        seeds.add("rows", bytes([0, 8]) + b"urn,upn,date,session,code,comment,minutes_late\n" + text)
    for text in texts("tests/client_roster.c"):
        seeds.add("rows", bytes([0, 3]) + text)
    for text in texts("tests/client_mapping.c"):
        if b"\n" in text:
            seeds.add("rows", bytes([len(names) + 1, 2]) + part(text) + b"a,b\n1,2\n")
    for name in names:
        for options in (0, 1):
            seeds.add("rows", bytes([len(names) + 1, options]) + part(read("client/mappings", name)) + b'[{"id": "1"}]')


def others(seeds):
    for text in texts("tests/client_calendar.c"):
        seeds.add("calendar", text)
        seeds.add("calendar", b"from,to,kind,name\n" + text)
        if b"VEVENT" in text and b"VCALENDAR" not in text:
            seeds.add("calendar", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + text + b"END:VCALENDAR\r\n")
    seeds.add("calendar", read("tests/data/calendar-2026-27.csv"))
    seeds.add("calendar", read("tests/data/bank-holidays-england.csv")[:1500])
    for text in texts("tests/daemon_config.c"):
        seeds.add("settings", b"\0" + text)
    for text in texts("tests/client_conf.c"):
        seeds.add("settings", b"\1" + text)
    seeds.add("settings", b"\0" + read("packaging/attendd.conf"))
    seeds.add("settings", b"\1" + read("packaging/attend.conf"))
    for text in texts("tests/proto_identity.c"):
        seeds.add("identity", text)
    key = b"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
    seeds.add("identity", b"# attend identity: keep this file to yourself\npublic: " + key + b"\nsecret: " + key + b"\n")
    seeds.add("identity", key + b"\n")
    for text in texts("tests/store_note.c"):
        seeds.add("note", text)
    seeds.add("readers", b"\0officer,address,name,school,pathway\nM. Field,m.field@council.example,Mary Field,123456,\n"
              b"J. Ash,j.ash@council.example,,,stockport\n")
    for bits in (1, 3):
        seeds.add("readers", bytes([bits]) + b"From: a@b\n\nunsubscribe 0123456789abcdef0123456789abcdef0123456789abcdef\n")
    for kind in range(5):
        seeds.add("records", bytes([kind]) + bytes(40))
    for target in ("tree", "spool", "reply", "keys", "redo", "backup", "engine"): # structured: they find their own way
        for size in (4, 64, 400):
            seeds.add(target, bytes((i * 37 + size) & 0xff for i in range(size)))


def board(seeds):
    """Requests, by the paths of the board's own table."""
    home = b"Host: 127.0.0.1:8570\r\nCookie: attend=\x01\r\n"
    upn = upn_of(1).encode()
    for path in [b"/", b"/case/C1", b"/pupil/" + upn, b"/school/123456", b"/authority", b"/alerts/due", b"/find?q=" + upn,
                 b"/pupil/" + upn + b"/record/contact",
                 b"/case/C1/record/note", b"/case/C1/letter/stage-2", b"/sign-in?link=abc", b"/live?from=3", b"/style.css", b"/?as_of=2026-09-10",
                 b"/pupil/" + upn + b"/record/contact?reached=yes&as_of=2026-09-11", b"/find?q=%3cfz%20%22fz=&x=%0d%0afz:"]:
        for flags in (0, 1, 2, 0x40):
            seeds.add("board", bytes([flags]) + part(b"GET " + path + b" HTTP/1.1\r\n" + home + (b"X-User: officer\r\n" if flags else b"") + b"\r\n"))
    for path, form in [(b"/pupil/" + upn + b"/record/contact",
                        b"token=\x02&id=019922e279b07cc398c4dc0c0c07398f&on=2026-09-14&f-reached=yes&f-notes=%3cfz+%22fz%3d"),
                       (b"/school/123456/task/lates", b"token=\x02&id=019922e2-79b0-7cc3-98c4-dc0c0c07398f"),
                       (b"/sign-out", b"token=\x02"), (b"/sign-in", b"link=abc"),
                       (b"/alert/12", b"token=\x02&id=019922e2-79b0-7cc3-98c4-dc0c0c07398f&back=/"),
                       (b"/alerts/due", b"token=\x02&alert=12&alert=13&id=019922e2-79b0-7cc3-98c4-dc0c0c07398f")]:
        for kind in (b"application/x-www-form-urlencoded",):
            seeds.add("board", b"\0" + part(b"POST " + path + b" HTTP/1.1\r\n" + home + b"Origin: http://127.0.0.1:8570\r\nContent-Type: " + kind +
                      b"\r\nContent-Length: %d\r\n\r\n" % (len(form) + 31 * form.count(b"\x02")) + form))
    multipart = b"--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n\x02\r\n--b--\r\n"
    seeds.add("board", b"\0" + part(b"POST /sign-out HTTP/1.1\r\n" + home + b"Content-Type: multipart/form-data; boundary=b\r\n"
                                 b"Content-Length: %d\r\n\r\n" %
              (len(multipart) + 31) + multipart))


def upn_of(number):
    """As host_upn() in tests/engine_host.c."""
    twelve = "8012000%05d" % number
    return "ABCDEFGHJKLMNPQRTUVWXYZ"[sum((i + 2) * int(c) for i, c in enumerate(twelve)) % 23] + twelve


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--build", required=True, help="where fuzz-compiler is")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    seeds = Seeds(args.out)
    golden(seeds)
    expressions(seeds)
    pathways(seeds, os.path.join(os.path.abspath(args.build), "fuzz-compiler"))
    rows(seeds)
    others(seeds)
    board(seeds)
    for target, (patterns, more) in WORDS.items():
        seeds.words(target, patterns, more)
    return 0


if __name__ == "__main__":
    sys.exit(main())
