package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"postmortem/rules"
)

// limits are the thresholds that -limit can change, by the names of the manual.
// A threshold with several severities has one name for each.
var limits = []struct {
	name  string
	place func(*rules.Limits) any // *time.Duration, *float64 in percent, *int
}{
	{"syn.wait", func(l *rules.Limits) any { return &l.SynWait }},
	{"rtt.high.info", func(l *rules.Limits) any { return &l.RTTInfo }},
	{"rtt.high.warning", func(l *rules.Limits) any { return &l.RTTWarn }},
	{"loss.info", func(l *rules.Limits) any { return &l.LossInfo }},
	{"loss.warning", func(l *rules.Limits) any { return &l.LossWarn }},
	{"loss.error", func(l *rules.Limits) any { return &l.LossError }},
	{"rto.dead", func(l *rules.Limits) any { return &l.RTODead }},
	{"zwin.info", func(l *rules.Limits) any { return &l.ZwinInfo }},
	{"zwin.warning", func(l *rules.Limits) any { return &l.ZwinWarn }},
	{"zwin.error", func(l *rules.Limits) any { return &l.ZwinError }},
	{"greet.slow.info", func(l *rules.Limits) any { return &l.GreetInfo }},
	{"greet.slow.warning", func(l *rules.Limits) any { return &l.GreetWarn }},
	{"greet.slow.error", func(l *rules.Limits) any { return &l.GreetError }},
	{"reply.slow.info", func(l *rules.Limits) any { return &l.ReplyInfo }},
	{"reply.slow.warning", func(l *rules.Limits) any { return &l.ReplyWarn }},
	{"reply.slow.error", func(l *rules.Limits) any { return &l.ReplyError }},
	{"eom.slow.info", func(l *rules.Limits) any { return &l.EOMInfo }},
	{"eom.slow.warning", func(l *rules.Limits) any { return &l.EOMWarn }},
	{"eom.slow.error", func(l *rules.Limits) any { return &l.EOMError }},
	{"hs.slow.info", func(l *rules.Limits) any { return &l.HSInfo }},
	{"hs.slow.warning", func(l *rules.Limits) any { return &l.HSWarn }},
	{"hs.slow.error", func(l *rules.Limits) any { return &l.HSError }},
	{"auth.line", func(l *rules.Limits) any { return &l.AuthLine }},
	{"cert.soon", func(l *rules.Limits) any { return &l.CertSoon }},
	{"brute.count", func(l *rules.Limits) any { return &l.BruteCount }},
	{"brute.time", func(l *rules.Limits) any { return &l.BruteTime }},
	{"harvest", func(l *rules.Limits) any { return &l.Harvest }},
	{"dup.win", func(l *rules.Limits) any { return &l.DupWindow }},
	{"tarpit", func(l *rules.Limits) any { return &l.Tarpit }},
}

// limitNames lists the names for the help.
func limitNames() string {
	names := make([]string, len(limits))
	for i := range limits {
		names[i] = limits[i].name
	}
	return strings.Join(names, " ")
}

// setLimit takes NAME=VALUE: 150ms, 2s, 14d; 2 or 2% for loss; a plain number for counts.
func (o *options) setLimit(s string) error {
	name, value, _ := strings.Cut(s, "=")
	for i := range limits {
		if limits[i].name != name {
			continue
		}
		if o.limits == nil {
			l := rules.Defaults()
			o.limits = &l
		}
		switch p := limits[i].place(o.limits).(type) {
		case *time.Duration:
			d, err := parseDuration(value)
			if err != nil {
				return err
			}
			*p = d
		case *float64:
			f, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
			if err != nil || !(f >= 0 && f <= 100) {
				return fmt.Errorf("%q is no percentage", value)
			}
			*p = f
		case *int:
			n, err := number(value, 1, math.MaxInt32)
			if err != nil {
				return err
			}
			*p = n
		}
		return nil
	}
	return fmt.Errorf("no threshold %q; there are %s", name, limitNames())
}

// parseDuration reads what time.ParseDuration does, and days.
func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := number(days, 1, 36500); err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration; write 150ms, 2s or 14d", s)
	}
	return d, nil
}
