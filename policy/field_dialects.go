package policy

import (
	"strings"

	"github.com/postern-dev/postern/policy/sigv4"
)

// dialectSet is a set of dialects. The two dialects of Google Cloud Storage have the same fields
// and count as one.
type dialectSet uint8

const (
	dialectAWS dialectSet = 1 << iota
	dialectOSS
	dialectGCS

	allDialects = dialectAWS | dialectOSS | dialectGCS
)

// dialectsOf returns the dialects whose forms know the field, by its name in lower case.
func dialectsOf(name string) dialectSet {
	switch {
	case strings.HasPrefix(name, "x-amz-") || name == "tagging":
		return dialectAWS
	case strings.HasPrefix(name, "x-oss-"):
		return dialectOSS
	case strings.HasPrefix(name, "x-goog-"):
		return dialectGCS
	case name == "acl":
		return dialectAWS | dialectGCS
	}
	return allDialects
}

// setOf returns the set of one dialect.
func setOf(d *sigv4.Dialect) dialectSet {
	switch d {
	case sigv4.OSS:
		return dialectOSS
	case sigv4.GCS, sigv4.GCSRSA:
		return dialectGCS
	}
	return dialectAWS
}
