package main

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/scoped"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/sigv4"
)

// newIdentifier identifies visitors by ticket first, then by the reverse proxy's header, as far as
// the config has either. It is nil where the config has neither: then nobody is known.
func newIdentifier(file *config.Config) (handlers.Identifier, error) {
	var sources []tickets.Source
	if t := file.Tickets; t.Secret != "" || t.JWKS != "" {
		settings := tickets.Config{JWKS: t.JWKS, Issuer: t.Issuer, Audience: t.Audience}
		if t.Secret != "" {
			settings.Secrets = []sigv4.Secret{t.Secret}
		}
		verifier, err := tickets.New(settings)
		if err != nil {
			return nil, err
		}
		sources = append(sources, verifier)
	}
	if p := file.InsecureProxySubject; p.Header != "" {
		sources = append(sources, tickets.InsecureProxyHeader{Name: p.Header, Profiles: p.Profiles, From: file.TrustedProxies})
	}
	if len(sources) == 0 {
		return nil, nil
	}
	return tickets.First(sources...), nil
}

// newCredentialsMaker returns nil where the config hands out no credentials.
func newCredentialsMaker(access aws.Config, c config.ScopedCredentials) (uploads.CredentialsMaker, error) {
	if c.RoleARN == "" {
		return nil, nil
	}
	if scoped.IsAliyunRole(c.RoleARN) {
		return scoped.NewAliyun(scoped.AliyunConfig{Credentials: access.Credentials, RoleARN: c.RoleARN, ExternalID: c.ExternalID,
			Lifetime: c.Lifetime, Endpoint: c.Endpoint})
	}
	client := sts.NewFromConfig(access, func(o *sts.Options) {
		if c.Endpoint != "" {
			o.BaseEndpoint = &c.Endpoint
		}
	})
	return scoped.NewSTS(scoped.STSConfig{
		Client: client, RoleARN: c.RoleARN, ExternalID: c.ExternalID, Lifetime: c.Lifetime,
	})
}
