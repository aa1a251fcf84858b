package config

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// store reads which store is used. The kind has no default; region and address have one where the
// provider has a rule for it.
func (l *loader) store(d storeSection) Store {
	providers := uploads.ProviderNames()
	s := Store{Provider: d.Provider, Region: d.Region, Endpoint: d.Endpoint, PublicEndpoint: d.PublicEndpoint,
		PathStyle: d.PathStyle, Can: d.Can, UploadCredentials: l.uploadCredentials(d.UploadCredentials, d.Provider),
		HasUploadCredentials: d.UploadCredentials != uploadCredentialsSection{}}
	if s.Provider == "" {
		l.fail("store.provider", "is missing; name the kind of store: %s", strings.Join(providers, ", "))
	}
	s.Provider = l.oneOf("store.provider", s.Provider, providers...)
	if s.Region == "" && s.Provider != "gcs" && s.Provider != "r2" {
		l.fail("store.region", "is missing; it is part of every signature (stores without regions take us-east-1)")
	}
	record, err := uploads.ProviderNamed(s.Provider)
	if err == nil && record.DefaultEndpoint == "" && s.Provider != "aws" && s.Endpoint == "" {
		l.fail("store.endpoint", "is missing; it doesn't follow from provider %s and the region", s.Provider)
	}
	s.Endpoint = l.endpoint("store.endpoint", s.Endpoint)
	s.PublicEndpoint = l.endpoint("store.public_endpoint", s.PublicEndpoint)
	if d.CredentialsFile != "" {
		s.CredentialsFile = d.CredentialsFile
		if !filepath.IsAbs(s.CredentialsFile) {
			s.CredentialsFile = filepath.Join(l.dir, s.CredentialsFile)
		}
		if s.Provider != "gcs" {
			l.fail("store.credentials_file", "wants provider gcs: the file is a service account's key")
		}
	}
	return s
}

// checkStore finds contradictions between the store's record, its address and the profiles.
func (l *loader) checkStore(c *Config) {
	if _, err := uploads.ProviderNamed(c.Store.Provider); err != nil {
		return // store has added the mistake
	}
	store, err := c.Store.Described()
	if err != nil {
		l.fail("store.can", "%v", strings.TrimPrefix(err.Error(), "uploads: provider: "))
		return
	}
	var found []error
	for _, name := range slices.Sorted(maps.Keys(c.Profiles)) {
		if _, err := profile.Compile(c.Profiles[name]); err == nil { // else a mistake of the value itself was found
			found = append(found, store.Provider.CheckProfile(c.Profiles[name]))
		}
	}
	l.failEach("store", append(found, store.CheckAddress(c.PublicURL, c.Buckets())))
}

// failEach adds each of joined errors at the key that it names, path where it names none.
func (l *loader) failEach(path string, list []error) {
	for _, err := range list {
		var setting *profile.SettingError
		var address *uploads.AddressError
		joined, several := err.(interface{ Unwrap() []error })
		switch {
		case err == nil:
		case several:
			l.failEach(path, joined.Unwrap())
		case errors.As(err, &setting):
			l.fail(join("profiles."+setting.Profile, setting.Field), "wants %s, got %q", setting.Wanted, setting.Got)
		case errors.As(err, &address):
			l.fail("store."+address.Key, "wants %s, got %q", address.Wanted, address.Got)
		default:
			l.fail(path, "%v", err)
		}
	}
}

// Buckets lists the buckets of all profiles, each once.
func (c *Config) Buckets() (out []string) {
	for _, name := range slices.Sorted(maps.Keys(c.Profiles)) {
		if bucket := c.Profiles[name].Bucket; bucket != "" && !slices.Contains(out, bucket) {
			out = append(out, bucket)
		}
	}
	return out
}

// checkSweep refuses a timer for what can't be swept: a store that lists no uploads, a key template
// that begins with a placeholder, an age at which an upload may still be resumed.
func (l *loader) checkSweep(c *Config, d sweepSection) {
	if d == (sweepSection{}) {
		return
	}
	if d.Every == "" || c.Sweep.Every > 0 && c.Sweep.Every < time.Second {
		l.fail("sweep.every", "wants how often the server sweeps, a second or more, such as 24h, got %q", d.Every)
	}
	store, err := c.Store.Described()
	if err == nil && !store.Provider.ListsUploads {
		l.fail("sweep", "wants a store that lists multipart uploads, and provider %s doesn't: use a lifecycle rule, see postern setup", c.Store.Provider)
	}
	profiles := slices.Collect(maps.Values(c.Profiles))
	if len(l.mistakes) > 0 { // profiles among them, perhaps
		return
	}
	slices.SortFunc(profiles, func(a, b profile.Profile) int { return strings.Compare(a.Name, b.Name) })
	if err := uploads.CheckSweep(profiles, c.Sweep.Older); err != nil {
		l.fail("sweep", "%s", strings.ReplaceAll(err.Error(), "uploads: sweep: ", ""))
	}
}
