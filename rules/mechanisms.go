package rules

import (
	"strings"

	"postmortem/internal/fact"
)

// A Mechanism is what a refused or broken off login means where no password is
// shown, and what to do then: the rules speak of passwords.
type Mechanism struct {
	Names   string // separated by blanks
	Meaning string
	Advice  []string
	Open    bool // either side may be at fault
}

// mechanisms in the order in which they are asked. SERVICE stands for smtp, imap or pop.
var mechanisms = []Mechanism{
	{
		Names: "GSSAPI GSS-SPNEGO",
		Meaning: "With Kerberos no password is sent: the client shows a ticket for the service. It is refused when there is none or an " +
			"old one, when the clocks differ by more than 5 minutes, when the server's key table lacks the name that the client uses, " +
			"or when the server does not know the user.",
		Advice: []string{
			"client: `klist` must show a ticket for SERVICE/HOST that has not expired; else `kinit`, then `kvno SERVICE/HOST`",
			"compare the clocks of client, server and KDC, and the server's names in DNS, forward and reverse",
			"server: `klist -k` must list SERVICE/HOST, and the mail program must be able to read that file",
			"until then: log in by password (PLAIN) inside TLS",
		},
		Open: true,
	},
	{
		Names: "NTLM",
		Meaning: "With NTLM the password is proved within a Windows domain. It is refused when user, domain or password are wrong, the " +
			"account is locked, or the domain allows only NTLMv2, or no NTLM any more.",
		Advice: []string{
			"give the user as DOMAIN\\user or user@domain, and the password again",
			"domain controller: the security log at that second, events 4776 and 4625, names the reason",
			"old clients: NTLMv2 only (`LmCompatibilityLevel` 3 or higher)",
			"until then: log in by password (PLAIN) inside TLS",
		},
	},
	{
		Names: "CRAM-MD5 DIGEST-MD5 APOP SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS",
		Meaning: "The password itself is not sent, a proof of it is: user or password wrong, account locked, or the server keeps " +
			"the password in a form from which it cannot check this kind of proof.",
		Advice: []string{
			"log in with PLAIN inside TLS: works → the password is right, and the server's store does not suit this mechanism; fails → the password or the account",
			"after a password change: old password stored in a device",
			"server: `doveadm auth test USER`, and the scheme of the stored password (CRAM-MD5 and DIGEST-MD5 need {PLAIN} or one of their own)",
		},
	},
	{
		Names:   "EXTERNAL",
		Meaning: "The client's certificate is the login: it sent none, or one that the server does not take for this user.",
		Advice: []string{
			"client: which certificate is configured, and until when is it valid?",
			"server: which name of the certificate is the user, and is its CA trusted for clients?",
		},
	},
}

// Mechanism returns what is special about the login at a finding, nil when it was
// one by password, when such a one was tried as well, and when it is not known.
func (c *Case) Mechanism(f *Finding) (m *Mechanism) {
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.Kind != fact.AuthStart || c.granted(g) {
			continue
		}
		row := mechanism(c.text(g))
		if row == nil {
			return nil
		}
		if g.Frame <= f.Frame {
			m = row
		}
	}
	return m
}

// granted reports that a login worked.
func (c *Case) granted(start *fact.Fact) bool {
	for i := range c.Log.Facts {
		if g := &c.Log.Facts[i]; g.Kind == fact.AuthEnd && g.Ref == start.Ref && g.Time >= start.Time {
			return g.Level == fact.AuthOK
		}
	}
	return false
}

// mechanism returns the row of a name, nil when it has none.
func mechanism(name string) *Mechanism {
	for i := range mechanisms {
		for n := range strings.FieldsSeq(mechanisms[i].Names) {
			if strings.EqualFold(n, name) {
				return &mechanisms[i]
			}
		}
	}
	return nil
}

// Service is the name of the session's protocol in service principals.
func (c *Case) Service() string {
	switch c.Proto {
	case fact.POP3:
		return "pop"
	case fact.IMAP:
		return "imap"
	case fact.Sieve:
		return "sieve"
	}
	return "smtp"
}
