package report

import "strings"

// maxLook is how much of an Info column says how a row looks.
const maxLook = 200

// Colours of what is spoken; the rest of the terminal's sixteen are severities.
const (
	mailColor role = "36" // cyan
	tlsColor  role = "35" // magenta
)

func isMail(proto string) bool {
	for _, p := range [...]string{"SMTP", "LMTP", "POP", "IMAP", "MANAGESIEVE", "IMF"} {
		if strings.HasPrefix(proto, p) {
			return true
		}
	}
	return false
}

func isTLS(proto string) bool {
	return strings.HasPrefix(proto, "TLS") || strings.HasPrefix(proto, "SSL")
}

// tcpRole: rows of TCP alone stand back behind what is carried on it, unless the
// analysis found something, or the connection opens or ends.
func tcpRole(info string) role {
	if strings.Contains(info, "[RST") || strings.Contains(info, ", RST") {
		return bad
	}
	if rest, ok := strings.CutPrefix(info, "[TCP "); ok {
		for _, harmless := range [...]string{"Keep-Alive", "Window Update", "segment of"} {
			if strings.HasPrefix(rest, harmless) {
				return secondary
			}
		}
		return warn
	}
	if strings.Contains(info, "[SYN") || strings.Contains(info, "[FIN") {
		return none
	}
	return secondary
}

// mailRole: refusals of the server stand out.
func mailRole(info string) role {
	if strings.HasPrefix(info, "[TCP ") {
		return warn
	}
	if reply, ok := strings.CutPrefix(info, "S: "); ok {
		switch {
		case strings.HasPrefix(reply, "-ERR") || isReply(reply, '5'):
			return bad
		case isReply(reply, '4'):
			return warn
		}
		return mailColor
	}
	if reply, ok := strings.CutPrefix(info, "Response: "); ok {
		_, rest, _ := strings.Cut(reply, " ")
		word, _, _ := strings.Cut(rest, " ")
		switch word {
		case "NO", "BAD":
			return bad
		case "BYE":
			return warn
		}
	}
	return mailColor
}

// isReply reports whether s begins with a reply code of that class.
func isReply(s string, class byte) bool {
	return len(s) >= 3 && s[0] == class && s[1] >= '0' && s[1] <= '5' && s[2] >= '0' && s[2] <= '9'
}

func tlsRole(info string) role {
	switch {
	case strings.Contains(info, "Level: Fatal"):
		return bad
	case strings.HasPrefix(info, "[TCP "):
		return warn
	}
	return tlsColor
}

func icmpRole(info string) role {
	for _, w := range [...]string{"unreachable", "exceeded", "too big", "Too Big", "problem", "needed"} {
		if strings.Contains(info, w) {
			return warn
		}
	}
	return none
}
