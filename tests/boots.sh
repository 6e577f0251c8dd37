#!/usr/bin/env bash
# boots.sh COMMAND... - runs it where the system's boot id is another one every fifth of a second, so that a
# daemon that was killed finds, when it starts again, what it would after a power cut: meta pages to be
# put back and a redo log to be written again (store/redo.h). 77: only root can.
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
if [ -z "${ATTEND_BOOTS:-}" ]; then
  export ATTEND_BOOTS
  ATTEND_BOOTS=$(mktemp)
  trap 'rm -f "$ATTEND_BOOTS"' EXIT
  unshare --mount true || { echo "boots.sh: left out: root alone may mount"; exit 77; }
  unshare --mount "$0" "$@"
  exit
fi
new() { dd if=/proc/sys/kernel/random/uuid of="$ATTEND_BOOTS" conv=notrunc status=none; }
new
mount --bind "$ATTEND_BOOTS" /proc/sys/kernel/random/boot_id
while sleep 0.2; do new; done &
trap 'kill %1' EXIT
"$@"
