package config

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

func (s *source) profiles(texts map[string]profileText) map[string]profile.Profile {
	if len(texts) == 0 {
		s.fail("profiles", "is missing; describe at least one kind of upload, by bucket, key, types and size")
	}
	profiles := map[string]profile.Profile{}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		profiles[name] = s.profile(name, texts[name])
	}
	return profiles
}

// profile reads one profile and lets package profile find its contradictions; what can't be read
// isn't complained of twice.
func (s *source) profile(name string, t profileText) profile.Profile {
	path := "profiles." + name
	before := len(s.found)
	p := profile.Profile{
		Name: name, Bucket: t.Bucket, Key: t.Key, Types: t.Types,
		ACL: policy.CannedACL(t.ACL), StorageClass: policy.S3Class(t.StorageClass), CacheControl: t.CacheControl, Redirect: t.Redirect,
		Lifetime:       s.duration(path+".lifetime", t.Lifetime),
		UploadLifetime: s.duration(path+".upload_lifetime", t.UploadLifetime),
		Access:         profile.Access(s.oneOf(path+".access", t.Access, "ticket", "public")),
		Origins:        t.Origins,
		Multipart: profile.Multipart{
			Threshold: s.size(path+".multipart.threshold", t.Multipart.Threshold),
			PartSize:  s.size(path+".multipart.part_size", t.Multipart.PartSize),
		},
		Checksum: profile.Checksum(t.Checksum), Metadata: t.Metadata, AcceptMetadata: t.AcceptMetadata, Tags: t.Tags,
		Encryption: profile.Encryption{Mode: profile.EncryptionMode(t.Encryption.Mode), KeyID: t.Encryption.KeyID},
		Quarantine: t.Quarantine,
		Quota: profile.Quota{
			Uploads: s.rate(path+".quota.uploads", t.Quota.Uploads, false),
			Bytes:   s.rate(path+".quota.bytes", t.Quota.Bytes, true),
		},
		MaxOpen: t.MaxOpen, ScopedCredentials: t.ScopedCredentials, InsecureKey: t.InsecureKey,
	}
	s.sizes(path+".size", t.Size, &p)
	if len(s.found) == before {
		s.contradictions(path, p)
	}
	return p
}

func (s *source) contradictions(path string, p profile.Profile) {
	_, err := profile.Compile(p)
	if err == nil {
		return
	}
	all, ok := err.(interface{ Unwrap() []error })
	if !ok {
		s.fail(path, "%v", err)
		return
	}
	for _, err := range all.Unwrap() {
		var field *profile.SettingError
		if errors.As(err, &field) {
			s.fail(join(path, field.Field), "wants %s, got %q", field.Wanted, field.Got)
		} else {
			s.fail(path, "%v", err)
		}
	}
}

// sizes has no default: a profile has to say how large a file may be.
func (s *source) sizes(path, text string, p *profile.Profile) {
	if text == "" {
		s.fail(path, "is missing; say how large a file may be, such as 1..10MiB")
		return
	}
	var err error
	if p.MinSize, p.MaxSize, err = profile.ParseRange(text); err != nil {
		s.fail(path, "wants a range such as 1..10MiB, the smaller first, got %q", clip(text))
	}
}

// size is 0 for an empty text.
func (s *source) size(path, text string) int64 {
	if text == "" {
		return 0
	}
	n, err := profile.ParseSize(text)
	if err != nil || n == 0 {
		s.fail(path, "wants a size above zero such as 16MiB, got %q", clip(text))
	}
	return n
}

// rate reads "100/1h", or "10GiB/24h" where bytes are limited.
func (s *source) rate(path, text string, bytes bool) profile.Rate {
	if text == "" {
		return profile.Rate{}
	}
	wanted := "a count and a window such as 100/1h"
	if bytes {
		wanted = "a size and a window such as 10GiB/24h"
	}
	limit, window, ok := strings.Cut(text, "/")
	n, err := profile.ParseSize(limit)
	if !ok || err != nil || n <= 0 || !bytes && strings.ContainsAny(limit, "BkKMGT") {
		s.fail(path, "wants %s, got %q", wanted, clip(text))
		return profile.Rate{}
	}
	return profile.Rate{Limit: n, Window: s.duration(path, window)}
}
