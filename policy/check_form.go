package policy

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// cutAtFile drops what follows the file, as stores do.
func (c *checker) cutAtFile() {
	for i, field := range c.fields {
		if !strings.EqualFold(field.Name, fileField) {
			continue
		}
		for _, late := range c.fields[i+1:] {
			c.add(Violation{Rule: RuleAfterFile, Code: "InvalidArgument", Status: 400, Field: late.Name, Got: late.Value,
				Wanted: "before the file", Message: "POST fields after the file are ignored."})
		}
		c.fields = c.fields[:i]
		return
	}
}

// checkForm looks at what any form has to be, whatever its policy.
func (c *checker) checkForm() {
	if size := FormBytes(c.fields); size > MaxFormBytes {
		c.add(Violation{Rule: RuleFormTooLarge, Code: "MaxPostPreDataLengthExceeded", Status: 400,
			Message: "Your POST request fields preceding the upload file were too large.",
			Wanted:  "at most 20480 bytes before the file", Got: strconv.Itoa(size)})
	}
	c.checkMetadata()
	for i, field := range c.fields {
		if _, first := c.find(field.Name); first != i {
			c.add(Violation{Rule: RuleRepeated, Code: "InvalidArgument", Status: 400, Field: field.Name, Got: field.Value,
				Wanted: "once", Message: "POST requires exactly one value for each field."})
		}
		if !utf8.ValidString(field.Value) {
			c.add(Violation{Rule: RuleEncoding, Code: "InvalidArgument", Status: 400, Field: field.Name, Got: field.Value,
				Wanted: "UTF-8", Message: "The field is not valid UTF-8."})
		}
	}
	c.checkKey()
}

// checkMetadata adds up names, without x-amz-meta-, and values.
func (c *checker) checkMetadata() {
	size := 0
	for _, field := range c.fields {
		if roleOf(field.Name) == roleMetadata {
			_, name, _ := strings.Cut(strings.ToLower(field.Name), "-meta-")
			size += len(name) + len(field.Value)
		}
	}
	if size > MaxMetadataBytes {
		c.add(Violation{Rule: RuleMetadata, Code: "MetadataTooLarge", Status: 400, Wanted: "at most 2048 bytes of user metadata",
			Got: strconv.Itoa(size), Message: "Your metadata headers exceed the maximum allowed metadata size"})
	}
}

func (c *checker) checkKey() {
	key, at := c.find("key")
	switch {
	case at < 0:
		c.add(Violation{Rule: RuleKeyMissing, Code: "InvalidArgument", Status: 400, Field: "key", Wanted: "a field named key",
			Message: "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields."})
	case key == "":
		c.add(Violation{Rule: RuleKeyMissing, Code: "InvalidArgument", Status: 400, Field: "key", Wanted: "a key",
			Message: "User key must have a length greater than 0."})
	case len(key) > MaxKeyBytes:
		c.add(Violation{Rule: RuleKeyTooLong, Code: "KeyTooLongError", Status: 400, Field: "key",
			Wanted: "at most 1024 bytes", Got: strconv.Itoa(len(key)), Message: "Your key is too long"})
	}
}
