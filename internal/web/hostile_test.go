package web

import (
	"bytes"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/verdict"
)

// hostile is what a capture may bring: markup, an end of the script, controls,
// marks that turn text around, bytes that are not UTF-8.
const hostile = "</script><img src=x onerror=alert(1)><b id=planted>{{.}}\x1b[31m\u202e\u2066\u200b\x00\xff javascript:alert(2) \"'`&lt;"

// poison puts s into every string that v has.
func poison(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(s)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem(), s)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), s)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				poison(v.Field(i), s)
			}
		}
	}
}

// A poisoner gives a page what it gets with every string replaced.
type poisoner struct{ p *Page }

func (x *poisoner) Capture(c *verdict.Capture) error {
	poison(reflect.ValueOf(c), hostile)
	c.Files[0].SHA256 = strings.Repeat("0", 64) // made here, not captured
	return x.p.Capture(c)
}
func (x *poisoner) Session(s *verdict.Session) error {
	poison(reflect.ValueOf(s), hostile)
	return x.p.Session(s)
}
func (x *poisoner) Host(h *verdict.Host) error {
	poison(reflect.ValueOf(h), hostile)
	return x.p.Host(h)
}
func (x *poisoner) Summary(s *verdict.Summary) error {
	poison(reflect.ValueOf(s), hostile)
	return x.p.Summary(s)
}

// poisoned is a page in which every string is hostile.
func poisoned(t testing.TB) *Page {
	t.Helper()
	p := &Page{Version: "postmortem (test)"}
	files := []string{webinar}
	if _, err := analyze.Run(&analyze.Config{Files: files, All: true}, &poisoner{p}); err != nil {
		t.Fatal(err)
	}
	if err := p.Look(files, dissect.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, v := range p.sessions {
		for i := range v.packets {
			x := &v.packets[i]
			x.src, x.dst, x.proto, x.info = hostile, hostile, hostile, shown(hostile)
		}
	}
	return p
}

// TestHostile looks for anything of the capture that could act in the file.
func TestHostile(t *testing.T) {
	var b bytes.Buffer
	if err := poisoned(t).Write(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, bad := range []string{"<img", "<b id=planted", "\x1b", "\u202e", "\u2066", "\x00", "\xff", "\u200b"} {
		if at := strings.Index(page, bad); at >= 0 {
			t.Errorf("%q stands in the page: %.100q", bad, page[max(0, at-40):])
		}
	}
	if n := len(regexp.MustCompile(`(?i)</script>`).FindAllString(page, -1)); n != 2 {
		t.Errorf("%d ends of scripts, want 2", n)
	}
	if strings.Contains(page, "ZgotmplZ") {
		t.Error("the template has refused a value")
	}
	for _, m := range regexp.MustCompile(`(?:href|src|action|id|class)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if strings.Contains(m[1], "javascript") || strings.Contains(m[1], "planted") {
			t.Errorf("captured bytes became an attribute: %s", m[0])
		}
	}
}

// FuzzPage: whatever a capture's strings hold, the page has the elements of our
// own templates and no others, no scripts but ours, and no control character.
func FuzzPage(f *testing.F) {
	f.Add(hostile)
	f.Add("<script>alert(1)</script>")
	f.Add("--><svg onload=alert(1)>")
	f.Add("\x9b31m\u2028]]></title></style></template>")
	elements := regexp.MustCompile(`<[a-zA-Z!/][^>]*>`)
	count := func(page string) (tags, scripts int) {
		return len(elements.FindAllString(page, -1)), strings.Count(strings.ToLower(page), "<script")
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 300 { // every string of the page is made of it
			return
		}
		make := func(s string) string {
			p := &Page{Version: "postmortem (test)"}
			if _, err := analyze.Run(&analyze.Config{Files: []string{webinar}, All: true}, &infected{p, s}); err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := p.Write(&b); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		page, plain := make(text), make(strings.Repeat("x", max(1, len(text))))
		tags, scripts := count(page)
		wantTags, wantScripts := count(plain)
		if scripts != wantScripts || strings.Contains(text, "<") && tags > wantTags+strings.Count(plain, "<") {
			t.Fatalf("%d elements and %d scripts, want %d and %d", tags, scripts, wantTags, wantScripts)
		}
		for _, r := range page {
			if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029 {
				t.Fatalf("%q in the page", r)
			}
		}
		if !utf8.ValidString(page) || strings.Contains(page, "ZgotmplZ") {
			t.Fatal("not UTF-8, or a value that the template refused")
		}
	})
}

// infected gives a page what it gets with every string replaced.
type infected struct {
	p    *Page
	text string
}

func (x *infected) Capture(c *verdict.Capture) error {
	poison(reflect.ValueOf(c), x.text)
	c.Files[0].SHA256 = strings.Repeat("0", 64)
	return x.p.Capture(c)
}
func (x *infected) Session(s *verdict.Session) error {
	poison(reflect.ValueOf(s), x.text)
	return x.p.Session(s)
}
func (x *infected) Host(h *verdict.Host) error {
	poison(reflect.ValueOf(h), x.text)
	return x.p.Host(h)
}
func (x *infected) Summary(s *verdict.Summary) error {
	poison(reflect.ValueOf(s), x.text)
	return x.p.Summary(s)
}
