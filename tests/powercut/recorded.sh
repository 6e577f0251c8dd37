#!/bin/sh
# recorded.sh ARGUMENT... - attendd, and what it does to its data directory written down (recorder.c).
#
#   POWERCUT_ATTENDD, POWERCUT_RECORDER   the two files
#
# SPDX-License-Identifier: Apache-2.0
set -eu
previous=
for argument; do
  [ "$previous" != --data ] || ATTEND_POWERCUT_DIR=$argument
  previous=$argument
done
export ATTEND_POWERCUT_DIR
# A sanitizer's own library wants to be the first; it need not be.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
export ASAN_OPTIONS
exec env LD_PRELOAD="$POWERCUT_RECORDER" "$POWERCUT_ATTENDD" "$@"
