package policy

import (
	"encoding/xml"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tag is one object tag.
type Tag struct{ Key, Value string }

// Tagging sets the object's tags ("Object tagging" in the S3 documentation): 1 to 10 of them, keys
// unique, of 1 to 128 characters and not beginning with "aws:", values of at most 256; letters,
// digits, spaces and +-=._:/@ in both.
func Tagging(tags ...Tag) Condition {
	const most = 10
	ok := len(tags) > 0 && len(tags) <= most
	tags = tags[:min(len(tags), most)]
	c := Equal("tagging", taggingXML(tags)).require(ok, "1 to 10 tags")
	seen := make(map[string]bool, len(tags))
	for _, tag := range tags {
		valid := !seen[tag.Key] && isTagKey(tag.Key) && isTagText(tag.Value, 256)
		c = c.require(valid, "tags as S3 allows them, each key once")
		seen[tag.Key] = true
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

func isTagText(s string, maxLength int) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" +-=._:/@", r) {
			return false
		}
	}
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxLength
}
