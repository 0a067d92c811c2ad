package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"postmortem/internal/analyze"
)

// A served is a server at work, and a browser that was let in.
type served struct {
	*Server
	base, url string
	client    *http.Client
	form      string
	end       func()
}

// serve starts a server and opens its start page.
func serve(t *testing.T, limit int64, files ...string) *served {
	t.Helper()
	s := serveAt(t, limit, files...)
	jar, _ := cookiejar.New(nil) // never fails
	s.client = &http.Client{Jar: jar}
	body := s.get(t, s.url, http.StatusOK)
	m := regexp.MustCompile(`name="token" value="([0-9a-f]{32})"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatal("no form:", body)
	}
	s.form = m[1]
	return s
}

// serveAt starts a server for the length of the test.
func serveAt(t *testing.T, limit int64, files ...string) *served {
	t.Helper()
	return begin(t, &Server{Version: "postmortem (test)", Upload: limit}, files...)
}

// begin starts a server for the length of the test.
func begin(t *testing.T, server *Server, files ...string) *served {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &served{Server: server}
	urls, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- s.Serve(ctx, l, files, func(url string) { urls <- url }) }()
	s.url = <-urls
	s.base = strings.TrimSuffix(s.url[:strings.Index(s.url, "?")], "/")
	ended := false
	s.end = func() {
		if !ended {
			ended = true
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(s.end)
	return s
}

func (s *served) get(t *testing.T, url string, want int) string {
	t.Helper()
	resp, err := s.client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != want {
		t.Fatalf("%s: %s, want %d: %.200s", url, resp.Status, want, b)
	}
	return string(b)
}

// send uploads a file as the start page does.
func (s *served) send(t *testing.T, name string, content []byte, change func(*http.Request)) (status int, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("token", s.form)
	_ = w.WriteField("keep", "on")
	f, _ := w.CreateFormFile("file", name) // a buffer does not fail
	_, _ = f.Write(content)
	_ = w.Close()
	req, _ := http.NewRequest("POST", s.base+"/captures", &b)
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Accept", "application/json")
	if change != nil {
		change(req)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	all, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(all)
}

// finished waits until nothing is at work.
func (s *served) finished(t *testing.T) []listed {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var list []listed
		if err := json.Unmarshal([]byte(s.get(t, s.base+"/captures", 200)), &list); err != nil {
			t.Fatal(err)
		}
		busy := false
		for _, l := range list {
			busy = busy || l.Running
		}
		if !busy {
			return list
		}
	}
	t.Fatal("the analysis does not end")
	return nil
}

const webinar = "../../testdata/smtp_for_webinar.pcap"

// TestServe sends a capture and reads its reports.
// TestServeSecrets: the pages mask passwords unless they were asked for, and say which it is.
func TestServeSecrets(t *testing.T) {
	const password = "wonderland"
	for _, bare := range []bool{false, true} {
		s := begin(t, &Server{Version: "postmortem (test)", Upload: 1 << 20, Config: analyze.Config{ShowSecrets: bare}}, filepath.Join("..", "..", "testdata", "imap-append-literal.pcap"))
		jar, _ := cookiejar.New(nil) // never fails
		s.client = &http.Client{Jar: jar}
		if start := s.get(t, s.url, http.StatusOK); strings.Contains(start, "are masked in any case") == bare {
			t.Errorf("-show-secrets %v: the start page says the opposite", bare)
		}
		s.finished(t)
		report := s.get(t, s.base+"/captures/1/report.html", http.StatusOK)
		if strings.Contains(report, "LOGIN alice ***") == bare || strings.Contains(report, "LOGIN alice "+password) != bare || strings.Contains(report, "are masked") == bare {
			t.Errorf("-show-secrets %v: not so in the report", bare)
		}
		s.end()
	}
}

func TestServe(t *testing.T) {
	before := runtime.NumGoroutine()
	s := serve(t, 1<<20)
	capture, err := os.ReadFile(webinar)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := s.send(t, `..\..\<b>evil.pcap`, capture, nil); status != http.StatusCreated || !strings.Contains(body, `"id":1`) {
		t.Fatal(status, body)
	}
	list := s.finished(t)
	if len(list) != 1 || list[0].Sessions != 1 || list[0].Problems != 1 || list[0].Frames != 19 {
		t.Errorf("%+v", list)
	}
	report := s.get(t, s.base+"/captures/1/", 200)
	for _, want := range []string{"The mail was not sent", "&lt;b&gt;evil", `id="f16"`} {
		if !strings.Contains(report, want) {
			t.Errorf("the report has no %q", want)
		}
	}
	if strings.Contains(report, "<b>evil") || strings.Contains(report, s.dir) {
		t.Error("the name acts, or the private folder shows")
	}
	records := strings.Split(strings.TrimSpace(s.get(t, s.base+"/captures/1/report.json", 200)), "\n")
	for _, r := range records {
		if !json.Valid([]byte(r)) {
			t.Errorf("no JSON: %.100s", r)
		}
	}
	if status, _ := s.send(t, "x.zip", []byte("PK\x03\x04 is no capture"), nil); status != http.StatusCreated {
		t.Error(status)
	}
	if list := s.finished(t); list[0].State != "unreadable" || strings.Contains(list[0].Verdict, s.dir) || strings.Contains(list[0].Verdict, list[0].Name+": ") {
		t.Errorf("%+v", list[0])
	}
	resp, err := s.client.PostForm(s.base+"/captures/1/delete", map[string][]string{"token": {s.form}})
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	s.get(t, s.base+"/captures/1/", 404)
	dir := s.dir
	s.client.CloseIdleConnections()
	s.end()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("the private folder is left:", err)
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// TestServeFile analyses what stands on the command line, and leaves it alone.
func TestServeFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.pcap")
	b, err := os.ReadFile(webinar)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, 0, name)
	if list := s.finished(t); len(list) != 1 || list[0].Name != "a.pcap" {
		t.Errorf("%+v", list)
	}
	s.end()
	if _, err := os.Stat(name); err != nil {
		t.Error(err)
	}
}

// TestServeRefuses tries what other sites, other users and broken clients send.
func TestServeRefuses(t *testing.T) {
	s := serve(t, 1000)
	stranger := &http.Client{}
	get := func(c *http.Client, path string, change func(*http.Request)) int {
		req, err := http.NewRequest("GET", s.base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(req)
		}
		direct := *c // what the answer itself is, not where it leads
		direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		resp, err := direct.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: headers are missing", path)
		}
		return resp.StatusCode
	}
	for _, c := range []struct {
		name   string
		client *http.Client
		path   string
		change func(*http.Request)
		want   int
	}{
		{"no token", stranger, "/", nil, 403},
		{"wrong token", stranger, "/?token=0", nil, 403},
		{"token used twice", stranger, s.url[len(s.base):], nil, 403},
		{"data without cookie", stranger, "/captures", nil, 403},
		{"foreign host", s.client, "/", func(r *http.Request) { r.Host = "evil.example" }, 403},
		{"foreign origin", s.client, "/captures", func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, 403},
		{"null origin", s.client, "/captures", func(r *http.Request) { r.Header.Set("Origin", "null") }, 403},
		{"pprof", s.client, "/debug/pprof/", nil, 404},
		{"vars", s.client, "/debug/vars", nil, 404},
		{"path", s.client, "/captures/..%2f..%2fetc%2fpasswd/", nil, 404},
		{"path of dots", s.client, "/captures/1/../../../etc/passwd", nil, 404},
		{"double slash", s.client, "//captures", nil, 404},
		{"number", s.client, "/captures/99999999999999999999/", nil, 404},
		{"negative", s.client, "/captures/-1/", nil, 404},
		{"no such file", s.client, "/favicon.ico", nil, 404},
	} {
		if got := get(c.client, c.path, c.change); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		name   string
		bytes  int
		change func(*http.Request)
		want   int
	}{
		{"over the limit", 1001, nil, 413},
		{"foreign origin", 10, func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, 403},
		{"foreign site", 10, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		{"no form", 10, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 400},
		{"wrong cookie before the right one", 10, func(r *http.Request) { r.Header.Set("Cookie", "postmortem=x") }, 403},
	} {
		if got, body := s.send(t, "x", bytes.Repeat([]byte{1}, c.bytes), c.change); got != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, got, c.want, body)
		}
	}
	real := s.form
	s.form = strings.Repeat("0", 32)
	if got, _ := s.send(t, "x", []byte("x"), nil); got != 403 {
		t.Errorf("wrong form token: %d", got)
	}
	s.form = real
	if files, err := os.ReadDir(s.dir); err != nil || len(files) > 2 {
		t.Errorf("%d files are left, %v", len(files), err)
	}
}

// TestServeSlow holds a connection open without finishing its head.
func TestServeSlow(t *testing.T) {
	s := serve(t, 0)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: ")); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(headerTime + 10*time.Second)) // a TCP connection has one
	if _, err := io.ReadAll(conn); err != nil {
		t.Error("a slow client is kept:", err)
	}
}

// TestServeStops ends the server in the midst of the work, and takes a capture
// out of the list while it is read: both at once, and nothing is left.
func TestServeStops(t *testing.T) {
	b, err := os.ReadFile(webinar)
	if err != nil {
		t.Fatal(err)
	}
	const head, size = 24, 24 << 20 // of a pcap file; long enough to be found at work
	big := append([]byte{}, b...)
	for len(big) < size {
		big = append(big, b[head:]...)
	}
	name := filepath.Join(t.TempDir(), "big.pcap")
	if err := os.WriteFile(name, big, 0o600); err != nil {
		t.Fatal(err)
	}
	const soon = time.Second // half of it is promised; the machine may be busy
	before := runtime.NumGoroutine()
	for _, after := range []time.Duration{0, 30 * time.Millisecond, 150 * time.Millisecond, 400 * time.Millisecond} {
		s := serve(t, 0, name)
		time.Sleep(after)
		s.client.CloseIdleConnections()
		start := time.Now()
		s.end()
		if d := time.Since(start); d > soon {
			t.Errorf("after %v it takes %v to stop", after, d)
		}
	}
	s := serve(t, 0)
	mute, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	start := time.Now()
	if s.end(); time.Since(start) > soon {
		t.Errorf("it takes %v to stop while somebody is connected who asks for nothing", time.Since(start))
	}
	s = serve(t, 0)
	if status, body := s.send(t, "big.pcap", big, nil); status != http.StatusCreated {
		t.Fatal(status, body)
	}
	info, err := os.Stat(s.dir)
	if err != nil || info.Mode().Perm() != 0o700 && runtime.GOOS != "windows" {
		t.Errorf("the folder is not private: %v, %v", info.Mode(), err)
	}
	files, err := os.ReadDir(s.dir)
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, f := range files {
		if info, err := f.Info(); err == nil && info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("%s is not private: %v", f.Name(), info.Mode())
		}
	}
	resp, err := s.client.PostForm(s.base+"/captures/1/delete", map[string][]string{"token": {s.form}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for end := time.Now().Add(3 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if files, err = os.ReadDir(s.dir); err == nil && len(files) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d files are left, %v", len(files), err)
		}
	}
	s.client.CloseIdleConnections()
	s.end()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
