package stores

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

var stale = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// settings are what a profile may ask of a store, one at a time.
var settings = []struct {
	name      string
	ability   string // of the record that a success shows, "" for none
	attribute string // that the object then has
	change    func(*profile.Profile)
}{
	{"nothing", "", "", func(*profile.Profile) {}},
	{"a class", "storage_class", "class", func(p *profile.Profile) { p.StorageClass = policy.ClassStandardIA }},
	{"encryption", "encryption", "encryption", func(p *profile.Profile) { p.Encryption.Mode = profile.EncryptionAES256 }},
	{"encryption with a key", "encryption", "key", func(p *profile.Profile) {
		p.Encryption = profile.Encryption{Mode: profile.EncryptionKMS, KeyID: "key-1"}
	}},
	{"tags", "tags", "", func(p *profile.Profile) { p.Tags = map[string]string{"stage": "inbox", "kind": "a b"} }},
	{"an ACL", "acl", "acl", func(p *profile.Profile) { p.ACL = policy.ACLPublicRead }},
	{"overwrite: forbid", "", "", func(p *profile.Profile) { p.Overwrite = profile.OverwriteForbid }},
	{"crc32", "crc32", "", func(p *profile.Profile) { p.Checksum = profile.ChecksumCRC32 }},
	{"crc32c", "crc32c", "", func(p *profile.Profile) { p.Checksum = profile.ChecksumCRC32C }},
	{"crc64nvme", "crc64nvme", "", func(p *profile.Profile) { p.Checksum = profile.ChecksumCRC64NVME }},
	{"md5", "md5", "", func(p *profile.Profile) { p.Checksum = profile.ChecksumMD5 }},
	{"metadata", "", "", func(p *profile.Profile) { p.Metadata = map[string]string{"source": "web"} }},
	{"cache_control", "", "cache", func(p *profile.Profile) { p.CacheControl = "max-age=60" }},
	{"content_disposition", "", "disposition", func(p *profile.Profile) { p.ContentDisposition = profile.DispositionAttachment }},
	{"content_encoding", "", "encoding", func(p *profile.Profile) { p.ContentEncoding = "gzip" }},
	{"content_language", "", "language", func(p *profile.Profile) { p.ContentLanguage = "de" }},
	{"expires", "", "expires", func(p *profile.Profile) { p.Expires = stale }},
}

// siteFor serves a profile in one way of sending, nil where the load refuses it with key and reason,
// or where the store has no such way.
func siteFor(t testing.TB, name, way string, p profile.Profile) *site {
	t.Helper()
	provider, err := uploads.ProviderNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	forms := provider.PostPolicy
	switch way {
	case byPost, byNobody:
		if !forms {
			return nil
		}
	case byPut:
		provider.PostPolicy = false
	case byParts:
		p.Multipart.Threshold = 1
	}
	s, err := newSite(t, provider, p)
	if err == nil {
		return s
	}
	var refused *profile.SettingError
	if !errors.As(err, &refused) || refused.Field == "" || refused.Wanted == "" {
		t.Fatalf("%s, %s: refused without key and reason: %v", name, way, err)
	}
	return nil
}

// wanted are the attributes that an object has by a profile, in the words of a double.
func wanted(d *double, p profile.Profile, way string) map[string]string {
	words := map[string]map[string]string{
		"x-amz-": {"STANDARD_IA": "STANDARD_IA", "aws:kms": "aws:kms"}, "x-oss-": {"STANDARD_IA": "IA", "aws:kms": "KMS"},
		"x-goog-": {"STANDARD_IA": "NEARLINE"},
	}[d.prefix]
	out := map[string]string{"type": "text/plain", "cache": p.CacheControl, "encoding": p.ContentEncoding, "language": p.ContentLanguage,
		"class": words[string(p.StorageClass)], "acl": string(p.ACL), "key": p.Encryption.KeyID, "encryption": string(p.Encryption.Mode)}
	if p.Encryption.Mode == profile.EncryptionKMS {
		out["encryption"] = words["aws:kms"]
	}
	if !p.Expires.IsZero() {
		out["expires"] = p.Expires.Format(http.TimeFormat)
	}
	if p.ContentDisposition != "" {
		out["disposition"] = string(p.ContentDisposition)
		if way != byNobody {
			out["disposition"] += `; filename="a b.txt"`
		}
	}
	maps.DeleteFunc(out, func(_, value string) bool { return value == "" })
	return out
}

// checkObject compares what is stored with what the profile says.
func checkObject(t testing.TB, s *site, p profile.Profile, way string) {
	t.Helper()
	o := s.only()
	got := maps.Clone(o.attributes)
	if p.ACL == "" && s.service != nil && got["acl"] == "private" { // signed where unsigned headers could set another
		delete(got, "acl")
	}
	if want := wanted(s.store, p, way); !maps.Equal(got, want) {
		t.Errorf("wanted the attributes %v, got %v", want, got)
	}
	if !bytes.Equal(o.data, content) || !maps.Equal(o.tags, maps.Clone(orEmpty(p.Tags))) || !maps.Equal(o.metadata, orEmpty(p.Metadata)) {
		t.Errorf("wanted tags %v and metadata %v, got %v and %v", p.Tags, p.Metadata, o.tags, o.metadata)
	}
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// TestEachSettingReachesTheStoreInEachWayOrIsRefusedAtLoad is the table of provider, setting and way
// in.
func TestEachSettingReachesTheStoreInEachWayOrIsRefusedAtLoad(t *testing.T) {
	t.Parallel()
	for _, name := range uploads.ProviderNames() {
		for _, setting := range settings {
			for _, way := range ways {
				t.Run(name+"/"+setting.name+"/"+way, func(t *testing.T) {
					t.Parallel()
					p := basicProfile()
					setting.change(&p)
					s := siteFor(t, name, way, p)
					if s == nil {
						return
					}
					if _, err := s.upload(way, content, nil); err != nil {
						t.Fatalf("%v\nthe store: %v", err, s.store.refused)
					}
					checkObject(t, s, p, way)
				})
			}
		}
	}
}
