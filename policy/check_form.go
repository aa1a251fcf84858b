package policy

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxFields is how many fields of a form are looked at. No store takes more: S3 reads MaxFormBytes,
// fewer than 400 fields, and stores in Go read forms by mime/multipart's ReadForm, which takes
// 1,000 parts. As maxFields+1 fields are over MaxFormBytes, a longer form is refused whatever is in
// them.
const maxFields = 1000

// bound cuts off fields and conditions beyond what any store takes.
func (c *formChecker) bound() {
	c.fields = c.fields[:min(len(c.fields), maxFields+1)]
	if n := len(c.document.Conditions); n > maxConditions {
		c.refuse(Violation{Reason: ReasonFormTooLarge, Field: "policy", Wanted: "at most " + strconv.Itoa(maxConditions) + " conditions", Got: strconv.Itoa(n)},
			"MaxPostPreDataLengthExceeded", preDataMessage)
		c.document.Conditions = c.document.Conditions[:maxConditions]
	}
}

// index looks up the fields by name.
func (c *formChecker) index() {
	c.names, c.values = make([]string, len(c.fields)), make(map[string]fieldValue, len(c.fields))
	for i, field := range c.fields {
		name := LowerName(field.Name)
		c.names[i] = name
		if _, repeated := c.values[name]; !repeated {
			c.values[name] = newFieldValue(field.Value, i, name == "content-type")
		}
	}
}

// isFirst reports whether no earlier field has the name of the field at an index.
func (c *formChecker) isFirst(index int) bool { return c.values[c.names[index]].index == index }

const preDataMessage = "Your POST request fields preceding the upload file were too large."

// cutAtFile drops the fields after the file, as stores do.
func (c *formChecker) cutAtFile() {
	for i, field := range c.fields {
		if !field.Is(fileField) {
			continue
		}
		for _, late := range c.fields[i+1:] {
			c.refuse(Violation{Reason: ReasonAfterFile, Field: late.Name, Wanted: "before the file", Got: late.Value},
				"InvalidArgument", "POST fields after the file are ignored.")
		}
		c.fields = c.fields[:i]
		return
	}
}

// checkForm applies the rules for all forms, whatever their policy.
func (c *formChecker) checkForm() {
	if size := FormBytes(c.fields); size > MaxFormBytes {
		c.refuse(Violation{Reason: ReasonFormTooLarge, Wanted: "at most 20480 bytes before the file", Got: strconv.Itoa(size)},
			"MaxPostPreDataLengthExceeded", preDataMessage)
	}
	c.checkMetadata()
	for i, field := range c.fields {
		if !c.isFirst(i) {
			c.refuse(Violation{Reason: ReasonRepeated, Field: field.Name, Wanted: "once", Got: field.Value},
				"InvalidArgument", "POST requires exactly one value for each field.")
		}
		if !utf8.ValidString(field.Value) {
			c.refuse(Violation{Reason: ReasonEncoding, Field: field.Name, Wanted: "UTF-8", Got: field.Value},
				"InvalidArgument", "The field is not valid UTF-8.")
		}
	}
	c.checkKey()
}

// checkMetadata adds up the names, without x-amz-meta-, and the values of the user metadata.
func (c *formChecker) checkMetadata() {
	size := 0
	for i, field := range c.fields {
		if name := c.names[i]; kindOf(name) == kindMetadata {
			_, name, _ = strings.Cut(name, "-meta-")
			size += len(name) + len(field.Value)
		}
	}
	if size > MaxMetadataBytes {
		c.refuse(Violation{Reason: ReasonMetadataTooLarge, Wanted: "at most 2048 bytes of user metadata", Got: strconv.Itoa(size)},
			"MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
	}
}

func (c *formChecker) checkKey() {
	value, found := c.values["key"]
	switch key := value.text; {
	case !found:
		c.refuse(Violation{Reason: ReasonKeyMissing, Field: "key", Wanted: "a field named key"},
			"InvalidArgument", "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.")
	case key == "":
		c.refuse(Violation{Reason: ReasonKeyMissing, Field: "key", Wanted: "a key"},
			"InvalidArgument", "User key must have a length greater than 0.")
	case len(key) > MaxKeyBytes:
		c.refuse(Violation{Reason: ReasonKeyTooLong, Field: "key", Wanted: "at most 1024 bytes", Got: strconv.Itoa(len(key))},
			"KeyTooLongError", "Your key is too long")
	}
}
