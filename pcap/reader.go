package pcap

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync/atomic"
)

// Options say how a capture is read. The zero value is good.
type Options struct {
	WindowBytes int           // bytes of a window, 0: DefaultWindow
	Stdin       io.Reader     // what the name "-" stands for
	Hash        bool          // compute Info.SHA256; costs about as much time as reading
	Details     bool          // fill Window.Details
	Progress    *atomic.Int64 // bytes of the inputs read so far, nil: not wanted
}

// A Reader reads one capture, from one or several files. It is for one
// goroutine.
type Reader struct {
	opt     Options
	srcs    []*input // by the order of names
	pending []*input // not begun, by the time of their first frames
	active  []*input
	frames  uint32
	err     error
}

// An input is a source with the frames that were read too early.
type input struct {
	src   source
	win   Window
	at    int   // next row of win
	first int64 // time of its first frame
	kept  bool  // is open, with its first frames in win
}

func (in *input) head() int64 { return in.win.Rows[in.at].Time }

// Open opens the files of one capture. "-" is standard input. An input that
// cannot be read is told in its Info; it is an error only when none can.
func Open(names []string, opt Options) (*Reader, error) {
	if len(names) == 0 {
		return nil, errors.New("no input")
	}
	if len(names) > math.MaxUint16 {
		return nil, fmt.Errorf("%d inputs, more than %d", len(names), math.MaxUint16)
	}
	if opt.WindowBytes <= 0 {
		opt.WindowBytes = DefaultWindow
	}
	r := &Reader{opt: opt}
	var errs []error
	for i, name := range names {
		in := &input{src: source{file: uint16(i)}}
		r.srcs = append(r.srcs, in)
		if name == "-" && slices.Contains(names[:i], "-") {
			in.src.info.Name = name
			in.src.info.Refused = errors.New("standard input can be read only once")
			errs = append(errs, named(name, in.src.info.Refused))
			continue
		}
		err := r.prepare(in, name, len(names) > 1)
		if err != nil {
			in.src.info.Refused = err
			errs = append(errs, named(name, err))
			continue
		}
		r.pending = append(r.pending, in)
	}
	if len(r.pending) == 0 {
		return nil, errors.Join(errs...)
	}
	slices.SortStableFunc(r.pending, func(a, b *input) int { return cmp.Compare(a.first, b.first) })
	return r, nil
}

func named(name string, err error) error {
	if name == "-" {
		name = "standard input"
	}
	return fmt.Errorf("%s: %w", name, err)
}

// prepare opens an input and, when there are several, reads as far as its
// first frame. A file is then closed until its time comes, so that a hundred
// rotated files do not need a hundred descriptors.
func (r *Reader) prepare(in *input, name string, several bool) error {
	s := &in.src
	if err := s.open(name, &r.opt); err != nil {
		return err
	}
	in.kept = true
	if !several {
		return nil
	}
	limit := min(r.opt.WindowBytes, firstBuffer)
	in.first = math.MaxInt64
	if s.size < 0 {
		if s.next(&in.win, limit) == nil && in.win.Len() > 0 {
			in.first = in.head()
		}
		return nil
	}
	s.raw.hash = nil
	if r.opt.Progress != nil {
		r.opt.Progress.Add(-s.raw.n)
		s.raw.prog = nil
	}
	if s.next(&in.win, limit) == nil && in.win.Len() > 0 {
		in.first = in.head()
	}
	s.close()
	*in = input{src: source{file: s.file, info: Info{Name: name}}, first: in.first}
	return nil
}

// begin makes the first pending input an active one.
func (r *Reader) begin() {
	in := r.pending[0]
	r.pending = r.pending[1:]
	if !in.kept {
		name := in.src.info.Name
		if err := in.src.open(name, &r.opt); err != nil {
			in.src.info.Name, in.src.info.Refused = name, err // it was there a moment ago
			return
		}
	}
	r.active = append(r.active, in)
}

// Next fills w with the next frames of the capture. It returns io.EOF after
// the last one; damage is no error, it ends one input and stands in its Info.
func (r *Reader) Next(w *Window) error {
	for {
		if r.err != nil {
			w.Reset()
			return r.err
		}
		if err := r.next(w); err != nil {
			r.err = err
			continue
		}
		if w.Len() == 0 && len(w.Secrets) == 0 && len(w.Details.Interfaces) == 0 && len(w.Details.Sections) == 0 {
			continue
		}
		if uint64(r.frames)+uint64(w.Len()) > math.MaxUint32 {
			r.err = errors.New("more than 4294967295 frames")
			continue
		}
		w.First = r.frames + 1
		r.frames += uint32(w.Len())
		return nil
	}
}

func (r *Reader) next(w *Window) error {
	if len(r.active) == 0 {
		if len(r.pending) == 0 {
			w.Reset()
			return io.EOF
		}
		r.begin()
		w.Reset()
		return nil
	}
	if in := r.active[0]; len(r.active) > 1 || in.at < in.win.Len() || len(in.win.Secrets) > 0 || len(in.win.Details.Interfaces) > 0 {
		r.merge(w)
		return nil
	}
	// One input: its window is the reader's, nothing is copied.
	in := r.active[0]
	if in.src.next(w, r.opt.WindowBytes) != nil {
		r.active = r.active[:0]
		w.Reset()
		return nil
	}
	if len(r.pending) > 0 && latest(w.Rows) > r.pending[0].first {
		*w, in.win = in.win, *w
		in.at = 0
		r.merge(w)
	}
	return nil
}

func latest(rows []Row) int64 {
	t := int64(math.MinInt64)
	for i := range rows {
		t = max(t, rows[i].Time)
	}
	return t
}

// merge fills w with copies of the active inputs' frames, the earliest first
// and the order within an input kept, as mergecap does. It stops when one
// input is left and has nothing read early.
func (r *Reader) merge(w *Window) {
	w.Reset()
	for {
		r.refill(w)
		if len(r.active) == 0 || len(r.active) == 1 && r.active[0].at >= r.active[0].win.Len() {
			return
		}
		best, second := r.earliest()
		for len(r.pending) > 0 && r.pending[0].first < best.head() {
			r.begin()
			if r.refill(w); len(r.active) == 0 {
				return
			}
			best, second = r.earliest()
		}
		if len(r.pending) > 0 {
			second = min(second, r.pending[0].first)
		}
		for first := true; best.at < best.win.Len() && (first || best.head() < second); first = false {
			b := best.win.Bytes(best.at)
			if len(w.Rows) > 0 && (len(w.data)+len(b) > r.opt.WindowBytes || len(w.Rows) >= r.opt.WindowBytes/rowBytes) {
				return
			}
			w.pos = append(w.pos, uint32(len(w.data)))
			w.data = append(w.data, b...)
			w.Rows = append(w.Rows, best.win.Rows[best.at])
			w.files = append(w.files, best.src.file)
			if r.opt.Details {
				d := best.win.Details.rows[best.at]
				o := best.win.data[d.pos : d.pos+d.n]
				d.pos = uint32(len(w.data))
				w.data = append(w.data, o...)
				w.Details.rows = append(w.Details.rows, d)
			}
			best.at++
		}
	}
}

// refill gives every active input a next frame, unless one alone is left: that
// one is read without copying.
func (r *Reader) refill(w *Window) {
	limit := min(r.opt.WindowBytes, mergeWindow)
	for i := 0; i < len(r.active); {
		in := r.active[i]
		w.Secrets = append(w.Secrets, in.win.Secrets...)
		in.win.Secrets = nil
		x := &in.win.Details
		w.Details.Sections = append(w.Details.Sections, x.Sections...)
		w.Details.Interfaces = append(w.Details.Interfaces, x.Interfaces...)
		x.Sections, x.Interfaces = nil, nil
		if in.at < in.win.Len() {
			i++
			continue
		}
		in.at = 0
		if len(r.active) == 1 {
			in.win.Reset()
			return
		}
		if in.src.next(&in.win, limit) != nil {
			in.win = Window{}
			r.active = slices.Delete(r.active, i, i+1)
		}
	}
}

// earliest returns the active input with the earliest next frame, of equal
// ones the first named, and the time at which another one takes its turn.
func (r *Reader) earliest() (best *input, second int64) {
	second = math.MaxInt64
	best = r.active[0]
	for _, in := range r.active[1:] {
		t := in.head()
		switch {
		case t < best.head() || t == best.head() && in.src.file < best.src.file:
			best, second = in, best.head()
		default:
			second = min(second, t)
		}
	}
	return best, second
}

// Frames returns the number of frames given out so far.
func (r *Reader) Frames() uint32 { return r.frames }

// Files returns what is known of the inputs, in the order of their names.
func (r *Reader) Files() []Info {
	infos := make([]Info, len(r.srcs))
	for i, in := range r.srcs {
		infos[i] = in.src.info
	}
	return infos
}

// Close closes what is still open. Reading may have ended early.
func (r *Reader) Close() error {
	for _, in := range r.srcs {
		in.src.abandon()
	}
	if r.err == nil {
		r.err = io.EOF
	}
	return nil
}
