#!/usr/bin/python3
"""pages.py - manual pages and shell completion, made of what the two programs say of themselves.

    pages.py --attend FILE --attendd FILE OUT      writes OUT/*.scd and OUT/completion/

What `--help` says is asked for and taken apart, so that neither pages nor completion can drift from it:
attend-COMMAND(1) is made whole; in packaging/man/*.scd a line @COMMANDS@ or @VERBS@ is filled in. What those
pages say by hand is compared: a --option, a command or a setting that isn't there is a fault, and so is a
setting that attendd.conf(5) leaves out.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
WIDE = dict(os.environ, ARGP_HELP_FMT="rmargin=2000", LC_ALL="C.UTF-8")
OPTION = re.compile(r"^ {2,6}(?:-(\S), +)?--([a-z-]+)(?:(\[?)=([^\s\]]+)\]?)? *(.*)$")
HEADING = re.compile(r"^ (\S.*):$")
WORD = re.compile(r"^  ([a-z][a-z-]+)(?:: | +([A-Z][^a-z]*?(?:\[--\S+\])?)?(?: {2,}| +(?=[a-z])))(\S.*)$")

EVERYWHERE = ("help", "usage", "version")


class Option:
    """Or, without a name, a heading among them."""

    def __init__(self, short, name, optional, value, text):
        self.short, self.name, self.value, self.text = short, name, value, text
        self.must = bool(value) and not optional


class Help:
    """What PROGRAM WORD... --help says: usage lines, paragraphs before and after the options, options, words."""

    def __init__(self, program, title, words):
        text = subprocess.run([program, *words, "--help"], env=WIDE, capture_output=True, text=True, check=True).stdout
        self.title = title
        self.usage, self.before, self.after, self.listed = [], [], [], []
        options_seen = False
        for line in text.rstrip().split("\n"):
            option = OPTION.match(line)
            if line.startswith("Usage: ") or line.startswith("  or:  "):
                self.usage.append(line[7:].strip())
            elif option:
                self.listed += [Option(*option.groups())] if option.group(2) not in EVERYWHERE else []
                options_seen = True
            elif HEADING.match(line) and (not self.after or not any(self.after)):
                self.listed.append(Option(None, None, None, None, HEADING.match(line).group(1)))
            elif not line.startswith("Mandatory or optional arguments"):
                (self.after if options_seen else self.before).append(line)
        self.words = [m.groups() for m in map(WORD.match, self.before) if m]

    @property
    def options(self):
        return [o for o in self.listed if o.name]

    @property
    def summary(self):
        return self.before[0].split(". ")[0].rstrip(".") if self.before and self.before[0] else self.title


def escaped(text):
    return re.sub(r"([\\*_#\[\]~])", r"\\\1", text)


def paragraphs(lines):
    """Text as it stands; lists of words as such; lines that are set in as examples."""
    out, example = [], False
    for line in lines:
        word = WORD.match(line)
        inset = line.startswith("  ") and not (word and ": " in line)
        if inset != example:
            out.append("```" if not example else "```\n")
            example = inset
        if inset:
            out.append(line)
        elif word and line.startswith("  "):
            out.append("*%s*\n\t%s\n" % (word.group(1), escaped(word.group(3))))
        else:
            out.append(escaped(line) + "\n")
    if example:
        out.append("```")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip("\n")


def options_page(options):
    out = []
    for o in options:
        if not o.name:
            out.append("_%s_\n" % escaped(o.text))
            continue
        name = ("*-%s*, " % o.short if o.short else "") + "*--%s*" % escaped(o.name) + (("=_%s_" if o.must else "\\[=_%s_\\]") % escaped(o.value) if o.value else "")
        out.append("%s\n\t%s\n" % (name, escaped(o.text)))
    return "\n".join(out)


def command_page(help_, words):
    """attend-COMMAND(1); `words` are the pages of a command that has words of its own."""
    name = help_.title.replace(" ", "-")
    summary = help_.summary[0].lower() + help_.summary[1:] if not words else "the words of " + help_.title
    out = ["%s(1)" % name, "", "# NAME", "", "%s - %s" % (name, escaped(summary)), "", "# SYNOPSIS", ""]
    out += ["++\n".join("*%s*%s" % (page.title, escaped(usage[len(page.title):])) for page in words or [help_] for usage in page.usage)]
    out += ["", "# DESCRIPTION", ""]
    if words:
        for page in words:
            out += ["## " + page.title, "", paragraphs(page.before), "", options_page(page.listed), "", paragraphs(page.after), ""]
    else:
        out += [paragraphs(help_.before), ""]
        if help_.options:
            out += ["# OPTIONS", "", options_page(help_.listed), ""]
        if help_.after and any(help_.after):
            out += ["# NOTES", "", paragraphs(help_.after), ""]
    out += ["# EXIT STATUS", "", "0 done; 1 refused, each reason on standard error; 2 wrong use; 3 the daemon can't be reached.", "",
            "# SEE ALSO", "", "*attend*(1), *attend.conf*(5)", ""]
    return "\n".join(out)


def verb_section(page):
    return "\n".join(["## " + page.title, "", paragraphs(page.before), "", options_page(page.listed), "", paragraphs(page.after), ""])


class Programs:
    def __init__(self, attend, attendd):
        self.groups, self.commands, self.inner = [], {}, {}
        for line in subprocess.run([attend, "--help"], env=WIDE, capture_output=True, text=True, check=True).stdout.split("\n"):
            command = re.match(r"^  ([a-z-]+) +(\S.*)$", line)
            if command:
                self.groups[-1][1].append(command.groups())
            elif re.match(r"^[A-Z].*:$", line):
                self.groups.append((line[:-1], []))
        for name in (name for _, group in self.groups for name, _ in group):
            page = self.commands[name] = Help(attend, "attend " + name, [name])
            if page.usage and page.usage[0].endswith("WORD ..."):
                self.inner[name] = [Help(attend, "attend %s %s" % (name, word[0]), [name, word[0]]) for word in page.words]
        top = Help(attendd, "attendd", [])
        # The list stands after the options there.
        self.verbs = {}
        for line in top.after:
            verb = re.match(r"^  ([a-z-]+) +(\S.*)$", line)
            if verb:
                self.verbs[verb.group(1)] = Help(attendd, "attendd " + verb.group(1), [verb.group(1)])
        self.settings = [o.name for verb in ("init", "run") for o in self.verbs[verb].options if o.value and o.name != "config"]

    def every_option(self):
        pages = list(self.commands.values()) + [p for inner in self.inner.values() for p in inner] + list(self.verbs.values())
        return {o.name for page in pages for o in page.options} | set(EVERYWHERE)


def fill(text, programs):
    commands = "".join("## %s\n\n" % title + "".join("*attend-%s*(1)\n\t%s\n\n" % (name, escaped(tells)) for name, tells in group)
                       for title, group in programs.groups)
    return text.replace("@COMMANDS@\n", commands).replace("@VERBS@\n", "\n".join(map(verb_section, programs.verbs.values())))


def faults_of(name, text, programs):
    """What a page says by hand and is not so."""
    for option in re.findall(r"--([a-z][a-z-]+)", text):
        if option not in programs.every_option():
            yield "%s: there is no option --%s" % (name, option)
    for word in re.findall(r"(?:\*|^)attend ([a-z-]+)\b", text, re.M):
        if word not in programs.commands:
            yield "%s: there is no command attend %s" % (name, word)
    for word in re.findall(r"(?:\*|^)attendd ([a-z-]+)\b", text, re.M):
        if word not in programs.verbs:
            yield "%s: there is no command attendd %s" % (name, word)
    if name == "attendd.conf.5.scd":
        said = re.findall(r"^\*([a-z-]+)\* = ", text, re.M)
        for setting in sorted(set(said) ^ set(programs.settings)):
            yield "%s: the setting %s %s" % (name, setting, "is not there" if setting in said else "is left out")


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--attend", required=True)
    parser.add_argument("--attendd", required=True)
    parser.add_argument("--man", default=os.path.join(HERE, "man"), help="the pages written by hand")
    parser.add_argument("out")
    args = parser.parse_args()
    sys.path.insert(0, HERE)
    sys.dont_write_bytecode = True
    import completion
    programs = Programs(os.path.abspath(args.attend), os.path.abspath(args.attendd))
    os.makedirs(os.path.join(args.out, "completion"), exist_ok=True)
    faults = []
    for name in sorted(os.listdir(args.man)):
        with open(os.path.join(args.man, name), encoding="utf-8") as file:
            text = file.read()
        faults += faults_of(name, text, programs)
        write(args.out, name, fill(text, programs))
    for name, page in programs.commands.items():
        write(args.out, "attend-%s.1.scd" % name, command_page(page, programs.inner.get(name, [])))
    for name, text in completion.files(programs).items():
        write(os.path.join(args.out, "completion"), name, text)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
