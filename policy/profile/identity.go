package profile

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxSubject bounds subjects and claims before they are encoded, in bytes.
const maxSubject = 1024

// maxNonce bounds Identity.Nonce, in bytes: it is part of every token.
const maxNonce = 128

// AllProfiles in Identity.Profiles stands for every profile.
const AllProfiles = "*"

// Identity is who asks, resolved once per request. The zero value is a visitor nobody vouches for.
type Identity struct {
	Subject  string            // who, unique among all who may ask; "" is nobody
	Profiles []string          // names of the profiles allowed, or AllProfiles; empty allows public profiles alone
	MaxSize  int64             // a tighter limit in bytes; 0 keeps the profile's
	Metadata map[string]string // extra user metadata, beside the profile's
	Claims   map[string]string // values for {claim:NAME}
	Origin   string            // the only page origin that may embed; "" leaves it to the profile
	Address  string            // network address, for rates; never part of a key
	Nonce    string            // binds uploads and their receipts to a session of the host; "" binds them to none
}

// authorize returns id with its subject filled in, or why it may not use the profile at all.
func (c *Compiled) authorize(id Identity) (Identity, error) {
	if id.Subject == "" && c.profile.Access == AccessPublic {
		id.Subject = Guest
	}
	if id.Subject == "" {
		return id, &RequestError{Code: Unauthorized, Field: "subject", Wanted: "a ticket"}
	}
	if err := checkSubject("subject", id.Subject); err != nil {
		return id, err
	}
	if !id.mayUse(&c.profile) {
		return id, &RequestError{Code: Forbidden, Field: "profile", Wanted: "one the ticket names", Got: c.profile.Name}
	}
	if len(id.Nonce) > maxNonce || !utf8.ValidString(id.Nonce) {
		return id, &RequestError{Code: Forbidden, Field: "nonce", Wanted: "at most " + strconv.Itoa(maxNonce) + " bytes of UTF-8", Got: clip(id.Nonce)}
	}
	if id.MaxSize < 0 || id.MaxSize > 0 && id.MaxSize < c.profile.MinSize {
		wanted := "at least " + strconv.FormatInt(c.profile.MinSize, 10)
		return id, &RequestError{Code: Forbidden, Field: "maxSize", Wanted: wanted, Got: strconv.FormatInt(id.MaxSize, 10)}
	}
	return id, nil
}

// mayUse reports whether the identity may use the profile. One that lists profiles is limited to
// them, public ones included.
func (id Identity) mayUse(p *Profile) bool {
	if len(id.Profiles) == 0 {
		return p.Access == AccessPublic
	}
	return slices.Contains(id.Profiles, p.Name) || slices.Contains(id.Profiles, AllProfiles)
}

// checkSubject refuses text that JSON couldn't carry unchanged: two subjects must not become one on
// the way.
func checkSubject(field, text string) error {
	if len(text) <= maxSubject && utf8.ValidString(text) {
		return nil
	}
	wanted := "at most " + strconv.Itoa(maxSubject) + " bytes of UTF-8"
	return &RequestError{Code: Forbidden, Field: field, Wanted: wanted, Got: clip(text)}
}

// maxSize is the smaller of the profile's and the identity's limits.
func (c *Compiled) maxSize(id Identity) int64 {
	if id.MaxSize > 0 {
		return min(id.MaxSize, c.profile.MaxSize)
	}
	return c.profile.MaxSize
}
