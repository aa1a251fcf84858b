package policy

import "strings"

// fieldValue is a form field's value with everything that its conditions ask about, so that many
// conditions on one long value don't read it again and again.
type fieldValue struct {
	text           string
	index          int    // of the field in the form
	beforeVariable string // the text up to ${filename}, all of it if there is none
	hasVariable    bool
	itemPrefix     string // of Content-Type: what all items of a comma list begin with
}

func newFieldValue(text string, index int, isType bool) fieldValue {
	v := fieldValue{text: text, index: index}
	v.beforeVariable, _, v.hasVariable = strings.Cut(text, filenameVariable)
	if isType {
		v.itemPrefix = commonPrefixOfItems(text)
	}
	return v
}

// commonPrefixOfItems returns the longest text that every item of a comma list begins with.
func commonPrefixOfItems(list string) string {
	first, rest, more := strings.Cut(list, ",")
	common := strings.TrimSpace(first)
	for more {
		var item string
		item, rest, more = strings.Cut(rest, ",")
		item = strings.TrimSpace(item)
		same := 0
		for same < min(len(common), len(item)) && common[same] == item[same] {
			same++
		}
		common = common[:same]
	}
	return common
}

// compare returns why the value doesn't meet the condition, "" if it does.
func (c *Condition) compare(value *fieldValue) Reason {
	switch {
	case c.operator == OpEqual && value.hasVariable:
		return ReasonVariable
	case c.operator == OpEqual && value.text != c.value:
		return ReasonMismatch
	case c.operator == OpEqual:
		return ""
	case strings.HasPrefix(value.beforeVariable, c.value):
		return c.compareList(value)
	case value.hasVariable && strings.HasPrefix(c.value, value.beforeVariable):
		return ReasonVariable // whether the value begins with the prefix depends on the file's name
	}
	return ReasonPrefix
}

// compareList applies a prefix of Content-Type to every item of a comma list, as S3 does.
func (c *Condition) compareList(value *fieldValue) Reason {
	if c.Covers("Content-Type") && !strings.HasPrefix(value.itemPrefix, c.value) {
		return ReasonList
	}
	return ""
}
