package uploads

import (
	"context"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// CredentialsMaker makes store credentials that end soon and can do nothing but what an UploadGrant
// says. It must be safe for concurrent use.
//
// Such credentials are for native clients that bring an S3 library. They are limited to the
// subject's own prefix, and to nothing else: no store can limit them to sizes or content types, and
// nothing that is stored with them is completed or sniffed here. Profiles allow them one by one.
type CredentialsMaker interface {
	Make(context.Context, UploadGrant) (sigv4.Credentials, error)
}

// UploadGrant is what scoped credentials may do: upload objects below Prefix, list and abort their
// own multipart uploads by upload ID.
type UploadGrant struct {
	Subject string // for the store's audit log
	Bucket  string
	Prefix  string // not empty, ends in "/", belongs to the subject alone
	// Encryption and StorageClass are the profile's: other ones are refused.
	Encryption   profile.Encryption
	StorageClass policy.S3Class // "" is STANDARD
}

// MethodCredentials names a request for credentials to the Limiter, which counts it as one upload
// of no size.
const MethodCredentials profile.Method = "credentials"

// ScopedCredentials are credentials for one prefix, and where to use them.
type ScopedCredentials struct {
	Credentials                      sigv4.Credentials
	Bucket, Prefix, Region, Endpoint string
}

// MakeCredentials is the one step from a visitor to scoped credentials. Guests get none: they share
// a prefix, and could overwrite each other's objects.
func (s *Service) MakeCredentials(ctx context.Context, p *ServedProfile, v Visitor) (ScopedCredentials, error) {
	var none ScopedCredentials
	if !p.Settings.ScopedCredentials || s.config.CredentialsMaker == nil {
		return none, problem.New(problem.Forbidden, "this profile hands out no credentials")
	}
	if !v.Known || v.Subject == "" || v.Subject == profile.Guest {
		return none, problem.New(problem.Unauthorized, "credentials need a ticket")
	}
	prefix, err := p.compiled.Prefix(v.Identity)
	if err != nil {
		return none, planRefusal(err, p)
	}
	endpoint, err := s.config.Store.serviceURL()
	if err != nil {
		return none, &problem.Error{Code: problem.Internal, Err: err}
	}
	now := s.config.Now().UTC()
	charged := profile.Plan{ID: s.config.NewID(), Profile: p.Settings.Name, Subject: v.Subject, Bucket: p.Settings.Bucket,
		Prefix: prefix, Method: MethodCredentials, Expiration: now, UploadExpiration: now}
	if err := s.charges.reserve(ctx, Reservation{Identity: v.Identity, Plan: charged}); err != nil {
		return none, err
	}
	made, err := s.config.CredentialsMaker.Make(ctx, UploadGrant{Subject: v.Subject, Bucket: p.Settings.Bucket, Prefix: prefix,
		Encryption: p.Settings.Encryption, StorageClass: p.Settings.StorageClass})
	if err != nil {
		return none, problem.Unavailable(err)
	}
	return ScopedCredentials{Credentials: made, Bucket: p.Settings.Bucket, Prefix: prefix,
		Region: s.config.Store.Region, Endpoint: endpoint}, nil
}
