#!/usr/bin/python3
"""wheel.py - a wheel is built offline from a copy of client/python, unpacked, and tried by package.py.

    wheel.py --attendd FILE --attend FILE

SPDX-License-Identifier: Apache-2.0
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "client", "python")


def main():
    with tempfile.TemporaryDirectory(prefix="attend-wheel-") as folder:
        source, site = os.path.join(folder, "source"), os.path.join(folder, "site")
        shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("__pycache__", ".*", "build", "*.egg-info"))
        done = subprocess.run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source],
                              capture_output=True, text=True)
        wheels = glob.glob(os.path.join(folder, "*.whl"))
        if done.returncode or len(wheels) != 1:
            raise SystemExit("FAILED: no wheel: %s%s" % (done.stdout, done.stderr))
        with zipfile.ZipFile(wheels[0]) as wheel:
            names = wheel.namelist()
            wheel.extractall(site)
        ours = sorted(name for name in names if name.startswith("attend/"))
        theirs = sorted("attend/" + name for name in os.listdir(os.path.join(SOURCE, "attend")) if name != "__pycache__")
        if ours != theirs:
            raise SystemExit("FAILED: the wheel has %s, the source %s" % (ours, theirs))
        print(os.path.basename(wheels[0]), flush=True)
        return subprocess.run([sys.executable, os.path.join(HERE, "package.py"), "--package", site] + sys.argv[1:]).returncode


if __name__ == "__main__":
    sys.exit(main())
