#!/usr/bin/env bash
# ./dev browser: the board in a real browser. run.sh BUILD [SHOTS]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-build}" && pwd)
[ -z "${2:-}" ] || { mkdir -p "$2"; SHOTS=$(cd "$2" && pwd); export SHOTS; }
[ -d "$here/node_modules/playwright-core" ] || npm --prefix "$here" ci --no-audit --no-fund --silent
exec /usr/bin/python3 "$here/morning.py" --attendd "$build/attendd" --attend "$build/attend" -- node "$here/browser.mjs"
