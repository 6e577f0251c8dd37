#!/usr/bin/python3
"""as_of.py COUNT [CLASSES [SEED]] - asks for pupils as of earlier positions, and prints two lines of runs.tsv.

Each pupil is asked for once, so that nothing of it was looked at before; the position is anywhere in the log. The
daemon, its key and an identity that may read are named by the environment, as for attend. First the round trip
alone (a hello), then the questions: name, 1, count, seconds, a second, p50 and p99 in us, -.

SPDX-License-Identifier: Apache-2.0
"""
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "client", "python"))
import attend  # noqa: E402

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
SCHOOL = 34 * 30  # pupils (registers.h)


def upn(pupil):
    """As registers.c makes it."""
    serial = pupil % SCHOOL
    twelve = "356%04d%02d%03d" % (1000 + pupil // SCHOOL % 9000, 19 + serial // 1000, serial % 1000)
    return LETTERS[sum((i + 2) * int(digit) for i, digit in enumerate(twelve)) % 23] + twelve


def timed(name, questions):
    took = []
    for question in questions:
        began = time.monotonic()
        question()
        took.append(time.monotonic() - began)
    took.sort()
    total = sum(took)
    print("%s\t1\t%d\t%.3f\t%.0f\t%.1f\t%.1f\t-" % (name, len(took), total, len(took) / total, took[len(took) // 2] * 1e6,
                                                   took[len(took) - 1 - len(took) // 100] * 1e6), flush=True)


def main():
    count = int(sys.argv[1])
    pupils = 30 * int(sys.argv[2] if len(sys.argv) > 2 else 3334)
    chance = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    with attend.Client() as client:
        head = client.hello()["head"]

        def ask(pupil, position):
            answer = client.query("pupil", upn=upn(pupil), as_of=position)
            if answer["as_of"] != position:
                raise SystemExit("as of %d, asked for %d" % (answer["as_of"], position))

        timed("round-trip", [client.hello] * count)
        timed("as-of", [lambda p=p: ask(p, chance.randint(head // 10, head - 1)) for p in chance.sample(range(pupils), count)])


if __name__ == "__main__":
    main()
