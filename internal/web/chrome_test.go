//go:build browser

package web

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A chrome is a headless Chromium that listens to the DevTools protocol.
type chrome struct {
	port string
}

// patience is how long anything in the browser may take on a busy machine.
const patience = 60 * time.Second

// startChrome starts a browser for the length of the test.
func startChrome(t testing.TB) *chrome {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			program = p
			break
		}
	}
	if program == "" {
		t.Fatal("there is no Chromium")
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
		"--remote-debugging-port=0", "--remote-allow-origins=*", "--user-data-dir="+dir, "--hide-scrollbars", "about:blank")
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed
		for range 50 { // its children write into the folder a little longer
			if os.RemoveAll(dir) == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if b, err := os.ReadFile(filepath.Join(dir, "DevToolsActivePort")); err == nil && strings.Contains(string(b), "\n") {
			port, _, _ := strings.Cut(string(b), "\n")
			return &chrome{port}
		}
	}
	t.Fatal("Chromium does not start")
	return nil
}

// A tab is one page of the browser.
type tab struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
	next int

	mu       sync.Mutex
	answers  map[int]chan json.RawMessage
	loaded   chan bool
	console  []string // errors and policy reports
	requests []string
}

// open opens an empty page.
func (c *chrome) open(t testing.TB) *tab {
	t.Helper()
	req, _ := http.NewRequest("PUT", "http://127.0.0.1:"+c.port+"/json/new?about:blank", nil)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var made struct {
		URL string `json:"webSocketDebuggerUrl"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil {
		t.Fatal(err)
	}
	p := &tab{t: t, answers: map[int]chan json.RawMessage{}, loaded: make(chan bool, 16)}
	p.dial(strings.TrimPrefix(made.URL, "ws://"))
	go p.read()
	t.Cleanup(func() { p.conn.Close() })
	for _, m := range []string{"Page.enable", "Runtime.enable", "Network.enable", "Log.enable"} {
		p.call(m, nil)
	}
	return p
}

// dial opens a WebSocket (RFC 6455, section 4.1).
func (p *tab) dial(url string) {
	host, path, _ := strings.Cut(url, "/")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		p.t.Fatal(err)
	}
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never fails
	fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n", path, host, base64.StdEncoding.EncodeToString(key))
	p.conn, p.in = conn, bufio.NewReaderSize(conn, 1<<20)
	resp, err := http.ReadResponse(p.in, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		p.t.Fatal("DevTools: ", resp, err)
	}
}

// send writes one masked text frame (section 5.2).
func (p *tab) send(b []byte) {
	head := []byte{0x81}
	switch n := len(b); {
	case n < 126:
		head = append(head, 0x80|byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 0x80|126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 0x80|127), uint64(n))
	}
	head = append(head, 0, 0, 0, 0) // a mask of zeros changes nothing
	if _, err := p.conn.Write(append(head, b...)); err != nil {
		p.t.Error(err)
	}
}

// message reads one message, put together from its frames.
func (p *tab) message() (all []byte, err error) {
	for {
		var head [2]byte
		if _, err := io.ReadFull(p.in, head[:]); err != nil {
			return nil, err
		}
		n := uint64(head[1] & 0x7f)
		var more [8]byte
		switch n {
		case 126:
			_, err = io.ReadFull(p.in, more[:2])
			n = uint64(binary.BigEndian.Uint16(more[:2]))
		case 127:
			_, err = io.ReadFull(p.in, more[:])
			n = binary.BigEndian.Uint64(more[:])
		}
		if err != nil {
			return nil, err
		}
		part := make([]byte, n)
		if _, err := io.ReadFull(p.in, part); err != nil {
			return nil, err
		}
		if op := head[0] & 0x0f; op == 8 {
			return nil, io.EOF
		} else if op > 2 {
			continue
		}
		all = append(all, part...)
		if head[0]&0x80 != 0 {
			return all, nil
		}
	}
}

// read hands out answers and notes events until the page is closed.
func (p *tab) read() {
	for {
		b, err := p.message()
		if err != nil {
			return
		}
		var m struct {
			ID     int
			Method string
			Result json.RawMessage
			Error  *struct{ Message string }
			Params struct {
				Type             string
				Args             []struct{ Value any }
				Entry            struct{ Level, Text, URL string }
				ExceptionDetails *struct {
					Text      string
					Exception struct{ Description string }
				}
				Request struct{ URL string }
			}
		}
		if json.Unmarshal(b, &m) != nil {
			continue
		}
		p.mu.Lock()
		switch m.Method {
		case "":
			if c := p.answers[m.ID]; c != nil {
				if m.Error != nil {
					m.Result = json.RawMessage(`{"failed":` + fmt.Sprintf("%q", m.Error.Message) + `}`)
				}
				c <- m.Result
				delete(p.answers, m.ID)
			}
		case "Page.loadEventFired":
			select {
			case p.loaded <- true:
			default:
			}
		case "Runtime.exceptionThrown":
			p.console = append(p.console, m.Params.ExceptionDetails.Text+" "+m.Params.ExceptionDetails.Exception.Description)
		case "Runtime.consoleAPICalled":
			p.console = append(p.console, fmt.Sprint(m.Params.Type, " ", m.Params.Args))
		case "Log.entryAdded":
			p.console = append(p.console, m.Params.Entry.Level+" "+m.Params.Entry.Text+" "+m.Params.Entry.URL)
		case "Network.requestWillBeSent":
			p.requests = append(p.requests, m.Params.Request.URL)
		}
		p.mu.Unlock()
	}
}

// call calls a method of the protocol.
func (p *tab) call(method string, params any) json.RawMessage {
	p.t.Helper()
	if params == nil {
		params = struct{}{}
	}
	p.mu.Lock()
	p.next++
	id := p.next
	c := make(chan json.RawMessage, 1)
	p.answers[id] = c
	p.mu.Unlock()
	b, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	if err != nil {
		p.t.Fatal(err)
	}
	p.send(b)
	select {
	case r := <-c:
		return r
	case <-time.After(patience):
		p.t.Fatalf("%s: no answer", method)
		return nil
	}
}

// load opens an address and waits for it.
func (p *tab) load(url string) {
	p.t.Helper()
	p.call("Page.navigate", map[string]any{"url": "about:blank"})
	p.wait()
	p.mu.Lock()
	p.console, p.requests = nil, nil
	p.mu.Unlock()
	p.call("Page.navigate", map[string]any{"url": url})
	p.wait()
}

func (p *tab) wait() {
	p.t.Helper()
	select {
	case <-p.loaded:
	case <-time.After(patience):
		p.t.Fatal("the page does not load")
	}
}

// size sets the view port and the colours.
func (p *tab) size(width, height int, dark bool) {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	p.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 640})
	p.call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]string{"name": "prefers-color-scheme", "value": scheme}}})
}

// eval evaluates an expression in the page; v gets its value.
func (p *tab) eval(expr string, v any) {
	p.t.Helper()
	if failed := p.try(expr, v); failed != "" {
		p.t.Fatalf("%s: %s", expr, failed)
	}
}

// try is eval that says what the page threw.
func (p *tab) try(expr string, v any) (failed string) {
	p.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
		Failed string
	}
	raw := p.call("Runtime.evaluate", map[string]any{"expression": expr, "returnByValue": true, "awaitPromise": true})
	if err := json.Unmarshal(raw, &r); err != nil {
		p.t.Fatal(err)
	}
	if x := r.ExceptionDetails; x != nil {
		return x.Text + " " + x.Exception.Description
	}
	if r.Failed != "" {
		return r.Failed
	}
	if v != nil {
		if err := json.Unmarshal(r.Result.Value, v); err != nil {
			return fmt.Sprintf("%s: %v", r.Result.Value, err)
		}
	}
	return ""
}

// is fails unless the expression gets that value soon: what a click does may
// come a moment after it, and the element that is asked for with it.
func (p *tab) is(expr string, want any) {
	p.t.Helper()
	const tries = 100
	var got any
	for range tries {
		failed := p.try(expr, &got)
		if failed != "" {
			got = failed
		} else if fmt.Sprint(got) == fmt.Sprint(want) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.t.Errorf("%s\n  is   %v\n  want %v", expr, got, want)
}

// key presses and releases a key.
func (p *tab) key(key string) {
	code := map[string]int{"ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39, "Enter": 13, "Escape": 27, "Home": 36, "End": 35, "Tab": 9}[key]
	down := map[string]any{"type": "rawKeyDown", "key": key, "windowsVirtualKeyCode": code}
	if len(key) == 1 {
		down = map[string]any{"type": "keyDown", "key": key, "text": key}
	}
	p.call("Input.dispatchKeyEvent", down)
	p.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "windowsVirtualKeyCode": code})
}

// place waits until what the selector finds lies still and uncovered in the
// view, and returns its middle: a page that is still being drawn, or scrolls,
// moves things between the question and the click.
func (p *tab) place(selector string) (x, y float64) {
	p.t.Helper()
	var at []float64
	p.eval(fmt.Sprintf(`(async () => {
		const sel = %q, frame = () => new Promise(r => requestAnimationFrame(r));
		let last = '', at = [0, 0];
		for (let n = 0; n < 300; n++) {
			const e = document.querySelector(sel);
			e.scrollIntoView({block: 'center', behavior: 'instant'});
			const r = e.getBoundingClientRect();
			at = [r.x + r.width / 2, r.y + r.height / 2];
			const top = document.elementFromPoint(...at);
			if (at.join() === last && top && (e.contains(top) || top.contains(e))) break;
			last = at.join();
			await frame();
		}
		return at;
	})()`, selector), &at)
	return at[0], at[1]
}

// click clicks into the middle of what the selector finds, and does so again
// when no click came to it: a browser may drop input before its first picture.
func (p *tab) click(selector string) {
	p.t.Helper()
	const tries = 5
	for range tries {
		x, y := p.place(selector)
		p.eval(fmt.Sprintf(`window.clicked = false; document.addEventListener('click', e => { window.clicked = window.clicked || !!e.target.closest(%q); }, {capture: true, once: true})`, selector), nil)
		for _, kind := range []string{"mousePressed", "mouseReleased"} {
			p.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1})
		}
		for range 50 {
			var clicked bool // or gone with the page that the click left
			if p.try(`window.clicked !== false`, &clicked) == "" && clicked {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	p.t.Errorf("%s cannot be clicked", selector)
}

// hover moves the pointer over what the selector finds.
func (p *tab) hover(selector string) {
	p.t.Helper()
	x, y := p.place(selector)
	p.call("Input.dispatchMouseEvent", map[string]any{"type": "mouseMoved", "x": x, "y": y})
}

// shot writes a screenshot for people to look at, into the folder that SHOTS names.
func (p *tab) shot(name string) {
	dir := os.Getenv("SHOTS")
	if dir == "" {
		return
	}
	var r struct{ Data []byte }
	if err := json.Unmarshal(p.call("Page.captureScreenshot", map[string]any{"format": "png"}), &r); err != nil {
		p.t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll(dir, 0o777), os.WriteFile(filepath.Join(dir, name+".png"), r.Data, 0o666)); err != nil {
		p.t.Fatal(err)
	}
}

// pages prints the page and returns on how many sheets.
func (p *tab) pages() int {
	p.t.Helper()
	var r struct{ Data []byte }
	if err := json.Unmarshal(p.call("Page.printToPDF", nil), &r); err != nil || !bytes.HasPrefix(r.Data, []byte("%PDF")) {
		p.t.Fatal("no PDF: ", err)
	}
	return bytes.Count(r.Data, []byte("/Type /Page\n")) // not /Pages
}

// quiet fails when the page complained, or asked for anything but itself.
func (p *tab) quiet(url string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.console {
		p.t.Errorf("console: %s", c)
	}
	for _, r := range p.requests {
		if r != url && r != "about:blank" && !strings.HasPrefix(r, url+"#") {
			p.t.Errorf("request: %s", r)
		}
	}
}
