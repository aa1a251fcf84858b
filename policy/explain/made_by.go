package explain

import (
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

var (
	pythonDict = regexp.MustCompile(`[{\[(]\s*b?'[\w-]+'\s*:`)
	rubyHash   = regexp.MustCompile(`["']\s*=>\s*["']|#<Aws::|#<URI`)
	phpArray   = regexp.MustCompile(`(?:Array\s*\(|array\s*\(|\barray\(\d+\)|formInputs)`)
	goPrinted  = regexp.MustCompile(`map\[(?:string\]|[\w-]+:)`)
)

// makerOf tells which library made a form: by its notation, else by how the library writes the
// fields' names and encodes the policy.
func makerOf(fields []policy.Field, text string) sdk {
	text = text[:min(len(text), maxURLBytes)]
	document := fieldValue(fields, "policy")
	document = decodeLoosely(document[:min(len(document), maxURLBytes)])
	capital, lower, bucket := false, false, hasField(fields, "bucket")
	for _, f := range fields {
		capital = capital || strings.HasPrefix(f.Name, "X-Amz-")
		lower = lower || strings.HasPrefix(f.Name, "x-amz-credential")
	}
	switch {
	case goPrinted.MatchString(text):
		return sdkGo
	case pythonDict.MatchString(text):
		return sdkBoto
	case phpArray.MatchString(text):
		return sdkPHP
	case rubyHash.MatchString(text):
		return sdkRuby
	case lower && strings.Contains(document, `": "`):
		return sdkBoto
	case capital && strings.Contains(document, `\/`):
		return sdkPHP
	case capital && bucket:
		return sdkJS
	}
	return ""
}
