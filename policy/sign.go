package policy

import (
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// Sign derives the form from the document and signs it for posting to url, the bucket's. Every
// exact condition but the bucket's becomes a field, every starts-with one is named as open; the
// credential, algorithm, date and session token are added, as conditions and as fields.
//
// The error joins one *ConditionError for everything that can't be signed: the key or bucket has no
// condition, a value isn't allowed, a field has two conditions, the document lasts over seven days
// or longer than the credentials, the form would exceed MaxFormBytes.
func Sign(d Document, url string, s *sigv4.Signer, now time.Time) (Form, error) {
	if s == nil {
		return Form{}, errors.New("policy: signer is missing")
	}
	w := writers.Get().(*writer)
	defer writers.Put(w)
	if err := w.check(&d, url, s, now); err != nil {
		return Form{}, err
	}
	if err := w.stamp(s, d.Expiration, now); err != nil {
		return Form{}, err
	}
	w.encode(d.Conditions)
	if !w.readsBack(&d) {
		return Form{}, errReadback
	}
	return w.form(&d, url)
}

// writer signs one form. Writers are pooled: their buffers grow to what one form needs and stay.
type writer struct {
	survey survey
	action string // the last form URL that was found good
	seal   seal
	head   head
	date   [16]byte // the timestamp
	json   []byte
	text   []byte // policy, signature and timestamp, one behind the other
}

var writers = sync.Pool{New: func() any { return new(writer) }}

// check returns everything that is wrong, joined.
func (w *writer) check(d *Document, url string, s *sigv4.Signer, now time.Time) error {
	w.survey = survey{store: storeOf(s.Dialect())}
	w.survey.walk(d.Conditions)
	faulty := w.survey.settle()
	late := checkLifetime(d.Expiration, s, now)
	if url == "" || url != w.action {
		if err := checkAction(url); err != nil {
			return errors.Join(faulty, late, err)
		}
		w.action = url
	}
	if faulty != nil || late != nil {
		return errors.Join(faulty, late)
	}
	return nil
}

// stamp fills in what the signer and the time decide.
func (w *writer) stamp(s *sigv4.Signer, expiration, now time.Time) error {
	key := s.Key(now)
	if w.seal.key != key {
		seal, err := newSeal(s, key)
		if err != nil {
			return err
		}
		w.seal = seal
	}
	key.AppendTimestamp(w.date[:0], now)
	return w.head.set(expiration)
}

// encode writes the JSON.
func (w *writer) encode(conditions []Condition) {
	w.json = append(w.json[:0], w.head.text[:]...)
	for i := range conditions {
		w.json = append(conditions[i].appendJSON(w.json), ',')
	}
	w.json = append(w.json, w.seal.before...)
	w.json = append(w.json, w.date[:]...)
	w.json = append(w.json, w.seal.after...)
}

// readsBack says whether the JSON means the document and nothing else.
func (w *writer) readsBack(d *Document) bool {
	r := readback{text: w.json}
	r.head(&w.head, d.Expiration)
	for i := range d.Conditions {
		r.condition(&d.Conditions[i])
		r.literal(",")
	}
	r.literal(w.seal.before)
	r.timestamp(w.date[:])
	r.literal(w.seal.after)
	return !r.bad && r.pos == len(r.text)
}

// form signs the JSON and lists the fields.
func (w *writer) form(d *Document, url string) (Form, error) {
	var err error
	w.text = appendBase64(w.text[:0], w.json)
	policy := len(w.text)
	if w.text, err = w.seal.key.AppendSignature(w.text, w.text); err != nil {
		return Form{}, err
	}
	signature := len(w.text)
	w.text = append(w.text, w.date[:]...)
	text := string(w.text)
	f := Form{URL: url, Policy: text[:policy], Expiration: time.Unix(d.Expiration.Unix(), 0).UTC()}
	w.fields(&f, d.Conditions)
	w.seal.appendFields(&f, text[policy:signature], text[signature:])
	if err := w.checkSize(&f, signature-policy); err != nil {
		return Form{}, err
	}
	return f, nil
}

func (w *writer) fields(f *Form, conditions []Condition) {
	f.Fields = make([]Field, 0, w.survey.fields+w.seal.fields)
	if w.survey.open > 0 {
		f.VisitorFields = make([]string, 0, w.survey.open)
	}
	for i := range conditions {
		switch c := &conditions[i]; {
		case c.op == opRange || c.role == roleBucket:
		case c.op == opEqual:
			f.Fields = append(f.Fields, Field{c.field, c.value})
		default:
			f.VisitorFields = append(f.VisitorFields, c.field)
		}
	}
}

// checkSize refuses forms over MaxFormBytes, naming the condition that takes the most.
func (w *writer) checkSize(f *Form, signature int) error {
	size := w.survey.size + w.seal.size + len(f.Policy) + signature
	if size <= MaxFormBytes {
		return nil
	}
	largest := f.Fields[0]
	for _, field := range f.Fields {
		if field.Name != "policy" && len(field.Value) > len(largest.Value) {
			largest = field
		}
	}
	got := strconv.Itoa(size) + ", " + strconv.Itoa(len(largest.Value)) + " of them here and again in the policy"
	return &ConditionError{Field: largest.Name, Operator: OpEqual, Wanted: "at most 20480 bytes before the file", Got: got, Err: ErrFormTooLarge}
}

// FormBytes returns how many bytes a browser sends for the fields before the file, multipart
// framing included.
func FormBytes(fields []Field) int {
	size := 0
	for i := range fields {
		size += framingBytes + len(fields[i].Name) + len(fields[i].Value)
	}
	return size
}
