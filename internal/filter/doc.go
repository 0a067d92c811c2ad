// Package filter is the display filter language of Wireshark 4.0 over the
// fields of package dissect: [Compile] makes a [Filter] of an expression, and
// [Filter.Match] says of each frame whether it holds. It opens no capture and
// keeps nothing of a frame.
//
// # The language
//
//	smtp                                    the frame has the protocol or field
//	tcp.port == 25                          == eq, != ne, > gt, < lt, >= ge, <= le
//	tcp.port === 25                         all_eq: every value; !== any_ne: one is not
//	all tcp.port > 1024                     any, all: how many of the values
//	tcp.port in {25, 587, 1000..2000}       a set with ranges; also not in
//	smtp contains "EHLO", smtp matches "^ehlo"
//	ip.addr == 10.0.0.0/8                   also with IPv6
//	frame[0:6] == 00:11:22:33:44:55         slices: offset:length, from-to, several with commas
//	ip.src#2 == 10.0.0.1                    of the second IP header; #[-1] is the innermost
//	tcp.flags & 0x02, tcp.len + 20 == ip.len, {tcp.len + 20} * 2 > 100
//	len(smtp.req.parameter) > 100           upper lower len count string max min abs
//	not smtp and (tcp or udp)               not !, and &&, xor ^^, or ||, from strong to weak
//	session(smtp.response.code >= 500)      all frames of the TCP conversations in which it holds
//
// # Where it is not Wireshark's
//
// session and xor are ours, and literals may stand on the left. Regular
// expressions are those of package regexp over bytes: without look-around and
// references to groups. Names of hosts are not resolved.
//
// Wireshark 4.0.17 errs, and we do not: a number is compared with a negative
// literal as if that were large; moments more than 68 years apart are compared
// the wrong way round; all x in {a, b} wants all values to be the same member;
// the name of a value is looked up in one row of a field that has several, so
// that tls.handshake.type == "Server Hello" means that of SSL 2.
package filter
