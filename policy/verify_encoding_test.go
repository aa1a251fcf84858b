package policy

import (
	"bytes"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// encoded returns a formWriter that has encoded the document.
func encoded(t *testing.T, d *Document) *formWriter {
	t.Helper()
	s, err := sigv4.NewSigner(sigv4.AWS, "us-east-1", sigv4.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret", SessionToken: `token"\`})
	if err != nil {
		t.Fatal(err)
	}
	w := new(formWriter)
	if err := w.prepare(s, d.Expiration, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	w.encode(d.Conditions)
	if !w.matchesDocument(d) {
		t.Fatalf("%s does not match the document", w.json)
	}
	return w
}

func documentWithEscapes() *Document {
	return &Document{Expiration: time.Date(2026, 3, 1, 23, 59, 58, 0, time.UTC), Conditions: []Condition{
		Bucket("media"), Key(`a"b\c/é` + "\u2028" + `"}],["x`), StartsWith("Content-Type", "image/"), ContentLengthRange(0, 1<<62),
		Equal("x-control", "\x00\x1f\n\r\t\b\f\x7f"), Equal("x-empty", ""), Equal("x-long", "12345678123456781234567812345678"),
	}}
}

// A byte that is changed, missing or doubled is found.
func TestVerificationFindsEveryChangedByte(t *testing.T) {
	t.Parallel()
	d := documentWithEscapes()
	w := encoded(t, d)
	good := bytes.Clone(w.json)
	for i := range good {
		for _, b := range []byte{0, ' ', '"', '\\', '}', ']', ',', '0', '9', 'a', 'n', 'u', 0xff, good[i] ^ 1, good[i] ^ 0x20} {
			if w.json = bytes.Clone(good); b != good[i] {
				w.json[i] = b
				mustNotMatch(t, w, d)
			}
			w.json = bytes.Join([][]byte{good[:i], {b}, good[i:]}, nil)
			if !bytes.Equal(w.json, good) {
				mustNotMatch(t, w, d)
			}
		}
		w.json = append(bytes.Clone(good[:i]), good[i+1:]...)
		mustNotMatch(t, w, d)
		w.json = bytes.Clone(good[:i])
		mustNotMatch(t, w, d)
	}
}

func mustNotMatch(t *testing.T, w *formWriter, d *Document) {
	t.Helper()
	upper := bytes.Contains(w.json, []byte(`\u001F`)) || bytes.Contains(w.json, []byte(`\u000C`)) // means the same
	if w.matchesDocument(d) && !upper {
		t.Fatalf("this matches the document:\n%q", w.json)
	}
}

// The JSON matches no other document.
func TestVerificationFindsEveryChangedCondition(t *testing.T) {
	t.Parallel()
	w := encoded(t, documentWithEscapes())
	for name, change := range map[string]func(*Document){
		"another second":     func(d *Document) { d.Expiration = d.Expiration.Add(time.Second) },
		"another day":        func(d *Document) { d.Expiration = d.Expiration.AddDate(0, 0, 1) },
		"another value":      func(d *Document) { d.Conditions[0] = Bucket("medix") },
		"another operator":   func(d *Document) { d.Conditions[0].operator = OpStartsWith },
		"another size":       func(d *Document) { d.Conditions[3].max++ },
		"one condition more": func(d *Document) { d.Conditions = append(d.Conditions, SSES3()) },
		"one condition less": func(d *Document) { d.Conditions = d.Conditions[:6] },
		"another order":      func(d *Document) { d.Conditions[0], d.Conditions[1] = d.Conditions[1], d.Conditions[0] },
	} {
		d := documentWithEscapes()
		change(d)
		if w.matchesDocument(d) {
			t.Errorf("%s: the JSON matches the document", name)
		}
	}
}

// Verification doesn't rely on Condition.unescaped.
func TestVerificationFindsAMissingEscape(t *testing.T) {
	t.Parallel()
	d := documentWithEscapes()
	w := encoded(t, d)
	d.Conditions[1].unescaped = true // the encoder relies on it
	w.encode(d.Conditions)
	if w.matchesDocument(d) {
		t.Errorf("this matches the document: %s", w.json)
	}
}

func TestExpirationHead(t *testing.T) {
	t.Parallel()
	var start expirationHead
	for _, at := range []time.Time{
		time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(2026, 3, 1, 23, 59, 59, 999, time.UTC),
		time.Date(2026, 3, 1, 23, 59, 59, 1, time.FixedZone("east", 3600)), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		wanted := `{"expiration":"` + at.UTC().Format("2006-01-02T15:04:05") + `.000Z","conditions":[`
		if err := start.set(at); err != nil || start.json != wanted {
			t.Errorf("got %s, %v, wanted %s", start.json, err, wanted)
		}
	}
	if err := start.set(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Errorf("got %s, wanted an error", start.json)
	}
	for text, wanted := range map[string]bool{"2026-03-01T12:00:00.000Z": true, "2026-03-01T12:00:01.000Z": false, "2026-03-01T12:00:00.001Z": false, "2026-03-01": false, "": false} {
		v := newEncodingVerifier([]byte(text))
		if v.instant(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)); v.complete() != wanted {
			t.Errorf("%q: got %v, wanted %v", text, !wanted, wanted)
		}
	}
}
