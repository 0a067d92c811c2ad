package dissect

import (
	"fmt"
	"slices"
)

// A vendor is who has a prefix of hardware addresses.
type vendor struct {
	oui         uint32
	short, name string
}

// vendors are some prefixes that IEEE has given out, sorted: those that are seen
// most, and those of virtual machines. The whole list is half a megabyte.
var vendors = [...]vendor{
	{0x000000, "00:00:00", "Officially Xerox, but 0:0:0:0:0:0 is more common"},
	{0x000001, "Xerox", "Xerox Corporation"},
	{0x00000c, "Cisco", "Cisco Systems, Inc"},
	{0x00005e, "ICANNIAN", "ICANN, IANA Department"},
	{0x000086, "Megahert", "Megahertz Corporation"},
	{0x0000cd, "AlliedTe", "Allied Telesis Labs Ltd"},
	{0x000102, "3Com", "3Com"},
	{0x00015c, "Cadant", "Cadant Inc."},
	{0x0001e8, "Force10N", "Force10 Networks, Inc."},
	{0x00022d, "Agere", "Agere Systems"},
	{0x0002fd, "Cisco", "Cisco Systems, Inc"},
	{0x00032d, "IBASETec", "IBASE Technology, Inc."},
	{0x000393, "Apple", "Apple, Inc."},
	{0x0003ff, "Microsof", "Microsoft Corporation"},
	{0x000476, "3Com", "3Com"},
	{0x000569, "VMware", "VMware, Inc."},
	{0x000573, "Cisco", "Cisco Systems, Inc"},
	{0x000585, "JuniperN", "Juniper Networks"},
	{0x00062a, "Cisco", "Cisco Systems, Inc"},
	{0x00073b, "Tenovis", "Tenovis GmbH & Co KG"},
	{0x000802, "HewlettP", "Hewlett Packard"},
	{0x000874, "Dell", "Dell Inc."},
	{0x0008ca, "TwinHanT", "TwinHan Technology Co.,Ltd"},
	{0x00090f, "Fortinet", "Fortinet, Inc."},
	{0x0009e9, "Cisco", "Cisco Systems, Inc"},
	{0x000a95, "Apple", "Apple, Inc."},
	{0x000abc, "Seabridg", "Seabridge Ltd."},
	{0x000af3, "Cisco", "Cisco Systems, Inc"},
	{0x000b45, "Cisco", "Cisco Systems, Inc"},
	{0x000b5f, "Cisco", "Cisco Systems, Inc"},
	{0x000b82, "Grandstr", "Grandstream Networks, Inc."},
	{0x000bab, "Advantec", "Advantech Technology (CHINA) Co., Ltd."},
	{0x000c29, "VMware", "VMware, Inc."},
	{0x000cce, "Cisco", "Cisco Systems, Inc"},
	{0x000d56, "Dell", "Dell Inc."},
	{0x000dbc, "Cisco", "Cisco Systems, Inc"},
	{0x000eb6, "Riverbed", "Riverbed Technology, Inc."},
	{0x000ed6, "Cisco", "Cisco Systems, Inc"},
	{0x000fcc, "ARRISGro", "ARRIS Group, Inc."},
	{0x001018, "Broadcom", "Broadcom"},
	{0x00107b, "Cisco", "Cisco Systems, Inc"},
	{0x0010db, "JuniperN", "Juniper Networks"},
	{0x001132, "Synology", "Synology Incorporated"},
	{0x00123f, "Dell", "Dell Inc."},
	{0x00127f, "Cisco", "Cisco Systems, Inc"},
	{0x0012a9, "3Com", "3Com Ltd"},
	{0x001310, "Cisco-Li", "Cisco-Linksys, LLC"},
	{0x001372, "Dell", "Dell Inc."},
	{0x001400, "MinervaK", "Minerva Korea Co., Ltd"},
	{0x00140b, "FirstInt", "First International Computer, Inc."},
	{0x00155d, "Microsof", "Microsoft Corporation"},
	{0x0015c7, "Cisco", "Cisco Systems, Inc"},
	{0x00163e, "Xensourc", "Xensource, Inc."},
	{0x0016e3, "AskeyCom", "Askey Computer Corp"},
	{0x001731, "ASUSTekC", "ASUSTek COMPUTER INC."},
	{0x0017a4, "HewlettP", "Hewlett Packard"},
	{0x0017c5, "SonicWAL", "SonicWALL"},
	{0x0017df, "Cisco", "Cisco Systems, Inc"},
	{0x001956, "Cisco", "Cisco Systems, Inc"},
	{0x00198a, "Northrop", "Northrop Grumman Systems Corp."},
	{0x0019b9, "Dell", "Dell Inc."},
	{0x001a11, "Google", "Google, Inc."},
	{0x001a37, "Lear", "Lear Corporation"},
	{0x001a8c, "Sophos", "Sophos Ltd"},
	{0x001b21, "IntelCor", "Intel Corporate"},
	{0x001bd5, "Cisco", "Cisco Systems, Inc"},
	{0x001c42, "Parallel", "Parallels, Inc."},
	{0x001cb1, "Cisco", "Cisco Systems, Inc"},
	{0x001cc4, "HewlettP", "Hewlett Packard"},
	{0x001dd8, "Microsof", "Microsoft Corporation"},
	{0x001e67, "IntelCor", "Intel Corporate"},
	{0x001f29, "HewlettP", "Hewlett Packard"},
	{0x001f33, "Netgear", "Netgear"},
	{0x001f5b, "Apple", "Apple, Inc."},
	{0x001ff3, "Apple", "Apple, Inc."},
	{0x002219, "Dell", "Dell Inc."},
	{0x00225f, "LiteonTe", "Liteon Technology Corporation"},
	{0x002283, "JuniperN", "Juniper Networks"},
	{0x002333, "Cisco", "Cisco Systems, Inc"},
	{0x002389, "Hangzhou", "Hangzhou H3C Technologies Co., Limited"},
	{0x0024c4, "Cisco", "Cisco Systems, Inc"},
	{0x0024dc, "JuniperN", "Juniper Networks"},
	{0x002590, "SuperMic", "Super Micro Computer, Inc."},
	{0x002688, "JuniperN", "Juniper Networks"},
	{0x0026ca, "Cisco", "Cisco Systems, Inc"},
	{0x003048, "SuperMic", "Super Micro Computer, Inc."},
	{0x003096, "Cisco", "Cisco Systems, Inc"},
	{0x005056, "VMware", "VMware, Inc."},
	{0x0050a2, "Cisco", "Cisco Systems, Inc"},
	{0x006008, "3com", "3Com"},
	{0x006097, "3Com", "3Com"},
	{0x00869c, "PaloAlto", "Palo Alto Networks"},
	{0x00901a, "Unispher", "Unisphere Solutions"},
	{0x009069, "JuniperN", "Juniper Networks"},
	{0x0090f5, "Clevo", "Clevo Co."},
	{0x00aa00, "Intel", "Intel Corporation"},
	{0x00b0c2, "Cisco", "Cisco Systems, Inc"},
	{0x00c04f, "Dell", "Dell Inc."},
	{0x00c095, "ZnyxNetw", "Znyx (Network Appliance); Jupiter Systems (MX-700); Apple (G3)  all seen"},
	{0x00c09f, "QuantaCo", "Quanta Computer Inc."},
	{0x00c0ca, "Alfa", "Alfa, Inc."},
	{0x00c0f0, "Kingston", "Kingston Technology Corporation"},
	{0x00d003, "ComdaEnt", "Comda Enterprises Corp."},
	{0x00d02b, "Jetcell", "Jetcell, Inc."},
	{0x00d0b7, "Intel", "Intel Corporation"},
	{0x00d0c9, "Advantec", "Advantech Co., Ltd."},
	{0x00d0f6, "Nokia", "Nokia"},
	{0x00e018, "AsustekI", "Asustek"},
	{0x00e01c, "CradlePo", "CradlePoint, Inc"},
	{0x00e04c, "RealtekS", "Realtek Semiconductor Corp."},
	{0x00e0d8, "LanbitCo", "LANBit Computer, Inc."},
	{0x00f4b9, "Apple", "Apple, Inc."},
	{0x080027, "PcsCompu", "PCS Computer Systems GmbH"},
	{0x083e8e, "HonHaiPr", "Hon Hai Precision Ind. Co.,Ltd."},
	{0x085b0e, "Fortinet", "Fortinet, Inc."},
	{0x08beac, "EdimaxTe", "Edimax Technology Co. Ltd."},
	{0x08d09f, "Cisco", "Cisco Systems, Inc"},
	{0x101331, "Technico", "Technicolor Delivery Technologies Belgium NV"},
	{0x104b46, "Mitsubis", "Mitsubishi Electric Corporation"},
	{0x107bef, "ZyxelCom", "Zyxel Communications Corporation"},
	{0x10c37b, "ASUSTekC", "ASUSTek COMPUTER INC."},
	{0x10e7c6, "HewlettP", "Hewlett Packard"},
	{0x186024, "HewlettP", "Hewlett Packard"},
	{0x20e52a, "Netgear", "Netgear"},
	{0x244bfe, "ASUSTekC", "ASUSTek COMPUTER INC."},
	{0x245ebe, "QNAP", "QNAP Systems, Inc."},
	{0x283737, "Apple", "Apple, Inc."},
	{0x2c6bf5, "JuniperN", "Juniper Networks"},
	{0x38e08e, "Mitsubis", "Mitsubishi Electric Corporation"},
	{0x38f9d3, "Apple", "Apple, Inc."},
	{0x3c0754, "Apple", "Apple, Inc."},
	{0x3c5ab4, "Google", "Google, Inc."},
	{0x3cfdfe, "IntelCor", "Intel Corporate"},
	{0x405539, "Cisco", "Cisco Systems, Inc"},
	{0x4c17eb, "Sagemcom", "Sagemcom Broadband SAS"},
	{0x50c58d, "JuniperN", "Juniper Networks"},
	{0x525400, "RealtekU", "Realtek (UpTech? also reported)"},
	{0x5475d0, "Cisco", "Cisco Systems, Inc"},
	{0x54e1ad, "LCFCHefe", "LCFC(Hefei) Electronics Technology co., ltd"},
	{0x58961d, "IntelCor", "Intel Corporate"},
	{0x58b035, "Apple", "Apple, Inc."},
	{0x6038e0, "BelkinIn", "Belkin International Inc."},
	{0x60eb69, "QuantaCo", "Quanta Computer Inc."},
	{0x683a1e, "CiscoMer", "Cisco Meraki"},
	{0x685b35, "Apple", "Apple, Inc."},
	{0x68a3c4, "LiteonTe", "Liteon Technology Corporation"},
	{0x68a86d, "Apple", "Apple, Inc."},
	{0x68ecc5, "IntelCor", "Intel Corporate"},
	{0x74867a, "Dell", "Dell Inc."},
	{0x7831c1, "Apple", "Apple, Inc."},
	{0x7894b4, "Sercomm", "Sercomm Corporation."},
	{0x78acc0, "HewlettP", "Hewlett Packard"},
	{0x8843e1, "Cisco", "Cisco Systems, Inc"},
	{0x88e0f3, "JuniperN", "Juniper Networks"},
	{0x8c8590, "Apple", "Apple, Inc."},
	{0x9059af, "TexasIns", "Texas Instruments"},
	{0x90e2ba, "IntelCor", "Intel Corporate"},
	{0x943fc2, "HewlettP", "Hewlett Packard Enterprise"},
	{0x94d9b3, "Tp-LinkT", "Tp-Link Technologies Co.,Ltd."},
	{0x98a2c0, "Cisco", "Cisco Systems, Inc"},
	{0x9c8e99, "HewlettP", "Hewlett Packard"},
	{0xa0369f, "IntelCor", "Intel Corporate"},
	{0xa4badb, "Dell", "Dell Inc."},
	{0xa82066, "Apple", "Apple, Inc."},
	{0xa8574e, "Tp-LinkT", "Tp-Link Technologies Co.,Ltd."},
	{0xa8b1d4, "Cisco", "Cisco Systems, Inc"},
	{0xa8d0e5, "JuniperN", "Juniper Networks"},
	{0xaa0004, "DecLocal", "DEC"},
	{0xac162d, "HewlettP", "Hewlett Packard"},
	{0xac1f6b, "SuperMic", "Super Micro Computer, Inc."},
	{0xb0c090, "ChiconyE", "Chicony Electronics Co., Ltd."},
	{0xb0d7cc, "Tridonic", "Tridonic GmbH & Co KG"},
	{0xb49691, "IntelCor", "Intel Corporate"},
	{0xb80305, "IntelCor", "Intel Corporate"},
	{0xb827eb, "Raspberr", "Raspberry Pi Foundation"},
	{0xb8ca3a, "Dell", "Dell Inc."},
	{0xbcd177, "Tp-LinkT", "Tp-Link Technologies Co.,Ltd."},
	{0xc0c1c0, "Cisco-Li", "Cisco-Linksys, LLC"},
	{0xc4b301, "Apple", "Apple, Inc."},
	{0xc8b29b, "IntelCor", "Intel Corporate"},
	{0xc8f733, "IntelCor", "Intel Corporate"},
	{0xcc00f1, "Sagemcom", "Sagemcom Broadband SAS"},
	{0xccb255, "D-LinkIn", "D-Link International"},
	{0xd07ab5, "HuaweiTe", "Huawei Technologies Co.,Ltd"},
	{0xd4ae52, "Dell", "Dell Inc."},
	{0xd89d67, "HewlettP", "Hewlett Packard"},
	{0xd8cb8a, "Micro-St", "Micro-Star INTL CO., LTD."},
	{0xdca632, "Raspberr", "Raspberry Pi Trading Ltd"},
	{0xe0cbbc, "CiscoMer", "Cisco Meraki"},
	{0xe4434b, "Dell", "Dell Inc."},
	{0xe83935, "HewlettP", "Hewlett Packard"},
	{0xe8b748, "Cisco", "Cisco Systems, Inc"},
	{0xf01898, "Apple", "Apple, Inc."},
	{0xf04b3a, "JuniperN", "Juniper Networks"},
	{0xf4b52f, "JuniperN", "Juniper Networks"},
	{0xf4ce46, "HewlettP", "Hewlett Packard"},
	{0xf81654, "IntelCor", "Intel Corporate"},
	{0xf81edf, "Apple", "Apple, Inc."},
	{0xf835dd, "GemtekTe", "Gemtek Technology Co., Ltd."},
	{0xf8bc12, "Dell", "Dell Inc."},
	{0xfcfbfb, "Cisco", "Cisco Systems, Inc"},
}

// vendorOf returns the vendor of a prefix, nil when it is not in the table.
func vendorOf(oui uint64) *vendor {
	i, ok := slices.BinarySearchFunc(vendors[:], oui, func(v vendor, oui uint64) int { return int(int64(v.oui) - int64(oui)) })
	if !ok {
		return nil
	}
	return &vendors[i]
}

// host is an address with the vendor's name for its prefix.
func (v *vendor) host(mac []byte) []byte {
	return fmt.Appendf(nil, "%s_%02x:%02x:%02x", v.short, mac[3], mac[4], mac[5])
}

// macText is an address as the tree shows it: with its vendor, unless tshark
// without names is to be matched.
func (d *Dissector) macText(mac []byte) string {
	v := vendorOf(uint64(mac[0])<<16 | uint64(mac[1])<<8 | uint64(mac[2]))
	if v == nil || d.opt.Compat {
		return string(appendMAC(nil, mac))
	}
	return fmt.Sprintf("%s (%s)", v.host(mac), appendMAC(nil, mac))
}

// ouiText sets the text of the last node, a vendor's prefix.
func (d *Dissector) ouiText(v *vendor) {
	if d.level != Tree {
		return
	}
	n := &d.frame.Nodes[len(d.frame.Nodes)-1]
	n.Text = fmt.Appendf(nil, "%s: %02x:%02x:%02x", n.ID.Field().Label, n.Num>>16, n.Num>>8&0xff, n.Num&0xff)
	if v != nil {
		n.Text = fmt.Appendf(n.Text, " (%s)", v.name)
	}
}
