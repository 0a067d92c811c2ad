package pcap

import (
	"bytes"
	"encoding/binary"
)

// foreign names the formats that are not read, by the bytes they begin with.
// editcap is part of Wireshark and reads those that name it.
var foreign = [...]struct{ magic, name, hint string }{
	{"snoop\x00\x00\x00", "a Sun snoop file", "convert it with: editcap -F pcap IN OUT"},
	{"GMBU", "a Microsoft Network Monitor 2 file", "convert it with: editcap -F pcap IN OUT"},
	{"RTSS", "a Microsoft Network Monitor 1 file", "convert it with: editcap -F pcap IN OUT"},
	{"TRSNIFF data", "a DOS Sniffer file", "convert it with: editcap -F pcap IN OUT"},
	{"XCP\x00", "a NetXRay or Windows Sniffer file", "convert it with: editcap -F pcap IN OUT"},
	{"VL\x00\x00", "a NetXRay file", "convert it with: editcap -F pcap IN OUT"},
	{"iptrace 1.0", "an AIX iptrace file", "convert it with: editcap -F pcap IN OUT"},
	{"iptrace 2.0", "an AIX iptrace file", "convert it with: editcap -F pcap IN OUT"},
	{"\x7fver", "a WildPackets (Savvius) file", "convert it with: editcap -F pcap IN OUT"},
	{"\x05VNF", "a Visual Networks file", "convert it with: editcap -F pcap IN OUT"},
	{"ObserverPktBuffe", "a Network Instruments Observer file", "convert it with: editcap -F pcap IN OUT"},
	{"\x54\x52\x00\x64\x00", "an HP-UX nettl file", "convert it with: editcap -F pcap IN OUT"},
	{"\x00\x00\x02\x00\x12\x05\x00\x10", "a Tektronix K12 file", "convert it with: editcap -F pcap IN OUT"},
	{"\xaa\xaa\xaa\xaa", "an InfoVista 5View file", "convert it with: editcap -F pcap IN OUT"},
	{"btsnoop\x00", "a Bluetooth snoop file", "there is no mail in it"},
	{"LOGG", "a Vector BLF file", "there is no mail in it"},
	{"\xa1\x2b\x3c\x4d", "Navtel's variant of pcap", "convert it with the vendor's program"},
	{"\x4d\x3c\x2b\xa1", "Navtel's variant of pcap", "convert it with the vendor's program"},
	{"\xa1\xb2\x34\xcd", "an experimental variant of pcap (a1b234cd)", "write it again with tcpdump -r IN -w OUT"},
	{"\xcd\x34\xb2\xa1", "an experimental variant of pcap (a1b234cd)", "write it again with tcpdump -r IN -w OUT"},
	{"BZh", "data compressed with bzip2", "decompress it: bunzip2 -k FILE"},
	{"\xfd7zXZ\x00", "data compressed with xz", "decompress it: xz -dk FILE"},
	{"\x28\xb5\x2f\xfd", "data compressed with zstd", "decompress it: zstd -d FILE"},
	{"\x04\x22\x4d\x18", "data compressed with lz4", "decompress it: lz4 -d FILE"},
	{"\x1f\x9d", "data compressed with compress", "decompress it: uncompress FILE"},
	{"PK\x03\x04", "a zip archive", "unpack it first"},
	{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first"},
	{"Rar!", "a RAR archive", "unpack it first"},
	{"\x7fELF", "a program (ELF)", ""},
	{"MZ", "a program (Windows)", ""},
	{"%PDF", "a PDF document", ""},
	{"\x89PNG", "a picture (PNG)", ""},
	{"\xff\xd8\xff", "a picture (JPEG)", ""},
	{"SQLite format 3", "an SQLite database", ""},
	{"version https://git-lfs", "a Git LFS pointer, the capture itself was not fetched", "fetch it with: git lfs pull"},
	{"<?xml", "XML text", "if it is PDML, the capture it was made from is needed"},
	{"<html", "an HTML page", ""},
	{"<!DOCTYPE", "an HTML page", ""},
	{"\xff\xfe", "UTF-16 text", ""},
}

// lookahead is how much of a foreign file is looked at to name it: a tar
// archive has its mark at byte 257.
const lookahead = 512

// refuse says what b, the beginning of an input, is.
func refuse(b []byte) *FormatError {
	if len(b) == 0 {
		return &FormatError{"an empty file", "nothing was captured, or the capture was not written to its end"}
	}
	for i := range foreign {
		if f := &foreign[i]; bytes.HasPrefix(b, []byte(f.magic)) {
			return &FormatError{f.name, f.hint}
		}
	}
	switch {
	case len(b) > 262 && string(b[257:262]) == "ustar":
		return &FormatError{"a tar archive", "unpack it first"}
	case zeros(b):
		return &FormatError{"a file of zero bytes", "the capture was never written to the disk"}
	case erf(b):
		return &FormatError{"an Endace ERF file", "convert it with: editcap -F pcap IN OUT"}
	case printable(b):
		return &FormatError{"text", "if it is a printed or hex-dumped capture, convert it with text2pcap"}
	}
	return &FormatError{Format: "data of an unknown kind"}
}

func zeros(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// erf reports whether b looks like records of Endace's format, which has no
// magic number: a time in little endian whose upper half is seconds, type,
// flags, and lengths in big endian. Two records in a row have to agree.
func erf(b []byte) bool {
	const (
		header = 16
		hour   = 3600
	)
	var last uint32
	n := 0
	for ; len(b) >= header; n++ {
		sec, typ, size := binary.LittleEndian.Uint32(b[4:]), b[8]&0x7f, int(binary.BigEndian.Uint16(b[10:]))
		if typ == 0 || typ > 48 || size < header || n > 0 && sec-last > hour {
			return false
		}
		last = sec
		b = b[min(size, len(b)):]
	}
	return n >= 2
}
