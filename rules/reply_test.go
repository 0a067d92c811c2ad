package rules

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postmortem/smtp"
)

// replyVectors are replies of real servers with the class that each belongs to.
const replyVectors = `
001  530 5.7.0 Must issue a STARTTLS command first
001  451 5.7.3 STARTTLS is required to send mail
001  421 4.7.0 TLS required for RCPT domain, closing connection
002  530 5.7.57 Client not authenticated to send mail
002  530 5.7.0 Authentication required
003  554 5.7.1 <a@b.example>: Relay access denied
003  454 4.7.1 <a@b.example>: Relay access denied
003  550 relay not permitted
003  550 5.7.1 <a@b.example>... Relaying denied
003  550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain
003  553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)
004  550 5.1.1 <a@b.example>: Recipient address rejected: User unknown in virtual mailbox table
004  550 Unrouteable address
004  550 5.1.1 The email account that you tried to reach does not exist
004  550 5.4.1 Recipient address rejected: Access denied
004  504 5.5.2 <a@box>: Recipient address rejected: need fully-qualified address
005  452 4.2.2 The email account that you tried to reach is over quota
005  552 5.2.2 <a@b.example>: Quota exceeded (mailbox for user is full)
006  550 5.2.1 The email account that you tried to reach is disabled
007  450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted, see http://postgrey.example/help
007  451 4.7.1 Greylisting in action, please come back later
008  554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1
008  550 5.7.1 192.0.2.1 is on our DNSBL
009  550 5.7.606 Access denied, banned sending IP [192.0.2.1]
009  4.7.0 [IPTS04] Messages from 192.0.2.1 temporarily deferred due to user complaints
009  421 4.7.0 Our system has detected an unusual rate of unsolicited mail originating from your IP address
010  450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]
010  550 5.7.25 The sending IP has no PTR record
011  504 5.5.2 <UPS>: Helo command rejected: need fully-qualified hostname
011  450 4.7.1 <mail.lan>: Helo command rejected: Host not found
012  553 5.1.8 <x@y.example>... Domain of sender address x@y.example does not exist
012  472 x@y.example DNS A-record is empty
012  450 4.1.8 <x@y.example>: Sender address rejected: Domain not found
012  504 5.5.2 <root@box>: Sender address rejected: need fully-qualified address
012  501 <root>: sender address must contain a domain
012  553 5.5.4 <root>... Domain name required for sender address root
013  550 Sender verify failed
013  450 4.1.7 <x@y.example>: Sender address rejected: unverified address: connect to mx.y.example[192.0.2.7]:25: Connection timed out
014  553 5.7.1 <x@y.example>: Sender address rejected: not owned by user joe
014  550 5.7.60 SMTP; Client does not have permissions to send as this sender
015  550 5.7.26 This mail has been blocked because the sender is unauthenticated. SPF and DKIM did not pass
015  550 5.7.1 Rejected by DMARC policy of y.example
016  550 5.7.23 The message was rejected because of Sender Policy Framework violation
017  550 5.7.20 No passing DKIM signature found
018  550 Domain y.example has exceeded the max emails per hour (200/200 (100%)) allowed. Message discarded.
018  554 5.7.1 <a@b.example>: Sender address rejected: Policy Rejection - Message quota exceeded
018  450 4.7.1 Error: too much mail from 192.0.2.1
018  450 4.2.1 The user you are trying to contact is receiving mail too quickly
019  421 4.7.0 mx.example Error: too many connections from 192.0.2.1
019  421 Too many concurrent SMTP connections; please try again later.
025  421 4.3.2 All server ports are busy
020  452 4.5.3 Error: too many recipients
021  552 5.3.4 Message size exceeds fixed limit
021  552 Message size exceeds maximum permitted
022  452 4.3.1 Insufficient system resources
022  452 Space shortage, please try later
022  452 4.4.5 Insufficient disk space; try again later
023  451 4.3.5 Server configuration error
023  421 Local configuration error; please try again later.
024  451 4.3.0 <a@b.example>: Temporary lookup failure
025  421 4.3.2 Service not available
025  421 Too much load; please try again later.
025  421 SIGTERM received
026  421 4.7.0 mx.example Error: too many errors
026  421 4.7.0 mx.example Too many bad commands; closing connection
027  554 5.7.1 Message contains virus: rejected.
028  552 5.7.0 This message was blocked because the attachment type .exe is not allowed
029  554 5.7.1 Message rejected as spam
029  550 5.7.350 Remote server returned message detected as spam
031  554 5.4.6 Too many hops
031  550 Too many "Received" headers - suspected mail loop
032  554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied
033  556 5.1.10 Recipient address has null MX
033  521 mx.example does not accept mail
035  554 SMTP synchronization error
035  554 5.6.1 NUL byte not allowed
035  554 5.6.0 Message contains NUL characters
035  421 4.5.0 Bare linefeed (LF) not allowed
035  521 5.5.2 mx.example Error: bare <LF> received
036  553 5.6.7 Must declare SMTPUTF8 to send unicode address
037  550 5.7.30 REQUIRETLS support required
023  451 Temporary local problem - please try later
038  451 4.0.0 Not now
039  550 5.0.0 Rejected
`

// split takes a reply line apart as the dialog does.
func splitReply(line string) (code uint16, enhanced uint32, text string) {
	text = line
	if n, err := strconv.Atoi(line[:3]); err == nil {
		code, text = uint16(n), line[4:]
	}
	if w := strings.TrimPrefix(firstWord(text), "#"); isEnhanced(w) {
		var part [3]uint32
		for i, s := range strings.Split(w, ".") {
			part[i] = uint32(mustNumber(s))
		}
		enhanced = smtp.Enhanced(part[0], part[1], part[2])
	}
	return code, enhanced, text
}

func classNum(cmd smtp.Cmd, line string, null bool) string {
	code, enhanced, text := splitReply(line)
	rule, ok := classify(cmd, code, enhanced, []byte(text), null)
	if !ok {
		return ""
	}
	return strings.TrimPrefix(All[rule].Num, "RPL-")
}

func TestReplyVectors(t *testing.T) {
	n := 0
	for row := range strings.SplitSeq(strings.TrimSpace(replyVectors), "\n") {
		want, line, _ := strings.Cut(row, "  ")
		if got := classNum(smtp.None, line, false); got != want {
			t.Errorf("%s: class %q, want %s", line, got, want)
		}
		n++
	}
	if n != 84 {
		t.Errorf("%d vectors, want 84", n)
	}
}

// fieldVectors are replies of the field whose words look like those of another
// class: the class, what was asked, and the reply with its line ends as \n.
const fieldVectors = `
028 Message 552 5.7.0 This message was blocked because its content presents a potential\n5.7.0 security issue. To review our message content and attachment content guidelines
021 Message 552 5.2.3 Your message exceeded Google's message size limits.
005 RCPT 552 5.2.2 The email account that you tried to reach is over quota and inactive.
013 RCPT 550 Verification failed for <anna@sender.example>\nCalled:   192.0.2.44\nSent:     RCPT TO:<anna@sender.example>\nResponse: 550 5.1.1 <anna@sender.example>: Recipient address rejected: User unknown\nSender verify failed
013 RCPT 451 Could not complete sender verify callout
013 RCPT 550 5.1.0 <a@sender.example>: Sender address rejected: undeliverable address: host mx.sender.example said: 550 5.1.1 User unknown
004 RCPT 550 Callout verification failed:\n550 5.1.1 <bob@rcpt.example>: Recipient address rejected: User unknown in local recipient table
043 RCPT 451 Could not complete recipient verify callout
032 Message 550 Requested action not taken: mailbox unavailable\nReject due to policy restrictions.\nFor explanation visit https://postmaster.gmx.net/en/case?c=r0601
032 RCPT 550 Requested action not taken: mailbox unavailable\nReject due to policy restrictions.
004 RCPT 550 Requested action not taken: mailbox unavailable
004 RCPT 550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)
039 Message 550 Requested action not taken: mailbox unavailable
012 MAIL 550 Requested action not taken: mailbox unavailable\ninvalid DNS MX or A/AAAA resource record
010 Greeting 554 gmx.net (mxgmx009) Nemesis ESMTP Service not available\nNo SMTP service\nBad DNS PTR resource record.
008 Greeting 554 gmx.net (mxgmx016) Nemesis ESMTP Service not available\nNo SMTP service\nIP address is block listed.
032 Message 554 Transaction failed\nReject due to policy restrictions.
018 RCPT 450 4.7.1 <bob@rcpt.example>: Recipient address rejected: Policy rejection; Message count quota exceeded
018 RCPT 554 5.7.1 <bob@rcpt.example>: Sender address rejected: Policy Rejection - Quota Exceeded
005 RCPT 452 4.2.2 <bob@rcpt.example> Quota exceeded (mailbox for user is full)
005 Message 550 5.2.2 <bob@rcpt.example>... Mailbox full
044 RCPT 554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using zen.spamhaus.org; Error: open resolver; https://www.spamhaus.org/returnc/pub/172.253.1.2/
044 RCPT 554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using zen.spamhaus.org; Error: excessive number of queries; https://www.spamhaus.org/returnc/vol/
008 RCPT 554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/203.0.113.7
044 RCPT 550 JunkMail rejected - mail.sender.example [203.0.113.7] is in an RBL: Error: open resolver; https://www.spamhaus.org/returnc/pub/172.253.1.2/
044 RCPT 550 5.7.1 rejected, see https://www.spamhaus.org/returnc/vol/
008 RCPT 550 5.7.1 203.0.113.7 is an open resolver and listed at bl.rcpt.example
042 RCPT 550 5.7.1 <anna@sender.example>: Sender address rejected: Blacklisted
033 RCPT 550 5.3.2 System not accepting network messages
025 Greeting 421 4.3.2 System not accepting network messages
003 RCPT 550 You are not allowed to relay
018 MAIL 550 Ip frequency limited
018 MAIL 550 Domain frequency limited
029 Message 550 Mail content denied
029 Message 554 DT:SPM 163 smtp10,D8CowABnaNTw
028 Message 550 5.7.1 Your message was rejected because of an unacceptable attachment
030 Message 554 Transaction failed: Duplicate header 'From'
015 Message 421 4.7.26 Your email has been rate limited because SPF or DKIM authentication didn't pass
011 RCPT 450 4.7.1 <mail.local>: Helo command rejected: Host not found
024 MAIL 451 4.4.3 Temporary DNS failure
022 MAIL 452 4.3.1 Out of memory
025 Message 451 4.3.2 AV system temporarily overloaded - please try later
023 Message 451 4.7.1 Unable to scan: virus scanner not responding
031 Message 554 5.4.14 Hop count exceeded - possible mail loop ATTR34
032 Message 550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy
042 RCPT 550 5.7.1 <anna@sender.example>: Sender address rejected: Domain in blacklist
008 RCPT 554 5.7.1 <anna@sender.example>: Sender address rejected: client is on the RBL
039 MAIL 550 5.1.0 Please authenticate before sending
008 RCPT 550 5.7.1 open relay listed at bl.spamcop.net
024 RCPT 451 4.7.1 Service unavailable; client [203.0.113.7] cannot be checked: DNSBL lookup timed out, try later
008 RCPT 451 4.7.1 Client is on our DNSBL, try later
041 RCPT 554 5.7.1 Service unavailable; Sender address [anna@sender.example] blocked using dbl.spamhaus.org; https://www.spamhaus.org/query/domain/sender.example
041 MAIL 550 5.7.1 Sender domain sender.example is listed in dbl.spamhaus.org
012 MAIL 550 5.1.8 Sender domain sender.example does not exist
029 Message 554 5.7.1 Message contains a link listed by SURBL
008 Message 554 5.7.1 Service unavailable; Helo command [mail.sender.example] blocked using dbl.spamhaus.org
018 RCPT 450 4.7.1 Error: too many recipients from 203.0.113.7
018 RCPT 452 Too many recipients received this hour
018 AUTH 450 4.7.0 Error: too many AUTH commands from 203.0.113.7
020 RCPT 452 4.5.3 Error: too many recipients
020 RCPT 452 4.5.3 Your message has too many recipients. For more information regarding\n4.5.3 Gmail sending limits see there
020 RCPT 550 5.5.3 Too many recipients
025 Greeting 421 4.3.2 mx.rcpt.example All server ports are busy
019 Greeting 421 4.7.0 mx.rcpt.example Error: too many connections from 203.0.113.7
019 Greeting 421 4.3.2 Too many open connections.
018 Greeting 421 4.3.2 Connection rate limit exceeded.
019 Greeting 421 4.3.2 The maximum number of concurrent connections has exceeded a limit, closing transmission channel
019 MAIL 432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending. [Hostname=AM6]
018 MAIL 451 4.7.1 Rate limit exceeded
025 Greeting 421 4.4.5 Server busy, try again later.
025 MAIL 451 4.7.500 Server busy. Please try again later from [203.0.113.7]. (AS77712)
023 Message 451 4.7.5 Remote content filter timed out
023 Message 451 4.5.0 Error in processing, id=02467-03, virus_scan FAILED: ALL VIRUS SCANNERS FAILED
029 Message 451 4.7.1 Rejected by our content filter
029 Message 550 5.7.1 Rejected by content filter
023 MAIL 421 Unexpected failure, please try later
023 Greeting 421 unable to read controls (#4.3.0)
022 Message 451 qq write error or disk full (#4.3.0)
036 MAIL 555 5.5.4 Unsupported option: SMTPUTF8
036 MAIL 501 5.5.4 SMTPUTF8 not supported
036 Message 550 5.6.7 SMTPUTF8 is required, but was not offered by host mx.rcpt.example
011 EHLO 501 5.5.4 Invalid domain name
011 EHLO 501 Syntactically invalid EHLO argument(s)
011 HELO 501 HELO requires domain address
011 RCPT 550 5.7.1 <my_printer>: Helo command rejected: Invalid name
039 EHLO 501 5.5.4 Syntax: EHLO hostname
039 EHLO 502 5.5.1 Command not implemented
038 RCPT 450 4.2.1 busy
038 RCPT 450 4.2.1 mailbox busy
006 RCPT 450 4.2.1 mailbox disabled for now
006 RCPT 550 5.2.1 The email account that you tried to reach is disabled.
006 Message 554 30 Sorry, your message to bob@rcpt.example cannot be delivered. This mailbox is disabled (554.30).
018 RCPT 450 4.2.1 The user you are trying to contact is receiving mail too quickly.\n4.2.1 Please resend your message at a later time. If the user is able to\n4.2.1 receive mail at that time, your message will be delivered.
043 RCPT 450 4.1.1 <bob@rcpt.example>: Recipient address rejected: unverified address: connect to mb.rcpt.example[192.0.2.9]:25: Connection refused
043 RCPT 450 4.1.1 <bob@rcpt.example>: Recipient address rejected: unverified address: delivery temporarily suspended: connect to mb.rcpt.example[192.0.2.9]:25: No route to host
043 RCPT 450 4.1.1 <bob@rcpt.example>: Recipient address rejected: unverified address: lost connection with mb.rcpt.example[192.0.2.9] while receiving the initial server greeting
013 RCPT 450 4.1.7 <anna@sender.example>: Sender address rejected: unverified address: connect to mx.sender.example[192.0.2.7]:25: Connection refused
024 RCPT 454 4.4.0 Temporary DNS problem resolving rcpt.example
024 Message 451 4.4.0 DNS query failed
024 RCPT 451 4.7.24 <anna@sender.example>: Recipient address rejected: Message rejected due to: SPF temporary error: DNS timeout. Please see http://www.openspf.net/Why
024 RCPT 450 4.4.3 <bob@rcpt.example>: Recipient address rejected: Could not resolve sender SPF record; DNS timeout
024 Message 451 4.7.5 DKIM verification: key server timeout, try later
016 RCPT 550 5.7.23 <bob@rcpt.example>: Recipient address rejected: Message rejected due to: SPF fail - not authorized. Please see http://www.openspf.net/Why
016 RCPT 550 5.7.24 Message rejected due to: SPF Permanent Error: Too many DNS lookups
017 Message 550 5.7.20 DKIM verification failed
017 Message 451 4.7.20 DKIM signature is required
010 RCPT 450 4.7.25 Client host rejected: cannot find your hostname, [203.0.113.7]
010 RCPT 450 Temporary rejection: reverse DNS lookup failed, DNS timeout
025 DATA 421 4.3.0 mx.rcpt.example Server shutting down
023 DATA 451 4.3.0 Error: queue file write error
023 MAIL 451 4.7.0 Temporary server error. Please try again later. PRX5
042 MAIL 550 5.1.0 <anna@sender.example> sender rejected: mail from this sender is not accepted
042 MAIL 550 5.1.1 <anna@sender.example>: Sender address rejected: User unknown in local recipient table
042 RCPT 550 5.1.1 <anna@sender.example>: Sender address rejected: User unknown in virtual mailbox table
042 RCPT 554 5.7.1 <anna@sender.example>: Sender address rejected: Access denied
042 MAIL 553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)
042 MAIL 550 5.1.8 Access denied, bad outbound sender AS(42004)
014 RCPT 553 5.7.1 <anna@sender.example>: Sender address rejected: not owned by user joe
014 RCPT 553 5.7.1 <anna@sender.example>: Sender address rejected: not logged in
012 RCPT 450 4.1.8 <anna@sender.example>: Sender address rejected: Domain not found
004 RCPT 450 4.1.2 <bob@rcpt.example>: Recipient address rejected: Domain not found
045 Message 554 5.7.1 The message was rejected because it contains prohibited virus or spam content
045 Message 550 5.7.0 Message considered as spam or virus, rejected
032 Message 550 5.7.1 Mail from antivirus-shop.example refused by local rule 17
032 Message 550 5.7.1 Mail from virus-shop.example refused by local rule 17
032 Message 550 5.7.1 Refused by spam.virus.example.com: local rule 17
027 Message 554 5.7.1 Virus Eicar-Test-Signature detected by ClamAV - http://www.clamav.net
027 Message 550 5.7.1 Rejected by Anti-Virus: Eicar
027 Message 550 5.7.1 Eicar-Test-Signature found, message blocked
027 Message 554 5.7.0 Reject, id=09471-13 - INFECTED: Eicar-Test-Signature
028 Message 554 5.7.0 Reject, id=09471-13 - BANNED: application/x-msdownload
029 Message 554 5.7.0 Reject, id=09471-13 - SPAM
029 Message 554 5.7.1 Spam message rejected
029 Message 550 High probability of spam
029 Message 554 Email rejected due to security policies - MCSpamSignature.x.y
007 RCPT 451 4.7.1 Temporarily deferred, try again in 300 seconds
007 RCPT 451 4.7.1 Greylisted for 5 minutes
007 RCPT 451 4.7.1 Greylisting in action, please come back in 00:04:59
009 Greeting 554 IP=203.0.113.7 - A problem occurred. Ask your postmaster for help or to contact tosa@rx.t-online.de to clarify. (BL)
009 Greeting 554 IP=203.0.113.7 - None/bad reputation. Ask your postmaster for help or to contact tosa@rx.t-online.de for reset. (NOWL)
009 Greeting 554 IP=203.0.113.7 - Dialup/transient IP not allowed. Use a mailgateway/smarthost or contact tosa@rx.t-online.de (DYN)
009 Greeting 554 mx.rcpt.example\nYour access to this mail system has been rejected due to the sending MTA's poor reputation.
009 Greeting 554 Blocked - see https://ipcheck.proofpoint.com/?ip=203.0.113.7
009 Greeting 554 5.7.1 refused, see https://www.talosintelligence.com/reputation
009 RCPT 550 csi.mimecast.org Poor Reputation Sender.
009 MAIL 550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.
009 RCPT 550 5.7.502 Access denied, banned sender[203.0.113.7].
009 MAIL 550 5.7.1 Unfortunately, messages from [203.0.113.7] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140).
009 Greeting 421 4.7.0 [TSS04] Messages from 203.0.113.7 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1
008 Greeting 553 5.7.1 [BL21] Connections will not be accepted from 203.0.113.7, because the ip is in Spamhaus's list; see https://postmaster.yahooinc.com/error-codes
032 Message 554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes
032 Message 554 Message not allowed - [PH01] Email not accepted for policy reasons.
004 Message 554 delivery error: dd This user doesn't have a yahoo.com account (bob@yahoo.com) [0] - mta1234.mail.bf1.yahoo.com
004 Message 552 1 Requested mail action aborted, mailbox not found
015 Message 550 5.7.509 Access denied, sending domain sender.example does not pass DMARC verification
015 Message 550 5.7.26 Unauthenticated email from sender.example is not accepted due to domain's DMARC policy.
038 RCPT 451 4.4.4 Mail received as unauthenticated, incoming to a recipient domain configured in a hosted tenant which has no mail-enabled subscriptions. ATTR5
004 RCPT 550 5.4.1 Recipient address rejected: Access denied. AS(201806281)
018 MAIL 550 5.7.705 Access denied, tenant has exceeded threshold
018 MAIL 550 5.4.5 Daily user sending limit exceeded.
018 RCPT 550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients
032 RCPT 550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed because the sender was not authenticated when sending to this group
003 RCPT 550 5.7.64 TenantAttribution; Relay Access Denied
003 RCPT 550 Please turn on SMTP Authentication in your mail client. mail.sender.example is not permitted to relay through this server without authentication.
029 Message 550 5.7.1 Our system has detected that this message is likely unsolicited mail.
030 Message 550 5.7.1 Messages missing a valid address in From: header, or having no From: header, are not accepted.
032 Message 550 Administrative prohibition - envelope blocked - https://community.mimecast.com/docs/DOC-1369#550
004 RCPT 550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550
032 Message 550 Rejected by header based Anti-Spoofing policy: anna@sender.example - https://community.mimecast.com/docs/DOC-1369#550
008 RCPT 554 Service unavailable; Client host [203.0.113.7] blocked using Barracuda Reputation; http://www.barracudanetworks.com/reputation/?r=1&ip=203.0.113.7
008 RCPT 550 5.7.1 Mail from 203.0.113.7 refused by blackhole site bl.rcpt.example
004 RCPT 550 #5.1.0 Address rejected.
003 RCPT 550 #5.7.1 Relaying denied
035 Message 451 See http://pobox.com/~djb/docs/smtplf.html.
031 Message 554 too many hops, this message is looping (#5.4.6)
021 Message 552 sorry, that message size exceeds my databytes limit (#5.3.4)
011 RCPT 550 REJECTED - Bad HELO - Host impersonating rcpt.example
008 RCPT 550 JunkMail rejected - (mail.sender.example) [203.0.113.7]:4711 is in an RBL: Client host blocked
035 Greeting 554 SMTP synchronization error
039 Greeting 554 mx.rcpt.example no SMTP service here
035 RCPT 550 5.5.1 Protocol error
007 RCPT 450 4.3.2 Service currently unavailable
023 Message 451 4.7.1 Service unavailable - try again later
008 Greeting 521 5.7.1 Service unavailable; client [203.0.113.7] blocked using bl.spamcop.net
008 RCPT 550 rejected because 203.0.113.7 is in a black list at bl.example.net
042 RCPT 550 sender envelope address anna@sender.example is locally blacklisted here. If you think this is wrong, get in touch with postmaster
008 RCPT 550 sender IP address 203.0.113.7 is locally blacklisted here. If you think this is wrong, get in touch with postmaster
018 RCPT 451 Sender rate 12.3 / 1h
018 MAIL 451 Sender rate exceeds 100 messages per 1h
008 Greeting 554 mx.rcpt.example Nemesis ESMTP Service not available; IP address is black listed.
019 Greeting 421 #4.4.5 Too many TLS sessions at this time
022 Greeting 452 #4.3.1 queue full
022 Greeting 421 4.3.0 collect: Cannot write ./dfxxx (bfcommit, uid=0, gid=51): No space left on device
025 Greeting 421 mx.rcpt.example Resources temporarily unavailable - Please try again later
025 Greeting 421 mx.rcpt.example Too busy, try again later.
007 MAIL 421 4.7.0 [GL01] Message from (203.0.113.7) temporarily deferred - 4.16.50.
018 MAIL 421 4.4.2 Message submission rate for this client has exceeded the configured limit
018 Message 432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded
023 AUTH 421 4.7.0 Temporary System Problem.  Try again later (10). - gsmtp
003 RCPT 553 5.7.1 sorry, that domain isn't allowed to be relayed thru this MTA without authentication
003 RCPT 550 relay not permitted, authentication required
007 RCPT 450 4.2.0 <bob@rcpt.example>: Recipient address rejected: Policy Rejection- Please try later.
007 RCPT 451 4.7.1 Sorry, the service is currently unavailable. Please come back later. 1-2
023 RCPT 451 4.4.4 Temporary server error. Please try again later ATTR5
012 MAIL 451 4.4.4 x.example
038 RCPT 450 4.4.4 x.example
032 RCPT 550 5.7.129 RESOLVER.RST.RestrictedToRecipientsPermission; not authorized to send to the recipient because the sender isn't on the recipient's list of senders to accept mail from
004 RCPT 550 5.1.6 Recipient no longer on server: bob@rcpt.example
004 RCPT 550 5.1.3 <bob@>: bad address
038 RCPT 450 Requested mail action not taken: mailbox unavailable
006 Message 554 5.2.0 STOREDRV.Deliver.Exception:AccountDisabledException.MapiExceptionMailboxDisabled; Failed to process message
022 DATA 452 4.3.1 Message size exceeds available space
030 Message 550 5.7.1 Messages missing a valid messageId header are not accepted.
029 Message 554 5.7.1 Message contains a link listed in dbl.spamhaus.org
029 Message 550 Blocked: message contains URL listed on Spamhaus DBL
032 Message 550 Message was not accepted because of user's block list
032 Message 550 Mail is rejected by recipients [x /y IP: 203.0.113.7].
023 Message 450 4.7.1 Message rejected: temporary content filter failure
002 MAIL 550 Unauthenticated senders not allowed
002 RCPT 503 This mail server requires authentication when attempting to send to a non-local e-mail address.
003 RCPT 513 Relaying denied.
003 RCPT 554 Relay rejected for policy reasons.
006 RCPT 550 Account is not active.
009 Greeting 554 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=203.0.113.7
009 Greeting 421 Too many spams from your IP (203.0.113.7), please visit http://postmaster.rcpt.example/
010 RCPT 451 4.7.1 <unknown[203.0.113.7]>: Client host rejected: cannot find your reverse hostname, [203.0.113.7]
010 Greeting 550 Sender IP must resolve
014 Message 554 Message rejected: Email address is not verified. The following identities failed the check in region US-EAST-1: anna@sender.example
014 MAIL 550 The from address does not match a verified Sender Identity.
016 RCPT 550 5.7.1 <bob@rcpt.example>: Recipient address rejected: Please see http://www.openspf.net/Why?s=mfrom;id=anna%40sender.example;ip=203.0.113.7;r=mx
018 Message 421 4.7.0 Please slow down
023 MAIL 553 5.3.5 system config error
024 RCPT 451 4.4.0 <bob@rcpt.example>... Name server timeout
026 RCPT 500 Too many unrecognized commands
026 RCPT 503 Too many syntax or protocol errors
026 None 501-EHLO requires domain address\n501 Too many syntax or protocol errors
039 MAIL 552 5.2.2 Mailbox size limit exceeded
026 RCPT 421 Exceeded bad SMTP command limit, disconnecting.
029 Message 553 Message filtered. Refer to the Troubleshooting page. (#5.7.1)
029 Message 550 5.7.1 This message looks like a phishing attempt
030 Message 550 message headers fail syntax check
018 RCPT 550 5.2.1 The user you are trying to contact is receiving mail at a rate that\n5.2.1 prevents additional messages from being delivered.
020 RCPT 451 4.3.0 Multiple destination domains per transaction is unsupported. Please try again.
018 MAIL 550 5.7.1 Email quota exceeded.
003 MAIL 550 5.7.1 Invalid credentials for relay [203.0.113.7]. The IP address you've registered in your Workspace SMTP Relay service doesn't match the domain of the account this email is being sent from.
009 Message 550 5.7.1 [203.0.113.7] The IP you're using to send mail is not authorized to send email directly to our servers. Please use the SMTP relay at your service provider instead.
015 Message 421 4.7.32 Your email has been rate limited because the From: header (RFC5322) in this message isn't aligned with either the authenticated SPF or DKIM organizational domain.
015 Message 550 5.7.32 Your email has been blocked because the From: header (RFC5322) in this message isn't aligned with either the authenticated SPF or DKIM organizational domain.
001 Message 421 4.7.29 Your email has been rate limited because this message wasn't sent over a TLS connection. Gmail requires all bulk email senders to use TLS/SSL for SMTP connections.
001 Message 550 5.7.29 Your email has been blocked because this message wasn't sent over a TLS connection.
010 Message 421 4.7.23 Your email has been rate limited because the sending IP address doesn't have a PTR record, or the PTR record's forward DNS entry doesn't match the sending IP address.
015 Message 421 4.7.0 This message does not have authentication information or fails to\n4.7.0 pass authentication checks. To best protect our users from spam, the message has been blocked.
032 RCPT 550 5.7.68 TenantInboundAttribution; Client not authorized [x]
032 RCPT 550 5.7.51 TenantInboundAttribution; There is a partner connector configured that matched the message's recipient domain. The connector had either the RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set
018 RCPT 550 5.7.508 Access denied, [203.0.113.7] has exceeded permitted limits within 1 hour range
019 Greeting 451 4.7.652 The mail server [203.0.113.7] has exceeded the maximum number of connections.
019 Greeting 421 RP-003 The mail server IP connecting to Outlook.com server has exceeded the connection limit allowed. This IP address has transmitted more mail than allowed.
009 Greeting 550 SC-004 Mail rejected by Outlook.com for policy reasons. A block has been placed against your IP address because we have received complaints concerning mail coming from that IP address.
009 Greeting 550 DY-001 Mail rejected by Outlook.com for policy reasons. We generally do not accept email from dynamic IP's as they are not typically used to deliver unauthenticated SMTP email to an Internet mail server. If you are not an email/network admin please contact your Internet service provider.
009 Greeting 550 DY-002 Mail rejected by Outlook.com for policy reasons. The likely cause is a compromised or virus infected server/personal computer. If you are not an email/network admin please contact your Internet service provider.
032 Message 550 5.7.124 RESOLVER.RST.SenderNotInAllowedListForGroup; not authorized
004 Message 554 delivery error: dd Not a valid recipient
004 RCPT 550 Message was not accepted -- invalid mailbox.  Local mailbox bob@mail.ru is unavailable: user not found
009 Greeting 550 We do not accept mail from dynamic ips.
005 RCPT 452 Message for <bob@mail.ru> would exceed mailbox quota
005 RCPT 552 5.2.2 Mailbox size limit exceeded 1700000000-AbCd
014 MAIL 553 5.7.1 Sender address rejected: not owned by auth user.
014 Message 554 Transaction failed\nUnauthorized sender address.
014 MAIL 550 Requested action not taken: mailbox unavailable\nUnauthorized sender address.
029 Message 550 5.2.0 Mail rejete. Mail rejected. OFR_506 [506]
009 Greeting 550 mwinf2d12 ME Adresse IP source bloquee pour incident de spam. Client host blocked for spamming issues. OFR006_102 Ref http://csi.cloudmark.com/reset-request/?ip=203.0.113.7 [102]
009 RCPT 451 too many errors from your ip (203.0.113.7), please visit http://postmaster.free.fr/
009 Greeting 554 resimta-po-19v.sys.comcast.net comcast 203.0.113.7 Comcast block for spam.  Please see http://postmaster.comcast.net/smtp-error-codes.php#BL000000
007 RCPT 451 Internal resources are temporarily unavailable - https://community.mimecast.com/docs/DOC-1369#451 [abc.uk123]
007 RCPT 451 Internal resource temporarily unavailable - https://community.mimecast.com/docs/DOC-1369#451
003 RCPT 550 Open relay not allowed - https://community.mimecast.com/docs/DOC-1369#550
003 RCPT 451 Open relay not allowed - https://community.mimecast.com/docs/DOC-1369#451
018 RCPT 550 Exceeding outbound thread limit - https://community.mimecast.com/docs/DOC-1369#550
010 RCPT 550 Sender IP reverse lookup rejected - https://community.mimecast.com/docs/DOC-1369#550
021 Message 554 Maximum email size exceeded - https://community.mimecast.com/docs/DOC-1369#554
021 MAIL 552 size limit exceeded
024 Message 451 #4.7.1 Unable to perform DMARC verification
018 Message 550 5.4.6 Unusual sending activity detected. Please try after sometime. Learn more.
014 RCPT 553 Relaying disallowed as anna@sender.example
042 RCPT 554 5.1.8 Email Outgoing Blocked
014 Message 551 5.7.1 Not authorised to send from this header address
004 RCPT 550 User not found: bob@163.com
018 Greeting 421 HL:IFC 163 mx32,aBcD the IP address exceeds the frequency limit http://mail.163.com/help/help_spam_16.htm
004 RCPT 550 Invalid User: bob@163.com
009 Greeting 550 Suspected spam ip
014 MAIL 501 Mail from address must be same as authorization user.
004 RCPT 550 The recipient may contain a non-existent account, please check the recipient address.
009 Greeting 421 4.3.2 Your ip blocked from this server 203.0.113.7 Mt3kSaB2 - nsmtp
039 RCPT 550 The mail server could not deliver mail to bob@rcpt.example.  The account or domain may not exist, they may be blacklisted, or missing the proper dns entries.
002 MAIL 550 SMTP AUTH is required for message submission on port 587
003 RCPT 550 Delivery is not allowed to this address.
003 RCPT 571 bob@rcpt.example prohibited. We do not relay
012 MAIL 517 Domain does not exist: sender.example
004 RCPT 550 5.0.1 Recipient rejected: user is not known here
004 RCPT 550 Unknown address error 550-'5.1.1 bob@rcpt.example no mailbox'
004 RCPT 550 sorry, no such mailbox here
004 RCPT 550 Recipient rejected. No such person at this address
004 RCPT 550 address not known
004 RCPT 550 Bad destination mailbox address
005 RCPT 550 Mailbox is over its quota, please try later
005 RCPT 552 <bob@rcpt.example> Mailbox has exceeded the limit
006 RCPT 550 Mailbox for bob@rcpt.example is blocked
006 RCPT 550 User account is locked
006 RCPT 550 account expired
042 RCPT 550 5.1.0 Sender address blocked
020 RCPT 452 4.5.3 Recipients limit exceeded
001 RCPT 450 4.7.1 Session encryption is required
002 MAIL 503 5.5.4 Error: send AUTH command first.
032 Message 550 5.7.1 RESOLVER.RST.AuthRequired; authentication required
017 Message 550 #5.7.1 DKIM unauthenticated mail is prohibited.
016 RCPT 550 #5.7.1 SPF unauthenticated mail is prohibited.
018 Message 421 4.7.28 Gmail has detected an unusual rate of mail originating from\n4.7.28 your DKIM domain [shop.example 36]. To protect our users from spam,
018 Message 421 4.7.28 Gmail has detected an unusual rate of mail originating from\n4.7.28 your SPF domain [shop.example 36]. To protect our users from spam,
018 RCPT 550 Domain shop.example has exceeded the max defers and failures per hour (5/5 (100%)) allowed. Message discarded.
042 Message 554 Message rejected: Sending suspended for this account. For more information, please check the inbox
042 Message 554 Message rejected: Sending paused for this account.
042 RCPT 550 Outgoing mail from "anna@shop.example" has been suspended.
042 RCPT 550 5.7.1 Your account is suspended, contact support
006 RCPT 550 5.2.1 The account bob is suspended
042 MAIL 553 sorry, your envelope sender has been denied (#5.7.1)
014 RCPT 554 5.7.1 <anna@shop.example>: Sender address rejected: Sender is not same as SMTP authenticate username
030 Message 554 Transaction failed: Illegal header 'X-A '.
030 Message 554 Transaction failed: Empty required header 'From'.
043 Message 451 4.5.0 From MTA(smtp:[127.0.0.1]:10025) during fwd-connect (Negative greeting:  at (eval 98) line 520.): id=12345-01
043 RCPT 451 Recipient server unavailable or busy - https://community.mimecast.com/docs/DOC-1369#451
004 RCPT 550 <bob@mail.example>, Recipient unknown
005 RCPT 522 sorry, recipient mailbox is full (#5.7.1 - chkuser)
008 MAIL 553 Blocked - see http://cbl.abuseat.org/lookup.cgi?ip=203.0.113.7
010 RCPT 451 4.1.8 Client IP address 203.0.113.7 does not resolve
010 RCPT 451 4.1.8 Possibly forged hostname for 203.0.113.7
023 Message 432 Mail filters temporarily unavailable.
024 MAIL 451 DNS temporary failure (#4.3.0)
025 Greeting 421 Service temporarily unavailable
029 Message 554 5.7.1 This message has been blocked because it contains FortiSpamshield blocking URL(s).
042 MAIL 553 5.1.0 Sender address syntax error
011 EHLO 550 HELO name refused
003 RCPT 550 not relaying to that domain
039 None 554 mx.rcpt.example ESMTP not accepting messages
029 Message 554 Mail appears to be unsolicited -- see http://shop.example
018 RCPT 451 4.7.550 Access denied, please try again later. For more information, see https://go.microsoft.com/fwlink/?LinkId=526653 AS(8561)
009 RCPT 451 4.7.651 The mail server [203.0.113.7] has been temporarily rate limited due to IP reputation.
002 MAIL 550 5.7.60 SMTP; Anonymous client does not have permissions to send as this sender
002 MAIL 550 5.7.1 Anonymous clients does not have permissions to send as this sender
014 Message 550 5.7.60 SMTP; Client does not have permissions to send as this sender
003 RCPT 550 5.7.1 Relaying disallowed
003 RCPT 550 relaying to <bob@rcpt.example> prohibited by administrator
003 RCPT 550 5.7.1 Delivery not allowed to non-local recipient, try authenticating -7
041 RCPT 550 5.7.1 Service unavailable, MailFrom domain is listed in Spamhaus. To request removal from this list see https://www.spamhaus.org/query/lookup/ (S8002)
032 RCPT 550 5.7.513 Service unavailable, Client host [203.0.113.7] blocked by rcpt.example using Customer Block list (AS16012607)
032 Message 550 5.7.703 Your message can't be delivered because messages to bob@rcpt.example are blocked by your organization using Tenant Allow Block List.
038 RCPT 450 4.1.7 <anna@sender.example>: Sender address rejected: unverified address: Address verification in progress
011 Message 554 Rejected - The host name specified in HELO does not match IP address.
018 MAIL 451 You have exceeded your messaging limits
018 AUTH 451 Authentication failed: Maximum credits exceeded
018 Message 554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message
005 Message 554 5.2.0 STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; Failed to process message
005 RCPT 550 User is over the quota. You can try again later. (#5.1.1)
021 Message 550 5.7.0 Message Size Violation
023 Message 554 Your message was received but it could not be saved. Please retry later.
026 RCPT 550 Too many invalid recipients
026 None 421 Too many invalid commands. Bye!
008 Greeting 554 resimta.example comcast 203.0.113.7 found on one or more DNSBLs, see http://postmaster.comcast.net/smtp-error-codes.php#BL000010
014 MAIL 553 Mail from must equal authorized user
004 RCPT 550 No such local user
004 RCPT 550 user doesn't exist
`

// TestFieldVectors reads fieldVectors.
func TestFieldVectors(t *testing.T) {
	cmds := map[string]smtp.Cmd{"None": smtp.None, "Greeting": smtp.Greeting, "Message": smtp.Message}
	for _, c := range []smtp.Cmd{smtp.EHLO, smtp.HELO, smtp.MAIL, smtp.RCPT, smtp.DATA, smtp.AUTH} {
		cmds[c.String()] = c
	}
	n := 0
	for row := range strings.SplitSeq(strings.TrimSpace(fieldVectors), "\n") {
		want, rest, _ := strings.Cut(row, " ")
		place, line, _ := strings.Cut(rest, " ")
		cmd, ok := cmds[place]
		if !ok {
			t.Fatalf("%q: place", row)
		}
		if got := classNum(cmd, strings.ReplaceAll(line, `\n`, "\n"), false); got != want {
			t.Errorf("%s %s: class %q, want %s", place, line, got, want)
		}
		n++
	}
	if n != 370 {
		t.Errorf("%d vectors, want 370", n)
	}
}

// TestDeciding: of several lines those are quoted that say what the reply is.
func TestDeciding(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"550 5.1.1 User unknown", "5.1.1 User unknown"},
		{"550 no\nreally not", "no"},
		{"550 5.1.1 The account\n5.1.1 does not exist", "5.1.1 The account"},
		{"554 mx.example.net\nNo service\nIP address is block listed.\nSee there", "... IP address is block listed. ..."},
		{"550 Verification failed for <a@b.example>\nResponse: 550 5.1.1 User unknown\nSender verify failed", "... Sender verify failed"},
		{"550 mx.example.net\n5.0.0 mail\tloop", "... mail\tloop"},
		{"550 mx.example.net\nthe account does\nnot exist\nbye", "... the account does not exist ..."},
		{"421 4.7.28 an unusual rate of unsolicited mail originating\n4.7.28 has been temporarily rate limited", "4.7.28 an unusual rate of unsolicited mail originating"},
		{"250 yes\nno", "yes"},
	} {
		code, enhanced, text := splitReply(tt.line)
		if got := Deciding(uint8(smtp.RCPT), code, enhanced, []byte(text)); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.line, got, tt.want)
		}
	}
}

// TestClassify are the cases in which the place, the sender or the form of the text decides.
func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		cmd  smtp.Cmd
		null bool
		line string
		want string
	}{
		// The place.
		{smtp.MAIL, false, "550 domain y.example does not resolve", "012"},
		{smtp.RCPT, false, "550 your address does not resolve", "010"},
		{smtp.Greeting, false, "550 5.1.8 no", "039"},
		{smtp.MAIL, false, "550 5.1.0 <x@y.example>: rejected", "042"},
		{smtp.RCPT, false, "550 5.1.0 <x@y.example>: rejected", "004"},
		{smtp.MAIL, false, "550 5.2.1 account disabled", "039"},
		{smtp.MAIL, false, "503 5.5.1 Error: send HELO/EHLO first", "039"},
		// Recipients that could not be verified are not the sender's fault.
		{smtp.RCPT, false, "450 4.1.1 <a@b.example>: Recipient address rejected: unverified address: Address verification in progress", "038"},
		{smtp.RCPT, false, "450 4.1.1 <a@b.example>: Recipient address rejected: unverified address: connect to b.example[192.0.2.99]:25: Connection timed out", "043"},
		{smtp.RCPT, false, "550 5.1.1 <a@b.example>: Recipient address rejected: unverified address: host b.example said: 550 5.1.1 User unknown", "004"},
		{smtp.RCPT, false, "450 4.1.7 <a@b.example>: Sender address rejected: unverified address", "013"},
		{smtp.RCPT, false, "550 Sender address rejected: unverified address", "013"},
		{smtp.RCPT, false, "550 5.1.0 <a@example.net>: Sender address rejected: undeliverable address: host mx.example.net[192.0.2.98] said: 550 5.1.1 User unknown", "013"},
		// The empty sender.
		{smtp.RCPT, false, "550 5.7.1 <a@b.example>... Relaying denied. Proper authentication required.", "003"},
		{smtp.RCPT, false, "550 5.7.1 Authentication required to relay", "002"},
		{smtp.Message, false, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "004"},
		{smtp.RCPT, false, "556 5.1.10 Recipient address has null MX", "033"},
		{smtp.Message, false, "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail originating\nfrom your IP address. To protect our users from spam, mail sent from\n4.7.28 your IP address has been temporarily rate limited.", "018"},
		{smtp.Message, false, "451 4.7.650 The mail server has been temporarily rate limited due to IP reputation", "009"},
		{smtp.Message, false, "550 5.7.1 Blocked by SpamAssassin", "029"},
		{smtp.RCPT, false, "511 sorry, no mailbox here by that name (#5.1.1 - chkuser)", "004"},
		{smtp.RCPT, false, "551 User not local; please try <x@z.example>", "004"},
		{smtp.RCPT, false, "554 5.2.2 mailbox full; Quota exceeded", "005"},
		{smtp.RCPT, false, "552 Requested mail action aborted: exceeded storage allocation", "005"},
		{smtp.RCPT, false, "450 4.2.1 The user you are trying to contact is receiving mail at a rate that", "018"},
		{smtp.Message, false, "552 5.7.0 This message was blocked because its content presents a potential\n5.7.0 security issue.", "028"},
		{smtp.MAIL, false, "550 Callback setup failed while verifying <a@example.net>", "013"},
		{smtp.RCPT, false, "550 not local host example.org, not a gateway", "003"},
		{smtp.RCPT, false, "550 Mail relay is not allowed", "003"},
		{smtp.MAIL, false, "550 HELO should be a FQDN or address literal", "011"},
		{smtp.Message, false, "550 Rejected by header based policy", "032"},
		{smtp.EHLO, false, "421 4.3.0 Server busy, try later", "025"},
		{smtp.MAIL, true, "550 null sender not accepted", "034"},
		{smtp.MAIL, false, "550 null sender not accepted", "039"},
		{smtp.RCPT, true, "550 5.7.1 no", "034"},
		{smtp.RCPT, true, "550 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied", "032"},
		{smtp.RCPT, true, "550 5.1.1 <a@b.example> no", "004"},
		{smtp.RCPT, true, "450 we take no bounce now", "038"},
		// Greylisting by its name, by its habit, and what only sounds like it.
		{smtp.RCPT, false, "450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted", "007"},
		{smtp.RCPT, false, "451 4.7.1 Please try again later", "007"},
		{smtp.Greeting, false, "421 4.7.1 Please try again later", "032"},
		{smtp.RCPT, false, "450 4.7.1 Sender rate limit, try again later", "018"},
		{smtp.RCPT, false, "550 Greylisted", "039"},
		// Not supported, or violated: no statement about the whole host.
		{smtp.DATA, false, "521 5.5.1 Protocol error", "035"},
		{smtp.Greeting, false, "521 5.3.2 Service currently unavailable", "032"}, // postscreen, of its own list
		{smtp.BDAT, false, "521 5.5.4 Syntax", "039"},
		// Servers that write no enhanced codes.
		{smtp.MAIL, false, "530 Must issue a STARTTLS command first", "001"},
		{smtp.MAIL, false, "530 5.5.1 Invalid command: Must issue a STARTTLS command first", "001"}, // OpenSMTPD
		{smtp.MAIL, false, "530 5.5.1 Invalid command: Must issue an AUTH command first", "002"},
		{smtp.MAIL, false, "530 Authentication required", "002"},
		{smtp.MAIL, false, "530 5.7.0 Authentication required, use STARTTLS", "002"},
		{smtp.RCPT, false, "451 Temporary lookup failure", "024"},
		{smtp.STARTTLS, false, "454 4.7.0 TLS not available due to local problem", "023"},
		// Servers that write no basic code.
		{smtp.RCPT, false, "5.7.1 Relay access denied", "003"},
		{smtp.RCPT, false, "4.2.2 over quota", "005"},
		{smtp.RCPT, false, "5.0.0 no", "039"},
		// Whole words.
		{smtp.RCPT, false, "550 found in surbl", "029"},
		{smtp.RCPT, false, "550 found in RBL.", "008"},
		{smtp.RCPT, false, "550 spamming", "039"},
		{smtp.RCPT, false, "550 anti-spam: no", "029"},
		{smtp.RCPT, false, "550 spam", "029"},
		{smtp.RCPT, false, "550 setup.exe", "028"},
		// What is cut out.
		{smtp.RCPT, false, "550 5.0.0 <virus@example.com> no", "039"},
		{smtp.RCPT, false, "550 5.0.0 virus@example.com no", "039"},
		{smtp.RCPT, false, "550 5.0.0 see https://example.com/spam/virus", "039"},
		{smtp.RCPT, false, "550 5.0.0 see HTTP://WWW.SPAMHAUS.ORG/query?ip=192.0.2.1", "008"},
		{smtp.RCPT, false, "550 user <a@b.example> unknown", "004"},
		{smtp.RCPT, false, "550 bare <LF> received", "035"},
		{smtp.RCPT, false, "550 a < b and virus", "027"},
		// Several lines.
		{smtp.RCPT, false, "550 5.1.1 The email account that you tried to reach does\n5.1.1 not exist", "004"},
		{smtp.Message, false, "550 mail\tloop", "031"},
		// No refusals.
		{smtp.RCPT, false, "250 2.1.5 virus", ""},
		{smtp.DATA, false, "354 spam", ""},
		{smtp.RCPT, false, "2.0.0 virus", ""},
		{smtp.RCPT, false, "450 2.0.0 odd", "038"},
	} {
		if got := classNum(tt.cmd, tt.line, tt.null); got != tt.want {
			t.Errorf("%v %q: class %q, want %q", tt.cmd, tt.line, got, tt.want)
		}
	}
}

// TestClassOrder: the rows are in the catalogue's order of matching, and every
// class but the pattern of times (040) has one. A second place is for rows that
// need words.
func TestClassOrder(t *testing.T) {
	const order = "001 002 003 044 024 041 012 013 014 033 015 016 017 010 011 007 008 009 018 019 020 005 043 006 042 004 034 021 022 023 026 025 045 027 028 031 030 029 035 036 037 032 038 039"
	var got []string
	for i := range classes {
		n := strings.TrimPrefix(classes[i].rule, "RPL-")
		if !slices.Contains(got, n) {
			got = append(got, n)
		} else if got[len(got)-1] != n && classes[i].need != needBoth && classes[i].enhanced != "" {
			t.Errorf("row %d: a second place for %s", i, n)
		}
	}
	if s := strings.Join(got, " "); s != order {
		t.Errorf("order\n got %s\nwant %s", s, order)
	}
	if len(got) != len(rplRules)-1 {
		t.Errorf("%d classes for %d rules", len(got), len(rplRules))
	}
	for i := range rplRules { // Finding.Class is the number of the class
		if n := mustNumber(strings.TrimPrefix(rplRules[i].Num, "RPL-")); n != i+1 || n >= maxClasses {
			t.Errorf("%s stands at place %d", rplRules[i].Num, i+1)
		}
	}
	phrases, _ := ready()
	if n := len(phrases.phrases); n > maxPhrases {
		t.Errorf("%d phrases, a set holds %d", n, maxPhrases)
	}
}

// slowFind finds phrases without an automaton.
func slowFind(f *finder, text string) (out []string) {
	for _, p := range f.phrases {
		short := f.short.has(f.places[p])
		for i := 0; i+len(p) <= len(text); i++ {
			if text[i:i+len(p)] == p && !(short && (i > 0 && alnum(text[i-1]) || i+len(p) < len(text) && alnum(text[i+len(p)]))) {
				out = append(out, p)
				break
			}
		}
	}
	return out
}

func alnum(b byte) bool { return 'a' <= b && b <= 'z' || '0' <= b && b <= '9' }

// FuzzFinder: the automaton agrees with a search for each phrase.
func FuzzFinder(f *testing.F) {
	f.Add("client host blocked using zen; rbl surbl")
	f.Add("mailbox is full, mailbox full")
	f.Add("spam spamspam.junk-null")
	f.Fuzz(func(t *testing.T, text string) {
		if slices.ContainsFunc(strings.Fields(text), func(w string) bool { return isHost([]byte(w)) }) {
			return
		}
		for i := range len(text) { // text without what is cut out or folded
			if b := text[i]; b != lower(b) || b < ' ' || b == '<' || b == '@' || b == '/' || b == 'w' || b >= '0' && b <= '9' {
				return
			}
		}
		if strings.Contains(text, "  ") || strings.HasPrefix(text, " ") {
			return
		}
		phrases, _ := ready()
		found := phrases.in([]byte(text))
		var got []string
		for i, p := range phrases.phrases {
			if found.has(i) {
				got = append(got, p)
			}
		}
		if want := slowFind(phrases, text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	})
}

// FuzzClassOf: the class does not depend on letter case, the text is not
// written, every refusal has a class and nothing else has.
func FuzzClassOf(f *testing.F) {
	for row := range strings.SplitSeq(strings.TrimSpace(replyVectors), "\n") {
		_, line, _ := strings.Cut(row, "  ")
		code, enhanced, text := splitReply(line)
		f.Add(uint8(smtp.RCPT), code, enhanced, []byte(text))
	}
	f.Fuzz(func(t *testing.T, cmd uint8, code uint16, enhanced uint32, text []byte) {
		before := bytes.Clone(text)
		rule, ok := ClassOf(cmd, code, enhanced, text)
		if !bytes.Equal(before, text) {
			t.Fatal("text was written")
		}
		upper := bytes.Clone(text)
		for i, b := range upper {
			if 'a' <= b && b <= 'z' {
				upper[i] -= 'a' - 'A'
			}
		}
		if r, k := ClassOf(cmd, code, enhanced, upper); r != rule || k != ok {
			t.Errorf("%q: %s %v, in capitals %s %v", text, All[rule].Num, ok, All[r].Num, k)
		}
		if code != 0 && ok != (code >= 400 && code <= 599) {
			t.Errorf("%d %q: ok = %v", code, text, ok)
		}
		if ok && !strings.HasPrefix(All[rule].Num, "RPL-") {
			t.Errorf("%q: %s", text, All[rule].Num)
		}
	})
}

func TestClassOfAllocs(t *testing.T) {
	good, bad := []byte("5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1"), bytes.Repeat([]byte("<"), 512)
	if n := testing.AllocsPerRun(100, func() {
		ClassOf(uint8(smtp.RCPT), 554, smtp.Enhanced(5, 7, 1), good)
		ClassOf(uint8(smtp.RCPT), 554, 0, bad)
	}); n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
}

func BenchmarkClassOf(b *testing.B) {
	text := []byte("5.0.0 this is a refusal that no row of the table knows, so that all of them are tried")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		ClassOf(uint8(smtp.RCPT), 550, smtp.Enhanced(5, 0, 0), text)
	}
}

func BenchmarkFinder(b *testing.B) {
	for b.Loop() {
		newFinder()
	}
}
