package profile

import (
	"strconv"

	"github.com/postern-dev/postern/policy/sigv4"
)

// largePart is the part size that large files grow to: every part costs a browser a preflight of
// its own, so fewer parts are faster, while a lost part of this size is still cheap to send again.
const largePart = 32 * MiB

// partSize returns the size of every part but the last for an object of size bytes: at least
// smallest; doubling with the file to 32 MiB, so that a file has about sixteen parts before it has
// more; and beyond that as large as 10,000 parts make it. It is always whole MiB.
func partSize(size, smallest int64) int64 {
	part := smallest
	for part < largePart && part*32 <= size {
		part *= 2
	}
	part = max(smallest, min(part, largePart))
	return max(part, ceilDiv(ceilDiv(size, sigv4.MaxParts), MiB)*MiB)
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
