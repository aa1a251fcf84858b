package scoped

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// The shortest and longest lifetime of scoped credentials: what both clouds allow, and how long
// stolen credentials may be of use.
const (
	MinLifetime = 15 * time.Minute
	MaxLifetime = time.Hour
)

// CheckGrant refuses a grant that a session policy could read as more than it says. Both clouds
// match resources with * and ?, and AWS replaces ${…}. There are ways to escape these, but not at
// every store with the API of AWS, so they are refused.
func CheckGrant(g uploads.UploadGrant) error {
	if err := errors.Join(policy.Bucket(g.Bucket).Err(), policy.KeyPrefix(g.Prefix).Err()); err != nil {
		return fmt.Errorf("scoped: %w", err)
	}
	if strings.HasPrefix(g.Prefix, "/") || strings.Contains(g.Prefix, "//") {
		return fmt.Errorf("scoped: prefix %q: wanted no empty segments", g.Prefix)
	}
	if strings.ContainsFunc(g.Prefix, isUnfitForPrefix) {
		return fmt.Errorf(`scoped: prefix %q: wanted no *, ?, backslashes or control characters`, g.Prefix)
	}
	return nil
}

func isUnfitForPrefix(r rune) bool {
	return strings.ContainsRune(`*?\`, r) || unicode.IsControl(r) || r == unicode.ReplacementChar
}

// SessionName returns the name of a subject in the store's audit log: different for each subject,
// of the few characters that are allowed there.
func SessionName(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return "postern-" + hex.EncodeToString(sum[:16])
}

// CheckLifetime returns the lifetime, MinLifetime for 0, and an error for one that isn't whole
// seconds from MinLifetime to MaxLifetime.
func CheckLifetime(lifetime time.Duration) (time.Duration, error) {
	lifetime = cmp.Or(lifetime, MinLifetime)
	if lifetime < MinLifetime || lifetime > MaxLifetime || lifetime%time.Second != 0 {
		return 0, fmt.Errorf("scoped: lifetime %s, wanted whole seconds from %s to %s", lifetime, MinLifetime, MaxLifetime)
	}
	return lifetime, nil
}

// CheckCredentials refuses credentials of a token service that lack something.
func CheckCredentials(c sigv4.Credentials) error {
	if c.AccessKeyID == "" || c.SecretAccessKey == "" || c.SessionToken == "" || c.Expires.IsZero() {
		return errors.New("scoped: the answer lacks part of the credentials")
	}
	return nil
}
