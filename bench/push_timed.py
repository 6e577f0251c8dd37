#!/usr/bin/python3
"""push_timed.py NAME ROWS COMMAND... - runs it, and prints a line of push.tsv.

name, rows, seconds, rows a second, the largest resident memory of the command in bytes, its seconds of processor.
Fails where the command does, or where it says that it took another number of rows.

SPDX-License-Identifier: Apache-2.0
"""
import json
import resource
import subprocess
import sys
import time


def main():
    name, rows, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    seconds = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = done.stdout.strip()
    # attend says what became of the rows, psql "COPY n".
    took = json.loads(said)["accepted"] if said.startswith("{") else int(said.split()[-1]) if said.startswith("COPY ") else None
    if done.returncode or took != rows:
        raise SystemExit("%s: exit %d, said %r" % (name, done.returncode, said))
    print("%s\t%d\t%.3f\t%.0f\t%d\t%.2f" % (name, rows, seconds, rows / seconds, used.ru_maxrss * 1024,
                                          used.ru_utime + used.ru_stime))


if __name__ == "__main__":
    main()
