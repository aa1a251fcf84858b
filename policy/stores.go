package policy

import (
	"strings"

	"github.com/postern-dev/postern/policy/sigv4"
)

// stores is a set of store families, each with form fields of its own.
type stores uint8

const (
	storeAmz stores = 1 << iota
	storeOSS
	storeGoog

	allStores = storeAmz | storeOSS | storeGoog
)

// storesOf returns the stores whose forms know the field.
func storesOf(field string) stores {
	name := strings.ToLower(field)
	switch {
	case strings.HasPrefix(name, "x-amz-") || name == "tagging":
		return storeAmz
	case strings.HasPrefix(name, "x-oss-"):
		return storeOSS
	case strings.HasPrefix(name, "x-goog-"):
		return storeGoog
	case name == "acl":
		return storeAmz | storeGoog
	}
	return allStores
}

func storeOf(d *sigv4.Dialect) stores {
	switch d {
	case sigv4.OSS:
		return storeOSS
	case sigv4.GCS, sigv4.GCSRSA:
		return storeGoog
	}
	return storeAmz
}
