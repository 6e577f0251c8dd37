#!/usr/bin/env bash
# soak.sh BUILD - the long runs: 200 kills under load, 200 that look like power cuts, 200 of daemon and
# connector in turn with an outbox, 200 subscribers through an hour's alerts, a term of 20,000 pupils against
# the naive model, a school year of 60,000 pupils with restarts, backups and changes going on (plots in
# bench/results/), files of a GiB through the importers, and 10,000 cases at random through every council's
# pathway (ATTEND_SEED repeats those; three minutes of one processor). About an hour.
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:?usage: soak.sh BUILD}" && pwd)
programs=(--attendd "$build/attendd" --attend "$build/attend")

python=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1
"$python" "$here/torture.py" "${programs[@]}" --kills "${ATTEND_KILLS:-200}"
"$here/boots.sh" "$python" "$here/torture.py" "${programs[@]}" --kills "${ATTEND_KILLS:-200}" || [ $? = 77 ]
"$python" "$here/outbox.py" "${programs[@]}" --kills "${ATTEND_KILLS:-200}"
"$python" "$here/subscribers.py" "${programs[@]}" --memory 8
"$python" "$here/term.py" "${programs[@]}" --pupils "${ATTEND_PUPILS:-20000}"
"$python" "$here/year.py" "${programs[@]}" --pupils "${ATTEND_YEAR_PUPILS:-60000}" --plots "${ATTEND_RESULTS:-$here/../bench/results}"
"$python" "$here/importers.py" "${programs[@]}" --big "${ATTEND_BIG:-1024}"
cd "$here/.." && "$build/test-random_cases" "${ATTEND_CASES:-10000}"
