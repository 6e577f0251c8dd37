#!/usr/bin/env bash
# ./dev package: the Debian packages, in build-package/, and what lintian says of them.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
grep -q "project(attend VERSION $version " CMakeLists.txt || {
  echo "package: debian/changelog says $version, CMakeLists.txt another version: make them agree" >&2
  exit 1
}
room=build-package/attend-$version
rm -rf build-package
mkdir -p "$room"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$room" --
# Another Python before the system's, as developers have, would be taken for it.
(cd "$room" && PATH=/usr/sbin:/usr/bin:/sbin:/bin dpkg-buildpackage --build=binary --no-sign >../build.log 2>&1) || { grep -E -A20 "FAILED|rror:|\*\*\*" build-package/build.log >&2; exit 1; }
tests/hardening.sh cc "$room"/debian/attendd/usr/bin/attendd "$room"/debian/attend/usr/bin/attend
[ "$(id -u)" != 0 ] || set -- --allow-root
lintian "$@" --fail-on error --tag-display-limit 0 build-package/*.changes
ls -1 build-package/*.deb
