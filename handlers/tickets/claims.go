package tickets

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
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

// reader reads the value of one member.
type reader func(*claims, *jsontext.Decoder) error

// members reads each known member of the payload.
var members = map[string]reader{
	"sub":      func(c *claims, d *jsontext.Decoder) error { return readText("sub", d, &c.subject) },
	"iss":      func(c *claims, d *jsontext.Decoder) error { return readText("iss", d, &c.issuer) },
	"jti":      func(c *claims, d *jsontext.Decoder) error { return readText("jti", d, &c.id) },
	"origin":   func(c *claims, d *jsontext.Decoder) error { return readText("origin", d, &c.origin) },
	"aud":      readAudience,
	"exp":      func(c *claims, d *jsontext.Decoder) error { return readInstant("exp", d, &c.expires) },
	"nbf":      func(c *claims, d *jsontext.Decoder) error { return readInstant("nbf", d, &c.notBefore) },
	"iat":      func(c *claims, d *jsontext.Decoder) error { return readInstant("iat", d, &c.issuedAt) },
	"profiles": readProfiles,
	"max_size": readMaxSize,
	"metadata": func(c *claims, d *jsontext.Decoder) error { return readTexts("metadata", d, &c.metadata) },
	"claims":   func(c *claims, d *jsontext.Decoder) error { return readTexts("claims", d, &c.nested) },
}

// UnmarshalJSON reads the payload in one pass. Unlike encoding/json it tells "Sub" from "sub", and
// refuses repeated members and broken Unicode.
func (c *claims) UnmarshalJSON(text []byte) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(text))
	return readObject("payload", d, func(name string) error {
		if read, ok := members[name]; ok {
			return read(c, d)
		}
		return c.readCustom(name, d)
	})
}

// readCustom keeps any other member that is a string, for {claim:NAME}.
func (c *claims) readCustom(name string, d *jsontext.Decoder) error {
	if d.PeekKind() != '"' {
		return badJSON(d.SkipValue())
	}
	if c.custom == nil {
		c.custom = map[string]string{}
	}
	var value string
	err := readText(name, d, &value)
	c.custom[name] = value
	return err
}

// badJSON says what is wrong without quoting it.
func badJSON(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jsontext.ErrDuplicateName):
		return refused(ErrClaim, "a member is there twice")
	}
	return refused(ErrMalformed, "payload isn't JSON in valid UTF-8")
}

// readObject calls visit at the value of each member.
func readObject(what string, d *jsontext.Decoder, visit func(name string) error) error {
	open, err := d.ReadToken()
	if err != nil {
		return badJSON(err)
	}
	if open.Kind() != '{' {
		return refused(ErrClaim, what+" has to be an object")
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return badJSON(err)
		}
		if err := visit(name.String()); err != nil {
			return err
		}
	}
	_, err = d.ReadToken()
	return badJSON(err)
}

// readList calls visit with each string of a list.
func readList(d *jsontext.Decoder, wanted error, visit func(text string)) error {
	for open := true; open || d.PeekKind() != ']'; open = false {
		token, err := d.ReadToken()
		switch {
		case err != nil:
			return badJSON(err)
		case open && token.Kind() == '[':
		case !open && token.Kind() == '"':
			visit(token.String())
		default:
			return wanted
		}
	}
	_, err := d.ReadToken()
	return badJSON(err)
}

func readText(name string, d *jsontext.Decoder, into *string) error {
	token, err := d.ReadToken()
	if err != nil {
		return badJSON(err)
	}
	if token.Kind() != '"' {
		return refused(ErrClaim, name+" has to be a string")
	}
	*into = token.String()
	return nil
}

func readTexts(name string, d *jsontext.Decoder, into *map[string]string) error {
	*into = map[string]string{}
	err := readObject(name, d, func(key string) error {
		var value string
		err := readText("every member of "+name, d, &value)
		(*into)[key] = value
		return err
	})
	if err == nil && len(*into) > maxList {
		return refused(ErrClaim, name+" has more than "+strconv.Itoa(maxList)+" members")
	}
	return err
}

var errAudienceKind = refused(ErrClaim, "aud has to be a string or a list of strings")

func readAudience(c *claims, d *jsontext.Decoder) error {
	if d.PeekKind() == '"' {
		c.audience = make(jwt.ClaimStrings, 1)
		return readText("aud", d, &c.audience[0])
	}
	return readList(d, errAudienceKind, func(text string) { c.audience = append(c.audience, text) })
}

// readNumber returns a number as it is written.
func readNumber(wanted string, d *jsontext.Decoder) (string, error) {
	value, err := d.ReadValue()
	if err != nil {
		return "", badJSON(err)
	}
	if value.Kind() != '0' {
		return "", refused(ErrClaim, wanted)
	}
	return string(value), nil
}

// readInstant accepts fractions of a second, as RFC 7519 section 2 does; they are cut off.
func readInstant(name string, d *jsontext.Decoder, into **jwt.NumericDate) error {
	wanted := name + " has to be seconds since 1970"
	text, err := readNumber(wanted, d)
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds > 0 && seconds <= lastInstant) {
		return refused(ErrClaim, wanted)
	}
	*into = &jwt.NumericDate{Time: time.Unix(int64(seconds), 0).UTC()}
	return nil
}

func readMaxSize(c *claims, d *jsontext.Decoder) error {
	const wanted = "max_size has to be a positive whole number of bytes"
	text, err := readNumber(wanted, d)
	if err != nil {
		return err
	}
	if c.maxSize, err = strconv.ParseInt(text, 10, 64); err != nil || c.maxSize <= 0 {
		return refused(ErrClaim, wanted)
	}
	return nil
}

var errProfiles = refused(ErrClaim, "profiles has to be a list of 1 to "+strconv.Itoa(maxList)+" names")

func readProfiles(c *claims, d *jsontext.Decoder) error {
	if err := readList(d, errProfiles, func(name string) { c.profiles = append(c.profiles, name) }); err != nil {
		return err
	}
	if len(c.profiles) == 0 || len(c.profiles) > maxList || slices.Contains(c.profiles, "") {
		return errProfiles
	}
	return nil
}

// checkSubject refuses what can't name anybody. Which characters are safe in a key is the key
// template's affair, which encodes and never cleans.
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

// neverInSubject includes the replacement character: decoding writes it for every broken escape, so
// two subjects could become one.
func neverInSubject(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }
