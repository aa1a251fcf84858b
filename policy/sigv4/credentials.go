package sigv4

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// Credentials are the key pair that a signer signs with.
type Credentials struct {
	// AccessKeyID names the key pair; with GCSRSA it is the service account's e-mail address. It
	// has printable ASCII without '/', and is never empty.
	AccessKeyID string
	// SecretAccessKey is the shared secret. Unused with GCSRSA.
	SecretAccessKey Secret
	// SessionToken belongs to temporary credentials. It is empty for permanent ones.
	SessionToken Secret
	// Expires is when temporary credentials end. The zero time means never.
	Expires time.Time
	// PrivateKey is the service account's RSA key, used with GCSRSA only. It has to be safe for
	// concurrent use, as *rsa.PrivateKey is.
	PrivateKey crypto.Signer
}

// Format writes the access key ID and when the credentials end, nothing else.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.describe()) }

// LogValue returns the access key ID and when the credentials end.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.describe()) }

// MarshalText returns what Format writes.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.describe()), nil }

func (c Credentials) describe() string {
	if c.Expires.IsZero() {
		return fmt.Sprintf("credentials %q", c.AccessKeyID)
	}
	return fmt.Sprintf("credentials %q until %s", c.AccessKeyID, c.Expires.UTC().Format(time.RFC3339))
}

func (c Credentials) check(d *Dialect) error {
	if !isScopeToken(c.AccessKeyID) {
		return fmt.Errorf("sigv4: access key ID %q: wanted printable ASCII without '/'", c.AccessKeyID)
	}
	if d.rsa {
		return c.checkPrivateKey()
	}
	if c.SecretAccessKey == "" {
		return errors.New("sigv4: secret access key is empty")
	}
	if !isPrintable(string(c.SessionToken)) {
		return errors.New("sigv4: session token: wanted printable ASCII")
	}
	return nil
}

func (c Credentials) checkPrivateKey() error {
	if c.PrivateKey == nil {
		return errors.New("sigv4: private key is missing")
	}
	if _, ok := c.PrivateKey.Public().(*rsa.PublicKey); !ok {
		return fmt.Errorf("sigv4: private key: wanted RSA, got a public key of type %T", c.PrivateKey.Public())
	}
	return nil
}

// isScopeToken reports whether s can be a part of a credential, between two slashes.
func isScopeToken(s string) bool { return s != "" && isPrintable(s) && !strings.Contains(s, "/") }

// isPrintable reports whether s has nothing but printable ASCII, without spaces.
func isPrintable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
