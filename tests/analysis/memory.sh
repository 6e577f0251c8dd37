#!/usr/bin/env bash
# memory.sh BUILD [TEXT]: valgrind's memcheck over tests of BUILD, which has no sanitizer: uninitialised values, which no
# other tool here sees, and what is lost. TEXT chooses among them.
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
build=$1 only=${2:-}
tests=(proto_bytes proto_ids proto_mp proto_message proto_event proto_marks proto_identity proto_golden_event proto_golden_message
  casework_civil casework_calendar casework_pupil casework_watch casework_standing casework_people casework_task case_rules case_record
  pathway_compile pathway_expression pathway_letters pathway_timing
  store_store store_open store_log store_tree store_note store_secrets store_gather store_damage
  engine_input engine_again engine_roles engine_people engine_family engine_story engine_sick engine_backup engine_proof engine_feed
  client_rows client_roster client_calendar client_mapping client_output client_conf)
failed=() ran=0
for one in "${tests[@]}"; do
  [[ $one == *$only* ]] || continue
  ran=$((ran + 1))
  began=$SECONDS
  if valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite --track-fds=no --child-silent-after-fork=yes \
      --suppressions=tests/analysis/memory.txt "$build/test-$one" >"$build/memory-$one.log" 2>&1; then
    echo "$one: good ($((SECONDS - began)) s)"
  else
    echo "$one: failed ($((SECONDS - began)) s); see $build/memory-$one.log"
    failed+=("$one")
  fi
done
echo "memory: $ran tests, ${#failed[@]} failed"
[ ${#failed[@]} = 0 ]
