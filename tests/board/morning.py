#!/usr/bin/python3
"""morning.py - a school's autumn as far as a morning in November, with the board beside it.

    morning.py --attendd FILE --attend FILE [--pupils N] -- COMMAND...

Plays the beginning of tests/story.py (a school, its registers, a case from its first contact to the end of a Notice to
Improve), opens some more cases, starts `attend board` and runs COMMAND with, in its environment, BOARD_URL, the
CHILD's UPN, the URN, BOARD_LINK (a command that prints a link for the officer), BOARD_PUSH (a command that pushes a
register in which an alert is raised), and what `attend` needs to be the officer. Ends with COMMAND's status.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import os
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, HERE)
import run_with_daemon  # noqa: E402
import story  # noqa: E402
from board import Board  # noqa: E402


class Quiet(story.Screen):
    def __init__(self):
        super().__init__(0)

    def heading(self, text):
        print(text, flush=True)

    def say(self, text):
        pass

    def shown(self, command, output):
        pass


class Morning(story.Story):
    """Wednesday 11 November, nine o'clock: a question waits, a task is overdue, others are due."""

    def tell(self):
        for chapter in (self.opening, self.september, self.support, self.evidence, self.notice, self.snow, self.breach):
            chapter()
        self.attend("officer", "school", "100001", "primary", "--name", "Mill Lane Primary")
        others = [one for one in self.town.pupils if one is not self.child and sum(code in "NOUG" for code in one.codes[:90]) > 6]
        for number, pupil in enumerate(others[:12]):
            day = "2026-10-%02d" % (13 + number)
            if number in (4, 5, 11):  # a Saturday or Sunday
                day = "2026-10-30"
            self.attend("school", "act", "contact", "--pupil", pupil.upn, "--on", day, "reached=yes", "barriers_explored=yes")
            if number % 3 == 0:
                self.attend("school", "act", "meeting", "--pupil", pupil.upn, "--on", "2026-11-02", "letter_sent=yes", "chaired_by_school=yes")
        self.clock("2026-11-11T09:00:00Z")
        self.watch.expect("decision")
        self.watch.close()
        self.next_marks()

    def next_marks(self):
        """A late register in which a child was away for ten sessions: an alert comes of it."""
        path = os.path.join(self.folder, "late.csv")
        child = next(one for one in self.town.pupils if not set(one.codes[:100]) & set("NOUGZ"))
        with open(path, "w", encoding="ascii") as file:
            file.write("urn,upn,date,session,code\n")
            for day in ("03", "05", "06", "09", "10"):
                file.write("100001,%s,2026-11-%s,AM,O\n100001,%s,2026-11-%s,PM,O\n" % (child.upn, day, child.upn, day))
        self.push_command = [self.daemon.attend, "push", path, "--identity", self.who["connector"]]


def main():
    parser = argparse.ArgumentParser(description="an officer's morning, with the board")
    run_with_daemon.add_programs(parser)
    parser.add_argument("--pupils", type=int, default=420)
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    with run_with_daemon.Daemon(args.attendd, args.attend, story.CLOCK, "Stockport", keep=args.keep) as daemon:
        morning = Morning(daemon, Quiet(), args.pupils)
        try:
            morning.tell()
        finally:
            if morning.watch and morning.watch.process.poll() is None:
                morning.watch.close()
        with Board(daemon) as board:
            officer = morning.who["officer"]
            environment = daemon.environment(officer)
            environment.update(BOARD_URL=board.url, CHILD=morning.child.upn, URN="100001", BOARD_PUSH=shlex.join(morning.push_command),
                               BOARD_LINK=shlex.join([daemon.attend, "board-link", "--board-key", board.identity, "--url", board.url]))
            status = subprocess.run(args.command, env=environment).returncode
        daemon.stop()
    return status


if __name__ == "__main__":
    sys.exit(main())
