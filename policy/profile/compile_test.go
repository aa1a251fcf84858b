package profile_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/profile"
)

// photos is the good profile; a case changes only what it breaks.
func photos() profile.Profile {
	return profile.Profile{
		Name:    "photos",
		Bucket:  "media",
		Key:     "users/{subject}/{yyyy}/{mm}/{id}{ext}",
		Types:   []string{"image/png", "image/jpeg", "image/webp"},
		MinSize: 1,
		MaxSize: 10 * profile.MiB,
	}
}

func compile(t testing.TB, change func(*profile.Profile)) *profile.Compiled {
	t.Helper()
	p := photos()
	if change != nil {
		change(&p)
	}
	c, err := profile.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// contradictions are changes to the good profile, each with the field it makes wrong.
var contradictions = []struct {
	name   string
	change func(*profile.Profile)
	field  string
}{
	{"a profile without a name", func(p *profile.Profile) { p.Name = "" }, "name"},
	{"a name that isn't a path segment", func(p *profile.Profile) { p.Name = "a/b" }, "name"},
	{"no bucket", func(p *profile.Profile) { p.Bucket = "" }, "bucket"},
	{"a bucket with a slash", func(p *profile.Profile) { p.Bucket = "media/x" }, "bucket"},
	{"no key template", func(p *profile.Profile) { p.Key = "" }, "key"},
	{"a key without an ID", func(p *profile.Profile) { p.Key = "users/{subject}/{name}{ext}" }, "key"},
	{"a key at the root of the bucket", func(p *profile.Profile) { p.Key = "{id}{ext}" }, "key"},
	{"a leading slash", func(p *profile.Profile) { p.Key = "/users/{id}" }, "key"},
	{"an empty segment", func(p *profile.Profile) { p.Key = "users//{id}" }, "key"},
	{"a trailing slash", func(p *profile.Profile) { p.Key = "users/{id}/" }, "key"},
	{"a dot segment", func(p *profile.Profile) { p.Key = "users/../{id}" }, "key"},
	{"a dot before the file's name", func(p *profile.Profile) { p.Key = "users/{id}.{name}" }, "key"},
	{"a segment that may come to a dot", func(p *profile.Profile) { p.Key = "users/{id}/.{ext}" }, "key"},
	{"a percent sign in a literal", func(p *profile.Profile) { p.Key = "us%2e/{id}" }, "key"},
	{"a dollar in a literal", func(p *profile.Profile) { p.Key = "${filename}/{id}" }, "key"},
	{"a backslash in a literal", func(p *profile.Profile) { p.Key = `users\{id}/{id}` }, "key"},
	{"a full-width letter in a literal", func(p *profile.Profile) { p.Key = "ｕsers/{id}" }, "key"},
	{"a stray closing brace", func(p *profile.Profile) { p.Key = "users}/{id}" }, "key"},
	{"an unclosed brace", func(p *profile.Profile) { p.Key = "users/{id" }, "key"},
	{"an unknown placeholder", func(p *profile.Profile) { p.Key = "users/{user}/{id}" }, "key"},
	{"a claim without a name", func(p *profile.Profile) { p.Key = "users/{claim}/{id}" }, "key"},
	{"a subject beside other text", func(p *profile.Profile) { p.Key = "u-{subject}/{id}" }, "key"},
	{"a subject beside a claim", func(p *profile.Profile) { p.Key = "{claim:team}{subject}/{id}" }, "key"},
	{"a subject in the last segment", func(p *profile.Profile) { p.Key = "{id}/{subject}" }, "key"},
	{"a file's name as a directory", func(p *profile.Profile) { p.Key = "{name}/{id}" }, "key"},
	{"a template too long for a key", func(p *profile.Profile) { p.Key = strings.Repeat("a", 990) + "/{id}" }, "key"},
	{"no types", func(p *profile.Profile) { p.Types = nil }, "types"},
	{"a type with a parameter", func(p *profile.Profile) { p.Types = []string{"text/plain; charset=utf-8"} }, "types[0]"},
	{"a type without a slash", func(p *profile.Profile) { p.Types = []string{"image/png", "png"} }, "types[1]"},
	{"a list in one type", func(p *profile.Profile) { p.Types = []string{"image/png,text/html"} }, "types[0]"},
	{"a wildcard family", func(p *profile.Profile) { p.Types = []string{"*/png"} }, "types[0]"},
	{"a type named twice", func(p *profile.Profile) { p.Types = []string{"image/png", "IMAGE/PNG"} }, "types[1]"},
	{"no largest size", func(p *profile.Profile) { p.MaxSize = 0 }, "size"},
	{"a negative size", func(p *profile.Profile) { p.MinSize = -1 }, "size"},
	{"sizes the wrong way round", func(p *profile.Profile) { p.MinSize = 20 * profile.MiB }, "size"},
	{"more than any object holds", func(p *profile.Profile) { p.MaxSize = 5*profile.TiB + 1 }, "size"},
	{"an ACL that doesn't exist", func(p *profile.Profile) { p.ACL = "public" }, "acl"},
	{"a storage class that can't be read back", func(p *profile.Profile) { p.StorageClass = "GLACIER" }, "storage_class"},
	{"a storage class nobody has", func(p *profile.Profile) { p.StorageClass = "STANDRAD" }, "storage_class"},
	{"a storage class with a newline", func(p *profile.Profile) { p.StorageClass = "A\nB" }, "storage_class"},
	{"a cache rule with a dollar", func(p *profile.Profile) { p.CacheControl = "$x" }, "cache_control"},
	{"a javascript redirect", func(p *profile.Profile) { p.Redirect = "javascript:alert(1)" }, "redirect"},
	{"a redirect without a scheme", func(p *profile.Profile) { p.Redirect = "//evil.example" }, "redirect"},
	{"a redirect with a user", func(p *profile.Profile) { p.Redirect = "https://ok@evil.example/" }, "redirect"},
	{"a redirect with a query", func(p *profile.Profile) { p.Redirect = "https://app.example.com/?a=b" }, "redirect"},
	{"a redirect with a tab", func(p *profile.Profile) { p.Redirect = "https://app.example.com/\tx" }, "redirect"},
	{"a redirect to a host in capitals", func(p *profile.Profile) { p.Redirect = "https://App.example.com/" }, "redirect"},
	{"a redirect over plain http", func(p *profile.Profile) { p.Redirect = "http://app.example.com/" }, "redirect"},
	{"a negative lifetime", func(p *profile.Profile) { p.Lifetime = -time.Minute }, "lifetime"},
	{"a lifetime beyond 7 days", func(p *profile.Profile) { p.Lifetime = 169 * time.Hour }, "lifetime"},
	{"an upload that ends before its URLs", func(p *profile.Profile) { p.UploadLifetime = time.Minute }, "upload_lifetime"},
	{"an unknown kind of access", func(p *profile.Profile) { p.Access = "all" }, "access"},
	{"any origin", func(p *profile.Profile) { p.Origins = []string{"*"} }, "origins[0]"},
	{"the null origin", func(p *profile.Profile) { p.Origins = []string{"null"} }, "origins[0]"},
	{"an origin with a path", func(p *profile.Profile) { p.Origins = []string{"https://app.example.com/"} }, "origins[0]"},
	{"an origin in capitals", func(p *profile.Profile) { p.Origins = []string{"https://App.example.com"} }, "origins[0]"},
	{"an origin with its default port", func(p *profile.Profile) { p.Origins = []string{"https://app.example.com:443"} }, "origins[0]"},
	{"an origin with a wildcard", func(p *profile.Profile) { p.Origins = []string{"https://*.example.com"} }, "origins[0]"},
	{"an origin twice", func(p *profile.Profile) { p.Origins = []string{"https://a.example", "https://a.example"} }, "origins[1]"},
	{"a threshold one POST can't reach", func(p *profile.Profile) { p.Multipart.Threshold = 5*profile.GiB + 1 }, "multipart.threshold"},
	{"parts below 5 MiB", func(p *profile.Profile) { p.Multipart.PartSize = 4 * profile.MiB }, "multipart.part_size"},
	{"parts of odd bytes", func(p *profile.Profile) { p.Multipart.PartSize = 8*profile.MiB + 1 }, "multipart.part_size"},
	{"parts over 5 GiB", func(p *profile.Profile) { p.Multipart.PartSize = 6 * profile.GiB }, "multipart.part_size"},
	{"an unknown checksum", func(p *profile.Profile) { p.Checksum = "sha256" }, "checksum"},
	{"metadata in capitals", func(p *profile.Profile) { p.Metadata = map[string]string{"Source": "web"} }, "metadata"},
	{"metadata over 2 KB", func(p *profile.Profile) { p.Metadata = map[string]string{"a": strings.Repeat("x", 2048)} }, "metadata"},
	{"metadata both set and accepted", func(p *profile.Profile) {
		p.Metadata, p.AcceptMetadata = map[string]string{"album": "1"}, []string{"album"}
	}, "accept_metadata[0]"},
	{"an accepted name that is none", func(p *profile.Profile) { p.AcceptMetadata = []string{"x y"} }, "accept_metadata[0]"},
	{"more than ten tags", func(p *profile.Profile) { p.Tags = manyTags(11) }, "tags"},
	{"a tag of the store's own", func(p *profile.Profile) { p.Tags = map[string]string{"AWS:x": "1"} }, "tags.AWS:x"},
	{"a tag with markup", func(p *profile.Profile) { p.Tags = map[string]string{"a": "<b>"} }, "tags.a"},
	{"an unknown encryption", func(p *profile.Profile) { p.Encryption.Mode = "rot13" }, "encryption.mode"},
	{"a key ID without KMS", func(p *profile.Profile) { p.Encryption = profile.Encryption{Mode: "AES256", KeyID: "k"} }, "encryption.key_id"},
	{"a quarantine without a slash", func(p *profile.Profile) { p.Quarantine = "refused" }, "quarantine"},
	{"a quarantine that climbs", func(p *profile.Profile) { p.Quarantine = "a/../b/" }, "quarantine"},
	{"a quarantine among the keys", func(p *profile.Profile) { p.Quarantine = "users/refused/" }, "quarantine"},
	{"a rate without a window", func(p *profile.Profile) { p.Quota.Uploads.Limit = 3 }, "quota.uploads"},
	{"a negative rate", func(p *profile.Profile) { p.Quota.Bytes = profile.Rate{Limit: -1, Window: time.Hour} }, "quota.bytes"},
	{"removable for a negative time", func(p *profile.Profile) { p.Removable = -time.Second }, "removable"},
	{"removable for longer than its token lives", func(p *profile.Profile) { p.Removable = 8 * 24 * time.Hour }, "removable"},
	{"a negative number of files", func(p *profile.Profile) { p.MaxFiles = -1 }, "max_files"},
	{"an empty title", func(p *profile.Profile) { p.Title = map[string]string{"en": " "} }, "title.en"},
	{"a title of two lines", func(p *profile.Profile) { p.Title = map[string]string{"en": "Your\nphotos"} }, "title.en"},
	{"a title that isn't UTF-8", func(p *profile.Profile) { p.Title = map[string]string{"de": "Fotos \xff"} }, "title.de"},
	{"a title in no language", func(p *profile.Profile) { p.Title = map[string]string{"en US": "Photos"} }, "title"},
	{"an intro like a book", func(p *profile.Profile) { p.Intro = map[string]string{"en": strings.Repeat("a", 2001)} }, "intro.en"},
	{"a negative number of open uploads", func(p *profile.Profile) { p.MaxOpen = -1 }, "max_open"},
	{"credentials for a shared prefix", func(p *profile.Profile) { p.ScopedCredentials, p.Key = true, "{yyyy}/{id}" }, "key"},
	{"credentials for a prefix that changes by the day", func(p *profile.Profile) {
		p.ScopedCredentials, p.Key = true, "{yyyy}/{subject}/{id}"
	}, "key"},
	{"credentials for everybody", func(p *profile.Profile) { p.ScopedCredentials, p.Access = true, profile.AccessPublic }, "access"},
}

func TestCompileRefusesContradictions(t *testing.T) {
	t.Parallel()
	for _, c := range contradictions {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := photos()
			c.change(&p)
			_, err := profile.Compile(p)
			var fault *profile.SettingError
			if !errors.As(err, &fault) || fault.Field != c.field {
				t.Fatalf("wants a fault in %q, got %v", c.field, err)
			}
		})
	}
}

func manyTags(n int) map[string]string {
	tags := map[string]string{}
	for i := range n {
		tags[strings.Repeat("t", i+1)] = "x"
	}
	return tags
}

func TestCompileReportsEveryContradictionAtOnce(t *testing.T) {
	t.Parallel()
	_, err := profile.Compile(profile.Profile{Name: "empty", ACL: "all", Redirect: "nowhere"})
	for _, field := range []string{"bucket", "key", "types", "size", "acl", "redirect"} {
		if err == nil || !strings.Contains(err.Error(), `profile: "empty": `+field+": ") {
			t.Errorf("wants %q named, got %v", field, err)
		}
	}
}

func TestCompileAcceptsValidProfiles(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(*profile.Profile)
	}{
		{"the smallest profile", func(*profile.Profile) {}},
		{"everything set", everything},
		{"everything but active types", func(p *profile.Profile) { p.Types = []string{"*/*"} }},
		{"a key without an ID, asked for by its name", func(p *profile.Profile) { p.InsecureKey, p.Key = true, "pub/{name}{ext}" }},
		{"claims before the subject", func(p *profile.Profile) { p.Key = "{claim:team}/{subject}/{id}/{name}{ext}" }},
		{"a directory in the manner of Hive", func(p *profile.Profile) { p.Key = "dt={yyyy}-{mm}-{dd}/{id}" }},
		{"an access point", func(p *profile.Profile) { p.Bucket = "media-ap-1kx5gmtx4r5nb3rjhh2aqpf3w3tpeeuc1a-s3alias" }},
		{"a page on loopback", func(p *profile.Profile) {
			p.Redirect, p.Origins = "http://127.0.0.1:8080/done", []string{"http://127.0.0.1:8080", "http://[::1]:3000"}
		}},
		{"the largest object", func(p *profile.Profile) { p.MaxSize = 5 * profile.TiB }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			compile(t, c.change)
		})
	}
}

func everything(p *profile.Profile) {
	p.ACL, p.StorageClass, p.CacheControl = "private", "STANDARD_IA", "private, max-age=60"
	p.Redirect, p.Origins = "https://app.example.com/done", []string{"https://app.example.com"}
	p.Lifetime, p.UploadLifetime = time.Hour, 48*time.Hour
	p.Metadata, p.AcceptMetadata = map[string]string{"source": "web"}, []string{"album", "filename"}
	p.Tags = map[string]string{"stage": "inbox", "by": "postern"}
	p.Encryption = profile.Encryption{Mode: "aws:kms", KeyID: "arn:aws:kms:eu-central-1:123456789012:key/1234"}
	p.Checksum, p.Quarantine, p.MaxOpen = "crc32", "refused/", 5
	p.Quota.Uploads = profile.Rate{Limit: 100, Window: time.Hour}
	p.ScopedCredentials = true
}

func TestCompileKeepsItsOwnCopy(t *testing.T) {
	t.Parallel()
	p := photos()
	everything(&p)
	c, err := profile.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	p.Types[0], p.Metadata["source"] = "text/html", "changed"
	got := c.Profile()
	got.Tags["stage"] = "changed"
	if c.Allows("text/html") || c.Profile().Metadata["source"] != "web" || c.Profile().Tags["stage"] != "inbox" {
		t.Errorf("a change outside reached the compiled profile: %v", c.Profile())
	}
	if !maps.Equal(c.Profile().Metadata, map[string]string{"source": "web"}) {
		t.Errorf("metadata: got %v", c.Profile().Metadata)
	}
}

func TestCompileFillsDefaults(t *testing.T) {
	t.Parallel()
	p := compile(t, nil).Profile()
	if p.Lifetime != 15*time.Minute || p.UploadLifetime != 7*24*time.Hour || p.MaxOpen != 100 {
		t.Errorf("lifetimes and open uploads: got %v, %v, %d", p.Lifetime, p.UploadLifetime, p.MaxOpen)
	}
	if want := (profile.Multipart{Threshold: 16 * profile.MiB}); p.Multipart != want {
		t.Errorf("multipart: wants %v, got %v", want, p.Multipart)
	}
}

func TestAccessTicketMayBeWrittenOut(t *testing.T) {
	t.Parallel()
	for _, access := range []profile.Access{"", "ticket"} {
		p := photos()
		p.Access = access
		if _, err := profile.Compile(p); err != nil {
			t.Errorf("access %q: %v", access, err)
		}
	}
}
