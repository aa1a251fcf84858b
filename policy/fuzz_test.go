package policy_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// FuzzParse reads any text. If it is accepted, encoding/json reads the same document, and writing
// and reading it again gives the same document, too. If it is refused, the document is empty.
func FuzzParse(f *testing.F) {
	f.Add(wrap(`{"acl":"private"},["eq","$key","a"],["starts-with","$Content-Type","image/"],["content-length-range",1,9223372036854775807]`))
	f.Add(wrap(`{"x-amz-meta-\u0061":"\"\\\/\b\f\n\r\t\ud83d\ude00\u2028"}`))
	f.Add(wrap(`{"a":"b","c":"d"}`))
	f.Add(expire(`"2026-03-01T12:00:00.123456789Z"`))
	f.Add(base64.StdEncoding.EncodeToString([]byte(wrap(`["eq","$key","\u0000"]`))))
	f.Add(" {\"conditions\":[],\r\n\t\"expiration\":\"0001-01-01T00:00:01Z\"} ")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := policy.Parse(text)
		if err != nil {
			var fault *policy.SyntaxError
			if !errors.As(err, &fault) || !reflect.DeepEqual(d, policy.Document{}) {
				t.Fatalf("got %v along with %v", d, err)
			}
			return
		}
		if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
			text = string(decoded)
		}
		mustReadAlike(t, text, d)
		canonical, err := d.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := policy.Parse(string(canonical))
		if err != nil || !again.Expiration.Equal(d.Expiration) || !reflect.DeepEqual(again.Conditions, d.Conditions) {
			t.Fatalf("got %v, %v, wanted %v", again, err, d)
		}
		if twice, err := again.AppendJSON(nil); err != nil || string(twice) != string(canonical) {
			t.Fatalf("got %s, %v, wanted %s", twice, err, canonical)
		}
	})
}

// mustReadAlike compares the document with what encoding/json reads.
func mustReadAlike(t *testing.T, text string, d policy.Document) {
	t.Helper()
	var generic struct {
		Expiration time.Time
		Conditions []any
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&generic); err != nil {
		t.Fatalf("encoding/json refuses %q: %v", text, err)
	}
	if !generic.Expiration.Equal(d.Expiration) || len(generic.Conditions) != len(d.Conditions) {
		t.Fatalf("got %v, wanted %v", d, generic)
	}
	for i, c := range d.Conditions {
		if wanted := generic.Conditions[i]; !reflect.DeepEqual(plain(c, wanted), wanted) {
			t.Fatalf("got %v, wanted %v", c, wanted)
		}
	}
}

// plain writes a condition with the types of encoding/json, in the form of like.
func plain(c policy.Condition, like any) any {
	if _, ok := like.(map[string]any); ok {
		return map[string]any{c.Field(): c.Value()}
	}
	if c.Operator() == policy.OpRange {
		low, high := c.Range()
		return []any{string(policy.OpRange), number(low), number(high)}
	}
	return []any{string(c.Operator()), "$" + c.Field(), c.Value()}
}

func number(n int64) json.Number {
	text, _ := json.Marshal(n)
	return json.Number(text)
}

// FuzzEncode compares the encoder with encoding/json: what they write means the same.
func FuzzEncode(f *testing.F) {
	f.Add("key", "a", "acl", "private", int64(1), int64(2), int64(1772366400), uint32(0))
	f.Add(`"],["x"`, "\x00\x1f\x7f\b\f\n\r\t\"\\/<>&", "\u2028\u2029", "\xff\xed\xa0\x80", int64(-1), int64(1)<<62, int64(-62135596799), uint32(1))
	f.Fuzz(func(t *testing.T, field, value, other, prefix string, low, high, unix int64, nanos uint32) {
		d := policy.Document{Expiration: time.Unix(unix%253402300799, int64(nanos%1e9)).UTC(), Conditions: []policy.Condition{
			policy.Equal(field, value), policy.StartsWith(other, prefix), policy.ContentLengthRange(low, high),
		}}
		text, err := d.AppendJSON(nil)
		if err != nil {
			return // not UTF-8, or beyond four digits of a year
		}
		wanted, err := json.Marshal(map[string]any{"expiration": d.Expiration, "conditions": []any{
			map[string]string{field: value}, []string{"starts-with", "$" + other, prefix}, []any{"content-length-range", low, high},
		}})
		if err != nil {
			t.Fatal(err)
		}
		var a, b struct {
			Expiration time.Time
			Conditions []any
		}
		if err := errors.Join(json.Unmarshal(text, &a), json.Unmarshal(wanted, &b)); err != nil || !a.Expiration.Equal(b.Expiration) || !reflect.DeepEqual(a.Conditions, b.Conditions) {
			t.Fatalf("got %s, %v, wanted %s", text, err, wanted)
		}
	})
}

// FuzzSign signs any document. If that succeeds, the form verifies and, with the visitor's fields
// filled in, is accepted; a changed policy doesn't verify.
func FuzzSign(f *testing.F) {
	f.Add("users/1/a.png", "users/1/", "image/", "album", "x", int64(1), int64(10), uint32(900), uint16(3))
	f.Add(`a"b\c`, "é/", "", "a-b_c.d", `"}]}`, int64(0), int64(1)<<50, uint32(604800), uint16(700))
	f.Add("a$b", "x", "image/,", "$", "\n", int64(-1), int64(-1), uint32(0), uint16(0))
	signers := dialects(f)
	f.Fuzz(func(t *testing.T, key, prefix, family, name, value string, low, size int64, lifetime uint32, flip uint16) {
		for dialect, s := range signers {
			if dialect == "gcs-rsa" && flip%16 != 0 {
				continue // slow
			}
			d := policy.Document{Expiration: noon.Add(time.Duration(lifetime) * time.Second), Conditions: []policy.Condition{
				policy.Bucket("media"), policy.Key(key), policy.StartsWith("Content-Type", family), policy.ContentLengthRange(low, size),
				policy.Equal("x-"+name, value),
			}}
			if flip%2 == 0 {
				d.Conditions[1] = policy.KeyPrefix(prefix)
			}
			form, err := policy.Sign(d, formURL, s, noon)
			if err != nil {
				if !reflect.DeepEqual(form, policy.Form{}) {
					t.Fatalf("got %v along with %v", form, err)
				}
				continue
			}
			mustHold(t, s, d, form, size)
			mustNotHold(t, s, form, int(flip))
		}
	})
}

func mustHold(t *testing.T, s *sigv4.Signer, d policy.Document, form policy.Form, size int64) {
	t.Helper()
	for _, c := range d.Conditions {
		if c.Operator() == policy.OpStartsWith {
			form.Fields = append(form.Fields, policy.Field{Name: c.Field(), Value: c.Value()})
		}
	}
	read, err := policy.Verify(form.Fields, s, noon)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(read.Conditions[:len(d.Conditions)], d.Conditions) || !read.Expiration.Equal(form.Expiration) {
		t.Fatalf("got %v, wanted %v", read, d)
	}
	for _, v := range policy.Check(read, form.Fields, size, noon) {
		if v.Reason != policy.ReasonFormTooLarge && v.Reason != policy.ReasonList && (v.Reason != policy.ReasonTooLarge || size <= policy.MaxPostBytes) {
			t.Fatalf("the form is refused: %+v", v)
		}
	}
}

func mustNotHold(t *testing.T, s *sigv4.Signer, form policy.Form, flip int) {
	t.Helper()
	text := []byte(form.Policy)
	text[flip%len(text)] ^= 1 << (flip % 7)
	if d, err := policy.Verify(with(form.Fields, "policy", string(text)), s, noon); !errors.Is(err, policy.ErrSignature) || !reflect.DeepEqual(d, policy.Document{}) {
		t.Fatalf("got %v, %v for a changed policy, wanted ErrSignature", d, err)
	}
}
