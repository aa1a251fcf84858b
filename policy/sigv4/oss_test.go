package sigv4_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// The signatures are those in the tests of Aliyun's SDK for Go.
func TestOSSKnownAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		now               int64
		token, additional string
		headers           []sigv4.Param
		wanted            string
	}{
		"with a session token": {1702785388, "token", "", headers("content-type", "application/octet-stream", "x-oss-head1", "value"),
			"3817ac9d206cd6dfc90f1c09c00be45005602e55898f26f5ddb06d7892e1f8b5"},
		"with additional headers": {1702783809, "", "abc;zabc", headers("zabc", "value", "content-type", "application/octet-stream", "x-oss-head1", "value", "abc", "value"),
			"6bd984bfe531afb6db1f7550983a741b103a8c58e5e14f83ea474c2322dfa2b7"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := sigv4.NewSigner(sigv4.OSS, "oss-cn-hangzhou", sigv4.Credentials{AccessKeyID: "ak", SecretAccessKey: "sk", SessionToken: sigv4.Secret(test.token)})
			if err != nil {
				t.Fatal(err)
			}
			now := time.Unix(test.now, 0)
			got, err := s.PresignURL(sigv4.PresignRequest{
				Method:  "PUT",
				URL:     sigv4.ObjectURL("https://bucket.oss-cn-hangzhou.aliyuncs.com", "1234+-/123/1.txt"),
				Query:   headers("param1", "value1", "+param1", "value3", "|param1", "value4", "+param2", "", "|param2", "", "param2", ""),
				Headers: test.headers,
				Expires: now.Add(599 * time.Second),
			}, now)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(got)
			if err != nil || u.Query().Get("x-oss-signature") != test.wanted || u.Query().Get("x-oss-additional-headers") != test.additional {
				t.Errorf("got %s, %v, wanted the signature %s", got, err, test.wanted)
			}
		})
	}
}

// The signed path begins with the bucket, whether the host or the request names it.
func TestOSSSignsTheBucket(t *testing.T) {
	t.Parallel()
	s := newSigner(t, sigv4.OSS, permanent())
	sign := func(address, bucket string) (string, error) {
		got, err := s.PresignURL(sigv4.PresignRequest{Method: "PUT", URL: address, Bucket: bucket, Expires: noon.Add(time.Hour)}, noon)
		return got[strings.LastIndex(got, "=")+1:], err
	}
	byHost, err := sign("https://media.oss-us-east-1.aliyuncs.com/a", "")
	if err != nil {
		t.Fatal(err)
	}
	if byName, err := sign("https://files.example.com/a", "media"); err != nil || byName != byHost {
		t.Errorf("got %s, %v with the bucket given, wanted %s", byName, err, byHost)
	}
	if other, err := sign("https://other.oss-us-east-1.aliyuncs.com/a", ""); err != nil || other == byHost {
		t.Errorf("got %s, %v for another bucket", other, err)
	}
	for _, address := range []string{"https://files.example.com/a", "https://oss-us-east-1.aliyuncs.com/a"} {
		if got, err := sign(address, ""); err == nil {
			t.Errorf("%s: got %s without a bucket", address, got)
		}
		if parts, err := s.PresignParts(sigv4.PartsRequest{URL: address, UploadID: "id", Expires: noon.Add(time.Hour)}, noon); err == nil {
			t.Errorf("%s: got %v without a bucket", address, parts)
		}
	}
}
