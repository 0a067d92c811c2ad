// Package pack puts the state of a conversation that has fallen silent into few
// bytes, and takes it out again when a frame comes back. It knows no protocol:
// a Plan follows the fields of a type, so that a field added to the type is
// packed without anyone remembering to.
//
// The bytes are for the same run of the same program: they are checked for
// nothing.
package pack

import (
	"encoding/binary"
	"reflect"
	"sync"
	"unsafe"
)

// A Plan says where the parts of a T are. It can be used by several workers. It
// is made when it is used first: small captures never need it.
//
// Pointers within a value, to another part of it or of its owner, are told from
// pointers to what the value owns. A pointer with the tag `pack:"within"` owns
// nothing: while it leads out of the value, the value stays as it is. Fields with
// the tag `pack:"-"` are left as they are. Fields with the tag `pack:"share"` are slices that nobody writes to, or
// arrays of such:
// they are kept, not packed. Interfaces, functions, maps and channels cannot be
// packed: a value in which one of them is not nil stays as it is.
type Plan[T any] struct{ parts func() []part }

// Of returns the plan of T, once and for all. Its use panics for a type that
// contains itself.
func Of[T any]() *Plan[T] {
	return &Plan[T]{sync.OnceValue(func() []part { return partsOf(reflect.TypeFor[T](), 0, nil, 0) })}
}

// With is what packing a value takes besides the value.
type With struct {
	Since   int64    // times in nanoseconds are packed best behind it, but need not lie there
	Kept    []any    // the slices that are shared, not packed
	Phrases *Phrases // the same for all; nil for types without texts
}

// Append appends the packed state of x to dst, and what it shares to with.Kept.
// ok is false when x holds something that cannot be packed.
func (p *Plan[T]) Append(dst []byte, x *T, with *With) (packed []byte, ok bool) {
	w := writer{b: dst, with: with, ok: true}
	w.parts(p.parts(), unsafe.Pointer(x), unsafe.Sizeof(*x))
	return w.b, w.ok
}

// Fill makes x what it was when b was packed with the same, and returns what
// follows in b. Slices of x and what its pointers point to are used again.
func (p *Plan[T]) Fill(x *T, b []byte, with *With) (rest []byte) {
	r := reader{b: b, with: with}
	r.parts(p.parts(), unsafe.Pointer(x), unsafe.Sizeof(*x))
	return r.b
}

// Sorts of parts.
const (
	plain   uint8 = iota // bytes without pointers
	text                 // string
	list                 // slice of elements without pointers
	words                // slice of bytes that are texts: see Phrases
	objects              // slice of elements with parts
	pointer
	shared // slice
	barred // must be nil
	left   // as it is
)

// A part is a stretch of a value.
type part struct {
	sort uint8
	off  uintptr
	size uintptr      // plain: of the stretch; list, objects: of an element; barred: of the field
	typ  reflect.Type // list, objects, shared: of the slice; pointer: of what it points to
	in   []part       // objects, pointer; nil: of a pointer that owns nothing
}

// maxDepth is how deep types may hold types: one that holds itself is deeper.
const maxDepth = 24

// partsOf appends the parts of a t at off to list.
func partsOf(t reflect.Type, off uintptr, parts []part, depth int) []part {
	if depth == maxDepth {
		panic("pack: type contains itself: " + t.String())
	}
	depth++
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			switch f.Tag.Get("pack") {
			case "-":
				parts = append(parts, part{sort: left, off: off + f.Offset})
			case "share":
				parts = sharedOf(f.Type, off+f.Offset, parts)
			case "within":
				parts = append(parts, part{sort: pointer, off: off + f.Offset, typ: f.Type.Elem()})
			case "words":
				parts = append(parts, part{sort: words, off: off + f.Offset, size: 1, typ: f.Type})
			default:
				parts = partsOf(f.Type, off+f.Offset, parts, depth)
			}
		}
	case reflect.Array:
		for i := range t.Len() {
			parts = partsOf(t.Elem(), off+uintptr(i)*t.Elem().Size(), parts, depth)
		}
	case reflect.String:
		parts = append(parts, part{sort: text, off: off})
	case reflect.Slice:
		e := t.Elem()
		in := partsOf(e, 0, nil, depth)
		if len(in) == 1 && in[0].sort == plain {
			parts = append(parts, part{sort: list, off: off, size: e.Size(), typ: t})
		} else {
			parts = append(parts, part{sort: objects, off: off, size: e.Size(), typ: t, in: in})
		}
	case reflect.Pointer:
		parts = append(parts, part{sort: pointer, off: off, typ: t.Elem(), in: partsOf(t.Elem(), 0, nil, depth)})
	case reflect.Interface, reflect.Func, reflect.Map, reflect.Chan, reflect.UnsafePointer:
		parts = append(parts, part{sort: barred, off: off, size: t.Size()})
	default:
		if n := len(parts); n > 0 && parts[n-1].sort == plain {
			parts[n-1].size = off + t.Size() - parts[n-1].off // with the gap before it, which is only there to align
		} else {
			parts = append(parts, part{sort: plain, off: off, size: t.Size()})
		}
	}
	return parts
}

// sharedOf is partsOf for a field whose slices are shared: it is one, or an array of them.
func sharedOf(t reflect.Type, off uintptr, parts []part) []part {
	switch t.Kind() {
	case reflect.Array:
		for i := range t.Len() {
			parts = sharedOf(t.Elem(), off+uintptr(i)*t.Elem().Size(), parts)
		}
		return parts
	case reflect.Slice:
		return append(parts, part{sort: shared, off: off, typ: t})
	}
	panic("pack: not a slice: " + t.String())
}

// A slice is how Go lays out any slice.
type slice struct {
	data     unsafe.Pointer
	len, cap int
}

// An owner is a value on the way to the present one.
type owner struct {
	at   unsafe.Pointer
	size uintptr
}

// find returns which of the owners p leads into.
func find(owners []owner, p unsafe.Pointer) (i int, within bool) {
	for i, o := range owners {
		if uintptr(p)-uintptr(o.at) < o.size {
			return i, true
		}
	}
	return 0, false
}

// maxOwners is how deep pointers may lead.
const maxOwners = 8

// Pointers are packed as a number: nil, owned, or into the owner with this
// number less inside.
const (
	null = iota
	owned
	inside
)

type writer struct {
	b      []byte
	with   *With
	owners [maxOwners]owner
	depth  int
	ok     bool
}

func (w *writer) num(n uint64) { w.b = binary.AppendUvarint(w.b, n) }

func (w *writer) parts(parts []part, at unsafe.Pointer, size uintptr) {
	if w.depth == maxOwners {
		w.ok = false
		return
	}
	w.owners[w.depth] = owner{at, size}
	w.depth++
	for i := range parts {
		w.part(&parts[i], unsafe.Add(at, parts[i].off))
	}
	w.depth--
}

func (w *writer) part(p *part, at unsafe.Pointer) {
	switch p.sort {
	case plain:
		w.b = squeeze(w.b, unsafe.Slice((*byte)(at), p.size), 0, uint64(w.with.Since))
	case text:
		s := *(*string)(at)
		w.num(uint64(len(s)))
		w.b = append(w.b, s...)
	case list:
		s := (*slice)(at)
		w.num(uint64(s.len))
		b := unsafe.Slice((*byte)(s.data), uintptr(s.len)*p.size)
		if p.size == 1 {
			w.b = append(w.b, b...)
		} else {
			w.b = squeeze(w.b, b, int(p.size), uint64(w.with.Since))
		}
	case words:
		w.b = w.with.Phrases.appendWords(w.b, *(*[]byte)(at))
	case objects:
		s := (*slice)(at)
		w.num(uint64(s.len))
		for i := range s.len {
			w.parts(p.in, unsafe.Add(s.data, uintptr(i)*p.size), p.size)
		}
	case pointer:
		w.pointer(p, *(*unsafe.Pointer)(at))
	case shared:
		s := (*slice)(at)
		w.num(uint64(s.len))
		if s.len > 0 {
			w.with.Kept = append(w.with.Kept, reflect.NewAt(p.typ, at).Elem().Interface())
		}
	case barred:
		for _, c := range unsafe.Slice((*byte)(at), p.size) {
			if c != 0 {
				w.ok = false
				return
			}
		}
	}
}

func (w *writer) pointer(p *part, to unsafe.Pointer) {
	if to == nil {
		w.num(null)
		return
	}
	if i, within := find(w.owners[:w.depth], to); within {
		w.num(inside + uint64(i))
		w.num(uint64(uintptr(to) - uintptr(w.owners[i].at)))
		return
	}
	if p.in == nil {
		w.ok = false
		return
	}
	w.num(owned)
	w.parts(p.in, to, p.typ.Size())
}

type reader struct {
	b      []byte
	with   *With
	shared int // of with.Kept
	owners [maxOwners]owner
	depth  int
}

func (r *reader) num() uint64 {
	n, k := binary.Uvarint(r.b)
	r.b = r.b[k:]
	return n
}

func (r *reader) parts(parts []part, at unsafe.Pointer, size uintptr) {
	r.owners[r.depth] = owner{at, size}
	r.depth++
	for i := range parts {
		r.part(&parts[i], unsafe.Add(at, parts[i].off))
	}
	r.depth--
}

func (r *reader) part(p *part, at unsafe.Pointer) {
	switch p.sort {
	case plain:
		r.b = expand(r.b, unsafe.Slice((*byte)(at), p.size), 0, uint64(r.with.Since))
	case text:
		n := r.num()
		*(*string)(at) = string(r.b[:n])
		r.b = r.b[n:]
	case list:
		s := (*slice)(at)
		r.resize(p, s)
		b := unsafe.Slice((*byte)(s.data), uintptr(s.len)*p.size)
		if p.size == 1 {
			r.b = r.b[copy(b, r.b):]
		} else {
			r.b = expand(r.b, b, int(p.size), uint64(r.with.Since))
		}
	case words:
		s := (*slice)(at)
		r.resize(p, s)
		r.b = r.with.Phrases.takeWords(unsafe.Slice((*byte)(s.data), s.len)[:0:s.len], r.b)
	case objects:
		s := (*slice)(at)
		r.resize(p, s)
		for i := range s.len {
			r.parts(p.in, unsafe.Add(s.data, uintptr(i)*p.size), p.size)
		}
	case pointer:
		r.pointer(p, (*unsafe.Pointer)(at))
	case shared:
		field := reflect.NewAt(p.typ, at).Elem()
		if r.num() == 0 {
			field.SetZero()
			return
		}
		field.Set(reflect.ValueOf(r.with.Kept[r.shared]))
		r.shared++
	case barred:
		reflect.NewAt(reflect.ArrayOf(int(p.size/unsafe.Sizeof(at)), reflect.TypeFor[unsafe.Pointer]()), at).Elem().SetZero()
	}
}

// resize gives s the length that comes next, in its memory when that is large enough.
func (r *reader) resize(p *part, s *slice) {
	n := int(r.num())
	if n > s.cap {
		*s = slice{reflect.MakeSlice(p.typ, n, n).UnsafePointer(), n, n}
	}
	s.len = n
}

func (r *reader) pointer(p *part, field *unsafe.Pointer) {
	switch n := r.num(); n {
	case null:
		*field = nil
	case owned:
		if _, within := find(r.owners[:r.depth], *field); *field == nil || within {
			*field = reflect.New(p.typ).UnsafePointer()
		}
		r.parts(p.in, *field, p.typ.Size())
	default:
		*field = unsafe.Add(r.owners[n-inside].at, r.num())
	}
}
