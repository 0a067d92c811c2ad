package pcap

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync/atomic"
)

// A raw is an input as it is stored: it counts and hashes what is read.
type raw struct {
	r    io.Reader
	n    int64
	hash hash.Hash     // nil: not wanted
	prog *atomic.Int64 // nil: not wanted
}

func (r *raw) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	if r.hash != nil {
		r.hash.Write(p[:n])
	}
	if r.prog != nil {
		r.prog.Add(int64(n))
	}
	return n, err
}

// A source is one input that is being read.
type source struct {
	info Info
	file uint16

	f     *os.File // nil: standard input
	raw   *raw
	size  int64 // of a regular file when it was opened, -1: not known
	in    io.Reader
	gz    bool
	live  bool   // a pipe: what came is handed on before the window is full
	head  []byte // of the uncompressed input, read already, not yet in a window
	err   error  // of the last read
	done  bool   // nothing more comes
	ended bool   // because the input has ended
	base  int64  // offset in the input of the next window's first byte
	carry []byte // beginning of a record that was incomplete in the last window
	skip  int64  // bytes to pass over before the next record

	ng bool
	be bool
	classic
	section

	lastTime int64
	linkAt   int // index in info.Links of the last frame's
	empties  int // frames without bytes in a row
	secrets  int // bytes of secrets kept

	detailed bool   // Window.Details are wanted
	told     uint32 // interfaces so far
}

// open opens an input and reads its file header.
func (s *source) open(name string, opt *Options) error {
	stdin := opt.Stdin
	*s = source{file: s.file, size: -1, linkAt: -1, carry: s.carry[:0], detailed: opt.Details}
	s.info.Name = name
	s.raw = &raw{prog: opt.Progress}
	if opt.Hash {
		s.raw.hash = sha256.New()
	}
	if name == "-" {
		if stdin == nil {
			return errors.New("no standard input")
		}
		s.raw.r, s.live = stdin, true
	} else {
		f, err := os.Open(name)
		if err != nil {
			return unwrapPath(err)
		}
		st, err := f.Stat()
		if err == nil && st.IsDir() {
			err = errors.New("is a directory")
		}
		if err != nil {
			f.Close()
			return unwrapPath(err)
		}
		s.f, s.raw.r = f, f
		if s.live = !st.Mode().IsRegular(); !s.live {
			s.size = st.Size()
			s.info.Bytes = s.size
		}
	}
	err := s.readHeader()
	if err != nil {
		s.close()
	}
	return err
}

// unwrapPath removes the file's name from err; who reports it adds the name.
func unwrapPath(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// readHeader finds out the format and reads what stands before the records.
func (s *source) readHeader() error {
	s.in = s.raw
	b, err := s.peek(4)
	if err != nil {
		return err
	}
	if len(b) >= 2 && b[0] == 0x1f && b[1] == 0x8b {
		s.gz = true
		z, err := gzip.NewReader(bufio.NewReaderSize(io.MultiReader(&prefix{b}, s.raw), 64<<10))
		if err != nil {
			return fmt.Errorf("gzip data is damaged at its beginning: %w", gzipError(err))
		}
		s.in, s.head = z, nil
		if b, err = s.peek(4); err != nil {
			return fmt.Errorf("gzip data is damaged at its beginning: %w", gzipError(err))
		}
		if len(b) >= 2 && b[0] == 0x1f && b[1] == 0x8b {
			return &FormatError{"gzip inside gzip", "decompress it once: gunzip -k FILE"}
		}
	}
	switch {
	case len(b) == 4 && isClassic(b):
		err = s.classicHeader()
	case len(b) == 4 && string(b) == "\x0a\x0d\x0d\x0a":
		err = s.ngHeader()
	default:
		b, _ = s.peek(lookahead)
		f := refuse(b)
		if s.gz {
			f.Format += " in gzip"
		}
		return f
	}
	if s.gz {
		s.info.Format += " in gzip"
	}
	return err
}

// A prefix gives back bytes that were read too early.
type prefix struct{ b []byte }

func (p *prefix) Read(b []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.b)
	p.b = p.b[n:]
	return n, nil
}

// peek returns the first n bytes of the input, fewer when it has fewer, and
// keeps them in head.
func (s *source) peek(n int) ([]byte, error) {
	if len(s.head) >= n {
		return s.head, nil
	}
	b := make([]byte, n)
	have := copy(b, s.head)
	got, err := io.ReadFull(s.in, b[have:])
	s.head = b[:have+got]
	if err == io.EOF || err == io.ErrUnexpectedEOF && !s.gz {
		err = nil
	}
	if errors.Is(err, io.ErrUnexpectedEOF) && got > 0 {
		err = nil // what came is looked at first; the next read fails again
	}
	return s.head, unwrapPath(err)
}

// read reads into p: first what was peeked at.
func (s *source) read(p []byte) int {
	if len(s.head) > 0 {
		n := copy(p, s.head)
		s.head = s.head[n:]
		return n
	}
	for range 100 { // as bufio: a reader that brings neither bytes nor an error is broken
		n, err := s.in.Read(p)
		if err != nil {
			s.err = err
		}
		if n > 0 || err != nil {
			return n
		}
	}
	s.err = io.ErrNoProgress
	return 0
}

// gzipError says in words what the decompressor says in its own.
func gzipError(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case err == io.ErrUnexpectedEOF || err == io.EOF:
		return errors.New("it ends in the middle")
	case err == gzip.ErrHeader:
		return errors.New("what follows is not gzip")
	case err == gzip.ErrChecksum:
		return errors.New("checksum or size is wrong")
	case errors.As(err, &corrupt):
		return errors.New("it cannot be decompressed")
	}
	return unwrapPath(err)
}

// next fills w with the next frames, at most about limit bytes of the input. It
// returns io.EOF when there are none; what is wrong is in s.info.
func (s *source) next(w *Window, limit int) error {
	w.Reset()
	w.file = s.file
	if s.done {
		return io.EOF
	}
	w.data = append(w.data, s.carry...)
	s.carry = s.carry[:0]
	p := 0 // everything before it has been used
	rows := max(limit/rowBytes, 1)
	short := false
	for {
		if s.skip > 0 {
			n := min(s.skip, int64(len(w.data)-p))
			p += int(n)
			s.skip -= n
		}
		need := 1
		if s.skip == 0 {
			p, need = s.walk(w, p, rows)
			if s.done {
				break
			}
			if need == 0 && s.skip == 0 { // no room for more rows
				s.keep(w.data[p:], p)
				return nil
			}
			if s.skip > 0 {
				continue
			}
		}
		if s.err != nil {
			s.finish(w.data[p:], s.base+int64(p), need)
			break
		}
		if short && len(w.Rows) > 0 {
			break
		}
		end := min(cap(w.data), limit)
		if len(w.data) >= end {
			switch {
			case cap(w.data) < limit:
				w.grow(limit)
			case len(w.Rows) > 0:
				s.keep(w.data[p:], p)
				return nil
			case p > 0: // no frame so far: use the room again
				w.data = w.data[:copy(w.data, w.data[p:])]
				s.base += int64(p)
				p = 0
			default: // one record larger than the window
				limit *= 2
			}
			continue
		}
		if s.skip > 0 { // read over it, beyond what is kept
			n := s.read(w.data[len(w.data):min(int64(end), int64(len(w.data))+s.skip)])
			s.skip -= int64(n)
			s.base += int64(n)
			continue
		}
		n := s.read(w.data[len(w.data):end])
		short = s.live && n < min(pipeFull, end-len(w.data))
		w.data = w.data[:len(w.data)+n]
	}
	s.keep(w.data[p:], p)
	if s.done {
		s.close()
	}
	if len(w.Rows) == 0 && len(w.Secrets) == 0 && len(w.Details.Interfaces) == 0 && s.done {
		return io.EOF
	}
	return nil
}

// keep saves what is left of a window for the next one.
func (s *source) keep(rest []byte, p int) {
	s.carry = append(s.carry[:0], rest...)
	s.base += int64(p)
}

// grow doubles the room of the window, up to limit.
func (w *Window) grow(limit int) {
	n := min(max(2*cap(w.data), firstBuffer), max(limit, 1))
	b := make([]byte, len(w.data), n)
	copy(b, w.data)
	w.data = b
}

// walk adds the frames in w.data[p:] to the window. It returns the place of
// the first record that is not complete, and how many bytes that one needs; 0
// when the window has as many rows as it may have.
func (s *source) walk(w *Window, p, rows int) (int, int) {
	if s.ng {
		return s.walkNG(w, p, rows)
	}
	return s.walkClassic(w, p, rows)
}

// finish says what the end of the input means: rest was not used, and need
// bytes were expected.
func (s *source) finish(rest []byte, off int64, need int) {
	s.done, s.ended = true, s.err == io.EOF
	switch {
	case s.err != io.EOF && s.gz:
		s.stop(Damage{Kind: BadGzip, Off: off + int64(len(rest)), Err: gzipError(s.err)})
	case s.err != io.EOF:
		s.stop(Damage{Kind: ReadFailed, Off: off + int64(len(rest)), Err: unwrapPath(s.err)})
	case s.skip > 0:
		s.stop(Damage{Kind: Cut, Off: off, What: s.unit(), Want: s.skip})
	case s.zeroRun > 0 && zeros(rest):
		s.stop(Damage{Kind: ZeroTail, Off: s.zeroOff, What: s.unit() + "s"})
	case len(rest) >= 4 && zeros(rest):
		s.stop(Damage{Kind: ZeroTail, Off: off, What: s.unit() + "s"})
	case len(rest) > 0:
		s.stop(Damage{Kind: Cut, Off: off, What: "the " + s.unit(), Want: int64(need), Got: int64(len(rest))})
	}
}

func (s *source) unit() string {
	if s.ng {
		return "block"
	}
	return "record"
}

// damage notes what is wrong, bounded.
func (s *source) damage(d Damage) {
	d.Frame = s.info.Frames
	s.info.Damages++
	if len(s.info.Damage) < maxDamage {
		s.info.Damage = append(s.info.Damage, d)
	} else if d.Stop {
		s.info.Damage[maxDamage-1] = d
	}
}

// stop notes what is wrong and ends the reading.
func (s *source) stop(d Damage) {
	d.Stop = true
	s.done = true
	s.damage(d)
}

// emit adds a frame to the window: its bytes stand at pos in the window and at
// off in the input.
func (s *source) emit(w *Window, pos int, off, time int64, capLen, wire uint32, link uint16, digits uint8, d detail) {
	s.note(w, d)
	w.Rows = append(w.Rows, Row{Time: time, Off: off, Cap: capLen, Wire: wire, Link: link, Digits: digits})
	w.pos = append(w.pos, uint32(pos))
	i := &s.info
	switch {
	case i.Frames == 0:
		i.First, i.Last = time, time
	case time > i.Last:
		i.Last = time
	case time < i.First:
		i.First = time
	}
	if i.Frames > 0 && time < s.lastTime {
		i.Backwards++
	}
	s.lastTime = time
	i.Frames++
	i.Cap += uint64(capLen)
	i.Wire += uint64(wire)
	if capLen < wire {
		i.Cut++
	}
	if s.linkAt < 0 || i.Links[s.linkAt].Link != link {
		s.findLink(link)
	}
	i.Links[s.linkAt].Frames++
	if capLen > 0 {
		s.empties = 0
	} else if s.empties++; s.empties > maxEmpty {
		s.stop(Damage{Kind: TooMany, Off: off, What: "frames without bytes in a row", Want: maxEmpty})
	}
}

// findLink sets linkAt. Beyond the bound all others are counted with the last.
func (s *source) findLink(link uint16) {
	l := s.info.Links
	for i := range l {
		if l[i].Link == link {
			s.linkAt = i
			return
		}
	}
	if len(l) < maxListed {
		s.info.Links = append(l, LinkCount{Link: link})
	}
	s.linkAt = len(s.info.Links) - 1
}

// close ends the reading of the input and completes its Info. The rest of a
// file that is damaged is still hashed; a pipe is not waited for.
func (s *source) close() {
	s.done = true
	if s.raw == nil {
		return
	}
	whole := s.err == io.EOF
	if s.raw.hash != nil && s.size >= 0 && (!whole || s.gz) {
		_, err := io.Copy(io.Discard, s.raw)
		whole = err == nil
	}
	if s.raw.hash != nil && whole {
		s.raw.hash.Sum(s.info.SHA256[:0])
		s.info.Hashed = true
	}
	if s.size < 0 && s.ended {
		s.info.Bytes = s.raw.n
	} else if s.size < 0 {
		s.info.Bytes = -1 // how much was read ahead depends on who wrote, and when
	} else if s.err == io.EOF && s.raw.n != s.size {
		s.damage(Damage{Kind: Changed, Want: s.size, Got: s.raw.n})
		s.info.Bytes = s.raw.n
	}
	if s.f != nil {
		if s.replaced() {
			s.damage(Damage{Kind: Changed, Want: s.size, Got: s.raw.n, What: "another file has its name now"})
		}
		s.f.Close()
	}
	s.raw, s.in, s.f = nil, nil, nil
}

// replaced reports that another file has taken the name of the one that was read.
func (s *source) replaced() bool {
	is, err := s.f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(s.info.Name)
	return err == nil && !os.SameFile(is, now)
}

// abandon closes the file without reading on.
func (s *source) abandon() {
	if s.f != nil {
		s.f.Close()
	}
	s.raw, s.in, s.f, s.done = nil, nil, nil, true
}
