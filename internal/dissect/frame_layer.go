package dissect

import "postmortem/pcap"

// lower is what the layers below TCP remember: fragments.
type lower struct{}

// frameLayer adds the nodes of the frame itself and goes on with its link layer.
func (d *Dissector) frameLayer(s span, row *pcap.Row) {}
