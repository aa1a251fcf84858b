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

// Sign derives the form from the document and signs it for posting to url, the
// bucket's. Every exact condition but the bucket's becomes a field, every
// starts-with one is named as open; the credential, algorithm, date and session
// token are added, as conditions and as fields.
//
// The error joins one *ConditionError for everything that can't be signed: the
// key or bucket has no condition, a value isn't allowed, a field has two
// conditions, the document lasts over seven days or longer than the
// credentials, the form would exceed MaxFormBytes.
func Sign(d Document, url string, s *sigv4.Signer, now time.Time) (Form, error) {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	w.survey = survey{store: storeOf(s.Dialect())}
	w.survey.walk(d.Conditions)
	if err := errors.Join(w.survey.settle(), checkLifetime(d.Expiration, s, now), checkAction(url)); err != nil {
		return Form{}, err
	}
	w.stamp(s, now)
	w.encode(&d)
	if !w.readsBack(&d) {
		return Form{}, errors.New(mismatch)
	}
	return w.form(&d, url)
}

// writer signs one form. Writers are pooled: their buffers grow to what one
// form needs and stay.
type writer struct {
	survey  survey
	dialect *sigv4.Dialect
	key     *sigv4.Key
	token   string
	now     time.Time
	date    [16]byte // the timestamp
	json    []byte
	text    []byte // policy, signature and timestamp, one behind the other
}

var writers = sync.Pool{New: func() any { return new(writer) }}

// stamp fills in what the signer and the time decide.
func (w *writer) stamp(s *sigv4.Signer, now time.Time) {
	w.dialect, w.key, w.token, w.now = s.Dialect(), s.Key(now), string(s.SessionToken()), now
	sigv4.AppendTimestamp(w.date[:0], now)
}

// encode writes the JSON.
func (w *writer) encode(d *Document) {
	w.json = appendExpiration(append(w.json[:0], `{"expiration":"`...), time.Unix(d.Expiration.Unix(), 0))
	w.json = append(w.json, `","conditions":[`...)
	for i := range d.Conditions {
		w.json = append(d.Conditions[i].appendJSON(w.json), ',')
	}
	w.json = append(appendExact(w.json, w.dialect.AlgorithmField(), w.dialect.Algorithm()), ',')
	w.json = append(appendExact(w.json, w.dialect.CredentialField(), w.key.Credential()), ',')
	w.json = appendExact(w.json, w.dialect.DateField(), string(w.date[:]))
	if w.token != "" {
		w.json = appendExact(append(w.json, ','), w.dialect.SecurityTokenField(), w.token)
	}
	w.json = append(w.json, "]}"...)
}

// readsBack says whether the JSON means the document and nothing else.
func (w *writer) readsBack(d *Document) bool {
	r := readback{text: w.json}
	r.literal(`{"expiration":"`)
	r.instant(d.Expiration)
	r.literal(`","conditions":[`)
	for i := range d.Conditions {
		r.condition(&d.Conditions[i])
		r.literal(",")
	}
	r.exact(w.dialect.AlgorithmField(), w.dialect.Algorithm())
	r.literal(",")
	r.exact(w.dialect.CredentialField(), w.key.Credential())
	r.literal(",")
	r.exact(w.dialect.DateField(), string(w.date[:]))
	if w.token != "" {
		r.literal(",")
		r.exact(w.dialect.SecurityTokenField(), w.token)
	}
	r.literal("]}")
	return !r.bad && r.pos == len(r.text)
}

// form signs the JSON and lists the fields.
func (w *writer) form(d *Document, url string) (Form, error) {
	var err error
	w.text = base64.StdEncoding.AppendEncode(w.text[:0], w.json)
	policy := len(w.text)
	if w.text, err = w.key.AppendSignature(w.text, w.text); err != nil {
		return Form{}, err
	}
	signature := len(w.text)
	w.text = append(w.text, w.date[:]...)
	text := string(w.text)
	f := Form{URL: url, Policy: text[:policy], Expiration: time.Unix(d.Expiration.Unix(), 0).UTC()}
	w.fields(&f, d)
	w.signatureFields(&f, text[policy:signature], text[signature:])
	if err := w.checkSize(&f); err != nil {
		return Form{}, err
	}
	return f, nil
}

func (w *writer) fields(f *Form, d *Document) {
	f.Fields = make([]Field, 0, w.survey.fields+6)
	if w.survey.open > 0 {
		f.Open = make([]string, 0, w.survey.open)
	}
	for i := range d.Conditions {
		switch c := &d.Conditions[i]; {
		case c.op == opRange || c.role == roleBucket:
		case c.op == opEqual:
			f.Fields = append(f.Fields, Field{c.field, c.value})
		default:
			f.Open = append(f.Open, c.field)
		}
	}
}

func (w *writer) signatureFields(f *Form, signature, date string) {
	f.Fields = append(f.Fields,
		Field{w.dialect.AlgorithmField(), w.dialect.Algorithm()},
		Field{w.dialect.CredentialField(), w.key.Credential()},
		Field{w.dialect.DateField(), date})
	if w.token != "" {
		f.Fields = append(f.Fields, Field{w.dialect.SecurityTokenField(), w.token})
	}
	f.Fields = append(f.Fields, Field{"policy", f.Policy}, Field{w.dialect.SignatureField(), signature})
}

// checkSize refuses forms over MaxFormBytes, naming the condition that takes
// the most.
func (w *writer) checkSize(f *Form) error {
	size := FormBytes(f.Fields)
	for _, name := range f.Open {
		size += framingBytes + len(name)
	}
	if size <= MaxFormBytes {
		return nil
	}
	largest := f.Fields[0]
	for _, field := range f.Fields {
		if field.Name != "policy" && len(field.Value) > len(largest.Value) {
			largest = field
		}
	}
	got := strconv.Itoa(size) + ", " + strconv.Itoa(len(largest.Value)) + " of them here, and again in the policy"
	return &ConditionError{Field: largest.Name, Operator: OpEqual, Wanted: "at most 20480 bytes before the file", Got: got, Err: ErrFormTooLarge}
}

// FormBytes returns how many bytes a browser sends for the fields before the
// file, multipart framing included.
func FormBytes(fields []Field) int {
	size := 0
	for i := range fields {
		size += framingBytes + len(fields[i].Name) + len(fields[i].Value)
	}
	return size
}

func checkAction(url string) error {
	rest, ok := strings.CutPrefix(url, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(url, "http://")
	}
	if !ok || rest == "" || rest[0] == '/' || strings.ContainsAny(rest, "?#@\\ \"<>\r\n\t") {
		return errors.New("policy: form URL " + strconv.Quote(url) + ": wanted the bucket's, https:// or http://, without a query")
	}
	return nil
}
