package policy

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// Sign derives the form from the document and signs it. url is the bucket's, where the form posts
// to. Every exact condition but the bucket's becomes a field; the field of every starts-with
// condition is listed in VisitorFields. Signing adds the algorithm, the credential, the date and
// the session token, as conditions and as fields.
//
// The error joins one *ConditionError for everything that can't be signed: the key or the bucket
// has no condition, a value isn't allowed, a field has two conditions, the document lasts over
// seven days or longer than the credentials, the form would exceed MaxFormBytes. It is of another
// type for a url that no form may post to, and for a private key that fails.
func Sign(d Document, url string, s *sigv4.Signer, now time.Time) (Form, error) {
	if s == nil {
		return Form{}, errors.New("policy: signer is missing")
	}
	w := formWriters.Get().(*formWriter)
	defer formWriters.Put(w)
	if err := w.check(&d, url, s, now); err != nil {
		return Form{}, err
	}
	if err := w.prepare(s, d.Expiration, now); err != nil {
		return Form{}, err
	}
	w.encode(d.Conditions)
	if !w.matchesDocument(&d) {
		return Form{}, errEncoding
	}
	return w.sign(&d, url)
}

// formWriter writes and signs one form at a time. Writers are pooled: their buffers are reused, and
// so is what stays the same from form to form.
type formWriter struct {
	conditions conditionCheck
	validURL   string // the last form URL that was checked
	expiration expirationHead
	signature  signatureFields
	json       []byte // the document
	text       []byte // policy and signature
}

var formWriters = sync.Pool{New: func() any { return new(formWriter) }}

// check returns everything that is wrong, joined.
func (w *formWriter) check(d *Document, url string, s *sigv4.Signer, now time.Time) error {
	w.conditions = conditionCheck{dialect: setOf(s.Dialect())}
	err := w.conditions.check(d.Conditions)
	if lifetimeErr := checkLifetime(d.Expiration, s, now); lifetimeErr != nil {
		err = errors.Join(err, lifetimeErr)
	}
	if url == "" || url != w.validURL {
		if urlErr := checkFormURL(url); urlErr != nil {
			return errors.Join(err, urlErr)
		}
		w.validURL = url
	}
	return err
}

// prepare selects the signing key for now, and writes what depends on key, time and expiration if
// it changed since the last form.
func (w *formWriter) prepare(s *sigv4.Signer, expiration, now time.Time) error {
	key := s.SigningKey(now)
	if w.signature.key != key || w.signature.signed != now.Unix() {
		fields, err := newSignatureFields(s, key, now)
		if err != nil {
			return err
		}
		w.signature = fields
	}
	return w.expiration.set(expiration)
}

// encode writes the JSON of the document.
func (w *formWriter) encode(conditions []Condition) {
	w.json = append(w.json[:0], w.expiration.json...)
	for i := range conditions {
		w.json = append(conditions[i].appendJSON(w.json), ',')
	}
	w.json = append(w.json, w.signature.json...)
}

// matchesDocument reports whether the JSON means the document and nothing else.
func (w *formWriter) matchesDocument(d *Document) bool {
	// Beginning and end were verified when they were written.
	start, end := len(w.expiration.json), len(w.json)-len(w.signature.json)
	if end < start || string(w.json[:start]) != w.expiration.json || string(w.json[end:]) != w.signature.json {
		return false
	}
	v := newEncodingVerifier(w.json[start:end])
	for i := range d.Conditions {
		v.condition(&d.Conditions[i])
		v.literal(",")
	}
	return v.complete() && w.expiration.expiration.Unix() == d.Expiration.Unix()
}

// sign signs the JSON and returns the form.
func (w *formWriter) sign(d *Document, url string) (form Form, err error) {
	w.encodeBase64()
	length := len(w.text)
	if w.text, err = w.signature.key.AppendSignature(w.text, w.text); err != nil {
		return Form{}, err
	}
	text := string(w.text) // one allocation for both
	policy, signature := text[:length], text[length:]
	form = Form{URL: url, Policy: policy, Expiration: w.expiration.expiration}
	w.addFields(&form, d.Conditions)
	form.Fields = append(form.Fields, Field{"policy", policy}, Field{w.signature.name, signature})
	if err := w.checkSize(&form, len(text)); err != nil {
		return Form{}, err
	}
	return form, nil
}

// encodeBase64 writes the base64 of the JSON. Its beginning and its end stay the same for a second,
// and with them most of the base64.
func (w *formWriter) encodeBase64() {
	conditionsEnd := len(w.json) - len(w.signature.json)
	toAlign := (3 - conditionsEnd%3) % 3 // bytes that complete the last group of three
	w.text = append(w.text[:0], w.expiration.base64...)
	w.text = base64.StdEncoding.AppendEncode(w.text, w.json[len(w.expiration.base64)/4*3:conditionsEnd+toAlign])
	w.text = append(w.text, w.signature.base64[toAlign]...)
}

// addFields adds the fields of the conditions and those about the signature.
func (w *formWriter) addFields(form *Form, conditions []Condition) {
	const policyAndSignature = 2
	form.Fields = make([]Field, 0, w.conditions.fields+len(w.signature.fields)+policyAndSignature)
	if w.conditions.visitorFields > 0 {
		form.VisitorFields = make([]string, 0, w.conditions.visitorFields)
	}
	for i := range conditions {
		switch c := &conditions[i]; {
		case c.operator == OpRange || c.kind == kindBucket:
		case c.operator == OpEqual:
			form.Fields = append(form.Fields, Field{c.field, c.value})
		default:
			form.VisitorFields = append(form.VisitorFields, c.field)
		}
	}
	form.Fields = append(form.Fields, w.signature.fields...)
}

// checkSize refuses a form over MaxFormBytes, and names the field that takes the most. signed is
// the length of policy and signature.
func (w *formWriter) checkSize(form *Form, signed int) error {
	size := w.conditions.size + w.signature.size + signed
	if size <= MaxFormBytes {
		return nil
	}
	largest := form.Fields[0]
	for _, field := range form.Fields {
		if field.Name != "policy" && len(field.Value) > len(largest.Value) {
			largest = field
		}
	}
	got := strconv.Itoa(size) + ", " + strconv.Itoa(len(largest.Value)) + " of them here and again in the policy"
	return &ConditionError{Field: largest.Name, Operator: OpEqual, Reason: ReasonFormTooLarge, Wanted: "at most 20480 bytes before the file", Got: got}
}

// checkFormURL returns an error unless a form may post to url.
func checkFormURL(url string) error {
	rest, ok := strings.CutPrefix(url, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(url, "http://")
	}
	bad := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`?#@\"<>`, r) }
	if !ok || rest == "" || rest[0] == '/' || strings.ContainsFunc(rest, bad) {
		return errors.New("policy: form URL " + strconv.Quote(url) + ": wanted the bucket's, https:// or http://, without a query")
	}
	return nil
}

// FormBytes returns how many bytes a browser sends for the fields before the file, multipart
// framing included.
func FormBytes(fields []Field) int {
	size := 0
	for _, field := range fields {
		size += framingBytes + len(field.Name) + len(field.Value)
	}
	return size
}
