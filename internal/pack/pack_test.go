package pack

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"
)

type leaf struct {
	n    int64
	name string
	_, b uint8
	list []uint32
	home *entry // in the owner of the owner
}

type entry struct {
	time  int64
	frame uint32
	kind  uint8
}

type tree struct {
	open  bool
	start entry
	skip  uint8 `pack:"-"`
	size  uint64
	side  [2]leaf
	mine  *leaf
	first *leaf // one of side
	log   []entry
	words []byte
	texts []byte `pack:"words"`
	names []string
	chain [2][]string `pack:"share"`
	sink  func()
}

// sample makes a tree from some bytes.
func sample(seed []byte) *tree {
	var s [32]byte
	copy(s[:], seed)
	r := rand.New(rand.NewChaCha8(s))
	x := &tree{open: r.IntN(2) == 0, size: r.Uint64() >> r.IntN(64)}
	for i := range x.side {
		l := &x.side[i]
		*l = leaf{n: r.Int64() >> r.IntN(64), name: string(seed[:r.IntN(len(seed)+1)]), b: uint8(r.Uint32()), home: &x.start}
		for range r.IntN(20) {
			l.list = append(l.list, r.Uint32()>>r.IntN(32))
		}
	}
	if r.IntN(2) == 0 {
		x.mine = &leaf{n: 7, home: &x.start, list: []uint32{1, 2}}
	}
	if r.IntN(2) == 0 {
		x.first = &x.side[r.IntN(2)]
	}
	for i := range r.IntN(40) {
		x.log = append(x.log, entry{1e18 + int64(i)*1e6, uint32(1000 + i*3), uint8(i % 5)})
	}
	x.words = append(x.words, seed...)
	if r.IntN(4) > 0 {
		x.texts = append(x.texts, 0)
	}
	for n := r.IntN(5); n > 0 && x.texts != nil; n-- {
		b := seed[:r.IntN(len(seed)+1)]
		x.texts = append(append(x.texts, byte(len(b)>>8), byte(len(b))), b...)
	}
	for range r.IntN(3) {
		x.names = append(x.names, "name")
	}
	if r.IntN(2) == 0 {
		x.chain[r.IntN(2)] = []string{"kept"}
	}
	return x
}

// FuzzPlan packs one state and fills another with it: they must be the same,
// with pointers that lead to the places of the new one.
func FuzzPlan(f *testing.F) {
	f.Add([]byte("one"), []byte("another"))
	f.Add([]byte{}, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8})
	plan := Of[tree]()
	var phrases Phrases
	f.Fuzz(func(t *testing.T, a, b []byte) {
		want, got := sample(a), sample(b)
		with := With{Since: 1e18, Phrases: &phrases}
		packed, ok := plan.Append(nil, want, &with)
		if !ok {
			t.Fatal("not packed")
		}
		var store Store
		other := store.Put([]byte("something else"))
		place := store.Put(packed)
		store.Take(nil, other)
		got.skip = 9
		plan.Fill(got, store.Take(nil, place), &with)
		if got.skip != 9 {
			t.Error("a field that is to be left alone was not")
		}
		if (got.first == nil) != (want.first == nil) || got.first != nil && got.first != &got.side[0] && got.first != &got.side[1] {
			t.Error("pointer to a part leads elsewhere")
		}
		if got.side[1].home != &got.start || got.mine != nil && got.mine.home != &got.start {
			t.Error("pointer to the owner leads elsewhere")
		}
		got.skip, want.skip = 0, 0
		if !reflect.DeepEqual(normal(got), normal(want)) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

// normal makes empty slices nil: which of both they are does not matter.
func normal(x *tree) *tree {
	if len(x.log) == 0 {
		x.log = nil
	}
	if len(x.words) == 0 {
		x.words = nil
	}
	if len(x.texts) == 0 {
		x.texts = nil
	}
	if len(x.names) == 0 {
		x.names = nil
	}
	for _, l := range []*leaf{&x.side[0], &x.side[1], x.mine} {
		if l != nil && len(l.list) == 0 {
			l.list = nil
		}
	}
	return x
}

func TestBarred(t *testing.T) {
	x := sample(nil)
	x.sink = func() {}
	if _, ok := Of[tree]().Append(nil, x, &With{Phrases: new(Phrases)}); ok {
		t.Error("a function was packed")
	}
}

func TestPackAllocs(t *testing.T) {
	plan, x, y := Of[tree](), sample([]byte("0123456789")), sample([]byte("9876543210"))
	x.names, x.side[0].name, x.side[1].name, x.mine, x.chain = nil, "", "", nil, [2][]string{}
	var store Store
	buf := make([]byte, 0, 4<<10)
	with := With{Since: 1e18, Phrases: new(Phrases)}
	n := testing.AllocsPerRun(100, func() {
		b, _ := plan.Append(buf[:0], x, &with)
		plan.Fill(y, store.Take(buf[:0], store.Put(b)), &with)
	})
	if n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
}

func BenchmarkPack(b *testing.B) {
	plan, x, y := Of[tree](), sample([]byte("0123456789")), new(tree)
	with := With{Since: 1e18, Phrases: new(Phrases)}
	var buf []byte
	for b.Loop() {
		with.Kept = with.Kept[:0]
		buf, _ = plan.Append(buf[:0], x, &with)
		plan.Fill(y, buf, &with)
	}
	b.ReportMetric(float64(len(buf)), "bytes")
}

// FuzzStore puts and takes strings of sizes that the script says, and compares
// them with copies.
func FuzzStore(f *testing.F) {
	f.Add([]byte{1, 200, 3, 255, 40, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		var s Store
		model := map[uint32][]byte{}
		for i, c := range script {
			if c%3 == 0 {
				for place, want := range model {
					if got := s.Take(nil, place); !bytes.HasPrefix(got, want) {
						t.Fatalf("at %d: %x, want %x", place, got, want)
					}
					delete(model, place)
					break
				}
				continue
			}
			b := bytes.Repeat([]byte{byte(i)}, int(c)*20)
			place := s.Put(b)
			if _, taken := model[place]; taken || place == 0 {
				t.Fatalf("place %d was not free", place)
			}
			model[place] = b
		}
		for place, want := range model {
			if got := s.Take(nil, place); !bytes.HasPrefix(got, want) {
				t.Fatalf("at %d: %x, want %x", place, got, want)
			}
		}
	})
}

// state is as large and as empty as that of a session.
type state struct {
	name [40]uint64
	rest [300]uint64
	log  [][4]uint64
}

func BenchmarkState(b *testing.B) {
	x, y := new(state), new(state)
	for i := range 100 {
		if i < 40 {
			x.name[i] = uint64(i)
		}
		x.rest[3*i] = 1e18 + uint64(i)*1e6
		x.log = append(x.log, [4]uint64{1e18 + uint64(i)*1e6, uint64(i), 1 << 40, 7})
	}
	x.log = x.log[:16]
	plan := Of[state]()
	with := With{Since: 1e18}
	var buf []byte
	var store Store
	for b.Loop() {
		buf, _ = plan.Append(buf[:0], x, &with)
		b.SetBytes(int64(len(buf)))
		buf = store.Take(buf[:0], store.Put(buf))
		plan.Fill(y, buf, &with)
	}
}

// TestWithin: a pointer that owns nothing is packed as nil or as a place in the
// value; a value in which it leads elsewhere stays as it is.
func TestWithin(t *testing.T) {
	type value struct {
		in entry
		up *entry `pack:"within"`
	}
	plan := Of[value]()
	for _, x := range []*value{{}, {in: entry{frame: 5}}} {
		if x.in.frame != 0 {
			x.up = &x.in
		}
		packed, ok := plan.Append(nil, x, &With{})
		got := value{up: new(entry)}
		if plan.Fill(&got, packed, &With{}); !ok || (x.up == nil) != (got.up == nil) || got.up != nil && got.up != &got.in {
			t.Errorf("packed: %v, leads to %p, want %p or nil", ok, got.up, &got.in)
		}
	}
	if _, ok := plan.Append(nil, &value{up: new(entry)}, &With{}); ok {
		t.Error("packed with a pointer that leads out of it")
	}
}
