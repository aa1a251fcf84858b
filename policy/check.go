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
	c.cutAtFile()
	c.checkForm()
	if !now.Before(d.Expiration) {
		c.deny(Violation{Reason: ReasonExpired, Wanted: formatInstant(d.Expiration), Got: formatInstant(now)}, "Policy expired.")
	}
	for i := range d.Conditions {
		c.checkCondition(&d.Conditions[i], size)
	}
	c.checkCovered()
	c.checkMaxPost(size)
	return c.violations
}

// formChecker collects the violations of one form.
type formChecker struct {
	document   Document
	fields     []Field // before the file
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

// find returns the value and the index of the first field with the name, -1 if there is none.
func (c *formChecker) find(name string) (value string, index int) {
	for i, field := range c.fields {
		if field.Is(name) {
			return field.Value, i
		}
	}
	return "", -1
}

// checkCondition holds the form against one condition.
func (c *formChecker) checkCondition(condition *Condition, size int64) {
	if condition.operator == OpRange {
		c.checkRange(condition, size)
		return
	}
	value, index := c.find(condition.field)
	if index < 0 && condition.kind == kindBucket {
		return // the bucket is in the form's URL
	}
	reason := condition.compare(value)
	if index < 0 {
		reason = ReasonMissing
	}
	if reason != "" {
		c.deny(Violation{Reason: reason, Field: condition.field, Condition: *condition, Wanted: condition.redact(condition.value), Got: condition.redact(value)}, "Policy Condition failed: "+condition.String())
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
	conditions := c.document.Conditions
	if !covers(conditions, "bucket") {
		c.deny(Violation{Reason: ReasonUnconditional, Field: "bucket", Wanted: "a condition on the bucket"}, "Extra input fields: bucket")
	}
	for i, field := range c.fields {
		if _, first := c.find(field.Name); first != i || needsNoCondition(field) || covers(conditions, field.Name) {
			continue
		}
		c.deny(Violation{Reason: ReasonExtra, Field: field.Name, Wanted: "a condition", Got: field.Value}, "Extra input fields: "+lowerName(field.Name))
	}
}

// needsNoCondition reports whether a field may be in any form. The bucket's field is looked at by
// itself.
func needsNoCondition(field Field) bool {
	name := lowerName(field.Name)
	switch name {
	case "bucket", "policy", "x-amz-signature", "x-oss-signature", "x-goog-signature":
		return true
	}
	return strings.HasPrefix(name, "x-ignore-")
}

// compare returns why the value doesn't meet the condition, "" if it does.
func (c *Condition) compare(value string) Reason {
	if c.operator == OpEqual {
		return c.compareExact(value)
	}
	beforeVariable, _, hasVariable := strings.Cut(value, filenameVariable)
	if strings.HasPrefix(beforeVariable, c.value) {
		return c.compareList(value)
	}
	if hasVariable && strings.HasPrefix(c.value, beforeVariable) {
		return ReasonVariable // whether the value begins with the prefix depends on the file's name
	}
	return ReasonPrefix
}

func (c *Condition) compareExact(value string) Reason {
	switch {
	case strings.Contains(value, filenameVariable):
		return ReasonVariable
	case value != c.value:
		return ReasonMismatch
	}
	return ""
}

// compareList applies a prefix of Content-Type to every item of a comma list, as S3 does.
func (c *Condition) compareList(value string) Reason {
	if !c.Covers("Content-Type") {
		return ""
	}
	for item := range strings.SplitSeq(value, ",") {
		if !strings.HasPrefix(strings.TrimSpace(item), c.value) {
			return ReasonList
		}
	}
	return ""
}
