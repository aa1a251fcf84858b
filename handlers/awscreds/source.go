package awscreds

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	// window is how long before credentials end new ones are asked for.
	window = 5 * time.Minute
	// recheck is how often a provider of lasting credentials is asked again, so that a rotated key
	// is taken up.
	recheck = time.Minute
	// retry is how long a provider rests that gave nothing newer, or failed.
	retry = 10 * time.Second
)

// Source hands out signers with the credentials of a provider. It is safe for concurrent use.
// Signers stay the same for as long as the credentials do, and with them the signing keys that
// signers keep.
type Source struct {
	provider aws.CredentialsProvider
	dialect  *sigv4.Dialect
	region   string
	renewing chan struct{} // holds one item while somebody renews
	current  atomic.Pointer[held]
}

// held is a signer and what it was made from.
type held struct {
	signer      *sigv4.Signer
	credentials aws.Credentials
	until       time.Time // when to ask the provider again
}

// NewSource returns a source for the given dialect and region. The provider isn't asked before the
// first signer is.
func NewSource(provider aws.CredentialsProvider, d *sigv4.Dialect, region string) *Source {
	return &Source{provider: provider, dialect: d, region: region, renewing: make(chan struct{}, 1)}
}

// Signer returns a signer. New credentials are asked for five minutes before the old ones end.
// While they are under way, or if the provider fails, the old signer serves as long as its
// credentials do.
func (s *Source) Signer(ctx context.Context) (*sigv4.Signer, error) {
	now := time.Now()
	h := s.current.Load()
	if h != nil && now.Before(h.until) {
		return h.signer, nil
	}
	select {
	case s.renewing <- struct{}{}:
		defer func() { <-s.renewing }()
		return s.renew(ctx, now)
	default:
	}
	if usable(h, now) {
		return h.signer, nil
	}
	return s.wait(ctx, now)
}

// wait takes its turn at renewing; whoever was before may have done it all.
func (s *Source) wait(ctx context.Context, now time.Time) (*sigv4.Signer, error) {
	select {
	case s.renewing <- struct{}{}:
		defer func() { <-s.renewing }()
		return s.renew(ctx, now)
	case <-ctx.Done():
		return nil, fmt.Errorf("awscreds: wait for credentials: %w", ctx.Err())
	}
}

// usable says whether the credentials can still sign something.
func usable(h *held, now time.Time) bool {
	if h == nil {
		return false
	}
	_, err := h.signer.LatestExpiration(now)
	return err == nil
}

func (s *Source) renew(ctx context.Context, now time.Time) (*sigv4.Signer, error) {
	old := s.current.Load()
	if old != nil && now.Before(old.until) {
		return old.signer, nil
	}
	fresh, err := s.retrieve(ctx, now)
	if err == nil {
		fresh, err = s.hold(fresh, old, now)
	}
	if err == nil {
		return fresh.signer, nil
	}
	if usable(old, now) {
		s.current.Store(&held{old.signer, old.credentials, now.Add(retry)})
		return old.signer, nil
	}
	return nil, err
}

// retrieve asks the provider. The SDK's cache gives old credentials up to the last moment: it is
// told to forget them once they are inside the window.
func (s *Source) retrieve(ctx context.Context, now time.Time) (*held, error) {
	if s.provider == nil {
		return nil, errors.New("awscreds: credentials provider is missing")
	}
	c, err := s.provider.Retrieve(ctx)
	cache, cached := s.provider.(*aws.CredentialsCache)
	if err == nil && cached && c.CanExpire && c.Expires.Sub(now) < window {
		cache.Invalidate()
		c, err = cache.Retrieve(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("awscreds: retrieve credentials: %w", err)
	}
	return &held{credentials: c}, nil
}

// hold completes and keeps what was retrieved.
func (s *Source) hold(fresh, old *held, now time.Time) (*held, error) {
	fresh.until = nextAsk(fresh.credentials, now)
	if old != nil && same(old.credentials, fresh.credentials) {
		fresh.signer = old.signer
	} else {
		signer, err := sigv4.NewSigner(s.dialect, s.region, Credentials(fresh.credentials))
		if err != nil {
			return nil, err
		}
		fresh.signer = signer
	}
	s.current.Store(fresh)
	return fresh, nil
}

func nextAsk(c aws.Credentials, now time.Time) time.Time {
	if !c.CanExpire {
		return now.Add(recheck)
	}
	if begin := c.Expires.Add(-window); begin.After(now) {
		return begin
	}
	return now.Add(retry)
}

func same(a, b aws.Credentials) bool {
	return a.AccessKeyID == b.AccessKeyID && a.SecretAccessKey == b.SecretAccessKey &&
		a.SessionToken == b.SessionToken && a.CanExpire == b.CanExpire && a.Expires.Equal(b.Expires)
}

// Credentials returns the SDK's credentials as sigv4 has them.
func Credentials(c aws.Credentials) sigv4.Credentials {
	converted := sigv4.Credentials{
		AccessKeyID:     c.AccessKeyID,
		SecretAccessKey: sigv4.Secret(c.SecretAccessKey),
		SessionToken:    sigv4.Secret(c.SessionToken),
	}
	if c.CanExpire {
		converted.Expires = c.Expires
	}
	return converted
}
