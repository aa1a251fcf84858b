package handlers

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/postern-dev/postern/policy/sigv4"
)

// credentialSource makes signers from the host's credentials.
type credentialSource struct {
	provider aws.CredentialsProvider
	dialect  *sigv4.Dialect
	region   string
}

// Signer returns a signer for the credentials of now.
func (s credentialSource) Signer(ctx context.Context) (*sigv4.Signer, error) {
	c, err := s.provider.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	out := sigv4.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: sigv4.Secret(c.SecretAccessKey),
		SessionToken: sigv4.Secret(c.SessionToken)}
	if c.CanExpire {
		out.Expires = c.Expires
	}
	return sigv4.NewSigner(s.dialect, s.region, out)
}
