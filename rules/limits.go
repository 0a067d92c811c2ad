package rules

import "time"

// Limits are the thresholds of the catalogue. Each can be overridden by name on the command line.
type Limits struct {
	SynWait    time.Duration
	RTTInfo    time.Duration
	RTTWarn    time.Duration
	LossInfo   float64 // percent
	LossWarn   float64
	LossError  float64
	RTODead    time.Duration
	ZwinInfo   time.Duration
	ZwinWarn   time.Duration
	ZwinError  time.Duration
	GreetInfo  time.Duration
	GreetWarn  time.Duration
	GreetError time.Duration
	ReplyInfo  time.Duration
	ReplyWarn  time.Duration
	ReplyError time.Duration
	EOMInfo    time.Duration
	EOMWarn    time.Duration
	EOMError   time.Duration
	HSInfo     time.Duration
	HSWarn     time.Duration
	HSError    time.Duration
	AuthLine   int
	CertSoon   time.Duration
	BruteCount int
	BruteTime  time.Duration
	Harvest    int
	DupWindow  time.Duration
	Tarpit     time.Duration
}

// Defaults returns the thresholds of the catalogue, with where each comes from.
func Defaults() Limits {
	return Limits{
		// RFC 6298 section 2: the first SYN is repeated after 1 s, by older
		// stacks after 3 s. A rule wants two SYN, or three times as long for one.
		SynWait: 3 * time.Second,
		// Intercontinental, satellite.
		RTTInfo: 150 * time.Millisecond,
		RTTWarn: 400 * time.Millisecond,
		// Mathis et al., "The macroscopic behavior of the TCP congestion
		// avoidance algorithm", 1997: 2 % at 50 ms leave about 2 Mbit/s.
		LossInfo:  0.5,
		LossWarn:  2,
		LossError: 5,
		// RFC 9293 section 3.8.3: R1 is three retransmissions, which take about as long.
		RTODead: 15 * time.Second,
		// RFC 9293 section 3.8.6.1, the persist timer.
		ZwinInfo:  200 * time.Millisecond,
		ZwinWarn:  2 * time.Second,
		ZwinError: 30 * time.Second,
		// Servers that let early talkers give themselves away wait 5 or 6 s;
		// many clients stop at 30 s.
		GreetInfo:  5 * time.Second,
		GreetWarn:  10 * time.Second,
		GreetError: 30 * time.Second,
		// Far below the 300 s of RFC 5321 section 4.5.3.2, far above a healthy server.
		ReplyInfo:  5 * time.Second,
		ReplyWarn:  20 * time.Second,
		ReplyError: 60 * time.Second,
		// RFC 5321 section 4.5.3.2.6 asks clients to wait 600 s; many stop at 60 to 300 s.
		EOMInfo:  15 * time.Second,
		EOMWarn:  60 * time.Second,
		EOMError: 300 * time.Second,
		// Wall time of a handshake: two round trips and a signature.
		HSInfo:  2 * time.Second,
		HSWarn:  10 * time.Second,
		HSError: 30 * time.Second,
		// RFC 4954 section 4.
		AuthLine: 12288,
		// Time enough to renew a certificate by hand.
		CertSoon: 14 * 24 * time.Hour,
		// What operators let a ban begin at.
		BruteCount: 5,
		BruteTime:  600 * time.Second,
		Harvest:    10,
		// Copies of one frame at a mirror port or at two interfaces.
		DupWindow: 3 * time.Millisecond,
		// The delay that Postfix makes after an error, smtpd_error_sleep_time.
		Tarpit: time.Second,
	}
}
