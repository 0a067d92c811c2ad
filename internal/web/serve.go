package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	pathpkg "path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"postmortem/internal/analyze"
	"postmortem/internal/report"
	"postmortem/internal/verdict"
)

//go:embed assets/start.html
var startHTML string

//go:embed assets/start.css
var onlyStartCSS string

var startCSS = tokensCSS + onlyStartCSS

//go:embed assets/start.js
var startJS string

var startPage = sync.OnceValue(func() *template.Template { return template.Must(template.New("start").Parse(startHTML)) })

// Bounds of the server.
const (
	// DefaultUpload is the size of a file that may be sent.
	DefaultUpload = 1 << 30

	maxCaptures  = 100              // in the list; the oldest finished one gives way
	maxAnalyses  = 2                // at a time; others wait
	maxKeyLog    = 16 << 20         // bytes
	maxForm      = 4 << 10          // bytes of a field of the form
	headerTime   = 5 * time.Second  // for the head of a request
	headerBytes  = 64 << 10         //
	stallTime    = 30 * time.Second // an upload that stands still for so long is cut
	idleTime     = 2 * time.Minute
	shutdownTime = 500 * time.Millisecond // for answers on their way; a connection without a request is cut then
)

// Errors of uploads.
var (
	errTooLarge = errors.New("the file is larger than the server takes")
	errNoFile   = errors.New("no file was sent")
)

// A Server shows captures to a browser on the same machine. Who has not come
// by the address that was printed sees nothing.
type Server struct {
	Version string
	Upload  int64          // bytes of a file that may be sent, 0: DefaultUpload
	Config  analyze.Config // of every analysis: memory, ports, limits, key logs
	TZ      *time.Location
	Open    bool // listens beyond the loopback interface: any Host is answered

	mux    http.ServeMux
	hosts  []string // that a request may name
	dir    string   // of what was sent
	once   string   // token of the first visit, "" when it was used
	cookie string
	form   string // token of changes

	mu       sync.Mutex
	captures []*capture
	number   int
	slots    chan struct{}
	running  sync.WaitGroup
	ctx      context.Context
}

// A capture is one entry of the list.
type capture struct {
	id     int
	name   string
	path   string
	sent   bool // the file is ours, and goes when the capture does
	keep   bool
	keys   string // a key log that came with it
	cancel context.CancelFunc

	// Under the lock of the server.
	state   string // running, done, unreadable
	done    int64
	size    int64
	live    analyze.Live
	frames  uint64
	verdict string
	outcome verdict.Outcome
	page    *Page
	html    string // the finished report, a file
	json    string
}

// Serve answers requests until ctx is done. begin is told the address to open.
// files are analysed at once.
func (s *Server) Serve(ctx context.Context, l net.Listener, files []string, begin func(url string)) error {
	dir, err := os.MkdirTemp("", "postmortem-")
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	s.prepare(ctx, dir, l.Addr().String())
	defer func() {
		stop()
		s.running.Wait()
		os.RemoveAll(dir)
	}()
	for _, f := range files {
		s.add(&capture{name: filepath.Base(f), path: f, keep: true})
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: headerBytes}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	begin("http://" + l.Addr().String() + "/?token=" + s.once)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	out, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := server.Shutdown(out); err != nil {
		return server.Close()
	}
	return nil
}

// prepare makes tokens and routes.
func (s *Server) prepare(ctx context.Context, dir, address string) {
	s.ctx, s.dir = ctx, dir
	s.once, s.cookie, s.form = token(), token(), token()
	s.slots = make(chan struct{}, maxAnalyses)
	s.Upload = max(s.Upload, 0)
	if s.Upload == 0 {
		s.Upload = DefaultUpload
	}
	_, port, _ := net.SplitHostPort(address)
	s.hosts = []string{address, "localhost:" + port, "127.0.0.1:" + port, "[::1]:" + port}
	s.mux.HandleFunc("GET /{$}", s.start)
	s.mux.HandleFunc("GET /captures", s.list)
	s.mux.HandleFunc("POST /captures", s.upload)
	s.mux.HandleFunc("POST /captures/{id}/delete", s.remove)
	s.mux.HandleFunc("GET /captures/{id}/{$}", s.report)
	s.mux.HandleFunc("GET /captures/{id}/frame/{n}", s.frame)
	s.mux.HandleFunc("GET /captures/{id}/session/{n}/session.pcap", s.cut)
	s.mux.HandleFunc("GET /captures/{id}/session/{n}/dialog.txt", s.dialog)
	s.mux.HandleFunc("GET /captures/{id}/report.html", s.saveHTML)
	s.mux.HandleFunc("GET /captures/{id}/report.json", s.saveJSON)
}

func token() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// ServeHTTP checks who asks before anything else.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	switch {
	case !s.Open && !slices.Contains(s.hosts, r.Host):
		http.Error(w, "this server answers to its own address only", http.StatusForbidden)
		return
	case !s.sameOrigin(r):
		http.Error(w, "requests of other sites are refused", http.StatusForbidden)
		return
	}
	if !s.known(w, r) {
		return
	}
	if p := pathpkg.Clean(r.URL.Path); p != r.URL.Path && p+"/" != r.URL.Path { // no page of ours links there; the mux would redirect
		http.NotFound(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// sameOrigin reports that no other site has sent the browser here with a change.
func (s *Server) sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); r.Method != http.MethodGet && site != "" && site != "same-origin" && site != "none" {
		return false
	}
	origin := r.Header.Get("Origin")
	return origin == "" || origin == "http://"+r.Host
}

// known lets in whoever has the cookie. The token of the printed address gives
// it, once.
func (s *Server) known(w http.ResponseWriter, r *http.Request) bool {
	if c, err := r.Cookie("postmortem"); err == nil && same(s.cookie, c.Value) {
		if r.URL.Path == "/" && r.URL.RawQuery != "" {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return false
		}
		return true
	}
	s.mu.Lock()
	ok := r.Method == http.MethodGet && r.URL.Path == "/" && same(s.once, r.URL.Query().Get("token"))
	if ok {
		s.once = ""
	}
	s.mu.Unlock()
	if !ok {
		http.Error(w, "open the address that postmortem printed when it started; it works once, in one browser", http.StatusForbidden)
		return false
	}
	http.SetCookie(w, &http.Cookie{Name: "postmortem", Value: s.cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return false
}

// A listed capture is one row of the start page.
type listed struct {
	ID                                           int     `json:"id"`
	Name                                         string  `json:"name"`
	State                                        string  `json:"state"`
	Running                                      bool    `json:"running"`
	Share                                        float64 `json:"share"`
	Verdict                                      string  `json:"verdict"`
	Sessions                                     int     `json:"sessions"`
	Problems                                     int     `json:"problems"`
	Frames                                       uint64  `json:"frames"`
	Bytes                                        int64   `json:"bytes"`
	Done, Bad                                    bool    `json:"-"`
	Rank                                         int     `json:"-"`
	Class, Sign                                  string  `json:"-"`
	SessionsText, ProblemsText, FramesText, Size string  `json:"-"`
}

// rows describes the list, the newest first.
func (s *Server) rows() (all []listed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.captures) - 1; i >= 0; i-- {
		c := s.captures[i]
		l := listed{ID: c.id, Name: shown(c.name), State: c.state, Sessions: int(c.live.Sessions.Load()), Problems: int(c.live.Problems.Load()), Frames: c.frames, Bytes: c.size, Verdict: shown(c.verdict), Size: sizeText(c.size)}
		switch c.state {
		case "running":
			l.Running, l.Rank = true, -1
			if c.size > 0 {
				l.Share = min(1, float64(c.done)/float64(c.size))
			}
			l.Verdict = fmt.Sprintf("%.0f %%, %s so far, %s with problems", 100*l.Share, plural(uint64(l.Sessions), "session", "sessions"), group(uint64(l.Problems)))
		case "done":
			l.Done = true
			l.Class, l.Sign = outcomeIcons[c.outcome].Class, outcomeIcons[c.outcome].Sign
			l.State, l.Rank = outcomeWords[c.outcome], int(verdict.OutcomeFailed-c.outcome)
			if l.Sessions == 0 {
				l.State, l.Class, l.Sign, l.Bad = "no mail", "none", "none", true
			}
			l.SessionsText, l.ProblemsText, l.FramesText = group(uint64(l.Sessions)), group(uint64(l.Problems)), group(c.frames)
		default:
			l.Class, l.Sign, l.Bad, l.Rank = "none", "none", true, 5
		}
		all = append(all, l)
	}
	return all
}

func sizeText(n int64) string {
	switch {
	case n < 1<<10:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<10), 'f', 1, 64) + " KiB"
	case n < 1<<30:
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB"
	}
	return strconv.FormatFloat(float64(n)/(1<<30), 'f', 1, 64) + " GiB"
}

// start shows the start page.
func (s *Server) start(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", policy(startCSS, startJS, "connect-src 'self'; form-action 'self'; frame-ancestors 'none'"))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	reach, kept := "this machine only", "until the server stops, in a private folder"
	if s.Open {
		reach = "the network: whoever reads along sees what you see"
	}
	_ = startPage().Execute(w, map[string]any{ // the browser may have gone
		"Style": template.CSS(startCSS), "Script": template.JS(startJS), "Icons": template.HTML(iconsSVG), "Address": r.Host, "Reach": reach, "Kept": kept,
		"Token": s.form, "Limit": sizeText(s.Upload), "Bare": s.Config.ShowSecrets, "Captures": s.rows(), "Version": s.Version,
	})
}

// list says how far everything is.
func (s *Server) list(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	rows := s.rows()
	if rows == nil {
		rows = []listed{}
	}
	_ = json.NewEncoder(w).Encode(rows) // the browser may have gone
}

// upload takes a capture, and a key log with it.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	r.Body = http.MaxBytesReader(w, r.Body, s.Upload+maxKeyLog+1<<20)
	if n := r.ContentLength; n > s.Upload+maxKeyLog+1<<20 {
		refuse(w, errTooLarge)
		return
	}
	parts, err := r.MultipartReader()
	if err != nil {
		http.Error(w, "a file is sent as multipart/form-data", http.StatusBadRequest)
		return
	}
	fields := map[string]string{}
	var added []*capture
	keys := ""
	for {
		_ = control.SetReadDeadline(time.Now().Add(stallTime)) // not every connection has one
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			refuse(w, err)
			return
		}
		switch name := part.FormName(); name {
		case "file", "keylog":
			if !same(s.form, fields["token"]) {
				http.Error(w, "this form is not of the page that is open; reload it", http.StatusForbidden)
				return
			}
			limit := s.Upload
			if name == "keylog" {
				limit = maxKeyLog
			}
			path, n, err := s.store(&steady{part, control}, limit)
			if err != nil {
				refuse(w, err)
				return
			}
			switch {
			case n == 0 && part.FileName() == "":
				os.Remove(path)
			case name == "keylog":
				keys = path
			default:
				c := &capture{name: nameOf(part.FileName()), path: path, sent: true, keep: fields["keep"] != "", keys: keys, size: n}
				added = append(added, c)
				s.add(c)
			}
		case "token", "keep":
			b, err := io.ReadAll(io.LimitReader(part, maxForm))
			if err != nil {
				refuse(w, err)
				return
			}
			fields[name] = string(b)
		}
	}
	if len(added) == 0 {
		refuse(w, errNoFile)
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, "{\"id\":%d}\n", added[0].id)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// A steady reader gives the other side some time for every piece, not for all.
type steady struct {
	io.Reader
	control *http.ResponseController
}

func (s *steady) Read(p []byte) (int, error) {
	_ = s.control.SetReadDeadline(time.Now().Add(stallTime)) // not every connection has one
	return s.Reader.Read(p)
}

// refuse says why an upload was not taken.
func refuse(w http.ResponseWriter, err error) {
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, errTooLarge), errors.As(err, &large):
		http.Error(w, errTooLarge.Error(), http.StatusRequestEntityTooLarge)
	case errors.Is(err, os.ErrDeadlineExceeded):
		http.Error(w, "nothing came for too long", http.StatusRequestTimeout)
	case errors.Is(err, errNoFile), errors.Is(err, io.ErrUnexpectedEOF):
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		http.Error(w, "the file could not be stored", http.StatusInternalServerError)
	}
}

// store writes a file into the private folder.
func (s *Server) store(r io.Reader, limit int64) (path string, n int64, err error) {
	f, err := os.CreateTemp(s.dir, "capture-")
	if err != nil {
		return "", 0, err
	}
	n, err = io.Copy(f, io.LimitReader(r, limit+1))
	err = errors.Join(err, f.Close())
	if err == nil && n > limit {
		err = errTooLarge
	}
	if err != nil {
		os.Remove(f.Name())
		return "", 0, err
	}
	return f.Name(), n, nil
}

// nameOf is the name of a file that was sent, for people; it is no path.
func nameOf(name string) string {
	name = filepath.Base(strings.ReplaceAll(name, `\`, "/"))
	if name == "." || name == "/" || name == "" {
		return "capture"
	}
	return name
}

// add puts a capture into the list and starts its analysis.
func (s *Server) add(c *capture) {
	ctx, cancel := context.WithCancel(s.ctx)
	s.mu.Lock()
	s.number++
	c.id, c.state, c.cancel = s.number, "running", cancel
	if c.size == 0 {
		c.size = Size([]string{c.path})
	}
	s.captures = append(s.captures, c)
	var old *capture
	if len(s.captures) > maxCaptures {
		if i := slices.IndexFunc(s.captures, func(o *capture) bool { return o.state != "running" }); i >= 0 {
			old = s.captures[i]
			s.captures = slices.Delete(s.captures, i, i+1)
		}
	}
	s.mu.Unlock()
	if old != nil {
		s.drop(old)
	}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer cancel()
		select {
		case s.slots <- struct{}{}:
			s.analyse(ctx, c)
			<-s.slots
		case <-ctx.Done():
		}
	}()
}

// analyse makes the reports of a capture.
func (s *Server) analyse(ctx context.Context, c *capture) {
	err := s.make(ctx, c)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.state = "done"
	if err != nil {
		c.state = "unreadable"
		c.verdict = strings.ReplaceAll(strings.TrimPrefix(err.Error(), c.path+": "), c.path, c.name) // its name stands beside it
	}
	if c.sent && !c.keep {
		os.Remove(c.path)
	}
	if c.keys != "" {
		os.Remove(c.keys)
	}
}

func (s *Server) make(ctx context.Context, c *capture) (err error) {
	jsonFile, err := os.CreateTemp(s.dir, "report-")
	if err != nil {
		return err
	}
	defer jsonFile.Close()
	defer func() {
		if err != nil {
			os.Remove(jsonFile.Name())
		}
	}()
	page := &Page{Version: s.Version, TZ: s.TZ, Cancel: ctx.Done()}
	cfg := s.Config
	cfg.Files, cfg.Contain, cfg.Cancel = []string{c.path}, true, ctx.Done()
	page.Prepare(&cfg)
	if c.keys != "" {
		cfg.KeyLogs = append(slices.Clip(cfg.KeyLogs), c.keys)
	}
	cfg.Progress = func(done, _ int64) {
		s.mu.Lock()
		c.done = done
		s.mu.Unlock()
	}
	cfg.Live = &c.live
	if _, err := analyze.Run(&cfg, &renamed{Tee(page, &report.JSON{Out: jsonFile}), c}); err != nil {
		return err
	}
	keys, err := analyze.ReadKeys(cfg.KeyLogs)
	if err != nil {
		return err
	}
	if err := page.Look([]string{c.path}, DissectOptions(keys, cfg, s.TZ)); err != nil {
		return err
	}
	htmlFile, err := os.CreateTemp(s.dir, "report-")
	if err != nil {
		return err
	}
	defer htmlFile.Close()
	page.Served = c.keep
	if err := page.Write(htmlFile); err != nil {
		os.Remove(htmlFile.Name())
		return err
	}
	page.forget()
	s.mu.Lock()
	defer s.mu.Unlock()
	c.page = page
	c.html, c.json = htmlFile.Name(), jsonFile.Name()
	c.frames, c.verdict, c.outcome = page.summary.Frames, page.summary.Headline, page.worst()
	if v := page.first(); v != nil && page.summary.Sessions == 1 {
		c.verdict, _ = headline(v)
	}
	if page.summary.Sessions == 0 {
		c.verdict = "No mail found in " + plural(c.frames, "frame", "frames")
	}
	return nil
}

// A renamed sink shows a file by the name that it was sent with.
type renamed struct {
	analyze.Sink
	c *capture
}

func (r *renamed) Capture(c *verdict.Capture) error {
	for i := range c.Files {
		c.Files[i].Name = r.c.name
	}
	return r.Sink.Capture(c)
}

// find returns the capture of a request.
func (s *Server) find(w http.ResponseWriter, r *http.Request) *capture {
	id, err := strconv.Atoi(r.PathValue("id"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.captures, func(c *capture) bool { return err == nil && c.id == id }); i >= 0 {
		return s.captures[i]
	}
	http.NotFound(w, r)
	return nil
}

// file sends a finished report.
func (s *Server) file(w http.ResponseWriter, r *http.Request, path func(*capture) string, kind, save string) {
	c := s.find(w, r)
	if c == nil {
		return
	}
	s.mu.Lock()
	name, as := path(c), c.name
	s.mu.Unlock()
	f, err := os.Open(name)
	if err != nil {
		http.NotFound(w, r) // not ready, or gone
		return
	}
	defer f.Close()
	w.Header().Set("Content-Type", kind)
	if save != "" {
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": shown(as) + save}))
	}
	_, _ = io.Copy(w, f) // the browser may have gone
}

func (s *Server) report(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", policy(reportCSS(), reportJS(), "connect-src 'self'; form-action 'none'; frame-ancestors 'none'"))
	s.file(w, r, func(c *capture) string { return c.html }, "text/html; charset=utf-8", "")
}

func (s *Server) saveHTML(w http.ResponseWriter, r *http.Request) {
	s.file(w, r, func(c *capture) string { return c.html }, "text/html; charset=utf-8", ".html")
}

func (s *Server) saveJSON(w http.ResponseWriter, r *http.Request) {
	s.file(w, r, func(c *capture) string { return c.json }, "application/x-ndjson", ".json")
}

// remove takes a capture out of the list.
func (s *Server) remove(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil || !same(s.form, r.PostForm.Get("token")) {
		http.Error(w, "this form is not of the page that is open; reload it", http.StatusForbidden)
		return
	}
	c := s.find(w, r)
	if c == nil {
		return
	}
	s.mu.Lock()
	s.captures = slices.DeleteFunc(s.captures, func(o *capture) bool { return o == c })
	s.mu.Unlock()
	s.drop(c)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// drop removes what is left of a capture.
func (s *Server) drop(c *capture) {
	c.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range []string{c.html, c.json} {
		if f != "" {
			os.Remove(f)
		}
	}
	if c.sent {
		os.Remove(c.path)
	}
}
