#!/usr/bin/env bash
# threads.sh BUILD [TEXT]: the tests in which threads meet, with ThreadSanitizer in BUILD; TEXT chooses among them.
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
build=$1 only=${2:-}
# the store's committing thread and its copy; the router, the handshakes, the trial; the client's and the board's threads
tests=(store_gather store_redo store_faults engine_behind engine_backup engine_health daemon_door daemon_shell daemon_flood daemon_commands
  client_transport client_subscription client_spool client_spool_faults
  outside-connector outside-spool outside-watch outside-board outside-trial outside-monitoring)
export TSAN_OPTIONS="suppressions=$PWD/tests/analysis/threads.txt halt_on_error=0 exitcode=66 second_deadlock_stack=1 log_path=$PWD/$build/tsan"
rm -f "$build"/tsan.*
failed=() ran=0
for one in "${tests[@]}"; do
  [[ $one == *$only* ]] || continue
  ran=$((ran + 1))
  began=$SECONDS
  if ctest --test-dir "$build" --no-tests=error -R "^$one\$" --timeout 600 --output-on-failure >"$build/threads-$one.log" 2>&1; then
    echo "$one: good ($((SECONDS - began)) s)"
  else
    echo "$one: failed ($((SECONDS - began)) s); see $build/threads-$one.log"
    failed+=("$one")
  fi
done
races=$(cat "$build"/tsan.* 2>/dev/null | grep -c '^WARNING: ThreadSanitizer' || true)
cat "$build"/tsan.* 2>/dev/null | grep '^SUMMARY' | sort | uniq -c || true
echo "threads: $ran tests, ${#failed[@]} failed, $races reports of ThreadSanitizer"
[ ${#failed[@]} = 0 ] && [ "$races" = 0 ]
