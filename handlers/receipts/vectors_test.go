package receipts_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/cmd/postern/testtools"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/policy/sigv4"
)

var update = flag.Bool("update", false, "write testdata/vectors.json anew, with new key pairs")

// vectors are receipts, good and bad, for verifiers in any language.
type vectors struct {
	Issuer  string            `json:"issuer"`
	Now     int64             `json:"now"` // Unix seconds
	Secrets []string          `json:"secrets"`
	Keys    []json.RawMessage `json:"keys"` // of a JSON Web Key Set
	Cases   []vector          `json:"cases"`
}

// vector is one receipt and what becomes of it: the subject that it names, or the reason why it is
// refused.
type vector struct {
	Name    string `json:"name"`
	Receipt string `json:"receipt"`
	Profile string `json:"profile"`
	Subject string `json:"subject"`
	Nonce   string `json:"nonce,omitempty"`
	Refused string `json:"refused,omitempty"`
}

const vectorsFile = "testdata/vectors.json"

func readVectors(t *testing.T) vectors {
	t.Helper()
	if *update {
		writeVectors(t)
	}
	text, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// writeVectors makes good receipts by each algorithm, and of each one the bad ones that need no
// key; hostileReceipts has those that only a thief of the key could make.
func writeVectors(t *testing.T) {
	t.Helper()
	v := vectors{Issuer: issuerURL, Now: noon.Unix(), Secrets: []string{string([]byte(secret))}}
	pairs := keyPairs(t)
	both := []crypto.Signer{pairs["EdDSA"], pairs["ES256"]}
	set, err := json.Marshal(newIssuer(t, func(c *receipts.Config) { c.Secrets, c.Keys = nil, both }).KeySet())
	if err != nil {
		t.Fatal(err)
	}
	var keys struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(set, &keys); err != nil {
		t.Fatal(err)
	}
	v.Keys = keys.Keys
	plain, bound := sample(), sample()
	plain.Version, plain.Filename, plain.Checksum, plain.Metadata = "", "", "", nil
	bound.Nonce, bound.Filename = "session 1", "quarterly \"report\" \u2028 日本語.pdf"
	add := func(name, receipt, reason string) {
		v.Cases = append(v.Cases, vector{Name: name, Receipt: receipt, Profile: "photos", Subject: "alice", Refused: reason})
	}
	for _, algorithm := range []string{"HS256", "EdDSA", "ES256"} {
		own := func(c *receipts.Config) {
			if algorithm != "HS256" {
				c.Secrets, c.Keys = nil, []crypto.Signer{pairs[algorithm]}
			}
		}
		issuer, stranger := newIssuer(t, own), newIssuer(t, func(c *receipts.Config) {
			if own(c); c.Keys != nil {
				c.Keys = []crypto.Signer{keyPairs(t)[algorithm]}
			} else {
				c.Secrets = []sigv4.Secret{sigv4.Secret(strings.Repeat("x", 32))}
			}
		})
		genuine := mint(t, issuer, sample())
		add(algorithm+": everything", genuine, "")
		add(algorithm+": the least", mint(t, issuer, plain), "")
		add(algorithm+": bound to a session", mint(t, issuer, bound), "")
		v.Cases[len(v.Cases)-1].Nonce = bound.Nonce
		add(algorithm+": of another session", mint(t, issuer, bound), "nonce")
		add(algorithm+": of a stranger's key", mint(t, stranger, sample()), "signature")
		parts, others := strings.Split(genuine, "."), strings.Split(mint(t, issuer, plain), ".")
		add(algorithm+": another payload", parts[0]+"."+others[1]+"."+parts[2], "signature")
		add(algorithm+": without signature", genuine[:strings.LastIndex(genuine, ".")+1], "malformed")
		for _, other := range []struct{ name, profile, subject, reason string }{
			{"of another profile", "files", "alice", "profile"}, {"of another visitor", "photos", "bob", "subject"},
		} {
			add(algorithm+": "+other.name, genuine, other.reason)
			v.Cases[len(v.Cases)-1].Profile, v.Cases[len(v.Cases)-1].Subject = other.profile, other.subject
		}
		for _, other := range []struct {
			name   string
			change func(*receipts.Config)
			reason string
		}{
			{"of another server", func(c *receipts.Config) { c.Issuer = "https://evil.example" }, "issuer"},
			{"ended", func(c *receipts.Config) { c.Now = at(noon.Add(-25 * time.Hour)) }, "expired"},
			{"from the future", func(c *receipts.Config) { c.Now = at(noon.Add(time.Hour)) }, "early"},
		} {
			add(algorithm+": "+other.name, mint(t, newIssuer(t, func(c *receipts.Config) { own(c); other.change(c) }), sample()), other.reason)
		}
	}
	writeConfused(t, &v, pairs)
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorsFile, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// writeConfused adds tokens of other kinds and other algorithms.
func writeConfused(t *testing.T, v *vectors, pairs map[string]crypto.Signer) {
	t.Helper()
	genuine := mint(t, newIssuer(t, nil), sample())
	hostile := hostileReceipts(t, genuine, pairs["EdDSA"].Public().(ed25519.PublicKey))
	for name, reason := range map[string]string{
		"alg none": "signature", "alg EdDSA": "signature", "alg ES256": "signature", "alg RS256": "signature", "alg in lower case": "signature",
		"no alg": "signature", "typ JWT": "malformed", "typ of links": "malformed", "no typ": "malformed", "crit": "malformed", "no kid": "signature",
		"another kid": "signature", "another audience": "malformed", "no subject": "malformed", "size below 0": "malformed", "unknown member": "malformed",
		"no expiry": "malformed", "payload as list": "malformed", "empty": "malformed", "dots": "malformed", "two parts": "malformed",
		"padding": "malformed", "a line end": "malformed", "longer than 4 kB": "malformed", "signed with a public key": "signature",
	} {
		v.Cases = append(v.Cases, vector{Name: name, Receipt: hostile[name], Profile: "photos", Subject: "alice", Refused: reason})
	}
	ticket, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "alice", "aud": "postern", "profiles": []string{"photos"}, "exp": noon.Unix() + 900}).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	v.Cases = append(v.Cases, vector{Name: "a ticket", Receipt: ticket, Profile: "photos", Subject: "alice", Refused: "malformed"})
	slices.SortStableFunc(v.Cases, func(a, b vector) int { return strings.Compare(a.Name, b.Name) })
}

func TestVectorsAreDecidedAsTheySay(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	set, err := json.Marshal(map[string]any{"keys": v.Keys})
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := receipts.NewVerifier(receipts.VerifierConfig{Issuer: v.Issuer, Secrets: []sigv4.Secret{sigv4.Secret(v.Secrets[0])}, KeySet: set, Now: at(time.Unix(v.Now, 0))})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Cases {
		_, err := verifier.Verify(c.Receipt, receipts.Expected{Profile: c.Profile, Subject: c.Subject, Nonce: c.Nonce})
		refusal, _ := errors.AsType[*receipts.Error](err)
		if got := (refusal != nil && string(refusal.Reason) == c.Refused) || (err == nil && c.Refused == ""); !got {
			t.Errorf("%s: got %v, wanted %q", c.Name, err, c.Refused)
		}
	}
}

// TestTheSamplesDecideTheVectorsAlike runs each sample.
func TestTheSamplesDecideTheVectorsAlike(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	var requests bytes.Buffer
	encoder := json.NewEncoder(&requests)
	for _, c := range v.Cases {
		if err := encoder.Encode(map[string]any{"receipt": c.Receipt, "issuer": v.Issuer, "profile": c.Profile, "subject": c.Subject, "nonce": c.Nonce,
			"secrets": v.Secrets, "keys": v.Keys, "now": v.Now}); err != nil {
			t.Fatal(err)
		}
	}
	for interpreter, file := range map[string]string{"python3": "receipt.py", "node": "receipt.mjs", "php": "receipt.php", "ruby": "receipt.rb"} {
		t.Run(interpreter, func(t *testing.T) {
			t.Parallel()
			testtools.Want(t, interpreter)
			command := exec.Command(interpreter, filepath.Join("testdata", "samples", file))
			command.Stdin, command.Stderr = bytes.NewReader(requests.Bytes()), t.Output()
			printed, err := command.Output()
			if err != nil {
				t.Fatal(err)
			}
			answers := json.NewDecoder(bytes.NewReader(printed))
			for _, c := range v.Cases {
				var answer struct {
					Said    map[string]any
					Refused string
				}
				if err := answers.Decode(&answer); err != nil {
					t.Fatalf("%s: %v", c.Name, err)
				}
				if answer.Refused != c.Refused || c.Refused == "" && !reflect.DeepEqual(answer.Said["sub"], "alice") {
					t.Errorf("%s: got %+v, wanted %q", c.Name, answer, c.Refused)
				}
			}
		})
	}
}

// TestAnUploadIsClaimedOnce runs the claim of the Python sample, whose standard library has a
// database.
func TestAnUploadIsClaimedOnce(t *testing.T) {
	t.Parallel()
	testtools.Want(t, "python3")
	const program = `
import sqlite3, receipt
database = sqlite3.connect(":memory:")
database.execute("create table uploads (id text primary key, row text not null, key text not null)")
said = {"jti": "1", "key": "a"}
receipt.claim(database, said, "album 1")
receipt.claim(database, said, "album 1")
receipt.claim(database, {"jti": "2", "key": "b"}, "album 2")
try:
    receipt.claim(database, said, "album 2")
    print("taken twice")
except receipt.Refused as reason:
    print(reason)
`
	command := exec.Command("python3", "-c", program)
	command.Dir, command.Stderr = filepath.Join("testdata", "samples"), t.Output()
	command.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if printed, err := command.Output(); err != nil || string(printed) != "claimed\n" {
		t.Errorf("got %q %v, wanted it refused as claimed", printed, err)
	}
}
