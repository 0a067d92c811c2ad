package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"postmortem/rules"
)

// shells are the words of -completion.
var shells = []string{"bash", "zsh", "fish"}

// words are the flags that take one of some words.
var words = map[string][]string{
	"fail": {"warning", "error", "never"}, "min": {"info", "warning", "error"}, "color": {"auto", "always", "never"},
	"tz": {"utc", "local"}, "progress": {"auto", "always", "never"}, "t": clockWords(), "style": styles,
	"raw": {"client", "server"}, "format": formats, "completion": shells, "table": tableNames(),
}

// repeated are the flags that may be given again.
var repeated = []string{"e", "keylog", "port", "limit", "table"}

// A flagLine is a flag as help and completion show it.
type flagLine struct {
	name, arg, text string // arg: the name of its value, "": it takes none
}

// lineOf takes the usage of a flag apart.
func lineOf(fs *flag.FlagSet, name string) flagLine {
	f := fs.Lookup(name)
	l := flagLine{name: name, text: f.Usage}
	if strings.HasPrefix(l.text, "`") {
		arg, rest, _ := strings.Cut(l.text[1:], "`")
		l.arg, l.text = arg, strings.TrimSpace(rest)
	}
	return l
}

// lines are the flags of a verb.
func (v *verb) lines() (list []flagLine) {
	fs := (&options{}).flags()
	for _, name := range v.flags {
		list = append(list, lineOf(fs, name))
	}
	return list
}

// takesFile reports whether a flag's value is the name of a file.
func (l *flagLine) takesFile() bool { return l.arg == "FILE" }

// verbNames are the names of all verbs.
func verbNames() (names []string) {
	for _, v := range verbs {
		names = append(names, v.name)
	}
	return names
}

// completion is a script that completes command lines in a shell.
func completion(shell string) string {
	var b strings.Builder
	switch shell {
	case "bash":
		bash(&b)
	case "zsh":
		zsh(&b)
	case "fish":
		fish(&b)
	}
	return b.String()
}

// allLines are the flags of all verbs, each once.
func allLines() (list []flagLine) {
	seen := map[string]bool{}
	for _, v := range verbs {
		for _, l := range v.lines() {
			if !seen[l.name] {
				seen[l.name] = true
				list = append(list, l)
			}
		}
	}
	return list
}

func bash(b *strings.Builder) {
	names := strings.Join(verbNames(), " ")
	b.WriteString("# Completion of postmortem for bash: source <(postmortem help -completion bash)\n")
	fmt.Fprintf(b, `_postmortem() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=%s i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        %s) verb=${COMP_WORDS[i]}; break ;;
        esac
    done
    case $prev in
`, verbs[0].name, strings.ReplaceAll(names, " ", "|"))
	var files, others []string
	for _, l := range allLines() {
		switch {
		case words[l.name] != nil:
			fmt.Fprintf(b, "    -%s) mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\"); return ;;\n", l.name, strings.Join(words[l.name], " "))
		case l.takesFile():
			files = append(files, "-"+l.name)
		case l.arg != "":
			others = append(others, "-"+l.name)
		}
	}
	fmt.Fprintf(b, "    %s) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n", strings.Join(files, "|"))
	fmt.Fprintf(b, "    %s) COMPREPLY=(); return ;;\n", strings.Join(others, "|"))
	b.WriteString("    esac\n    if [[ $cur == -* ]]; then\n        case $verb in\n")
	for i := range verbs {
		var flags []string
		for _, l := range verbs[i].lines() {
			flags = append(flags, "-"+l.name)
		}
		if len(flags) > 0 {
			fmt.Fprintf(b, "        %s) mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\") ;;\n", verbs[i].name, strings.Join(flags, " "))
		}
	}
	fmt.Fprintf(b, `        esac
        return
    fi
    if [[ $verb == help ]]; then
        mapfile -t COMPREPLY < <(compgen -W '%[1]s' -- "$cur")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    if ((COMP_CWORD == 1)); then
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W '%[1]s' -- "$cur")
    fi
}
complete -o filenames -F _postmortem postmortem
`, names)
}

// quoted is s in single quotes for a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func zsh(b *strings.Builder) {
	b.WriteString("#compdef postmortem\n# Completion of postmortem for zsh, behind compinit: source <(postmortem help -completion zsh),\n# or as the file _postmortem in a folder of fpath\n")
	text := strings.NewReplacer("[", `\[`, "]", `\]`, ":", `\:`)
	b.WriteString("_postmortem_verbs() {\n    local -a list\n    list=(\n")
	for _, v := range verbs {
		fmt.Fprintf(b, "        %s\n", quoted(v.name+":"+v.short))
	}
	fmt.Fprintf(b, `    )
    _describe verb list
}
_postmortem() {
    local verb=%s w
    for w in ${words[2,CURRENT-1]}; do
        case $w in
        %s) verb=$w; break ;;
        esac
    done
    if ((CURRENT == 2)) && [[ ${words[2]} != -* ]]; then
        _postmortem_verbs
        _files
        return
    fi
    case $verb in
`, verbs[0].name, strings.Join(verbNames(), "|"))
	for i := range verbs {
		v := &verbs[i]
		fmt.Fprintf(b, "    %s)\n        _arguments", v.name)
		for _, l := range v.lines() {
			spec := "-" + l.name + "[" + text.Replace(l.text) + "]"
			switch {
			case words[l.name] != nil:
				spec += ":" + l.arg + ":(" + strings.Join(words[l.name], " ") + ")"
			case l.takesFile():
				spec += ":" + l.arg + ":_files"
			case l.arg != "":
				spec += ":" + text.Replace(l.arg) + ": "
			}
			if slices.Contains(repeated, l.name) {
				spec = "*" + spec
			}
			fmt.Fprintf(b, " \\\n            %s", quoted(spec))
		}
		rest := "*:file:_files"
		switch v.name {
		case "help":
			rest = "*:verb:_postmortem_verbs"
		case "explain":
			rest = "*:id: "
		}
		fmt.Fprintf(b, " \\\n            %s\n        ;;\n", quoted(rest))
	}
	// As a file of fpath the script is the body of the function at its first call; sourced, it must not call it.
	b.WriteString(`    esac
}
if [[ $funcstack[1] == _postmortem ]]; then
    _postmortem "$@"
elif (($+functions[compdef])); then
    compdef _postmortem postmortem
else
    print -u2 'postmortem: completion needs compinit first: autoload -Uz compinit && compinit'
fi
`)
}

func fish(b *strings.Builder) {
	b.WriteString("# Completion of postmortem for fish: postmortem help -completion fish | source\n")
	names := strings.Join(verbNames(), " ")
	none := "not __fish_seen_subcommand_from " + names
	for i := range verbs {
		fmt.Fprintf(b, "complete -c postmortem -n %s -a %s -d %s\n", quoted(none), verbs[i].name, quoted(verbs[i].short))
	}
	for i := range verbs {
		when := "__fish_seen_subcommand_from " + verbs[i].name
		if i == 0 {
			when = none + "; or " + when
		}
		for _, l := range verbs[i].lines() {
			how := ""
			switch {
			case words[l.name] != nil:
				how = " -x -a " + quoted(strings.Join(words[l.name], " "))
			case l.takesFile():
				how = " -r"
			case l.arg != "":
				how = " -x"
			}
			fmt.Fprintf(b, "complete -c postmortem -n %s -o %s%s -d %s\n", quoted(when), l.name, how, quoted(l.text))
		}
	}
	fmt.Fprintf(b, "complete -c postmortem -n '__fish_seen_subcommand_from help' -f -a %s\n", quoted(names))
}

// roff writes text for troff: nothing in it is a request or an escape.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}

// manual is the man page.
func manual() string {
	var b strings.Builder
	b.WriteString(".TH POSTMORTEM 1\n.SH NAME\npostmortem \\- say what went wrong in the mail sessions of a packet capture\n.SH SYNOPSIS\n.nf\n")
	for i := range verbs {
		v := &verbs[i]
		name := v.name
		if i == 0 {
			name = "[" + name + "]"
		}
		fmt.Fprintf(&b, "\\fBpostmortem\\fR %s\n", roff(v.usage(name)))
	}
	b.WriteString(".fi\n.SH DESCRIPTION\n")
	for line := range strings.Lines(description) {
		b.WriteString(roff(line))
	}
	for i := range verbs {
		v := &verbs[i]
		if len(v.flags) == 0 && v.examples == "" {
			continue
		}
		fmt.Fprintf(&b, ".SH %s\n%s: %s.\n", strings.ToUpper(v.name), roff("postmortem "+v.usage(v.name)), roff(v.short))
		for _, l := range v.lines() {
			arg := ""
			if l.arg != "" {
				arg = " \\fI" + roff(l.arg) + "\\fR"
			}
			fmt.Fprintf(&b, ".TP\n\\fB\\-%s\\fR%s\n%s\n", roff(l.name), arg, roff(l.text))
		}
		if slices.Contains(v.flags, "limit") && i == 0 {
			b.WriteString(".PP\nThresholds of \\-limit (info, warning, error):\n.nf\n")
			for _, t := range rules.Thresholds {
				fmt.Fprintf(&b, "%s\n", roff(fmt.Sprintf("  %-12s %-14s %s", t.Name, t.Default, t.Means)))
			}
			b.WriteString(".fi\n")
		}
		if v.examples != "" {
			b.WriteString(".PP\nExamples:\n.nf\n")
			for line := range strings.Lines(v.examples) {
				b.WriteString(roff(line))
			}
			b.WriteString(".fi\n")
		}
	}
	b.WriteString(`.SH EXIT STATUS
.TP
.B 0
read to the end, nothing to report
.TP
.B 1
a session failed, or something at or above \-fail was found
.TP
.B 2
usage, or no input could be read
.TP
.B 3
analysed, but the input was damaged or exceeded a bound
.SH ENVIRONMENT
.TP
.B NO_COLOR
when set, nothing is coloured
.TP
.B COLUMNS
width of the text when the output is no terminal
.TP
.BR LC_ALL ", " LC_CTYPE ", " LANG
signs beyond ASCII are used in UTF\-8 locales only
.SH SEE ALSO
.BR tshark (1),
.BR capinfos (1),
.BR tcpdump (8)
`)
	return b.String()
}

// description is what the program does, for the man page.
const description = `Postmortem reads packet captures, follows every mail session in them (SMTP,
POP3, IMAP, and TLS on these) and says where the problem is: which layer failed,
whose side it is, which frames show it, and what to do.
FILE is a pcap or pcapng file, also compressed with gzip; - is standard input.
Several files are one capture. Flags may stand before and behind the verb and
between the files; -- ends them. Passwords and tokens are masked unless
-show-secrets is given.
`
