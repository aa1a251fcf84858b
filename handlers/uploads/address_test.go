package uploads_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers/uploads"
)

// storeOf is a store of a provider as the config file describes it.
func storeOf(t *testing.T, provider, region, endpoint string) uploads.Store {
	t.Helper()
	p, err := uploads.ProviderNamed(provider)
	if err != nil {
		t.Fatal(err)
	}
	return uploads.Store{Provider: p, Region: region, Endpoint: endpoint}
}

func TestContradictionsInAnAddressAreRefusedWithTheirKey(t *testing.T) {
	t.Parallel()
	const page = "https://uploads.example.com"
	cases := []struct {
		name                       string
		provider, region, endpoint string
		change                     func(*uploads.Store)
		key, wanted                string // "" for none
	}{
		{name: "AWS by its region", provider: "aws", region: "eu-central-1"},
		{name: "an American region for government", provider: "aws", region: "us-gov-west-1"},
		{name: "a city for a region", provider: "aws", region: "Frankfurt", key: "region", wanted: "eu-central-1"},
		{name: "another region than the host's", provider: "aws", region: "us-east-1", endpoint: "https://s3.eu-central-1.amazonaws.com", key: "region", wanted: "eu-central-1"},
		{name: "another region than the dual-stack host's", provider: "aws", region: "us-east-1", endpoint: "https://s3.dualstack.eu-west-1.amazonaws.com", key: "region", wanted: "eu-west-1"},
		{name: "the accelerated host, which names no region", provider: "aws", region: "us-east-1", endpoint: "https://s3-accelerate.amazonaws.com"},
		{name: "another provider than the host's", provider: "minio", region: "auto", endpoint: "https://0123abcd.r2.cloudflarestorage.com", key: "endpoint", wanted: "provider: r2"},
		{name: "a host of OSS' S3 API", provider: "oss", region: "cn-hangzhou", endpoint: "https://s3.oss-cn-hangzhou.aliyuncs.com"},
		{name: "a region of OSS as its endpoints write it", provider: "oss", region: "oss-cn-hangzhou", endpoint: "https://oss-cn-hangzhou.aliyuncs.com"},
		{name: "an internal host of OSS", provider: "oss", region: "cn-hangzhou", endpoint: "https://oss-cn-beijing-internal.aliyuncs.com", key: "region", wanted: "cn-beijing"},
		{name: "OSS with the bucket in the path", provider: "oss", region: "cn-hangzhou", change: func(s *uploads.Store) { s.PathStyle = true }, key: "path_style", wanted: "false"},
		{name: "OSS at an address without name", provider: "oss", region: "cn-hangzhou", endpoint: "https://192.0.2.7", key: "endpoint", wanted: "host name"},
		{name: "the bucket in a known host", provider: "other", region: "fra1", endpoint: "https://media.fra1.digitaloceanspaces.com", key: "endpoint", wanted: `without bucket "media", which is put before it: https://fra1.digitaloceanspaces.com`},
		{name: "a host that begins like the bucket", provider: "minio", region: "us-east-1", endpoint: "https://media.example.com"},
		{name: "http under an https page", provider: "minio", region: "us-east-1", endpoint: "http://192.168.1.9:9000", key: "endpoint", wanted: "mixed content"},
		{name: "http on the own machine", provider: "minio", region: "us-east-1", endpoint: "http://127.0.0.1:9000"},
		{name: "http inside and https outside", provider: "minio", region: "us-east-1", endpoint: "http://minio:9000",
			change: func(s *uploads.Store) { s.PublicEndpoint = "https://s3.example.com" }},
		{name: "http outside", provider: "minio", region: "us-east-1", endpoint: "https://minio.example.com",
			change: func(s *uploads.Store) { s.PublicEndpoint = "http://s3.example.com" }, key: "public_endpoint", wanted: "https"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := storeOf(t, c.provider, c.region, c.endpoint)
			if c.change != nil {
				c.change(&s)
			}
			err := s.CheckAddress(page, []string{"media"})
			var refused *uploads.AddressError
			if !errors.As(err, &refused) {
				refused = &uploads.AddressError{}
			}
			if refused.Key != c.key || !strings.Contains(refused.Wanted, c.wanted) || (err == nil) != (c.key == "") {
				t.Errorf("wanted a refusal of %q with %q, got %v", c.key, c.wanted, err)
			}
		})
	}
}

func TestAddressesAreMadeByTheProvidersRule(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, provider, region, endpoint, bucket string }{
		{"OSS", "oss", "cn-hangzhou", "", "https://media.oss-cn-hangzhou.aliyuncs.com"},
		{"OSS with its region as endpoints write it", "oss", "oss-cn-hangzhou", "", "https://media.oss-cn-hangzhou.aliyuncs.com"},
		{"the host of OSS' S3 API", "oss", "cn-hangzhou", "https://s3.oss-cn-hangzhou.aliyuncs.com", "https://media.oss-cn-hangzhou.aliyuncs.com"},
		{"Cloud Storage", "gcs", "", "", "https://media.storage.googleapis.com"},
		{"Backblaze B2", "b2", "us-west-004", "", "https://media.s3.us-west-004.backblazeb2.com"},
		{"Spaces", "spaces", "fra1", "", "https://media.fra1.digitaloceanspaces.com"},
		{"AWS", "aws", "eu-central-1", "", "https://media.s3.eu-central-1.amazonaws.com"},
		{"a host in capitals", "other", "us-east-1", "https://S3.Example.COM:8443", "https://media.s3.example.com:8443"},
		{"an international host", "other", "us-east-1", "https://Bücher.example", "https://media.xn--bcher-kva.example"},
		{"an address of IPv6", "minio", "us-east-1", "http://[FD00::5]:9000", "http://[fd00::5]:9000/media"},
	}
	for _, c := range cases {
		s := storeOf(t, c.provider, c.region, c.endpoint).Resolve()
		if got, err := s.BucketURL("media"); err != nil || got != c.bucket {
			t.Errorf("%s: wanted %s, got %s, %v", c.name, c.bucket, got, err)
		}
	}
	dual := storeOf(t, "aws", "eu-west-1", "")
	dual.DualStack = true
	if got, err := dual.Resolve().BucketURL("media"); err != nil || got != "https://media.s3.dualstack.eu-west-1.amazonaws.com" {
		t.Errorf("dual-stack: got %s, %v", got, err)
	}
}

func TestHostsThatBrowsersCannotReachAreWarnedAbout(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, provider, endpoint, public, page string
		key                                    string // "" for no warning
	}{
		{"a name of one label", "minio", "https://minio:9000", "", "https://uploads.example.com", "store.endpoint"},
		{"a name of one label for a page on the own machine", "minio", "http://minio:9000", "", "http://localhost:8080", "store.endpoint"},
		{"a private address", "minio", "https://10.0.0.7", "", "https://uploads.example.com", "store.endpoint"},
		{"a private address for a private page", "minio", "http://10.0.0.7", "", "http://10.0.0.8", ""},
		{"a cluster's name", "minio", "https://minio.storage.svc", "", "https://uploads.example.com", "store.endpoint"},
		{"a public address beside it", "minio", "http://minio:9000", "https://s3.example.com", "https://uploads.example.com", ""},
		{"the own machine for itself", "minio", "http://127.0.0.1:9000", "", "http://localhost:8080", ""},
		{"a bucket before an unknown host", "minio", "https://media.example.com", "", "https://uploads.example.com", "store.endpoint"},
		{"a known host under other", "other", "https://0123abcd.r2.cloudflarestorage.com", "", "https://uploads.example.com", "store.provider"},
	}
	for _, c := range cases {
		s := storeOf(t, c.provider, "auto", c.endpoint)
		s.PublicEndpoint = c.public
		got := s.AddressWarnings(c.page, []string{"media"})
		if (len(got) == 0) != (c.key == "") || len(got) > 0 && got[0].Key != c.key {
			t.Errorf("%s: wanted a warning about %q, got %v", c.name, c.key, got)
		}
	}
}
