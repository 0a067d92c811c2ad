//go:build browser

package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/verdict"
)

// pageOf makes the page of captures and returns its address and size.
func pageOf(t testing.TB, names ...string) (url string, size int) {
	t.Helper()
	p := &Page{Version: "postmortem (test)"}
	for i := range names {
		names[i] = filepath.Join("..", "..", "testdata", names[i])
	}
	if _, err := analyze.Run(&analyze.Config{Files: names, All: true, Hash: true}, p); err != nil {
		t.Fatal(err)
	}
	if err := p.Look(names, dissect.Options{}); err != nil {
		t.Fatal(err)
	}
	return write(t, p)
}

func write(t testing.TB, p *Page) (url string, size int) {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return "file://" + file, b.Len()
}

const (
	chosenEvent = `document.querySelector('#tree [aria-selected=true] .tt').title`
	chosenFrame = `document.querySelector('#plist tr[aria-selected=true]').dataset.f`
	litBytes    = `[...document.querySelectorAll('#hex i.on[data-b]')].length`
	treeRows    = `document.querySelectorAll('#tree .ti').length`
)

// TestBrowser runs the checks of the design on the capture of the webinar.
func TestBrowser(t *testing.T) {
	url, size := pageOf(t, "smtp_for_webinar.pcap")
	if size > 300_000 {
		t.Errorf("the page has %d bytes, more than 300,000", size)
	}
	c := startChrome(t)
	p := c.open(t)
	p.size(1280, 800, false)
	began := time.Now()
	p.load(url)
	t.Logf("%d bytes, loaded in %v", size, time.Since(began).Round(time.Millisecond))

	t.Run("1 opens from disk, alone", func(t *testing.T) {
		p.quiet(url)
		p.is(`document.scripts.length`, 2)
	})
	t.Run("3 opens with the decisive event, frame and byte", func(t *testing.T) {
		p.is(chosenEvent, "Keys do not match: first encrypted record could not be verified")
		p.is(chosenFrame, 16)
		p.is(`document.querySelector('#hex i.on').dataset.b`, 0x3c)
		p.is(`(() => { const r = document.querySelector('#tree .ti[aria-selected="true"]').getBoundingClientRect(), b = document.querySelector('#tree').closest('.pb').getBoundingClientRect();
			return r.top >= b.top && r.bottom <= b.bottom && scrollY === 0; })()`, true)
		p.is(`[...document.querySelectorAll('.rail .ev')].map(x => x.textContent).join(' | ')`,
			"19 frames | 21.3 ms, nothing sent twice | closed by the server | up to STARTTLS | frame 16 |  | no message begun")
		p.shot("1280-light-top")
	})
	t.Run("4 an event shows its detail, frame and field", func(t *testing.T) {
		p.eval(`[...document.querySelectorAll('#tree .ti')].find(x => x.querySelector('.tt').title.includes('SSLv2')).id = 'ssl2'`, nil)
		p.click("#ssl2 .tt")
		p.is(chosenFrame, 10)
		p.is(`document.querySelector('#ins h3').textContent.includes('SSLv2')`, true)
		p.is(litBytes+` > 0`, true)
	})
	t.Run("5 the tree by keys", func(t *testing.T) {
		p.eval(`document.querySelector('#tree .ti').focus()`, nil)
		p.key("Home")
		p.is(`document.activeElement.getAttribute('aria-level')`, 1)
		p.key("ArrowLeft")
		p.is(treeRows+` < 10`, true)
		p.key("ArrowRight")
		p.key("ArrowDown")
		p.is(`document.activeElement.getAttribute('aria-level')`, 2)
		p.key("ArrowUp")
		p.is(`document.activeElement.getAttribute('aria-level')`, 1)
		p.key("End")
		p.is(`document.activeElement === [...document.querySelectorAll('#tree .ti')].pop()`, true)
	})
	t.Run("6 severity propagates to the roots", func(t *testing.T) {
		p.is(`document.querySelector('#roots').textContent.startsWith('Root events: 1 error,')`, true)
		p.click("#prop")
		p.is(`document.querySelector('#roots').textContent.startsWith('Root events: 0 errors,')`, true)
		p.click("#prop")
	})
	t.Run("7 collapse and expand all", func(t *testing.T) {
		var events, roots int
		p.eval(`JSON.parse(document.querySelector('#data').textContent).find(r => r.type === 'session').events.length`, &events)
		p.eval(`JSON.parse(document.querySelector('#data').textContent).find(r => r.type === 'session').events.filter(e => !e.parent).length`, &roots)
		p.click("#call")
		p.is(treeRows, roots)
		p.click("#xall")
		p.is(treeRows, events)
	})
	t.Run("8 9 chips", func(t *testing.T) {
		p.click("[data-sev=info]")
		p.click("[data-sev=warn]")
		p.is(`[...document.querySelectorAll('#tree .ti:not(.dim)')].every(x => x.classList.contains('v-err'))`, true)
		p.click("[data-sev=info]")
		p.click("[data-sev=warn]")
		p.click("[data-pro=TLS]")
		p.is(`[...document.querySelectorAll('#tree .ti:not(.dim) .pr')].some(x => x.textContent === 'TLS')`, false)
		p.click("[data-pro=TLS]")
	})
	t.Run("10 search", func(t *testing.T) {
		p.key("/")
		p.is(`document.activeElement.id`, "q")
		for _, r := range "ancient" {
			p.key(string(r))
		}
		p.is(`document.querySelectorAll('#tree .ti:not(.dim)').length > 0 && document.querySelectorAll('#tree .ti:not(.dim)').length < 8`, true)
		p.is(`document.querySelectorAll('#tree mark').length > 0`, true)
		p.key("Enter")
		p.is(chosenFrame, 10)
		p.eval(`document.querySelector('#q').focus()`, nil)
		p.key("Escape")
		p.is(`document.querySelector('#q').value`, "")
	})
	t.Run("11 views are coupled", func(t *testing.T) {
		p.hover("#f16 .i")
		p.is(`document.querySelectorAll('#tree .ti.hot').length > 0`, true)
		p.hover("#tree .ti[aria-selected=true] .tt")
		p.is(`document.querySelectorAll('#plist tr.hot').length > 0`, true)
	})
	t.Run("12 evidence links go to the packet", func(t *testing.T) {
		p.click(".story .bad a")
		p.is(`document.activeElement.id`, "f16")
		p.is(`(r => r.top >= 0 && r.bottom <= innerHeight)(document.querySelector('#f16').getBoundingClientRect())`, true)
	})
	t.Run("13 ladder", func(t *testing.T) {
		p.is(`document.querySelectorAll('.msg').length`, 19)
		p.click(`.msg[data-f="12"] .l`)
		p.is(chosenFrame, 12)
		p.key("ArrowDown")
		p.is(chosenFrame, 13)
	})
	t.Run("14 transcript", func(t *testing.T) {
		p.key("t")
		p.is(`document.querySelector('#v-trs').hidden`, false)
		p.is(`document.querySelector('.trs').textContent.includes('EHLO UPS')`, true)
		p.click(`.trs li[data-f="5"] .x`)
		p.is(chosenFrame, 5)
		p.shot("1280-light-transcript")
		p.key("t")
	})
	t.Run("15 packet filter", func(t *testing.T) {
		p.key("f")
		for _, r := range "#16" {
			p.key(string(r))
		}
		p.is(`[...document.querySelectorAll('#plist tbody tr:not([hidden])')].map(x => x.id).join()`, "f16")
		p.key("Escape")
		p.is(`document.querySelectorAll('#plist tbody tr:not([hidden])').length`, 19)
		p.click("#only")
		p.is(`document.querySelectorAll('#plist tbody tr:not([hidden])').length < 19`, true)
		p.click("#only")
	})
	t.Run("16 times", func(t *testing.T) {
		p.is(`document.querySelector('#f16 .ts').textContent`, "0.445293")
		p.click("[data-t=delta]")
		p.is(`document.querySelector('#f16 .ts').textContent`, "0.065159")
		p.click("[data-t=clock]")
		p.is(`document.querySelector('#f16 .ts').textContent`, "18:40:34.508227")
		p.click("[data-t=rel]")
	})
	t.Run("17 field to bytes and back", func(t *testing.T) {
		p.click("#f12 .i")
		p.eval(`document.querySelector('#dt .ti').click()`, nil)
		p.is(litBytes+` > 0 || document.querySelector('#hxs').textContent.includes('calculated')`, true)
		p.click(`#hex [data-b="30"]`)
		p.is(`document.querySelector('#dt [aria-selected=true]').textContent.includes('Destination')`, true)
	})
	t.Run("18 the address restores what was chosen", func(t *testing.T) {
		p.load(url + "#session=1&frame=11")
		p.is(chosenFrame, 11)
		p.is(`location.hash.includes('frame=11')`, true)
		p.load(url + "#f5")
		p.is(chosenFrame, 5)
		p.eval(`location.hash = '#session=1&frame=10'`, nil) // typed while the page is open
		p.is(chosenFrame, 10)
		p.eval(`location.hash = '#evidence'`, nil)
		p.is(chosenFrame, 10)
	})
	t.Run("19 keys", func(t *testing.T) {
		p.key("?")
		p.is(`document.querySelector('#keys').open`, true)
		p.click("#kon")
		p.key("Escape")
		p.key("2")
		p.is(`document.querySelector('#statistics').hidden`, true)
		p.click("#b-keys")
		p.click("#kon")
		p.key("Escape")
		p.key("2")
		p.is(`document.querySelector('#statistics').hidden`, false)
		p.is(`document.querySelectorAll('#statistics figure').length`, 6)
		p.shot("1280-light-statistics")
		p.key("1")
	})
	t.Run("20 copy", func(t *testing.T) {
		p.is(`document.querySelector('.cmd code').textContent`, "openssl s_client -starttls smtp -connect 81.95.97.100:25 -servername out.smtp.cz -tls1_2 </dev/null")
	})
	t.Run("22 no width needs sideways scrolling", func(t *testing.T) {
		for _, w := range []int{1680, 1280, 1024, 768, 390, 320} {
			for _, dark := range []bool{false, true} {
				p.size(w, 900, dark)
				p.is(fmt.Sprintf(`document.documentElement.scrollWidth <= %d`, w), true) // innerWidth grows with what does not fit
				p.shot(fmt.Sprintf("%d-%v", w, map[bool]string{true: "dark", false: "light"}[dark]))
			}
		}
		p.size(1280, 800, false)
	})
	t.Run("23 contrast", func(t *testing.T) {
		for _, dark := range []bool{false, true} {
			p.size(1280, 800, dark)
			var low []string
			p.eval(contrast, &low)
			for _, l := range low {
				t.Errorf("dark %v: %s", dark, l)
			}
		}
		p.size(1280, 800, false)
	})
	t.Run("names and roles", func(t *testing.T) {
		p.is(`[...document.querySelectorAll('button,a,input,[role=tree],[role=img],[role=group]')].filter(e => !e.textContent.trim() && !e.getAttribute('aria-label') && !e.getAttribute('aria-labelledby')).map(e => e.outerHTML.slice(0, 80)).join('|')`, "")
		p.is(`document.querySelectorAll('[id]').length === new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size`, true)
		p.is(`document.querySelectorAll('[style],[onclick]').length`, 0)
	})
	t.Run("24 print", func(t *testing.T) {
		p.is(`document.querySelectorAll('.fb').length > 0 && ![...document.querySelectorAll('.fb')].some(x => x.textContent.includes('\x60'))`, true) // commands are marked
		if pages := p.pages(); pages < 4 || pages > 15 {
			t.Errorf("%d pages", pages)
		}
	})
	p.quiet(url)
}

// TestBrowserLongWords: names without a blank, in the story and as the name of the
// file, need no sideways scrolling either.
func TestBrowserLongWords(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "imaps-certificate-for-clients.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), strings.Repeat("long", 50)+".pcap")
	if err := os.WriteFile(file, b, 0o666); err != nil {
		t.Fatal(err)
	}
	page := &Page{Version: "postmortem (test)"}
	if _, err := analyze.Run(&analyze.Config{Files: []string{file}, All: true, Hash: true}, page); err != nil {
		t.Fatal(err)
	}
	if err := page.Look([]string{file}, dissect.Options{}); err != nil {
		t.Fatal(err)
	}
	url, _ := write(t, page)
	c := startChrome(t)
	for name, at := range map[string]string{"report": url, "start": serveAt(t, 1<<20, file).url} {
		p := c.open(t)
		for i, w := range []int{1280, 1024, 768, 390, 320} {
			p.size(w, 900, false)
			if i == 0 {
				p.load(at)
			}
			var wide int
			if p.eval(`document.documentElement.scrollWidth`, &wide); wide > w {
				t.Errorf("%s: %d pixels in %d", name, wide, w)
			}
		}
	}
}

// TestPaper: nothing is wider than a sheet of A4, and no text of the packets is cut.
func TestPaper(t *testing.T) {
	const sheet = 703 // pixels between the margins
	c := startChrome(t)
	for _, name := range []string{"smtp_for_webinar.pcap", "made-server-restarts.pcap", "imap-brute-force.pcap", "smtp-over-tls-sll6.pcap"} {
		url, _ := pageOf(t, name)
		p := c.open(t)
		p.size(sheet, 1000, false)
		p.load(url)
		p.eval(`dispatchEvent(new Event('beforeprint'))`, nil)
		p.call("Emulation.setEmulatedMedia", map[string]any{"media": "print"})
		p.is(fmt.Sprintf(`[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > %d).map(e => e.outerHTML.slice(0, 80)).slice(0, 3).join('|')`, sheet+1), "")
		p.is(`[...document.querySelectorAll('#plist .i')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent).join('|')`, "")
		p.is(`[...document.querySelectorAll('button,.btn')].filter(e => e.offsetWidth && !e.closest('th')).map(e => e.textContent).join('|')`, "")
	}
}

// TestBrowserLadder: what is said in the ladder ends within it, also where it is bold,
// what stands above one side does not reach the other, and a long time does not
// reach the number of its frame.
func TestBrowserLadder(t *testing.T) {
	c := startChrome(t)
	for _, name := range []string{"imap-untagged-bad-at-login.pcap", "pop3-plaintext-disabled.pcap", "imaps-key-1024-refused.pcap", "smtp-auth-plain-535.pcap", "imap-auth-check-hangs.pcap"} {
		file := filepath.Join("..", "..", "testdata", name)
		page := &Page{Version: "postmortem (test)"}
		if _, err := analyze.Run(&analyze.Config{Files: []string{file}, All: true, Hash: true}, page); err != nil {
			t.Fatal(err)
		}
		if err := page.Look([]string{file}, dissect.Options{}); err != nil {
			t.Fatal(err)
		}
		url, _ := write(t, page)
		p := c.open(t)
		p.size(1280, 900, false)
		p.load(url)
		for _, w := range []int{1280, 390, 320} {
			p.size(w, 900, false)
			p.is(`[...document.querySelectorAll('.ladder text')].filter(t => { const b = t.getBBox(); return b.x < t.ownerSVGElement.viewBox.baseVal.x || b.x + b.width > 440; }).map(t => t.textContent).join('|')`, "")
			p.is(`(l => l.filter((t, i) => i < 3 && l[i + 3].textContent && t.getBBox().x + t.getBBox().width > l[i + 3].getBBox().x).length)([...document.querySelectorAll('.ladder .lh text')].slice(0, 6))`, 0.)
			p.is(`[...document.querySelectorAll('.msg')].filter(m => { const n = m.querySelector('.n').getBBox(); return n.x + n.width > m.querySelector('.t').getBBox().x; }).length`, 0.)
			p.is(`[...document.querySelectorAll('.story .t')].filter(t => { const r = document.createRange(); r.selectNodeContents(t); return r.getBoundingClientRect().height > 20; }).length`, 0.)
		}
	}
}

// TestLadderEdge: the numbers of frames in a long capture have room at the left.
func TestLadderEdge(t *testing.T) {
	const near = 1e-6
	v := &view{Session: new(verdict.Session)}
	for i := range 3 {
		v.packets = append(v.packets, packet{n: 1_234_567 + uint32(i), time: int64(i) * 5e11})
	}
	if l := newLadder(v); l.Numbers-width("1234569") < l.Edge-near || l.Numbers+width("1,000,000.0") > timesEnd || math.Abs(l.Edge+l.Width-ladderWidth) > near {
		t.Errorf("numbers end at %.1f, the edge is %.1f, the width %.1f", l.Numbers, l.Edge, l.Width)
	}
	v.packets = v.packets[:1]
	v.packets[0].n = 5
	if l := newLadder(v); l.Edge != 0 || l.Numbers != numbersEnd {
		t.Errorf("a short one: numbers end at %.1f, the edge is %.1f", l.Numbers, l.Edge)
	}
}

// contrast lists texts whose colour is too near to their ground (WCAG 2.2, 1.4.3).
const contrast = `(() => {
  const rgb = s => (s.match(/[\d.]+/g) || []).map(Number);
  const lum = c => { const f = c.slice(0, 3).map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
  const ground = e => { for (; e; e = e.parentElement) { const b = rgb(getComputedStyle(e).backgroundColor); if (b.length === 3 || b[3] > .99) return b; } return [255, 255, 255]; };
  const out = new Set();
  for (const e of document.querySelectorAll('h1,h2,h3,h4,p,a,td,th,span,small,b,dt,dd,button,code,li')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility({visibilityProperty: true, opacityProperty: true}) || e.closest('svg')) continue;
    const a = lum(rgb(getComputedStyle(e).color)), b = lum(ground(e)), r = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (r < 4.5) out.add(r.toFixed(2) + ' ' + e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 30));
  }
  return [...out];
})()`

// TestWithoutScript reads the page with script switched off.
func TestWithoutScript(t *testing.T) {
	url, _ := pageOf(t, "smtp_for_webinar.pcap")
	p := startChrome(t).open(t)
	p.size(1280, 1000, false)
	p.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true})
	p.load(url)
	p.shot("1280-light-without-script")
	var r struct{ Root struct{ NodeID int } }
	if err := json.Unmarshal(p.call("DOM.getDocument", map[string]any{"depth": -1}), &r); err != nil {
		t.Fatal(err)
	}
	var html struct{ OuterHTML string }
	if err := json.Unmarshal(p.call("DOM.getOuterHTML", map[string]any{"nodeId": r.Root.NodeID}), &html); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"The mail was not sent", "Keys do not match", "openssl s_client", `class="ladder"`, "EHLO UPS", `id="f16"`, "Protocol hierarchy"} {
		if !strings.Contains(html.OuterHTML, want) {
			t.Errorf("not in the page: %s", want)
		}
	}
	if strings.Contains(html.OuterHTML, `<html lang="en" class="js"`) {
		t.Error("script ran")
	}
}

// many is a page of n sessions, 37 of each 5,000 failed.
func many(t testing.TB, n int) *Page {
	t.Helper()
	p := &Page{Version: "postmortem (test)"}
	var sessions []*verdict.Session
	keep := &keeper{&sessions, p}
	files := []string{filepath.Join("..", "..", "testdata", "smtp_for_webinar.pcap")}
	if _, err := analyze.Run(&analyze.Config{Files: files, All: true}, keep); err != nil {
		t.Fatal(err)
	}
	bad := sessions[0]
	for i := range n {
		s := *bad
		s.ID = i + 1
		if i%135 != 0 {
			s.Outcome, s.Events, s.CauseTitle = verdict.OutcomeOK, nil, "one message accepted"
		}
		s.Start += int64(i) * 7e8
		if err := p.Session(&s); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Summary(&verdict.Summary{Frames: uint64(n) * 19, Sessions: n, Failed: n/135 + 1, OK: n - n/135 - 1, Headline: "many sessions", Complete: true}); err != nil {
		t.Fatal(err)
	}
	return p
}

// A keeper keeps the sessions of a run and gives the page only the file.
type keeper struct {
	sessions *[]*verdict.Session
	*Page
}

func (k *keeper) Session(s *verdict.Session) error {
	*k.sessions = append(*k.sessions, s.Keep())
	return nil
}
func (k *keeper) Summary(*verdict.Summary) error { return nil }

// TestOtherPages looks at pages of other captures than the webinar's.
func TestOtherPages(t *testing.T) {
	c := startChrome(t)
	for _, x := range []struct{ capture, headline, contains string }{
		{"made-empty.pcap", "The capture holds no frames.", "capture without a filter"},
		{"imap-brute-force.pcap", "All 10 sessions failed", "password guessing"},
	} {
		url, _ := pageOf(t, x.capture)
		p := c.open(t)
		p.size(390, 800, false)
		p.load(url)
		p.is(fmt.Sprintf(`document.querySelector('h1').textContent.startsWith(%q)`, x.headline), true)
		p.is(fmt.Sprintf(`document.querySelector('main').textContent.includes(%q)`, x.contains), true)
		// No word of the strip stands in another's place, no row of a tree is taller than its text.
		p.is(`[...document.querySelectorAll('.rail li')].filter(x => { const b = x.querySelector('b').getBoundingClientRect(), s = x.querySelector('.st').getBoundingClientRect(); return b.right > s.left; }).length`, 0)
		p.is(`[...document.querySelectorAll('#tree .ti')].filter(x => x.getBoundingClientRect().height > 50 || getComputedStyle(x).marginTop !== '0px').length`, 0)
		p.is(`document.querySelector('main').innerText.includes('()')`, false)
		p.quiet(url)
	}
}

// TestManySessions has check 21: only visible rows exist, sorting and filtering are fast.
func TestManySessions(t *testing.T) {
	c := startChrome(t)
	for _, n := range []int{5_000, 100_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			url, size := write(t, many(t, n))
			p := c.open(t)
			p.size(1280, 800, false)
			began := time.Now()
			p.load(url)
			t.Logf("%d bytes, loaded in %v", size, time.Since(began).Round(time.Millisecond))
			p.is(`document.querySelectorAll('#sess tr').length < 60`, true)
			p.is(`document.querySelector('#sess table').getAttribute('aria-rowcount')`, n+1)
			p.is(`document.querySelector('#sess tbody tr[data-i]').getBoundingClientRect().height`, 28)
			p.click("#sonly")
			p.is(`document.querySelector('#sess table').getAttribute('aria-rowcount')`, n/135+2)
			p.shot(fmt.Sprintf("1280-light-%d-sessions", n))
			p.click("#sonly")
			if pages := p.pages(); pages > 20 { // not the empty room of the rows that do not exist
				t.Errorf("%d pages on paper", pages)
			}
			p.eval(`document.querySelector('#sess').scrollTop = 1e9`, nil)
			p.is(`new Promise(done => setTimeout(() => done(document.querySelectorAll('#sess tbody tr[data-i]').length), 300)).then(k => k > 0 && k < 60)`, true)
			// On the way through sessions that are in the table only nothing opens; Enter says where the dialog is.
			p.eval(`document.querySelector('#sess tbody tr[data-i="'+(document.querySelector('#sess table').getAttribute('aria-rowcount')-3)+'"]').focus()`, nil)
			p.key("ArrowDown")
			p.is(`document.activeElement.getAttribute('aria-selected') + document.querySelector('#live').textContent`, "true")
			p.key("Enter")
			p.is(`document.querySelector('#live').textContent.includes('is in the table only')`, true)
			var ms float64
			p.eval(`(() => { const b = [...document.querySelectorAll('#sess th button')].find(x => x.textContent.startsWith('Duration')); b.click(); const t = performance.now(); b.click(); return performance.now() - t; })()`, &ms)
			t.Logf("sorted in %.0f ms", ms)
			p.quiet(url)
		})
	}
}

// TestHostileInBrowser is check 25: hostile strings in every field do nothing.
func TestHostileInBrowser(t *testing.T) {
	url, _ := write(t, poisoned(t))
	p := startChrome(t).open(t)
	p.size(1280, 800, false)
	p.load(url)
	p.is(`document.querySelectorAll('img,#planted,iframe,object,embed').length`, 0)
	p.is(`document.scripts.length`, 2)
	p.is(`document.querySelectorAll('#tree .ti').length > 0`, true)
	p.is(`(document.body.innerText.match(/.{0,20}[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069\u200b]/u) || []).map(escape).join()`, "")
	for _, key := range []string{"n", "t", "2", "1", "?", "Escape"} {
		p.key(key)
	}
	p.is(`document.querySelectorAll('img,#planted').length`, 0)
	p.shot("1280-light-hostile")
	p.quiet(url)
}

// TestScreenshots makes the pictures of the README: SHOTS=../../docs go test
// -tags browser ./internal/web -run Screenshots.
func TestScreenshots(t *testing.T) {
	url, _ := pageOf(t, "smtp_for_webinar.pcap")
	p := startChrome(t).open(t)
	p.size(1280, 800, false)
	p.load(url)
	p.is(chosenFrame, 16)
	p.shot("report")
	p.size(1280, 800, true)
	p.eval(`document.querySelector('#bench').scrollIntoView({block: 'start'})`, nil)
	p.is(`document.querySelector('#bench').getBoundingClientRect().top < 60`, true)
	p.shot("report-events")
	p.quiet(url)
}
