package uploads

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// ownerBytes is the length of an owner mark before it is encoded.
const ownerBytes = 16

// owners makes owner marks: what a browser keeps of an upload is scoped by the mark of its subject,
// so that the next person at a shared computer sees nothing of it. A mark tells nothing about the
// subject.
type owners struct{ keys [][]byte } // derived from the token keys, in their order

func newOwners(tokenKeys []sigv4.Secret) (owners, error) {
	var o owners
	for _, key := range tokenKeys {
		derived, err := hkdf.Key(sha256.New, []byte(key), nil, "postern owner", sha256.Size)
		if err != nil {
			return owners{}, fmt.Errorf("uploads: derive owner key: %w", err)
		}
		o.keys = append(o.keys, derived)
	}
	return o, nil
}

// of returns the marks of a subject, one for each token key, that of the first key in front; none
// for guests, whom a browser tells apart by itself.
func (o owners) of(subject string) []string {
	marks := []string{}
	if subject == "" || subject == profile.Guest {
		return marks
	}
	for _, key := range o.keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(subject))
		marks = append(marks, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:ownerBytes]))
	}
	return marks
}

// Owners are the opaque marks by which a browser tells the visitor's own unfinished uploads from
// another person's: one for each token key, so that a mark outlives a rotation. A guest has none.
func (s *Service) Owners(v Visitor) []string { return s.owners.of(v.Subject) }
