package explain

import (
	"encoding/json"
	"strings"
)

// literalJSON writes a literal as JSON. A group with a named member is an object.
func literalJSON(v literal) string {
	var b strings.Builder
	writeJSON(&b, v)
	return b.String()
}

func writeJSON(b *strings.Builder, v literal) {
	switch {
	case v.kind == literalBare && isJSONWord(v.text):
		b.WriteString(v.text)
	case v.kind != literalGroup:
		quoted, _ := json.Marshal(v.text) // a string always marshals
		b.Write(quoted)
	case len(v.items) > 0 && v.items[0].name != "":
		writeItems(b, v.items, '{', '}')
	default:
		writeItems(b, v.items, '[', ']')
	}
}

func isJSONWord(text string) bool {
	return text == "true" || text == "false" || text == "null" || json.Valid([]byte(text))
}

func writeItems(b *strings.Builder, items []literal, open, end byte) {
	b.WriteByte(open)
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		if open == '{' {
			name, _ := json.Marshal(item.name)
			b.Write(append(name, ':'))
		}
		writeJSON(b, item)
	}
	b.WriteByte(end)
}
