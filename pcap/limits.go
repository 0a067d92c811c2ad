package pcap

// The bounds of this package. Lengths that a file claims are compared with
// them before anything else happens; memory grows only with bytes that came.
const (
	// DefaultWindow is the size of a window: larger ones gained nothing, smaller
	// ones keep the workers waiting for each other.
	DefaultWindow = 1 << 20

	// MaxRecord is the largest frame that is kept, as in libpcap and Wireshark.
	MaxRecord = 262144

	// maxHold is the largest pcapng block that is looked at as a whole. A frame
	// with its options fits; of a larger block only the beginning is read.
	maxHold = 1 << 20

	// maxBlock is the largest block that is believed, as in libpcap.
	maxBlock = 16 << 20

	// maxSecrets is the number of bytes of TLS keys kept: 100,000 sessions.
	maxSecrets = 32 << 20

	// maxZero is how many record headers of zero bytes in a row (1 MiB of them)
	// are taken for frames without a time and without bytes.
	maxZero = 65536

	// maxEmpty is how many frames without bytes are read in a row.
	maxEmpty = 1_000_000

	// maxInterfaces is how many interfaces a pcapng section may have;
	// real ones have less than a hundred.
	maxInterfaces = 65536

	// maxListed is how many interfaces, comments and link types of a file are
	// kept to be shown.
	maxListed = 256

	// maxDamage is how many damages of a file are kept; the rest is counted.
	maxDamage = 16

	// maxText is the number of bytes kept of a comment or a name.
	maxText = 200

	// maxTime keeps times where differences of two of them cannot overflow:
	// about the years 1823 and 2116.
	maxTime = 1 << 62

	// mergeWindow is what each of several overlapping inputs may hold in memory.
	mergeWindow = 256 << 10

	// rowBytes: a window has at most one row for so many of its bytes, so that
	// its rows (40 bytes each) do not outgrow it. A record with the smallest
	// Ethernet frame has 76 bytes; only windows of stranger frames are cut short.
	rowBytes = 64

	// firstBuffer is what a window begins with. It doubles as bytes come.
	firstBuffer = 64 << 10

	// pipeFull: a read from a pipe that brings less has emptied the pipe, and
	// what is there is handed on instead of waiting for more.
	pipeFull = 64 << 10
)

// maxCap returns the longest capture length that is believed for a link type.
// Those with more than MaxRecord are as in libpcap; they carry no mail, so only
// the first MaxRecord bytes of their frames are kept.
func maxCap(link uint16) uint32 {
	switch link {
	case 231: // D-Bus
		return 128 << 20
	case 249: // USBPcap
		return 1 << 20
	case 279: // EBHSCR
		return 8 << 20
	}
	return MaxRecord
}
