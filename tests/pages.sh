#!/usr/bin/env bash
# pages.sh --attendd FILE --attend FILE: manual pages and completion are made of what the programs say of
# themselves, every page is one that scdoc takes, bash completes; and a page that says what is not so is noticed.
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
fail() { echo "pages: $*" >&2; exit 1; }

/usr/bin/python3 "$top/packaging/pages.py" "$@" "$room/pages"
for page in "$room"/pages/*.scd; do
  scdoc <"$page" >"${page%.scd}" || fail "$(basename "$page") is no page"
done
for command in $("$4" --help | awk '/^  [a-z]/ { print $1 }'); do
  [ -s "$room/pages/attend-$command.1" ] || fail "attend $command has no page"
done
grep -q 'rejects' "$room/pages/attend-push.1" || fail "attend-push(1) lacks an option"

offers() { # what bash offers after these words
  (
    . "$room/pages/completion/$1.bash"
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    "_$1"
    echo "${COMPREPLY[*]}"
  )
}
[ "$(offers attend pus)" = push ] || fail "attend pus"
[ "$(offers attend report broken-weeks --cs)" = --csv ] || fail "attend report broken-weeks --cs"
[ "$(offers attend report per)" = persistent ] || fail "attend report per"
[ "$(offers attend pathway load --def)" = --default ] || fail "attend pathway load --def"
[ "$(offers attend pathway check --def)" = "" ] || fail "attend pathway check has no --default"
[ "$(offers attendd run --li)" = --listen ] || fail "attendd run --li"

# Drift is noticed, each kind of it.
spoil() { # file, sed script, what must be said
  rm -rf "$room/man"
  cp -r "$top/packaging/man" "$room/man"
  sed -i "$2" "$room/man/$1"
  if /usr/bin/python3 "$top/packaging/pages.py" --attendd "$attendd" --attend "$attend" --man "$room/man" "$room/spoilt" 2>"$room/said"; then
    fail "not noticed: $2"
  fi
  grep -q "$3" "$room/said" || fail "'$3' is not in: $(cat "$room/said")"
}
attendd=$2 attend=$4
spoil attend.1.scd 's/--identity/--identitty/' 'no option --identitty'
spoil attend.1.scd 's/^attend push/attend pull/' 'no command attend pull'
spoil attendd.conf.5.scd 's/attendd check-config/attendd look-at/' 'no command attendd look-at'
spoil attendd.conf.5.scd 's/^\*listen\*/*listens*/' 'the setting listen is left out'
# What is shipped is what is described.
for setting in $(sed -n 's/^#\{0,1\}\([a-z-]*\) = .*/\1/p' "$top/packaging/attendd.conf"); do
  grep -q "^\*$setting\* = " "$top/packaging/man/attendd.conf.5.scd" || fail "attendd.conf sets $setting"
done
for name in $(grep -rhoE '"ATTEND_[A-Z_]+"' "$top"/client --include='*.c' | tr -d '"' | sort -u); do
  grep -q "^\*$name\*" "$top/packaging/man/attend.1.scd" || fail "attend(1) says nothing of $name, which the environment may set"
done
# What the programs are built with, the packages are built with: all but what tests alone want.
for package in $(sed -n '/^packages_build=(/,/)/p' "$top/dev" | grep -oE '[a-z0-9.+-]+-dev' | grep -vE '^lib(c6|czmq|cmocka)-dev$'); do
  grep -qE "\b$package\b" "$top/debian/control" || fail "debian/control lacks $package, which ./dev builds with: add it to Build-Depends"
done
echo "pages, completion and settings are as the programs say"
