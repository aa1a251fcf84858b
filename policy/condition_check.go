package policy

import (
	"errors"
	"strconv"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// Limits of "POST Object" and "Uploading objects" in the S3 documentation.
const (
	// MaxFormBytes is how many bytes a form may have before its file.
	MaxFormBytes = 20_480
	// MaxMetadataBytes is how long the names (without x-amz-meta-) and values of the user metadata
	// may be together, in bytes.
	MaxMetadataBytes = 2048
	// MaxPostBytes is the largest file that a form can carry: 5 GiB.
	MaxPostBytes = 5 << 30

	// maxConditions is more than any form holds: of the shortest condition, {"a":""} and a comma,
	// 1,706 fit into the base64 of MaxFormBytes.
	maxConditions = 2000

	// framingBytes is what multipart/form-data puts around a field: its boundary (70 bytes at most,
	// RFC 2046), its header and line ends.
	framingBytes = len("--") + 70 + len("\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n")
)

// conditionCheck looks through a document's conditions before they are signed: it collects what is
// wrong with them, and counts what they add to the form.
type conditionCheck struct {
	dialect       dialectSet
	fields        int // exact ones, which become form fields
	visitorFields int
	size          int // bytes of these fields in the form
	metadata      int // bytes of user metadata
	bucket        bool
	key           bool
	sizeRange     bool
	seen          map[string]bool // fields in lower case; nil for a few conditions
	errs          []error
}

// check returns everything that is wrong with the conditions, joined.
func (k *conditionCheck) check(conditions []Condition) error {
	if n := len(conditions); n > maxConditions {
		return &ConditionError{Reason: ReasonFormTooLarge, Wanted: "at most " + strconv.Itoa(maxConditions) + " conditions", Got: strconv.Itoa(n)}
	}
	for i := range conditions {
		c := &conditions[i]
		if c.err != nil || c.kind == kindSignature || c.dialects&k.dialect == 0 {
			k.refuse(c)
		}
		repeated := k.sizeRange
		if c.operator != OpRange {
			repeated = k.isRepeated(conditions, i)
		}
		if repeated {
			k.errs = append(k.errs, c.refusal(ReasonRepeated, "one condition on a field", "two"))
		}
		k.count(c)
	}
	k.checkWhole()
	return errors.Join(k.errs...)
}

// isRepeated reports whether an earlier condition is about the field of the condition at an index.
// The first few, which is all in most policies, are compared one by one: that takes less time than
// a map. Then a map holds all fields so far, so that the work doesn't grow with the square of their
// number.
func (k *conditionCheck) isRepeated(conditions []Condition, at int) bool {
	const few = 16
	if at < few {
		return covers(conditions[:at], conditions[at].field)
	}
	if k.seen == nil {
		k.seen = make(map[string]bool, len(conditions))
		for i := range conditions[:at] {
			k.seen[LowerName(conditions[i].field)] = true
		}
	}
	name := LowerName(conditions[at].field)
	repeated := k.seen[name]
	k.seen[name] = true
	return repeated
}

// covers reports whether one of the conditions is about the field. Size ranges have no field.
func covers(conditions []Condition, field string) bool {
	for i := range conditions {
		if equalNames(conditions[i].field, field) {
			return true
		}
	}
	return false
}

// refuse adds why the condition can't be signed.
func (k *conditionCheck) refuse(c *Condition) {
	err := c.err
	switch {
	case c.operator == "":
		err = c.refusal(ReasonField, "a condition made by a constructor", "")
	case c.kind == kindSignature:
		err = &ConditionError{Field: c.field, Operator: c.operator, Reason: ReasonReserved, Wanted: "none: the field belongs to the signature or the file"}
	case err == nil:
		err = c.refusal(ReasonDialect, "a field of the signer's dialect", "")
	}
	k.errs = append(k.errs, err)
}

// count adds what the condition does to the form.
func (k *conditionCheck) count(c *Condition) {
	if c.operator == OpRange {
		k.sizeRange = true
		return
	}
	switch c.kind {
	case kindBucket:
		k.bucket = true
		return
	case kindKey:
		k.key = true
	case kindMetadata:
		k.metadata += len(c.field) - len("x-amz-meta-") + len(c.value)
	}
	k.size += framingBytes + len(c.field) + len(c.value)
	if c.operator == OpEqual {
		k.fields++
	} else {
		k.visitorFields++
	}
}

// checkWhole adds what is wrong with the document as a whole.
func (k *conditionCheck) checkWhole() {
	if !k.bucket {
		k.errs = append(k.errs, &ConditionError{Field: "bucket", Reason: ReasonUnconditional, Wanted: "an exact bucket", Got: "none"})
	}
	if !k.key {
		k.errs = append(k.errs, &ConditionError{Field: "key", Reason: ReasonUnconditional, Wanted: "an exact key or a prefix", Got: "none"})
	}
	if k.metadata > MaxMetadataBytes {
		k.errs = append(k.errs, &ConditionError{Field: "x-amz-meta-*", Reason: ReasonMetadataTooLarge, Wanted: "at most 2048 bytes", Got: strconv.Itoa(k.metadata)})
	}
}

// checkLifetime refuses a document that has expired, or that lasts longer than S3 or the
// credentials allow.
func checkLifetime(expiration time.Time, s *sigv4.Signer, now time.Time) error {
	latest, err := s.LatestExpiration(now)
	if err != nil {
		return &ConditionError{Field: "expiration", Reason: ReasonLifetime, Wanted: "credentials that are valid", Err: err}
	}
	wanted := ""
	switch {
	case expiration.Unix() <= now.Unix():
		wanted = "after " + formatInstant(now)
	case expiration.Unix() > latest.Unix():
		wanted = "at most " + formatInstant(latest)
	default:
		return nil
	}
	return &ConditionError{Field: "expiration", Reason: ReasonLifetime, Wanted: wanted, Got: formatInstant(expiration)}
}
