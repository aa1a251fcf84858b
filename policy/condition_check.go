package policy

import (
	"errors"
	"strconv"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	// MaxFormBytes is how many bytes a form may have before its file.
	MaxFormBytes = 20_480
	// MaxMetadataBytes is how long the names (without x-amz-meta-) and values of the user metadata
	// may be together.
	MaxMetadataBytes = 2048
	// MaxPostBytes is the largest file a form can carry, 5 GiB.
	MaxPostBytes = 5 << 30

	// framingBytes is what multipart/form-data puts around a field: its boundary (70 bytes at most,
	// RFC 2046), its header and line ends.
	framingBytes = len("--") + 70 + len("\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n")
)

// survey is what one walk over the conditions finds out.
type survey struct {
	store    stores
	seen     uint64 // marks of the fields so far
	fields   int    // exact ones, to be written into the form
	open     int
	size     int // of the form so far, without the policy and the signature
	metadata int
	key      bool
	bucket   bool
	sized    bool
	faults   []error
}

func (v *survey) walk(conditions []Condition) {
	for i := range conditions {
		c := &conditions[i]
		if c.err != nil || c.role == roleSignature || c.stores&v.store == 0 {
			v.refuse(c)
		}
		if c.op == opRange {
			v.walkRange(c)
			continue
		}
		if bit := uint64(1) << c.mark; v.seen&bit == 0 {
			v.seen |= bit
		} else if covers(conditions[:i], c.field) {
			v.fault(c.fault(ErrRepeated, "one condition for a field", "two"))
		}
		v.count(c)
	}
}

func (v *survey) walkRange(c *Condition) {
	if v.sized {
		v.fault(c.fault(ErrRepeated, "one size range", "two"))
	}
	v.sized = true
}

// count adds what the condition does to the form.
func (v *survey) count(c *Condition) {
	switch c.role {
	case roleBucket:
		v.bucket = true
		return
	case roleKey:
		v.key = true
	case roleMetadata:
		v.metadata += len(c.field) - len("x-amz-meta-") + len(c.value)
	}
	v.size += framingBytes + len(c.field) + len(c.value)
	if c.op == opEqual {
		v.fields++
	} else {
		v.open++
	}
}

// refuse adds why the condition can't be signed.
func (v *survey) refuse(c *Condition) {
	switch {
	case c.op == opNone:
		v.fault(&ConditionError{Wanted: "a condition made by a constructor", Err: ErrName})
	case c.role == roleSignature:
		v.fault(&ConditionError{Field: c.field, Operator: operators[c.op], Wanted: "no condition: signing adds it", Err: ErrReserved})
	case c.err != nil:
		v.fault(c.err)
	default:
		v.fault(c.fault(ErrDialect, "a field of the signer's dialect", ""))
	}
}

func (v *survey) fault(err error) { v.faults = append(v.faults, err) }

func covers(before []Condition, field string) bool {
	for i := range before {
		if before[i].Covers(field) {
			return true
		}
	}
	return false
}

// settle returns all faults, the ones about the document as a whole included.
func (v *survey) settle() error {
	if !v.bucket {
		v.fault(&ConditionError{Field: "bucket", Wanted: "one", Got: "none", Err: ErrMissing})
	}
	if !v.key {
		v.fault(&ConditionError{Field: "key", Wanted: "an exact key or a prefix", Got: "none", Err: ErrMissing})
	}
	if v.metadata > MaxMetadataBytes {
		v.fault(&ConditionError{Field: "x-amz-meta-*", Wanted: "at most 2048 bytes", Got: strconv.Itoa(v.metadata), Err: ErrMetadataTooLarge})
	}
	if v.faults == nil {
		return nil
	}
	return errors.Join(v.faults...)
}

// checkLifetime refuses documents that end before they begin, or later than S3 or the credentials
// allow.
func checkLifetime(expiration time.Time, s *sigv4.Signer, now time.Time) error {
	latest, err := s.LatestExpiration(now)
	if err != nil {
		return &ConditionError{Field: "expiration", Wanted: "credentials that are still good", Err: err}
	}
	if expiration.Unix() <= now.Unix() {
		return lifetimeFault("after "+now.UTC().Format(time.RFC3339), expiration)
	}
	if expiration.Unix() > latest.Unix() {
		return lifetimeFault("at most "+latest.Format(time.RFC3339), expiration)
	}
	return nil
}

func lifetimeFault(wanted string, expiration time.Time) error {
	got := expiration.UTC().Format(time.RFC3339)
	return &ConditionError{Field: "expiration", Wanted: wanted, Got: got, Err: ErrLifetime}
}
