package analyze

import (
	"postmortem/internal/verdict"
	"postmortem/pcap"
)

// quality judges the capture as a whole.
func (a *pass) quality(files []pcap.Info, all *results) []verdict.Event {
	return nil
}
