package sigv4

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"
)

// ErrCredentialsExpired is returned if the credentials have ended, or end within ExpiryMargin.
var ErrCredentialsExpired = errors.New("sigv4: credentials have expired")

// Signer signs for one dialect, region and set of credentials. It is safe for concurrent use. The
// signing key is derived once a day.
type Signer struct {
	dialect     *Dialect
	region      string
	credentials Credentials
	// The keys of two days, by the lowest bit of the day: around midnight UTC, requests of both
	// days are served.
	keys [2]atomic.Pointer[SigningKey]
}

// NewSigner returns a signer. An empty region means "auto" with GCS and GCSRSA; AWS and OSS need
// one.
func NewSigner(d *Dialect, region string, c Credentials) (*Signer, error) {
	if d == nil {
		return nil, errors.New("sigv4: dialect is missing")
	}
	region, err := d.resolveRegion(region)
	if err != nil {
		return nil, err
	}
	if err := c.check(d); err != nil {
		return nil, err
	}
	return &Signer{dialect: d, region: region, credentials: c}, nil
}

// Dialect returns the dialect.
func (s *Signer) Dialect() *Dialect { return s.dialect }

// Region returns the region as the scope has it.
func (s *Signer) Region() string { return s.region }

// AccessKeyID returns the access key ID.
func (s *Signer) AccessKeyID() string { return s.credentials.AccessKeyID }

// SessionToken returns the session token, empty for lasting credentials.
func (s *Signer) SessionToken() Secret { return s.credentials.SessionToken }

// Format writes the dialect, the region and the access key ID, nothing else.
func (s *Signer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.describe()) }

// LogValue returns the dialect, the region and the access key ID.
func (s *Signer) LogValue() slog.Value { return slog.StringValue(s.describe()) }

func (s *Signer) describe() string {
	return fmt.Sprintf("%s signer for %q in %q", s.dialect, s.credentials.AccessKeyID, s.region)
}

// LatestExpiration returns the latest instant at which a signature made at now may end: MaxLifetime
// from now, or ExpiryMargin before the credentials end, whichever is earlier. It returns
// ErrCredentialsExpired if that isn't after now.
func (s *Signer) LatestExpiration(now time.Time) (time.Time, error) {
	unix := now.Unix()
	latest := unix + int64(MaxLifetime/time.Second)
	if s.credentials.Expires.IsZero() {
		return time.Unix(latest, 0).UTC(), nil
	}
	end := s.credentials.Expires.Unix() - int64(ExpiryMargin/time.Second)
	if end <= unix {
		return time.Time{}, fmt.Errorf("%w at %s", ErrCredentialsExpired, s.credentials.Expires.UTC().Format(time.RFC3339))
	}
	return time.Unix(min(latest, end), 0).UTC(), nil
}

// Expiration returns the instant, in whole seconds UTC, at which a signature made at now ends:
// lifetime from now, but no later than LatestExpiration. It is an error if lifetime is shorter than
// a second or if the credentials have ended.
func (s *Signer) Expiration(now time.Time, lifetime time.Duration) (time.Time, error) {
	if lifetime < time.Second {
		return time.Time{}, fmt.Errorf("sigv4: lifetime %s: wanted at least 1s", lifetime)
	}
	latest, err := s.LatestExpiration(now)
	if err != nil {
		return time.Time{}, err
	}
	wanted := now.UTC().Truncate(time.Second).Add(lifetime.Truncate(time.Second))
	if wanted.Before(latest) {
		return wanted, nil
	}
	return latest, nil
}
