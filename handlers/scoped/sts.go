package scoped

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/sigv4"
)

// AssumeRoler is what NewSTS needs of *sts.Client.
type AssumeRoler interface {
	AssumeRole(context.Context, *sts.AssumeRoleInput, ...func(*sts.Options)) (*sts.AssumeRoleOutput, error)
}

// STSConfig is what NewSTS needs. Client and RoleARN have no default.
type STSConfig struct {
	// Client is asked each time; nothing is cached.
	Client AssumeRoler
	// RoleARN is the role to assume. The server's own credentials have to be allowed to; long-lived
	// keys of an account's root aren't.
	RoleARN string
	// ExternalID is passed on where the role's trust policy wants one.
	ExternalID string
	// Lifetime of the credentials: 15 min, the default, to 1 h.
	Lifetime time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// STS is a handlers.Scoper by AssumeRole.
type STS struct{ config STSConfig }

// NewSTS checks c and returns its Scoper.
func NewSTS(c STSConfig) (*STS, error) {
	var errs []error
	if c.Client == nil {
		errs = append(errs, errors.New("scoped: wanted an STS client"))
	}
	if !strings.HasPrefix(c.RoleARN, "arn:") {
		errs = append(errs, fmt.Errorf("scoped: role %q, wanted arn:aws:iam::ACCOUNT:role/NAME", c.RoleARN))
	}
	lifetime, err := CheckLifetime(c.Lifetime)
	errs = append(errs, err)
	if c.Lifetime = lifetime; c.Now == nil {
		c.Now = time.Now
	}
	return &STS{config: c}, errors.Join(errs...)
}

// Make implements handlers.Scoper.
func (s *STS) Make(ctx context.Context, scope uploads.UploadGrant) (sigv4.Credentials, error) {
	policy, err := Policy(scope, partitionOf(s.config.RoleARN))
	if err != nil {
		return sigv4.Credentials{}, err
	}
	in := &sts.AssumeRoleInput{
		RoleArn: &s.config.RoleARN, RoleSessionName: aws.String(SessionName(scope.Subject)),
		Policy: &policy, DurationSeconds: aws.Int32(int32(s.config.Lifetime / time.Second)),
	}
	if s.config.ExternalID != "" {
		in.ExternalId = &s.config.ExternalID
	}
	out, err := s.config.Client.AssumeRole(ctx, in)
	if err != nil {
		return sigv4.Credentials{}, fmt.Errorf("scoped: assuming the role: %w", err)
	}
	return s.read(out)
}

// read refuses an answer that lacks something, or that is good for longer than what was asked.
func (s *STS) read(out *sts.AssumeRoleOutput) (sigv4.Credentials, error) {
	c := out.Credentials
	if c == nil || aws.ToString(c.AccessKeyId) == "" || aws.ToString(c.SecretAccessKey) == "" ||
		aws.ToString(c.SessionToken) == "" || c.Expiration == nil {
		return sigv4.Credentials{}, errors.New("scoped: the answer lacks part of the credentials")
	}
	left := c.Expiration.Sub(s.config.Now())
	if left <= 0 || left > s.config.Lifetime+clockSkew {
		return sigv4.Credentials{}, fmt.Errorf("scoped: the credentials end in %s, wanted %s", left.Round(time.Second), s.config.Lifetime)
	}
	return sigv4.Credentials{
		AccessKeyID: *c.AccessKeyId, SecretAccessKey: sigv4.Secret(*c.SecretAccessKey),
		SessionToken: sigv4.Secret(*c.SessionToken), Expires: c.Expiration.UTC(),
	}, nil
}

// clockSkew is how far the token service's clock may be ahead of ours.
const clockSkew = 5 * time.Minute
