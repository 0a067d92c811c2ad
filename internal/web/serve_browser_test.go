//go:build browser

package web

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// TestServeInBrowser drops a capture into the start page and reads the report.
func TestServeInBrowser(t *testing.T) {
	s := serveAt(t, 0)
	p := startChrome(t).open(t)
	p.size(1280, 800, false)
	p.load(s.url)
	p.is(`location.search`, "")
	p.shot("start-1280-light-empty")
	capture, err := filepath.Abs(webinar)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Root struct{ NodeID int } }
	var input struct{ NodeID int }
	if err := json.Unmarshal(p.call("DOM.getDocument", nil), &doc); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(p.call("DOM.querySelector", map[string]any{"nodeId": doc.Root.NodeID, "selector": "#file"}), &input); err != nil {
		t.Fatal(err)
	}
	p.call("DOM.setFileInputFiles", map[string]any{"nodeId": input.NodeID, "files": []string{capture}})
	p.is(`document.querySelectorAll('tbody tr').length`, 1)
	p.is(`document.querySelector('tbody .s').textContent.trim()`, "failed")
	p.is(`document.querySelector('tbody .n a').textContent`, "smtp_for_webinar.pcap")
	p.shot("start-1280-light")
	p.is(`document.documentElement.scrollWidth <= innerWidth`, true)
	p.size(390, 800, true)
	p.is(`document.documentElement.scrollWidth <= innerWidth`, true)
	p.shot("start-390-dark")
	p.size(1280, 800, false)
	p.eval(`document.querySelector('tbody .n a').click()`, nil)
	p.is(`(document.querySelector('h1') || {textContent: ''}).textContent.startsWith('The mail was not sent')`, true)
	p.is(chosenFrame, 16)
	p.is(`fetch(document.querySelector('a[download]').href).then(r => r.arrayBuffer()).then(b => b.byteLength)`, 4894)
	p.is(`fetch(document.querySelector('a[href$="dialog.txt"]').href).then(r => r.text()).then(t => t.includes('C: STARTTLS'))`, true)
	p.is(`fetch('frame/12').then(r => r.json()).then(d => d.fields.length > 3)`, true)
	p.is(`fetch('frame/99').then(r => r.status)`, 404)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.console {
		if !strings.Contains(c, "404") { // the frame that is not there, and the icon that browsers ask for
			t.Errorf("console: %s", c)
		}
	}
}
