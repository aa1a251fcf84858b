package receipts_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/policy/sigv4"
)

const issuerURL = "https://uploads.example.com"

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	secret = sigv4.Secret(strings.Repeat("s", 32))
	alice  = receipts.Expected{Profile: "photos", Subject: "alice"}
)

func sample() receipts.Receipt {
	return receipts.Receipt{
		ID: "0195a1b2", Subject: "alice", Profile: "photos", Bucket: "media", Key: "users/alice/0195a1b2.png", Version: "v1",
		ETag: `"0f343b0931126a20f133d67c2b018a3b"`, Size: 1024, Type: "image/png", Filename: `été "1".png`, Checksum: "AAAAAA==",
		Metadata: map[string]string{"album": "Sommer"}, Nonce: "",
	}
}

func at(now time.Time) func() time.Time { return func() time.Time { return now } }

func newIssuer(t testing.TB, change func(*receipts.Config)) *receipts.Issuer {
	t.Helper()
	c := receipts.Config{Issuer: issuerURL, Secrets: []sigv4.Secret{secret}, Now: at(noon)}
	if change != nil {
		change(&c)
	}
	i, err := receipts.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func mint(t testing.TB, i *receipts.Issuer, r receipts.Receipt) string {
	t.Helper()
	text, err := i.Mint(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// keyPairs returns one key pair of each kind.
func keyPairs(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{"EdDSA": ed, "ES256": ec}
}

func TestAReceiptSaysWhatItWasMintedWith(t *testing.T) {
	t.Parallel()
	issuers := map[string]*receipts.Issuer{"HS256": newIssuer(t, nil)}
	verifiers := map[string]receipts.VerifierConfig{"HS256": {Secrets: []sigv4.Secret{secret}}}
	for algorithm, pair := range keyPairs(t) {
		i := newIssuer(t, func(c *receipts.Config) { c.Secrets, c.Keys = nil, []crypto.Signer{pair} })
		set, err := json.Marshal(i.KeySet())
		if err != nil || strings.Contains(string(set), `"d"`) {
			t.Fatalf("key set: got %s %v, wanted public halves alone", set, err)
		}
		issuers[algorithm], verifiers[algorithm] = i, receipts.VerifierConfig{KeySet: set}
	}
	for algorithm, issuer := range issuers {
		config := verifiers[algorithm]
		config.Issuer, config.Now = issuerURL, at(noon)
		verifier, err := receipts.NewVerifier(config)
		if err != nil {
			t.Fatal(err)
		}
		text := mint(t, issuer, sample())
		want := sample()
		want.Issued, want.Expires = noon, noon.Add(receipts.DefaultLifetime)
		for who, v := range map[string]interface {
			Verify(string, receipts.Expected) (receipts.Receipt, error)
		}{"issuer": issuer, "verifier": verifier} {
			if got, err := v.Verify(text, alice); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s by the %s: got %+v %v, wanted %+v", algorithm, who, got, err, want)
			}
		}
	}
}

func TestAReceiptIsRefusedWhereItIsNotWhatIsExpected(t *testing.T) {
	t.Parallel()
	withNonce := sample()
	withNonce.Nonce = "session-1"
	for name, c := range map[string]struct {
		receipt receipts.Receipt
		want    receipts.Expected
		read    func(*receipts.Config) // how the reader differs from the issuer
		reason  receipts.Reason
	}{
		"another profile":            {sample(), receipts.Expected{Profile: "files", Subject: "alice"}, nil, receipts.ReasonProfile},
		"another visitor":            {sample(), receipts.Expected{Profile: "photos", Subject: "bob"}, nil, receipts.ReasonSubject},
		"another session":            {withNonce, receipts.Expected{Profile: "photos", Subject: "alice", Nonce: "session-2"}, nil, receipts.ReasonNonce},
		"a session that isn't told":  {withNonce, alice, nil, receipts.ReasonNonce},
		"a session but no nonce":     {sample(), receipts.Expected{Profile: "photos", Subject: "alice", Nonce: "x"}, nil, receipts.ReasonNonce},
		"another server":             {sample(), alice, func(c *receipts.Config) { c.Issuer = "https://evil.example" }, receipts.ReasonIssuer},
		"another secret":             {sample(), alice, func(c *receipts.Config) { c.Secrets = []sigv4.Secret{sigv4.Secret(strings.Repeat("x", 32))} }, receipts.ReasonSignature},
		"its end":                    {sample(), alice, func(c *receipts.Config) { c.Now = at(noon.Add(24*time.Hour + 31*time.Second)) }, receipts.ReasonExpired},
		"before it was minted":       {sample(), alice, func(c *receipts.Config) { c.Now = at(noon.Add(-31 * time.Second)) }, receipts.ReasonEarly},
		"withdrawn by time":          {sample(), alice, func(c *receipts.Config) { c.NotBefore = noon.Add(time.Second) }, receipts.ReasonWithdrawn},
		"within the leeway, early":   {sample(), alice, func(c *receipts.Config) { c.Now = at(noon.Add(-29 * time.Second)) }, ""},
		"within the leeway, late":    {sample(), alice, func(c *receipts.Config) { c.Now = at(noon.Add(24*time.Hour + 29*time.Second)) }, ""},
		"minted when it begins":      {sample(), alice, func(c *receipts.Config) { c.NotBefore = noon }, ""},
		"a key that was put behind":  {sample(), alice, func(c *receipts.Config) { c.Secrets = []sigv4.Secret{sigv4.Secret(strings.Repeat("n", 32)), secret} }, ""},
		"the session that was bound": {withNonce, receipts.Expected{Profile: "photos", Subject: "alice", Nonce: "session-1"}, nil, ""},
	} {
		_, err := newIssuer(t, c.read).Verify(mint(t, newIssuer(t, nil), c.receipt), c.want)
		if c.reason == "" && err != nil || c.reason != "" && !errors.Is(err, &receipts.Error{Reason: c.reason}) {
			t.Errorf("%s: got %v, wanted reason %q", name, err, c.reason)
		}
	}
}

func TestAnExpectationHasToNameProfileAndSubject(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, nil)
	for _, want := range []receipts.Expected{{}, {Profile: "photos"}, {Subject: "alice"}} {
		if _, err := i.Verify(mint(t, i, sample()), want); err == nil {
			t.Errorf("%+v: wanted an error", want)
		}
	}
}

func TestAReceiptInAURLIsShortLivedAndHoldsNoMetadata(t *testing.T) {
	t.Parallel()
	text, err := newIssuer(t, nil).MintForURL(sample())
	if err != nil {
		t.Fatal(err)
	}
	got, err := newIssuer(t, nil).Verify(text, alice)
	if err != nil || got.Metadata != nil || got.Expires.Sub(got.Issued) != 5*time.Minute {
		t.Errorf("got %+v %v, wanted five minutes and no metadata", got, err)
	}
}

func TestMetadataThatIsTooLongIsLeftOut(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, nil)
	r := sample()
	r.Key, r.Metadata = strings.Repeat("k", 1024), map[string]string{"note": strings.Repeat("n", 2000)}
	text := mint(t, i, r)
	if got, err := i.Verify(text, alice); err != nil || got.Metadata != nil || len(text) > receipts.MaxBytes {
		t.Errorf("got %d bytes, %+v %v", len(text), got, err)
	}
	r.Filename = strings.Repeat("f", 3000)
	if text, err := i.Mint(r); err == nil {
		t.Errorf("got a receipt of %d bytes, wanted an error", len(text))
	}
}

func TestKeysAreRefusedThatAreWeakOrAmbiguous(t *testing.T) {
	t.Parallel()
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pairs := keyPairs(t)
	for name, c := range map[string]receipts.Config{
		"no key":             {Issuer: issuerURL},
		"no issuer":          {Secrets: []sigv4.Secret{secret}},
		"a short secret":     {Issuer: issuerURL, Secrets: []sigv4.Secret{"short"}},
		"a secret twice":     {Issuer: issuerURL, Secrets: []sigv4.Secret{secret, secret}},
		"secrets and keys":   {Issuer: issuerURL, Secrets: []sigv4.Secret{secret}, Keys: []crypto.Signer{pairs["EdDSA"]}},
		"another curve":      {Issuer: issuerURL, Keys: []crypto.Signer{p384}},
		"a key twice":        {Issuer: issuerURL, Keys: []crypto.Signer{pairs["ES256"], pairs["ES256"]}},
		"a negative age":     {Issuer: issuerURL, Secrets: []sigv4.Secret{secret}, Lifetime: -time.Second},
		"a key set of words": {},
	} {
		if _, err := receipts.New(c); err == nil {
			t.Errorf("%s: wanted an error", name)
		}
	}
	for name, set := range map[string]string{
		"no JSON": "keys", "no keys": `{"keys":[]}`, "a symmetric key": `{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`,
		"an RSA key": `{"keys":[{"kty":"RSA","e":"AQAB","n":"` + base64.RawURLEncoding.EncodeToString(make([]byte, 256)) + `"}]}`,
	} {
		if _, err := receipts.NewVerifier(receipts.VerifierConfig{Issuer: issuerURL, KeySet: []byte(set)}); err == nil {
			t.Errorf("key set of %s: wanted an error", name)
		}
	}
}

// hostileReceipts are changed from a genuine one, or made from scratch with a key that the verifier
// has. None may be accepted.
func hostileReceipts(t testing.TB, genuine string, public ed25519.PublicKey) map[string]string {
	t.Helper()
	parts := strings.Split(genuine, ".")
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	decode := func(text string) string {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	header, payload := decode(parts[0]), decode(parts[1])
	resign := func(header, payload string) string {
		text := encode(header) + "." + encode(payload)
		sig, err := jwt.SigningMethodHS256.Sign(text, []byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		return text + "." + base64.RawURLEncoding.EncodeToString(sig)
	}
	replaced := func(text, old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("%s has no %s", text, old)
		}
		return strings.Replace(text, old, new, 1)
	}
	kid := header[strings.Index(header, `"kid":"`)+7:]
	kid = kid[:strings.Index(kid, `"`)]
	out := map[string]string{
		"empty": "", "dots": "..", "one part": parts[0], "two parts": parts[0] + "." + parts[1], "four parts": genuine + ".x",
		"no signature": parts[0] + "." + parts[1] + ".", "half a signature": genuine[:len(genuine)-20],
		"another last letter": genuine[:len(genuine)-1] + map[bool]string{true: "B", false: "A"}[strings.HasSuffix(genuine, "A")],
		"padding":             genuine + "=", "a line end": genuine + "\n", "a blank in front": " " + genuine,
		"another payload":  parts[0] + "." + encode(replaced(payload, `"alice"`, `"alicf"`)) + "." + parts[2],
		"longer than 4 kB": resign(header, replaced(payload, `"size":1024`, `"size":1024,"filename":"`+strings.Repeat("x", 5000)+`"`)),
		"Bearer":           "Bearer " + genuine,
		"a null byte":      genuine[:10] + "\x00" + genuine[11:],
	}
	for name, h := range map[string]string{
		"alg none": `{"alg":"none","typ":"` + receipts.Type + `","kid":"` + kid + `"}`, "alg HS384": replaced(header, "HS256", "HS384"),
		"alg HS512": replaced(header, "HS256", "HS512"), "alg in lower case": replaced(header, "HS256", "hs256"),
		"alg RS256": replaced(header, "HS256", "RS256"), "alg EdDSA": replaced(header, "HS256", "EdDSA"), "alg ES256": replaced(header, "HS256", "ES256"),
		"no alg": `{"typ":"` + receipts.Type + `","kid":"` + kid + `"}`, "typ JWT": replaced(header, receipts.Type, "JWT"),
		"typ of links": replaced(header, receipts.Type, "postern-link+jwt"), "no typ": `{"alg":"HS256","kid":"` + kid + `"}`,
		"crit": replaced(header, `"alg"`, `"crit":["b64"],"b64":false,"alg"`), "no kid": `{"alg":"HS256","typ":"` + receipts.Type + `"}`,
		"another kid": replaced(header, kid, "AAAAAAAA"), "kid as path": replaced(header, kid, "../../dev/null"),
		"kid as number": `{"alg":"HS256","typ":"` + receipts.Type + `","kid":1}`, "header as list": `["HS256"]`, "header of no JSON": `{`,
	} {
		out[name] = resign(h, payload)
	}
	for name, p := range map[string]string{
		"another audience": replaced(payload, receipts.Audience, "postern-upload"), "a list of audiences": replaced(payload, `"`+receipts.Audience+`"`, `["`+receipts.Audience+`"]`),
		"another issuer": replaced(payload, issuerURL, issuerURL+".evil.example"), "no subject": replaced(payload, `"sub":"alice"`, `"sub":""`),
		"repeated subject": replaced(payload, `"sub":"alice"`, `"sub":"bob","sub":"alice"`), "Sub": replaced(payload, `"sub":"alice"`, `"Sub":"alice"`),
		"unknown member": replaced(payload, `"size"`, `"admin":true,"size"`), "no expiry": replaced(payload, `"exp"`, `"nbf"`),
		"expiry as text": replaced(payload, `"exp":`, `"exp":"9",`+`"x":`), "size below 0": replaced(payload, `"size":1024`, `"size":-1`),
		"size as fraction": replaced(payload, `"size":1024`, `"size":10.5`), "null key": replaced(payload, `"key":"users/alice/0195a1b2.png"`, `"key":null`),
		"payload as list": `[]`, "payload of no JSON": `x`, "empty payload": `{}`, "invalid UTF-8": replaced(payload, "alice", "\xff"),
		"a comment": payload + "//",
	} {
		out[name] = resign(header, p)
	}
	// The public key as an HMAC secret.
	text := encode(header) + "." + encode(payload)
	sig, err := jwt.SigningMethodHS256.Sign(text, []byte(public))
	if err != nil {
		t.Fatal(err)
	}
	out["signed with a public key"] = text + "." + base64.RawURLEncoding.EncodeToString(sig)
	return out
}

func TestHostileReceiptsAreRefused(t *testing.T) {
	t.Parallel()
	r := sample()
	r.Filename = ""
	i := newIssuer(t, nil)
	pair := keyPairs(t)["EdDSA"]
	hostile := hostileReceipts(t, mint(t, i, r), pair.Public().(ed25519.PublicKey))
	if len(hostile) < 40 {
		t.Errorf("got %d receipts, wanted at least 40", len(hostile))
	}
	for name, text := range hostile {
		got, err := i.Verify(text, alice)
		if refusal := (*receipts.Error)(nil); !errors.As(err, &refusal) {
			t.Errorf("%s: got %+v %v, wanted it refused", name, got, err)
		} else if strings.Contains(err.Error(), "alice") || len(text) > 20 && strings.Contains(err.Error(), text[:20]) {
			t.Errorf("%s: the error holds what was sent: %v", name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	i := newIssuer(f, nil)
	f.Add(mint(f, i, sample()))
	genuine := mint(f, i, sample())
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := i.Verify(text, alice); err == nil && text != genuine {
			t.Fatalf("%q: got %+v", text, got)
		}
	})
}

func BenchmarkMint(b *testing.B) {
	issuers := map[string]*receipts.Issuer{"HS256": newIssuer(b, nil)}
	for algorithm, pair := range keyPairs(b) {
		issuers[algorithm] = newIssuer(b, func(c *receipts.Config) { c.Secrets, c.Keys = nil, []crypto.Signer{pair} })
	}
	for _, algorithm := range []string{"HS256", "EdDSA", "ES256"} {
		b.Run(algorithm, func(b *testing.B) {
			for b.Loop() {
				mint(b, issuers[algorithm], sample())
			}
		})
	}
}

func TestAReceiptThatIsMintedAgainLivesNoLonger(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_800_000_000, 0)
	now := start
	issuer, err := receipts.New(receipts.Config{Issuer: "https://uploads.example.com", Secrets: []sigv4.Secret{sigv4.Secret(strings.Repeat("k", 32))},
		Lifetime: time.Hour, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	want := receipts.Expected{Profile: "photos", Subject: "alice"}
	made := receipts.Receipt{ID: "1", Subject: "alice", Profile: "photos", Bucket: "media", Key: "a", ETag: `"e"`}
	text, err := issuer.MintForURL(made)
	if err != nil {
		t.Fatal(err)
	}
	now = start.Add(time.Minute)
	read, err := issuer.Verify(text, want)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if text, err = issuer.MintAgain(read); err != nil {
			t.Fatal(err)
		}
		if read, err = issuer.Verify(text, want); err != nil || !read.Issued.Equal(start) || !read.Expires.Equal(start.Add(time.Hour)) {
			t.Fatalf("got %+v %v", read, err)
		}
		now = now.Add(15 * time.Minute)
	}
	now = start.Add(2 * time.Hour)
	if text, err = issuer.MintAgain(read); err != nil {
		t.Fatal(err)
	}
	if _, err := issuer.Verify(text, want); !errors.Is(err, &receipts.Error{Reason: receipts.ReasonExpired}) {
		t.Errorf("after its end: got %v", err)
	}
}
