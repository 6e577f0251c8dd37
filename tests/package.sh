#!/usr/bin/env bash
# package.sh FOLDER: the packages in FOLDER as an operator meets them, in a clean Debian 12 root: attendd installed by
# itself, one file edited, the units' commands run as their users, a push, an alert, the officers' page, metrics, an
# upgrade, a connector built, and all purged again. There is no systemd in the root: what the unit says is read from it. As root.
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
folder=$(realpath "$1")
root=$(mktemp -d "${TMPDIR:-/var/tmp}/attend-root-XXXXXX")
chmod 755 "$root"
declare -A running
clean_up() {
  [ ${#running[@]} = 0 ] || kill "${running[@]}" 2>/dev/null || true
  umount "$root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$root"
}
trap clean_up EXIT

say() { printf '\033[1m%s\033[0m\n' "$*"; }
fail() { echo "package: $*" >&2; exit 1; }
home=/home/operator # of whoever does what the runbook says
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
install() { inside sh -c "apt-get install -y -qq --no-install-recommends $*" >"$root/apt.log" 2>&1 || { cat "$root/apt.log" >&2; fail "apt: $*"; }; }
# A line of a unit's, run as its user; a dynamic one is a number that nobody has, and owns its credentials.
unit() { # service, line
  local file=$root/lib/systemd/system/$1.service line user name from credentials=/run/credentials/$1.service
  line=$(sed -n "s/^$2=//p" "$file")
  user=$(sed -n 's/^User=//p; s/^DynamicUser=yes/61200/p' "$file")
  [ -n "$line" ] && [ -n "$user" ] || fail "$1 has no $2 or no user"
  while IFS=: read -r name from; do
    command install -D -m 400 -o "$user" "$root$from" "$root$credentials/$name"
  done < <(sed -n 's/^LoadCredential=//p' "$file")
  exec chroot --userspec="$user:$user" "$root" /usr/bin/env -i PATH=/usr/bin:/bin sh -c "umask 077; exec ${line//%d/$credentials}"
}
start() { # service
  mkfifo "$root/ready"
  (unit "$1" ExecStart >"$root/ready" 2>"$root/journal") &
  running[$1]=$!
  read -r ready <"$root/ready" || { cat "$root/journal" >&2; fail "$1 ended before it was ready"; }
  rm "$root/ready"
  echo "   $ready"
}
start_daemon() {
  (unit attendd ExecStartPre) >"$root/init.out" 2>&1 || { cat "$root/init.out" >&2; return 1; }
  start attendd
}
stop() { # service
  kill "${running[$1]}"
  wait "${running[$1]}" || fail "$1 ended with $?"
  unset "running[$1]"
}
enabled() { [ -L "$root/etc/systemd/system/multi-user.target.wants/$1.service" ]; }
left() { inside find / -xdev \( -path /proc -o -path /debs -o -path /var/log -o -path /var/cache/apt \) -prune -o -name '*attend*' -print; }

say "1. A clean root"
debootstrap --variant=minbase bookworm "$root" >"$folder/debootstrap.log" 2>&1 || { tail "$folder/debootstrap.log" >&2; exit 1; }
cp /etc/resolv.conf "$root/etc/"
mount -t proc proc "$root/proc"
mkdir "$root/debs" "$root$home"
cp "$folder"/*.deb "$root/debs/"
inside apt-get update -qq
[ -z "$(left)" ] || fail "the root is not clean: $(left)"

say "2. apt install ./attendd.deb"
install /debs/attendd_*.deb
inside id attend
[ "$(inside stat -c '%U:%G %a' /var/lib/attend)" = "attend:attend 700" ] || fail "/var/lib/attend is not the user's alone"
enabled attendd || fail "the unit is not enabled"
inside attendd check-config
if (start_daemon) >"$root/start.out" 2>&1; then fail "a unit started without a store or a name for one"; fi
grep -q "set authority" "$root/start.out" || fail "it doesn't say what is missing: $(cat "$root/start.out")"

say "3. One file edited, one unit started"
sed -i 's/^#authority = .*/authority = Stockport/; s/^#pathway/pathway/' "$root/etc/attend/attendd.conf"
inside attendd check-config
start_daemon
[ "$(inside stat -c '%U %a' /var/lib/attend/data.mdb /var/lib/attend/store.key | sort -u)" = "attend 600" ] || fail "the store can be read by others"

say "4. The other packages; a push, an alert"
rm -f "$root"/debs/*dbgsym*
install /debs/*.deb
inside sh -ec 'install -m 600 /var/lib/attend/admin.identity $HOME/admin.identity; rm /var/lib/attend/admin.identity
  install -m 644 /var/lib/attend/attendd.pub /etc/attend/attendd.pub
  sed -i "s/^#server-key/server-key/" /etc/attend/attend.conf
  mkdir -p $HOME/.config/attend; echo "identity = $HOME/admin.identity" >$HOME/.config/attend/attend.conf'
inside attend health
key=$(inside attend keygen $home/mis.identity)
inside attend grant "$key" connector --name "the school's MIS" --school 123456
{
  echo urn,upn,date,session,code
  for day in $(seq 7 20); do
    on=$(date -d "2026-09-07 + $((day - 7)) days" +%F)
    [ "$(date -d "$on" +%u)" -gt 5 ] || printf '123456,B801200005001,%s,%s,O\n' "$on" AM "$on" PM
  done
} >"$root/marks.csv"
inside attend push /marks.csv --identity $home/mis.identity
inside attend alerts | tee "$root/alerts.out"
grep -q "unauthorised sessions in 10 school weeks" "$root/alerts.out" || fail "no alert about the threshold"
inside attend pupil B801200005001

say "5. Another system's file, by a mapping that came with the package"
printf 'School URN,UPN,Mark Date,Session,Mark\n123456,B801200005001,18/09/2026,AM,O\n123456,Q801200005002,18/09/2026,PM,L\n' >"$root/sims.csv"
inside attend push --guess /sims.csv | grep -- '--map sims-marks' || fail "the mapping of SIMS is not found"
inside attend push --map sims-marks /sims.csv --identity $home/mis.identity
inside attend pupil Q801200005002 >/dev/null

say "6. The officers' page, and metrics, as their units' users"
for service in attend-board attend-exporter; do ! enabled $service || fail "$service is enabled by itself"; done
inside sh -ec 'attend grant "$(attend keygen /etc/attend/board.identity)" board --name board
  attend grant "$(attend keygen /etc/attend/monitor.identity)" monitor --name monitor
  attend grant "$(attend keygen $HOME/officer.identity)" officer --name "A. Hart"' >/dev/null
start attend-board
start attend-exporter
link=$(inside attend board-link --board-key /etc/attend/board.identity --identity $home/officer.identity)
/usr/bin/python3 - "$link" >"$root/today.html" <<'PYTHON'
import sys, urllib.parse, urllib.request
page, token = sys.argv[1].split("/sign-in?link=")
open_ = urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open
print(open_(page + "/sign-in", urllib.parse.urlencode({"link": token}).encode()).read().decode())
PYTHON
grep -q "To decide" "$root/today.html" && grep -q "A. Hart" "$root/today.html" || fail "the board doesn't show the officer's day"
/usr/bin/python3 -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:9570/metrics").read().decode())' >"$root/metrics"
grep -E '^attend_(up|pupils|healthy) ' "$root/metrics"
grep -q '^attend_up 1$' "$root/metrics" && grep -q '^attend_pupils 2$' "$root/metrics" || fail "the exporter doesn't tell of the daemon"
for file in attend.rules.yml grafana-attend.json; do [ -s "$root/usr/share/attend/monitoring/$file" ] || fail "no $file"; done
stop attend-board
stop attend-exporter

say "7. Manual pages and completion are there"
# minbase keeps no manual pages: they are looked for in the packages.
held=$(for deb in "$folder"/attend_*.deb "$folder"/attendd_*.deb; do dpkg-deb -c "$deb"; done)
for page in man1/attend.1 man1/attend-push.1 man5/attend.conf.5 man5/attendd.conf.5 man8/attendd.8; do
  grep -q "usr/share/man/$page.gz" <<<"$held" || fail "no $page"
done
[ "$(inside bash -c '. /usr/share/bash-completion/completions/attend; COMP_WORDS=(attend pus); COMP_CWORD=1; _attend; echo $COMPREPLY')" = push ] ||
  fail "bash doesn't complete attend pus"

say "8. A connector, built against libattend-dev"
install gcc libc6-dev pkg-config
inside sh -ec 'cd /usr/share/doc/libattend-dev/examples; gcc -Wall -Werror -o /tmp/connector connector.c $(pkg-config --cflags --libs attend)
  nm -g --defined-only $(pkg-config --variable=libdir attend)/libattend.a | awk "NF == 3 && \$3 !~ /^attend_/" | grep . && exit 1 || true'
inside sh -ec 'echo "B801200005001 2026-09-21 AM I" | /tmp/connector tcp://127.0.0.1:5570 /etc/attend/attendd.pub $HOME/mis.identity 123456'
[ "$(inside attend pupil B801200005001 --json | sed 's/.*"authorised":\([0-9]*\).*/\1/')" = 1 ] || fail "the connector's mark is not there"
if ls "$root"/debs/python3-attend* >/dev/null 2>&1; then
  printf 'upn,date,session,code\nB801200005001,2026-09-22,AM,/\n' >"$root/python.csv"
  inside ATTEND_SERVER=tcp://127.0.0.1:5570 ATTEND_SERVER_KEY=/etc/attend/attendd.pub ATTEND_IDENTITY=$home/mis.identity \
    python3 /usr/share/doc/python3-attend/examples/connector.py 123456 /python.csv | tee "$root/python.out"
  grep -q '^1 marks taken' "$root/python.out" || fail "the Python connector's mark was not taken"
fi

say "9. An upgrade, and back; nothing is lost"
# Where systemd runs, the packages must ask it; what they ask is written down.
mkdir -p "$root/run/systemd/system"
printf '#!/bin/sh\necho "$@" >>/asked\n' >"$root/usr/sbin/systemctl"
chmod 755 "$root/usr/sbin/systemctl"
for package in attendd attend; do
  dpkg-deb -R "$folder/$package"_*.deb "$root/newer"
  sed -i 's/^Version: .*/Version: 99/' "$root/newer/DEBIAN/control"
  dpkg-deb --root-owner-group -b "$root/newer" "$root/debs/newer.deb" >/dev/null
  rm -r "$root/newer"
  services=$(cd "$root/lib/systemd/system" && echo "$package"[.-]*.service)
  for file in newer.deb "${package}_*.deb"; do
    : >"$root/asked"
    install --allow-downgrades "/debs/$file"
    for service in $services; do
      grep -q "try-restart.*$service" "$root/asked" || fail "$file doesn't start $service again: $(cat "$root/asked")"
    done
    if grep -E '^(re)?start ' "$root/asked"; then fail "$file starts what did not run"; fi
  done
done
grep -q '^authority = Stockport' "$root/etc/attend/attendd.conf" || fail "the operator's file was written over"
stop attendd
inside setpriv --reuid=attend --regid=attend --clear-groups attendd verify
start_daemon
inside attend pupil B801200005001 >"$root/again.out"
grep -q B801200005001 "$root/again.out" || fail "the pupil is gone"

say "10. A backup, restored by root for the daemon's user"
inside attend backup $home/monday >/dev/null
stop attendd
mv "$root/var/lib/attend" "$root$home/before"
inside attendd restore $home/monday
inside chown -R attend: /var/lib/attend
start_daemon
inside attend health 2>"$root/health.err" --timeout 3 && fail "the old daemon's key is still good" || true
inside install -m 644 /var/lib/attend/attendd.pub /etc/attend/attendd.pub
inside attend health
inside attend pupil B801200005001 | cmp - "$root/again.out" || fail "the restored figures differ"
rm -r "$root$home/before"
stop attendd

say "11. Purged: the store is left, and nothing else"
inside sh -c 'apt-get purge -y -qq $(dpkg-query -W -f "\${Package}\n" | grep attend)' >"$root/apt.log"
for service in attendd attend-board attend-exporter; do
  grep -q "stop.*$service.service" "$root/asked" || fail "a removal doesn't stop $service: $(cat "$root/asked")"
done
grep "is left as it is" "$root/apt.log" || fail "purge doesn't say that the store is left"
inside sh -c 'rm -rf /etc/attend/attendd.pub /etc/attend/board.identity /etc/attend/monitor.identity; rmdir /etc/attend 2>/dev/null || true; rm -rf $HOME/.config/attend $HOME/admin.identity $HOME/mis.identity /run/credentials'
left | grep -v '^/var/lib/attend' && fail "purge left these behind" || true
[ -s "$root/var/lib/attend/data.mdb" ] || fail "purge took the store"
rm -rf "$root/var/lib/attend"
install /debs/attendd_*.deb
inside apt-get purge -y -qq attendd >/dev/null
[ -z "$(left)" ] || fail "purge left, of packages never used: $(left)"
say "All as it must be."
