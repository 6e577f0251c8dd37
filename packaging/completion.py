"""completion.py - completion for bash, zsh and fish, of the lists that pages.py took from --help.

SPDX-License-Identifier: Apache-2.0
"""

def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def tables(programs):
    """program: [(words before, what may come next: [(word, text)], the options there)]"""
    attend = [((), [(name, text) for _, group in programs.groups for name, text in group], [])]
    for name, page in programs.commands.items():
        attend.append(((name,), [(word, text) for word, _, text in page.words], page.options))
        for inner in programs.inner.get(name, []):
            attend.append(((name, inner.title.split()[2]), [], inner.options))
    attendd = [((), [(name, page.summary) for name, page in programs.verbs.items()], [])]
    attendd += [((name,), [], page.options) for name, page in programs.verbs.items()]
    return {"attend": attend, "attendd": attendd}


BASH = """# bash completion for {program}; made by packaging/pages.py of what --help says.
_{program}() {{
	local current=${{COMP_WORDS[COMP_CWORD]}} at=1 path='' words='' options=''
	local known='{known} '
	while [ $at -lt $COMP_CWORD ] && [[ $known == *" $path/${{COMP_WORDS[at]}} "* ]]; do
		path=$path/${{COMP_WORDS[at]}}
		at=$((at + 1))
	done
	case $path in
{cases}	esac
	if [[ $current == -* ]]; then
		COMPREPLY=($(compgen -W "$options" -- "$current"))
	elif [ -n "$words" ] && [ $at = "$COMP_CWORD" ]; then
		COMPREPLY=($(compgen -W "$words" -- "$current"))
	else
		compopt -o default 2>/dev/null
		COMPREPLY=()
	fi
}}
complete -F _{program} {program}
"""


def path_of(before):
    return "".join("/" + word for word in before)


def bash(program, table):
    cases = "".join("\t%s) words=%s options=%s ;;\n" % (
        quoted(path_of(before)), quoted(" ".join(word for word, _ in words)), quoted(" ".join("--" + o.name for o in options)))
        for before, words, options in table)
    return BASH.format(program=program, known="".join(" " + path_of(before) for before, _, _ in table), cases=cases)


def zsh(program, table):
    out = ["#compdef " + program, "# Made by packaging/pages.py of what --help says.", "", "_%s() {" % program,
           "\tlocal path='' at=2", "\tlocal -a next options", "\tlocal -A paths=(%s)" % " ".join(
               quoted(path_of(before)) + " 1" for before, _, _ in table if before),
           "\twhile (( at < CURRENT )) && [[ -n ${paths[$path/$words[at]]} ]]; do", "\t\tpath=$path/$words[at]", "\t\t(( at++ ))", "\tdone",
           "\tcase $path in"]
    for before, words, options in table:
        out.append("\t%s)" % quoted(path_of(before)))
        out.append("\t\tnext=(%s)" % " ".join(quoted("%s:%s" % (word, text.replace(":", "\\:"))) for word, text in words))
        out.append("\t\toptions=(%s) ;;" % " ".join(quoted("--%s:%s" % (o.name, o.text.replace(":", "\\:"))) for o in options))
    out += ["\tesac", "\tif [[ $words[CURRENT] == -* ]]; then", "\t\t_describe option options",
            "\telif (( $#next && at == CURRENT )); then", "\t\t_describe word next", "\telse", "\t\t_files", "\tfi", "}", "", '_%s "$@"' % program, ""]
    return "\n".join(out)


def fish(program, table):
    out = ["# Made by packaging/pages.py of what --help says."]
    for before, words, options in table:
        when = "__fish_use_subcommand" if not before else "; and ".join("__fish_seen_subcommand_from " + word for word in before)
        if before and words:
            when_words = when + "; and not __fish_seen_subcommand_from " + " ".join(word for word, _ in words)
        else:
            when_words = when
        for word, text in words:
            out.append("complete -c %s -f -n %s -a %s -d %s" % (program, quoted(when_words), word, quoted(text)))
        for o in options:
            out.append("complete -c %s -n %s -l %s%s -d %s" % (
                program, quoted(when), o.name, (" -s " + o.short if o.short and o.short.isalpha() else "") + (" -r" if o.must else ""),
                quoted(o.text)))
    return "\n".join(out) + "\n"


def files(programs):
    made = {}
    for program, table in tables(programs).items():
        made["%s.bash" % program] = bash(program, table)
        made["_%s" % program] = zsh(program, table)
        made["%s.fish" % program] = fish(program, table)
    return made
