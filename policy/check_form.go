package policy

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

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
			"MaxPostPreDataLengthExceeded", "Your POST request fields preceding the upload file were too large.")
	}
	c.checkMetadata()
	for i, field := range c.fields {
		if _, first := c.find(field.Name); first != i {
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
	for _, field := range c.fields {
		if name := lowerName(field.Name); kindOf(name) == kindMetadata {
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
	key, index := c.find("key")
	switch {
	case index < 0:
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
