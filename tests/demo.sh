#!/usr/bin/env bash
# ./dev demo: the main job on a secondary school of 1,050, told and checked by tests/story.py.
set -euo pipefail
cd "$(dirname "$0")/.."
exec /usr/bin/python3 tests/story.py --attendd "${1:-build}/attendd" --attend "${1:-build}/attend" --pupils 1050
