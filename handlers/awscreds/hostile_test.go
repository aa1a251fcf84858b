package awscreds_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// hostile pieces break formats, encodings and paths.
var hostile = []string{
	"a", "photo", "users/1/", "/", "//", ".", "..", "./", "../", " ", "+", "%", "%2e", "%2F", "%00", "?", "#", "&", "=", "&amp;", "<b>", `"`, `\`, `\"`, `'`,
	`"],["starts-with","$key",""],["x"`, `"}]}`, "{", "}", "$", "$$", "${filename}", "é", "e\u0301", "日本語", "😀", "\u2028", "\u2029", "\u202e", "\u200b", "\ufeff", "\ufffd",
	"\t", "\n", "\r\n", "\x00", "\x01", "\x1f", "\x7f", "\xff", "\xc0\xaf", "\xed\xa0\x80", "~", "*", "!", "(", ")", "@", ":", ";", ",", "|", "^", "`", "ß", "Ａ",
}

// harmless pieces may all be in a signed policy.
var harmless = []string{"a", "B", "0", "-", "_", ".", "/x", " ", "+", "%2e", "?", "#", "&", "=", "<b>", `"`, `\`, `'`, "é", "日本語", "😀", "\u2028", "\u202e", "{", "}", "~", "*", "(", "@", ",", "\ufffd"}

// randomText joins up to limit pieces.
func randomText(r *rand.Rand, pieces []string, limit int) string {
	var b strings.Builder
	for range 1 + r.IntN(limit) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// randomKey is hostile half of the time, and sometimes too long.
func randomKey(r *rand.Rand) string {
	switch r.IntN(20) {
	case 0:
		return strings.Repeat("k", 1000+r.IntN(50))
	case 1, 2, 3, 4, 5, 6, 7, 8, 9:
		return randomText(r, hostile, 12)
	}
	return "users/" + randomText(r, harmless, 12)
}

// randomConditions returns conditions on different fields, as ours and as the SDK takes them.
func randomConditions(r *rand.Rand) (ours []policy.Condition, sdk []any) {
	fields := []string{"acl", "Content-Type", "Cache-Control", "Content-Disposition", "x-amz-meta-album", "x-amz-meta-Quote", "x-amz-storage-class", "tagging", "x-amz-new"}
	for _, i := range r.Perm(len(fields))[:r.IntN(len(fields))] {
		value := randomText(r, harmless, 8)
		switch prefix := r.IntN(3) == 0 && !strings.HasPrefix(fields[i], "x-amz-s") && fields[i] != "x-amz-new"; {
		case prefix:
			ours = append(ours, policy.StartsWith(fields[i], value))
			sdk = append(sdk, []any{"starts-with", "$" + fields[i], value})
		case r.IntN(2) == 0:
			ours = append(ours, policy.Equal(fields[i], value))
			sdk = append(sdk, map[string]string{fields[i]: value})
		default:
			ours = append(ours, policy.Equal(fields[i], value))
			sdk = append(sdk, []string{"eq", "$" + fields[i], value})
		}
	}
	if r.IntN(2) == 0 {
		low := r.Int64N(1 << 40)
		high := low + r.Int64N(1<<40)
		ours = append(ours, policy.ContentLengthRange(low, high))
		sdk = append(sdk, []any{"content-length-range", low, high})
	}
	return ours, sdk
}

// meaning returns the same string for documents that mean the same.
func meaning(d policy.Document) string {
	lines := make([]string, len(d.Conditions))
	for i, c := range d.Conditions {
		low, high := c.Range()
		lines[i] = strings.Join([]string{string(c.Operator()), strings.ToLower(c.Field()), c.Value(), strconv.FormatInt(low, 10), strconv.FormatInt(high, 10)}, "\x00")
	}
	slices.Sort(lines)
	return strconv.FormatInt(d.Expiration.UnixNano(), 10) + "\n" + strings.Join(lines, "\n")
}
