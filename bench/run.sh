#!/usr/bin/env bash
# run.sh BUILD [quick | push | morning | growth] - the benchmarks, with their peers side by side.
#
# Five rounds (quick: one, short); in each, one after the other and so within the same
# minute, each begun with nothing left to write: the disk's own fdatasync, a bare CURVE ROUTER, attendd, Redis and PostgreSQL,
# all given the same registers (registers.h); and attendd once more with five pathways in force, each chosen by a
# fifth of the schools. Then a store with a school year of
# 100,000 pupils for memory, disk and replay. Last (push: alone) a million rows of CSV by
# attend push, beside psql \copy. Writes runs.tsv, table.md, push.tsv, push.md and plots to bench/results/.
# (morning: alone, one session of all England, 9 million marks by 100 connections; it only prints. growth: alone, the
# year and the deadlines with 100 pupils and with 10, 100 and 1,000 times as many, to growth.md and growth.svg.)
# The peers are private: on sockets in a temporary folder, stopped and removed at the end whatever happens.
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:?usage: run.sh BUILD [quick]}" && pwd)
mode=${2:-full}
results=${ATTEND_RESULTS:-$here/results}
pathway=$here/../pathways/stockport.yaml
others=(three-stage stockton south-tyneside wigan)

if [ "$mode" = quick ]; then
  rounds=1 count=60000 one_by_one=500 postgres_seconds=2 year_sessions=20 push_rows=100000 as_of=200 cases=6250 due=1000 alerts=5000
else
  rounds=5 count=400000 one_by_one=3000 postgres_seconds=3 year_sessions=380 push_rows=1000000 as_of=3000 cases=62500 due=10000 alerts=30000
fi
classes=3334 # of 30: 100,020 pupils
size=0 # of the growth: how many times the smallest; else none
bundle=16 # what libattend puts in one
clock=2031-07-31T12:00:00Z

# On a disk that keeps things, where the user postgres can come: not a tmpfs.
work=$(mktemp -d -p /var/tmp attend-bench.XXXXXX)
chmod 755 "$work"
declare -A started # processes of ours that may still run
runs=$work/runs.tsv

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

# Only ever what is still ours: a number that was waited for may be another's by now.
end_one() {
  [ -n "${started[$1]:-}" ] || return 0
  unset "started[$1]"
  kill "$1" 2>/dev/null && wait "$1" 2>/dev/null || true
}

clean() {
  [ ! -d "$work/postgres" ] || as_postgres "$postgres/pg_ctl" -D "$work/postgres" -m immediate stop >/dev/null 2>&1 || true
  for process in "${!started[@]}"; do end_one "$process"; done
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM

# Waits for "ready ENDPOINT" in a file; sets `endpoint`.
await_ready() { # file, process
  for _ in $(seq 1200); do
    if grep -q '^ready ' "$1"; then
      endpoint=$(awk '/^ready /{print $2; exit}' "$1")
      return
    fi
    kill -0 "$2" 2>/dev/null || break
    sleep 0.05
  done
  echo "not ready: $1" >&2
  cat "$1" "$1.log" >&2 || true
  exit 1
}

as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

# ---- the daemons ----

start_attendd() { # folder; sets endpoint, daemon
  "$build/attendd" run --data "$1" --listen 'tcp://127.0.0.1:*' --clock "manual:$clock" >"$1.out" 2>"$1.out.log" &
  daemon=$!
  started[$daemon]=1
  await_ready "$1.out" "$daemon"
}

make_store() { # folder, options of init
  "$build/attendd" init --data "$1" --authority Benchshire --pathway "$pathway" "${@:2}" >&2
  start_attendd "$1"
  export ATTEND_SERVER=$endpoint ATTEND_SERVER_KEY=$1/attendd.pub ATTEND_IDENTITY=$1/admin.identity
  [ -f "$work/connector" ] || "$build/attend" keygen "$work/connector" >/dev/null
  local schools=()
  for urn in $(seq 100001 $((100001 + (classes < 17000 ? classes / 34 : 500)))); do schools+=(--school "$urn"); done # a grant holds 512
  "$build/attend" grant "$(sed -n 's/^public: //p' "$work/connector")" connector --name bench "${schools[@]}" >/dev/null
}

# A store in which each of the five is chosen by every fifth school; sets five.
make_store_of_five() { # folder
  local files=() urn=0 name
  for name in "${others[@]}"; do files+=(--pathway "$here/../pathways/$name.yaml"); done
  make_store "$1" "${files[@]}"
  five=$endpoint
  "$build/attend" pathway list --json | sed -n 's/.*"name":"\([^"]*\)".*/\1/p' >"$work/names"
  [ "$(wc -l <"$work/names")" = 5 ] || { echo "five pathways were wanted:" >&2; cat "$work/names" >&2; exit 1; }
  for urn in $(seq 100001 $((100001 + classes / 34))); do
    name=$(sed -n "$((urn % 5 + 1))p" "$work/names")
    "$build/attend" pathway choose "$urn" "$name" >/dev/null
  done
}

load() { # name, endpoint, key file, window, count, first session, more...
  local name=$1 server=$2 key=$3 window=$4 count=$5 first=$6
  shift 6
  "$build/bench-load" --name "$name" --server "$server" --server-key "$key" --window "$window" --count "$count" \
    --first "$first" --classes "$classes" --seed "$((first + 1))" "$@"
}

start_router() {
  "$build/bench-bare-router" "$work/router.pub" >"$work/router.out" 2>"$work/router.out.log" &
  started[$!]=1
  await_ready "$work/router.out" "$!"
  router=$endpoint
}

start_redis() {
  mkdir "$work/redis"
  redis-server --port 0 --unixsocket "$work/redis/socket" --dir "$work/redis" --appendonly yes --appendfsync always \
    --save '' --auto-aof-rewrite-percentage 0 >"$work/redis/log" 2>&1 &
  started[$!]=1
  for _ in $(seq 200); do [ ! -S "$work/redis/socket" ] || return 0; sleep 0.05; done
  cat "$work/redis/log" >&2
  exit 1
}

start_postgres() {
  postgres=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
  mkdir "$work/postgres" "$work/postgres.socket"
  [ "$(id -u)" != 0 ] || chown postgres "$work/postgres" "$work/postgres.socket"
  as_postgres "$postgres/initdb" -D "$work/postgres" -A trust >/dev/null
  as_postgres "$postgres/pg_ctl" -D "$work/postgres" -w -l "$work/postgres/log" start \
    -o "-c listen_addresses='' -c unix_socket_directories='$work/postgres.socket' -c max_wal_size=8GB -c shared_buffers=512MB" >/dev/null
  postgres_psql -c 'create table mark (pupil int, session int, code char(2), primary key (pupil, session))' >/dev/null
  postgres_psql -c 'create sequence sessions' >/dev/null
  # As limits are usually quoted, with the session's number asked for first, and as fast as it can go.
  { echo "select nextval('sessions') as session \\gset"; } >"$work/simple.sql"
  { echo '\set session random(100000000, 2000000000)'; } >"$work/prepared.sql"
  for form in simple prepared; do
    {
      echo '\set class random(0, 3333)'
      printf 'insert into mark values '
      for n in $(seq 0 29); do printf "%s(:class * 30 + %d, :session, '/')" "$([ "$n" = 0 ] || echo ', ')" "$n"; done
      echo ';'
    } >>"$work/$form.sql"
  done
}

postgres_psql() { as_postgres "$postgres/psql" -h "$work/postgres.socket" -qAt postgres "$@"; }

# One register of 30 marks a transaction; the mean latency stands for p50.
run_postgres() { # simple or prepared, connections
  local told rate latency
  told=$(cd "$work/postgres.socket" && as_postgres "$postgres/pgbench" -h "$work/postgres.socket" -n -M "$1" -c "$2" \
    -j "$(($2 < 2 ? 1 : 2))" -T "$postgres_seconds" -f "$work/$1.sql" postgres 2>"$work/pgbench.log") ||
    { cat "$work/pgbench.log" >&2; return 1; }
  rate=$(awk '/^tps = /{print $3}' <<<"$told")
  latency=$(awk '/^latency average = /{print $4 * 1000}' <<<"$told")
  printf 'postgres-%s\t%s\t%s\t%s\t%.0f\t%s\t%s\t-\n' "$1" "$2" "$(awk '/actually processed:/{print $NF}' <<<"$told")" \
    "$postgres_seconds" "$rate" "$latency" -
}

# ---- the rounds ----

# What the one before left to be written is no matter of the next.
settled() { sync; "$@"; }

run_rounds() {
  local session=0 round name server folder passes=$(((count + classes - 1) / classes)) passes_one=$(((one_by_one + classes - 1) / classes))
  say "attendd: 100,020 pupils made known"
  make_store "$work/store"
  attendd=$endpoint one=$daemon
  load known "$attendd" "$work/store/attendd.pub" 1000 "$classes" 0 --identity "$work/connector" >/dev/null
  say "and with five pathways"
  make_store_of_five "$work/five"
  load known "$five" "$work/five/attendd.pub" 1000 "$classes" 0 --identity "$work/connector" >/dev/null
  session=1
  start_router
  start_redis
  start_postgres
  for round in $(seq "$rounds"); do
    say "round $round of $rounds"
    {
      settled "$build/bench-disk" "$work" "$one_by_one"
      settled load bare "$router" "$work/router.pub" 1000 "$count" "$session"
      settled load bare-bundles "$router" "$work/router.pub" 1000 "$count" "$session" --bundle "$bundle"
      # the first of two fares better, so they take turns
      for name in $([ $((round % 2)) = 1 ] && echo attend attend-five || echo attend-five attend); do
        server=$attendd folder=$work/store
        [ "$name" = attend ] || server=$five folder=$work/five
        settled load "$name" "$server" "$folder/attendd.pub" 1000 "$count" "$session" --identity "$work/connector" --together --bundle "$bundle"
      done
      settled load attend-single "$attendd" "$work/store/attendd.pub" 1000 "$count" "$((session + passes))" --identity "$work/connector" --together
      settled load attend-each "$attendd" "$work/store/attendd.pub" 1000 "$count" "$((session + 2 * passes))" --identity "$work/connector"
      settled load attend-wide "$attendd" "$work/store/attendd.pub" 10000 "$count" "$((session + 3 * passes))" --identity "$work/connector" --together --bundle "$bundle"
      settled "$build/bench-redis-load" "$work/redis/socket" 1000 "$count"
      settled "$build/bench-redis-load" "$work/redis/socket" 1000 "$count" 50
      for connections in 1 8 32; do settled run_postgres simple "$connections"; settled run_postgres prepared "$connections"; done
      settled "$build/bench-disk" "$work" "$one_by_one"
      settled load bare-one "$router" "$work/router.pub" 1 "$one_by_one" "$session"
      settled load attend-one "$attendd" "$work/store/attendd.pub" 1 "$one_by_one" "$((session + 4 * passes))" --identity "$work/connector"
    } | sed "s/^/$round\t/" | tee -a "$runs" >&2
    session=$((session + 4 * passes + passes_one))
    rm -f "$work"/redis/appendonlydir/*.aof.tmp
  done
  end_one "$one"
  end_one "$daemon"
}

# ---- a school year: memory, disk, replay ----

measure() { printf '%s\t%s\t%s\n' "$size" "$1" "$2" | tee -a "$runs" >&2; }

rss_anon() { awk '/^RssAnon/{print $2 * 1024}' "/proc/$1/status"; }

# Each pupil once, of a daemon just started, as of anywhere in the log.
ask_as_of() {
  start_attendd "$work/year"
  export ATTEND_SERVER=$endpoint ATTEND_SERVER_KEY=$work/year/attendd.pub ATTEND_IDENTITY=$work/year/admin.identity
  [ -f "$work/reader" ] || "$build/attend" keygen "$work/reader" >/dev/null
  "$build/attend" grant "$(sed -n 's/^public: //p' "$work/reader")" officer --name reader >/dev/null
  ATTEND_IDENTITY=$work/reader /usr/bin/python3 "$here/as_of.py" "$as_of" "$classes" | sed "s/^/$size\t/" | tee -a "$runs" >&2
  end_one "$daemon"
}

run_year() {
  local submissions=$((classes * year_sessions)) marks=$((classes * year_sessions * 30)) began
  say "a school year of $((classes * 30)) pupils: $marks marks"
  rm -rf "$work/store" "$work/five" "$work/year" "$work/year.out"
  make_store "$work/year"
  load year "$endpoint" "$work/year/attendd.pub" 1000 "$submissions" 0 --identity "$work/connector" | sed "s/^/$size\t/" | tee -a "$runs" >&2
  measure marks "$marks"
  measure rss_anon_loaded "$(rss_anon "$daemon")"
  end_one "$daemon"
  measure disk_bytes "$(du -s -B1 "$work/year" | cut -f1)"
  began=$(date +%s%N)
  start_attendd "$work/year"
  measure open_ms $((($(date +%s%N) - began) / 1000000))
  measure rss_anon_opened "$(rss_anon "$daemon")"
  end_one "$daemon"
  ask_as_of
  began=$(date +%s%N)
  "$build/attendd" verify --data "$work/year" >&2
  measure verify_ms $((($(date +%s%N) - began) / 1000000))
  # A program that replays the log with every hash and nothing else, where one is built.
  if [ -x "$build/bench-replay" ]; then
    measure replay_marks_per_s "$("$build/bench-replay" "$work/year")"
  fi
}

# ---- one session of all England ----

# Nine million pupils, known before by one register each; then the next one, of 100 connections at once.
run_morning() {
  local classes=300000 name
  say "nine million pupils made known"
  make_store "$work/morning"
  "$build/attend" keygen "$work/reader" >/dev/null
  "$build/attend" grant "$(sed -n 's/^public: //p' "$work/reader")" officer --name reader >/dev/null
  for name in known morning; do
    load "$name" "$endpoint" "$work/morning/attendd.pub" 10000 "$classes" "$([ "$name" = known ] && echo 0 || echo 1)" \
      --identity "$work/reader" --together --bundle 16 --connections "$([ "$name" = known ] && echo 1 || echo 100)"
  done
  end_one "$daemon"
}

# ---- deadlines ----

# A million that are open, of which ten thousand fall due at one instant.
run_deadlines() {
  local folder=$work/deadlines classes=$(((cases + 29) / 30))
  say "$((16 * cases)) open deadlines"
  clock=2026-09-01T12:00:00Z pathway=$here/deadlines.yaml make_store "$folder"
  [ -f "$work/reader" ] || "$build/attend" keygen "$work/reader" >/dev/null
  "$build/attend" grant "$(sed -n 's/^public: //p' "$work/reader")" officer --name reader >/dev/null
  load known "$endpoint" "$folder/attendd.pub" 1000 "$classes" 0 --identity "$work/reader" >/dev/null
  /usr/bin/python3 "$here/deadlines.py" "$cases" "$due" "$work/reader" | sed "s/^/$size\t/" | tee -a "$runs" >&2
  end_one "$daemon"
  rm -rf "$folder" "$folder.out"
}

# ---- growth ----

run_growth() {
  for size in 1 10 100 1000; do
    classes=$(((size * 10 + 2) / 3)) cases=$((size * 125 / 2)) due=$((size * 10))
    as_of=$((classes * 30 < 3000 ? classes * 30 : 3000))
    run_year
    run_deadlines
  done
  /usr/bin/python3 "$here/report_growth.py" "$runs" "$results"
}

# ---- alerts ----

# From a mark to its alert at each of a hundred subscribers, and of five hundred.
run_alerts() {
  local folder=$work/alerts subscribers first=1 keys
  say "alerts to 100 and 500 subscribers"
  ulimit -n 8192
  pathway=$here/alerts.yaml make_store "$folder"
  [ -f "$work/reader" ] || "$build/attend" keygen "$work/reader" >/dev/null
  "$build/attend" grant "$(sed -n 's/^public: //p' "$work/reader")" officer --name reader >/dev/null
  keys=(--server "$endpoint" --server-key "$folder/attendd.pub" --connector "$work/connector" --officer "$work/reader")
  "$build/bench-alerts" "${keys[@]}" --subscribers 1 --every 1000000 --rate 2000 --count "$classes" --first 0
  for subscribers in 100 500; do
    "$build/bench-alerts" "${keys[@]}" --subscribers "$subscribers" --count "$alerts" --first "$first" | sed "s/^/$size\t/" | tee -a "$runs" >&2
    first=$((first + (alerts + classes - 1) / classes))
  done
  end_one "$daemon"
  rm -rf "$folder" "$folder.out"
}

# ---- a file of rows ----

push_store() { # name, options of push; a store of its own, so that each row is new
  make_store "$work/push"
  ATTEND_IDENTITY=$work/connector timed "$1" "$build/attend" push --json "${@:2}" "$work/rows.csv"
  end_one "$daemon"
  rm -rf "$work/push" "$work/push.out" # else the next would be taken for ready by it
}

timed() { /usr/bin/python3 "$here/push_timed.py" "$1" "$push_rows" "${@:2}" | sed "s/^/$round\t/" | tee -a "$work/push.tsv" >&2; }

run_push() {
  local round
  say "$push_rows rows of CSV"
  [ -n "${postgres:-}" ] || start_postgres
  /usr/bin/python3 "$here/push_rows.py" "$push_rows" >"$work/rows.csv"
  postgres_psql -c 'create table register_row (urn int, upn char(13), date date, session char(2), code varchar(2),
    primary key (upn, date, session))' >/dev/null
  for round in $(seq "$rounds"); do
    postgres_psql -c 'truncate register_row' -c checkpoint >/dev/null
    timed copy env HOME=/ "$(command -v bash)" -c "$(declare -f as_postgres); as_postgres $postgres/psql -h $work/postgres.socket -At postgres \
      -c \"\\\\copy register_row from '$work/rows.csv' csv header\""
    push_store push
    push_store spool --spool "$work/spool"
  done
}

say "benchmarks: $mode, in $work"
mkdir -p "$results"
case "$mode" in
morning | growth) "run_$mode"; exit ;;
esac
if [ "$mode" != push ]; then
  run_rounds
  run_year
  run_deadlines
  run_alerts
  /usr/bin/python3 "$here/report.py" "$runs" "$results" "$mode"
fi
run_push
/usr/bin/python3 "$here/report_push.py" "$work/push.tsv" "$results" "$mode"
