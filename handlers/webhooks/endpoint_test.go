package webhooks_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/webhooks"
	"github.com/postern-dev/postern/policy/sigv4"
)

// endpoint is a good one of https://hooks.example.com/uploads, but for what change does.
func endpoint(t testing.TB, change func(*webhooks.EndpointConfig)) *webhooks.Endpoint {
	t.Helper()
	c := webhooks.EndpointConfig{Profile: "photos", URL: "https://hooks.example.com/uploads", Secrets: []sigv4.Secret{hookSecret}}
	if change != nil {
		change(&c)
	}
	e, err := webhooks.NewEndpoint(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// accepted is an event with everything.
func accepted() webhooks.Event {
	return webhooks.Event{
		Type: webhooks.Accepted, Time: noon, Issuer: "https://uploads.example.com", Receipt: "a.b.c", Sequence: 1,
		Upload: receipts.Receipt{
			ID: "0195a1b2", Subject: "alice", Profile: "photos", Bucket: "media", Key: "users/alice/0195a1b2.png", Version: "v1",
			ETag: `"0f343b0931126a20f133d67c2b018a3b"`, Size: 1024, Type: "image/png", Filename: `été "1".png`, Checksum: "AAAAAA==",
			Metadata: map[string]string{"album": "Sommer"}, Nonce: "n", Issued: noon, Expires: noon.Add(receipts.DefaultLifetime),
		},
	}
}

func TestEndpointsAreCheckedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	secrets := func(list ...string) func(*webhooks.EndpointConfig) {
		return func(c *webhooks.EndpointConfig) {
			c.Secrets = nil
			for _, secret := range list {
				c.Secrets = append(c.Secrets, sigv4.Secret(secret))
			}
		}
	}
	address := func(url string, networks ...string) func(*webhooks.EndpointConfig) {
		return func(c *webhooks.EndpointConfig) {
			c.URL = url
			for _, text := range networks {
				c.Networks = append(c.Networks, netip.MustParsePrefix(text))
			}
		}
	}
	encoded := "whsec_" + strings.Repeat("A", 32) // 24 bytes
	for _, c := range []struct {
		name   string
		change func(*webhooks.EndpointConfig)
		wanted string // part of the error; "" for none
	}{
		{"nothing changed", func(*webhooks.EndpointConfig) {}, ""},
		{"a query", address("https://hooks.example.com/?team=1"), ""},
		{"no profile", func(c *webhooks.EndpointConfig) { c.Profile = "" }, "name of a profile"},
		{"no URL", address(""), "absolute https URL"},
		{"a path", address("/hooks"), "absolute https URL"},
		{"no host", address("https:///hooks"), "absolute https URL"},
		{"no scheme", address("hooks.example.com/"), "absolute https URL"},
		{"another scheme", address("ftp://hooks.example.com/"), "absolute https URL"},
		{"a socket", address("unix:///run/hooks"), "absolute https URL"},
		{"a line end", address("https://hooks.example.com/\n"), "can't be read"},
		{"a user", address("https://user:password@hooks.example.com/"), "neither user nor fragment"},
		{"a fragment", address("https://hooks.example.com/#a"), "neither user nor fragment"},
		{"http", address("http://hooks.example.com/"), "wanted https"},
		{"http to a name, which is checked when dialled", address("http://hooks.internal/", "10.0.0.0/8"), ""},
		{"http to a listed address", address("http://10.0.0.1/", "10.0.0.0/8"), ""},
		{"http to another address", address("http://192.168.0.1/", "10.0.0.0/8"), "not in networks"},
		{"http to a public address", address("http://93.184.216.34/", "10.0.0.0/8"), "http is for networks alone"},
		{"a loopback address", address("https://127.0.0.1/"), "not in networks"},
		{"a mapped address", address("https://[::ffff:169.254.169.254]/"), "link-local"},
		{"a metadata address", address("https://100.100.100.200/", "100.64.0.0/10"), "metadata"},
		{"a link-local network", address("https://hooks.example.com/", "169.254.0.0/16"), "wanted one within"},
		{"a network of everything", address("https://hooks.example.com/", "0.0.0.0/0"), "wanted one within"},
		{"a network larger than the private one", address("https://hooks.example.com/", "10.0.0.0/7"), "wanted one within"},
		{"a public network", address("https://hooks.example.com/", "93.184.216.0/24"), "wanted one within"},
		{"no secret", secrets(), "one secret at least"},
		{"an empty secret", secrets(""), "got 0"},
		{"an empty secret in base64", secrets("whsec_"), "got 0"},
		{"a secret of 23 bytes", secrets(strings.Repeat("k", 23)), "got 23"},
		{"a secret of 24 bytes", secrets(strings.Repeat("k", 24)), ""},
		{"a secret of 64 bytes", secrets(strings.Repeat("k", 64)), ""},
		{"a secret of 65 bytes", secrets(strings.Repeat("k", 65)), "got 65"},
		{"24 bytes in base64", secrets(encoded), ""},
		{"18 bytes in base64", secrets("whsec_" + strings.Repeat("A", 24)), "got 18"},
		{"a secret that isn't base64", secrets("whsec_" + strings.Repeat("?", 32)), "wanted base64"},
		{"base64 with a line end", secrets(encoded + "\n"), "wanted base64"},
		{"two secrets", secrets(encoded, string(hookSecret)), ""},
		{"one good and one empty secret", secrets(string(hookSecret), ""), "secret 2"},
		{"one secret twice", secrets(encoded, encoded), "there twice"},
		{"one secret in two spellings", secrets("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0", "123456789012345678901234"), "there twice"},
		{"a type", func(c *webhooks.EndpointConfig) { c.Types = []webhooks.Type{webhooks.Accepted} }, ""},
		{"an unknown type", func(c *webhooks.EndpointConfig) { c.Types = []webhooks.Type{"upload.*"} }, `"upload.*"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config := webhooks.EndpointConfig{Profile: "photos", URL: "https://hooks.example.com/uploads", Secrets: []sigv4.Secret{hookSecret}}
			c.change(&config)
			_, err := webhooks.NewEndpoint(config)
			if (err == nil) != (c.wanted == "") || err != nil && !strings.Contains(err.Error(), c.wanted) {
				t.Fatalf("got %v, wanted an error with %q", err, c.wanted)
			}
			for _, secret := range append(config.Secrets, "password") {
				if err != nil && secret != "" && strings.Contains(err.Error(), string(secret)) {
					t.Errorf("the error shows a secret: %v", err)
				}
			}
		})
	}
}

func TestAnEndpointGetsTheTypesItWants(t *testing.T) {
	t.Parallel()
	all, some := endpoint(t, nil), endpoint(t, func(c *webhooks.EndpointConfig) { c.Types = []webhooks.Type{webhooks.Refused} })
	if !all.Wants(webhooks.Accepted) || !some.Wants(webhooks.Refused) || some.Wants(webhooks.Accepted) {
		t.Error("wanted all types without Types, and the listed one alone with them")
	}
}

func TestTheNameOfAnEndpointShowsNoQuery(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, url := range []string{"https://hooks.example.com/a", "https://hooks.example.com/b", "https://hooks.example.com/a?key=hunter2", "https://hooks.example.com/a?key=hunter3"} {
		name := endpoint(t, func(c *webhooks.EndpointConfig) { c.URL = url }).Name()
		if names[name] || strings.Contains(name, "hunter") || !strings.HasPrefix(name, "photos https://hooks.example.com/") {
			t.Errorf("%s: got the name %q, wanted one of its own without the query", url, name)
		}
		names[name] = true
	}
}

func TestMessagesThatCannotBeSignedAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(id *string, e *webhooks.Event){
		"no ID":           func(id *string, _ *webhooks.Event) { *id = "" },
		"a full stop":     func(id *string, _ *webhooks.Event) { *id = "msg_1.1772366400" },
		"a line end":      func(id *string, _ *webhooks.Event) { *id = "msg_1\n" },
		"a blank":         func(id *string, _ *webhooks.Event) { *id = "msg 1" },
		"a long ID":       func(id *string, _ *webhooks.Event) { *id = strings.Repeat("m", 101) },
		"an unknown type": func(_ *string, e *webhooks.Event) { e.Type = "upload.issued" },
		"no time":         func(_ *string, e *webhooks.Event) { e.Time = time.Time{} },
		"no sequence":     func(_ *string, e *webhooks.Event) { e.Sequence = 0 },
		"no ID of upload": func(_ *string, e *webhooks.Event) { e.Upload.ID = "" },
		"no bucket":       func(_ *string, e *webhooks.Event) { e.Upload.Bucket = "" },
	} {
		id, e := "msg_1", accepted()
		change(&id, &e)
		if m, err := webhooks.NewMessage(id, e); err == nil {
			t.Errorf("%s: got a message %q, wanted an error", name, m.ID)
		}
	}
	if a := endpoint(t, nil).Send(t.Context(), webhooks.Message{ID: "a.b", Body: []byte("{}")}); a.Failure != webhooks.Unsendable {
		t.Errorf("a message that NewMessage hasn't made: got %q, wanted %q", a.Failure, webhooks.Unsendable)
	}
}

func TestABodySaysWhatTheContractSays(t *testing.T) {
	t.Parallel()
	refused := accepted()
	refused.Type, refused.Receipt, refused.Code, refused.Sequence = webhooks.Refused, "", "type_not_allowed", 2
	refused.Upload = receipts.Receipt{ID: "0195a1b2", Subject: "alice", Profile: "photos", Bucket: "media", Key: "k"}
	replaced := refused
	replaced.Type, replaced.Code, replaced.NewETag, replaced.NewVersion = webhooks.Replaced, "", `"2"`, "v2"
	replaced.Upload.ETag, replaced.Upload.Type = `"1"`, "text/plain"
	for wanted, e := range map[string]webhooks.Event{
		`{"type":"upload.accepted","timestamp":"2026-03-01T12:00:00Z","data":{"iss":"https://uploads.example.com","aud":"postern:receipt","jti":"0195a1b2","sub":"alice",` +
			`"profile":"photos","bucket":"media","key":"users/alice/0195a1b2.png","version":"v1","size":1024,"type":"image/png","etag":"\"0f343b0931126a20f133d67c2b018a3b\"",` +
			`"filename":"été \"1\".png","checksum":"AAAAAA==","metadata":{"album":"Sommer"},"nonce":"n","iat":1772366400,"exp":1772452800,"receipt":"a.b.c","sequence":1}}`: accepted(),
		`{"type":"upload.refused","timestamp":"2026-03-01T12:00:00Z","data":{"iss":"https://uploads.example.com","jti":"0195a1b2","sub":"alice",` +
			`"profile":"photos","bucket":"media","key":"k","code":"type_not_allowed","sequence":2}}`: refused,
		`{"type":"upload.replaced","timestamp":"2026-03-01T12:00:00Z","data":{"iss":"https://uploads.example.com","jti":"0195a1b2","sub":"alice",` +
			`"profile":"photos","bucket":"media","key":"k","size":0,"type":"text/plain","etag":"\"1\"","newEtag":"\"2\"","newVersion":"v2","sequence":2}}`: replaced,
	} {
		m, err := webhooks.NewMessage("msg_1", e)
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Body) != wanted {
			t.Errorf("got\n%s\nwanted\n%s", m.Body, wanted)
		}
	}
}

func TestEndpointsNeverPrintTheirSecrets(t *testing.T) {
	t.Parallel()
	e := endpoint(t, nil)
	for _, verb := range []string{"%v", "%+v", "%s", "%#v"} {
		if text := fmt.Sprintf(verb, e); strings.Contains(text, string(hookSecret)) || strings.Contains(text, "107 107 107") || strings.Contains(text, "0x6b, 0x6b") {
			t.Errorf("%s shows the secret: %.300s", verb, text)
		}
	}
}
