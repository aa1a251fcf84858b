package setup_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// beginsUploads is a store that begins multipart uploads and does nothing else.
type beginsUploads struct{ uploads.StoreClient }

func (beginsUploads) CreateMultipartUpload(context.Context, *s3.CreateMultipartUploadInput, ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error) {
	return &s3.CreateMultipartUploadOutput{UploadId: aws.String("upload-1")}, nil
}

// everySetting are changes of a profile that show in what browsers send.
var everySetting = []struct {
	name   string
	change func(*profile.Profile)
}{
	{"nothing set", func(*profile.Profile) {}},
	{"crc32", func(p *profile.Profile) { p.Checksum = profile.ChecksumCRC32 }},
	{"crc64nvme", func(p *profile.Profile) { p.Checksum = profile.ChecksumCRC64NVME }},
	{"md5", func(p *profile.Profile) { p.Checksum = profile.ChecksumMD5 }},
	{"metadata", func(p *profile.Profile) {
		p.Metadata, p.AcceptMetadata = map[string]string{"source": "web"}, []string{"album", "filename"}
	}},
	{"tags", func(p *profile.Profile) { p.Tags = map[string]string{"stage": "inbox"} }},
	{"an ACL", func(p *profile.Profile) { p.ACL = "private" }},
	{"a class", func(p *profile.Profile) { p.StorageClass = "STANDARD_IA" }},
	{"encryption", func(p *profile.Profile) { p.Encryption.Mode = profile.EncryptionAES256 }},
	{"encryption with a key", func(p *profile.Profile) {
		p.Encryption = profile.Encryption{Mode: profile.EncryptionKMS, KeyID: "key-1"}
	}},
	{"what HTTP says", func(p *profile.Profile) {
		p.CacheControl, p.ContentEncoding, p.ContentLanguage, p.ContentDisposition = "no-cache", "gzip", "de", "attachment"
	}},
	{"no overwriting", func(p *profile.Profile) { p.Overwrite = profile.OverwriteForbid }},
	{"small files alone", func(p *profile.Profile) { p.MaxSize = profile.MiB }},
	{"large files alone", func(p *profile.Profile) { p.MinSize = 20 * profile.MiB }},
	{"parts for all", func(p *profile.Profile) {
		p.Multipart.Threshold, p.MinSize, p.Checksum = 1, 1, profile.ChecksumMD5
	}},
}

// TestTheAllowedHeadersAreThoseThatUploadsSign issues every kind of upload at every provider, with
// metadata of a ticket, and compares what browsers have to send with what the rule allows: nothing
// is missing and nothing is too much.
func TestTheAllowedHeadersAreThoseThatUploadsSign(t *testing.T) {
	t.Parallel()
	compared := 0
	for _, name := range uploads.ProviderNames() {
		provider, err := uploads.ProviderNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, setting := range everySetting {
			p := profile.Profile{Name: "inbox", Bucket: "media", Key: "in/{id}", Types: []string{"*/*"}, MaxSize: 64 * profile.MiB, Access: profile.AccessPublic}
			setting.change(&p)
			if provider.CheckProfile(p) != nil {
				continue // no config file can have it
			}
			compared++
			sent := headersSent(t, provider, p)
			allowed, err := provider.BrowserHeaders(p)
			if err != nil {
				t.Fatal(err)
			}
			prefix := ""
			allowed = slices.DeleteFunc(allowed, func(h string) bool {
				if strings.HasSuffix(h, "*") {
					prefix = strings.TrimSuffix(h, "*")
				}
				return strings.HasSuffix(h, "*")
			})
			sent = slices.DeleteFunc(sent, func(h string) bool { return prefix != "" && h == prefix+"department" }) // the ticket's
			if !slices.Equal(sent, allowed) {
				t.Errorf("%s, %s: uploads send %v, the rule allows %v", name, setting.name, sent, allowed)
			}
		}
	}
	if compared < 100 {
		t.Errorf("%d profiles were compared, wanted at least 100", compared)
	}
}

// headersSent issues files of all kinds of sizes and returns the names of the headers that browsers
// send with them, sorted.
func headersSent(t *testing.T, provider uploads.Provider, p profile.Profile) []string {
	t.Helper()
	service, err := uploads.New(uploads.Config{PublicURL: "https://uploads.example.com", Profiles: []profile.Profile{p},
		TokenKeys: []sigv4.Secret{sigv4.Secret(strings.Repeat("k", 32))},
		Store: uploads.Store{Client: beginsUploads{}, Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), Provider: provider,
			Region: "eu-central-1", Endpoint: "https://store.example.com"}})
	if err != nil {
		t.Fatalf("%s: %v", provider.Name, err)
	}
	served, err := service.Profile(p.Name)
	if err != nil {
		t.Fatal(err)
	}
	visitor := uploads.Visitor{Identity: profile.Identity{Subject: "alice", Profiles: []string{"*"}, Metadata: map[string]string{"department": "x"}}}
	given := map[string]string{}
	for _, name := range p.AcceptMetadata {
		given[name] = "value"
	}
	names := map[string]bool{}
	for _, size := range []int64{0, 1, profile.MiB, 16*profile.MiB - 1, 16 * profile.MiB, 64 * profile.MiB} {
		issued, err := service.IssueFile(t.Context(), served, visitor, profile.File{Name: "a.bin", Type: "application/x-thing", Size: size, Metadata: given})
		if err != nil {
			continue // not a size of this profile
		}
		for name := range signedHeaders(t, service, issued, visitor) {
			names[name] = true
		}
	}
	out := make([]string, 0, len(names))
	for name := range names {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// signedHeaders are those that a browser has to send with the file, which are exactly those that
// the URL signs but for host and content-length.
func signedHeaders(t *testing.T, service *uploads.Service, issued uploads.Issued, visitor uploads.Visitor) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	check := func(address string, headers []sigv4.Param) {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		signed := ""
		for name, values := range u.Query() {
			if strings.HasSuffix(strings.ToLower(name), "-signedheaders") || strings.HasSuffix(strings.ToLower(name), "additional-headers") {
				signed = values[0]
			}
		}
		for _, h := range headers {
			names[h.Name] = true
			if !slices.Contains(strings.Split(signed, ";"), h.Name) && !strings.Contains(address, "OSS4") {
				t.Errorf("%s: header %s isn't signed in %q", issued.Method, h.Name, signed)
			}
		}
	}
	if issued.Put != nil {
		check(issued.Put.URL, issued.Put.Headers)
	}
	if issued.Method != profile.MethodMultipart {
		return names
	}
	up, err := service.Open(issued.Token, issued.ID, visitor)
	if err != nil {
		t.Fatal(err)
	}
	request := uploads.PartRequest{Number: 1}
	if up.Checksum != "" {
		request.Checksum = zeroChecksum(up.Checksum.Size())
	}
	parts, err := service.SignParts(t.Context(), up, []uploads.PartRequest{request})
	if err != nil {
		t.Fatal(err)
	}
	check(parts.Parts[0].URL, parts.Parts[0].Headers)
	return names
}

// zeroChecksum is base64 of so many zero bytes.
func zeroChecksum(size int) string {
	text := strings.Repeat("A", (size*8+5)/6)
	return text + strings.Repeat("=", (4-len(text)%4)%4)
}
