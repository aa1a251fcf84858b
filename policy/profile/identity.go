package profile

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxSubjectBytes bounds subjects and claims before they are encoded.
const maxSubjectBytes = 1024

// Identity is who asks, resolved once per request. The zero value is a visitor nobody vouches for.
type Identity struct {
	Subject  string            // who, unique among all who may ask; "" is nobody
	Profiles []string          // names of the profiles allowed; nil allows all, empty allows none
	MaxSize  int64             // a tighter limit in bytes; 0 keeps the profile's
	Metadata map[string]string // extra user metadata, beside the profile's
	Claims   map[string]string // values for {claim:NAME}
	Origin   string            // the only page origin that may embed; "" leaves it to the profile
	Address  string            // network address, for rates; never part of a key
}

// admit returns id with its subject filled in, or why it may not use the profile at all.
func (c *Compiled) admit(id Identity) (Identity, error) {
	if id.Subject == "" && c.profile.Access == AccessPublic {
		id.Subject = Guest
	}
	if id.Subject == "" {
		return id, &Error{Code: Unauthorized, Field: "subject", Wanted: "a ticket"}
	}
	if err := checkSubject("subject", id.Subject); err != nil {
		return id, err
	}
	if id.Profiles != nil && !slices.Contains(id.Profiles, c.profile.Name) {
		return id, &Error{Code: Forbidden, Field: "profile", Wanted: "one the ticket names", Got: c.profile.Name}
	}
	if id.MaxSize < 0 || id.MaxSize > 0 && id.MaxSize < c.profile.MinSize {
		wanted := "at least " + strconv.FormatInt(c.profile.MinSize, 10)
		return id, &Error{Code: Forbidden, Field: "maxSize", Wanted: wanted, Got: strconv.FormatInt(id.MaxSize, 10)}
	}
	return id, nil
}

// checkSubject refuses text that JSON couldn't carry unchanged: two subjects must not become one on
// the way.
func checkSubject(field, text string) error {
	if len(text) <= maxSubjectBytes && utf8.ValidString(text) {
		return nil
	}
	wanted := "at most " + strconv.Itoa(maxSubjectBytes) + " bytes of UTF-8"
	return &Error{Code: Forbidden, Field: field, Wanted: wanted, Got: clip(text)}
}

// clip shortens input that is about to be quoted in an error.
func clip(text string) string {
	const most = 120
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}

// maxSize is the smaller of the profile's and the identity's limits.
func (c *Compiled) maxSize(id Identity) int64 {
	if id.MaxSize > 0 {
		return min(id.MaxSize, c.profile.MaxSize)
	}
	return c.profile.MaxSize
}
