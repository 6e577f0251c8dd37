#!/usr/bin/python3
"""A connector to copy: pushes a school's marks (upn,date,session,code) from a CSV file, and says what was refused.

    connector.py URN FILE.csv     ATTEND_SERVER, ATTEND_SERVER_KEY and ATTEND_IDENTITY say where and who

Run it as often as you like: what was taken once is not taken twice.
"""
import csv
import sys
from typing import Iterator

import attend


def read(path: str) -> Iterator[attend.Mark]:
    """Replace this by what asks your MIS; the rest may stay as it is."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            yield attend.Mark(row["upn"], row["date"], row["session"], row["code"])


def main(urn: str, path: str) -> int:
    try:
        with attend.Client() as client:
            receipt = client.marks(urn, read(path), by_content=True)
    except attend.AttendError as error:
        print(error, file=sys.stderr)
        return 1
    for row in receipt.refused:
        print("line %d: %s: %s" % (row.row + 2, row.field, row.reason), file=sys.stderr)
    print("%d marks taken, %d known, %d refused" % (receipt.accepted, receipt.known, len(receipt.refused)))
    return 1 if receipt.refused else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
