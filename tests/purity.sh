#!/bin/sh
# purity.sh [CC] - casework has no I/O, clock, memory of its own, floating point or
# state: whatever it calls is its own, proto's, or one of a few functions over bytes.
# Run from the top of the checkout.
#
# SPDX-License-Identifier: Apache-2.0
set -eu

cc=${1:-cc}
allowed='^(memcpy|memmove|memset|memcmp|bcmp|memchr|strlen|strcmp|abort|__assert_fail|__stack_chk_fail|__[a-z]+_chk|_GLOBAL_OFFSET_TABLE_)$'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# Without sanitizers, and without position independence, so that a constant table
# of texts is read-only data and not data that the loader writes.
compile() {
	"$cc" -std=c17 -D_GNU_SOURCE -O1 -fno-pie -fno-pic -I. -c "$1" -o "$2"
}

mkdir "$work/casework" "$work/proto"
for source in casework/*.c proto/*.c; do
	compile "$source" "$work/${source%.c}.o"
done

nm --defined-only "$work"/casework/*.o "$work"/proto/*.o | awk 'NF == 3 { print $3 }' | sort -u >"$work/own"

for object in "$work"/casework/*.o; do
	name=casework/$(basename "$object" .o).c
	for symbol in $(nm -u "$object" | awk '{ print $2 }'); do
		if ! echo "$symbol" | grep -Eq "$allowed" && ! grep -Fxq "$symbol" "$work/own"; then
			echo "$name: calls $symbol"
			failed=1
		fi
	done
	# B, C and D are data that can be written: state that outlives a call.
	for symbol in $(nm --defined-only "$object" | awk '$2 ~ /^[BbCDd]$/ { print $3 }'); do
		echo "$name: keeps $symbol, which can be written"
		failed=1
	done
done

# Floating point calls nothing, so the words are looked for.
if grep -nwE '(float|double) +[a-z_*]+' casework/*.c casework/*.h; then
	failed=1
fi

# The check itself can fail: an object that reads the clock is found out.
printf '#include <time.h>\nlong long bad(void);\nlong long bad(void) { return time(0); }\n' >"$work/bad.c"
compile "$work/bad.c" "$work/bad.o"
if nm -u "$work/bad.o" | awk '{ print $2 }' | grep -Evq "$allowed"; then
	:
else
	echo "purity.sh: a call to time() was not found"
	failed=1
fi

[ "$failed" -eq 0 ] && echo "casework is pure"
exit "$failed"
