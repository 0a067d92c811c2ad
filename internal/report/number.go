package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// group writes n with a comma between thousands.
func group(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// moment writes nanoseconds since 1970 as date and time. Without a zone it is UTC.
func moment(ns int64, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	return time.Unix(0, ns).In(zone).Format("2006-01-02 15:04:05.000000 MST")
}

// count writes a number with its noun: "1 error", "2,000 sessions".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return group(uint64(max(n, 0))) + " " + noun + "s"
}

// frames writes "frame 16" or "frames 5, 10, 14"; at most eight of them. The
// number of a frame is its name, which show, a filter and Wireshark take: it has
// no commas.
func frames(list []uint32) string {
	const most = 8
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("frame")
	if len(list) > 1 {
		b.WriteString("s")
	}
	for i, f := range list {
		if i == most {
			fmt.Fprintf(&b, " and %s more", group(uint64(len(list)-most)))
			break
		}
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(" " + strconv.FormatUint(uint64(f), 10))
	}
	return b.String()
}

// duration writes nanoseconds as people read them: 82.9 ms, 12.35 s, 2 min 05 s, 1 h 02 min, 3 d 04 h.
func duration(ns int64) string {
	sign := ""
	if ns < 0 {
		if ns = -ns; ns < 0 { // the lowest int64 has no opposite
			ns--
		}
		sign = "-"
	}
	d := time.Duration(ns)
	switch {
	case d < 999950*time.Microsecond: // 999.95 ms would round to 1000.0 ms
		return fmt.Sprintf("%s%.1f ms", sign, float64(ns)/1e6)
	case d < 59995*time.Millisecond:
		return fmt.Sprintf("%s%.2f s", sign, float64(ns)/1e9)
	case d < time.Hour-500*time.Millisecond:
		s := int64(d.Round(time.Second) / time.Second)
		return fmt.Sprintf("%s%d min %02d s", sign, s/60, s%60)
	case d < 48*time.Hour-30*time.Second:
		m := int64(d.Round(time.Minute) / time.Minute)
		return fmt.Sprintf("%s%d h %02d min", sign, m/60, m%60)
	}
	h := int64(d / time.Hour)
	return fmt.Sprintf("%s%s d %02d h", sign, group(uint64(h/24)), h%24)
}

// size writes a number of bytes.
func size(n int64) string {
	switch f := float64(n); {
	case n < 10_000:
		return group(uint64(max(n, 0))) + " bytes"
	case n < 10_000_000:
		return fmt.Sprintf("%.0f kB", f/1e3)
	case n < 10_000_000_000:
		return fmt.Sprintf("%.0f MB", f/1e6)
	default:
		return fmt.Sprintf("%.0f GB", f/1e9)
	}
}
