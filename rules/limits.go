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
