package main

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/quota"
	"github.com/postern-dev/postern/handlers/scoped"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// visitors tells who asks: by ticket first, then by the reverse proxy where the config believes it.
// Where it names neither, nobody is known.
func visitors(file *config.Config) (handlers.Identifier, error) {
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

// scoperFor is nil where the config hands out no credentials.
func scoperFor(access aws.Config, file *config.Config) (uploads.CredentialsMaker, error) {
	c := file.Scoped
	if c.RoleARN == "" {
		return nil, nil
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

// keptQuota keeps what visitors have used up across reloads, as long as the limits stay the same.
type keptQuota struct {
	current *quota.Memory
	limits  limits
}

// limits are all that a limiter goes by.
type limits struct {
	all      config.Limits
	profiles map[string]profileLimits
}

type profileLimits struct {
	quota   profile.Quota
	maxOpen int
}

func (q *keptQuota) limiter(profiles []profile.Profile, all config.Limits) (uploads.Limiter, error) {
	now := limits{all: all, profiles: map[string]profileLimits{}}
	for _, p := range profiles {
		now.profiles[p.Name] = profileLimits{p.Quota, p.MaxOpen}
	}
	if q.current != nil && reflect.DeepEqual(now, q.limits) {
		return q.current, nil
	}
	fresh, err := quota.New(quota.Config{
		Profiles: profiles, Issues: all.Issues, AddressFactor: all.AddressFactor,
	})
	if err != nil {
		return nil, err
	}
	q.current, q.limits = fresh, now
	return fresh, nil
}
