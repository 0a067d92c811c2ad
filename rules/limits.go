package rules

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

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
	CertSoon   time.Duration
	BruteCount int
	BruteTime  time.Duration
	Harvest    int
	Tarpit     time.Duration
}

// A Threshold is one row of the table of thresholds.
type Threshold struct {
	Name    string // "greet.slow"; a single level is "greet.slow.warning"
	Default string // with unit; levels info, warning and error are separated by commas
	Means   string
	Source  string // where the value comes from

	places func(*Limits) []any // by level: *time.Duration, *float64 in percent, *int
}

// Levels returns the names of the threshold's levels, nil for a single value.
func (t *Threshold) Levels() []string {
	n := 1 + strings.Count(t.Default, ",")
	if n == 1 {
		return nil
	}
	return severityNames[:n]
}

// Thresholds is the table of thresholds in the order of the manual. A value
// stands here and nowhere else.
var Thresholds = []Threshold{
	{"syn.wait", "3s", "no answer to two SYN for so long, or to one for three times as long",
		"RFC 6298 §2: the SYN is repeated after 1 s, by older stacks after 3 s; RFC 1122 §4.2.3.5",
		func(l *Limits) []any { return []any{&l.SynWait} }},
	{"rtt.high", "150ms,400ms", "round trip of the handshake",
		"operations practice: intercontinental, satellite",
		func(l *Limits) []any { return []any{&l.RTTInfo, &l.RTTWarn} }},
	{"loss", "0.5%,2%,5%", "segments of one side that had to be sent again",
		"Mathis et al. 1997: 2 % at a round trip of 50 ms leave about 2 Mbit/s",
		func(l *Limits) []any { return []any{&l.LossInfo, &l.LossWarn, &l.LossError} }},
	{"rto.dead", "15s", "a segment that is sent again and again is never acknowledged",
		"RFC 9293 §3.8.3: R1 is three retransmissions, which take about as long",
		func(l *Limits) []any { return []any{&l.RTODead} }},
	{"zwin", "200ms,2s,30s", "the receiver keeps its window closed",
		"RFC 9293 §3.8.6.1, the persist timer",
		func(l *Limits) []any { return []any{&l.ZwinInfo, &l.ZwinWarn, &l.ZwinError} }},
	{"greet.slow", "5s,10s,30s", "time to the greeting",
		"Postfix's postscreen waits 6 s, Sendmail's greet_pause 5 s; clients often give up at 30 s",
		func(l *Limits) []any { return []any{&l.GreetInfo, &l.GreetWarn, &l.GreetError} }},
	{"reply.slow", "5s,20s,60s", "the server's own time for a reply",
		"far below the 300 s of RFC 5321 §4.5.3.2, far above a healthy server",
		func(l *Limits) []any { return []any{&l.ReplyInfo, &l.ReplyWarn, &l.ReplyError} }},
	{"eom.slow", "15s,60s,300s", "the server's own time for the answer to a message",
		"RFC 5321 §4.5.3.2.6 asks clients to wait 600 s; many stop at 60 to 300 s",
		func(l *Limits) []any { return []any{&l.EOMInfo, &l.EOMWarn, &l.EOMError} }},
	{"hs.slow", "2s,10s,30s", "time of a TLS handshake, which is told in any case",
		"operations practice: two round trips and a signature",
		func(l *Limits) []any { return []any{&l.HSInfo, &l.HSWarn, &l.HSError} }},
	{"cert.soon", "14d", "time that is left to a certificate",
		"operations practice: enough to renew it by hand",
		func(l *Limits) []any { return []any{&l.CertSoon} }},
	{"brute.count", "5", "failed logins of one client",
		"Postfix's and Dovecot's operators' habit",
		func(l *Limits) []any { return []any{&l.BruteCount} }},
	{"brute.time", "600s", "time in which they happen",
		"the same",
		func(l *Limits) []any { return []any{&l.BruteTime} }},
	{"harvest", "10", "recipients unknown to the server in one session",
		"the same",
		func(l *Limits) []any { return []any{&l.Harvest} }},
	{"tarpit", "1s", "the server's own time for each of three replies and more",
		"Postfix's smtpd_error_sleep_time is 1 s",
		func(l *Limits) []any { return []any{&l.Tarpit} }},
}

// defaults are the values of the table.
var defaults = func() (l Limits) {
	for i := range Thresholds {
		if err := l.Set(Thresholds[i].Name, Thresholds[i].Default); err != nil {
			panic("rules: " + err.Error())
		}
	}
	return l
}()

// Defaults returns the thresholds of the catalogue.
func Defaults() Limits { return defaults }

// Set changes one threshold: "syn.wait" to "5s", "greet.slow" to "3s,8s,20s",
// "greet.slow.error" to "1m". Fewer values than the threshold has levels change
// the first of them. When it fails, nothing is changed.
func (l *Limits) Set(name, value string) error {
	for i := range Thresholds {
		t := &Thresholds[i]
		places := t.places(l)
		if level, ok := strings.CutPrefix(name, t.Name+"."); ok {
			k := slices.Index(t.Levels(), level)
			if k < 0 {
				continue
			}
			places = places[k : k+1]
		} else if name != t.Name {
			continue
		}
		values := strings.Split(value, ",")
		if len(values) > len(places) {
			return fmt.Errorf("%s: %d values, it has %d", name, len(values), len(places))
		}
		old := *l
		for k, v := range values {
			if err := setLimit(places[k], strings.TrimSpace(v)); err != nil {
				*l = old
				return fmt.Errorf("%s: %w", name, err)
			}
			if k > 0 && !rises(places[k-1], places[k]) {
				*l = old
				return fmt.Errorf("%s: %q does not rise", name, value)
			}
		}
		return nil
	}
	return fmt.Errorf("no threshold %q; there are %s", name, strings.Join(ThresholdNames(), " "))
}

// ThresholdNames lists the names that Set takes, without those of single levels.
func ThresholdNames() []string {
	names := make([]string, len(Thresholds))
	for i := range Thresholds {
		names[i] = Thresholds[i].Name
	}
	return names
}

// setLimit reads a value into its place.
func setLimit(place any, value string) error {
	switch p := place.(type) {
	case *time.Duration:
		d, ok := duration(value)
		if !ok {
			return fmt.Errorf("%q is no duration; write 150ms, 2s or 14d", value)
		}
		*p = d
	case *float64:
		f, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(value, "%")), 64)
		if err != nil || !(f >= 0 && f <= 100) {
			return fmt.Errorf("%q is no percentage", value)
		}
		*p = f
	case *int:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 1 || n > math.MaxInt32 {
			return fmt.Errorf("%q is no count", value)
		}
		*p = int(n)
	}
	return nil
}

// maxDays keeps a duration in days far from the end of its range.
const maxDays = 36500

// duration reads what time.ParseDuration does, and days.
func duration(s string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 32)
		return time.Duration(n) * 24 * time.Hour, err == nil && n >= 1 && n <= maxDays
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d > 0
}

// rises reports whether the value at b is not below that at a; both are of one threshold.
func rises(a, b any) bool {
	switch a := a.(type) {
	case *time.Duration:
		return *a <= *b.(*time.Duration)
	case *float64:
		return *a <= *b.(*float64)
	}
	return true
}
