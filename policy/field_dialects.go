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

// fieldFacts is what a field's name alone decides.
type fieldFacts struct {
	role   role
	stores stores
	plain  bool
	mark   uint8
}

func newFieldFacts(field string) fieldFacts {
	return fieldFacts{roleOf(field), storesOf(field), isPlain(field), markOf(field)}
}

// spelled holds the facts of the fields that most policies have, in the spelling of the
// constructors.
var spelled = func() map[string]fieldFacts {
	facts := make(map[string]fieldFacts)
	for _, field := range []string{"bucket", "key", "acl", "tagging", "Content-Type", "Content-Disposition", "Content-Encoding", "Cache-Control", "Expires",
		"success_action_status", "success_action_redirect", "x-amz-storage-class", encryptionField, encryptionField + "-aws-kms-key-id"} {
		facts[field] = newFieldFacts(field)
	}
	return facts
}()

func storeOf(d *sigv4.Dialect) stores {
	switch d {
	case sigv4.OSS:
		return storeOSS
	case sigv4.GCS, sigv4.GCSRSA:
		return storeGoog
	}
	return storeAmz
}
