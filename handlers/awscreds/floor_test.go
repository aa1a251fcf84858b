package awscreds_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"strings"
	"testing"
	"time"
)

// The floor is the least that signing can cost: the timestamps are written into bytes prepared for
// one policy or URL, which are then hashed, encoded and signed with a prepared HMAC. It builds no
// document, checks nothing, lists no fields and makes no string.

// signingKey derives the key of the day as AWS documents it; see "Create a signed request" in the
// IAM user guide.
func signingKey(secret, day, region string) []byte {
	key := []byte("AWS4" + secret)
	for _, part := range []string{day, region, "s3", "aws4_request"} {
		h := hmac.New(sha256.New, key)
		_, _ = io.WriteString(h, part)
		key = h.Sum(nil)
	}
	return key
}

// policyFloor is the floor of a policy: expiration and x-amz-date are written into the JSON.
type policyFloor struct {
	mac              hash.Hash
	json             []byte
	expiration, date int // offsets
	encoded          []byte
	sum              [sha256.Size]byte
	signature        [2 * sha256.Size]byte
}

func newPolicyFloor(json []byte, mac hash.Hash) *policyFloor {
	return &policyFloor{
		mac:        mac,
		json:       json,
		expiration: bytes.Index(json, []byte(`"expiration":"`)) + len(`"expiration":"`),
		date:       bytes.Index(json, []byte(`"x-amz-date":"`)) + len(`"x-amz-date":"`),
		encoded:    make([]byte, base64.StdEncoding.EncodedLen(len(json))),
	}
}

func (f *policyFloor) sign(expiration, now time.Time) {
	putTime(f.json[f.expiration:], expiration, "0000-00-00T00:00:00")
	putTime(f.json[f.date:], now, "00000000T000000")
	base64.StdEncoding.Encode(f.encoded, f.json)
	f.mac.Reset()
	_, _ = f.mac.Write(f.encoded)
	hex.Encode(f.signature[:], f.mac.Sum(f.sum[:0]))
}

// urlFloor is the floor of a part URL: the date is written into the canonical request and the
// string to sign.
type urlFloor struct {
	mac                     hash.Hash
	canonical, stringToSign []byte
	canonicalDate           int // offset in canonical
	date, digest            int // offsets in stringToSign
	sum                     [sha256.Size]byte
	signature               [2 * sha256.Size]byte
}

func newURLFloor(canonical, stringToSign string, mac hash.Hash) *urlFloor {
	return &urlFloor{
		mac:           mac,
		canonical:     []byte(canonical),
		stringToSign:  []byte(stringToSign),
		canonicalDate: strings.Index(canonical, "X-Amz-Date=") + len("X-Amz-Date="),
		date:          strings.Index(stringToSign, "\n") + 1,
		digest:        len(stringToSign) - 2*sha256.Size,
	}
}

func (f *urlFloor) sign(now time.Time) {
	putTime(f.canonical[f.canonicalDate:], now, "00000000T000000")
	putTime(f.stringToSign[f.date:], now, "00000000T000000")
	digest := sha256.Sum256(f.canonical)
	hex.Encode(f.stringToSign[f.digest:], digest[:])
	f.mac.Reset()
	_, _ = f.mac.Write(f.stringToSign)
	hex.Encode(f.signature[:], f.mac.Sum(f.sum[:0]))
}

// putTime writes the digits of t over the zeros of a layout.
func putTime(dst []byte, t time.Time, layout string) {
	year, month, day := t.UTC().Date()
	hour, minute, second := t.UTC().Clock()
	digits := [14]byte{}
	for i, n := range [7]int{year / 100, year % 100, int(month), day, hour, minute, second} {
		digits[2*i], digits[2*i+1] = byte('0'+n/10), byte('0'+n%10)
	}
	next := 0
	for i := range len(layout) {
		dst[i] = layout[i]
		if layout[i] == '0' {
			dst[i] = digits[next]
			next++
		}
	}
}

func TestFloorsComputeTheSameSignatures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := b.policyFloor(t)
	f.sign(b.expiration, b.now)
	form := b.sign(t)
	if got, wanted := string(f.signature[:]), form.Fields[len(form.Fields)-1].Value; got != wanted || string(f.encoded) != form.Policy {
		t.Errorf("policy: got %s, wanted %s", got, wanted)
	}
	u := b.urlFloor(t)
	u.sign(b.now)
	if address := b.partURL(t); !strings.HasSuffix(address, "&X-Amz-Signature="+string(u.signature[:])) {
		t.Errorf("url: got %s, wanted the signature of %s", u.signature, address)
	}
}
