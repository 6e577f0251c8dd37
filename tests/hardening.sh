#!/bin/sh
# hardening.sh [--sanitized] CC PROGRAM... - what the compiler and the linker can do against a fault's becoming a way
# in has been done to each program; looked at in the file itself. A sanitizer stands in for _FORTIFY_SOURCE.
#
# SPDX-License-Identifier: Apache-2.0
set -eu
fortified=yes
[ "$1" != --sanitized ] || { fortified=no; shift; }
cc=$1
shift
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT

# What a program lacks, a line each.
lacks() {
	readelf -Wh "$1" >"$room/head"
	readelf -Wl "$1" >"$room/segments"
	readelf -Wd "$1" >"$room/dynamic"
	readelf -Ws --dyn-syms "$1" >"$room/symbols"
	objdump -d --no-show-raw-insn "$1" >"$room/code"
	grep -q 'Type: *DYN' "$room/head" && grep -q 'FLAGS_1.*PIE' "$room/dynamic" || echo "a place of its own at each start (PIE)"
	grep -q GNU_RELRO "$room/segments" || echo "what the linker resolved read only (RELRO)"
	grep -q 'BIND_NOW\|FLAGS_1.* NOW' "$room/dynamic" || echo "all resolved at the start (BIND_NOW)"
	grep -q 'GNU_STACK.* RW ' "$room/segments" || echo "a stack that can't be run (noexecstack)"
	! grep -q ' RWE ' "$room/segments" || echo "nothing that can be written and run (a segment is RWE)"
	! grep -q 'RPATH\|RUNPATH' "$room/dynamic" || echo "the system's libraries alone (there is an RPATH)"
	! grep -q TEXTREL "$room/dynamic" || echo "code that is never written (TEXTREL)"
	grep -q '__stack_chk_fail' "$room/symbols" || echo "a guarded stack (-fstack-protector-strong)"
	[ "$fortified" = no ] || grep -q '__[a-z]*printf_chk' "$room/symbols" || echo "checked calls (_FORTIFY_SOURCE)"
	case $(uname -m) in x86_64)
		# crt1.o has a landing place or two of its own; a large frame is probed page by page
		[ "$(grep -c endbr64 "$room/code")" -gt 20 ] || echo "landing places for jumps (-fcf-protection)"
		grep -q 'or[a-z]* *\$0x0,.*(%rsp)\|or[a-z]* *\$0x0,(%r' "$room/code" || echo "a probed stack (-fstack-clash-protection)" ;;
	esac
}

# The check itself can fail: a program that has nothing of it lacks it all.
cat >"$room/weak.c" <<'C'
#include <stdio.h>
int main(int count, char **arguments)
{
	char text[64], large[1 << 16];

	large[count] = 1;
	return snprintf(text, sizeof text, "%s", arguments[0]) + large[count];
}
C
"$cc" -O1 -fno-pie -no-pie -fno-stack-protector -fno-stack-clash-protection -fcf-protection=none -U_FORTIFY_SOURCE \
	-Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,/nowhere "$room/weak.c" -o "$room/weak" 2>/dev/null
case $(uname -m)$fortified in x86_64yes) wanted=10 ;; x86_64no) wanted=9 ;; *yes) wanted=8 ;; *) wanted=7 ;; esac
found=$(lacks "$room/weak")
if [ "$(echo "$found" | wc -l)" -ne "$wanted" ]; then
	echo "of a program that has nothing, $wanted things should be missed:"
	echo "$found"
	exit 1
fi

failed=0
for program in "$@"; do
	found=$(lacks "$program")
	if [ -n "$found" ]; then
		echo "$found" | sed "s|^|$(basename "$program") lacks |"
		failed=1
	else
		echo "$(basename "$program"): all there"
	fi
done
exit "$failed"
