package explain

import (
	"net/url"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// readPairs reads a form that is written as a query: key=a&policy=….
func (e *evidence) readPairs(text string) bool {
	if len(text) > maxPolicyBytes || strings.ContainsAny(text, " \n<{") || !hasFold(text, "policy=") || !strings.Contains(text, "&") {
		return false
	}
	f := &form{}
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if len(f.fields) > maxItems {
			f.incomplete = true
			break
		}
		f.fields = append(f.fields, policy.Field{Name: unescapeQuery(name), Value: unescapeQuery(value)})
	}
	if !hasField(f.fields, "policy") {
		return false
	}
	e.kind, e.form = KindForm, f
	return true
}

func unescapeQuery(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}
