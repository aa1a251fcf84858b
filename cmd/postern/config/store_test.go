package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/policy/profile"
)

// loadStore loads a file with this store section and one public profile with these further settings.
func loadStore(t *testing.T, store, settings string) (*config.Config, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "postern.yaml")
	text := "public_url: https://uploads.example.com\nkeys: {tokens: [\"env:KEY\"]}\nstore: {" + store + "}\n" +
		"profiles:\n  photos: {bucket: media, key: \"u/{id}\", types: [image/png], size: 1..10MiB, access: public" + settings + "}\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(name, func(string) string { return strings.Repeat("0123456789", 4) })
}

func TestTheStoreSectionIsJudgedAsAWhole(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, store, settings, wanted string }{
		{"a provider whose address follows from the region", "provider: oss, region: cn-hangzhou", "", ""},
		{"a provider without regions", "provider: gcs", "", ""},
		{"a provider whose address has to be named", "provider: r2", "", "store.endpoint: is missing"},
		{"an ability that is overridden", "provider: ceph, region: default, endpoint: \"https://s3.example.com\", can: {crc32: true}", ", checksum: crc32", ""},
		{"without the override", "provider: ceph, region: default, endpoint: \"https://s3.example.com\"", ", checksum: crc32", "profiles.photos.checksum: wants one of md5"},
		{"an ability that isn't one", "provider: aws, region: eu-central-1, can: {fly: true}", "", `store.can: ability "fly": wanted one of post_policy`},
		{"an ability that is a text", "provider: aws, region: eu-central-1, can: {tags: maybe}", "", "store.can.tags: wants true or false"},
		{"a service account's key for another store", "provider: aws, region: eu-central-1, credentials_file: key.json", "", "store.credentials_file: wants provider gcs"},
		{"a region that is a city", "provider: aws, region: Frankfurt", "", "store.region: wants a region as AWS spells it"},
		{"a store by http under an https page", "provider: minio, region: us-east-1, endpoint: \"http://10.0.0.7:9000\"", "", "store.endpoint: wants https"},
		{"a role that gives no credentials for the store", "provider: oss, region: cn-hangzhou, upload_credentials: {role_arn: \"arn:aws:iam::123456789012:role/uploads\"}", "", "store.upload_credentials.role_arn: wants no value"},
		{"a setting that the store drops", "provider: minio, region: us-east-1, endpoint: \"https://s3.example.com\"", ", acl: public-read", "profiles.photos.acl: wants one of private"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := loadStore(t, c.store, c.settings)
			if c.wanted == "" && err != nil || c.wanted != "" && (err == nil || !strings.Contains(err.Error(), c.wanted)) {
				t.Errorf("wanted %q, got %v", c.wanted, err)
			}
		})
	}
}

func TestTheVocabularyOfAProfileIsRead(t *testing.T) {
	t.Parallel()
	c, err := loadStore(t, "provider: aws, region: eu-central-1", `, content_disposition: inline, content_encoding: gzip, content_language: "de, en",
    expires: "2030-01-01T01:00:00+01:00", overwrite: forbid, checksum: md5, storage_class: STANDARD_IA`)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Profiles["photos"]
	want := profile.Profile{ContentDisposition: "inline", ContentEncoding: "gzip", ContentLanguage: "de, en", Expires: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC),
		Overwrite: "forbid", Checksum: "md5", StorageClass: "STANDARD_IA"}
	got := profile.Profile{ContentDisposition: p.ContentDisposition, ContentEncoding: p.ContentEncoding, ContentLanguage: p.ContentLanguage, Expires: p.Expires,
		Overwrite: p.Overwrite, Checksum: p.Checksum, StorageClass: p.StorageClass}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("wanted %+v, got %+v", want, got)
	}
	for setting, wanted := range map[string]string{
		"content_disposition: save": "wants attachment or inline", "content_encoding: \"gzip;q=1\"": "wants codings", "content_language: \"de;q=1\"": "wants language tags",
		"expires: tomorrow": "wants an instant", "overwrite: allow": "wants forbid", "checksum: sha256": "wants crc32, crc32c, crc64nvme or md5",
		"storage_class: IA": "wants a class in S3's words", "storage_class: NEARLINE": "wants a class in S3's words",
	} {
		key, _, _ := strings.Cut(setting, ":")
		if _, err := loadStore(t, "provider: aws, region: eu-central-1", ", "+setting); err == nil || !strings.Contains(err.Error(), "profiles.photos."+key+": "+wanted) {
			t.Errorf("%s: wanted %q, got %v", setting, wanted, err)
		}
	}
}
