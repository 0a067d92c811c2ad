package fact

// A Kind says what was seen. Each group is in a block of its own with room to
// grow; the comment of a kind says what its fields hold.
type Kind uint8

// Dialog: SMTP, LMTP, POP3, IMAP, ManageSieve.
const (
	None Kind = iota

	// Command is a whole command line of the client. Cmd: the protocol's
	// command. Text: the line without CRLF, secrets replaced by "***". Num:
	// bytes of the line with CRLF. Frame, Time: of its last byte.
	// Level: 1 when it was sent before the server could have answered the command before it.
	Command

	// Reply is a whole reply of the server. Cmd: the command it answers. Ref:
	// that command, 0 when it is not known (greeting, unsolicited, mid-stream);
	// SMTP's answer to a message: the BodyEnd, or BDAT LAST.
	// Code: SMTP reply code; POP3 1 +OK, 0 -ERR; IMAP 1 OK, 2 NO, 3 BAD, 4 BYE,
	// 5 PREAUTH. Num: enhanced code as class<<20 | subject<<10 | detail, 0:
	// none. Text: the text of all lines, joined by "\n", without codes.
	// Level: number of lines, at most 255.
	Reply

	// Challenge is a server's 334 or "+" during authentication. Ref: the command.
	Challenge

	// Response is the client's answer to a challenge; never its text, unless
	// secrets are to be shown. Ref: the command. Level 1: "*", cancelled; 2: a
	// word like QUIT, which the server must take for data. Code: what is wrong
	// with its form, smtp.FormBase64 or smtp.FormPlain. Num: bytes of the line.
	Response

	// Capability is one line of the answer to EHLO, CAPA or CAPABILITY. Text: the line.
	Capability

	// AuthStart: a login begins. Text: mechanism, upper case ("PLAIN",
	// "LOGIN", "USER", "APOP", "IMAP LOGIN"). Ref: its command. Level 1: secret
	// readable on the wire.
	AuthStart

	// AuthUser: the login's user name. Text: the name. Ref: the AuthStart's command.
	AuthUser

	// AuthEnd: a login ended. Level: an AuthResult. Code: reply code. Text: reply text.
	// Ref: the AuthStart's command.
	AuthEnd

	// BodyStart: the first bytes of a message's content. Cmd DATA or BDAT; POP3 RETR, IMAP APPEND, FETCH.
	BodyStart

	// BodyEnd: the content's last byte (the dot, the last chunk). Num: bytes of
	// content. Frame: of the dot. Ref: BodyStart. Code: 1 when terminated
	// properly, 0 when the session ended inside the body.
	BodyEnd

	// Chunk: one BDAT chunk complete. Num: bytes. Level 1: LAST. Ref: its command.
	Chunk

	// Unanswered: a command's reply never came, told at the end or when the dialog resynchronised.
	// Ref: the command. Cmd: the command. Num: microseconds waited until the end of the session.
	// Level 1: the server answered a later command instead; Num is until then.
	Unanswered

	// Early: bytes before the speaker's turn: client before the greeting (Level
	// 1), client before the answer without PIPELINING (Level 2), server
	// unasked (Level 3). Num: bytes.
	Early

	// Odd: something that breaks the protocol. Code: an Oddity. Num: count or size.
	Odd

	// Header: one header field of interest of the message (From, Date, Message-ID ...). Text.
	Header

	// Foreign: the stream is not the protocol expected. Code: what it looks like (a Looks). Text: its first bytes.
	Foreign

	// Resync: the dialog lost its place (gap or mid-stream) and went on at the next line. Num: bytes missing.
	Resync

	// ReplyPause: the lines of one reply came with a pause between them. Ref:
	// the Reply. Num: microseconds from its first line to its last.
	ReplyPause

	// Ledger: a total of a mailbox session (POP3, IMAP), told at its end. Code: a Count. Num: the total.
	Ledger
)

// Totals of a mailbox session (Fact.Code of Ledger).
const (
	CountBox      uint16 = 1 + iota // messages in the mailbox, as last told
	CountFetched                    // messages fetched whole (RETR; FETCH of a body)
	CountBytes                      // bytes of their content, at most 4 GiB - 1
	CountTops                       // messages looked at (TOP)
	CountMarked                     // messages marked for deletion. Level: a Deletion. Text: their numbers, the first ones
	CountCommands                   // commands of the client
	CountIdle                       // milliseconds from the last command or line of the server to the end
	CountLiterals                   // messages stored (APPEND)
)

// Deletions (Fact.Level of CountMarked).
const (
	DeletionLost    uint8 = iota // the session ended without QUIT: nothing was deleted
	DeletionDone                 // QUIT was answered +OK
	DeletionUnknown              // QUIT was sent and its answer is not in the capture, or the capture ends first
	DeletionRefused              // QUIT was answered -ERR: some were not deleted
)

// Results of a login.
const (
	AuthOK uint8 = iota
	AuthFailed
	AuthCancelled
	AuthRefused   // mechanism refused, encryption needed, not now
	AuthAborted   // session ended before the answer
	AuthTemporary // 454, 4yz
)

// TLS.
const (
	// TLSHello: ClientHello. Code: highest version offered. Num: cipher suites offered. Level: 1 SSLv2 format. Text: SNI.
	TLSHello Kind = 50 + iota

	// TLSServerHello: Code: version chosen. Num: cipher suite. Level: 1 hello retry, 2 resumed.
	TLSServerHello

	// TLSMessage: any other handshake message in clear. Code: its type. Num: its length.
	TLSMessage

	// TLSCert: a certificate chain. Num: number of certificates. Text: subject of the first. From says whose.
	TLSCert

	// TLSChange: ChangeCipherSpec.
	TLSChange

	// TLSFinished: first encrypted handshake record after ChangeCipherSpec, or
	// TLS 1.3's first encrypted record. Num: record length.
	TLSFinished

	// TLSDone: the handshake is complete on both sides, as far as sizes and order tell. Code: version.
	TLSDone

	// TLSAlert: a readable alert. Level: 1 warning, 2 fatal. Code: description.
	TLSAlert

	// TLSHiddenAlert: an encrypted alert. Level: 1 the record type says so (TLS
	// 1.2 and older), 2 told by size (TLS 1.3). Num: record length.
	TLSHiddenAlert

	// TLSData: first application data of a side that is not TLS 1.3 handshake.
	TLSData

	// TLSBroken: bytes that are not TLS where records were expected. Code: a Looks. Text: first bytes.
	TLSBroken

	// TLSRenegotiate: a handshake begins inside TLS. Level 1: refused.
	TLSRenegotiate

	// TLSPlain: clear text after TLS, or TLS ended by close_notify and then text.
	TLSPlain

	// TLSRecord: an application data record of the encrypted dialog, bounded
	// to the first ones of a session. Num: its length.
	TLSRecord

	// TLSOdd: something else that breaks TLS. Code: a TLSOddity of tlsrec.
	TLSOdd
)

// TCP and IP, as episodes: one fact for one trouble, not one for each segment.
const (
	// TCPSyn: SYN seen. Num: number of it (1, 2 ...). Level 1: ports used again.
	TCPSyn Kind = 100 + iota
	// TCPSynAck: SYN-ACK seen. Num: microseconds since the first SYN.
	TCPSynAck
	// TCPOpen: handshake complete. Num: RTT of the handshake in microseconds (both legs).
	TCPOpen
	// TCPReset: first RST of a side. Num: unread or unacknowledged bytes. Level: 1 answers a SYN (refused), 2 after both FIN, 3 injected by its TTL or IP ID.
	TCPReset
	// TCPFin: FIN of a side. Num: bytes it has sent.
	TCPFin
	// TCPLoss: an episode of retransmissions. From: the sender whose segments were lost. Num: segments. Code: milliseconds it lasted, at most 65535.
	TCPLoss
	// TCPGap: bytes that the capture lacks although the peer has acknowledged them. Num: bytes.
	// Code: so many frames before it they were acknowledged first. Level 1: what the
	// peer said until it was known that they would not come was read without them.
	TCPGap
	// TCPZeroWindow: From: the receiver that closed its window. Num: microseconds it lasted.
	// Code: how often it said so, at most 65535. Level 1: it never opened it again.
	TCPZeroWindow
	// TCPUnacked: From: the sender whose segment was sent again and again without an answer. Num: copies. Code: seconds.
	// Level: 1 only large segments fail, small ones passed: see the TCPSizes fact whose Ref names this one.
	TCPUnacked
	// TCPSilence: nothing more came although the capture runs on. Num: milliseconds observed. Code: who owed (1+Dir).
	TCPSilence
	// TCPKeepAlive: keep-alive probes. Num: how many. Level 1: the last Code of them were never answered.
	TCPKeepAlive
	// TCPOverlap: the same sequence range with two contents. Num: bytes. Text: both contents, cut.
	TCPOverlap
	// TCPOffload: segments larger than the MSS. Num: largest.
	TCPOffload
	// TCPReorder: segments that came late. Num: how many.
	TCPReorder
	// TCPDuplicate: frames captured twice. Num: how many.
	TCPDuplicate
	// TCPChecksum: wrong checksums. Num: how many. Level: 1 of all frames of a sender (offload),
	// 2 of all its frames with payload and of no other, and the receiver acknowledged none,
	// 3 of its last frames with payload, all copies of some bytes among them, and the same.
	TCPChecksum
	// TCPAhead: a bare ACK or a segment far ahead of the data seen (MTU black hole seen from the receiver). Num: bytes.
	// Level 1: data came behind a hole that was never filled. Num: bytes of the hole. 2: the same, and nothing of the sender came later.
	TCPAhead
	// TCPOdd: other oddities of TCP. Code: health's own numbers.
	TCPOdd
	// NetICMP: an ICMP error that quotes the flow. Code: type<<8 | code (ICMPv6: with 0x8000 set). Num: MTU reported. Text: sender's address. Level: 1 quoted sequence not in window.
	NetICMP
	// NetFragment: packets that came in IP fragments. Num: how many. Code: fragments of the first.
	// Level 2: of these, how many had fragments that contradicted each other.
	// Level 1: packets of which a fragment never came. Code: fragments that came
	// of the first. Text: its IP ID, bytes that came and bytes in all ("?": not known), as "1a2b 1480 ?".
	NetFragment
	// NetTTL: the TTL of a side changed. Num: old<<8 | new.
	NetTTL
	// Cut: frames shortened by the snap length. Num: bytes missing. Code: frames.
	Cut
	// MidStream: the first frame is not a SYN. Level: 1 SYN-ACK first.
	MidStream
	// OneSided: only From was captured. Num: bytes acknowledged for the other side.
	OneSided
	// End: the session is over. Code: an EndHow. Num: milliseconds between the flow's last frame and the capture's.
	End
)

// More of TCP.
const (
	// TCPSizes: sizes of payload. From: the sender. Num: of the segment that
	// never arrived. Code: of the largest that did. Level 1: don't-fragment set.
	// Ref: the TCPUnacked or TCPAhead it belongs to.
	TCPSizes Kind = 150 + iota
	// TCPIdle: nobody had sent data for 55 s or more, then From did. Num: milliseconds. Frame: the first after the pause.
	TCPIdle
	// TCPStall: a pause of 10 s or more. From: who owed the next step.
	// Num: milliseconds. Level: 0 all was acknowledged, 1 data was not
	// acknowledged though sent again, 2 the window was closed, 3 acknowledgements
	// are missing in the capture. Frame: the one that ended it.
	// Cmd: 1+Dir of the last sender of data, 0: nobody.
	TCPStall
	// TCPSpurious: segments sent again although they had arrived. From: the sender. Num: how many.
	TCPSpurious
	// TCPUnread: From closed without having read. Num: bytes. Code: window before.
	TCPUnread
	// TCPAfterClose: From sent data after the other side had closed. Num: bytes. Level 1: a RST answered.
	TCPAfterClose
	// TCPHeld: From's last small piece waited for an acknowledgement (Nagle). Num: how often. Code: milliseconds of the first. Level: unused.
	TCPHeld
	// TCPResetMark: what is known of the origin of a TCPReset, its Ref. Code: TTL of the RST<<8 | usual TTL of the side. Num: 1 TTL differs, 2 IP ID breaks the pattern, 4 the side went on sending, 8 ACK flag set, 16 reserved bits set; 0x20 likely the host's own other initial TTL, 0x40 it answers sooner than its sender can, 0x80 bytes before it are missing.
	// Text: the link address that all frames of the side had come from and that of the RST, 12 bytes, when they differ.
	TCPResetMark
	// NetLink: the link addresses of the frames of From changed. Text: receiver's and sender's address before, then
	// after it, 24 bytes. Code: frames before it. Level: how often they changed. Num: frames since the last change.
	NetLink
	// Proxy: what a client's talk with a proxy before the session led to. Level: a Proxy number. Text, Num: name and port
	// of the server it wants, none of a login that failed. Code: the proxy's refusal, 0: connected; SOCKS's reply or
	// HTTP's status, or a Proxy number of ours.
	Proxy
	// TCPUnheard: From sent what was acknowledged again and again, until the end, and nothing new. Num: copies. Code: seconds.
	// Frame: the first of them.
	TCPUnheard
	// TCPForged: words or a FIN in From's name that it did not send. Code: its TTL<<8 | usual TTL of the side. Num: the frame
	// in which the side went on without it. Level: 1 what the side sent in its place has other bytes, 2 it spoke behind its FIN.
	TCPForged
)

// Kinds of proxies (Fact.Level of Proxy).
const (
	ProxySOCKS4 uint8 = 1 + iota
	ProxySOCKS5
	ProxyHTTP
	ProxyHeader // a header that a load balancer sends to the server behind it
)

// Answers of proxies that are no code of theirs (Fact.Code of Proxy).
const (
	ProxyLogin  uint16 = 1000 + iota // SOCKS 5: user or password refused, RFC 1929
	ProxySilent                      // there was none, to a whole request
)

// Numbers of TCPOdd.
const (
	OddSimultaneous uint16 = 1 + iota // both sides sent a SYN
	OddSplit                          // SYN answered by SYN, then SYN-ACK
	OddDataInSyn                      // Num: bytes
	OddTwoSynAcks                     // two SYN-ACKs with different numbers
	OddChallenge                      // SYN answered by an ACK, or a SYN-ACK, with foreign numbers
	OddFewerOptions                   // a repeated SYN with options removed was answered. Num: 1 WS, 2 SACK, 4 TS, 8 ECN, 16 MPTCP, 32 fast open removed
	OddStraySyn                       // SYN with another number inside the connection
	OddStrayReset                     // RST outside of the window
	OddSACK                           // SACK blocks far outside of what was sent
	OddFarFrames                      // segments far outside of the window. Num: how many
	OddUnscaled                       // the first window behind the handshake is far below that of the SYN. Num: both, that of the SYN in the upper half
	OddRawWindow                      // the client takes the server's windows as they come, though both agreed to scale them. Num: segments that filled one
)

// How a session ended.
const (
	EndFin       uint16 = 1 + iota // both sides closed
	EndHalf                        // one side closed, the other never did
	EndReset                       // RST
	EndSilent                      // the capture runs on, nothing more came
	EndOfCapture                   // the capture ends first
	EndReused                      // the ports were used again
	EndBound                       // closed by a bound
)

// NumKinds is larger than any Kind.
const NumKinds = 200

// Looks says what bytes look like that are not what was expected.
const (
	LooksText   uint16 = 1 + iota // printable lines of another protocol
	LooksSMTP                     // 220 ..., 5xx
	LooksPOP3                     // +OK, -ERR
	LooksIMAP                     // * OK
	LooksHTTP                     // GET, HTTP/1.
	LooksTLS                      // a ClientHello or a TLS record
	LooksBinary                   // anything else
	LooksSSH                      // SSH-
)

// Oddities of a dialog (Fact.Code of Odd).
const (
	OddLineLong uint16 = 1 + iota // Num: bytes
	OddBareLF                     // Num: lines
	OddBareCR
	OddNUL
	OddEightBit     // 8-bit characters in a command or reply
	OddSyntax       // unknown command, or a line that is no command
	OddReplyFormat  // reply line without a code, or codes that differ within one reply; of SMTP, Level: smtp.ReplyNone and so on
	OddReplyUnasked // a reply that no command waits for
	OddPipeline     // commands sent together that may not be (STARTTLS, DATA, AUTH not last)
	OddBodyLine     // line longer than 1000 in the message. Num: longest
	OddWaiting      // more commands waiting than the dialog can keep
	OddDotStuffing
	OddCommandInTLS
	OddAfterQuit  // bytes after QUIT's answer
	OddSmuggling  // end-of-data look-alikes (LF.LF, CR.CR, LF.CRLF) in the body
	OddSpace      // "MAIL FROM: <"
	OddClearStart // clear text behind the answer to STARTTLS, where TLS was to begin. Num: bytes
	OddUnended    // the last line of a side has no end. Num: bytes. Text: the line
	OddLiteral    // IMAP: a literal was announced and never finished. Ref: its command. Num: bytes of it that came. Level: 0 no "+" came, 1 it was let in
	OddBareEnd    // the message stops at what is no end of data to a strict server. Text: the pattern, as "<LF>.<CRLF>"
	OddUnoffered  // a form that the server did not offer: IMAP {n+} without LITERAL+
	NumOdds
)
