package rules

import (
	"reflect"
	"testing"
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
