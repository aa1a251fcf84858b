package webhooks_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/postern-dev/postern/handlers/webhooks"
	"github.com/postern-dev/postern/policy/sigv4"
)

var update = flag.Bool("update", false, "write testdata/vectors.json anew")

// vectors are deliveries, good and bad, for receivers in any language.
type vectors struct {
	Now     int64    `json:"now"`     // Unix seconds
	Secrets []string `json:"secrets"` // those that the receiver knows
	Cases   []vector `json:"cases"`
}

// vector is one delivery, and why it is refused; "" where it is genuine. An empty header isn't
// sent.
type vector struct {
	Name      string `json:"name"`
	ID        string `json:"id"`
	Timestamp string `json:"timestamp"`
	Signature string `json:"signature"`
	Body      string `json:"body"`
	Refused   string `json:"refused,omitempty"` // headers, timestamp or signature
}

const vectorsFile = "testdata/vectors.json"

func readVectors(t *testing.T) (v vectors) {
	t.Helper()
	if *update {
		writeVectors(t)
	}
	text, err := os.ReadFile(vectorsFile)
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// signature signs by the library of Standard Webhooks.
func signature(t *testing.T, secret, id string, at time.Time, body string) string {
	t.Helper()
	key := []byte(secret)
	if encoded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		key, _ = base64.StdEncoding.DecodeString(encoded)
	}
	hook, err := standard.NewWebhookRaw(key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := hook.Sign(id, at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// writeVectors makes them: each is the genuine delivery with one thing changed.
func writeVectors(t *testing.T) {
	t.Helper()
	newer, older, foreign := "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "an older secret, as it is: 32 byt", "whsec_"+strings.Repeat("QUJD", 8)
	m := message(t)
	id, body := m.ID, string(m.Body)
	v := vectors{Now: noon.Unix(), Secrets: []string{newer, older}}
	add := func(name, refused string, change func(*vector)) {
		c := vector{Name: name, ID: id, Timestamp: strconv.FormatInt(noon.Unix(), 10), Signature: signature(t, newer, id, noon, body), Body: body, Refused: refused}
		change(&c)
		v.Cases = append(v.Cases, c)
	}
	at := func(d time.Duration) func(*vector) {
		return func(c *vector) {
			c.Timestamp, c.Signature = strconv.FormatInt(noon.Add(d).Unix(), 10), signature(t, newer, id, noon.Add(d), body)
		}
	}
	signed := func(change func(string) string) func(*vector) {
		return func(c *vector) { c.Signature = change(c.Signature) }
	}
	timestamp := func(text string) func(*vector) { return func(c *vector) { c.Timestamp = text } }
	text := func(body string) func(*vector) {
		return func(c *vector) { c.Body, c.Signature = body, signature(t, newer, id, noon, body) }
	}
	add("as it is sent", "", func(*vector) {})
	add("by the older secret", "", signed(func(string) string { return signature(t, older, id, noon, body) }))
	add("by both secrets", "", signed(func(s string) string { return s + " " + signature(t, older, id, noon, body) }))
	add("the second signature is right", "", signed(func(s string) string { return signature(t, foreign, id, noon, body) + " " + s }))
	add("among signatures of other kinds", "", signed(func(s string) string { return "v1a,AAAA v2,AAAA nonsense " + s }))
	add("5 minutes ago", "", at(-5*time.Minute))
	add("in 5 minutes", "", at(5*time.Minute))
	add("a body with line ends and other letters", "", text("{\n \"type\": \"été \\u2028 日本語\"}\r\n"))
	add("more than 5 minutes ago", "timestamp", at(-5*time.Minute-time.Second))
	add("in more than 5 minutes", "timestamp", at(5*time.Minute+time.Second))
	add("years ago", "timestamp", at(-10*365*24*time.Hour))
	add("another secret", "signature", signed(func(string) string { return signature(t, foreign, id, noon, body) }))
	add("another ID", "signature", func(c *vector) { c.ID = "msg_0195a1b2_2" })
	add("another timestamp", "signature", timestamp(strconv.FormatInt(noon.Unix()+1, 10)))
	add("another body", "signature", func(c *vector) { c.Body = strings.Replace(body, "alice", "bob", 1) })
	add("a body that was decoded and encoded again", "signature", func(c *vector) { c.Body = strings.Replace(body, ":", ": ", 1) })
	add("an empty body", "signature", func(c *vector) { c.Body = "" })
	add("no signature", "signature", signed(func(string) string { return "" }))
	add("a signature without version", "signature", signed(func(s string) string { return s[3:] }))
	add("the version of key pairs", "signature", signed(func(s string) string { return "v1a" + s[2:] }))
	add("half a signature", "signature", signed(func(s string) string { return s[:len(s)/2] }))
	add("a longer signature", "signature", signed(func(s string) string { return s + "AAAA" }))
	add("the version alone", "signature", signed(func(string) string { return "v1," }))
	add("no ID", "headers", func(c *vector) { c.ID = "" })
	add("no timestamp", "headers", timestamp(""))
	add("a timestamp with a fraction", "headers", timestamp("1772366400.0"))
	add("a timestamp below 0", "headers", timestamp("-1772366400"))
	add("a timestamp with an exponent", "headers", timestamp("1.7723664e9"))
	add("a timestamp that is a date", "headers", timestamp("2026-03-01T12:00:00Z"))
	add("a timestamp that overflows", "headers", timestamp(strings.Repeat("9", 30)))
	var file bytes.Buffer
	encoder := json.NewEncoder(&file)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorsFile, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The library of Standard Webhooks judges them, at the instant that they are for.
func TestVectorsAreDecidedAsTheySay(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(v.Now, 0)))
		for _, c := range v.Cases {
			h := http.Header{}
			for name, value := range map[string]string{standard.HeaderWebhookID: c.ID, standard.HeaderWebhookTimestamp: c.Timestamp, standard.HeaderWebhookSignature: c.Signature} {
				if value != "" {
					h.Set(name, value)
				}
			}
			genuine := false
			for _, secret := range v.Secrets {
				hook, err := standard.NewWebhookRaw([]byte(secret))
				if strings.HasPrefix(secret, "whsec_") {
					hook, err = standard.NewWebhook(secret)
				}
				if err != nil {
					t.Fatal(err)
				}
				genuine = genuine || hook.Verify([]byte(c.Body), h) == nil
			}
			if genuine != (c.Refused == "") {
				t.Errorf("%s: got genuine: %t, wanted refused: %q", c.Name, genuine, c.Refused)
			}
		}
	})
}

// The specification's libraries publish this delivery in their tests.
func TestThePublishedDeliveryIsSignedAlike(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(1614265330, 0)))
		n := newMemoryNetwork(t, "10.0.0.1")
		got := ""
		serve(t, n, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("webhook-signature") }))
		e := privateEndpoint(t, n, func(c *webhooks.EndpointConfig) { c.Secrets = []sigv4.Secret{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} })
		e.Send(t.Context(), webhooks.Message{ID: "msg_p5jXN8AQM9LWM0D4loKWxJek", Body: []byte(`{"test": 2432232314}`)})
		if wanted := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != wanted {
			t.Errorf("got %q, wanted %q", got, wanted)
		}
	})
}
