package rules

// authRules is the catalogue of authentication.
var authRules = []Rule{
	{
		ID: "auth-none", Num: "AUTH-001", Label: SMTP, Severity: Warning, Up: Warning, Tier: 1, Node: AUTH, Blame: BlameClient | BlamePolicy,
		Title: "No authentication detected",
		When: "session ended or moved into TLS without AUTH in clear, and no MAIL with AUTH result; frame = " +
			"greeting. Severity information instead of warning when all hold: port 25, AUTH " +
			"not offered before TLS, message accepted or peer looks like an MTA (EHLO name with dot, several " +
			"messages)",
		Meaning: "Whether this matters depends on the server: clients and devices are expected to log in, mail " +
			"servers among each other are not. If the session went into TLS the login may have happened " +
			"there, unseen.",
		Advice: []string{
			"device or user: set user and password, port 587",
			"server: does it accept mail from this address without login on purpose (`mynetworks`)?",
		},
		Cite: []string{
			"RFC 4954",
			"RFC 6409 §4.3",
		},
		Not: `qualifier "session ended before authentication was possible" when READY or TLS failed, so ` +
			"that nobody takes it for the cause",
		Fields: []string{"offered mechanisms", "port", "was the session over before it could log in", "TLS hides the rest yes/no"},
	},
	{
		ID: "auth-success", Num: "AUTH-002", Label: SMTP, Severity: Info, Up: Info, OK: true, Tier: 1, Node: AUTH,
		Title:   "Authentication successful",
		When:    "AUTH … 235; POP3 +OK to PASS/APOP/AUTH; IMAP tagged OK to LOGIN/AUTHENTICATE",
		Meaning: "The server knows this user.",
		Cite: []string{
			"RFC 4954 §4",
			"RFC 1939 §4",
			"RFC 9051 §6.2",
		},
		Fields: []string{"mechanism", "user name (decoded)", "duration", "round trips", "password never stored"},
	},
	{
		ID: "auth-failed", Num: "AUTH-003", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: AUTH, Blame: BlameClient,
		Title: "Authentication failed",
		When:  "535 (5.7.8, 5.7.3, none); POP3 -ERR to PASS/APOP/AUTH; IMAP NO to LOGIN/AUTHENTICATE",
		Meaning: "User or password wrong, account locked, or this kind of login is switched off. The text and " +
			"5.7.139 tell which.",
		Advice: []string{
			"test by hand: `swaks --server HOST --port 587 -tls --auth PLAIN --auth-user USER`",
			"after a password change: old password stored in a device",
			"server: `doveadm auth test USER`",
		},
		Cite:   []string{"RFC 4954 §6"},
		Not:    "454 is AUTH-007; 504/538/534 have own rules",
		Fields: []string{"mechanism", "user", "code", "text", "think (a delay of 1–3 s after failure is normal)"},
	},
	{
		ID: "auth-clear-credentials", Num: "AUTH-004", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: AUTH, Blame: BlameClient | BlamePolicy,
		Title: "Password was sent without encryption",
		When: "AUTH PLAIN or LOGIN response, POP3 PASS, IMAP LOGIN in clear text, client not loopback; warning " +
			"on RFC 1918 both ends",
		Meaning: "Everybody on the path can read the password (base64 is no protection). Change it.",
		Advice: []string{
			"change the password",
			"client: STARTTLS or port 465",
			"server: `smtpd_tls_auth_only = yes`, Dovecot `disable_plaintext_auth = yes`",
		},
		Cite: []string{
			"RFC 8314 §3",
			"RFC 4954 §9",
		},
		Not:    `XOAUTH2 tokens: same severity, text "token"`,
		Fields: []string{"user", "mechanism", "outcome", "the password is shown as its length only"},
	},
	{
		ID: "auth-offered-in-clear", Num: "AUTH-005", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: AUTH, Blame: BlameServer | BlamePolicy,
		Title: "Server invites passwords before encryption",
		When: "pre-TLS capability list has AUTH with PLAIN or LOGIN (or `AUTH=`), or POP3/IMAP without " +
			"LOGINDISABLED while STARTTLS/STLS exists",
		Meaning: "Badly set clients will send the password in clear text.",
		Advice:  []string{"`smtpd_tls_auth_only = yes`"},
		Cite: []string{
			"RFC 8314 §4.1",
			"RFC 9051 §6.2.3",
		},
		Not:    "loopback",
		Fields: []string{"mechanisms"},
	},
	{
		ID: "auth-mechanism-refused", Num: "AUTH-006", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: AUTH, Blame: BlameClient,
		Title: "Server does not support this login method",
		When: "504 (5.5.4, 5.7.4), 334-less 501 on the mechanism name; POP3 -ERR to AUTH mech; IMAP NO/BAD to " +
			"AUTHENTICATE mech",
		Meaning: "Client and server have no common method, or the client ignores the list.",
		Advice:  []string{"compare the list with the client's setting"},
		Cite:    []string{"RFC 4954 §4"},
		Not:     "bare `AUTH` as a probe is info",
		Fields:  []string{"asked", "offered list"},
	},
	{
		ID: "auth-temp-failure", Num: "AUTH-007", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: AUTH, Blame: BlameServer,
		Title:   "Server could not check the login",
		When:    "454 4.7.0, 435, 451 to AUTH; POP3 [SYS/TEMP]; IMAP [UNAVAILABLE]",
		Meaning: "The password service behind the server is down. The password may be right.",
		Advice:  []string{"check saslauthd, Dovecot auth socket, LDAP or the domain controller from the mail server"},
		Cite: []string{
			"RFC 4954 §6",
			"RFC 3206",
			"RFC 5530",
		},
		Fields: []string{"text", "think"},
	},
	{
		ID: "auth-encryption-needed", Num: "AUTH-008", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: AUTH, Blame: BlameClient,
		Title: "Login is only allowed over an encrypted connection",
		When: `538, 530 5.7.0 with STARTTLS text to AUTH, 504 5.5.4 "encryption required", 534; POP3 -ERR with ` +
			`"disallowed"/"plaintext"; IMAP [PRIVACYREQUIRED]`,
		Meaning: "The server protects the password; the client must start TLS first.",
		Advice:  []string{"switch on STARTTLS/SSL in the client"},
		Cite: []string{
			"RFC 4954 §6",
			"RFC 5530",
		},
		Fields: []string{"text", "STARTTLS offered?"},
	},
	{
		ID: "auth-password-state", Num: "AUTH-009", Label: SMTP, Severity: Error, Up: Error, Tier: 3, Node: AUTH, Blame: BlameClient,
		Title:   "Password must be changed or method is too weak",
		When:    `432 4.7.12, 534 5.7.9, 535 with "expired", "locked", "disabled"; IMAP [EXPIRED], [CONTACTADMIN]; "web login required"`,
		Meaning: "The account needs an action of its owner.",
		Advice:  []string{"log in to the web mail and follow its request"},
		Cite: []string{
			"RFC 4954 §6",
			"RFC 5530",
		},
		Fields: []string{"text"},
	},
	{
		ID: "auth-brute-force", Num: "AUTH-010", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: HOSTS, Blame: BlameClient,
		Title:   "Password guessing",
		When:    "threshold brute over sessions, per client address or per user name",
		Meaning: "An attack, or one device with an old password (then: one user, regular interval).",
		Advice: []string{
			"fail2ban or `smtpd_client_auth_rate_limit`",
			"one user only: find the device",
		},
		Cite:   []string{"own experience"},
		Not:    `one user and interval regular ±10 %: text "forgotten device"`,
		Fields: []string{"clients", "users tried (first 10)", "failures", "successes", "period"},
	},
	{
		ID: "auth-success-after-failures", Num: "AUTH-011", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: HOSTS, Blame: BlameClient,
		Title:   "Login succeeded after many failures",
		When:    "AUTH-010 and then AUTH-002 from the same client or for the same user within 600 s",
		Meaning: "Guessing may have found the password.",
		Advice:  []string{"lock the account and look for mail sent after this frame"},
		Cite:    []string{"own experience"},
		Not:     "≤ 4 failures: a typing error",
		Fields:  []string{"user", "client", "failures before"},
	},
	{
		ID: "auth-bad-encoding", Num: "AUTH-012", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: AUTH, Blame: BlameClient,
		Title:   "Login data is not properly encoded",
		When:    `501 5.5.2 / "base64" to a SASL response, or our own decoder fails; AUTH PLAIN without two NULs`,
		Meaning: "A hand-made client. In AUTH PLAIN the form is NUL user NUL password, then base64.",
		Advice:  []string{"`printf '\\0user\\0pass' | base64`"},
		Cite: []string{
			"RFC 4954 §4",
			"RFC 4616",
		},
		Not:    "CLEAN",
		Fields: []string{"which step", "what was wrong"},
	},
	{
		ID: "auth-aborted", Num: "AUTH-013", Label: SMTP, Severity: Info, Up: Warning, Tier: 3, Node: AUTH, Blame: BlameClient,
		Title:   "Client broke off the login",
		When:    "`*` as response, or QUIT/close/other command while a 334 is open; warning when the client then left without another login",
		Meaning: "The client could not or would not answer the challenge: it lacks what the mechanism wants, or does not trust the server with it.",
		Advice: []string{
			"the client's log names the reason",
			"choose another mechanism in the client: PLAIN inside TLS",
		},
		Cite:   []string{"RFC 4954 §4"},
		Fields: []string{"step"},
	},
	{
		ID: "auth-not-enabled", Num: "AUTH-014", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: AUTH, Blame: BlameClient,
		Title: "Client tries to log in although the server does not offer it",
		When:  "AUTH answered 500, 502, 503 (authentication not enabled), and list lacks AUTH",
		Meaning: "Usual on port 25 of mail servers. Submission is on 587 or 465; or AUTH appears only after " +
			"STARTTLS.",
		Advice: []string{"port 587 with STARTTLS"},
		Cite:   []string{"RFC 6409 §3.1"},
		Not:    "STLS-006 hides lists",
		Fields: []string{"port", "list before/after TLS"},
	},
	{
		ID: "auth-no-common-method", Num: "AUTH-015", Label: SMTP, Severity: Warning, Up: Warning, Tier: 3, Node: AUTH, Blame: BlameClient,
		Title:   "Client gave up: no usable login method",
		When:    "AUTH offered without PLAIN and LOGIN, client quits right after EHLO on port 587/465 without AUTH",
		Meaning: "The client's configured method (for example CRAM-MD5 or OAuth only) is not in the list.",
		Advice:  []string{"change the client's method"},
		Cite:    []string{"RFC 4954"},
		Not:     "health checks",
		Fields:  []string{"offered list"},
	},
	{
		ID: "auth-twice", Num: "AUTH-016", Label: SMTP, Severity: Info, Up: Info, Tier: 3, Node: AUTH, Blame: BlameClient,
		Title:   "Client tried to log in twice",
		When:    `503 "already authenticated" or AUTH after 235`,
		Meaning: "Harmless client bug.",
		Cite:    []string{"RFC 4954 §4"},
		Fields:  []string{"—"},
	},
	{
		ID: "auth-oauth", Num: "AUTH-017", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: AUTH, Blame: BlameClient,
		Title: "OAuth token was refused",
		When: "XOAUTH2/OAUTHBEARER: 334 with base64 JSON containing \"status\", or final 535; POP3 `+ ` JSON; " +
			"IMAP the same",
		Meaning: "401: token expired or withdrawn. 400: wrong scope or tenant. The client must fetch a new token.",
		Advice: []string{
			"remove and add the account in the client",
			"check application consent and scopes (SMTP.Send, IMAP.AccessAsUser.All…)",
		},
		Cite:   []string{"RFC 7628 §3.2.2"},
		Fields: []string{"decoded status (400, 401…)", "scope", "user"},
	},
	{
		ID: "auth-basic-disabled", Num: "AUTH-018", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: AUTH, Blame: BlamePolicy,
		Title: "Password login is switched off for this account or tenant",
		When: `535 5.7.139 or tokens "smtpclientauthentication is disabled", "basic authentication is ` +
			`disabled", "application-specific password", "less secure"`,
		Meaning: "The provider wants OAuth or an application password; the normal password can never work.",
		Advice: []string{
			"create an application password, or enable SMTP AUTH for the mailbox (`Set-CASMailbox " +
				"-SmtpClientAuthenticationDisabled $false`)",
			"use OAuth",
		},
		Cite:   []string{"provider documentation"},
		Fields: []string{"text"},
	},
	{
		ID: "auth-ntlm-facts", Num: "AUTH-019", Label: SMTP, Severity: Info, Up: Info, Tier: 3, Node: AUTH,
		Title:   "Windows login details",
		When:    "AUTH NTLM or GSSAPI/SPNEGO exchange decoded",
		Meaning: "Server and client reveal their Windows names in clear text.",
		Advice:  []string{"do not offer NTLM to the internet"},
		Cite:    []string{"MS-NLMP"},
		Fields:  []string{"domain", "host", "OS version from the type 2 message", "user from type 3"},
	},
	{
		ID: "auth-slow", Num: "AUTH-020", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: AUTH, Blame: BlameServer,
		Title:   "Login check is slow",
		When:    "think of the final AUTH reply ≥ 5 s and success",
		Meaning: "Directory or PAM delay. Failed logins are delayed on purpose and do not count.",
		Advice:  []string{"measure the directory lookup"},
		Cite:    []string{"own experience"},
		Not:     "failures",
		Fields:  []string{"think"},
	},
	{
		ID: "auth-account-locked", Num: "AUTH-021", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: AUTH, Blame: BlameClient | BlamePolicy,
		Title: "Account is locked or disabled",
		When: `525; 535, 454, 530 or 550 to AUTH, POP3 -ERR, IMAP NO with "locked", "account" + "disabled", "suspended", "closed" or ` +
			`"blocked", POP3 and IMAP "not enabled for", "access is disabled", "too many failed login", "too many login attempt", "too many login failure"`,
		Meaning: "The server takes no login of this account, not even with the right password: an administrator has " +
			"closed it, or too many wrong passwords have.",
		Advice: []string{
			"find the device or program that still tries an old password, and stop it",
			"wait for the time that the server locks an account",
			"server: unlock or enable the account",
		},
		Cite: []string{
			"RFC 4954 §6",
			"RFC 5248 §2.4",
		},
		Not:    "a password that has expired is AUTH-009",
		Fields: []string{"text"},
	},
}
