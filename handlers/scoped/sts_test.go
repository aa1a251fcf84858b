package scoped_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/postern-dev/postern/handlers/scoped"
	"github.com/postern-dev/postern/policy/sigv4"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const role = "arn:aws:iam::123456789012:role/uploads"

// tokenService speaks the query protocol of AWS STS on loopback. It keeps what it was asked.
type tokenService struct {
	*httptest.Server
	asked         url.Values
	authorization string
	status        int
	body          string
}

func newTokenService(t *testing.T) *tokenService {
	s := &tokenService{status: http.StatusOK, body: assumed("AKIA1", "made-up secret", "made-up token", "2026-03-01T12:15:00Z")}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		s.asked, s.authorization = r.PostForm, r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(s.status)
		_, _ = fmt.Fprint(w, s.body)
	}))
	t.Cleanup(s.Close)
	return s
}

func assumed(id, secret, token, expires string) string {
	return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>` + id +
		`</AccessKeyId><SecretAccessKey>` + secret + `</SecretAccessKey><SessionToken>` + token + `</SessionToken><Expiration>` + expires +
		`</Expiration></Credentials></AssumeRoleResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleResponse>`
}

func (s *tokenService) client() *sts.Client {
	return sts.New(sts.Options{
		Region: "eu-central-1", BaseEndpoint: &s.URL, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIASERVER", "server secret", ""),
	})
}

func (s *tokenService) maker(t *testing.T, edit func(*scoped.STSConfig)) *scoped.STS {
	t.Helper()
	c := scoped.STSConfig{Client: s.client(), RoleARN: role, Now: func() time.Time { return noon }}
	if edit != nil {
		edit(&c)
	}
	maker, err := scoped.NewSTS(c)
	if err != nil {
		t.Fatal(err)
	}
	return maker
}

func TestSTSIsAskedForOnePrefixAndAShortTime(t *testing.T) {
	t.Parallel()
	s := newTokenService(t)
	got, err := s.maker(t, func(c *scoped.STSConfig) { c.ExternalID = "us" }).Make(t.Context(), alice)
	if err != nil {
		t.Fatal(err)
	}
	want := sigv4.Credentials{AccessKeyID: "AKIA1", SecretAccessKey: "made-up secret", SessionToken: "made-up token", Expires: noon.Add(15 * time.Minute)}
	if got != want {
		t.Errorf("credentials %v, wanted %v", got, want)
	}
	policy, err := scoped.SessionPolicy(alice, "aws")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Action": "AssumeRole", "RoleArn": role, "DurationSeconds": "900", "Policy": policy, "ExternalId": "us",
		"RoleSessionName": scoped.SessionName("alice"),
	} {
		if s.asked.Get(name) != value {
			t.Errorf("%s %q, wanted %q", name, s.asked.Get(name), value)
		}
	}
	if !strings.Contains(s.authorization, "Credential=AKIASERVER/") || !strings.Contains(s.authorization, "/sts/aws4_request") {
		t.Errorf("authorization %q, wanted it signed for sts", s.authorization)
	}
}

func TestSessionNamesAreValidAndDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, subject := range []string{"alice", "Alice", "alice ", "zoë", "a/b", strings.Repeat("x", 256)} {
		name := scoped.SessionName(subject)
		if other, twice := seen[name]; twice || len(name) > 64 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("subject %q has session name %q (also of %q)", subject, name, other)
		}
		seen[name] = subject
	}
}

func TestIncompleteAnswersAreRefused(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no secret":                  assumed("AKIA1", "", "t", "2026-03-01T12:15:00Z"),
		"no session token":           assumed("AKIA1", "s", "", "2026-03-01T12:15:00Z"),
		"good for longer than asked": assumed("AKIA1", "s", "t", "2026-03-01T13:15:00Z"),
		"over already":               assumed("AKIA1", "s", "t", "2026-03-01T11:59:00Z"),
		"no credentials at all":      `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult/></AssumeRoleResponse>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTokenService(t)
			s.body = body
			if got, err := s.maker(t, nil).Make(t.Context(), alice); err == nil || got != (sigv4.Credentials{}) {
				t.Errorf("credentials %v, wanted a refusal", got)
			}
		})
	}
}

func TestRefusalOfTheServiceIsReturned(t *testing.T) {
	t.Parallel()
	s := newTokenService(t)
	s.status = http.StatusForbidden
	s.body = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>`
	_, err := s.maker(t, nil).Make(t.Context(), alice)
	var refused smithy.APIError
	if !errors.As(err, &refused) || refused.ErrorCode() != "AccessDenied" {
		t.Errorf("error %v, wanted AccessDenied", err)
	}
}

func TestNothingIsAskedForABadGrant(t *testing.T) {
	t.Parallel()
	s := newTokenService(t)
	bad := alice
	bad.Prefix = "users/*/"
	if _, err := s.maker(t, nil).Make(t.Context(), bad); err == nil || s.asked != nil {
		t.Errorf("error %v, asked %v, wanted a refusal before asking", err, s.asked)
	}
}

func TestEveryMistakeInTheSTSConfigIsReported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config scoped.STSConfig
		want   []string
	}{
		"nothing":              {scoped.STSConfig{}, []string{"STS client", "role"}},
		"shorter than allowed": {scoped.STSConfig{RoleARN: role, Lifetime: time.Minute}, []string{"lifetime 1m0s"}},
		"longer than allowed":  {scoped.STSConfig{RoleARN: role, Lifetime: 2 * time.Hour}, []string{"lifetime 2h0m0s"}},
		"part of a second":     {scoped.STSConfig{RoleARN: role, Lifetime: 15*time.Minute + 1}, []string{"lifetime"}},
	} {
		_, err := scoped.NewSTS(c.config)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, wanted %q in it", name, err, want)
			}
		}
	}
}
