package rules

import (
	"reflect"
	"testing"
	"time"
)

// Every threshold has a value, and the ones of a higher severity are higher.
func TestDefaults(t *testing.T) {
	l := Defaults()
	v := reflect.ValueOf(l)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("%s has no value", v.Type().Field(i).Name)
		}
	}
	for _, x := range []struct {
		name             string
		info, warn, fail float64
	}{
		{"loss", l.LossInfo, l.LossWarn, l.LossError},
		{"zwin", float64(l.ZwinInfo), float64(l.ZwinWarn), float64(l.ZwinError)},
		{"greet", float64(l.GreetInfo), float64(l.GreetWarn), float64(l.GreetError)},
		{"reply", float64(l.ReplyInfo), float64(l.ReplyWarn), float64(l.ReplyError)},
		{"eom", float64(l.EOMInfo), float64(l.EOMWarn), float64(l.EOMError)},
		{"hs", float64(l.HSInfo), float64(l.HSWarn), float64(l.HSError)},
	} {
		if !(x.info < x.warn && x.warn < x.fail) {
			t.Errorf("%s: %v, %v, %v do not rise", x.name, x.info, x.warn, x.fail)
		}
	}
	if l.RTTInfo >= l.RTTWarn {
		t.Error("rtt does not rise")
	}
}

// Every field has one place in the table.
func TestThresholdPlaces(t *testing.T) {
	seen := map[any]bool{}
	var l Limits
	for i := range Thresholds {
		x := &Thresholds[i]
		places := x.places(&l)
		if n := max(len(x.Levels()), 1); n != len(places) {
			t.Errorf("%s: %d places for %d values", x.Name, len(places), n)
		}
		for _, p := range places {
			if seen[p] {
				t.Errorf("%s: a place is used twice", x.Name)
			}
			seen[p] = true
		}
		if x.Means == "" || x.Source == "" {
			t.Errorf("%s: no meaning or no source", x.Name)
		}
	}
	if n := reflect.TypeFor[Limits]().NumField(); n != len(seen) {
		t.Errorf("%d fields, %d places", n, len(seen))
	}
}

func TestSet(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		change      func(l *Limits)
	}{
		{"syn.wait", "5s", func(l *Limits) { l.SynWait = 5 * time.Second }},
		{"greet.slow", "3s", func(l *Limits) { l.GreetInfo = 3 * time.Second }},
		{"greet.slow", "3s,8s,20s", func(l *Limits) {
			l.GreetInfo, l.GreetWarn, l.GreetError = 3*time.Second, 8*time.Second, 20*time.Second
		}},
		{"greet.slow.error", "1m30s", func(l *Limits) { l.GreetError = 90 * time.Second }},
		{"rtt.high.warning", "1s", func(l *Limits) { l.RTTWarn = time.Second }},
		{"loss", "1,3,6", func(l *Limits) { l.LossInfo, l.LossWarn, l.LossError = 1, 3, 6 }},
		{"loss", "1.5%, 3 %", func(l *Limits) { l.LossInfo, l.LossWarn = 1.5, 3 }},
		{"cert.soon", "30d", func(l *Limits) { l.CertSoon = 720 * time.Hour }},
		{"harvest", "20", func(l *Limits) { l.Harvest = 20 }},
	} {
		got, want := Defaults(), Defaults()
		tt.change(&want)
		if err := got.Set(tt.name, tt.value); err != nil || got != want {
			t.Errorf("%s=%s: %v\n got %+v\nwant %+v", tt.name, tt.value, err, got, want)
		}
	}
	for _, bad := range [][2]string{
		{"nonsense", "1"}, {"", ""}, {"greet", "1s"}, {"greet.slow.fatal", "1s"}, {"rtt.high.error", "1s"}, {"syn.wait.info", "1s"},
		{"syn.wait", ""}, {"syn.wait", "0s"}, {"syn.wait", "-1s"}, {"syn.wait", "5"}, {"syn.wait", "1s,2s"}, {"syn.wait", "40000d"}, {"syn.wait", "-1d"},
		{"greet.slow", "8s,3s"}, {"greet.slow", "1s,2s,3s,4s"}, {"greet.slow", "1s,x"}, {"loss", "NaN"}, {"loss", "101"}, {"loss", "-1"}, {"loss", "5,4"},
		{"harvest", "0"}, {"harvest", "1e3"}, {"harvest", "9999999999999"},
	} {
		l := Defaults()
		if err := l.Set(bad[0], bad[1]); err == nil || l != Defaults() {
			t.Errorf("%s=%s: %v", bad[0], bad[1], err)
		}
	}
}
