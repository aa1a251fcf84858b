// Package aliyun makes scoped credentials for Aliyun OSS by its own Security Token Service, as
// package scoped does for S3.
//
// The role needs oss:PutObject, oss:AbortMultipartUpload and oss:ListParts on the buckets of the
// profiles, and nothing more. RAM has no condition for an object's ACL or storage class on upload:
// keep the bucket's public access blocked.
package aliyun

import (
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
	// Endpoint is the token service's host, without a scheme: it is always spoken to by https.
	// Empty: sts.aliyuncs.com.
	Endpoint string
	// Lifetime of the credentials: 15 min, the default, to 1 h.
	Lifetime time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// STS is a handlers.Scoper by Aliyun's AssumeRole.
type STS struct{ config Config }

// New checks c and returns its Scoper.
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
	if c.Lifetime = lifetime; c.Endpoint == "" {
		c.Endpoint = "sts.aliyuncs.com"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &STS{config: c}, errors.Join(errs...)
}

// Scope implements handlers.Scoper.
func (s *STS) Scope(ctx context.Context, scope uploads.UploadGrant) (sigv4.Credentials, error) {
	policy, err := Policy(scope)
	if err != nil {
		return sigv4.Credentials{}, err
	}
	provider, err := providers.NewRAMRoleARNCredentialsProviderBuilder().
		WithCredentialsProvider(s.config.Credentials).WithRoleArn(s.config.RoleARN).
		WithRoleSessionName(scoped.SessionName(scope.Subject)).WithPolicy(policy).
		WithDurationSeconds(int(s.config.Lifetime / time.Second)).WithStsEndpoint(s.config.Endpoint).Build()
	if err != nil {
		return sigv4.Credentials{}, fmt.Errorf("aliyun: %w", err)
	}
	return s.ask(ctx, provider)
}

type answer struct {
	credentials *providers.Credentials
	err         error
}

// ask gives up when the visitor does: the SDK knows no contexts. It keeps the end of the
// credentials to itself too, so the lifetime counts from before the call, and they can only end
// later than we say.
func (s *STS) ask(ctx context.Context, provider providers.CredentialsProvider) (sigv4.Credentials, error) {
	asked, done := s.config.Now(), make(chan answer, 1)
	go func() { done <- get(provider) }()
	select {
	case <-ctx.Done():
		return sigv4.Credentials{}, ctx.Err()
	case a := <-done:
		if a.err != nil {
			return sigv4.Credentials{}, fmt.Errorf("aliyun: assuming the role: %w", a.err)
		}
		if a.credentials.AccessKeyId == "" || a.credentials.AccessKeySecret == "" || a.credentials.SecurityToken == "" {
			return sigv4.Credentials{}, errors.New("aliyun: the answer lacks part of the credentials")
		}
		return sigv4.Credentials{
			AccessKeyID: a.credentials.AccessKeyId, SecretAccessKey: sigv4.Secret(a.credentials.AccessKeySecret),
			SessionToken: sigv4.Secret(a.credentials.SecurityToken), Expires: asked.Add(s.config.Lifetime).UTC(),
		}, nil
	}
}

// get survives the SDK, which stumbles over an answer without an expiration.
func get(provider providers.CredentialsProvider) (a answer) {
	defer func() {
		if recover() != nil {
			a = answer{err: errors.New("the answer can't be read")}
		}
	}()
	a.credentials, a.err = provider.GetCredentials()
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

// Policy is the session policy for one scope, in the language of RAM.
func Policy(s uploads.UploadGrant) (string, error) {
	if err := scoped.Check(s); err != nil {
		return "", err
	}
	return scoped.Encode(document{Version: "1", Statement: []statement{{
		Effect: "Allow", Action: []string{"oss:PutObject", "oss:AbortMultipartUpload", "oss:ListParts"},
		Resource: "acs:oss:*:*:" + s.Bucket + "/" + s.Prefix + "*",
	}}})
}
