package sigv4_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

const secretText = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

func newSigner(t testing.TB, d *sigv4.Dialect, c sigv4.Credentials) *sigv4.Signer {
	t.Helper()
	s, err := sigv4.NewSigner(d, "us-east-1", c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func permanent() sigv4.Credentials {
	return sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: secretText}
}

// A value that holds a secret never shows it, in whichever way it is printed.
func TestSecretsStayHidden(t *testing.T) {
	t.Parallel()
	c := permanent()
	c.SessionToken = "token/" + secretText
	c.Expires = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	s := newSigner(t, sigv4.AWS, c)
	key := s.SigningKey(c.Expires)
	values := map[string]any{
		"secret": c.SecretAccessKey, "pointer": &c.SecretAccessKey, "credentials": c, "pointer to credentials": &c, "slice": []sigv4.Secret{secretText},
		"struct": struct{ C sigv4.Credentials }{c}, "signer": s, "key": key,
	}
	for name, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			mustHide(t, name+" with "+verb, fmt.Sprintf(verb, value))
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("test", "value", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("test", "value", value)
		text, _ := json.Marshal(value)
		mustHide(t, name+" in a log", log.String())
		mustHide(t, name+" as JSON", string(text))
	}
	text, err := xml.Marshal(c.SecretAccessKey)
	if err != nil {
		t.Fatal(err)
	}
	mustHide(t, "secret as XML", string(text))
	if string(c.SecretAccessKey) != secretText {
		t.Error("conversion should give the secret")
	}
}

func mustHide(t *testing.T, what, text string) {
	t.Helper()
	if strings.Contains(text, secretText[:12]) || strings.Contains(text, fmt.Sprintf("%x", secretText[:12])) || strings.Contains(text, fmt.Sprintf("%X", secretText[:12])) {
		t.Errorf("%s shows the secret: %s", what, text)
	}
	if text == "" {
		t.Errorf("%s prints nothing", what)
	}
}
