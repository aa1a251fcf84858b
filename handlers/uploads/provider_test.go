package uploads_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

func TestEveryRecordNamesItsSources(t *testing.T) {
	t.Parallel()
	want := []string{"aws", "b2", "ceph", "gcs", "minio", "oss", "other", "r2", "seaweedfs", "spaces", "swift", "versity"}
	if got := uploads.ProviderNames(); !slices.Equal(got, want) {
		t.Errorf("wanted %v, got %v", want, got)
	}
	for _, name := range want {
		if len(uploads.SourcesOf(name)) == 0 {
			t.Errorf("%s: no source", name)
		}
	}
}

func TestASettingThatTheStoreCannotCarryOutIsRefusedWithKeyAndReason(t *testing.T) {
	t.Parallel()
	cases := []struct {
		provider string
		change   func(*profile.Profile)
		key      string // "" where it loads
		reason   string
	}{
		{"aws", func(p *profile.Profile) { p.ACL = policy.ACLPrivate }, "", ""},
		{"minio", func(p *profile.Profile) { p.ACL = policy.ACLPublicRead }, "acl", "no other ACL"},
		{"versity", func(p *profile.Profile) { p.StorageClass = policy.ClassStandardIA }, "storage_class", "knows no class"},
		{"minio", func(p *profile.Profile) { p.StorageClass = policy.ClassStandardIA }, "storage_class", "one of STANDARD, REDUCED_REDUNDANCY"},
		{"oss", func(p *profile.Profile) { p.StorageClass = policy.ClassStandardIA }, "", ""},
		{"oss", func(p *profile.Profile) { p.StorageClass = policy.ClassIntelligentTiering }, "storage_class", "STANDARD_IA"},
		{"versity", func(p *profile.Profile) { p.Encryption.Mode = profile.EncryptionAES256 }, "encryption.mode", "knows no mode"},
		{"gcs", func(p *profile.Profile) { p.Encryption.Mode = profile.EncryptionKMS }, "encryption.mode", "no value"},
		{"b2", func(p *profile.Profile) { p.Encryption.Mode = profile.EncryptionKMS }, "encryption.mode", "one of AES256"},
		{"r2", func(p *profile.Profile) { p.Tags = map[string]string{"a": "b"} }, "tags", "no tags"},
		{"oss", func(p *profile.Profile) { p.Tags = map[string]string{"a": "b"} }, "", ""},
		{"ceph", func(p *profile.Profile) { p.Checksum = profile.ChecksumCRC32 }, "checksum", "one of md5"},
		{"swift", func(p *profile.Profile) { p.Redirect = "https://app.example.com/done" }, "redirect", "takes no form posts"},
	}
	for _, c := range cases {
		provider, err := uploads.ProviderNamed(c.provider)
		if err != nil {
			t.Fatal(err)
		}
		p := profile.Profile{Name: "photos", Bucket: "media", Key: "{id}", Types: []string{"*/*"}, MaxSize: 10}
		c.change(&p)
		err = provider.CheckProfile(p)
		var refused *profile.SettingError
		if !errors.As(err, &refused) {
			refused = &profile.SettingError{}
		}
		if refused.Field != c.key || !strings.Contains(refused.Wanted, c.reason) || (err == nil) != (c.key == "") {
			t.Errorf("%s: wanted a refusal of %q with %q, got %v", c.provider, c.key, c.reason, err)
		}
	}
}

func TestSingleAbilitiesOfARecordCanBeOverridden(t *testing.T) {
	t.Parallel()
	ceph, err := uploads.ProviderNamed("ceph")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ceph.With(map[string]bool{"post_policy": false, "crc32": true, "conditional_complete": true, "acl": false})
	if err != nil || got.PostPolicy || !slices.Equal(got.Checksums, []string{"crc32"}) || !got.ConditionalComplete || len(got.CannedACLs) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	if !ceph.PostPolicy || len(ceph.Checksums) != 0 {
		t.Errorf("the record itself changed: %+v", ceph)
	}
	for _, ability := range uploads.Abilities() { // both ways, each by itself
		for _, can := range []bool{true, false} {
			if _, err := ceph.With(map[string]bool{ability.Name: can}); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := ceph.With(map[string]bool{"fly": true}); err == nil || !strings.Contains(err.Error(), `"fly"`) || !strings.Contains(err.Error(), "post_policy") {
		t.Errorf("got %v", err)
	}
}
