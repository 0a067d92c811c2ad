package report

import "strings"

// Columns before a command, and before the rest of it on further lines.
const (
	commandIndent = 6
	restIndent    = 8
)

// breakCommand lays a shell command out in lines of at most n columns, each but
// the last ending in a backslash, so that it can be copied as it stands. It
// breaks between words only, a flag stays with its value, and of all ways with
// the fewest lines it takes the one whose longest line is shortest.
func breakCommand(cmd string, n int) []string {
	parts := commandParts(cmd)
	lines := layCommand(parts, n)
	for limit := n - 1; limit > 0; limit-- {
		better := layCommand(parts, limit)
		if len(better) > len(lines) {
			break
		}
		lines = better
	}
	return lines
}

// layCommand fills lines of at most n columns one after the other. A part that
// is longer than a line stands alone and sticks out.
func layCommand(parts []string, n int) []string {
	indent := strings.Repeat(" ", commandIndent)
	var lines []string
	line := ""
	for i, part := range parts {
		end := 2 // " \"
		if i == len(parts)-1 {
			end = 0
		}
		switch {
		case line == "":
			line = indent + part
		case width(line)+1+width(part)+end <= n:
			line += " " + part
		default:
			lines = append(lines, line+` \`)
			line = strings.Repeat(" ", restIndent) + part
		}
	}
	return append(lines, line)
}

// commandParts splits a command where it may be broken: between words outside
// quotes, but not between a flag and its value.
func commandParts(cmd string) []string {
	var parts []string
	start, quoted := 0, byte(0)
	word := func(end int) {
		w := cmd[start:end]
		if w == "" {
			return
		}
		if k := len(parts) - 1; k >= 0 && isFlag(parts[k]) && !strings.ContainsAny(w[:1], "-<>|&;") {
			parts[k] += " " + w
			return
		}
		parts = append(parts, w)
	}
	for i := 0; i < len(cmd); i++ {
		switch c := cmd[i]; {
		case quoted != 0:
			if c == quoted {
				quoted = 0
			}
		case c == '\'' || c == '"':
			quoted = c
		case c == ' ':
			word(i)
			start = i + 1
		}
	}
	word(len(cmd))
	return parts
}

// isFlag reports whether a part is a flag that has no value yet.
func isFlag(part string) bool {
	return strings.HasPrefix(part, "-") && !strings.Contains(part, " ")
}
