#!/usr/bin/env python3
"""run.py COMPILE_COMMANDS-FOLDER [clang-tidy] [cppcheck] [gcc] [--only TEXT]: what the three say of the product's sources.

The checks are in .clang-tidy and below. What stands in exceptions.txt, each with its reason, is passed over; anything
else they say fails, and so does an exception that nothing needs any more.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ("casework", "proto", "store", "daemon", "pathways", "client")
TOOLS = ("clang-tidy", "cppcheck", "gcc")
WARNING = re.compile(r"^(?P<file>[^:\s]+):(?P<line>\d+):\d+: (?:warning|error): (?P<text>.*) \[(?P<check>[^\]]+)\]$")
# Not asked: funcArgOrderDifferent, which takes a parameter without a name for another; varFuncNullUB, since NULL is a pointer wherever this is built.
CPPCHECK = ["cppcheck", "--enable=warning,performance,portability", "--inconclusive", "--std=c17", "--quiet", "--platform=unix64",
            "--include=tests/analysis/cppcheck.h",
            "-D_GNU_SOURCE", "-DATTEND_VERSION=\"\"", "-I.", "--suppress=missingIncludeSystem", "--suppress=funcArgOrderDifferent", "--suppress=varFuncNullUB",
            "--template={file}:{line}:1: warning: {message} [{id}]"]


class Finding:
    def __init__(self, tool: str, match: re.Match) -> None:
        self.tool = tool
        self.file = os.path.relpath(os.path.realpath(os.path.join(TOP, match["file"])), TOP)
        self.line = int(match["line"])
        self.text = match["text"]
        self.check = match["check"].split(",")[0].removeprefix("-W")

    def key(self) -> tuple[str, str, str]:
        return self.tool, self.file, self.check


def sources(only: str) -> list[str]:
    return sorted(f"{folder}/{name}" for folder in FOLDERS for name in os.listdir(os.path.join(TOP, folder))
                  if name.endswith(".c") and only in f"{folder}/{name}")


def flags(folder: str) -> dict[str, list[str]]:
    """Of each source what it is compiled with, without where the object goes."""
    with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    found = {}
    for one in commands:
        words = [word for word in one["command"].split() if word.startswith(("-I", "-D", "-std", "-isystem", "-pthread"))
                 or word.startswith("/usr/include")]
        found[os.path.relpath(one["file"], TOP)] = [word.replace("\\\"", "\"") for word in words]
    return found


def run(command: list[str], folder: str = TOP) -> str:
    done = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout


def look(tool: str, source: str, build: str, words: list[str]) -> str:
    if tool == "clang-tidy":
        return run(["clang-tidy", "-p", build, "--quiet", source])
    if tool == "cppcheck":
        return run([*CPPCHECK, source])
    return run(["gcc", "-fanalyzer", "-std=c17", "-O1", *words, "-c", source, "-o", "/dev/null"])


def exceptions() -> dict[tuple[str, str, str], str]:
    found = {}
    with open(os.path.join(TOP, "tests/analysis/exceptions.txt"), encoding="utf-8") as file:
        for text in file:
            if text.strip() and not text.startswith("#"):
                tool, path, check, reason = text.split(None, 3)
                found[tool, path, check] = reason.strip()
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("tools", nargs="*", choices=[*TOOLS, []])
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    tools, files, known = args.tools or TOOLS, sources(args.only), exceptions()
    words = flags(args.build)
    findings: dict[tuple[str, str, int, str], Finding] = {}
    failed = False
    for tool in tools:
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            outputs = pool.map(lambda source, tool=tool: look(tool, source, args.build, words.get(source, ["-I."])), files)
        for source, output in zip(files, outputs):
            for text in output.splitlines():
                match = WARNING.match(text)
                if match and not match["file"].startswith("/usr/"):
                    one = Finding(tool, match)
                    findings[tool, one.file, one.line, one.check] = one
                elif " error: " in text:
                    print(f"{tool}: {source}: {text}")
                    failed = True
        print(f"{tool}: {len(files)} files in {time.monotonic() - began:.0f} s,"
              f" {sum(one.tool == tool for one in findings.values())} findings", flush=True)
    fresh = sorted((one for one in findings.values() if one.key() not in known), key=lambda one: (one.file, one.line))
    for one in fresh:
        print(f"{one.file}:{one.line}: {one.text} [{one.tool} {one.check}]")
    needed = {one.key() for one in findings.values()}
    idle = [key for key in known if key not in needed and key[0] in tools] if not args.only else []
    for key in idle:
        print(f"exceptions.txt: nothing needs {' '.join(key)} any more")
    print(f"analyse: {len(fresh)} findings, {len(needed & set(known))} exceptions with their reasons")
    return 1 if fresh or idle or failed else 0


if __name__ == "__main__":
    sys.exit(main())
