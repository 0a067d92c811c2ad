package analyze

import (
	"sync/atomic"

	"postmortem/internal/verdict"
)

// A Live is what is known while an analysis runs, for whoever watches it.
type Live struct {
	Sessions, Problems atomic.Int64
}

// count counts a session that was judged.
func (l *Live) count(d *verdict.Decision) {
	if l == nil {
		return
	}
	l.Sessions.Add(1)
	if d.Outcome != verdict.OutcomeOK {
		l.Problems.Add(1)
	}
}
