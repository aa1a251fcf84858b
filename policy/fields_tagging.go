package policy

import (
	"encoding/xml"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tag is one object tag.
type Tag struct{ Key, Value string }

// Tagging sets the object's tags: at most ten, keys unique, of 1 to 128 characters and not
// beginning with "aws:", values of at most 256; letters, digits, spaces and +-=._:/@ in both.
func Tagging(tags ...Tag) Condition {
	c := Equal("tagging", taggingXML(tags))
	seen := make(map[string]bool, len(tags))
	for _, tag := range tags {
		if seen[tag.Key] || !isTagKey(tag.Key) || !isTagText(tag.Value, 256) {
			return c.as(c.fault(ErrValue, "tags as S3 allows them", strconv.Quote(tag.Key+"="+tag.Value)))
		}
		seen[tag.Key] = true
	}
	if len(tags) == 0 || len(tags) > 10 {
		return c.as(c.fault(ErrValue, "1 to 10 tags", strconv.Itoa(len(tags))))
	}
	return c
}

func taggingXML(tags []Tag) string {
	var text strings.Builder
	text.WriteString("<Tagging><TagSet>")
	for _, tag := range tags {
		text.WriteString("<Tag><Key>")
		_ = xml.EscapeText(&text, []byte(tag.Key)) // a Builder never fails
		text.WriteString("</Key><Value>")
		_ = xml.EscapeText(&text, []byte(tag.Value))
		text.WriteString("</Value></Tag>")
	}
	text.WriteString("</TagSet></Tagging>")
	return text.String()
}

func isTagKey(key string) bool {
	return key != "" && isTagText(key, 128) && !strings.HasPrefix(strings.ToLower(key), "aws:")
}

func isTagText(s string, most int) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" +-=._:/@", r) {
			return false
		}
	}
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most
}
