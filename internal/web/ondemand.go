package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/report"
	"postmortem/internal/verdict"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
)

// cutSnap is the snap length of files that are written: that of tcpdump.
const cutSnap = 262144

// eachFrame gives the frames of a file to do until it says that it has enough.
func eachFrame(path string, do func(w *pcap.Window, i int) (enough bool, err error)) error {
	r, err := pcap.Open([]string{path}, pcap.Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	var w pcap.Window
	for {
		failed := r.Next(&w)
		for i := range w.Rows {
			if enough, err := do(&w, i); enough || err != nil {
				return err
			}
		}
		if failed != nil {
			if errors.Is(failed, io.EOF) {
				return nil
			}
			return failed
		}
	}
}

// kept is the capture of a request whose frames can be read again.
func (s *Server) kept(w http.ResponseWriter, r *http.Request) *capture {
	c := s.find(w, r)
	if c == nil {
		return nil
	}
	s.mu.Lock()
	ok := c.state == "done" && c.keep
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return nil
	}
	return c
}

// frame sends the fields and bytes of one frame. All frames before it are read
// for it: what it means depends on them.
func (s *Server) frame(w http.ResponseWriter, r *http.Request) {
	c := s.kept(w, r)
	if c == nil {
		return
	}
	n, err := strconv.ParseUint(r.PathValue("n"), 10, 32)
	keys, failed := analyze.ReadKeys(s.Config.KeyLogs)
	if err != nil || failed != nil || n == 0 {
		http.NotFound(w, r)
		return
	}
	opt := DissectOptions(keys, s.Config, s.TZ)
	opt.Level = dissect.List
	d := dissect.New(opt)
	var detail []byte
	err = eachFrame(c.path, func(win *pcap.Window, i int) (bool, error) {
		if err := r.Context().Err(); err != nil {
			return true, err
		}
		if i == 0 {
			addSecrets(keys, win)
		}
		if uint64(win.Frame(i)) < n {
			d.Frame(win, i)
			return false, nil
		}
		d.SetLevel(dissect.Tree)
		detail = detailsOf(d.Frame(win, i), nil)
		return true, nil
	})
	if err != nil || detail == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(detail) // the browser may have gone
}

// session is the session of a request, of a capture whose frames can be read again.
func (s *Server) session(w http.ResponseWriter, r *http.Request) (c *capture, v row, ok bool) {
	if c = s.kept(w, r); c == nil {
		return nil, row{}, false
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	s.mu.Lock()
	x := c.page.listed(n)
	if ok = err == nil && x != nil; ok {
		v = *x
	}
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
	}
	return c, v, ok
}

// dialog sends the dialog of one session as text, as postmortem follow prints it.
func (s *Server) dialog(w http.ResponseWriter, r *http.Request) {
	c, v, ok := s.session(w, r)
	if !ok {
		return
	}
	select { // it is an analysis like any other
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-r.Context().Done():
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	f := &report.Follow{Out: w, Session: v.id, Proto: strings.ToUpper(v.proto.String()), Client: v.client, Server: v.server,
		First: v.first, Last: v.last, Start: v.start, UTF8: true}
	if f.Begin() != nil {
		return // the browser has gone
	}
	cfg := s.Config
	cfg.Files, cfg.Contain, cfg.Cancel = []string{c.path}, true, r.Context().Done()
	cfg.Tap = &analyze.Tap{First: v.first, Said: f.Said}
	_, err := analyze.Run(&cfg, nobody{})
	if err == nil {
		err = f.End()
	}
	if err != nil && r.Context().Err() == nil {
		_, _ = io.WriteString(w, "\nThe capture could not be read to its end.\n")
	}
}

// nobody is a sink for an analysis of which only the tap is wanted.
type nobody struct{}

func (nobody) Capture(*verdict.Capture) error { return nil }
func (nobody) Session(*verdict.Session) error { return nil }
func (nobody) Host(*verdict.Host) error       { return nil }
func (nobody) Summary(*verdict.Summary) error { return nil }

// cut sends the packets of one session as a capture file.
func (s *Server) cut(w http.ResponseWriter, r *http.Request) {
	c, v, ok := s.session(w, r)
	if !ok {
		return
	}
	f, err := os.CreateTemp(s.dir, "cut-")
	if err != nil {
		http.Error(w, "no place for it", http.StatusInternalServerError)
		return
	}
	defer func() { f.Close(); os.Remove(f.Name()) }()
	key, _ := reasm.KeyOf(v.client.Addr().As16(), v.server.Addr().As16(), v.client.Port(), v.server.Port())
	var out *pcap.Writer
	var link uint16
	var dec layers.Decoder
	var pkt layers.Packet
	err = eachFrame(c.path, func(win *pcap.Window, i int) (bool, error) {
		row, number := &win.Rows[i], win.Frame(i)
		if number > v.last {
			return true, nil
		}
		dec.Decode(row.Link, win.Bytes(i), row.Wire, row.Time, &pkt)
		if number < v.first || pkt.Has&layers.HasTCP == 0 {
			return false, r.Context().Err()
		}
		if k, _ := reasm.MakeKey(&pkt); k != key || out != nil && row.Link != link {
			return false, nil
		}
		if out == nil {
			link = row.Link
			var err error
			if out, err = pcap.NewWriter(f, link, cutSnap, true); err != nil {
				return false, err
			}
		}
		return false, out.Write(row.Time, row.Wire, win.Bytes(i))
	})
	if err == nil && out != nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil || out == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.tcpdump.pcap")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": shown(c.name) + "-session-" + strconv.Itoa(v.id) + ".pcap"}))
	_, _ = io.Copy(w, f) // the browser may have gone
}
