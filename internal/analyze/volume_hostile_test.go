//go:build hostile && unix

package analyze

import "testing"

// TestLargeFloodsLinear is TestFloodsLinear with four times as many.
func TestLargeFloodsLinear(t *testing.T) { linear(t, 200, 4, 8) }

// TestLargeFloods: floods of many megabytes with the default budget.
func TestLargeFloods(t *testing.T) { bounded(t, 8, DefaultMemory, 256<<20) }

func TestLargeBoundsShared(t *testing.T) {
	for _, f := range floods() {
		shared(t, f.name, func(m *maker) { f.make(m, f.n/500) }, Config{All: true, Memory: 2 << 20}, "")
		shared(t, f.name+", told", func(m *maker) { f.make(m, f.n/500) }, Config{All: true, Streaming: true, Memory: 2 << 20}, "")
	}
}

func TestErrorsInjectedOften(t *testing.T) { inject(t, 20) }
