package scoped_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/postern-dev/postern/handlers/scoped"
	"github.com/postern-dev/postern/policy/sigv4"
)

const ramRole = "acs:ram::1234567890123456:role/uploads"

// aliyunService is a strict double of Aliyun's STS: it refuses what it doesn't expect, and verifies
// the signature from scratch.
type aliyunService struct {
	*httptest.Server
	mu     sync.Mutex
	asked  url.Values
	nonces map[string]bool
	status int    // of the answer to a good call; 0 is 200
	body   string // of it
}

const aliyunAnswer = `{"RequestId":"1","Credentials":{"AccessKeyId":"STS.1","AccessKeySecret":"made-up secret","SecurityToken":"made-up token","Expiration":"2026-03-01T12:15:00Z"}}`

func newAliyunService(t *testing.T) *aliyunService {
	s := &aliyunService{nonces: map[string]bool{}, body: aliyunAnswer, status: http.StatusOK}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if code := s.fault(r); code != "" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"Code":%q,"RequestId":"7"}`, code)
			return
		}
		w.WriteHeader(s.status)
		_, _ = fmt.Fprint(w, s.body)
	}))
	t.Cleanup(s.Close)
	return s
}

var aliyunParameters = []string{"Action", "Version", "Format", "AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Signature",
	"Timestamp", "SecurityToken", "RoleArn", "RoleSessionName", "Policy", "DurationSeconds", "ExternalId"}

// fault is the code of what is wrong with a call, "" for nothing.
func (s *aliyunService) fault(r *http.Request) string {
	if r.ParseForm() != nil || r.Method != http.MethodPost || r.URL.Path != "/" || r.URL.RawQuery != "" {
		return "InvalidRequest"
	}
	s.asked = r.PostForm
	for name, values := range s.asked {
		if len(values) != 1 || !slices.Contains(aliyunParameters, name) {
			return "InvalidParameter." + name
		}
	}
	sent, err := time.Parse("2006-01-02T15:04:05Z", s.asked.Get("Timestamp"))
	nonce := s.asked.Get("SignatureNonce")
	switch {
	case s.asked.Get("Action") != "AssumeRole" || s.asked.Get("Version") != "2015-04-01":
		return "InvalidAction.NotFound"
	case s.asked.Get("SignatureMethod") != "HMAC-SHA1" || s.asked.Get("SignatureVersion") != "1.0" || s.asked.Get("AccessKeyId") != "LTAISERVER":
		return "InvalidAccessKeyId.NotFound"
	case err != nil || !sent.Equal(noon):
		return "InvalidTimeStamp.Expired"
	case nonce == "" || s.nonces[nonce]:
		return "SignatureNonceUsed"
	case s.asked.Get("Signature") != s.signature():
		return "SignatureDoesNotMatch"
	}
	s.nonces[nonce] = true
	return ""
}

// signature is that of the call, written down a second time: every byte but letters, digits and -_.~
// becomes %XX, names are sorted, and the whole is encoded once more.
func (s *aliyunService) signature() string {
	encode := func(text string) string {
		var b strings.Builder
		for _, c := range []byte(text) {
			if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
		return b.String()
	}
	var pairs []string
	for name := range s.asked {
		if name != "Signature" {
			pairs = append(pairs, encode(name)+"="+encode(s.asked.Get(name)))
		}
	}
	slices.Sort(pairs)
	mac := hmac.New(sha1.New, []byte("server secret&"))
	_, _ = mac.Write([]byte("POST&" + encode("/") + "&" + encode(strings.Join(pairs, "&"))))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (s *aliyunService) maker(t *testing.T, secret, token string) *scoped.Aliyun {
	t.Helper()
	maker, err := scoped.NewAliyun(scoped.AliyunConfig{Credentials: credentials.NewStaticCredentialsProvider("LTAISERVER", secret, token),
		RoleARN: ramRole, ExternalID: "a shop~*", Endpoint: s.URL, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return maker
}

func TestAliyunIsAskedForOnePrefixAndAShortTime(t *testing.T) {
	t.Parallel()
	s := newAliyunService(t)
	maker := s.maker(t, "server secret", "own token")
	for range 2 { // with another nonce each
		got, err := maker.Make(t.Context(), alice)
		want := sigv4.Credentials{AccessKeyID: "STS.1", SecretAccessKey: "made-up secret", SessionToken: "made-up token", Expires: noon.Add(15 * time.Minute)}
		if err != nil || got != want {
			t.Fatalf("credentials %v, %v, wanted %v", got, err, want)
		}
	}
	for name, value := range map[string]string{
		"RoleArn": ramRole, "DurationSeconds": "900", "SecurityToken": "own token", "ExternalId": "a shop~*", "RoleSessionName": scoped.SessionName("alice"),
		"Policy": `{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:PutObject","oss:AbortMultipartUpload","oss:ListParts"],` +
			`"Resource":"acs:oss:*:*:media/users/alice/*"}]}`,
	} {
		if s.asked.Get(name) != value {
			t.Errorf("%s %q, wanted %q", name, s.asked.Get(name), value)
		}
	}
}

func TestAliyunRefusesAnotherSecret(t *testing.T) {
	t.Parallel()
	_, err := newAliyunService(t).maker(t, "another secret", "").Make(t.Context(), alice)
	if err == nil || !strings.Contains(err.Error(), "SignatureDoesNotMatch") || strings.Contains(err.Error(), "another secret") {
		t.Errorf("got %v", err)
	}
}

func TestIncompleteAnswersOfAliyunAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"a refusal":        {http.StatusForbidden, `{"Code":"NoPermission"}`},
		"a redirect":       {http.StatusFound, aliyunAnswer},
		"no expiration":    {http.StatusOK, strings.Replace(aliyunAnswer, "Expiration", "Ends", 1)},
		"an empty secret":  {http.StatusOK, strings.Replace(aliyunAnswer, "made-up secret", "", 1)},
		"a day":            {http.StatusOK, strings.Replace(aliyunAnswer, "03-01", "03-02", 1)},
		"an hour ago":      {http.StatusOK, strings.Replace(aliyunAnswer, "12:15", "11:00", 1)},
		"no credentials":   {http.StatusOK, `{}`},
		"a page of a site": {http.StatusOK, `<html>`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newAliyunService(t)
			s.status, s.body = c.status, c.body
			if got, err := s.maker(t, "server secret", "").Make(t.Context(), alice); err == nil || got != (sigv4.Credentials{}) {
				t.Errorf("credentials %v, wanted a refusal", got)
			}
		})
	}
}

func TestAliyunIsNotAskedForABadGrantOrAfterTheContextEnds(t *testing.T) {
	t.Parallel()
	s := newAliyunService(t)
	maker := s.maker(t, "server secret", "")
	for _, prefix := range []string{"", "/", "users/*/", "users/?/", "users/1", "users/../", strings.Repeat("p", 1000) + "/" + strings.Repeat("q", 2000) + "/"} {
		bad := alice
		bad.Prefix = prefix
		if _, err := maker.Make(t.Context(), bad); err == nil {
			t.Errorf("prefix %q: wanted a refusal", prefix)
		}
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := maker.Make(gone, alice); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if s.asked != nil {
		t.Errorf("asked %v", s.asked)
	}
}

func TestEveryMistakeInTheAliyunConfigIsReported(t *testing.T) {
	t.Parallel()
	_, err := scoped.NewAliyun(scoped.AliyunConfig{RoleARN: role, Lifetime: time.Second})
	for _, want := range []string{"wanted credentials", "acs:ram::", "lifetime"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, wanted %q in it", err, want)
		}
	}
}
