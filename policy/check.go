package policy

import (
	"strconv"
	"strings"
	"time"
)

// Reason is why a store refuses a form.
type Reason string

// The rules, as Check tells them apart.
const (
	RuleExpired       Reason = "expired"
	RuleMissing       Reason = "missing"        // the field of a condition isn't in the form
	RuleMismatch      Reason = "mismatch"       // the value isn't the one wanted
	RulePrefix        Reason = "prefix"         // the value doesn't start as wanted
	RuleList          Reason = "list"           // one item of a comma list of types doesn't
	RuleVariable      Reason = "variable"       // ${filename} where an exact value is wanted
	RuleExtra         Reason = "extra"          // a field that no condition covers
	RuleRepeated      Reason = "repeated"       // a field that is there twice
	RuleAfterFile     Reason = "after-file"     // a field behind the file
	RuleTooLarge      Reason = "too-large"      // the file
	RuleTooSmall      Reason = "too-small"      // the file
	RuleFormTooLarge  Reason = "form-too-large" // over MaxFormBytes before the file
	RuleKeyMissing    Reason = "key-missing"    // no key, or an empty one
	RuleKeyTooLong    Reason = "key-too-long"   // over MaxKeyBytes
	RuleMetadata      Reason = "metadata"       // over MaxMetadataBytes of user metadata
	RuleEncoding      Reason = "encoding"       // not UTF-8
	RuleUnconditional Reason = "unconditional"  // the bucket has no condition
)

// Violation is one reason why a store would refuse a form.
type Violation struct {
	// Reason is the kind of violation.
	Rule Reason
	// Code, Status and Message are what S3 answers, such as "AccessDenied", 403 and "Invalid
	// according to Policy: Policy expired.". A store names only the first violation it finds, and
	// not all find them in the same order.
	Code    string
	Status  int
	Message string
	// Field is the form field, empty for the file or the form as a whole.
	Field string
	// Condition is the one that isn't met. It is zero if there is none.
	Condition Condition
	// Wanted and Got tell the two apart. Neither is quoted.
	Wanted, Got string
}

// fileField is where the form's fields end.
const fileField = "file"

// filenameVariable is what S3 replaces with the name of the visitor's file.
const filenameVariable = "${filename}"

// Check tells what S3 would say to a form with these fields and a file of size bytes, posted at now
// to the bucket that the policy names. It returns every violation, none if the form would be
// accepted. fields are in the order of the form; one named "file" stands for the file and may be
// left out at the end. The signature isn't looked at: Verify does that. What only the store knows
// can't be foreseen: its own settings, its clock, and whether the key is taken.
func Check(d Document, fields []Field, size int64, now time.Time) []Violation {
	c := checker{document: d, fields: fields}
	c.cutAtFile()
	c.checkForm()
	if !now.Before(d.Expiration) {
		c.deny(Violation{Rule: RuleExpired, Wanted: instant(d.Expiration), Got: instant(now)}, "Policy expired.")
	}
	for i := range d.Conditions {
		c.checkCondition(&d.Conditions[i], size)
	}
	c.checkCovered()
	c.checkLargest(size)
	return c.violations
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

type checker struct {
	document   Document
	fields     []Field // before the file
	violations []Violation
}

func (c *checker) add(v Violation) { c.violations = append(c.violations, v) }

// deny adds a violation of the policy.
func (c *checker) deny(v Violation, why string) {
	v.Code, v.Status, v.Message = "AccessDenied", 403, "Invalid according to Policy: "+why
	c.add(v)
}

// find returns the first field of the name, -1 if there is none.
func (c *checker) find(name string) (value string, at int) {
	for i := range c.fields {
		if strings.EqualFold(c.fields[i].Name, name) {
			return c.fields[i].Value, i
		}
	}
	return "", -1
}

func (c *checker) checkCondition(k *Condition, size int64) {
	if k.op == opRange {
		c.checkRange(k, size)
		return
	}
	value, at := c.find(k.field)
	if at < 0 && k.role == roleBucket {
		return // the bucket is the one posted to
	}
	rule := k.violated(value)
	if at < 0 {
		rule = RuleMissing
	}
	if rule != "" {
		c.deny(Violation{Rule: rule, Field: k.field, Condition: *k, Wanted: k.shown(k.value), Got: k.shown(value)}, "Policy Condition failed: "+k.String())
	}
}

func (c *checker) checkRange(k *Condition, size int64) {
	v := Violation{Status: 400, Condition: *k, Wanted: strconv.FormatInt(k.min, 10) + " to " + strconv.FormatInt(k.max, 10), Got: strconv.FormatInt(size, 10)}
	switch {
	case size < k.min:
		v.Rule, v.Code, v.Message = RuleTooSmall, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"
		c.add(v)
	case size > k.max:
		v.Rule, v.Code, v.Message = RuleTooLarge, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"
		c.add(v)
	}
}

// checkLargest applies the size no form may exceed, if no condition did.
func (c *checker) checkLargest(size int64) {
	for _, v := range c.violations {
		if v.Rule == RuleTooLarge {
			return
		}
	}
	if size > MaxPostBytes {
		c.add(Violation{Rule: RuleTooLarge, Code: "EntityTooLarge", Status: 400, Wanted: "at most " + strconv.Itoa(MaxPostBytes),
			Got: strconv.FormatInt(size, 10), Message: "Your proposed upload exceeds the maximum allowed size"})
	}
}

// checkCovered demands a condition for every field that needs one.
func (c *checker) checkCovered() {
	if !c.covered("bucket") {
		c.deny(Violation{Rule: RuleUnconditional, Field: "bucket", Wanted: "a condition on the bucket"}, "Extra input fields: bucket")
	}
	for i, field := range c.fields {
		if _, first := c.find(field.Name); first != i || isFree(field.Name) || strings.EqualFold(field.Name, "bucket") {
			continue
		}
		if !c.covered(field.Name) {
			c.deny(Violation{Rule: RuleExtra, Field: field.Name, Wanted: "a condition", Got: field.Value}, "Extra input fields: "+strings.ToLower(field.Name))
		}
	}
}

func (c *checker) covered(name string) bool { return covers(c.document.Conditions, name) }

// isFree says whether a field needs no condition.
func isFree(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "policy", "file", "x-amz-signature", "x-oss-signature", "x-goog-signature":
		return true
	}
	return strings.HasPrefix(name, "x-ignore-")
}

// violated returns which rule of the condition the value breaks, "" for none.
func (k *Condition) violated(value string) Reason {
	if k.op == opEqual {
		return k.violatedExact(value)
	}
	known, _, variable := strings.Cut(value, filenameVariable)
	if strings.HasPrefix(known, k.value) {
		return k.violatedList(value)
	}
	if variable && strings.HasPrefix(k.value, known) {
		return RuleVariable // depends on the name of the file
	}
	return RulePrefix
}

func (k *Condition) violatedExact(value string) Reason {
	switch {
	case strings.Contains(value, filenameVariable):
		return RuleVariable
	case value != k.value:
		return RuleMismatch
	}
	return ""
}

// violatedList applies a prefix of Content-Type to every item of a comma list, as S3 does.
func (k *Condition) violatedList(value string) Reason {
	if !strings.EqualFold(k.field, "Content-Type") {
		return ""
	}
	for item := range strings.SplitSeq(value, ",") {
		if !strings.HasPrefix(strings.TrimSpace(item), k.value) {
			return RuleList
		}
	}
	return ""
}
