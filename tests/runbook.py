#!/usr/bin/python3
"""runbook.py - docs/runbook.md as an operator follows it: every `sh` block, in order, in one shell.

    runbook.py --attendd FILE --attend FILE

The whole machine that the runbook speaks of lies in a folder: /etc/attend, /var/lib/attend, /srv and the unit's place
are names under it. systemctl, sudo and journalctl are small stand-ins that start what the unit says; the programs are
the real ones, on a free port. What a section must have brought about is looked at after it.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
UNITS = ("attendd.service", "attend-board.service", "attend-exporter.service")
UPN = "B801200005001"
MARKS = "urn,upn,date,session,code\n" + "".join(
    "123456,%s,2026-09-%02d,%s,O\n" % (UPN, day, session) for day in (7, 8, 9, 10, 11, 14) for session in ("AM", "PM"))

SYSTEMCTL = r"""#!/bin/bash
# What `systemctl` does of it: starts what the unit says, waits until it is ready, ends it.
set -e
[ "$1" = enable ] && shift
while [ $# -gt 2 ]; do
	"$0" "$1" "$2"
	set -- "$1" "${@:3}"
done
word=$1 unit=${2:-}
run=@ROOT@/run/$unit
file=@ROOT@/etc/systemd/system/$unit.service
[ -e "$file" ] || file=@ROOT@/lib/systemd/system/$unit.service
line() { sed -n "s/^$1=\/usr\/bin\///p" "$file"; }
running() { [ -e "$run.pid" ] && kill -0 "$(cat "$run.pid")" 2>/dev/null; }
stop() {
	running || return 0
	kill "$(cat "$run.pid")"
	tail --pid="$(cat "$run.pid")" -s 0.05 -f /dev/null
	rm "$run.pid"
}
start() {
	running && return 0
	state=@ROOT@/var/lib/$(sed -n 's/^StateDirectory=//p' "$file")
	[ -d "$state" ] || mkdir -m 700 "$state"
	$(line ExecStartPre)
	rm -f "$run.ready"
	mkfifo "$run.ready"
	setsid $(line ExecStart) >"$run.ready" 2>>"$run.journal" &
	echo $! >"$run.pid"
	read -r _ endpoint <"$run.ready"
	echo "$endpoint" >"$run.endpoint"
}
case $word in
daemon-reload) ;;
--now | start) start ;;
stop) stop ;;
restart) stop; start ;;
try-restart) if running; then stop; start; fi ;;
is-active) running && echo active ;;
*) echo "systemctl: $word is not known here" >&2; exit 2 ;;
esac
"""
SUDO = r"""#!/bin/bash
[ "$1" = -u ] && shift 2
exec "$@"
"""
# There is no user attend where tests run, and none is needed: whoever runs them owns it all.
INSTALL = r"""#!/bin/bash
words=()
while [ $# -gt 0 ]; do
	case $1 in -o | -g) shift ;; *) words+=("$1") ;; esac
	shift
done
exec /usr/bin/install "${words[@]}"
"""
ATTEND = r"""#!/bin/bash
ATTEND_SERVER=$(cat @ROOT@/run/attendd.endpoint) exec @ATTEND@ "$@"
"""
ATTENDD = r"""#!/bin/bash
case " $* " in
*" --data "* | *" --config "* | *" check-config "*/*) exec @ATTENDD@ "$@" ;;
*" check-config "*) exec @ATTENDD@ "$@" @ROOT@/etc/attend/attendd.conf ;;
*) exec @ATTENDD@ "$@" --config @ROOT@/etc/attend/attendd.conf ;;
esac
"""


def sections(text):
    """[(heading, [block])] of the sh blocks."""
    found, fence = [], None
    for line in text.split("\n"):
        if fence is None and line.startswith("## "):
            found.append((line[3:], []))
        elif line.startswith("```"):
            if fence is not None and fence[0] == "sh":
                found[-1][1].append("\n".join(fence[1]))
            fence = (line[3:], []) if fence is None else None
        elif fence is not None:
            fence[1].append(line)
    return found


class Machine:
    def __init__(self, attend, attendd):
        self.root = tempfile.mkdtemp(prefix="attend-runbook-")
        self.programs = {"ATTEND": os.path.abspath(attend), "ATTENDD": os.path.abspath(attendd), "ROOT": self.root}
        for folder in ("bin", "run", "home", "srv/backup", "srv/keys", "etc/attend", "etc/systemd/system", "lib/systemd/system", "var/lib/attend"):
            os.makedirs(os.path.join(self.root, folder))
        os.chmod(os.path.join(self.root, "var/lib/attend"), 0o700)
        for name, text in (("systemctl", SYSTEMCTL), ("sudo", SUDO), ("install", INSTALL), ("attend", ATTEND), ("attendd", ATTENDD),
                           ("chown", "#!/bin/sh\n")):
            self.write("bin/" + name, re.sub("@([A-Z]+)@", lambda m: self.programs[m.group(1)], text), 0o755)
        for name, source in (("etc/attend/attendd.conf", "packaging/attendd.conf"), *(("lib/systemd/system/" + unit, "systemd/" + unit) for unit in UNITS)):
            with open(os.path.join(TOP, source), encoding="utf-8") as file:
                self.write(name, self.placed(file.read()))
        self.write("home/marks.csv", MARKS)
        shutil.copy(os.path.join(HERE, "data", "calendar-2026-27.csv"), os.path.join(self.root, "home"))

    def placed(self, text):
        """What the runbook says of the machine, under the folder; the port is a free one."""
        text = re.sub(r"(?<![\w/.])/(etc/attend|etc/systemd|var/lib|lib/systemd|srv)\b", lambda m: "%s/%s" % (self.root, m.group(1)), text)
        text = text.replace("/usr/share/attend/pathways", os.path.join(TOP, "pathways"))
        for said, here in (("s|5570|5571|", ""), (" --server tcp://127.0.0.1:5570", ""), ("127.0.0.1:5570", "127.0.0.1:*"),
                           ("127.0.0.1:8570", "127.0.0.1:0"), ("127.0.0.1:9570", "127.0.0.1:*"), (" $OPTIONS", ""), ("%d/", self.root + "/etc/attend/")):
            text = text.replace(said, here)
        return text

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.root, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def environment(self):
        return {"PATH": os.path.join(self.root, "bin") + ":/usr/bin:/bin", "HOME": os.path.join(self.root, "home"), "LC_ALL": "C.UTF-8",
                "TMPDIR": self.root, **{k: v for k, v in os.environ.items() if k.startswith(("ASAN", "UBSAN", "LSAN"))}}

    def run(self, script, check=True):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], env=self.environment(), cwd=os.path.join(self.root, "home"),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240)
        if check and done.returncode != 0:
            raise SystemExit("exit %d of:\n%s\n%s%s" % (done.returncode, script, done.stdout, done.stderr))
        return done

    def endpoint(self, unit):
        with open(os.path.join(self.root, "run", unit + ".endpoint"), encoding="utf-8") as file:
            return file.read().strip()

    def page(self, unit, path):
        """(status, text) of what a unit serves."""
        try:
            with urllib.request.urlopen(self.endpoint(unit).replace("/metrics", "") + path, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def pupil(self):
        return json.loads(self.run("attend pupil %s --json" % UPN).stdout)

    def remove(self):
        for name in os.listdir(os.path.join(self.root, "run")):
            if name.endswith(".pid"):
                with open(os.path.join(self.root, "run", name), encoding="utf-8") as file:
                    try:
                        os.kill(int(file.read()), signal.SIGKILL)
                    except (ProcessLookupError, ValueError):
                        pass
        shutil.rmtree(self.root, ignore_errors=True)


def must(good, what):
    if not good:
        raise SystemExit("runbook: " + what)


class Checks:
    """What must be so after the section of that heading."""

    def __init__(self, machine):
        self.machine = machine

    def let_a_school_s_connector_in(self, _):
        must(self.machine.pupil()["unauthorised"] == 12, "the marks are not there")

    def the_officers_page(self, said):
        link = re.search(r"/sign-in\?link=\S+", said)
        must(link is not None, "a link:\n" + said)
        must(self.machine.page("attend-board", "/")[0] == 401, "the board shows itself to a stranger")
        status, page = self.machine.page("attend-board", link.group())
        must(status == 200 and "works once" in page, "the link is taken:\n" + page)

    def officers_calendars_and_mails(self, said):
        with open(os.path.join(self.machine.root, "srv/feeds/hart-7f3a91.ics"), encoding="utf-8") as file:
            must(file.read().startswith("BEGIN:VCALENDAR"), "a calendar:\n" + said)

    def watch_it(self, _):
        must("\nattend_up 1\n" in self.machine.page("attend-exporter", "/metrics")[1], "the exporter tells of the daemon")
        must(self.machine.page("attend-exporter", "/health")[0] == 200, "all is well")

    def back_up(self, _):
        # Recorded after the backup, so that a restore must lose it.
        self.machine.write("home/later.csv", "urn,upn,date,session,code\n123456,%s,2026-09-15,AM,O\n" % UPN)
        self.machine.run("attend push later.csv --identity mis.identity")
        must(self.machine.pupil()["unauthorised"] == 13, "the later mark is not there")

    def restore(self, said):
        self.watch_it(said)
        must(said.count("verified, 0 faults") == 2, "both restored stores verify:\n" + said)
        must("12 rows, 12 accepted" in said or "12 known" in said or "12 marks" in said, "the file is pushed again:\n" + said)
        must(self.machine.pupil()["unauthorised"] == 12, "the store is as it was backed up")
        must(os.path.exists(os.path.join(self.machine.root, "var/lib/attend.before/data.mdb")), "the store of before is there")

    def rotate_keys(self, said):
        self.watch_it(said)
        for name in ("mis.identity", "~/.config/attend/admin.identity"):
            must(self.machine.run("attend whoami --identity " + name, check=False).returncode != 0, name + " is revoked and was let in")
        must("access-granted" in said and '"administrator"' in said, "the new administrator stands in the log:\n" + said)

    def revoke_a_school(self, said):
        must("MIS of 123456" in said, "the log names the school's keys:\n" + said)
        must(self.machine.run("attend whoami --identity mis-2027.identity", check=False).returncode != 0, "the school's key was let in")
        must(self.machine.pupil()["unauthorised"] == 12, "the school's pupils stay")

    def add_a_council(self, said):
        must("active" in said and "stockport, version" in said, "the second one runs, the pathway is loaded:\n" + said)
        endpoint = self.machine.endpoint("attendd-wigan")
        said = self.machine.run("%s whoami --server %s --server-key ../var/lib/attend-wigan/attendd.pub --identity "
                                "../var/lib/attend-wigan/admin.identity" % (self.machine.programs["ATTEND"], endpoint)).stdout
        must("Wigan" in said, "the second store is Wigan's:\n" + said)

    def read_a_verify_that_fails(self, said):
        must("verified, 0 faults" in said, "it verifies:\n" + said)
        # A byte changed in the copy must be found: in every page where it stands, as some are no longer in use.
        path = os.path.join(self.machine.root, "srv/evidence/data.mdb")
        with open(path, "rb") as file:
            held = file.read()
        with open(path, "wb") as file:
            file.write(held.replace(b"MIS of 123456", b"MIS of 123457"))
        done = self.machine.run("attendd verify --data /srv/evidence".replace("/srv", self.machine.root + "/srv"), check=False)
        must(done.returncode == 1 and "WRONG" in done.stdout and "FAILED" in done.stdout, "a spoilt byte passes:\n" + done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--attend", required=True)
    parser.add_argument("--attendd", required=True)
    args = parser.parse_args()
    with open(os.path.join(TOP, "docs", "runbook.md"), encoding="utf-8") as file:
        chapters = sections(file.read())
    machine = Machine(args.attend, args.attendd)
    checks, blocks = Checks(machine), 0
    wanted = {name for name in dir(Checks) if not name.startswith("_")}
    try:
        # A shell for each section: its blocks may share variables.
        for heading, scripts in chapters:
            if not scripts:
                continue
            said = machine.run(machine.placed("\n".join(scripts))).stdout
            blocks += len(scripts)
            name = re.sub(r"[^a-z]+", "_", heading.lower()).strip("_")
            if name in wanted:
                wanted.remove(name)
                getattr(checks, name)(said)
            print("ok  %s (%d)" % (heading, len(scripts)))
        must(not wanted, "no section for " + ", ".join(wanted))
        machine.run("systemctl stop attend-board attend-exporter attendd-wigan attendd; attendd verify")
    except SystemExit:
        for name in os.listdir(os.path.join(machine.root, "run")):
            if name.endswith(".journal"):
                with open(os.path.join(machine.root, "run", name), encoding="utf-8") as file:
                    sys.stderr.write("%s:\n%s" % (name, file.read()[-3000:]))
        raise
    finally:
        machine.remove()
    print("%d blocks of the runbook, as they stand" % blocks)


if __name__ == "__main__":
    main()
