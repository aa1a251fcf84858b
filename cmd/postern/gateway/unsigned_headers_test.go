package gateway_test

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/handlers/awscreds"
	"github.com/postern-dev/postern/policy/sigv4"
)

var uploader = gateway.Uploader{AccessKey: "uploader", SecretKey: "uploader-secret", Prefix: "users/"}

// presignPut returns the URL of a PUT of three bytes, signed with the length and nothing else. One
// with a negative lifetime is over.
func presignPut(t *testing.T, g *gateway.Gateway, provider aws.CredentialsProvider, key string, lifetime time.Duration) string {
	t.Helper()
	given, err := provider.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := sigv4.NewSigner(sigv4.AWS, g.Region(), awscreds.Credentials(given))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Add(min(lifetime, 0))
	signed, err := signer.PresignURL(sigv4.PresignRequest{Method: http.MethodPut, URL: g.URL() + "/media/" + key,
		Headers: []sigv4.Param{{Name: "content-length", Value: "3"}}, Expires: now.Add(lifetime.Abs() / 2)}, now)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestUnsignedHeadersAreObeyedWhereTheOptionsSaySo(t *testing.T) {
	cases := []struct {
		name, obeying  string
		byUploader     bool
		header, value  string
		lifetime       time.Duration
		spoil          func(string) string
		status         int
		wanted         string // user metadata "note" of the object, or the store's code
		wantedContents string
	}{
		{name: "metadata where the option is off", header: "X-Amz-Meta-Note", value: "mine", status: 403, wanted: "AccessDenied"},
		{name: "metadata", obeying: "media", header: "X-Amz-Meta-Note", value: "mine", status: 200, wanted: "mine", wantedContents: "new"},
		{name: "metadata in another bucket", obeying: "films", header: "X-Amz-Meta-Note", value: "mine", status: 403, wanted: "AccessDenied"},
		{name: "no header", obeying: "media", header: "Accept", value: "*/*", status: 200, wantedContents: "new"},
		{name: "a copy", obeying: "media", header: "X-Amz-Copy-Source", value: "media/private/a", status: 200, wanted: "secret", wantedContents: "old"},
		{name: "a copy by the uploader", obeying: "media", byUploader: true, header: "X-Amz-Copy-Source", value: "media/private/a", status: 403, wanted: "AccessDenied"},
		{name: "tags by the uploader", obeying: "media", byUploader: true, header: "X-Amz-Tagging", value: "a=b", status: 403, wanted: "AccessDenied"},
		{name: "metadata by the uploader", obeying: "media", byUploader: true, header: "X-Amz-Meta-Note", value: "mine", status: 200, wanted: "mine", wantedContents: "new"},
		{name: "an expired URL", obeying: "media", header: "X-Amz-Meta-Note", value: "mine", lifetime: -time.Hour, status: 403, wanted: "AccessDenied"},
		{name: "a wrong signature", obeying: "media", header: "X-Amz-Meta-Note", value: "mine", status: 403, wanted: "AccessDenied",
			spoil: func(url string) string { return url[:len(url)-4] + "0000" }},
		{name: "another key", obeying: "media", header: "X-Amz-Meta-Note", value: "mine", status: 403, wanted: "AccessDenied",
			spoil: func(url string) string { return strings.Replace(url, "/users/", "/others/", 1) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := start(t, gateway.Options{Uploader: uploader, InsecureUnsignedHeaders: []string{c.obeying}})
			defer g.Close()
			seed(t, g, "private/a", "old", "secret")
			by := g.Credentials()
			if c.byUploader {
				by = g.UploaderCredentials()
			}
			url := presignPut(t, g, by, "users/b", cmp.Or(c.lifetime, time.Hour))
			if c.spoil != nil {
				url = c.spoil(url)
			}
			status, answer := sendPut(t, url, "new", c.header, c.value)
			if status != c.status {
				t.Fatalf("status: want %d, got %d %s", c.status, status, answer)
			}
			if c.status != http.StatusOK {
				if !strings.Contains(answer, "<Code>"+c.wanted+"</Code>") {
					t.Errorf("refusal: want %s, got %s", c.wanted, answer)
				}
				return
			}
			if contents, note := object(t, g, "users/b"); contents != c.wantedContents || note != c.wanted {
				t.Errorf("object: want %q with note %q, got %q with %q", c.wantedContents, c.wanted, contents, note)
			}
		})
	}
}

func TestTheUploaderCanOnlyPutBelowItsPrefix(t *testing.T) {
	g := start(t, gateway.Options{Uploader: uploader})
	client := s3.New(g.Client().Options(), func(o *s3.Options) { o.Credentials = g.UploaderCredentials() })
	put := func(key string) error {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("media"), Key: &key, Body: strings.NewReader("x")})
		return err
	}
	if err := put("users/a"); err != nil {
		t.Errorf("below the prefix: %v", err)
	}
	_, get := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("media"), Key: aws.String("users/a")})
	_, remove := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("media"), Key: aws.String("users/a")})
	_, list := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("media")})
	for name, err := range map[string]error{"beside the prefix": put("other/a"), "reading": get, "deleting": remove, "listing": list} {
		var refused smithy.APIError
		if !errors.As(err, &refused) || refused.ErrorCode() != "AccessDenied" {
			t.Errorf("%s: want AccessDenied, got %v", name, err)
		}
	}
}

func seed(t *testing.T, g *gateway.Gateway, key, contents, note string) {
	t.Helper()
	_, err := g.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("media"), Key: &key,
		Body: strings.NewReader(contents), Metadata: map[string]string{"note": note}})
	if err != nil {
		t.Fatal(err)
	}
}

func object(t *testing.T, g *gateway.Gateway, key string) (contents, note string) {
	t.Helper()
	out, err := g.Client().GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("media"), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), out.Metadata["note"]
}

func sendPut(t *testing.T, url, body, header, value string) (status int, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(header, value)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
