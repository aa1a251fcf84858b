package config

import (
	"maps"
	"slices"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

func (l *loader) profiles(sections map[string]profileSection) map[string]profile.Profile {
	if len(sections) == 0 {
		l.fail("profiles", "is missing; describe at least one kind of upload, by bucket, key, types and size")
	}
	profiles := map[string]profile.Profile{}
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		profiles[name] = l.profile(name, sections[name])
	}
	return profiles
}

// profile reads one profile. If every value can be read, package profile finds its contradictions.
func (l *loader) profile(name string, d profileSection) profile.Profile {
	path, before := "profiles."+name, len(l.mistakes)
	p := profile.Profile{
		Name: name, Bucket: d.Bucket, Key: d.Key, Types: d.Types,
		ACL: policy.CannedACL(d.ACL), StorageClass: policy.S3Class(d.StorageClass), CacheControl: d.CacheControl, Redirect: d.Redirect,
		ContentDisposition: profile.Disposition(d.Disposition), ContentEncoding: d.Encoding, ContentLanguage: d.Language,
		Expires: l.instant(path+".expires", d.Expires), Overwrite: profile.Overwrite(d.Overwrite),
		Lifetime:       l.duration(path+".lifetime", d.Lifetime),
		UploadLifetime: l.duration(path+".upload_lifetime", d.UploadLifetime),
		Access:         profile.Access(l.oneOf(path+".access", d.Access, "ticket", "public")),
		Origins:        d.Origins,
		Multipart: profile.Multipart{
			Threshold: l.size(path+".multipart.threshold", d.Multipart.Threshold),
			PartSize:  l.size(path+".multipart.part_size", d.Multipart.PartSize),
		},
		Checksum: profile.Checksum(d.Checksum), Metadata: d.Metadata, AcceptMetadata: d.AcceptMetadata, Tags: d.Tags,
		Encryption: profile.Encryption{Mode: profile.EncryptionMode(d.Encryption.Mode), KeyID: d.Encryption.KeyID},
		Quarantine: d.Quarantine,
		Download: profile.Download{
			Lifetime:    l.duration(path+".download.lifetime", d.Download.Lifetime),
			Disposition: profile.Disposition(d.Download.Disposition),
		},
		Removable: l.durationOrNone(path+".removable", d.Removable),
		Unclaimed: l.durationOrNone(path+".unclaimed", d.Unclaimed),
		MaxFiles:  d.MaxFiles, Title: d.Title, Intro: d.Intro,
		Quota: profile.Quota{
			Uploads: l.countRate(path+".quota.uploads", d.Quota.Uploads),
			Bytes:   l.byteRate(path+".quota.bytes", d.Quota.Bytes),
		},
		MaxOpen: d.MaxOpen, ScopedCredentials: d.ScopedCredentials, InsecureKey: d.InsecureKey,
	}
	p.MinSize, p.MaxSize = l.sizeRange(path+".size", d.Size)
	if len(l.mistakes) == before {
		l.failCompiling(path, p)
	}
	return p
}

// failCompiling adds every contradiction that Compile finds, at the setting it is about.
func (l *loader) failCompiling(path string, p profile.Profile) {
	_, err := profile.Compile(p)
	l.failEach(path, []error{err})
}
