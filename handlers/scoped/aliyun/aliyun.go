// Package aliyun makes scoped credentials for Aliyun OSS with Aliyun's Security Token Service, as
// package scoped does for S3.
//
// The role needs oss:PutObject, oss:AbortMultipartUpload and oss:ListParts on the buckets of the
// profiles, and nothing more. RAM has no condition for the ACL or storage class of an upload: block
// public access to the bucket.
package aliyun

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aliyun/credentials-go/credentials/providers"

	"github.com/postern-dev/postern/handlers/scoped"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Config is what New needs. Credentials and RoleARN have no default.
type Config struct {
	// Credentials are the server's own, of a RAM user that may assume the role.
	Credentials providers.CredentialsProvider
	// RoleARN is the role to assume: acs:ram::ACCOUNT:role/NAME.
	RoleARN string
	// Endpoint is the token service's host, without a scheme, which is always https. Empty:
	// sts.aliyuncs.com.
	Endpoint string
	// Lifetime of the credentials: 15 min, the default, to 1 h.
	Lifetime time.Duration
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// STS is a uploads.CredentialsMaker that assumes a RAM role. It is safe for concurrent use.
type STS struct{ config Config }

var _ uploads.CredentialsMaker = (*STS)(nil)

// New checks c and returns its CredentialsMaker; every contradiction is in the error.
func New(c Config) (*STS, error) {
	var errs []error
	if c.Credentials == nil {
		errs = append(errs, errors.New("aliyun: wanted credentials"))
	}
	if !strings.HasPrefix(c.RoleARN, "acs:ram::") {
		errs = append(errs, fmt.Errorf("aliyun: role %q, wanted acs:ram::ACCOUNT:role/NAME", c.RoleARN))
	}
	if strings.Contains(c.Endpoint, "/") {
		errs = append(errs, fmt.Errorf("aliyun: endpoint %q, wanted a host without scheme and path", c.Endpoint))
	}
	lifetime, err := scoped.CheckLifetime(c.Lifetime)
	errs = append(errs, err)
	c.Endpoint = cmp.Or(c.Endpoint, "sts.aliyuncs.com")
	if c.Lifetime = lifetime; c.Now == nil {
		c.Now = time.Now
	}
	return &STS{config: c}, errors.Join(errs...)
}

// Make returns credentials for the grant. It fails as SessionPolicy does, with the token service's
// error, or when the answer can't be read.
func (s *STS) Make(ctx context.Context, grant uploads.UploadGrant) (sigv4.Credentials, error) {
	sessionPolicy, err := SessionPolicy(grant)
	if err != nil {
		return sigv4.Credentials{}, err
	}
	provider, err := providers.NewRAMRoleARNCredentialsProviderBuilder().
		WithCredentialsProvider(s.config.Credentials).WithRoleArn(s.config.RoleARN).
		WithRoleSessionName(scoped.SessionName(grant.Subject)).WithPolicy(sessionPolicy).
		WithDurationSeconds(int(s.config.Lifetime / time.Second)).WithStsEndpoint(s.config.Endpoint).Build()
	if err != nil {
		return sigv4.Credentials{}, fmt.Errorf("aliyun: %w", err)
	}
	return s.ask(ctx, provider)
}

type answer struct {
	credentials sigv4.Credentials
	err         error
}

// ask returns early when ctx ends, since the SDK takes no context. The SDK doesn't tell when the
// credentials expire either, so Expires counts from before the call: they can only expire later.
func (s *STS) ask(ctx context.Context, provider providers.CredentialsProvider) (sigv4.Credentials, error) {
	expires, done := s.config.Now().Add(s.config.Lifetime).UTC(), make(chan answer, 1)
	go func() { done <- get(provider, expires) }()
	select {
	case <-ctx.Done():
		return sigv4.Credentials{}, ctx.Err()
	case a := <-done:
		if a.err != nil {
			return sigv4.Credentials{}, fmt.Errorf("aliyun: assuming the role: %w", a.err)
		}
		return a.credentials, nil
	}
}

// get recovers from the SDK's panic at an answer without an expiration.
func get(provider providers.CredentialsProvider, expires time.Time) (a answer) {
	defer func() {
		if recover() != nil {
			a = answer{err: errors.New("the answer can't be read")}
		}
	}()
	got, err := provider.GetCredentials()
	if err != nil {
		return answer{err: err}
	}
	a.credentials = sigv4.Credentials{
		AccessKeyID: got.AccessKeyId, SecretAccessKey: sigv4.Secret(got.AccessKeySecret),
		SessionToken: sigv4.Secret(got.SecurityToken), Expires: expires,
	}
	a.err = scoped.CheckCredentials(a.credentials)
	return a
}

type document struct {
	Version   string
	Statement []statement
}

type statement struct {
	Effect   string
	Action   []string
	Resource string
}

// SessionPolicy returns the session policy for a grant in RAM's policy language. It fails as
// scoped.CheckGrant does.
func SessionPolicy(g uploads.UploadGrant) (string, error) {
	if err := scoped.CheckGrant(g); err != nil {
		return "", err
	}
	return scoped.EncodePolicy(document{Version: "1", Statement: []statement{{
		Effect: "Allow", Action: []string{"oss:PutObject", "oss:AbortMultipartUpload", "oss:ListParts"},
		Resource: "acs:oss:*:*:" + g.Bucket + "/" + g.Prefix + "*",
	}}})
}
