package uploads

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"github.com/postern-dev/postern/policy/sigv4"
)

// DeriveKeys makes a key of each token key for one use, in their order (HKDF with SHA-256, RFC
// 5869): with a label of its own, "postern link" for instance, nothing that is signed for one use
// holds for another. A key has 32 bytes.
func DeriveKeys(tokenKeys []sigv4.Secret, label string) ([]sigv4.Secret, error) {
	derived := make([]sigv4.Secret, len(tokenKeys))
	for i, key := range tokenKeys {
		made, err := hkdf.Key(sha256.New, []byte(key), nil, label, sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("uploads: derive key %q: %w", label, err)
		}
		derived[i] = sigv4.Secret(made)
	}
	return derived, nil
}
