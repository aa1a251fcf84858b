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
	// renewBefore is how long before credentials expire new ones are asked for.
	renewBefore = 5 * time.Minute
	// recheckAfter is how often a provider of credentials that don't expire is asked again, so that
	// a rotated key is taken up.
	recheckAfter = time.Minute
	// retryAfter is how long a provider isn't asked again when it failed or gave nothing newer.
	retryAfter = 10 * time.Second
)

// Source returns signers with the credentials of a provider. It is safe for concurrent use. The
// signer, and with it the signing keys that it caches, stays the same as long as the credentials
// do.
type Source struct {
	provider aws.CredentialsProvider
	dialect  *sigv4.Dialect
	region   string
	now      func() time.Time
	renewing chan struct{} // holds one item while a caller renews
	current  atomic.Pointer[cachedSigner]
}

type cachedSigner struct {
	signer      *sigv4.Signer
	credentials sigv4.Credentials
	renewAt     time.Time // when to ask the provider again
}

// NewSource returns a source for the given dialect and region. The provider isn't asked before the
// first signer is. now is the clock; nil: time.Now.
func NewSource(provider aws.CredentialsProvider, d *sigv4.Dialect, region string, now func() time.Time) *Source {
	if now == nil {
		now = time.Now
	}
	return &Source{provider: provider, dialect: d, region: region, now: now, renewing: make(chan struct{}, 1)}
}

// Signer returns a signer. New credentials are asked for five minutes before the old ones expire.
// While one caller waits for them, or if the provider fails, the old signer serves as long as its
// credentials can sign. The error is the provider's, the signer's or that of ctx.
func (s *Source) Signer(ctx context.Context) (*sigv4.Signer, error) {
	now := s.now()
	old := s.current.Load()
	if old != nil && now.Before(old.renewAt) {
		return old.signer, nil
	}
	select {
	case s.renewing <- struct{}{}:
	default:
		if old.canSign(now) {
			return old.signer, nil
		}
		select {
		case s.renewing <- struct{}{}:
		case <-ctx.Done():
			return nil, fmt.Errorf("awscreds: waiting for credentials: %w", ctx.Err())
		}
	}
	defer func() { <-s.renewing }()
	return s.renew(ctx, now)
}

// canSign reports whether the credentials are there and last long enough to sign something.
func (c *cachedSigner) canSign(now time.Time) bool {
	if c == nil {
		return false
	}
	_, err := c.signer.LatestExpiration(now)
	return err == nil
}

// renew replaces the current signer, unless another caller has done so in the meantime.
func (s *Source) renew(ctx context.Context, now time.Time) (*sigv4.Signer, error) {
	old := s.current.Load()
	if old != nil && now.Before(old.renewAt) {
		return old.signer, nil
	}
	renewed, err := s.fetch(ctx, old, now)
	if err != nil {
		if !old.canSign(now) {
			return nil, err
		}
		renewed = &cachedSigner{old.signer, old.credentials, now.Add(retryAfter)}
	}
	s.current.Store(renewed)
	return renewed.signer, nil
}

// fetch asks the provider, and makes a signer if the credentials are new. The SDK's cache returns
// the same credentials until they expire, so it is told to forget them once they are to be renewed.
func (s *Source) fetch(ctx context.Context, old *cachedSigner, now time.Time) (*cachedSigner, error) {
	if s.provider == nil {
		return nil, errors.New("awscreds: credentials provider is missing")
	}
	given, err := s.provider.Retrieve(ctx)
	cache, cached := s.provider.(*aws.CredentialsCache)
	if err == nil && cached && given.CanExpire && given.Expires.Sub(now) < renewBefore {
		cache.Invalidate()
		given, err = cache.Retrieve(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("awscreds: retrieve credentials: %w", err)
	}
	c := Credentials(given)
	if old != nil && old.credentials == c {
		return &cachedSigner{old.signer, c, renewalOf(c, now)}, nil
	}
	if IsPrivateKey(given) && c.PrivateKey == nil {
		return nil, errors.New("awscreds: private key: wanted RSA in PEM, PKCS #8 or PKCS #1")
	}
	signer, err := sigv4.NewSigner(s.dialect, s.region, c)
	return &cachedSigner{signer, c, renewalOf(c, now)}, err
}

// renewalOf returns when to ask for credentials again.
func renewalOf(c sigv4.Credentials, now time.Time) time.Time {
	if c.Expires.IsZero() {
		return now.Add(recheckAfter)
	}
	if at := c.Expires.Add(-renewBefore); at.After(now) {
		return at
	}
	return now.Add(retryAfter)
}

// Credentials returns the SDK's credentials as package sigv4 has them.
func Credentials(c aws.Credentials) sigv4.Credentials {
	converted := sigv4.Credentials{
		AccessKeyID:     c.AccessKeyID,
		SecretAccessKey: sigv4.Secret(c.SecretAccessKey),
		SessionToken:    sigv4.Secret(c.SessionToken),
	}
	if IsPrivateKey(c) {
		converted.SecretAccessKey, converted.PrivateKey = "", privateKey(c.SecretAccessKey)
	}
	if c.CanExpire {
		converted.Expires = c.Expires.UTC().Round(0) // so that credentials compare by ==
	}
	return converted
}
