#!/bin/sh
# systemd_unit.sh SYSTEMD-FOLDER ATTENDD SYSTEMD-ANALYZE: the unit is sound, and
# exposed 2.0 at most; and the check itself can fail.
#
# SPDX-License-Identifier: Apache-2.0
set -eu
folder=$1 attendd=$2 analyze=$3
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT

exposed() { "$analyze" security --offline=true --threshold="$2" --no-pager "$1"; }

exposed "$folder/attendd.service" 20 | tail -1
if sed '/^SystemCallFilter/d;/^Private/d;/^Protect/d' "$folder/attendd.service" >"$room/attendd.service" &&
   exposed "$room/attendd.service" 20 >"$room/out" 2>&1; then
	echo "a unit without its protection passed"
	exit 1
fi

# verify wants the program to be there, so that it is named where it was built.
sed "s|^\(ExecStart[a-zA-Z]*\)=[^ ]*|\1=$attendd|" "$folder/attendd.service" >"$room/attendd.service"
"$analyze" verify --man=no "$room/attendd.service" >"$room/out" 2>&1 || { cat "$room/out"; exit 1; }
if grep attendd "$room/out"; then
	exit 1
fi
echo "verify: nothing to say"
