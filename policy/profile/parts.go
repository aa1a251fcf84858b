package profile

import (
	"strconv"

	"github.com/postern-dev/postern/policy/sigv4"
)

// largePart is the part size that large files grow to: every part costs a browser a preflight of
// its own, so fewer parts are faster, while a lost part of this size is still cheap to send again.
const largePart = 32 * MiB

// A part of a file whose sender knows its rate takes about hintedSeconds, and is at most
// largestHinted. The file has at least hintedParts, which are sent at the same time.
const (
	hintedSeconds = 10
	largestHinted = 64 * MiB
	hintedParts   = 4
)

// partSize returns the size of every part but the last for an object of size bytes: at least
// smallest, and as large as 10,000 parts make it. In between it follows the sender's rate in bytes
// per second, 0 where that is unknown. It is always whole MiB.
func partSize(size, smallest, rate int64) int64 {
	part := unhintedPart(size, smallest)
	if rate > 0 {
		wanted := min(rate, largestHinted) * hintedSeconds
		part = max(smallest, min(ceilDiv(min(wanted, ceilDiv(size, hintedParts)), MiB)*MiB, largestHinted))
	}
	return max(part, ceilDiv(ceilDiv(size, sigv4.MaxParts), MiB)*MiB)
}

// unhintedPart doubles with the file to 32 MiB, so that a file has about sixteen parts before it
// has more.
func unhintedPart(size, smallest int64) int64 {
	part := smallest
	for part < largePart && part*32 <= size {
		part *= 2
	}
	return max(smallest, min(part, largePart))
}

func ceilDiv(a, b int64) int64 {
	return (a + b - 1) / b
}

// PartLength returns the exact length in bytes of a part of a multipart plan; numbers begin at 1.
// It fails with PartOutOfPlan when the plan has no such part.
func (p Plan) PartLength(number int) (int64, error) {
	if number < 1 || number > p.PartCount {
		wanted := "1 to " + strconv.Itoa(p.PartCount)
		return 0, &RequestError{Code: PartOutOfPlan, Field: "number", Wanted: wanted, Got: strconv.Itoa(number)}
	}
	if number < p.PartCount {
		return p.PartSize, nil
	}
	return p.MaxSize - int64(p.PartCount-1)*p.PartSize, nil
}
