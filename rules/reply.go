package rules

import (
	"bytes"
	"math/bits"
	"strconv"
	"strings"
	"sync"

	"postmortem/smtp"
)

// A class is one row of the table of reply classes. A reply is of the class
// when its code fits, and its enhanced code fits or its text holds one of the
// words. A row that names neither needs only the code.
type class struct {
	rule     string // number in the catalogue
	codes    string // "450 5xx"; "": all of 4xx and 5xx
	enhanced string // "x.1.1 5.7.606-649"; "x" is 4 and 5, "550/5.1.10" needs this code
	words    string // separated by "|", lower case; "a & b" are needed together
	with     string // words of which one is needed beside
	need     uint8  // what is needed beyond one of the two
	not      string // words with which the row does not hold
	at       uint32 // commands after which it can hold, 0: all
}

// What a row needs.
const (
	needBoth uint8 = 1 << iota // enhanced code and words
	needBare                   // no enhanced code: the server does not write them
	needNull                   // the sender is <>
)

// Commands by what they decide about. A reply to nothing known can be about anything.
const (
	atSender    = 1<<smtp.MAIL | 1<<smtp.RCPT | 1<<smtp.None
	atRecipient = 1<<smtp.RCPT | 1<<smtp.DATA | 1<<smtp.BDAT | 1<<smtp.Message | 1<<smtp.None
	atEnvelope  = 1<<smtp.MAIL | atRecipient
	atHello     = 1<<smtp.EHLO | 1<<smtp.HELO | 1<<smtp.LHLO
)

// faultyBytes are words of sendmail and Cyrus about bytes that no message may
// have. RFC 5321, section 4.1.1.4, RFC 5322, section 2.3.
const faultyBytes = "nul byte|nul character|bare linefeed|bare newline"

// aboutLinks are words about a link in the message: when it is on a list, the
// client's address is not meant.
const aboutLinks = "contains a link|contains links|contains a url|contains url|contains urls|link in message|link in the message|url in message|url in the message"

// classes is the table of reply classes. The first row that fits decides, so
// special rows stand before general ones: a text about DMARC names SPF and DKIM
// too, and half of all refusals have 5.7.1.
//
// RFC 5321 section 4.2 for the codes, RFC 3463 and RFC 5248 for the enhanced
// ones; the words are those of Postfix, Exim, Sendmail, qmail, Exchange and of
// the large providers.
var classes = []class{
	{rule: "RPL-001", codes: "530 523 451 550 421", enhanced: "x.7.0 x.7.10 x.7.3", need: needBoth,
		words: "starttls|must issue a starttls|tls required|encryption required|encryption needed", not: "authent"},
	{rule: "RPL-001", words: "session encryption is required"},                                         // Postfix, reject_plaintext_session
	{rule: "RPL-001", codes: "530", enhanced: "5.5.1", need: needBoth, words: "must issue a starttls"}, // OpenSMTPD
	{rule: "RPL-001", codes: "530 523 550", need: needBare,
		words: "must issue a starttls|starttls first|starttls is required|tls required|encryption required|encryption needed", not: "authent"},
	{rule: "RPL-001", words: "wasn't sent over a tls connection"}, // Google's x.7.29, behind the message
	{rule: "RPL-002", codes: "530 550 553 554 503", enhanced: "5.7.0 5.7.57 5.5.1 5.5.4 5.7.1", need: needBoth,
		words: "authentication required|must authenticate|not authenticated|auth first|auth command first|must issue an auth|authenticat & required|log in|unauthenticated senders",
		not:   "relaying denied|relay access denied|relay not permitted|unable to relay|delivery restriction|resolver.rst."},
	{rule: "RPL-002", codes: "530 550 553 554 503", need: needBare,
		words: "authentication required|authentication is required|requires authentication|must authenticate|not authenticated|auth first|unauthenticated senders|smtp auth is required", not: "relay not permitted|relaying denied"},
	{rule: "RPL-002", codes: "530 550", words: "anonymous client & send as"}, // Exchange: nobody has logged in who could be allowed to
	{rule: "RPL-003", codes: "550 551 553 554 571 451 454 501 513", enhanced: "5.7.54", not: "relaying disallowed as",
		words: "open relay not allowed|invalid credentials for relay|delivery is not allowed to this address|not relaying|relay access denied|relay not permitted|relaying denied|unable to relay|not permitted to relay|not allowed to relay|rcpthosts|relaying not allowed|relay denied|relay is not allowed|allowed to be relayed|relay rejected|do not relay|not a gateway|relaying disallowed|relaying prohibited|relaying to & prohibited|to non-local recipient"},
	// What the list says when it does not answer this server: it stands where
	// the reason of a listing would. A lookup that failed is no verdict either.
	{rule: "RPL-044", words: "error: open resolver|error: excessive number of queries|spamhaus.org/returnc"},
	{rule: "RPL-024", codes: "4xx", words: "spf|sender policy framework|dkim|dmarc|key server|dnsbl|rbl|blocklist|blacklist",
		with: "timeout|timed out|temporary error|temporary failure|temperror|temp error|servfail|could not resolve|unable to resolve|temporarily failed|cannot be checked|unable to perform|lookup failed|lookup failure|lookup error|dns error|key retrieval",
		not:  "rate limit"},
	{rule: "RPL-024", codes: "4xx", words: "temporary dns|dns temporary|dns timeout|name server timeout|dns & timed out|dns query failed|dns lookup failed|dns lookup failure|dns problem|name service error & try again",
		not: "reverse dns|rdns|ptr"},
	{rule: "RPL-041", words: "sender address & blocked using|sender domain & blocked using|sender domain & listed|sender domain & blacklisted|sender domain & block list|domain of sender & listed|mailfrom domain & listed"},
	{rule: "RPL-012", at: 1 << smtp.MAIL, enhanced: "x.4.4", not: "server error|hosted tenant"}, // at RCPT no way to the recipient
	{rule: "RPL-012", at: atSender, enhanced: "x.1.8 x.1.7",
		words: "sender address rejected: domain not found|domain of sender|sender domain|unresolvable|a-record is empty|no mx|unknown sender domain|dns mx or a",
		not:   "unverified address|undeliverable address|bad outbound sender|email outgoing blocked|hosted tenant|client ip address|forged hostname"}, // sendmail's of the client's address
	{rule: "RPL-012", at: atSender, codes: "504 501 553", words: "sender address rejected: need fully-qualified|sender address must contain a domain|domain name required for sender"},
	{rule: "RPL-012", at: 1 << smtp.MAIL, words: "domain & does not resolve|domain does not exist"}, // at this place it is about the sender, else RPL-010
	// Postfix uses "unverified address" for recipients as well.
	{rule: "RPL-013", words: "sender verify|sender callout|callback setup|sender rejected: undeliverable|sender address rejected: undeliverable"},
	{rule: "RPL-013", words: "callout|address verification|unverified address",
		not: "recipient address rejected|recipient verify|recipient callout|callout verification failed|address verification in progress"},
	{rule: "RPL-014", codes: "550 551 553 554 501", enhanced: "5.7.60",
		words: "not owned by|unauthorized sender address|send from this header address|must be same as authorization user|must equal authorized user|relaying disallowed as|not logged in|sendasdenied|send as|not allowed to send as|not same as smtp auth|must match|address is not verified|not match a verified"},
	// 521 with 5.5.x follows a violation of the protocol, with 5.7.x a rule;
	// postscreen says "currently unavailable" to clients on its own list.
	{rule: "RPL-033", codes: "521", not: "currently unavailable|blocked using|access denied", enhanced: "0.0.0 x.0-4.x x.6.x", words: "does not accept mail"},
	{rule: "RPL-033", codes: "556"},
	// 5.1.10 with 550 is the unknown recipient of Exchange, RPL-004.
	{rule: "RPL-033", at: atSender, codes: "5xx", enhanced: "5.7.27", not: "spf"},
	{rule: "RPL-033", codes: "5xx", enhanced: "5.3.2", words: "does not accept mail|null mx|not accepting network messages", not: "currently unavailable"},
	{rule: "RPL-015", enhanced: "x.7.26 5.7.509 5.7.515", words: "dmarc|unauthenticated|multiple authentication|not aligned|isn't aligned|pass authentication checks", not: "hosted tenant|dynamic ip|dkim unauthenticated|spf unauthenticated"},
	{rule: "RPL-016", at: 1 << smtp.Message, enhanced: "x.7.27"}, // Google's, behind the message
	{rule: "RPL-016", enhanced: "x.7.23 x.7.24", words: "spf|openspf|sender policy framework|not authorized to send|not permitted sender", not: "unusual rate|authorized to send to|not authorized to send email directly|ptr record"},
	{rule: "RPL-017", at: 1 << smtp.Message, enhanced: "x.7.30"},                            // Google's, behind the message
	{rule: "RPL-017", enhanced: "x.7.20 x.7.21 x.7.22", words: "dkim", not: "unusual rate"}, // of the mail of one domain: Google's 4.7.28
	{rule: "RPL-010", codes: "450 451 421 550 554", enhanced: "x.7.25",
		words: "reverse dns|rdns|ptr|cannot find your hostname|cannot find your reverse hostname|does not resolve|no reverse|reverse lookup rejected|ptr record|fcrdns|forward confirmed|ip must resolve|forged hostname"},
	{rule: "RPL-011", words: "helo command rejected|helo name|specified in helo|invalid helo|bad helo|helo should be|helo/ehlo|ehlo & fully-qualified|ehlo & invalid|ehlo & host not found|ehlo & forged", not: "helo/ehlo first"},
	{rule: "RPL-011", at: atHello, codes: "501 504 550 553 554",
		words: "domain name|invalid domain|hostname|host name|fully-qualified|fully qualified|fqdn|domain address|address literal", not: "syntax"},
	{rule: "RPL-007", codes: "4xx", words: "greylist|graylist|grey-list|gray-list|postgrey|[gl01]|[gl02]|internal resource & temporarily unavailable"}, // Yahoo's numbers, Mimecast's words
	{rule: "RPL-008", words: "dnsbl|dnsbls|rbl|abuseat|blocklist|block list|blacklist|black listed|black-listed|in a black list|on a black list|blackhole|blocked using|spamhaus|spamcop|barracudacentral|uceprotect|abusix|sorbs|listed at|listed in",
		not: "part of their network is on our block list|customer block list|tenant allow block list|user's block list|recipient's block list|may be blacklisted|" + aboutLinks + "|sender address rejected: black|sender address rejected: block|sender address rejected: domain|sender envelope address"},
	{rule: "RPL-009", enhanced: "5.7.606-649 5.7.501-503 5.7.511",
		words: "reputation|banned sending ip|s3140|s3150|[tss|[ts0|[ipts|user complaints|rp-001|unsolicited mail originating|ip not allowed|part of their network is on our block list|traffic not accepted|problem occurred & ask your postmaster|ipcheck.proofpoint|proofpoint.com/dnsbl|senderbase|talosintelligence|too many spams|too many errors from your ip|received complaints|dynamic ip|not authorized to send email directly|suspected spam ip|your ip blocked|hl:rep|hl:mep|ofr_999",
		not:   "ip address has been temporarily rate limited"}, // Google's 4.7.28, beside "unsolicited mail"
	// Before a message there is none to be spam or a virus: the client is meant.
	{rule: "RPL-009", at: 1<<smtp.Greeting | atHello, codes: "5xx 4xx", words: "spam|spamming|virus|virus infected"},
	{rule: "RPL-018", enhanced: "x.7.28 5.7.508 4.7.501-649", // the last are Exchange Online's, for an address that sends more than before, whatever the words
		words: "rate limit|ratelimit|sender rate|too much mail|too many messages|sending too|throttl|too quickly|limit exceeded|unusual rate|hourly|daily|per hour|message quota|sending quota|" +
			"message count quota|message size quota|policy rejection & quota|submission quota|sending limit exceeded|rate overlimit|exceeded threshold|too many recipients from|recipients received this hour|too many auth commands|submission rate|thread limit exceeded|outbound thread limit|frequency limit|unusual sending activity|slow down|hl:ifc|mi:dmc|mi:sfq|rp:drc|messaging limits|credits exceeded|submissionquotaexceeded",
		not: "concurrent connections|too many concurrent|size limit exceeded|recipients limit exceeded"},
	{rule: "RPL-018", enhanced: "x.2.1", words: "quickly|at a rate", need: needBoth},
	{rule: "RPL-018", enhanced: "5.7.1", words: "email quota exceeded", need: needBoth}, // Google, of the sender
	{rule: "RPL-019", codes: "421 450 451 452 454 432",
		words: "too many connections|too many concurrent|concurrent connections|too many open connections|too many sessions|too many tls sessions|too many new tls sessions|maximum number of connections|exceeded the connection limit|hl:icc"},
	{rule: "RPL-020", codes: "452 451 550 552 554", enhanced: "x.5.3", words: "too many recipients|recipients limit exceeded|multiple destination domains per transaction"},
	{rule: "RPL-005", at: atRecipient, codes: "452 552 450 550 554 422 522", enhanced: "x.2.2",
		words: "over quota|overquota|quota exceeded|mailbox full|mailbox is full|inbox is full|out of storage|exceeded storage allocation|over its storage limit|exceed mailbox quota|over its quota|mailbox size limit|mailbox has exceeded|over the quota|shutoffquotaexceeded"},
	{rule: "RPL-043", at: atRecipient, codes: "4xx",
		words: "unverified address: connect|unverified address: lost connection|unverified address: conversation|recipient server unavailable|during fwd-connect|delivery temporarily suspended|recipient verify callout|connect to & connection refused|connect to & connection timed out|connect to & no route to host",
		not:   "sender address rejected|sender verify"},
	// 4.2.1 is said of mailboxes that are busy, too.
	{rule: "RPL-006", at: atRecipient, enhanced: "5.2.1",
		words: "mailbox disabled|mailboxdisabled|mailbox is disabled|account disabled|account is not active|account is disabled|account has been disabled|user is disabled|account is locked|account expired|mailbox for & is blocked|inactive|suspended|not accepting messages",
		not:   "esmtp not accepting|outgoing mail|sending suspended|sending paused|your account"}, // of the server, and of the account that sends
	// Of senders; 5.1.1 behind MAIL is about one, too.
	{rule: "RPL-042", at: 1 << smtp.MAIL, codes: "550 551 553 554", enhanced: "5.1.0 5.1.1", not: "<>|authenticat"},
	{rule: "RPL-042", at: atSender, codes: "5xx",
		words: "sender address rejected|sender envelope address & blacklisted|sender rejected|sender denied|sender refused|sender not accepted|sender is not accepted|sender not allowed|badmailfrom|bad outbound sender|sender address blocked|sender has been denied|sender address syntax|email outgoing blocked", not: "<>|client host|null sender|empty sender"},
	{rule: "RPL-042", at: atEnvelope, codes: "5xx", words: "outgoing mail & suspended|sending suspended|sending paused|your account & suspended"},
	{rule: "RPL-004", at: atRecipient, codes: "550 551 553 554 511 450", enhanced: "x.1.1 x.1.0 5.1.2 550/5.1.3 5.1.6 550/5.1.10 5.4.1",
		words: "user unknown|unknown user|no such user|no such local user|no such account|user doesn't exist|mailbox doesn't exist|no such recipient|recipient not found|does not exist|invalid recipient|no mailbox here|mailbox not found|unrouteable address|unknown recipient|recipient unknown|not a valid recipient|user not found|user not known|user is not known|no such mailbox|no such person|no mailbox|address not known|invalid user|non-existent account|bad destination mailbox|user not local|this user doesn't have|#5.1.0 address rejected|callout verification failed|recipient address rejected: domain not found",
		not:   "unverified address: connect|address verification in progress|too many invalid recipients"}, // nobody knows yet; a limit
	// The words of RFC 5321 for 550, whatever the reason. Behind the message they
	// are no answer to a recipient, who was taken before.
	{rule: "RPL-004", at: 1<<smtp.RCPT | 1<<smtp.None, codes: "550 551 553 554 511", words: "mailbox unavailable", not: "policy|policies|not allowed"},
	{rule: "RPL-004", at: 1<<smtp.DATA | 1<<smtp.Message, codes: "552", words: "mailbox not found"}, // Yahoo
	{rule: "RPL-004", at: atRecipient, codes: "504 501 553", words: "recipient address rejected: need fully-qualified|recipient address must contain a domain"},
	// Who refuses the client itself does not refuse bounces.
	{rule: "RPL-034", at: atEnvelope, codes: "5xx", enhanced: "5.7.1", words: "null|empty|bounce|dsn|<>", need: needNull, not: "client host"},
	{rule: "RPL-021", codes: "552 554 550 452 451", enhanced: "x.3.4 x.2.3", words: "too big|too large|maximum email size|size exceeds|size limit|exceeds maximum|exceeds fixed|size violation", not: "available space|mailbox size limit"},
	{rule: "RPL-022", codes: "452 451 421 431", enhanced: "4.3.1",
		words: "insufficient system|insufficient disk|space shortage|out of disk|disk full|out of memory|insufficient storage|no system resources|no space left|available space|queue full"},
	{rule: "RPL-024", codes: "450 451", enhanced: "4.4.3 4.3.0", words: "temporary lookup|cannot resolve|dns|ldap|lookup failure|try again & resolve", need: needBoth},
	{rule: "RPL-024", codes: "450 451", words: "temporary lookup|lookup failure", need: needBare},
	{rule: "RPL-023", codes: "451 421 454 553 554", enhanced: "4.3.5 4.3.0",
		words: "server configuration|system config error|local configuration error|local error|server local|queue file write error|internal error|local problem|temporary server error|temporary system problem|error in processing|unexpected failure|unable to read controls|could not be saved|scanners failed|problem running|temporary authentication failure",
		not:   "server busy|shutting down|overloaded|ports are busy|too much load|mailbox busy"},
	{rule: "RPL-023", codes: "4xx", words: "content filter|mail filters|virus scan|virus scanner|spam scanner|spam filter|milter",
		with: "timed out|timeout|temporarily unavailable|not available|not responding|unable to|cannot connect|could not connect|connection refused|scan failed|filter failure"},
	{rule: "RPL-026", codes: "421 450 451 500 501 502 503 504 550 554", // Exim keeps the code of the last error
		words: "too many errors|too many bad commands|too many bad recipients|too many invalid commands|too many invalid recipients|too many syntax|too many nonmail|too many unrecognized|too many failed|bad smtp command limit|mi:cel|rp:cel|mi:ccl|rp:ccl"}, // the last four are NetEase's
	// What Postfix says while a milter of its own does not answer.
	{rule: "RPL-023", codes: "451", enhanced: "4.7.1", words: "service unavailable - try again later", need: needBoth},
	// What postscreen says to a recipient once it has looked at a new client, which may come again at once.
	{rule: "RPL-007", codes: "450", at: 1 << smtp.RCPT, enhanced: "4.3.2", words: "service currently unavailable", need: needBoth},
	{rule: "RPL-025", codes: "421 450 451 454", enhanced: "4.3.2 4.4.5 4.7.500",
		words: "too much load|too busy|resources temporarily unavailable|service not available|service unavailable|service temporarily unavailable|shutting down|not accepting|server busy|server ports are busy|temporarily overloaded|load average|refusing connections|sigterm"},
	{rule: "RPL-045", codes: "5xx", words: "virus or spam|viruses or spam|spam or virus|spam or viruses|virus/spam|spam/virus|malware or spam|spam or malware"},
	{rule: "RPL-027", codes: "5xx", words: "virus|viruses|malware|infected|trojan|eicar"},
	{rule: "RPL-028", codes: "5xx", words: "attachment|attachments|file type|file extension|executable|.exe|macro|macros|archive|banned:|content presents a potential"},
	{rule: "RPL-031", codes: "5xx", enhanced: "x.4.6 5.4.14", words: `too many hops|mail loop|loops back|hop count|too many "received"|loop detected`},
	{rule: "RPL-030", codes: "5xx", enhanced: "x.6.0",
		words: "rfc 5322|rfc 2822|rfc5322|missing header|illegal header|required header|from: header|duplicate header|multiple from|invalid header|bad header|bad-header|headers fail syntax|message-id|messageid", not: faultyBytes},
	{rule: "RPL-029", enhanced: "5.7.350",
		words: "spam|spamassassin|junk|content rejected|content filter|likely unsolicited|to be unsolicited|blocking url|surbl|uribl|message rejected due to content|high probability|mcspamsignature|dt:spm|mail content denied|message filtered|phishing|ofr_506|" + aboutLinks}, // Orange's number
	{rule: "RPL-035", words: "synchronization|protocol error|pipelining|bare <lf>|bare lf|smtplf|naked lf|i can break rules|improper use|premature|" + faultyBytes},
	{rule: "RPL-036", codes: "5xx", enhanced: "x.6.7 x.6.8 x.6.9", words: "smtputf8"},
	{rule: "RPL-037", at: atSender, codes: "5xx", enhanced: "x.7.30"},
	{rule: "RPL-037", codes: "5xx", words: "requiretls"},
	// Greylisting that does not say so. It stands behind the rows whose texts
	// end in "try again later" too: limits, full disks, failed lookups.
	{rule: "RPL-007", codes: "4xx", at: atRecipient &^ (1 << smtp.None), enhanced: "4.2.0 4.7.1", words: "try again later|try again in|try later|come back|retry in", need: needBoth},
	{rule: "RPL-032", enhanced: "x.7.1 x.7.0 x.7.2 521/5.3.2",
		words: "access denied|client host rejected|not allowed|blocked|banned|administrative prohibition|local policy|rejected by policy|based policy|delivery restriction|policy|policies|anti-spoofing|rejected by recipients|user's block list|recipient's block list|authorized to send to|tenantinboundattribution|resolver.rst.",
		not:   "policy server|policy service|policy daemon|hosted tenant"},
	{rule: "RPL-038", codes: "4xx"},
	{rule: "RPL-039", codes: "5xx"},
}

// listNames are the words that count inside of links too: a link to a block
// list names the list.
const listNames = "spamhaus|abuseat|spamcop|barracudacentral|uceprotect|abusix|sorbs"

// linkNames are all words that count inside of links: the lists, the pages where
// filters explain their opinion of an address, the one where a list explains its
// errors, and the one that qmail names for bare line feeds.
const linkNames = listNames + "|ipcheck.proofpoint|proofpoint.com/dnsbl|senderbase|talosintelligence|openspf|spamhaus.org/returnc|smtplf"

// ClassOf returns the class of a reply as index in All. code is the reply code,
// enhanced the code that smtp.Enhanced makes (0: none), text the text of the
// reply's lines joined by "\n", cmd the smtp.Cmd that it answers (smtp.None:
// not known). ok is false for a reply that refuses nothing. It does not allocate.
func ClassOf(cmd uint8, code uint16, enhanced uint32, text []byte) (rule uint16, ok bool) {
	return classify(smtp.Cmd(cmd), code, enhanced, text, false)
}

// Deciding returns the words of a reply that put it into its class: its first
// line; when another line says what it is, or two in a row do, that part, with
// dots for the rest. The words begin with the enhanced code as the line does.
func Deciding(cmd uint8, code uint16, enhanced uint32, text []byte) string {
	lines := strings.Split(string(text), "\n")
	class, ok := ClassOf(cmd, code, enhanced, text)
	has := func(part string) bool {
		rule, _ := ClassOf(cmd, code, enhanced, []byte(part))
		return rule == class
	}
	if !ok || len(lines) == 1 || has(lines[0]) || has("") { // the codes alone say it
		return lines[0]
	}
	for n := 1; n <= 2; n++ {
		for i := 0; i+n <= len(lines); i++ {
			part := lines[i : i+n]
			if !has(strings.Join(part, "\n")) {
				continue
			}
			words := make([]string, 0, n+2)
			if i > 0 {
				words = append(words, "...")
			}
			for k, line := range part {
				if k+i > 0 {
					line = line[enhancedLen([]byte(line)):]
				}
				words = append(words, strings.TrimSpace(line))
			}
			if i+n < len(lines) {
				words = append(words, "...")
			}
			return strings.Join(words, " ")
		}
	}
	return lines[0]
}

// classify is ClassOf for a sender that is known: null says that it is <>.
func classify(cmd smtp.Cmd, code uint16, enhanced uint32, text []byte, null bool) (rule uint16, ok bool) {
	x, y, z := smtp.Unpack(enhanced)
	digit := code / 100
	// Some servers leave the basic code out; then the enhanced code's class stands for it.
	bare := code == 0 || code == 400 || code == 500 && x == 5 && y != 5
	if code == 0 {
		digit = uint16(x)
	}
	if digit != 4 && digit != 5 {
		return 0, false
	}
	phrases, rows := ready()
	found := phrases.in(text)
	for i := range rows {
		r := &rows[i]
		if r.at != 0 && r.at>>cmd&1 == 0 || !r.code(code, digit, bare) || r.need&needNull != 0 && !null || found.any(&r.not) || r.pair && !found.any(&r.with) {
			continue
		}
		switch {
		case r.need&needBare != 0:
			if x != 0 || !r.says(&found) {
				continue
			}
		case r.need&needBoth != 0:
			if !r.number(code, x, y, z) || !r.says(&found) {
				continue
			}
		default:
			if !r.all && !r.number(code, x, y, z) && !r.says(&found) {
				continue
			}
		}
		return r.rule, true
	}
	return 0, false
}

// A row is a class made ready for the search.
type row struct {
	rule     uint16 // index in All
	need     uint8
	at       uint32
	all      bool    // the code is enough
	digits   [6]bool // 4: 4xx, 5: 5xx
	near     [6]bool // a code of this first digit is among several: it may be the missing one
	codes    []uint16
	enhanced []pattern
	words    set
	pairs    [][2]int // phrases that are needed together
	pair     bool     // one of with is needed
	with     set
	not      set
}

// A pattern fits a range of enhanced codes, by part.
type pattern struct {
	code   uint16 // 0: any reply code
	lo, hi [3]uint32
}

func (r *row) code(code, digit uint16, bare bool) bool {
	if r.digits[digit] || bare && r.near[digit] {
		return true
	}
	for _, c := range r.codes {
		if c == code {
			return true
		}
	}
	return false
}

func (r *row) number(code uint16, x, y, z uint32) bool {
	for i := range r.enhanced {
		p := &r.enhanced[i]
		if (p.code == 0 || p.code == code) && p.lo[0] <= x && x <= p.hi[0] && p.lo[1] <= y && y <= p.hi[1] && p.lo[2] <= z && z <= p.hi[2] {
			return true
		}
	}
	return false
}

func (r *row) says(found *set) bool {
	if found.any(&r.words) {
		return true
	}
	for _, p := range r.pairs {
		if found.has(p[0]) && found.has(p[1]) {
			return true
		}
	}
	return false
}

// ready returns the search for all words of classes, and the classes with their
// words as places in it. They are made for the first reply: most captures start
// faster without.
var ready = sync.OnceValues(func() (*finder, []row) {
	phrases := newFinder()
	return phrases, compile(phrases)
})

// newFinder collects the words of all classes.
func newFinder() *finder {
	f := &finder{places: map[string]int{}}
	for i := range classes {
		for _, list := range [...]string{classes[i].words, classes[i].with, classes[i].not} {
			for w := range strings.SplitSeq(list, "|") {
				for part := range strings.SplitSeq(w, " & ") {
					f.add(part)
				}
			}
		}
	}
	for w := range strings.SplitSeq(linkNames, "|") {
		f.links.put(f.places[w])
	}
	f.build()
	return f
}

// compile makes the rows. A row that cannot be read is a mistake of the table.
func compile(phrases *finder) []row {
	out := make([]row, len(classes))
	for i := range classes {
		c, r := &classes[i], &out[i]
		for k := range All {
			if All[k].Num == c.rule {
				r.rule = uint16(k)
			}
		}
		r.need, r.at = c.need, c.at
		r.all = c.enhanced == "" && c.words == ""
		if c.codes == "" {
			r.digits[4], r.digits[5] = true, true
		}
		for s := range strings.FieldsSeq(c.codes) {
			digit := s[0] - '0'
			if strings.HasSuffix(s, "xx") {
				r.digits[digit] = true
				continue
			}
			r.near[digit] = r.near[digit] || strings.Contains(c.codes, " ")
			r.codes = append(r.codes, uint16(mustNumber(s)))
		}
		for s := range strings.FieldsSeq(c.enhanced) {
			r.enhanced = append(r.enhanced, parsePattern(s))
		}
		if c.words != "" {
			for w := range strings.SplitSeq(c.words, "|") {
				if a, b, ok := strings.Cut(w, " & "); ok {
					r.pairs = append(r.pairs, [2]int{phrases.places[a], phrases.places[b]})
				} else {
					r.words.put(phrases.places[w])
				}
			}
		}
		if c.with != "" {
			r.pair = true
			for w := range strings.SplitSeq(c.with, "|") {
				r.with.put(phrases.places[w])
			}
		}
		if c.not != "" {
			for w := range strings.SplitSeq(c.not, "|") {
				r.not.put(phrases.places[w])
			}
		}
	}
	return out
}

// parsePattern reads "x.1.1", "5.7.606-649", "550/5.1.10", "x.x.x".
func parsePattern(s string) (p pattern) {
	if code, rest, ok := strings.Cut(s, "/"); ok {
		p.code, s = uint16(mustNumber(code)), rest
	}
	for i, part := range strings.SplitN(s, ".", 3) {
		lo, hi, ranged := strings.Cut(part, "-")
		switch {
		case part == "x" && i == 0:
			p.lo[i], p.hi[i] = 4, 5
		case part == "x":
			p.hi[i] = 1<<10 - 1
		case ranged:
			p.lo[i], p.hi[i] = uint32(mustNumber(lo)), uint32(mustNumber(hi))
		default:
			p.lo[i] = uint32(mustNumber(part))
			p.hi[i] = p.lo[i]
		}
	}
	return p
}

func mustNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("rules: reply class with " + s)
	}
	return n
}

// maxPhrases bounds a set. The table has about 610 phrases.
const maxPhrases = 640

// A set is a set of phrases.
type set [maxPhrases / 64]uint64

func (s *set) put(i int)      { s[i/64] |= 1 << (i % 64) }
func (s *set) has(i int) bool { return s[i/64]>>(i%64)&1 != 0 }

func (s *set) any(o *set) bool {
	for i := range s {
		if s[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// A finder finds all phrases in one pass over a text: Aho and Corasick,
// "Efficient string matching", CACM 18 (1975). The automaton is complete, so
// that each byte is one step.
type finder struct {
	phrases []string
	places  map[string]int
	short   set // words of up to four letters, which match whole words only
	links   set // phrases that count inside of links too

	columns [256]uint8 // of next, by byte; 0: a byte of no phrase
	width   int
	next    []uint16 // state and column to state
	ends    []set    // phrases that end in a state
	found   []bool   // whether there are any
}

// shortWord is the longest word that must stand alone: "rbl" is not in "surbl",
// "virus" not in "antivirus".
const shortWord = 5

func (f *finder) add(phrase string) {
	if _, ok := f.places[phrase]; ok || phrase == "" {
		return
	}
	i := len(f.phrases)
	f.places[phrase] = i
	f.phrases = append(f.phrases, phrase)
	if len(phrase) <= shortWord && strings.Trim(phrase, "abcdefghijklmnopqrstuvwxyz") == "" {
		f.short.put(i)
	}
}

func (f *finder) build() {
	f.width = 1
	most := 1 // states: one for each letter, or fewer
	for _, p := range f.phrases {
		most += len(p)
		for _, b := range []byte(p) {
			if f.columns[b] == 0 {
				f.columns[b] = uint8(f.width)
				f.width++
			}
		}
	}
	f.next, f.ends, f.found = make([]uint16, 0, most*f.width), make([]set, 0, most), make([]bool, 0, most)
	f.state()
	for i, p := range f.phrases {
		s := 0
		for _, b := range []byte(p) {
			step := s*f.width + int(f.columns[b])
			if f.next[step] == 0 {
				f.next[step] = uint16(f.state())
			}
			s = int(f.next[step])
		}
		f.ends[s].put(i)
		f.found[s] = true
	}
	// States in order of their depth; back is the state of the longest suffix.
	back := make([]uint16, len(f.ends))
	queue := make([]uint16, 0, len(f.ends))
	for c := range f.width {
		if s := f.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		b := int(back[s])
		for i := range f.ends[s] {
			f.ends[s][i] |= f.ends[b][i]
		}
		f.found[s] = f.found[s] || f.found[b]
		for c := range f.width {
			step := int(s)*f.width + c
			over := f.next[b*f.width+c]
			if t := f.next[step]; t != 0 {
				back[t] = over
				queue = append(queue, t)
			} else {
				f.next[step] = over
			}
		}
	}
}

// state makes a new state.
func (f *finder) state() int {
	f.next = f.next[:len(f.next)+f.width]
	f.ends = append(f.ends, set{})
	f.found = append(f.found, false)
	return len(f.ends) - 1
}

// A search is a pass over one text.
type search struct {
	*finder
	state  int
	run    int  // letters and digits up to here
	blank  bool // the last byte was a blank, or nothing came yet
	wait   set  // short words that end here, if the word does
	waits  bool
	result set
}

// step takes a byte of the text, in lower case.
func (s *search) step(b byte) {
	word := 'a' <= b && b <= 'z' || '0' <= b && b <= '9'
	if s.waits {
		if !word {
			s.keep(&s.wait)
		}
		s.wait, s.waits = set{}, false
	}
	if b == ' ' && s.blank {
		return
	}
	s.blank = b == ' '
	s.run++
	if !word {
		s.run = 0
	}
	s.state = int(s.next[s.state*s.width+int(s.columns[b])])
	if !s.found[s.state] {
		return
	}
	for i, ends := range s.ends[s.state] {
		for short := ends & s.short[i]; short != 0; short &= short - 1 {
			p := i*64 + bits.TrailingZeros64(short)
			if len(s.phrases[p]) == s.run {
				s.wait.put(p)
				s.waits = true
			}
		}
		s.result[i] |= ends &^ s.short[i]
	}
}

func (s *search) keep(o *set) {
	for i := range s.result {
		s.result[i] |= o[i]
	}
}

// maxBracket is how far a closing bracket can stand behind its opening one: a
// path has 256 bytes, RFC 5321 section 4.5.3.1.3.
const maxBracket = 320

// in returns the phrases in text. Links, addresses and what stands in angle
// brackets are left out: <virus@example.com> is not about a virus.
func (f *finder) in(text []byte) set {
	s := search{finder: f, blank: true}
	line := true // at the beginning of a line
	for i := 0; i < len(text); {
		if line {
			line = false
			i += enhancedLen(text[i:])
			continue
		}
		switch b := text[i]; b {
		case '\n', '\r', '\t', ' ':
			line = b == '\n'
			s.step(' ')
			i++
			continue
		case '<':
			n := bytes.IndexByte(text[i:min(i+maxBracket, len(text))], '>')
			if n > 0 && !lineEnd(text[i+1:i+n]) {
				if n == 1 {
					s.result.put(f.places["<>"])
				}
				i += n + 1
				continue
			}
		}
		n := wordLen(text[i:])
		word := text[i : i+n]
		switch {
		case n == 0:
			s.step(lower(text[i]))
			i++
			continue
		case isLink(word):
			f.link(word, &s.result)
		case isHost(word):
			f.link(word, &s.result) // and what follows is no part of a phrase before it
			s.step('.')
		case bytes.IndexByte(word, '@') >= 0:
		default:
			for _, b := range word {
				s.step(lower(b))
			}
		}
		i += n
	}
	if s.waits {
		s.keep(&s.wait)
	}
	return s.result
}

// link looks into a link for the names of block lists.
func (f *finder) link(word []byte, result *set) {
	state := 0
	for _, b := range word {
		state = int(f.next[state*f.width+int(f.columns[lower(b)])])
		for i := range result {
			result[i] |= f.ends[state][i] & f.links[i]
		}
	}
}

// wordLen returns how far text goes on without a blank, a bracket, a quote or
// another byte that ends a link or an address.
func wordLen(text []byte) int {
	for i, b := range text {
		switch b {
		case ' ', '\t', '\r', '\n', '<', '>', '(', ')', '"', '\'', ';', ',', '[', ']':
			return i
		}
	}
	return len(text)
}

func isLink(word []byte) bool {
	for _, scheme := range [...]string{"http://", "https://", "www."} {
		if hasPrefixFold(word, scheme) {
			return true
		}
	}
	return false
}

// topDomains are domains at the top that no word begins with: a server whose
// full stop has no blank behind it does not write a host name.
const topDomains = " com net org edu gov mil info biz arpa example test invalid local lan "

// isHost reports whether word is the name of a host, which says nothing about
// the reply: virus.example.com is no virus. It may end with a full stop or colon.
func isHost(word []byte) bool {
	word = bytes.TrimRight(word, ".:")
	dot := bytes.LastIndexByte(word, '.')
	if dot <= 0 || len(word)-dot > len("invalid")+1 {
		return false
	}
	for _, b := range word {
		if b = lower(b); (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '-' && b != '.' && b != '_' {
			return false
		}
	}
	var top [len("invalid") + 2]byte // with a blank on both sides
	n := copy(top[1:], word[dot+1:])
	top[0], top[n+1] = ' ', ' '
	for i := range top[:n+1] {
		top[i] = lower(top[i])
	}
	return n > 1 && bytes.Contains([]byte(topDomains), top[:n+2])
}

// hasPrefixFold reports whether b begins with prefix, which is lower case.
func hasPrefixFold(b []byte, prefix string) bool {
	if len(b) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if lower(b[i]) != prefix[i] {
			return false
		}
	}
	return true
}

// lineEnd reports whether the words between angle brackets name a line end, as
// servers do that complain about one.
func lineEnd(b []byte) bool {
	return len(b) >= 2 && len(b) <= 4 && (hasPrefixFold(b, "lf") && len(b) == 2 || hasPrefixFold(b, "cr") && len(b) == 2 || hasPrefixFold(b, "crlf"))
}

// enhancedLen returns the length of an enhanced code in front of a line, which
// would stand between the words of two lines.
func enhancedLen(b []byte) int {
	n, dots := 0, 0
	for n < len(b) && (b[n] >= '0' && b[n] <= '9' || b[n] == '.') {
		if b[n] == '.' {
			dots++
		}
		n++
	}
	if dots == 2 && n >= len("5.0.0") && b[0] >= '2' && b[0] <= '5' && b[1] == '.' {
		return n
	}
	return 0
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + ('a' - 'A')
	}
	return b
}
