#!/usr/bin/python3
"""push_rows.py ROWS - a file of marks as a MIS exports it: ten schools of ten classes of thirty, session by session.

SPDX-License-Identifier: Apache-2.0
"""
import datetime
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "tests"))
import school  # noqa: E402

CLASSES, CLASS = 100, 30


def main():
    left = int(sys.argv[1])
    classes = [[school.upn_of("356%04d26%03d" % (1000 + one // 10, one % 10 * CLASS + n + 1)) for n in range(CLASS)]
               for one in range(CLASSES)]
    day = datetime.date(2026, 9, 1)
    print("urn,upn,date,session,code")
    while left:
        for session, code in (("AM", "/"), ("PM", "\\")) if day.weekday() < 5 else ():
            for one, pupils in enumerate(classes):
                rows = ["%d,%s,%s,%s,%s" % (100001 + one // 10, upn, day, session, code) for upn in pupils[:left]]
                left -= len(rows)
                if rows:
                    print("\n".join(rows))
        day += datetime.timedelta(days=1)


if __name__ == "__main__":
    main()
