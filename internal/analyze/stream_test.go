package analyze

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postmortem/internal/verdict"
	"postmortem/pcap"
)

// A shot is a frame of a capture that a test makes.
type shot struct {
	time int64
	wire uint32
	data []byte
}

// shots reads the frames of a capture of Ethernet, and makes the first one's
// time zero. Of other captures there are none.
func shots(t testing.TB, name string) (list []shot) {
	t.Helper()
	r, err := pcap.Open([]string{name}, pcap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var w pcap.Window
	for r.Next(&w) == nil {
		for i := range w.Rows {
			if row := &w.Rows[i]; row.Link == 1 {
				list = append(list, shot{row.Time, row.Wire, bytes.Clone(w.Bytes(i))})
			}
		}
	}
	if len(list) > 0 {
		first := list[0].time
		for i := range list {
			list[i].time -= first
		}
	}
	return list
}

// later moves frames in time and, when port is not 0, to another port of the server.
func later(list []shot, by time.Duration, port uint16) []shot {
	list = slices.Clone(list)
	for i := range list {
		s := &list[i]
		s.time += int64(by)
		if port == 0 {
			continue
		}
		s.data = bytes.Clone(s.data)
		tcp := 14 + int(s.data[14]&0xf)*4
		at := tcp
		if binary.BigEndian.Uint16(s.data[tcp:]) >= 1024 {
			at += 2
		}
		binary.BigEndian.PutUint16(s.data[at:], port)
		binary.BigEndian.PutUint16(s.data[tcp+16:], 0)
	}
	return list
}

// write writes frames in order of their times.
func write(t testing.TB, out io.Writer, start time.Time, parts ...[]shot) {
	t.Helper()
	w, err := pcap.NewWriter(out, 1, 1<<18, true)
	if err != nil {
		t.Error(err)
	}
	send(w, start, parts...)
}

// send does not mind that nobody reads any more.
func send(w *pcap.Writer, start time.Time, parts ...[]shot) {
	list := slices.Concat(parts...)
	slices.SortStableFunc(list, func(a, b shot) int { return cmp.Compare(a.time, b.time) })
	for _, s := range list {
		if w.Write(start.UnixNano()+s.time, s.wire, s.data) != nil {
			return
		}
	}
}

var long = time.Date(2015, 5, 5, 5, 5, 5, 0, time.UTC)

// numbered sorts sessions by number, and checks that these are those of their first frames.
func numbered(t testing.TB, name string, c *collector) {
	t.Helper()
	slices.SortFunc(c.sessions, func(a, b *verdict.Session) int { return cmp.Compare(a.ID, b.ID) })
	for i, s := range c.sessions {
		if s.ID != i+1 || i > 0 && s.First <= c.sessions[i-1].First {
			t.Errorf("%s: session %d with first frame %d is the %d.", name, s.ID, s.First, i+1)
		}
	}
}

// order is the numbers of the sessions as they came.
func order(c *collector) (list []int) {
	for _, s := range c.sessions {
		list = append(list, s.ID)
	}
	return list
}

// dribble hands out a few bytes at a time, so that windows end anywhere.
type dribble struct {
	r io.Reader
	n int
}

func (d *dribble) Read(p []byte) (int, error) {
	d.n = d.n*7%4093 + 1
	return d.r.Read(p[:min(len(p), d.n)])
}

// TestStreamSame: a capture from a pipe has the sessions that it has from a
// file, with the same numbers, whatever the windows and workers are, and in an
// order that depends on neither.
func TestStreamSame(t *testing.T) {
	names, err := filepath.Glob(seeds + "*.pcap*")
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	var parts [][]shot
	for i, name := range names {
		if list := shots(t, name); len(list) < 400 {
			for n := range 3 {
				parts = append(parts, later(list, time.Duration(i)*1700*time.Millisecond+time.Duration(n)*23*time.Minute, 0))
			}
		}
	}
	merged := filepath.Join(t.TempDir(), "merged.pcap")
	var out bytes.Buffer
	write(t, &out, long, parts...)
	if err := os.WriteFile(merged, out.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, merged) {
		want := collect(t, name)
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var came []int
		for n, in := range []io.Reader{bytes.NewReader(b), bytes.NewReader(b), &dribble{bytes.NewReader(b), 2}, bytes.NewReader(b)} {
			got := new(collector)
			cfg := &Config{Files: []string{"-"}, Stdin: in, All: true, Streaming: true, Workers: []int{1, 2, 7, 2}[n], Window: []int{0, 0, 0, 4000}[n], Scribble: true}
			if _, err := Run(cfg, got); err != nil {
				t.Fatal(name, err)
			}
			if list := order(got); came == nil {
				came = list
			} else if !slices.Equal(list, came) {
				t.Errorf("%s: order %v, before %v", name, list, came)
			}
			numbered(t, name, got)
			if len(got.sessions) != len(want.sessions) {
				t.Errorf("%s: %d sessions, want %d", name, len(got.sessions), len(want.sessions))
				continue
			}
			for i, s := range got.sessions {
				if !reflect.DeepEqual(s, want.sessions[i]) {
					t.Errorf("%s: session %d differs:\n%+v\n%+v", name, s.ID, s, want.sessions[i])
				}
			}
			if !reflect.DeepEqual(got.hosts, want.hosts) || len(got.capture.Quality) != len(want.capture.Quality) {
				t.Errorf("%s: across sessions\n%+v\nwant\n%+v", name, got.hosts, want.hosts)
			}
			for i := range want.summary.Causes {
				if g, w := got.summary.Causes[i].First, want.summary.Causes[i].First; (g == nil) != (w == nil) || g != nil && g.ID != w.ID {
					t.Errorf("%s: cause %s first seen in %+v, want %+v", name, want.summary.Causes[i].Rule, g, w)
				}
			}
		}
		if name == merged && (len(came) < 100 || slices.IsSorted(came)) {
			t.Errorf("sessions in order %v: the merged capture tries nothing", came)
		}
	}
}

// A clerk notes when sessions come.
type clerk struct {
	collector
	came chan string
}

func newClerk() *clerk { return &clerk{came: make(chan string, 100)} }

func (c *clerk) Capture(v *verdict.Capture) error {
	c.came <- "capture " + v.Files[0].Format
	return nil
}

func (c *clerk) Session(s *verdict.Session) error {
	c.came <- fmt.Sprintf("%d:%d", s.ID, s.Server.Addr.Port())
	return nil
}

func (c *clerk) Summary(*verdict.Summary) error { close(c.came); return nil }

// take returns what has come when nothing more does.
func (c *clerk) take() string {
	synctest.Wait()
	var list []string
	for {
		select {
		case s, ok := <-c.came:
			if ok {
				list = append(list, s)
				continue
			}
		default:
		}
		return strings.Join(list, " ")
	}
}

// listen analyses what is written to the pipe that it returns.
func listen(t *testing.T, c Sink, done chan<- error) *io.PipeWriter {
	in, out := io.Pipe()
	go func() {
		_, err := Run(&Config{Files: []string{"-"}, Stdin: in, All: true, Streaming: true, Workers: 2}, c)
		in.CloseWithError(err)
		done <- err
	}()
	return out
}

// TestStreamNumbers: sessions come while the capture is running, and nobody
// waits for long to hear what a silent conversation is.
func TestStreamNumbers(t *testing.T) {
	mail := shots(t, seeds+"smtp-plain-delivery.pcap")
	arp := mail[:1]
	mail = mail[2:] // what follows the question for the link address and its answer
	if greeting := slices.IndexFunc(mail, func(s shot) bool { return bytes.Contains(s.data, []byte("220 ")) }); greeting != 3 {
		t.Fatal("greeting in frame", greeting)
	}
	const s, none = time.Second, -1 * time.Second
	for _, x := range []struct {
		name   string
		port   uint16        // of a conversation that begins at 0
		greets time.Duration // when it goes on
		steps  []string      // what has come after 10 s, 50 s, 70 s, 90 s, 120 s, and at the end
	}{
		{"on a port of mail", 587, 44 * s, []string{"capture pcap (ns)", "2:25", "1:587", "", "", "capture pcap (ns)"}},
		{"named in time", 8000, 55 * s, []string{"capture pcap (ns)", "", "2:25 1:8000", "", "", "capture pcap (ns)"}},
		{"named too late", 8000, 84 * s, []string{"capture pcap (ns)", "", "1:25", "", "2:8000", "capture pcap (ns)"}},
		{"never", 8000, none, []string{"capture pcap (ns)", "", "1:25", "", "", "capture pcap (ns)"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				other := later(mail[:3], 0, x.port)
				if x.greets != none {
					other = append(other, later(mail[3:], x.greets, x.port)...)
				}
				all := slices.Concat(other, later(mail, 20*s, 0))
				for i := range 12 { // time passes
					all = append(all, later(arp, time.Duration(i)*10*s+5*s, 0)...)
				}
				c, done := newClerk(), make(chan error, 1)
				out := listen(t, c, done)
				w, err := pcap.NewWriter(out, 1, 1<<18, true)
				if err != nil {
					t.Fatal(err)
				}
				before := int64(0)
				for i, at := range []time.Duration{10 * s, 50 * s, 70 * s, 90 * s, 121 * s} {
					var part []shot
					for _, f := range all {
						if f.time >= before && f.time < int64(at) {
							part = append(part, f)
						}
					}
					before = int64(at)
					send(w, long, part)
					if got := c.take(); got != x.steps[i] {
						t.Errorf("after %v: %q, want %q", at, got, x.steps[i])
					}
				}
				out.Close()
				if got := c.take(); got != x.steps[5] {
					t.Errorf("at the end: %q, want %q", got, x.steps[5])
				}
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestStreamLull: when a live capture has nothing new, a session that is over
// does not wait for the next frame. From a recording it does.
func TestStreamLull(t *testing.T) {
	mail := shots(t, seeds+"smtp-plain-delivery.pcap")
	for _, live := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			c, done := newClerk(), make(chan error, 1)
			out := listen(t, c, done)
			start := long
			if live {
				start = time.Now()
			}
			write(t, out, start, mail)
			if got := c.take(); got != "capture pcap (ns)" {
				t.Errorf("live %v: at once: %q", live, got)
			}
			time.Sleep(settle + time.Second)
			if got := c.take(); (got == "1:25") != live {
				t.Errorf("live %v: after %v: %q", live, settle, got)
			}
			time.Sleep(time.Hour)
			out.Close()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// A closed sink has no reader.
type closedSink struct {
	collector
	err error
}

func (c *closedSink) Session(*verdict.Session) error { return c.err }

// TestStreamBrokenPipe: when the reader of the report has gone, nobody waits
// for the end of the capture.
func TestStreamBrokenPipe(t *testing.T) {
	mail := shots(t, seeds+"smtp-plain-delivery.pcap")
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("gone")
		done := make(chan error, 1)
		out := listen(t, &closedSink{err: gone}, done)
		write(t, out, long, mail, later(mail, time.Minute, 0))
		if err := <-done; err != gone {
			t.Errorf("%v, want %v", err, gone)
		}
		out.Close()
	})
}
