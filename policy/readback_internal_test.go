package policy

import (
	"bytes"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// written returns a writer that has written the document, ready to be read back.
func written(t *testing.T, d *Document) *writer {
	t.Helper()
	s, err := sigv4.NewSigner(sigv4.AWS, "us-east-1", sigv4.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret", SessionToken: `token"\`})
	if err != nil {
		t.Fatal(err)
	}
	w := new(writer)
	if err := w.stamp(s, d.Expiration, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	w.encode(d.Conditions)
	if !w.readsBack(d) {
		t.Fatalf("%s doesn't read back", w.json)
	}
	return w
}

func awkward() *Document {
	return &Document{Expiration: time.Date(2026, 3, 1, 23, 59, 58, 0, time.UTC), Conditions: []Condition{
		Bucket("media"), Key(`a"b\c/é` + "\u2028" + `"}],["x`), StartsWith("Content-Type", "image/"), ContentLengthRange(0, 1<<62),
		Equal("x-control", "\x00\x1f\n\r\t\b\f\x7f"), Equal("x-empty", ""), Equal("x-long", "12345678123456781234567812345678"),
	}}
}

// No byte of the text can be another one, missing or doubled.
func TestReadbackSeesEveryByte(t *testing.T) {
	t.Parallel()
	d := awkward()
	w := written(t, d)
	good := bytes.Clone(w.json)
	for i := range good {
		for _, b := range []byte{0, ' ', '"', '\\', '}', ']', ',', '0', '9', 'a', 'n', 'u', 0xff, good[i] ^ 1, good[i] ^ 0x20} {
			if w.json = bytes.Clone(good); b != good[i] {
				w.json[i] = b
				mustNotReadBack(t, w, d)
			}
			w.json = bytes.Join([][]byte{good[:i], {b}, good[i:]}, nil)
			if !bytes.Equal(w.json, good) {
				mustNotReadBack(t, w, d)
			}
		}
		w.json = append(bytes.Clone(good[:i]), good[i+1:]...)
		mustNotReadBack(t, w, d)
		w.json = bytes.Clone(good[:i])
		mustNotReadBack(t, w, d)
	}
}

func mustNotReadBack(t *testing.T, w *writer, d *Document) {
	t.Helper()
	upper := bytes.Contains(w.json, []byte(`\u001F`)) || bytes.Contains(w.json, []byte(`\u000C`)) // means the same
	if w.readsBack(d) && !upper {
		t.Fatalf("reads back as the document:\n%q", w.json)
	}
}

// Nor can the text belong to another document.
func TestReadbackSeesEveryCondition(t *testing.T) {
	t.Parallel()
	w := written(t, awkward())
	for name, change := range map[string]func(*Document){
		"another second":     func(d *Document) { d.Expiration = d.Expiration.Add(time.Second) },
		"another day":        func(d *Document) { d.Expiration = d.Expiration.AddDate(0, 0, 1) },
		"another value":      func(d *Document) { d.Conditions[0] = Bucket("medix") },
		"another operator":   func(d *Document) { d.Conditions[0].op = opStartsWith },
		"another size":       func(d *Document) { d.Conditions[3].max++ },
		"one condition more": func(d *Document) { d.Conditions = append(d.Conditions, SSES3()) },
		"one condition less": func(d *Document) { d.Conditions = d.Conditions[:6] },
		"another order":      func(d *Document) { d.Conditions[0], d.Conditions[1] = d.Conditions[1], d.Conditions[0] },
	} {
		d := awkward()
		change(d)
		if w.readsBack(d) {
			t.Errorf("%s: reads back", name)
		}
	}
}

// The readback doesn't trust what a condition says about itself.
func TestReadbackCatchesAWrongFlag(t *testing.T) {
	t.Parallel()
	d := awkward()
	w := written(t, d)
	d.Conditions[1].plain = true // the encoder will believe it
	w.encode(d.Conditions)
	if w.readsBack(d) {
		t.Errorf("reads back: %s", w.json)
	}
}

func TestIsVerbatim(t *testing.T) {
	t.Parallel()
	for length := range 40 {
		for at := range length {
			for b := range 256 {
				text := bytes.Repeat([]byte{'a'}, length)
				text[at] = byte(b)
				wanted := b >= ' ' && b != '"' && b != '\\'
				if got := isVerbatim(text); got != wanted {
					t.Fatalf("%q: got %v", text, got)
				}
				within := append(append([]byte(`"`), text...), `"}.\","\`...)
				if got := specialsWithin(within, 1, 1+length) == 0; got != wanted {
					t.Fatalf("%q within: got %v", text, got)
				}
			}
		}
	}
}
