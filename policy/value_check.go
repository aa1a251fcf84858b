package policy

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxKeyBytes is the longest object key, in bytes of UTF-8 ("Creating object key names" in the S3
// documentation).
const MaxKeyBytes = 1024

// checkValue returns what is wrong with the condition by itself; classes are those of its value.
func (c *Condition) checkValue(classes byteClass) error {
	if !isToken(c.field) {
		return c.refusal(ReasonField, "a field name of letters, digits and -_.", strconv.Quote(c.field))
	}
	if err := c.checkText(classes); err != nil {
		return err
	}
	switch c.kind {
	case kindKey:
		return c.checkKey()
	case kindBucket:
		return c.checkExact(IsBucketName(c.value), ReasonValue, "a bucket name")
	case kindRedirect:
		return c.checkExact(isRedirect(c.value), ReasonRedirect, "an absolute https URL, or http on loopback")
	case kindStatus:
		return c.checkExact(c.value == "200" || c.value == "201" || c.value == "204", ReasonValue, "200, 201 or 204")
	case kindWebsite:
		return c.checkExact(isWebsiteTarget(c.value), ReasonValue, "a path from the root or an http or https URL")
	case kindStore:
		return c.checkExact(true, "", "")
	}
	return nil
}

// checkExact refuses a prefix, and an exact value unless it is valid.
func (c *Condition) checkExact(valid bool, reason Reason, wanted string) error {
	if c.operator != OpEqual {
		return c.refusal(ReasonOperator, "an exact value", string(c.operator))
	}
	if !valid {
		return c.refusal(reason, wanted, strconv.Quote(c.value))
	}
	return nil
}

// checkText refuses what stores or browsers read in different ways: a dollar sign begins a variable
// at some stores, browsers turn line ends into CR LF, and encoders replace invalid UTF-8 in the
// policy but not in the form.
func (c *Condition) checkText(classes byteClass) error {
	switch {
	case !utf8.ValidString(c.value):
		return c.refusal(ReasonEncoding, "UTF-8", strconv.Quote(c.value))
	case classes&classDollar != 0:
		return c.refusal(ReasonDollar, "no $", strconv.Quote(c.value))
	case classes&classControl != 0:
		return c.refusal(ReasonControl, "no control characters", strconv.Quote(c.value))
	}
	return nil
}

// checkKey checks an exact key or a key prefix.
func (c *Condition) checkKey() error {
	if len(c.value) > MaxKeyBytes {
		return c.refusal(ReasonKeyTooLong, "at most 1024 bytes", strconv.Itoa(len(c.value)))
	}
	if c.operator == OpStartsWith && !strings.HasSuffix(c.value, "/") {
		return c.refusal(ReasonKeyPrefix, "a prefix ending in /", strconv.Quote(c.value))
	}
	if c.value == "" {
		return c.refusal(ReasonValue, "a key", `""`)
	}
	for segment := range strings.SplitSeq(c.value, "/") {
		if segment == "." || segment == ".." {
			return c.refusal(ReasonKeySegment, "no segment . or ..", strconv.Quote(c.value))
		}
	}
	return nil
}

// isToken reports whether s can be the name of a form field.
func isToken(s string) bool { return s != "" && classesOf(s)&classNotToken == 0 }

// IsBucketName reports whether s can name a bucket or an access point. It is wider than S3's rule
// for new buckets (3 to 63 of a-z, 0-9, '-' and '.'), since older buckets, access point aliases and
// other stores have more: 3 to 255 letters, digits and -_., without two dots in a row, the first of
// them a letter or digit.
func IsBucketName(s string) bool {
	return len(s) >= 3 && len(s) <= 255 && isToken(s) && !strings.Contains(s, "..") && !strings.ContainsRune("-_.", rune(s[0]))
}
