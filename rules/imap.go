package rules

// imapRules is the catalogue of IMAP.
var imapRules = []Rule{
	{
		ID: "imap-detected", Num: "IMAP-001", Label: IMAP, Severity: Info, Up: Info, OK: true, Tier: 2, Node: ROOT,
		Title: "IMAP connection detected",
		When: "first server line `* OK`, `* PREAUTH`, `* BYE`, or port 143 (993 after TLS) with tagged client " +
			"commands",
		Meaning: "One mailbox session.",
		Cite:    []string{"RFC 9051 §7.1"},
		Fields:  []string{"client", "server", "port", "duration"},
	},
	{
		ID: "imap-welcomed", Num: "IMAP-002", Label: IMAP, Severity: Info, Up: Info, OK: true, Tier: 2, Node: ROOT,
		Title:   "Server welcomed the client",
		When:    "`* OK` (state not authenticated) or `* PREAUTH`",
		Meaning: "The server is there.",
		Cite:    []string{"RFC 9051 §7.1.1, §7.1.4"},
		Fields:  []string{"text", "capabilities in the greeting", "software"},
	},
	{
		ID: "imap-greeting-bye", Num: "IMAP-003", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: ROOT, Blame: BlameServer | BlamePolicy,
		Title:   "Server refused service instead of greeting",
		When:    "`* BYE` first, or close before any line",
		Meaning: "Limit of connections, maintenance, block.",
		Advice: []string{
			"`mail_max_userip_connections` (Dovecot, default 10)",
			"server log",
		},
		Cite:   []string{"RFC 9051 §7.1.5"},
		Fields: []string{"text", "code"},
	},
	{
		ID: "imap-preauth-downgrade", Num: "IMAP-004", Label: IMAP, Severity: Error, Up: Error, Tier: 3, Node: WELCOME, Blame: BlameServer | BlameCapture,
		Title:   "Server claims the user is already logged in",
		When:    "`* PREAUTH` on a network connection before TLS",
		Meaning: "PREAUTH forbids STARTTLS: an attacker on the path can keep the session in clear this way.",
		Advice:  []string{"clients must refuse it; use port 993"},
		Cite: []string{
			"RFC 9051 §11",
			"RFC 8314 §3.2",
		},
		Not:    "loopback, rsh-style tunnels",
		Fields: []string{"—"},
	},
	{
		ID: "imap-ready", Num: "IMAP-005", Label: IMAP, Severity: Info, Up: Info, OK: true, Tier: 3, Node: WELCOME,
		Title:   "Server is ready",
		When:    "capability list known (greeting or CAPABILITY)",
		Meaning: "What the server can do.",
		Cite:    []string{"RFC 9051 §7.2.2"},
		Fields:  []string{"list", "LOGINDISABLED", "AUTH=…", "IDLE", "COMPRESS", "LITERAL+"},
	},
	{
		ID: "imap-login-clear", Num: "IMAP-006", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: AUTH, Blame: BlameClient,
		Title:   "Password was sent without encryption",
		When:    "LOGIN or AUTHENTICATE PLAIN/LOGIN in clear",
		Meaning: "See AUTH-004.",
		Advice: []string{
			"port 993",
			"server: LOGINDISABLED before TLS",
		},
		Cite: []string{
			"RFC 8314 §3.2",
			"RFC 9051 §11.7",
		},
		Not:    "loopback",
		Fields: []string{"user", "password length"},
	},
	{
		ID: "imap-logindisabled-ignored", Num: "IMAP-007", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: AUTH, Blame: BlameClient,
		Title:   "Client tried a forbidden clear-text login",
		When:    "LOGIN although LOGINDISABLED was announced",
		Meaning: "The password travelled in clear for nothing; the server refuses anyway.",
		Advice:  []string{"client: STARTTLS or port 993; change the password"},
		Cite:    []string{"RFC 9051 §6.2.3"},
		Not:     "capability unknown",
		Fields:  []string{"reply"},
	},
	{
		ID: "imap-starttls-accepted", Num: "IMAP-008", Label: IMAP, Severity: Info, Up: Info, Tier: 2, Node: READY,
		Title:   "Encryption successful",
		When:    "STARTTLS tagged OK; qualifier logic of STLS-003",
		Meaning: "As STLS-003.",
		Cite:    []string{"RFC 9051 §6.2.1"},
		Fields:  []string{"frame of command", "frame of reply", "frame of first TLS byte", "outcome"},
	},
	{
		ID: "imap-login-failed", Num: "IMAP-009", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: AUTH, Blame: BlameClient,
		Title:   "Authentication failed",
		When:    "tagged NO to LOGIN/AUTHENTICATE, [AUTHENTICATIONFAILED], [AUTHORIZATIONFAILED], [EXPIRED]; [AUTHENTICATIONFAILED] where only the server was captured",
		Meaning: "See AUTH-003; AUTHORIZATIONFAILED: password right, access to that identity not.",
		Advice: []string{
			"test by hand: `curl -v --ssl-reqd --user USER imap://HOST/`",
			"after a password change: old password stored in a device",
			"server: `doveadm auth test USER`",
		},
		Cite: []string{
			"RFC 9051 §7.1",
			"RFC 5530 §3",
		},
		Not:    "[UNAVAILABLE], [PRIVACYREQUIRED]",
		Fields: []string{"user", "code", "text", "think"},
	},
	{
		ID: "imap-unavailable", Num: "IMAP-010", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: AUTH, Blame: BlameServer,
		Title:   "Server cannot serve this user now",
		When:    "[UNAVAILABLE], [SERVERBUG], [CORRUPTION], [CONTACTADMIN]",
		Meaning: "Password database or storage is down, or data is damaged.",
		Advice:  []string{"server log; `doveadm force-resync`"},
		Cite:    []string{"RFC 5530 §3"},
		Fields:  []string{"code", "text"},
	},
	{
		ID: "imap-privacy-required", Num: "IMAP-011", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: AUTH, Blame: BlameClient,
		Title:   "Login is only allowed over an encrypted connection",
		When:    "NO [PRIVACYREQUIRED]",
		Meaning: "See AUTH-008.",
		Advice:  []string{"STARTTLS or port 993"},
		Cite:    []string{"RFC 5530 §3"},
		Fields:  []string{"—"},
	},
	{
		ID: "imap-limits", Num: "IMAP-012", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: READY, Blame: BlameClient | BlamePolicy,
		Title: "A limit of the server was reached",
		When:  `[LIMIT], [INUSE], or NO/BYE with "too many", "maximum number of connections"`,
		Meaning: "Mail programs open 5 and more connections each; several devices behind one address exceed the " +
			"limit.",
		Advice: []string{
			"fewer cached connections in the client",
			"raise the limit per user",
		},
		Cite:   []string{"RFC 5530 §3"},
		Fields: []string{"text", "parallel connections of this client in the file"},
	},
	{
		ID: "imap-overquota", Num: "IMAP-013", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlamePolicy,
		Title:   "Mailbox is full",
		When:    "[OVERQUOTA] to APPEND/COPY/MOVE",
		Meaning: "Sent mail cannot be stored although it was delivered: users think sending failed.",
		Advice: []string{
			"make room in the mailbox, its trash included, or raise the user's quota on the server",
			"server: `doveadm quota get -u USER`",
		},
		Cite: []string{
			"RFC 5530 §3",
			"RFC 9208",
		},
		Fields: []string{"command", "size"},
	},
	{
		ID: "imap-mailbox-missing", Num: "IMAP-014", Label: IMAP, Severity: Warning, Up: Error, Tier: 3, Node: TXN, Blame: BlameClient,
		Title:   "Mailbox does not exist or may not be used",
		When:    "[TRYCREATE], [NONEXISTENT], [NOPERM], [CANNOT], [ALREADYEXISTS]",
		Meaning: "Folder name differs (Sent / INBOX.Sent / Gesendet) or no rights.",
		Advice:  []string{"folder mapping in the client"},
		Cite: []string{
			"RFC 9051 §7.1",
			"RFC 5530",
		},
		Not:    "INBOX is IMAP-030, words of missing rights are IMAP-032; info: made or found in the end, or only asked for",
		Fields: []string{"mailbox", "code"},
	},
	{
		ID: "imap-bad", Num: "IMAP-015", Label: IMAP, Severity: Warning, Up: Warning, Tier: 2, Node: READY, Blame: BlameClient | BlameServer,
		Title: "Server does not understand the client",
		When:  "tagged or untagged BAD; [CLIENTBUG], [PARSE], [BADCHARSET]",
		Meaning: "Syntax error of the client or unsupported extension. Servers close after several (Dovecot: 3 " +
			"before login, 20 after).",
		Advice: []string{"client update; switch off the extension"},
		Cite:   []string{"RFC 9051 §7.1.3"},
		Fields: []string{"command (80 bytes)", "text", "count"},
	},
	{
		ID: "imap-wrong-state", Num: "IMAP-028", Label: IMAP, Severity: Warning, Up: Warning, Tier: 2, Node: READY, Blame: BlameClient,
		Title: "Client sent a command that does not fit the state of the session",
		When: "BAD or NO to a tagged command: the text says that nobody is logged in or that no mailbox is selected, or the command " +
			"needs a mailbox and no SELECT or EXAMINE was ever answered OK",
		Meaning: "The server understands the command. FETCH, STORE, SEARCH and the like need a selected mailbox, SELECT and most others a " +
			"login; a client that goes on although one of these was refused, or that forgot it after a reconnect, gets this answer.",
		Advice: []string{
			"look for the login or SELECT before it: was it refused, or never sent?",
			"client update: it must follow the replies",
		},
		Cite:   []string{"RFC 9051 §3, §6.4"},
		Not:    "the capture begins inside the session: the text alone decides",
		Fields: []string{"command (80 bytes)", "text"},
	},
	{
		ID: "imap-no", Num: "IMAP-016", Label: IMAP, Severity: Info, Up: Info, Tier: 3, Node: READY,
		Title:   "Server declined a command",
		When:    "tagged NO without a code handled elsewhere",
		Meaning: "Shown as it stands.",
		Cite:    []string{"RFC 9051 §7.1.2"},
		Fields:  []string{"command", "text"},
	},
	{
		ID: "imap-bye", Num: "IMAP-017", Label: IMAP, Severity: Warning, Up: Warning, Tier: 2, Node: END, Blame: BlameServer,
		Title:   "Server ended the session",
		When:    "untagged BYE, ManageSieve BYE, without LOGOUT and without inactivity text",
		Meaning: "Shutdown, kick by an administrator, too many errors, password change.",
		Advice:  []string{"text and server log"},
		Cite:    []string{"RFC 9051 §7.1.5"},
		Not:     "IMAP-018",
		Fields:  []string{"text", "command in progress"},
	},
	{
		ID: "imap-autologout", Num: "IMAP-018", Label: IMAP, Severity: Info, Up: Warning, Tier: 2, Node: END, Blame: BlameClient | BlameNetwork,
		Title: "Server closed the session for inactivity",
		When: `BYE with "inactivity"/"idle"/"autologout", or FIN after ≥ 1740 s; warning if < 1800 s after the ` +
			"last command",
		Meaning: "Normal after 30 minutes; earlier is against the standard and makes clients reconnect all the " +
			"time.",
		Advice: []string{
			"client: renew IDLE before 29 minutes",
			"server: `imap_idle_notify_interval`, proxy timeouts",
		},
		Cite:   []string{"RFC 9051 §5.4"},
		Not:    "before login 60–180 s are usual: info",
		Fields: []string{"idle time"},
	},
	{
		ID: "imap-idle-killed", Num: "IMAP-019", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: END, Blame: BlameMiddlebox,
		Title: "IDLE connection was cut on the way",
		When: "IDLE accepted (`+ idling`), silence s, then TCP-032 or TCP-033, or new connection of the same " +
			"client without any close of the old one",
		Meaning: "New mail stops appearing although everything looks connected. A NAT or mobile carrier dropped " +
			"the quiet connection.",
		Advice: []string{
			"client keepalive/IDLE renewal below the time shown",
			"server: `imap_idle_notify_interval = 2 mins` (Dovecot sends a still-here line)",
		},
		Cite: []string{
			"RFC 2177",
			"RFC 5382 REQ-5",
		},
		Not:    "client sent DONE and LOGOUT",
		Fields: []string{"silence", "nearest nat.idle value", "repetitions"},
	},
	{
		ID: "imap-idle-too-long", Num: "IMAP-020", Label: IMAP, Severity: Info, Up: Info, Tier: 3, Node: READY, Blame: BlameClient,
		Title:   "Client does not renew IDLE in time",
		When:    "IDLE > 1740 s without DONE",
		Meaning: "Risks autologout.",
		Advice:  []string{"client setting"},
		Cite:    []string{"RFC 2177"},
		Fields:  []string{"seconds"},
	},
	{
		ID: "imap-literal-wait", Num: "IMAP-021", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient | BlameServer,
		Title: "Literal was announced but not sent or not accepted",
		When: "client line ends `{n}`: no `+` within 10 s, or `+` given and fewer than n bytes follow within 60 " +
			"s; `{n+}` sent without LITERAL+",
		Meaning: "Client and server wait for each other; usual suspects are size limits and virus scanners when " +
			"storing sent mail.",
		Advice: []string{
			"size limit of APPEND",
			"LINK events",
		},
		Cite: []string{
			"RFC 9051 §4.3",
			"RFC 7888",
		},
		Not:    "CLEAN",
		Fields: []string{"n", "received", "state"},
	},
	{
		ID: "imap-unanswered", Num: "IMAP-022", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: READY, Blame: BlameServer,
		Title:   "Command was never completed",
		When:    "tagged command acknowledged by TCP, no tagged reply for 60 s or until close (IDLE excepted while it lasts)",
		Meaning: "The server works on a slow search, a locked mailbox, or hangs.",
		Advice: []string{
			"server load, index rebuild",
			"check saslauthd, Dovecot auth socket, LDAP or the domain controller from the mail server",
		},
		Cite:   []string{"RFC 9051 §5.5"},
		Not:    "SILENT(60)",
		Fields: []string{"command", "waited", "untagged lines meanwhile"},
	},
	{
		ID: "imap-alert", Num: "IMAP-023", Label: IMAP, Severity: Warning, Up: Warning, Tier: 2, Node: READY,
		Title:   "Server has a message for the user",
		When:    "[ALERT] in any reply",
		Meaning: "The standard demands to show it; many clients do not.",
		Advice:  []string{"read it"},
		Cite:    []string{"RFC 9051 §7.1"},
		Fields:  []string{"text"},
	},
	{
		ID: "imap-stale-capabilities", Num: "IMAP-024", Label: IMAP, Severity: Info, Up: Info, Tier: 3, Node: READY, Blame: BlameClient,
		Title: "Client relies on old capabilities",
		When: "client uses an extension announced only before TLS/login and server answers BAD; or does not ask " +
			"again although the list was not repeated",
		Meaning: "Lists must be forgotten after STARTTLS and login.",
		Advice:  []string{"client update"},
		Cite:    []string{"RFC 9051 §6.2.1"},
		Fields:  []string{"extension"},
	},
	{
		ID: "imap-logout", Num: "IMAP-025", Label: IMAP, Severity: Info, Up: Info, OK: true, Tier: 3, Node: END,
		Title:   "Session ended in good order",
		When:    "LOGOUT, BYE, OK",
		Meaning: "Both sides agreed to part.",
		Cite:    []string{"RFC 9051 §6.1.3"},
		Fields:  []string{"duration", "commands", "bytes"},
	},
	{
		ID: "imap-compressed", Num: "IMAP-026", Label: IMAP, Severity: Info, Up: Info, Tier: 3, Node: READY,
		Title:   "From here on the content is compressed",
		When:    "COMPRESS DEFLATE OK",
		Meaning: "Can be inflated by this program when the capture is complete.",
		Cite:    []string{"RFC 4978"},
		Fields:  []string{"frame"},
	},
	{
		ID: "imap-sieve-refused", Num: "IMAP-027", Label: IMAP, Severity: Warning, Up: Warning, Tier: 2, Node: TXN, Blame: BlameClient,
		Title: "Server did not take the Sieve script",
		When:  "ManageSieve: NO to PUTSCRIPT, CHECKSCRIPT, SETACTIVE or HAVESPACE",
		Meaning: "The script has an error, needs an extension that the server does not have, does not exist, or is too " +
			"large. The rules that were active before are still in force.",
		Advice: []string{
			"the line that the answer names, in the script or in the program that writes it",
			"an extension (`require`) must be in the server's capability SIEVE; Dovecot: `sieve_extensions`",
			"test by hand: `sievec SCRIPT`",
			"delete scripts, or raise the limit on the server; Dovecot: `sieve_max_script_size`, `sieve_quota_max_scripts`, `sieve_quota_max_storage`",
		},
		Cite:   []string{"RFC 5804 §2.5, §2.6, §2.8, §2.12"},
		Fields: []string{"command", "code", "text"},
	},
	{
		ID: "imap-not-stored", Num: "IMAP-029", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameServer,
		Title: "Server did not store a message",
		When:  "NO to APPEND, without a code or words that have a rule of their own",
		Meaning: "The client wanted to put a copy of a sent message, a draft or an imported message into a mailbox. What was " +
			"sent may be delivered all the same: users think sending failed. Servers refuse what is too large, what has a form " +
			"that they do not store, and when their storage fails.",
		Advice: []string{
			"the words of the answer; without any: server log",
			"too large: Cyrus `maxmessagesize`; clients see the limit as APPENDLIMIT",
		},
		Cite:   []string{"RFC 9051 §6.3.12", "RFC 7889 §4"},
		Not:    "[OVERQUOTA], [TRYCREATE], [NOPERM], [UNAVAILABLE] and the like",
		Fields: []string{"command", "code", "text"},
	},
	{
		ID: "imap-inbox-refused", Num: "IMAP-030", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameServer,
		Title: "Server cannot open the inbox",
		When:  "NO to SELECT or EXAMINE of INBOX, without a code or words that have a rule of their own",
		Meaning: "Every user has an INBOX, an empty one too. The user is let in, and the server fails at what it stores, or " +
			"(\"Unsafe Login\") does not open it to a program that has not said what it is.",
		Advice: []string{
			"server log",
			"owner, locks and indexes of this mailbox on the server",
			"another mail program, or a setting of this one: send ID behind the login, before SELECT",
		},
		Cite:   []string{"RFC 9051 §5.1, §6.3.2", "RFC 2971"},
		Fields: []string{"command", "text"},
	},
	{
		ID: "imap-fetch-interrupted", Num: "IMAP-031", Label: IMAP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameNetwork | BlameServer | BlameClient,
		Title: "Connection broke while a message was being fetched",
		When:  "FETCH: a literal of the server begun and not complete, then FIN, RST or TCP-014",
		Meaning: "The mail stays on the server; the client asks for it again from the start. A server that fails at one message closes there " +
			"every time; a client that closes has hit its own time limit, or its user has gone on.",
		Advice: []string{
			"the server closed: its log at this time; Dovecot: `doveadm fetch -u USER text mailbox INBOX uid N` reads the same message",
			"the client closed: its time limit, a virus scanner proxy in its computer",
		},
		Cite:   []string{"RFC 9051 §4.3, §7.5.2"},
		Not:    "the capture ends; bytes are missing in it",
		Fields: []string{"message number", "bytes", "announced"},
	},
	{
		ID: "imap-no-right", Num: "IMAP-032", Label: IMAP, Severity: Warning, Up: Error, Tier: 2, Node: TXN, Blame: BlamePolicy,
		Title: "User has no right to do this",
		When:  `NO with [NOPERM], "permission denied" or "read-only" to a command after the login; error: to one that stores; info: to one that only asks`,
		Meaning: "The mailbox is there, and its rights (ACL) do not allow this user what the command wants, or it is open for reading only. " +
			"Usual in folders that others share.",
		Advice: []string{
			"who owns the folder gives the right: lookup and read to see it, write to change flags, insert to store, expunge to delete",
			"ask for it by hand: `a MYRIGHTS FOLDER`",
			"server: `doveadm acl get -u USER FOLDER`, owner and mode of the files",
		},
		Cite:   []string{"RFC 5530 §3", "RFC 4314 §4"},
		Not:    "INBOX at SELECT is IMAP-030; a client that opened with EXAMINE is to blame itself",
		Fields: []string{"command", "code", "text"},
	},
	{
		ID: "imap-refused", Num: "IMAP-033", Label: IMAP, Severity: Warning, Up: Error, Tier: 2, Node: TXN, Blame: BlameServer,
		Title: "Server did not do what was to be done with messages",
		When: "NO to FETCH, STORE, COPY, MOVE or EXPUNGE, without a code or words that have a rule of their own; [LIMIT] to a command that " +
			"stores or changes; [INUSE] after the login; error: FETCH, and what stores",
		Meaning: "What the client wanted is not done: a message was not handed out, a flag not set, a copy not made. Servers say so when " +
			"they cannot read or decode what they have stored, when somebody else holds the mailbox, and beyond a limit of this mailbox.",
		Advice: []string{
			"the words of the answer; without any: server log",
			"one message only: read it by web mail, move or delete it there",
			"[INUSE] or lock: another session, or a dead one, holds the mailbox",
		},
		Cite:   []string{"RFC 9051 §7.1.2", "RFC 5530 §3"},
		Not:    "messages that another session has removed; APPEND is IMAP-029",
		Fields: []string{"command", "code", "text"},
	},
	{
		ID: "imap-hung-up", Num: "IMAP-034", Label: IMAP, Severity: Warning, Up: Warning, Tier: 2, Node: END, Blame: BlameServer,
		Title: "Server closed a logged-in session without BYE",
		When:  "FIN of the server first, logged in, no BYE, no LOGOUT, no command waiting but IDLE",
		Meaning: "A server announces the end with BYE and says why. Without it a process was killed or has crashed, or a proxy in front of " +
			"the server has closed. Clients that wait for new mail see none until they connect again.",
		Advice: []string{
			"server log at this time: a signal, a crash, out of memory, a restart",
			"a proxy or load balancer in front: its idle timeout, 30 minutes at least",
		},
		Cite:   []string{"RFC 9051 §3.4, §7.1.5"},
		Not:    "after 29 minutes of silence: IMAP-018; compressed sessions",
		Fields: []string{"idle time"},
	},
}
