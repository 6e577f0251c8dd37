#!/usr/bin/env bash
# ./dev demo: the main job on a school of 420, shown as it happens. tests/demo.py tells it.
set -euo pipefail
cd "$(dirname "$0")/.."
exec /usr/bin/python3 tests/demo.py --attendd "${1:-build}/attendd" --attend "${1:-build}/attend"
