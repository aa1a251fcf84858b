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

// maxClockSkew is how far the token service's clock may be ahead of ours.
const maxClockSkew = 5 * time.Minute

// RoleAssumer is what NewSTS needs of *sts.Client.
type RoleAssumer interface {
	AssumeRole(context.Context, *sts.AssumeRoleInput, ...func(*sts.Options)) (*sts.AssumeRoleOutput, error)
}

// STSConfig is what NewSTS needs. Client and RoleARN have no default.
type STSConfig struct {
	// Client is asked each time; nothing is cached.
	Client RoleAssumer
	// RoleARN is the role to assume. The client's own credentials have to be allowed to assume it,
	// which those of an account's root user never are.
	RoleARN string
	// ExternalID is passed on where the role's trust policy demands one. Empty: none.
	ExternalID string
	// Lifetime of the credentials: 15 min, the default, to 1 h.
	Lifetime time.Duration
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// STS is a uploads.CredentialsMaker that assumes a role. It is safe for concurrent use.
type STS struct{ config STSConfig }

var _ uploads.CredentialsMaker = (*STS)(nil)

// NewSTS checks c and returns its CredentialsMaker; every contradiction is in the error.
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

// Make returns credentials for the grant. It fails as SessionPolicy does, with the token service's
// error, or when the answer isn't what was asked for.
func (s *STS) Make(ctx context.Context, grant uploads.UploadGrant) (sigv4.Credentials, error) {
	sessionPolicy, err := SessionPolicy(grant, partitionOf(s.config.RoleARN))
	if err != nil {
		return sigv4.Credentials{}, err
	}
	in := &sts.AssumeRoleInput{
		RoleArn: &s.config.RoleARN, RoleSessionName: aws.String(SessionName(grant.Subject)),
		Policy: &sessionPolicy, DurationSeconds: aws.Int32(int32(s.config.Lifetime / time.Second)),
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

// read refuses an answer that lacks something, or that lasts longer than what was asked for.
func (s *STS) read(out *sts.AssumeRoleOutput) (sigv4.Credentials, error) {
	if out.Credentials == nil {
		return sigv4.Credentials{}, CheckCredentials(sigv4.Credentials{})
	}
	c := sigv4.Credentials{
		AccessKeyID: aws.ToString(out.Credentials.AccessKeyId), SecretAccessKey: sigv4.Secret(aws.ToString(out.Credentials.SecretAccessKey)),
		SessionToken: sigv4.Secret(aws.ToString(out.Credentials.SessionToken)), Expires: aws.ToTime(out.Credentials.Expiration).UTC(),
	}
	return checkEnd(c, s.config.Now(), s.config.Lifetime)
}

// checkEnd returns c unless it lacks something, has ended, or lasts longer than what was asked for.
func checkEnd(c sigv4.Credentials, now time.Time, lifetime time.Duration) (sigv4.Credentials, error) {
	if err := CheckCredentials(c); err != nil {
		return sigv4.Credentials{}, err
	}
	left := c.Expires.Sub(now)
	if left <= 0 || left > lifetime+maxClockSkew {
		return sigv4.Credentials{}, fmt.Errorf("scoped: the credentials end in %s, wanted %s", left.Round(time.Second), lifetime)
	}
	return c, nil
}
