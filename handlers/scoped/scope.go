package scoped

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/postern-dev/postern/handlers/uploads"
)

// The shortest and longest life of scoped credentials: what both clouds allow, and what a lost
// laptop may cost.
const (
	MinLifetime = 15 * time.Minute
	MaxLifetime = time.Hour
)

// Check refuses a scope that a policy could read as more than it says. Both clouds match resources
// with * and ?, and AWS replaces ${…}: there are ways to escape these, but not on every store that
// speaks the language, so they are refused.
func Check(s uploads.UploadGrant) error {
	if !validBucket(s.Bucket) {
		return fmt.Errorf("scoped: bucket %q: wanted 3 to 63 small letters, digits, dots and hyphens", s.Bucket)
	}
	if !strings.HasSuffix(s.Prefix, "/") || len(s.Prefix) > 1024 {
		return fmt.Errorf("scoped: prefix %q: wanted at most 1024 bytes that end in a slash", s.Prefix)
	}
	for _, segment := range strings.Split(strings.TrimSuffix(s.Prefix, "/"), "/") {
		if segment == "" || segment == "." || segment == ".." {
			return fmt.Errorf("scoped: prefix %q: wanted no empty segments and none of dots", s.Prefix)
		}
	}
	if !utf8.ValidString(s.Prefix) || strings.ContainsFunc(s.Prefix, neverInPrefix) {
		return fmt.Errorf(`scoped: prefix %q: wanted no *, ?, $, backslashes or control characters`, s.Prefix)
	}
	return nil
}

func neverInPrefix(r rune) bool {
	return strings.ContainsRune(`*?$\`, r) || unicode.IsControl(r) || r == unicode.ReplacementChar
}

func validBucket(name string) bool {
	if len(name) < 3 || len(name) > 63 || strings.Contains(name, "..") {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}

// SessionName names a subject in the store's audit log: every subject has one of its own, in the
// few characters that are allowed there.
func SessionName(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return "postern-" + hex.EncodeToString(sum[:16])
}

// CheckLifetime fills in the default, 15 minutes.
func CheckLifetime(lifetime time.Duration) (time.Duration, error) {
	if lifetime == 0 {
		return MinLifetime, nil
	}
	if lifetime < MinLifetime || lifetime > MaxLifetime || lifetime%time.Second != 0 {
		return 0, fmt.Errorf("scoped: lifetime %s, wanted whole seconds from %s to %s", lifetime, MinLifetime, MaxLifetime)
	}
	return lifetime, nil
}
