#!/usr/bin/env bash
# package.sh FOLDER: the packages in FOLDER as an operator meets them, in a clean Debian 12 root: attendd installed by
# itself, one file edited, the unit's commands run as its user, a push, an alert, an upgrade, a connector built,
# and all purged again. There is no systemd in the root: what the unit says is read from it. As root.
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
folder=$(realpath "$1")
root=$(mktemp -d "${TMPDIR:-/var/tmp}/attend-root-XXXXXX")
chmod 755 "$root"
daemon=
clean_up() {
  [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
  umount "$root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$root"
}
trap clean_up EXIT

say() { printf '\033[1m%s\033[0m\n' "$*"; }
fail() { echo "package: $*" >&2; exit 1; }
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
install() { inside sh -c "apt-get install -y -qq --no-install-recommends $*" >"$root/apt.log" 2>&1 || { cat "$root/apt.log" >&2; fail "apt: $*"; }; }
# A line of the unit's, run as its user.
unit() {
  local line user
  line=$(sed -n "s/^$1=//p" "$root/lib/systemd/system/attendd.service")
  user=$(sed -n 's/^User=//p' "$root/lib/systemd/system/attendd.service")
  [ -n "$line" ] && [ -n "$user" ] || fail "the unit has no $1 or no User"
  exec chroot --userspec="$user:$user" "$root" /usr/bin/env -i PATH=/usr/bin:/bin sh -c "umask 077; exec $line"
}
start() {
  (unit ExecStartPre) >"$root/init.out" 2>&1 || { cat "$root/init.out" >&2; return 1; }
  mkfifo "$root/ready"
  (unit ExecStart >"$root/ready" 2>"$root/journal") &
  daemon=$!
  read -r ready <"$root/ready" || { cat "$root/journal" >&2; fail "the daemon ended before it was ready"; }
  rm "$root/ready"
  echo "   $ready"
}
stop() {
  kill "$daemon"
  wait "$daemon" || fail "the daemon ended with $?"
  daemon=
}
left() { inside find / -xdev \( -path /proc -o -path /debs -o -path /var/log -o -path /var/cache/apt \) -prune -o -name '*attend*' -print; }

say "1. A clean root"
debootstrap --variant=minbase bookworm "$root" >"$folder/debootstrap.log" 2>&1 || { tail "$folder/debootstrap.log" >&2; exit 1; }
cp /etc/resolv.conf "$root/etc/"
mount -t proc proc "$root/proc"
mkdir "$root/debs"
cp "$folder"/*.deb "$root/debs/"
inside apt-get update -qq
[ -z "$(left)" ] || fail "the root is not clean: $(left)"

say "2. apt install ./attendd.deb"
install /debs/attendd_*.deb
inside id attend
[ "$(inside stat -c '%U:%G %a' /var/lib/attend)" = "attend:attend 700" ] || fail "/var/lib/attend is not the user's alone"
[ -L "$root/etc/systemd/system/multi-user.target.wants/attendd.service" ] || fail "the unit is not enabled"
inside attendd check-config
if (start) >"$root/start.out" 2>&1; then fail "a unit started without a store or a name for one"; fi
grep -q "set authority" "$root/start.out" || fail "it doesn't say what is missing: $(cat "$root/start.out")"

say "3. One file edited, one unit started"
sed -i 's/^#authority = .*/authority = Stockport/; s/^#pathway/pathway/' "$root/etc/attend/attendd.conf"
inside attendd check-config
start
[ "$(inside stat -c '%U %a' /var/lib/attend/data.mdb /var/lib/attend/store.key | sort -u)" = "attend 600" ] || fail "the store can be read by others"

say "4. The other packages; a push, an alert"
rm -f "$root"/debs/*dbgsym*
install /debs/*.deb
inside sh -ec 'install -m 600 /var/lib/attend/admin.identity /root/admin.identity; rm /var/lib/attend/admin.identity
  install -m 644 /var/lib/attend/attendd.pub /etc/attend/attendd.pub
  sed -i "s/^#server-key/server-key/" /etc/attend/attend.conf
  mkdir -p /root/.config/attend; echo "identity = /root/admin.identity" >/root/.config/attend/attend.conf'
inside attend health
key=$(inside attend keygen /root/mis.identity)
inside attend grant "$key" connector --name "the school's MIS" --school 123456
{
  echo urn,upn,date,session,code
  for day in $(seq 7 20); do
    on=$(date -d "2026-09-07 + $((day - 7)) days" +%F)
    [ "$(date -d "$on" +%u)" -gt 5 ] || printf '123456,B801200005001,%s,%s,O\n' "$on" AM "$on" PM
  done
} >"$root/marks.csv"
inside attend push /marks.csv --identity /root/mis.identity
inside attend alerts | tee "$root/alerts.out"
grep -q "unauthorised sessions in 10 school weeks" "$root/alerts.out" || fail "no alert about the threshold"
inside attend pupil B801200005001

say "5. Manual pages and completion are there"
# minbase keeps no manual pages: they are looked for in the packages.
held=$(for deb in "$folder"/attend_*.deb "$folder"/attendd_*.deb; do dpkg-deb -c "$deb"; done)
for page in man1/attend.1 man1/attend-push.1 man5/attend.conf.5 man5/attendd.conf.5 man8/attendd.8; do
  grep -q "usr/share/man/$page.gz" <<<"$held" || fail "no $page"
done
[ "$(inside bash -c '. /usr/share/bash-completion/completions/attend; COMP_WORDS=(attend pus); COMP_CWORD=1; _attend; echo $COMPREPLY')" = push ] ||
  fail "bash doesn't complete attend pus"

say "6. A connector, built against libattend-dev"
install gcc libc6-dev pkg-config
inside sh -ec 'cd /usr/share/doc/libattend-dev/examples; gcc -Wall -Werror -o /tmp/connector connector.c $(pkg-config --cflags --libs attend)
  nm -g --defined-only $(pkg-config --variable=libdir attend)/libattend.a | awk "NF == 3 && \$3 !~ /^attend_/" | grep . && exit 1 || true'
inside sh -ec 'echo "B801200005001 2026-09-21 AM I" | /tmp/connector tcp://127.0.0.1:5570 /etc/attend/attendd.pub /root/mis.identity 123456'
[ "$(inside attend pupil B801200005001 --json | sed 's/.*"authorised":\([0-9]*\).*/\1/')" = 1 ] || fail "the connector's mark is not there"
if ls "$root"/debs/python3-attend* >/dev/null 2>&1; then
  printf 'upn,date,session,code\nB801200005001,2026-09-22,AM,/\n' >"$root/python.csv"
  inside ATTEND_SERVER=tcp://127.0.0.1:5570 ATTEND_SERVER_KEY=/etc/attend/attendd.pub ATTEND_IDENTITY=/root/mis.identity \
    python3 /usr/share/doc/python3-attend/examples/connector.py 123456 /python.csv | tee "$root/python.out"
  grep -q '^1 marks taken' "$root/python.out" || fail "the Python connector's mark was not taken"
fi

say "7. An upgrade, and back; nothing is lost"
# Where systemd runs, the packages must ask it; what they ask is written down.
mkdir -p "$root/run/systemd/system" "$root/newer"
printf '#!/bin/sh\necho "$@" >>/asked\n' >"$root/usr/sbin/systemctl"
chmod 755 "$root/usr/sbin/systemctl"
dpkg-deb -R "$folder"/attendd_*.deb "$root/newer"
sed -i 's/^Version: .*/Version: 99/' "$root/newer/DEBIAN/control"
dpkg-deb --root-owner-group -b "$root/newer" "$root/debs/newer.deb" >/dev/null
rm -r "$root/newer"
for package in newer.deb 'attendd_*.deb'; do
  : >"$root/asked"
  install --allow-downgrades "/debs/$package"
  grep -q 'try-restart attendd.service' "$root/asked" || fail "$package doesn't start the daemon again: $(cat "$root/asked")"
done
grep -q '^authority = Stockport' "$root/etc/attend/attendd.conf" || fail "the operator's file was written over"
stop
inside setpriv --reuid=attend --regid=attend --clear-groups attendd verify
start
inside attend pupil B801200005001 >"$root/again.out"
grep -q B801200005001 "$root/again.out" || fail "the pupil is gone"

say "8. A backup, restored by root for the daemon's user"
inside attend backup /root/monday >/dev/null
stop
mv "$root/var/lib/attend" "$root/root/before"
inside attendd restore /root/monday
inside chown -R attend: /var/lib/attend
start
inside attend health 2>"$root/health.err" --timeout 3 && fail "the old daemon's key is still good" || true
inside install -m 644 /var/lib/attend/attendd.pub /etc/attend/attendd.pub
inside attend health
inside attend pupil B801200005001 | cmp - "$root/again.out" || fail "the restored figures differ"
rm -r "$root/root/before"
stop

say "9. Purged: the store is left, and nothing else"
inside sh -c 'apt-get purge -y -qq $(dpkg-query -W -f "\${Package}\n" | grep attend)' >"$root/apt.log"
grep -q 'stop attendd.service' "$root/asked" || fail "a removal doesn't stop the daemon: $(cat "$root/asked")"
grep "is left as it is" "$root/apt.log" || fail "purge doesn't say that the store is left"
inside sh -c 'rm -rf /etc/attend/attendd.pub; rmdir /etc/attend 2>/dev/null || true; rm -rf /root/.config/attend /root/admin.identity /root/mis.identity'
left | grep -v '^/var/lib/attend' && fail "purge left these behind" || true
[ -s "$root/var/lib/attend/data.mdb" ] || fail "purge took the store"
rm -rf "$root/var/lib/attend"
install /debs/attendd_*.deb
inside apt-get purge -y -qq attendd >/dev/null
[ -z "$(left)" ] || fail "purge left, of packages never used: $(left)"
say "All as it must be."
