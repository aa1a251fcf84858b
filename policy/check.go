package policy

import (
	"strconv"
	"strings"
	"time"
)

// Violation is one reason why a store would refuse a form.
type Violation struct {
	// Reason is the kind of violation.
	Reason Reason
	// Code, Status and Message are S3's answer, such as "AccessDenied", 403 and "Invalid according
	// to Policy: Policy expired.". A store names only the first violation it finds, and not all
	// stores look in the same order.
	Code    string
	Status  int
	Message string
	// Field is the form field, empty for the file or the form as a whole.
	Field string
	// Condition is the condition that isn't met, the zero Condition if it is about none.
	Condition Condition
	// Wanted and Got describe what is allowed and what the form has. Values in them aren't quoted.
	Wanted, Got string
}

// fileField names the field of the file, which ends the form.
const fileField = "file"

// filenameVariable is what S3 replaces with the name of the visitor's file.
const filenameVariable = "${filename}"

// Check simulates S3's answer to a form with these fields and a file of size bytes, posted at now
// to the bucket that the policy names. It returns every violation; none means that the form would
// be accepted. fields have the order of the form; a field named "file" stands for the file, and may
// be left out at the end. Check doesn't look at the signature: Verify does. It can't know what the
// store alone knows: its settings, its clock, and whether the key is taken.
func Check(d Document, fields []Field, size int64, now time.Time) []Violation {
	c := formChecker{document: d, fields: fields}
	c.bound()
	c.cutAtFile()
	c.index()
	c.checkForm()
	if !now.Before(d.Expiration) {
		c.deny(Violation{Reason: ReasonExpired, Wanted: formatInstant(d.Expiration), Got: formatInstant(now)}, "Policy expired.")
	}
	for i := range c.document.Conditions {
		c.checkCondition(&c.document.Conditions[i], size)
	}
	c.checkCovered()
	c.checkMaxPost(size)
	return c.violations
}

// formChecker collects the violations of one form.
type formChecker struct {
	document   Document
	fields     []Field               // before the file
	names      []string              // of the fields, in lower case
	values     map[string]fieldValue // of the first field of each name
	violations []Violation
}

// deny adds a violation of the policy, which S3 answers with 403.
func (c *formChecker) deny(v Violation, why string) {
	v.Code, v.Status, v.Message = "AccessDenied", 403, "Invalid according to Policy: "+why
	c.violations = append(c.violations, v)
}

// refuse adds a violation that S3 answers with 400.
func (c *formChecker) refuse(v Violation, code, message string) {
	v.Code, v.Status, v.Message = code, 400, message
	c.violations = append(c.violations, v)
}

// checkCondition holds the form against one condition.
func (c *formChecker) checkCondition(condition *Condition, size int64) {
	if condition.operator == OpRange {
		c.checkRange(condition, size)
		return
	}
	value, found := c.values[LowerName(condition.field)]
	if !found && condition.kind == kindBucket {
		return // the bucket is in the form's URL
	}
	reason := condition.compare(&value)
	if !found {
		reason = ReasonMissing
	}
	if reason != "" {
		c.deny(Violation{Reason: reason, Field: condition.field, Condition: *condition, Wanted: condition.redact(condition.value), Got: condition.redact(value.text)}, "Policy Condition failed: "+condition.String())
	}
}

const (
	tooSmallMessage = "Your proposed upload is smaller than the minimum allowed size"
	tooLargeMessage = "Your proposed upload exceeds the maximum allowed size"
)

func (c *formChecker) checkRange(condition *Condition, size int64) {
	v := Violation{Condition: *condition, Wanted: strconv.FormatInt(condition.min, 10) + " to " + strconv.FormatInt(condition.max, 10), Got: strconv.FormatInt(size, 10)}
	switch {
	case size < condition.min:
		v.Reason = ReasonTooSmall
		c.refuse(v, "EntityTooSmall", tooSmallMessage)
	case size > condition.max:
		v.Reason = ReasonTooLarge
		c.refuse(v, "EntityTooLarge", tooLargeMessage)
	}
}

// checkMaxPost applies MaxPostBytes, unless a condition did already.
func (c *formChecker) checkMaxPost(size int64) {
	for _, v := range c.violations {
		if v.Reason == ReasonTooLarge {
			return
		}
	}
	if size > MaxPostBytes {
		c.refuse(Violation{Reason: ReasonTooLarge, Wanted: "at most " + strconv.Itoa(MaxPostBytes), Got: strconv.FormatInt(size, 10)}, "EntityTooLarge", tooLargeMessage)
	}
}

// checkCovered demands a condition on the bucket and on every field that needs one.
func (c *formChecker) checkCovered() {
	covered := make(map[string]bool, len(c.document.Conditions))
	for i := range c.document.Conditions {
		if condition := &c.document.Conditions[i]; condition.operator != OpRange {
			covered[LowerName(condition.field)] = true
		}
	}
	if !covered["bucket"] {
		c.deny(Violation{Reason: ReasonUnconditional, Field: "bucket", Wanted: "a condition on the bucket"}, "Extra input fields: bucket")
	}
	for i, field := range c.fields {
		if name := c.names[i]; c.isFirst(i) && !needsNoCondition(name) && !covered[name] {
			c.deny(Violation{Reason: ReasonExtra, Field: field.Name, Wanted: "a condition", Got: field.Value}, "Extra input fields: "+name)
		}
	}
}

// needsNoCondition reports whether a field, by its name in lower case, may be in any form. The
// bucket's field is looked at by itself.
func needsNoCondition(name string) bool {
	switch name {
	case "bucket", "policy", "x-amz-signature", "x-oss-signature", "x-goog-signature":
		return true
	}
	return strings.HasPrefix(name, "x-ignore-")
}
