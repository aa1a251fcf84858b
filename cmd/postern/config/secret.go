package config

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/postern-dev/postern/policy/sigv4"
)

// minSecret is in bytes: an HS256 key has at least as many as the hash (RFC 7518, section 3.2).
const minSecret = 32

func (l *loader) tokenKeys(references []string) []sigv4.Secret {
	if len(references) == 0 {
		l.fail("keys.tokens", "is missing; list one key or more, such as [\"env:POSTERN_TOKEN_KEY\"]")
	}
	keys := make([]sigv4.Secret, len(references))
	for i, reference := range references {
		keys[i] = l.secret(fmt.Sprintf("keys.tokens[%d]", i), reference)
	}
	return keys
}

// secret returns a secret of our own that a reference names. Each is for one purpose: whoever
// shares the ticket secret must not be able to mint upload tokens or receipts with it.
func (l *loader) secret(path, reference string) sigv4.Secret {
	value, ok := l.referred(path, reference, fmt.Sprintf("at least %d random bytes", minSecret))
	if ok && len(value) < minSecret {
		l.fail(path, "%s holds %d bytes, wants at least %d; make one with: openssl rand -hex 32", shorten(reference), len(value), minSecret)
	}
	if other, taken := l.secrets[value]; taken && ok {
		l.fail(path, "%s holds the same secret as %s; wants one of its own", shorten(reference), other)
	}
	l.secrets[value] = path
	return sigv4.Secret(value)
}

// referred returns the text that a reference names; wanted says what should be there. No error
// shows that text, or one in place of a reference, which could be a secret itself. Without secrets
// it returns false and no mistake.
func (l *loader) referred(path, reference, wanted string) (value string, ok bool) {
	kind, name, _ := strings.Cut(reference, ":")
	switch {
	case l.withoutSecrets && (kind == "env" || kind == "file") && name != "":
		return "", false
	case kind == "env" && name != "":
		if value = l.getenv(name); value == "" {
			l.fail(path, "environment variable %s is not set; set it to %s", shorten(name), wanted)
			return "", false
		}
	case kind == "file" && name != "":
		if !filepath.IsAbs(name) {
			name = filepath.Join(l.dir, name)
		}
		text, err := ReadSecretFile(name)
		if err != nil {
			l.fail(path, "can't read the secret: %v", err)
			return "", false
		}
		value = strings.TrimRight(string(text), "\r\n")
	default:
		l.fail(path, "wants a reference, env:NAME or file:PATH; secrets don't belong in this file")
		return "", false
	}
	return value, true
}
