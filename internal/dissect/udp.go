package dissect

func (d *Dissector) udp(s span)               { d.data(s) }
func (d *Dissector) icmp(s span)              { d.data(s) }
func (d *Dissector) icmpv6(s span)            { d.data(s) }
func (d *Dissector) arp(s span, reverse bool) { d.data(s) }
