package uploads

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"sync"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// ownerBytes is the length of an owner mark before it is encoded.
const ownerBytes = 16

// owners makes owner marks: what a browser keeps of an upload is scoped by the mark of its subject,
// so that the next person at a shared computer sees nothing of it. A mark tells nothing about the
// subject.
type owners struct{ macs []*sync.Pool } // of hash.Hash under keys derived from the token keys, in their order

func newOwners(tokenKeys []sigv4.Secret) (owners, error) {
	keys, err := DeriveKeys(tokenKeys, "postern owner")
	var o owners
	for _, key := range keys {
		o.macs = append(o.macs, &sync.Pool{New: func() any { return hmac.New(sha256.New, []byte(key)) }})
	}
	return o, err
}

// of returns the marks of a subject, one for each token key, that of the first key in front; none
// for guests, whom a browser tells apart by itself.
func (o owners) of(subject string) []string {
	if isGuest(subject) {
		return []string{}
	}
	marks := make([]string, len(o.macs))
	for i := range o.macs {
		marks[i] = o.mark(i, subject)
	}
	return marks
}

// first is the mark under the first key; "" for guests.
func (o owners) first(subject string) string {
	if isGuest(subject) {
		return ""
	}
	return o.mark(0, subject)
}

func isGuest(subject string) bool { return subject == "" || subject == profile.Guest }

// mark is the mark under key i. The keyed hashes are kept, since a mark is part of every form page.
func (o owners) mark(i int, subject string) string {
	mac := o.macs[i].Get().(hash.Hash)
	defer o.macs[i].Put(mac)
	mac.Reset()
	mac.Write([]byte(subject))
	var sum [sha256.Size]byte
	return base64.RawURLEncoding.EncodeToString(mac.Sum(sum[:0])[:ownerBytes])
}

// Owners are the opaque marks by which a browser tells the visitor's own unfinished uploads from
// another person's: one for each token key, so that a mark outlives a rotation. A guest has none.
func (s *Service) Owners(v Visitor) []string { return s.owners.of(v.Subject) }
