package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
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
	opt := DissectOptions(keys, s.Config)
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
		detail = detailsOf(d.Frame(win, i))
		return true, nil
	})
	if err != nil || detail == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(detail) // the browser may have gone
}

// cut sends the packets of one session as a capture file.
func (s *Server) cut(w http.ResponseWriter, r *http.Request) {
	c := s.kept(w, r)
	if c == nil {
		return
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	var v *view
	s.mu.Lock()
	for _, x := range c.page.sessions {
		if err == nil && x.ID == n {
			v = x
		}
	}
	s.mu.Unlock()
	if v == nil {
		http.NotFound(w, r)
		return
	}
	f, err := os.CreateTemp(s.dir, "cut-")
	if err != nil {
		http.Error(w, "no place for it", http.StatusInternalServerError)
		return
	}
	defer func() { f.Close(); os.Remove(f.Name()) }()
	key, _ := reasm.KeyOf(v.Client.Addr.Addr().As16(), v.Server.Addr.Addr().As16(), v.Client.Addr.Port(), v.Server.Addr.Port())
	var out *pcap.Writer
	var link uint16
	var dec layers.Decoder
	var pkt layers.Packet
	err = eachFrame(c.path, func(win *pcap.Window, i int) (bool, error) {
		row, number := &win.Rows[i], win.Frame(i)
		if number > v.Last {
			return true, nil
		}
		dec.Decode(row.Link, win.Bytes(i), row.Wire, row.Time, &pkt)
		if number < v.First || pkt.Has&layers.HasTCP == 0 {
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
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": shown(c.name) + "-session-" + strconv.Itoa(n) + ".pcap"}))
	_, _ = io.Copy(w, f) // the browser may have gone
}
