package policy

import (
	"encoding/base64"
	"strings"
	"time"
)

// expirationHead is the beginning of a document's JSON, up to its first condition. It is written
// and verified once for all documents that expire in the same second.
type expirationHead struct {
	expiration time.Time // in UTC and whole seconds
	json       string    // empty until set
	base64     string    // of json up to its last whole group of three bytes
}

// set writes the head for an expiration, of which it takes the whole seconds.
func (h *expirationHead) set(at time.Time) error {
	if h.json != "" && h.expiration.Unix() == at.Unix() {
		return nil
	}
	if err := checkExpiration(at); err != nil {
		return err
	}
	*h = expirationHead{expiration: time.Unix(at.Unix(), 0).UTC()}
	json := append(appendExpiration([]byte(expirationStart), h.expiration), expirationEnd...)
	v := newEncodingVerifier(json)
	v.literal(expirationStart)
	v.instant(at)
	v.literal(expirationEnd)
	v.quotes = strings.Count(expirationStart+expirationEnd, `"`)
	if !v.complete() {
		return errEncoding
	}
	h.json = string(json)
	h.base64 = base64.StdEncoding.EncodeToString(json[:len(json)/3*3])
	return nil
}
