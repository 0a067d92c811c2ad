package rules

// compares is why rules about several sessions are not looked for in one.
const compares = "it compares several sessions with each other"

// unchecked are the rules that are explained and not looked for, with the
// reason: that a report is silent about them says nothing. A test keeps the
// list complete, and free of rules that somebody has begun to look for.
var unchecked = map[string]string{
	"cap-clock-jump":              "a jump of the recorder's clock and a pause of both hosts look alike without the hosts' own time stamps",
	"cap-nat-twice":               compares,
	"net-mac-failover":            "link addresses are not kept",
	"net-v6-fallback":             compares,
	"tcp-wscale-lost":             compares,
	"tcp-concurrency":             compares,
	"smtp-retry-pattern":          compares,
	"smtp-retry-too-soon":         compares,
	"smtp-capability-change":      compares,
	"stls-stripped-by-comparison": compares,
	"stls-fallback-same-client":   compares,
	"stls-version-retry":          compares,
	"tls-intolerant-server":       compares,
	"tls-repeated-random":         compares,
	"tls-only-one-fails":          compares,
	"pop-poll-too-often":          compares,
	"xl-exposure":                 "what it would sum up is said one by one",
	"xl-pattern":                  compares,
	"xl-next-capture":             "the next steps of a session say it",
}
