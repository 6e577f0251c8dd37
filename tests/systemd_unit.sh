#!/bin/sh
# systemd_unit.sh SYSTEMD-FOLDER ATTENDD ATTEND SYSTEMD-ANALYZE: each unit is sound, and
# exposed 1.1 at most (of 10); and the check itself can fail.
#
# SPDX-License-Identifier: Apache-2.0
set -eu
folder=$1 attendd=$2 attend=$3 analyze=$4
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT

exposed() { "$analyze" security --offline=true --threshold="$2" --no-pager "$1"; }

for unit in attendd attend-board attend-exporter; do
	exposed "$folder/$unit.service" 11 | tail -1
	if sed '/^SystemCallFilter/d;/^Private/d;/^Protect/d' "$folder/$unit.service" >"$room/$unit.service" &&
	   exposed "$room/$unit.service" 11 >"$room/out" 2>&1; then
		echo "$unit without its protection passed"
		exit 1
	fi

	# verify wants the program to be there, so that it is named where it was built.
	sed "s|^\(ExecStart[a-zA-Z]*\)=[^ ]*|\1=$attendd|" "$folder/$unit.service" >"$room/$unit.service"
	"$analyze" verify --man=no "$room/$unit.service" >"$room/out" 2>&1 || { cat "$room/out"; exit 1; }
	if grep "$unit" "$room/out"; then
		exit 1
	fi
done
echo "verify: nothing to say"
