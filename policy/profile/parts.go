package profile

import (
	"strconv"

	"github.com/postern-dev/postern/policy/sigv4"
)

// Where the profile says nothing, parts are MinPartSize for files of up to partsOfFile such parts;
// larger files have about that many parts, of at most largestPart. Every part costs a browser a
// preflight of its own, so larger ones are faster; a smaller one is stored earlier, and less is
// lost when a connection breaks. Where the sender's rate is known, a part takes about
// secondsOfPart, if that makes it smaller.
const (
	partsOfFile   = 16
	largestPart   = 64 * MiB
	secondsOfPart = 10
)

// partSize returns the size of every part but the last for an object of size bytes, in whole MiB:
// the profile's, or if that is 0 what suits the object and the sender's rate in bytes per second, 0
// where that is unknown. Either is larger only where 10,000 parts wouldn't do.
func partSize(size, ofProfile, rate int64) int64 {
	part := ofProfile
	if part == 0 {
		part = min(ceilDiv(size, partsOfFile), largestPart)
		if rate > 0 {
			part = min(part, min(rate, largestPart)*secondsOfPart)
		}
		part = max(MinPartSize, wholeMiB(part))
	}
	return max(part, wholeMiB(ceilDiv(size, sigv4.MaxParts)))
}

func wholeMiB(size int64) int64 { return ceilDiv(size, MiB) * MiB }

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
