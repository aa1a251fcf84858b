package tickets

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

const (
	maxSubject = 256 // bytes; a path segment of a key has to hold it, encoded
	maxList    = 64  // entries of profiles, metadata and claims each
	// lastInstant is the end of year 9999, the last that RFC 3339 can write.
	lastInstant = 253402300799
)

// claims is the payload of a ticket, every member checked for kind and bounds.
type claims struct {
	subject, issuer, id, origin  string
	audience                     jwt.ClaimStrings
	expires, notBefore, issuedAt *jwt.NumericDate
	profiles                     []string
	maxSize                      int64
	metadata                     map[string]string
	nested                       map[string]string // members of "claims"
	custom                       map[string]string // strings beside the known members
}

// members reads each known member of the payload.
var members = map[string]func(*claims, json.RawMessage) error{
	"sub":      func(c *claims, raw json.RawMessage) error { return readText("sub", raw, &c.subject) },
	"iss":      func(c *claims, raw json.RawMessage) error { return readText("iss", raw, &c.issuer) },
	"jti":      func(c *claims, raw json.RawMessage) error { return readText("jti", raw, &c.id) },
	"origin":   func(c *claims, raw json.RawMessage) error { return readText("origin", raw, &c.origin) },
	"aud":      readAudience,
	"exp":      func(c *claims, raw json.RawMessage) error { return readInstant("exp", raw, &c.expires) },
	"nbf":      func(c *claims, raw json.RawMessage) error { return readInstant("nbf", raw, &c.notBefore) },
	"iat":      func(c *claims, raw json.RawMessage) error { return readInstant("iat", raw, &c.issuedAt) },
	"profiles": readProfiles,
	"max_size": readMaxSize,
	"metadata": func(c *claims, raw json.RawMessage) error { return readTexts("metadata", raw, &c.metadata) },
	"claims":   func(c *claims, raw json.RawMessage) error { return readTexts("claims", raw, &c.nested) },
}

// UnmarshalJSON reads the payload. Unlike encoding/json on a struct it tells
// "Sub" from "sub" and refuses a member that is there twice.
func (c *claims) UnmarshalJSON(text []byte) error {
	if !utf8.Valid(text) {
		return refused(ErrMalformed, "payload isn't valid UTF-8")
	}
	return walk(text, "payload", func(name string, raw json.RawMessage) error {
		if read, ok := members[name]; ok {
			return read(c, raw)
		}
		return c.keepCustom(name, raw)
	})
}

// keepCustom keeps any other member that is a string, for {claim:NAME}.
func (c *claims) keepCustom(name string, raw json.RawMessage) error {
	var value string
	if json.Unmarshal(raw, &value) != nil || string(raw) == "null" {
		return nil
	}
	if c.custom == nil {
		c.custom = map[string]string{}
	}
	c.custom[name] = value
	return nil
}

// walk calls visit for each member of a JSON object, in order.
func walk(text []byte, what string, visit func(name string, raw json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return refused(ErrClaim, what+" has to be an object")
	}
	seen := map[string]bool{}
	for d.More() {
		name, raw, err := member(d)
		if err != nil {
			return refused(ErrMalformed, what+" isn't JSON")
		}
		if seen[name] {
			return refused(ErrClaim, what+" names a member twice")
		}
		seen[name] = true
		if err := visit(name, raw); err != nil {
			return err
		}
	}
	return nil
}

func member(d *json.Decoder) (string, json.RawMessage, error) {
	token, err := d.Token()
	if err != nil {
		return "", nil, err
	}
	name, _ := token.(string)
	var raw json.RawMessage
	return name, raw, d.Decode(&raw)
}

func readText(name string, raw json.RawMessage, into *string) error {
	var value *string
	if json.Unmarshal(raw, &value) != nil || value == nil {
		return refused(ErrClaim, name+" has to be a string")
	}
	*into = *value
	return nil
}

func readTexts(name string, raw json.RawMessage, into *map[string]string) error {
	values := map[string]string{}
	err := walk(raw, name, func(key string, raw json.RawMessage) error {
		var value string
		if err := readText("every member of "+name, raw, &value); err != nil {
			return err
		}
		values[key] = value
		return nil
	})
	if err == nil && len(values) > maxList {
		return refused(ErrClaim, name+" has more than "+strconv.Itoa(maxList)+" members")
	}
	*into = values
	return err
}

func readAudience(c *claims, raw json.RawMessage) error {
	if json.Unmarshal(raw, &c.audience) != nil {
		return refused(ErrClaim, "aud has to be a string or a list of strings")
	}
	return nil
}

// readInstant accepts fractions of a second, as RFC 7519 section 2 does; they
// are cut off.
func readInstant(name string, raw json.RawMessage, into **jwt.NumericDate) error {
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || !(seconds > 0 && seconds <= lastInstant) {
		return refused(ErrClaim, name+" has to be seconds since 1970")
	}
	*into = &jwt.NumericDate{Time: time.Unix(int64(seconds), 0).UTC()}
	return nil
}

func readMaxSize(c *claims, raw json.RawMessage) error {
	size, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || size <= 0 {
		return refused(ErrClaim, "max_size has to be a positive whole number of bytes")
	}
	c.maxSize = size
	return nil
}

func readProfiles(c *claims, raw json.RawMessage) error {
	var names []*string
	if json.Unmarshal(raw, &names) != nil || len(names) == 0 || len(names) > maxList {
		return refused(ErrClaim, "profiles has to be a list of 1 to "+strconv.Itoa(maxList)+" names")
	}
	for _, name := range names {
		if name == nil || *name == "" {
			return refused(ErrClaim, "profiles has to hold names only")
		}
		c.profiles = append(c.profiles, *name)
	}
	return nil
}

// checkSubject refuses what can't name anybody. Which characters are safe in a
// key is the key template's affair, which encodes and never cleans.
func checkSubject(subject string) error {
	switch {
	case subject == "":
		return refused(ErrClaim, "sub has to name the subject")
	case len(subject) > maxSubject:
		return refused(ErrClaim, "sub is longer than "+strconv.Itoa(maxSubject)+" bytes")
	case !utf8.ValidString(subject) || strings.ContainsFunc(subject, neverInSubject):
		return refused(ErrClaim, "sub holds control characters or broken Unicode")
	}
	return nil
}

// neverInSubject includes the replacement character: decoding writes it for
// every broken escape, so two subjects could become one.
func neverInSubject(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }
