package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// An output is where results go: standard output, or a file that is written
// beside its place and gets its name when it is complete.
type output struct {
	io.Writer
	file   *os.File // nil: the writer is not ours to close
	target string   // where file goes; "": it is there already
	done   sync.Once
}

// output opens name, "" and "-" being standard output. It refuses to write over
// one of the inputs, by whatever name. flag is what stands before the name in errors.
func (e *env) output(flag, name string, inputs []string) (*output, error) {
	if name == "" || name == "-" {
		if f, ok := e.out.(*os.File); ok {
			if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && e.isInput(info, inputs) {
				return nil, errors.New("standard output is one of the inputs")
			}
		}
		return &output{Writer: e.out}, nil
	}
	perm := fs.FileMode(0o666) // less the umask
	if info, err := os.Stat(name); err == nil {
		switch {
		case info.IsDir():
			return nil, fmt.Errorf("%s%s: is a directory", flag, name)
		case e.isInput(info, inputs):
			return nil, fmt.Errorf("%s%s: is one of the inputs", flag, name)
		case !info.Mode().IsRegular(): // a device or a pipe has no place beside it
			f, err := os.OpenFile(name, os.O_WRONLY, 0)
			if err != nil {
				return nil, err
			}
			return &output{Writer: f, file: f}, nil
		}
		if name, err = filepath.EvalSymlinks(name); err != nil { // the link stays, what it names is replaced
			return nil, err
		}
		perm = info.Mode().Perm()
	}
	const tries = 100 // as many names before the folder must be broken
	var err error
	for range tries {
		var f *os.File
		temp := name + "." + strconv.FormatUint(uint64(rand.Uint32()), 36) + ".tmp"
		if f, err = os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm); err == nil {
			return &output{Writer: f, file: f, target: name}, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	var path *fs.PathError
	switch dir := filepath.Dir(name); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s%s: the folder %s is not there", flag, name, dir)
	case errors.As(err, &path): // without the name that it would have until it is complete
		return nil, fmt.Errorf("%s%s: %w", flag, name, path.Err)
	}
	return nil, err
}

// same reports whether both outputs will have the same name: the one that is
// complete last would replace the other.
func (o *output) same(other *output) bool {
	return o.target != "" && other.target != "" && place(o.target) == place(other.target)
}

// place is the name of a file that need not be there, without links in its folder.
func place(name string) string {
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return name
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return filepath.Join(dir, filepath.Base(name))
}

// isInput reports whether info is one of the inputs. One that cannot be looked
// at is left to whoever opens it.
func (e *env) isInput(info fs.FileInfo, inputs []string) bool {
	for _, name := range inputs {
		in, err := os.Stat(name)
		if name == "-" {
			f, ok := e.in.(*os.File)
			if !ok {
				continue
			}
			in, err = f.Stat()
		}
		if err == nil && os.SameFile(in, info) {
			return true
		}
	}
	return false
}

// terminal returns the columns of the terminal that the output is, 0 unknown.
func (o *output) terminal() (columns int, ok bool) {
	if f, isFile := o.Writer.(*os.File); isFile {
		return terminal(f)
	}
	return 0, false
}

// commit ends the output and gives the file its name.
func (o *output) commit() (err error) {
	if o.file == nil {
		return nil
	}
	o.done.Do(func() {
		err = o.file.Close()
		if o.target == "" {
			return
		}
		if err == nil {
			err = os.Rename(o.file.Name(), o.target)
		}
		if err != nil {
			os.Remove(o.file.Name())
		}
	})
	return err
}

// discard removes what was written, unless it was committed.
func (o *output) discard() {
	if o.file == nil {
		return
	}
	o.done.Do(func() {
		o.file.Close()
		if o.target != "" {
			os.Remove(o.file.Name())
		}
	})
}

// When progress is shown: not for work that is over at once, and not more often
// than a person can read.
const (
	progressAfter = time.Second
	progressEvery = 200 * time.Millisecond
)

// A bar shows on standard error how far the work is. A nil bar shows nothing.
type bar struct {
	mu    sync.Mutex
	w     io.Writer
	start time.Time
	last  time.Time
	shown int // columns on the screen
}

// progress makes the bar that the flags ask for.
func (e *env) progress(o *options) *bar {
	show := o.bar == "always"
	if f, ok := e.err.(*os.File); ok && o.bar == "auto" {
		_, show = terminal(f)
	}
	if !show || o.quiet {
		return nil
	}
	return &bar{w: e.err, start: time.Now()}
}

// progress returns the function that is told how far the work is.
func (b *bar) progress() func(done, total int64) {
	if b == nil {
		return nil
	}
	return func(done, total int64) {
		b.mu.Lock()
		defer b.mu.Unlock()
		now := time.Now()
		if now.Sub(b.start) < progressAfter || now.Sub(b.last) < progressEvery {
			return
		}
		b.last = now
		text := fmt.Sprintf("postmortem: %d MB", done/1e6)
		if total > 0 {
			text += fmt.Sprintf(" of %d MB, %d %%", total/1e6, min(100, 100*done/total))
		}
		fmt.Fprintf(b.w, "\r%-*s", b.shown, text)
		b.shown = len(text)
	}
}

// clear takes the bar off the screen.
func (b *bar) clear() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shown > 0 {
		fmt.Fprintf(b.w, "\r%*s\r", b.shown, "")
		b.shown = 0
	}
}

// A clearing writer takes the bar off before results appear.
type clearing struct {
	w   io.Writer
	bar *bar
}

func (c *clearing) Write(p []byte) (int, error) {
	c.bar.clear()
	return c.w.Write(p)
}
