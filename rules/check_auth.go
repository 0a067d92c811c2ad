package rules

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/pop3"
	"postmortem/smtp"
)

// authChecks are the conditions of the group AUTH, for all protocols. Those
// that compare sessions with each other are not among them.
var authChecks = []Check{
	{ID: "auth-none", Needs: PAIRED, Do: authNone},
	{ID: "auth-success", On: fact.AuthEnd, Do: authSuccess},
	{ID: "auth-failed", On: fact.AuthEnd, Do: authFailed},
	{ID: "auth-clear-credentials", On: fact.AuthStart, Do: authClearCredentials},
	{ID: "auth-offered-in-clear", Do: authOfferedInClear},
	{ID: "auth-mechanism-refused", On: fact.AuthEnd, Do: authMechanismRefused},
	{ID: "auth-temp-failure", On: fact.AuthEnd, Do: authTempFailure},
	{ID: "auth-encryption-needed", On: fact.AuthEnd, Do: authEncryptionNeeded},
	{ID: "auth-password-state", On: fact.AuthEnd, Do: authPasswordState},
	{ID: "auth-account-locked", On: fact.AuthEnd, Do: authAccountLocked},
	{ID: "auth-brute-force", Do: authBruteForce},
	{ID: "auth-success-after-failures", Do: authSuccessAfterFailures},
	{ID: "auth-bad-encoding", On: fact.AuthEnd, Do: authBadEncoding},
	{ID: "auth-aborted", On: fact.AuthEnd, Do: authAborted},
	{ID: "auth-not-enabled", On: fact.AuthEnd, Do: authNotEnabled},
	{ID: "auth-no-common-method", Needs: PAIRED, Do: authNoCommonMethod},
	{ID: "auth-twice", Do: authTwice},
	{ID: "auth-oauth", On: fact.AuthEnd, Do: authOAuth},
	{ID: "auth-basic-disabled", On: fact.AuthEnd, Do: authBasicDisabled},
	{ID: "auth-ntlm-facts", On: fact.Challenge, Do: authNTLM},
	{ID: "auth-slow", On: fact.AuthEnd, Do: authSlow},
}

// A login is one attempt, put together from its facts.
type login struct {
	start, end *fact.Fact // start: nil when it was not captured
	command    *fact.Fact
	mech, user string
	challenges int
	last       fact.At // of the client's last bytes
	form       uint16  // what was wrong with a response, smtp.FormBase64 ...
	oauth      string  // decoded error of the server
	asked      *fact.Fact
	answered   bool // the last challenge was answered
}

// loginOf puts together the login that end ended.
func (c *Case) loginOf(end *fact.Fact) (l login) {
	l.end = end
	l.command = c.Log.Get(end.Ref)
	if l.command != nil {
		l.last = l.command.At()
	}
	for i := max(int(end.Ref)-1, 0); i < len(c.Log.Facts) && end.Ref != 0; i++ {
		f := &c.Log.Facts[i]
		if f == end {
			break
		}
		if f.Ref != end.Ref {
			continue
		}
		switch f.Kind {
		case fact.AuthStart:
			l.start, l.mech = f, c.text(f)
			if f.Code != 0 && c.mail() {
				l.form = f.Code
			}
		case fact.AuthUser:
			l.user = c.text(f)
		case fact.Challenge:
			l.challenges++
			l.asked, l.answered = f, false
			if text := c.decodeBase64(c.Log.Text(f)); bytes.Contains(text, []byte(`"status"`)) {
				l.oauth = string(text)
			}
		case fact.Response:
			l.last, l.answered = f.At(), true
			if f.Code != 0 && c.mail() {
				l.form = f.Code
			}
		}
	}
	return l
}

// decodeBase64 decodes as much of text as is base64; POP3 and IMAP have it behind "+ ".
// What is returned is good until the next call of it or of lower.
func (c *Case) decodeBase64(text []byte) []byte {
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("+ ")))
	c.low = slices.Grow(c.low[:0], base64.StdEncoding.DecodedLen(len(text)))
	out := c.low[:base64.StdEncoding.DecodedLen(len(text))]
	n, _ := base64.StdEncoding.Decode(out, text)
	return out[:n]
}

// think is what the server needed for the final answer.
func (l *login) think(c *Case) int64 {
	if l.last.Time == 0 {
		return 0
	}
	return max(c.Apart(l.last, l.end.At())-c.TCP.RTTServer, 0)
}

// raiseLogin begins a finding about a login. When there are too many of the
// rule already, what is returned is not kept.
func (c *Case) raiseLogin(r *Raiser, l *login) *Finding {
	if !r.room() {
		return &Finding{quiet: true}
	}
	g := r.At(l.end)
	g.evidence(l.command, l.asked, l.end)
	g.with("mechanism", l.mech)
	g.with("user", l.user)
	return g
}

// who names a login in a sentence.
func (l *login) who() string {
	s := "The login"
	if l.user != "" {
		s += " of \"" + cutText(l.user, maxShown) + "\""
	}
	if l.mech != "" {
		s += " with " + cutText(l.mech, maxShown)
	}
	return s
}

// code returns the code of a login's end as SMTP has it, 0 for other protocols.
func (c *Case) code(f *fact.Fact) uint16 {
	if c.mail() {
		return f.Code
	}
	return 0
}

// authAnswer writes what the server said at the end of a login.
func (c *Case) authAnswer(f *fact.Fact) string {
	text := cutText(c.text(f), maxReply)
	if c.mail() && f.Code != 0 {
		return strings.TrimSpace(strconv.Itoa(int(f.Code)) + " " + text)
	}
	return text
}

// saidEnhanced reports whether the words of f begin with an enhanced code.
func (c *Case) saidEnhanced(f *fact.Fact, code string) bool {
	return bytes.HasPrefix(c.Log.Text(f), []byte(code)) || c.says(f, " "+code+" ")
}

// 001

// LoginUnused reports that the server offered a login and the client tried none.
func (c *Case) LoginUnused() bool {
	offered := false
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		switch f.Kind {
		case fact.AuthStart:
			return false
		case fact.Capability:
			offered = offered || begins(c.text(f), "AUTH ") || begins(c.text(f), "AUTH=")
		}
	}
	return offered
}

func authNone(c *Case, _ *fact.Fact, r *Raiser) {
	hi := c.greeting()
	if c.Proto != fact.SMTP || hi == nil || hi.Code != 220 || c.sameHost() || c.first(fact.AuthStart) != nil || c.Log.Now&fact.SeenAuth != 0 {
		return
	}
	if c.TCP.OneSided || c.TCP.MidStream || !c.whole(fact.Client, nil) || c.foreign(fact.Client) != nil {
		return // what was not seen may have been a login
	}
	var list string
	known := false
	var last *fact.Fact          // capability
	for i := range c.Log.Facts { // of the answers in clear
		f := &c.Log.Facts[i]
		if f.Kind != fact.Capability || !c.inClear(f) {
			continue
		}
		known, last = true, f
		if text := c.text(f); list == "" && (begins(text, "AUTH ") || begins(text, "AUTH=")) {
			list = text[len("AUTH "):]
		}
	}
	if !c.whole(fact.Server, nil) && (last == nil || !c.whole(fact.Server, last)) {
		return // it may have been offered
	}
	port := c.Port()
	accepted := c.Log.Now&fact.SeenAccepted != 0
	hidden := c.TLS != nil && (c.TLS.Done || c.unsure != 0) || c.Log.Now&fact.SeenTLS != 0
	if hidden && port == portSMTP && list == "" {
		return // between servers, and out of sight
	}
	g := r.At(hi)
	switch {
	case hidden:
		g.Severity = Info
		g.Qualifier = "the dialogue went into TLS"
	case c.TCP.HowClosed == fact.EndOfCapture && c.TCP.Closed == 0:
		g.Severity = Info
		g.Qualifier = "the capture ends before the session"
	case list == "" && port != portSMTP && port != portSubmission && port != portSMTPS:
		// The catalogue names port 25 alone. But filters talk on 10025, relays on 2525,
		// and who is not offered a login there skipped none.
		g.Severity = Info
	case port == portSMTP && (accepted || c.unsure != 0 || list == "" && (c.peerLooksMTA() || c.Log.Now&fact.SeenHello == 0 || known && c.Log.Now&(fact.SeenStartTLS|fact.SeenTLSHello) == 0)):
		// Between servers; or nobody asked what is to be had; or nothing is, as far as the client went.
		g.Severity = Info
	}
	if g.quiet {
		return
	}
	if !hidden && (c.Log.Now&fact.SeenHello == 0 || c.Log.Now&(fact.SeenStartTLS|fact.SeenTLSHello) != 0) {
		g.Qualifier = "session ended before authentication was possible"
	}
	g.What = "No authentication has been detected."
	if known && list == "" {
		list = "none"
	}
	g.with("offered", list)
	g.with("port", strconv.Itoa(int(port)))
	g.with("tls_hides_rest", yesNo(hidden))
	over := g.Qualifier != "" && !hidden
	g.with("ended_before", yesNo(over))
}

// holdsWord reports whether word is one of those of a capability.
func holdsWord(text, word string) bool {
	for i := 0; i < len(text); i++ {
		from := i
		for i < len(text) && text[i] != ' ' && text[i] != '=' && text[i] != '\t' {
			i++
		}
		if i-from == len(word) && strings.EqualFold(text[from:i], word) {
			return true
		}
	}
	return false
}

func begins(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// 002

func authSuccess(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level != fact.AuthOK {
		return
	}
	l := c.loginOf(f)
	g := c.raiseLogin(r, &l)
	if g.quiet {
		return
	}
	g.What = l.who() + " succeeded"
	if l.command != nil {
		d := f.Time - l.command.Time
		g.with("duration", howLong(d))
		g.What += " after " + howLong(d)
	}
	g.with("round_trips", strconv.Itoa(l.challenges+1))
	g.What += "."
}

// 003

func authFailed(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level != fact.AuthFailed || c.backendLost(f) {
		return
	}
	l := c.loginOf(f)
	if l.form != 0 && c.code(f) == 501 {
		return // not the password: its form
	}
	if c.mail() && l.start == nil && f.Code != 535 {
		return // nobody saw what was refused
	}
	g := c.raiseLogin(r, &l)
	if c.fellBack(f, &l) || !c.mail() && c.mended(f) {
		g.Severity = Warning
	}
	if c.placeOff(f) {
		g.Blame, g.Skip = BlamePolicy, 1<<1 // of the old password
	}
	if g.quiet {
		return
	}
	if c.Proto == fact.Sieve {
		g.Skip |= 1 // swaks does not speak ManageSieve
	}
	if c.mail() {
		g.with("code", strconv.Itoa(int(f.Code)))
	}
	g.with("text", cutText(c.text(f), maxReply))
	g.with("think", howLong(l.think(c)))
	g.What = l.who() + " was refused: \"" + c.authAnswer(f) + "\"."
}

// mended reports that a login of a mailbox worked behind f: it was a typing error.
func (c *Case) mended(f *fact.Fact) bool {
	for i := range c.Log.Facts {
		if x := &c.Log.Facts[i]; x.Kind == fact.AuthEnd && x.Level == fact.AuthOK && x.Frame > f.Frame {
			return true
		}
	}
	return false
}

// fellBack reports that a login that failed was followed by one with another
// mechanism that did not.
func (c *Case) fellBack(f *fact.Fact, l *login) bool {
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.Kind != fact.AuthEnd || g.Level != fact.AuthOK || g.Time < f.Time {
			continue
		}
		if later := c.loginOf(g); later.mech != l.mech && l.mech != "" && (l.user == "" || later.user == l.user) {
			return true
		}
	}
	return false
}

// 004

func authClearCredentials(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level != 1 || !c.inClear(f) || c.sameHost() {
		return
	}
	l := login{start: f, mech: c.text(f), command: c.Log.Get(f.Ref)}
	secret := f // where the secret was readable
	length := uint32(0)
	outcome := "no answer"
	for i := max(int(f.Ref)-1, 0); i < len(c.Log.Facts) && f.Ref != 0 && l.end == nil; i++ {
		x := &c.Log.Facts[i]
		if x.Ref != f.Ref {
			continue
		}
		switch x.Kind {
		case fact.AuthUser:
			l.user = c.text(x)
		case fact.Response:
			// An empty line, and OAuth's single byte 1, only let the server go on
			// to its refusal: the secret was sent before.
			if x.Level == 0 && x.Num > 2 && !(x.Num <= 6 && strings.HasPrefix(strings.TrimPrefix(l.mech, "X"), "OAUTH")) {
				secret, length = x, x.Num
			}
		case fact.AuthEnd:
			l.end = x
			outcome = c.authAnswer(x)
		}
	}
	if !r.room() {
		return
	}
	g := r.At(f)
	g.Frame, g.Time = secret.Frame, secret.Time
	if c.privateBoth() {
		g.Severity = Warning
	}
	if g.quiet {
		return
	}
	g.evidence(l.command, secret)
	g.with("mechanism", l.mech)
	g.with("user", l.user)
	g.with("outcome", outcome)
	if length > 2 {
		g.with("secret_length", strconv.Itoa(int(length)-2))
	}
	what := "the password"
	if strings.HasPrefix(l.mech, "XOAUTH") || strings.HasPrefix(l.mech, "OAUTH") {
		what = "the token"
	}
	g.What = l.who() + fmt.Sprintf(" showed %s in clear text, at frame %d", what, secret.Frame)
	if l.end != nil && l.end.Level == fact.AuthOK {
		g.What += ", and it was the right one"
	}
	g.What += "."
}

// 005

func authOfferedInClear(c *Case, _ *fact.Fact, r *Raiser) {
	if c.sameHost() {
		return
	}
	var at *fact.Fact // the line that invites
	var startTLS, disabled bool
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Capability || !c.inClear(f) {
			continue
		}
		text := c.text(f)
		has := func(word string) bool { return holdsWord(text, word) }
		switch c.Proto {
		case fact.SMTP:
			if at == nil && has("AUTH") && (has("PLAIN") || has("LOGIN")) {
				at = f
			}
		case fact.POP3:
			startTLS = startTLS || has("STLS")
			if at == nil && (begins(text, "USER") || begins(text, "SASL") && (has("PLAIN") || has("LOGIN"))) {
				at = f
			}
		case fact.IMAP, fact.Sieve:
			startTLS = startTLS || has("STARTTLS")
			disabled = disabled || has("LOGINDISABLED")
			if at == nil && has("IMAP4REV1") {
				at = f
			}
		}
	}
	if at == nil || c.Proto != fact.SMTP && !startTLS || disabled {
		return
	}
	g := r.At(at)
	if g.quiet {
		return
	}
	g.with("mechanisms", cutText(c.text(at), maxReply))
	if c.Proto == fact.IMAP || c.Proto == fact.Sieve {
		g.What = "The server takes LOGIN before any encryption: LOGINDISABLED is not among its capabilities."
		return
	}
	g.What = "Before any encryption the server offers: \"" + cutText(c.text(at), maxReply) + "\"."
}

// 006

// wantsTLS reports whether the server refuses a login because it is not encrypted.
func (c *Case) wantsTLS(f *fact.Fact) bool {
	if c.mail() {
		switch {
		case f.Code == 538:
			return true
		case f.Code == 530 && c.says(f, "starttls", "tls", "encrypt"):
			return true
		case (f.Code == 504 || f.Code == 534) && c.says(f, "encrypt", "starttls", "tls first"):
			return true
		}
		return false
	}
	switch {
	case c.isPOP() && pop3.What(c.Log.Text(f)) == pop3.Plaintext, c.kinIMAP() && c.imapSays(f) == imap.Privacy:
		return true
	}
	return c.says(f, "disallowed", "plaintext", "cleartext", "[privacyrequired]", "(encrypt-needed", "encryption required", "logindisabled")
}

func authMechanismRefused(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level != fact.AuthRefused || c.wantsTLS(f) || c.passwordState(f) || c.accountLocked(f) {
		return
	}
	l := c.loginOf(f)
	if l.start == nil {
		return // what was asked for is not in the capture, so the code may be about anything
	}
	if c.mail() {
		broken := c.breaksOffer(f) // the list has AUTH, and the server does not know it
		if f.Code != 504 && !(f.Code == 501 && l.challenges == 0) && !c.saidEnhanced(f, "5.5.4") && !c.saidEnhanced(f, "5.7.4") && !broken {
			return
		}
		if l.form != 0 {
			return
		}
	} else if l.mech == "USER" || strings.HasPrefix(l.mech, "IMAP") || !c.aboutMechanism(f) {
		return
	}
	line, _, _ := c.offered("AUTH", f)
	g := c.raiseLogin(r, &l)
	if c.mail() && c.breaksOffer(f) {
		g.Blame = BlameServer
	}
	if l.mech == "APOP" && c.fellBack(f, &l) {
		g.Severity = Warning // a server without it has no other way to say so than its greeting
	}
	if g.quiet {
		return
	}
	g.with("offered", strings.TrimSpace(strings.TrimPrefix(line, "AUTH")))
	g.with("text", cutText(c.text(f), maxReply))
	g.What = "The client asked for " + cutText(l.mech, maxShown) + ", and the server answered \"" + c.authAnswer(f) + "\"."
}

// aboutMechanism reports that a mailbox server's refusal of a login may be about
// its mechanism: its words say nothing of a limit, a lock or a mailbox.
func (c *Case) aboutMechanism(f *fact.Fact) bool {
	if c.isPOP() {
		switch pop3.What(c.Log.Text(f)) {
		case pop3.NoTrouble, pop3.UnknownCommand, pop3.BadLogin:
			return true
		}
		return false
	}
	switch imap.What(c.Log.Text(f)) {
	case imap.Limit, imap.InUse:
		return false
	}
	return true
}

// breaksOffer reports that a server which offers AUTH answers it as a command
// that it does not have.
func (c *Case) breaksOffer(f *fact.Fact) bool {
	_, offered, _ := c.offered("AUTH", f)
	return offered && (f.Code == 500 || f.Code == 502 || f.Code == 503 && c.says(f, "not enabled", "not available", "not supported", "not implemented"))
}

// 007

// backendLost reports that the server says "wrong password" and means that it
// could not ask: Postfix over Dovecot, and over the SASL library of Cyrus, which
// has the same words for a ticket of Kerberos.
func (c *Case) backendLost(f *fact.Fact) bool {
	if !c.mail() || f.Code != 535 {
		return false
	}
	if c.says(f, "connection lost to authentication server", "authentication failed: no mechanism available") {
		return true
	}
	mech := c.loginOf(f).mech
	return (mech == "PLAIN" || mech == "LOGIN") && c.says(f, "authentication failed: generic failure")
}

// loginsLimited reports that a login was not looked at because the client tries
// too often, or has used up what it may send.
func (c *Case) loginsLimited(f *fact.Fact) bool {
	return c.mail() && c.says(f, "too many auth commands", "rate limit", "credits exceeded")
}

func authTempFailure(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level != fact.AuthTemporary && !c.backendLost(f) || c.passwordState(f) || c.accountLocked(f) || c.code(f) == 421 || c.loginsLimited(f) {
		return
	}
	l := c.loginOf(f)
	if c.mail() && l.start == nil && f.Code != 454 {
		return // nobody saw what was refused
	}
	g := c.raiseLogin(r, &l)
	if g.quiet {
		return
	}
	g.with("text", cutText(c.text(f), maxReply))
	g.with("think", howLong(l.think(c)))
	g.What = l.who() + " could not be checked: \"" + c.authAnswer(f) + "\", after " + howLong(l.think(c)) + "."
}

// 008

func authEncryptionNeeded(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level == fact.AuthOK || f.Level == fact.AuthAborted || f.Level == fact.AuthCancelled || !c.inClear(f) || !c.wantsTLS(f) {
		return
	}
	l := c.loginOf(f)
	word := "STARTTLS"
	if c.Proto == fact.POP3 {
		word = "STLS"
	}
	_, offered, known := c.offered(word, f)
	g := c.raiseLogin(r, &l)
	if g.quiet {
		return
	}
	g.with("text", cutText(c.text(f), maxReply))
	if known {
		g.with("starttls_offered", yesNo(offered))
	}
	g.What = l.who() + " was refused because the connection is not encrypted: \"" + c.authAnswer(f) + "\"."
}

// 009

// passwordState reports whether the account needs an action of its owner.
func (c *Case) passwordState(f *fact.Fact) bool {
	switch {
	case c.mail() && f.Code == 432:
		return true
	case c.mail() && f.Code == 534:
		return !c.wantsTLS(f)
	case c.mail() && f.Code != 535, f.Level == fact.AuthOK:
		return false
	case c.isPOP() && pop3.What(c.Log.Text(f)) == pop3.InUse:
		return false // it is the mailbox that is locked
	case c.accountOff(f):
		return false // no password helps
	case c.says(f, "or imap is disabled", "or pop3 is disabled", "or pop3 disabled"):
		return false // Yandex: a wrong password, or that
	case c.says(f, "invalid, expired"):
		return false // SendGrid: of a key, and not which
	}
	return c.says(f, "expired", "disabled", "[contactadmin]", "web login required", "via your web browser", "verify your account") && !c.basicDisabled(f) && !c.wantsTLS(f) && !c.accountLocked(f)
}

// accountLocked reports whether the server takes no login of this account.
func (c *Case) accountLocked(f *fact.Fact) bool {
	switch {
	case c.mail() && f.Code == 525:
		return !c.placeOff(f)
	case c.mail() && f.Code != 535 && f.Code != 454 && f.Code != 530 && f.Code != 550, f.Level == fact.AuthOK:
		return false
	case c.isPOP() && pop3.What(c.Log.Text(f)) == pop3.InUse:
		return false // it is the mailbox that is locked
	case c.basicDisabled(f), c.wantsTLS(f), c.says(f, "expired"):
		return false
	}
	return c.says(f, "locked") && !c.says(f, "blocked") || c.says(f, "too many failed login", "too many login attempt", "too many login failure",
		"too many invalid log", "too many bad auth", "login attempts exceeded", "login rate exceeded") ||
		c.says(f, "account", "user ") && c.says(f, "disabled", "suspended", "blocked") || c.accountOff(f)
}

// accountOff reports that an answer says that the account as such has been
// switched off, which is the administrator's doing and nothing of the password.
func (c *Case) accountOff(f *fact.Fact) bool {
	return c.says(f, "account is disabled", "account disabled", "account has been disabled", "user is disabled", "user disabled", "user is suspended", "user suspended",
		"account_closed", "account closed", "account is closed", "account has been closed",
		"account is suspended", "account suspended", "account has been suspended") || c.serviceOff(f)
}

// serviceOff reports that an answer says that this account may not use the
// service that it was asked for.
func (c *Case) serviceOff(f *fact.Fact) bool {
	return !c.mail() && c.says(f, "enabled for imap", "enabled for pop", "access is disabled", "access disabled", "access is not enabled",
		"access not enabled", "yet to enable imap", "yet to enable pop", "not enabled for this account", "not enabled for this user", "not allowed for this user",
		"disabled for this mailbox", "disabled for this account", "disabled for this user", "not have access to pop", "not have access to imap",
		"no permission to use", "rights to access this service")
}

// placeOff reports that an answer is about where the client is, and not about its password.
func (c *Case) placeOff(f *fact.Fact) bool {
	return c.says(f, "ip address", "your ip", "country", "location") &&
		c.says(f, "block", "banned", "not allowed", "not permitted", "denied", "restricted", "unauthorized") && !c.says(f, "password")
}

func authPasswordState(c *Case, f *fact.Fact, r *Raiser) {
	if !c.passwordState(f) || c.basicDisabled(f) {
		return
	}
	l := c.loginOf(f)
	g := c.raiseLogin(r, &l)
	if g.quiet {
		return
	}
	g.with("text", cutText(c.text(f), maxReply))
	g.What = l.who() + " needs an action of the account's owner: \"" + c.authAnswer(f) + "\"."
}

// 021

func authAccountLocked(c *Case, f *fact.Fact, r *Raiser) {
	if !c.accountLocked(f) {
		return
	}
	l := c.loginOf(f)
	g := c.raiseLogin(r, &l)
	if c.accountOff(f) {
		g.Blame, g.Skip = BlamePolicy, 1<<0|1<<1 // nobody's wrong password, and no time that passes
	}
	if g.quiet {
		return
	}
	g.with("text", cutText(c.text(f), maxReply))
	g.What = l.who() + " was refused for the state of the account: \"" + c.authAnswer(f) + "\"."
}

// 010, 011: within one session. Those over several are for who sees them all.

// failures counts the refused logins before the first good one.
func (c *Case) failures() (n int, first, last, good *fact.Fact) {
	if c.first(fact.AuthEnd) == nil {
		return 0, nil, nil, nil
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		switch {
		case f.Kind != fact.AuthEnd:
		case f.Level == fact.AuthFailed:
			if n++; first == nil {
				first = f
			}
			last = f
		case f.Level == fact.AuthOK && good == nil:
			return n, first, last, f
		}
	}
	return n, first, last, nil
}

// brute returns how many failures, in how much time, are guessing.
func (c *Case) brute() (int, time.Duration) {
	l := c.thresholds()
	return l.BruteCount, l.BruteTime
}

func authBruteForce(c *Case, _ *fact.Fact, r *Raiser) {
	n, first, last, good := c.failures()
	most, within := c.brute()
	if n < most || time.Duration(last.Time-first.Time) > within {
		return
	}
	l := c.loginOf(last)
	g := r.At(last)
	g.Count = n
	if g.quiet {
		return
	}
	g.evidence(first, last, good)
	g.with("clients", c.Client.Addr().String())
	g.with("users", l.user)
	g.with("failures", strconv.Itoa(n))
	g.with("successes", yesNo(good != nil))
	g.with("period", howLong(last.Time-first.Time))
	g.say("%s failed %d times to log in within %s.", c.Client.Addr(), n, howLong(last.Time-first.Time))
}

func authSuccessAfterFailures(c *Case, _ *fact.Fact, r *Raiser) {
	n, first, last, good := c.failures()
	most, within := c.brute()
	if n < most || good == nil || time.Duration(good.Time-first.Time) > within {
		return
	}
	l := c.loginOf(good)
	g := r.At(good)
	if g.quiet {
		return
	}
	g.evidence(first, last, good)
	g.with("user", l.user)
	g.with("client", c.Client.Addr().String())
	g.with("failures", strconv.Itoa(n))
	g.say("%s after %d failures before it.", l.who()+" succeeded", n)
}

// 012

// forms say what is wrong with a response.
var forms = map[uint16]string{smtp.FormBase64: "a response that is not base64", smtp.FormPlain: "PLAIN without its two NULs"}

func authBadEncoding(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || f.Level == fact.AuthOK || f.Level == fact.AuthCancelled || f.Level == fact.AuthAborted || !c.whole(fact.Client, f) {
		return
	}
	l := c.loginOf(f)
	said := f.Code == 501 && (c.saidEnhanced(f, "5.5.2") || c.says(f, "base64", "decode", "invalid authentication data"))
	if !said && !(l.form != 0 && (f.Code == 501 || f.Code == 535)) {
		return
	}
	g := c.raiseLogin(r, &l)
	what := "the server could not decode a response"
	if w := forms[l.form]; w != "" {
		what = "the client sent " + w
	}
	for i := range c.Log.Facts { // a later one was in order
		if later := &c.Log.Facts[i]; later.Kind == fact.AuthEnd && later.Level == fact.AuthOK && later.Time >= f.Time {
			g.Severity = Info
		}
	}
	g.with("wrong", what)
	g.What = l.who() + ": " + what + "; the answer was \"" + c.authAnswer(f) + "\"."
}

// 013

func authAborted(c *Case, f *fact.Fact, r *Raiser) {
	l := c.loginOf(f)
	var what string
	switch f.Level {
	case fact.AuthCancelled:
		what = "the client cancelled it"
	case fact.AuthAborted:
		if l.tokenRefused() || l.asked == nil || l.answered || c.TCP.HowClosed == fact.EndOfCapture || c.TCP.Closed == 2 || c.TCP.OneSided {
			return // it was the server's turn, or nobody knows
		}
		what = "the client left while a challenge was open"
	default:
		return
	}
	g := c.raiseLogin(r, &l)
	if c.Log.Now&fact.SeenAuth == 0 && c.last(fact.AuthEnd) == f && c.TCP.HowClosed != fact.EndOfCapture && len(c.Transactions()) == 0 {
		g.Up() // it was the only thing that was done
	}
	if at, frame := c.clientLeft(); f.Level == fact.AuthAborted && frame != 0 {
		// Not the end of the session, which may be later.
		g.Frame, g.Time = frame, at
		if i := slices.Index(g.Frames, f.Frame); i >= 0 {
			g.Frames[i] = frame
		}
	}
	if g.quiet {
		return
	}
	g.with("step", strconv.Itoa(l.challenges))
	g.What = l.who() + " was broken off: " + what + "."
}

// 014

func authNotEnabled(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || f.Code != 500 && f.Code != 502 && f.Code != 503 || c.says(f, "already authenticated", "already logged") || f.Seen&fact.SeenAuth != 0 {
		return
	}
	line, offered, known := c.offered("AUTH", f)
	if offered || !known && c.helloReply() == nil {
		return
	}
	l := c.loginOf(f)
	g := c.raiseLogin(r, &l)
	if g.quiet {
		return
	}
	g.with("port", strconv.Itoa(int(c.Port())))
	g.with("offered", line)
	g.with("text", cutText(c.text(f), maxReply))
	g.What = l.who() + " was tried although the server offers none here: \"" + c.authAnswer(f) + "\"."
}

// 015

func authNoCommonMethod(c *Case, _ *fact.Fact, r *Raiser) {
	port := c.Port()
	if c.Proto != fact.SMTP || port != portSubmission && port != portSMTPS || c.first(fact.AuthStart) != nil || c.Log.Now&fact.SeenQuit == 0 {
		return
	}
	hello := (*Exchange)(nil)
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil {
			continue
		}
		switch e.Cmd() {
		case smtp.EHLO:
			hello = e
		case smtp.QUIT:
			if hello == nil || hello.Code() != 250 {
				return
			}
			line, offered, _ := c.offered("AUTH", e.Command)
			if !offered || slices.ContainsFunc(strings.Fields(line), func(m string) bool { return strings.EqualFold(m, "PLAIN") || strings.EqualFold(m, "LOGIN") }) {
				return // every client has these two: it was a check of health, or wants encryption
			}
			g := r.At(e.Command)
			if g.quiet {
				return
			}
			g.evidence(hello.Reply, e.Command)
			g.with("offered", strings.TrimSpace(line[len("AUTH"):]))
			g.What = "The server offers \"" + cutText(line, maxReply) + "\", and the client left right after reading it."
			return
		default:
			hello = nil
		}
	}
}

// 016

func authTwice(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil || smtp.Cmd(e.Command.Cmd) != smtp.AUTH {
			continue
		}
		if e.Command.Seen&fact.SeenAuth == 0 && !(e.Code() == 503 && c.says(e.Reply, "already")) {
			continue
		}
		g := r.At(e.Command)
		if g.quiet {
			return
		}
		g.evidence(e.Command, e.Reply)
		g.What = "A second login at frame " + strconv.Itoa(int(e.Command.Frame)) + " was answered \"" + c.answer(e.Reply) + "\"."
		return
	}
}

// 017

func authOAuth(c *Case, f *fact.Fact, r *Raiser) {
	l := c.loginOf(f)
	if f.Level == fact.AuthOK || f.Level == fact.AuthAborted && !l.tokenRefused() {
		return
	}
	if l.mech != "XOAUTH2" && l.mech != "OAUTHBEARER" || l.oauth == "" && f.Level != fact.AuthFailed {
		return
	}
	g := c.raiseLogin(r, &l)
	if f.Level == fact.AuthAborted { // it was refused there, not where the session ended
		g.Frame, g.Time, g.From, g.HasFrom = l.asked.Frame, l.asked.Time, fact.Server, true
		if i := slices.Index(g.Frames, f.Frame); i >= 0 {
			g.Frames[i] = g.Frame
		}
	}
	if g.quiet {
		return
	}
	status, scope := jsonString(l.oauth, "status"), jsonString(l.oauth, "scope")
	g.with("status", status)
	g.with("scope", scope)
	g.What = l.who() + " was refused: \"" + c.authAnswer(f) + "\""
	if f.Level == fact.AuthAborted {
		g.What = l.who() + " was refused in a challenge, to which the client had to send an empty answer and did not"
	}
	if status != "" {
		g.What += ", status " + cutText(status, maxShown)
	}
	g.What += "."
}

// tokenRefused reports a challenge that names an error of the token.
func (l *login) tokenRefused() bool { return l.asked != nil && jsonString(l.oauth, "status") != "" }

// jsonString returns the value of a key of a flat JSON object: a string, or a number.
func jsonString(s, key string) string {
	i := strings.Index(s, `"`+key+`"`)
	if i < 0 {
		return ""
	}
	s = strings.TrimLeft(s[i+len(key)+2:], " :\t")
	s = strings.TrimPrefix(s, `"`)
	if i := strings.IndexAny(s, `",}`); i >= 0 {
		s = s[:i]
	}
	return strings.TrimSpace(s)
}

// 018

func (c *Case) basicDisabled(f *fact.Fact) bool {
	if c.saidEnhanced(f, "5.7.139") && c.says(f, "credentials were incorrect", "account is locked") {
		return false // Exchange Online has this number for a wrong password and a locked account, too
	}
	return c.saidEnhanced(f, "5.7.139") || c.says(f, "smtpclientauthentication is disabled", "basic authentication is disabled", "basic authentication is not supported",
		"application-specific password", "app-specific password", "application password", "app password", "less secure",
		"needs authorization code", "authorization code to login", "err.login.reqcode", "does not have access rights to this service")
}

func authBasicDisabled(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level == fact.AuthOK || f.Level == fact.AuthAborted || !c.basicDisabled(f) {
		return
	}
	l := c.loginOf(f)
	g := c.raiseLogin(r, &l)
	if g.quiet {
		return
	}
	g.with("text", cutText(c.text(f), maxReply))
	g.What = l.who() + " cannot work: \"" + c.authAnswer(f) + "\"."
}

// 019

// authNTLM reads the names out of a type 2 message, MS-NLMP 2.2.1.2.
func authNTLM(c *Case, f *fact.Fact, r *Raiser) {
	if c.Raised("auth-ntlm-facts") {
		return
	}
	b := c.decodeBase64(c.Log.Text(f))
	const length, offset, version, least = 12, 16, 48, 48
	if len(b) < least || string(b[:8]) != "NTLMSSP\x00" || b[8] != 2 {
		return
	}
	g := r.At(f)
	n, at := int(b[length])|int(b[length+1])<<8, int(b[offset])|int(b[offset+1])<<8
	name := ""
	if b[offset+2] == 0 && b[offset+3] == 0 && at+n <= len(b) {
		name = asciiOf(b[at : at+n])
	}
	g.with("domain", name)
	g.What = "The server's NTLM challenge tells its Windows name"
	if name != "" {
		g.What += ": " + cutText(name, maxShown)
	}
	if len(b) >= version+4 && b[version] != 0 {
		os := fmt.Sprintf("%d.%d build %d", b[version], b[version+1], int(b[version+2])|int(b[version+3])<<8)
		g.with("os", os)
		g.What += ", version " + os
	}
	for i := range c.Log.Facts {
		if x := &c.Log.Facts[i]; x.Kind == fact.AuthUser && x.Ref == f.Ref {
			g.with("user", c.text(x))
		}
	}
	g.What += "."
}

// asciiOf makes UTF-16 text ASCII.
func asciiOf(b []byte) string {
	out := make([]byte, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		ch := b[i]
		if b[i+1] != 0 || ch < ' ' || ch > '~' {
			ch = '?'
		}
		out = append(out, ch)
	}
	return string(out)
}

// 020

func authSlow(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level != fact.AuthOK {
		return
	}
	l := c.loginOf(f)
	if time.Duration(l.think(c)) < 5*time.Second || c.lossBetween(l.last.Frame, f.Frame) {
		return
	}
	g := c.raiseLogin(r, &l)
	if g.quiet {
		return
	}
	g.with("think", howLong(l.think(c)))
	g.What = l.who() + " was checked for " + howLong(l.think(c)) + "."
}
