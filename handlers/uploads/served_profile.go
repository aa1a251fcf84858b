package uploads

import (
	"errors"
	"fmt"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// ServedProfile is a compiled profile with what follows from the store's settings. It is made once,
// at start, and safe for concurrent use; the fields are for reading.
type ServedProfile struct {
	Settings  profile.Profile // a copy, defaults filled in
	BucketURL string          // what browsers are told; it ends without a slash

	compiled *profile.Compiled
	maxForm  int // bytes of a form before its file
	// landingURL is where the store sends a browser after a plain form, up to the token. The token
	// is in the path: stores mangle a query.
	landingURL string
}

// Allows reports whether the profile accepts files of a content type.
func (p *ServedProfile) Allows(contentType string) bool { return p.compiled.Allows(contentType) }

// Accepted returns what a file dialogue and a script need to know of the types that the profile
// takes, see profile.Compiled.Accepted.
func (p *ServedProfile) Accepted() (types, extensions, mistaken []string) {
	return p.compiled.Accepted()
}

// Limits are what the profile accepts.
func (p *ServedProfile) Limits() *problem.Limits {
	return &problem.Limits{MinSize: p.Settings.MinSize, MaxSize: p.Settings.MaxSize, Types: p.Settings.Types}
}

// compileProfiles compiles every profile and returns all that is wrong with any.
func compileProfiles(list []profile.Profile) (map[string]*profile.Compiled, error) {
	out := make(map[string]*profile.Compiled, len(list))
	var found []error
	for _, p := range list {
		compiled, err := profile.Compile(p)
		found = append(found, err)
		out[p.Name] = compiled
	}
	return out, errors.Join(found...)
}

// checkProfile returns what the store can't do of a profile; repeated says that its name was used
// before.
func (c Config) checkProfile(p profile.Profile, repeated bool) error {
	var found []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			found = append(found, fmt.Errorf("uploads: profile %q: "+format, append([]any{p.Name}, args...)...))
		}
	}
	require(!repeated, "wanted each name once")
	require(!p.ScopedCredentials || c.CredentialsMaker != nil, "scoped credentials: wanted a CredentialsMaker")
	require(p.Unclaimed == 0 || c.Ledger != nil, "unclaimed: wanted a Ledger, which knows what was claimed")
	found = append(found, c.Store.Provider.CheckProfile(p))
	return errors.Join(found...)
}

// serveProfiles joins each compiled profile with the store's settings.
func (c Config) serveProfiles(compiled map[string]*profile.Compiled) (map[string]*ServedProfile, error) {
	served := make(map[string]*ServedProfile, len(compiled))
	var found []error
	for name, profile := range compiled {
		p, err := c.serveProfile(profile)
		found = append(found, err)
		served[name] = p
	}
	return served, errors.Join(found...)
}

func (c Config) serveProfile(compiled *profile.Compiled) (*ServedProfile, error) {
	p := &ServedProfile{compiled: compiled, Settings: compiled.Profile(), maxForm: c.Store.Provider.maxForm()}
	if c.Store.Provider.PostPolicy {
		if err := compiled.CheckDialect(c.Store.Provider.Dialect); err != nil {
			return nil, err
		}
	}
	var err error
	if p.BucketURL, err = c.Store.BucketURL(p.Settings.Bucket); err != nil {
		return nil, fmt.Errorf("uploads: profile %q: bucket %q: %w", p.Settings.Name, p.Settings.Bucket, err)
	}
	p.landingURL = c.PublicURL + "/forms/" + p.Settings.Name + "/done/"
	return p, nil
}
