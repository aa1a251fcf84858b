package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// fakeScoper hands out made-up credentials and keeps what it was asked.
type fakeScoper struct {
	asked []handlers.UploadGrant
	fail  error
}

func (f *fakeScoper) Make(_ context.Context, s handlers.UploadGrant) (sigv4.Credentials, error) {
	f.asked = append(f.asked, s)
	return sigv4.Credentials{AccessKeyID: "AKIA1", SecretAccessKey: "made-up secret", SessionToken: "made-up token",
		Expires: time.Date(2026, 3, 1, 12, 15, 0, 0, time.UTC)}, f.fail
}

// scopedSite allows credentials for films, and has pictures beside it, which doesn't.
func scopedSite(t *testing.T, scoper *fakeScoper, edits ...func(*handlers.Config)) *site {
	t.Helper()
	return newSite(t, append([]func(*handlers.Config){func(c *handlers.Config) {
		c.CredentialsMaker = scoper
		for i := range c.Profiles {
			if c.Profiles[i].Name == "films" {
				c.Profiles[i].ScopedCredentials, c.Profiles[i].StorageClass = true, "STANDARD_IA"
			}
		}
	}}, edits...)...)
}

func TestScopedCredentialsAreForOneSubjectsPrefix(t *testing.T) {
	t.Parallel()
	scoper := &fakeScoper{}
	s := scopedSite(t, scoper)
	var got struct {
		Credentials                      struct{ AccessKeyID, SecretAccessKey, SessionToken, Expires string }
		Bucket, Prefix, Region, Endpoint string
	}
	a := s.call(http.MethodPost, "/uploads/credentials", `{"profile":"films"}`, "Authorization", "Bearer zoë/../bob")
	a.into(http.StatusCreated, &got)
	k := got.Credentials
	if k.AccessKeyID != "AKIA1" || k.SecretAccessKey != "made-up secret" || k.SessionToken != "made-up token" || k.Expires != "2026-03-01T12:15:00Z" {
		t.Errorf("credentials %+v", k)
	}
	if got.Bucket != bucket || got.Region != store.Region() || got.Endpoint != store.URL() {
		t.Errorf("answer %+v", got)
	}
	want := handlers.UploadGrant{Subject: "zoë/../bob", Bucket: bucket, Prefix: "users/zo~C3~AB~2F..~2Fbob/", StorageClass: "STANDARD_IA"}
	if got.Prefix != want.Prefix || len(scoper.asked) != 1 || scoper.asked[0] != want {
		t.Errorf("prefix %q, asked %+v, wanted %+v", got.Prefix, scoper.asked, want)
	}
	if a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control %q, wanted no-store", a.header.Get("Cache-Control"))
	}
	s.log.mustNotHold(t, "made-up secret", "made-up token")
}

func TestScopedCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, ticket string
		origin       string
		fail         error
		want         handlers.Code
	}{
		"to nobody":                     {body: `{"profile":"films"}`, want: handlers.CodeUnauthorized},
		"to who calls himself guest":    {body: `{"profile":"films"}`, ticket: "guest", want: handlers.CodeUnauthorized},
		"for a bad ticket":              {body: `{"profile":"films"}`, ticket: "alice?", want: handlers.CodeUnauthorized},
		"where the profile is silent":   {body: `{"profile":"pictures"}`, ticket: "alice", want: handlers.CodeForbidden},
		"for an unknown profile":        {body: `{"profile":"none"}`, ticket: "alice", want: handlers.CodeUnknownProfile},
		"without a profile":             {body: `{}`, ticket: "alice", want: handlers.CodeInvalidRequest},
		"for a prefix one may wish for": {body: `{"profile":"films","prefix":"users/"}`, ticket: "alice", want: handlers.CodeInvalidRequest},
		"to a foreign page":             {body: `{"profile":"films"}`, ticket: "alice", origin: "https://evil.example", want: handlers.CodeOriginNotAllowed},
		"in an outage":                  {body: `{"profile":"films"}`, ticket: "alice", fail: errors.New("down"), want: handlers.CodeStoreUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := []string{}
			if c.ticket != "" {
				header = append(header, "Authorization", "Bearer "+c.ticket)
			}
			if c.origin != "" {
				header = append(header, "Origin", c.origin)
			}
			scoper := &fakeScoper{fail: c.fail}
			scopedSite(t, scoper).call(http.MethodPost, "/uploads/credentials", c.body, header...).refused(c.want)
			if c.fail == nil && len(scoper.asked) != 0 {
				t.Errorf("asked for %+v, wanted a refusal before", scoper.asked)
			}
		})
	}
}

func TestScopedCredentialsCountAsAnUpload(t *testing.T) {
	t.Parallel()
	limit := func(c *handlers.Config) {
		for i := range c.Profiles {
			c.Profiles[i].Quota.Uploads = profile.Rate{Limit: 1, Window: time.Hour}
		}
		quota, err := handlers.NewMemoryQuota(handlers.QuotaConfig{Profiles: c.Profiles})
		if err != nil {
			t.Fatal(err)
		}
		c.Limiter = quota
	}
	s := scopedSite(t, &fakeScoper{}, limit)
	ask := func() answer {
		return s.call(http.MethodPost, "/uploads/credentials", `{"profile":"films"}`, "Authorization", "Bearer alice")
	}
	ask().into(http.StatusCreated, &struct{}{})
	again := ask()
	again.refused(handlers.CodeQuotaExceeded)
	if again.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestScopedCredentialsNeedAScoper(t *testing.T) {
	t.Parallel()
	_, err := handlers.New(handlers.Config{Profiles: []profile.Profile{{Name: "films", ScopedCredentials: true}}})
	if err == nil || !strings.Contains(err.Error(), "wanted a Scoper") {
		t.Errorf("error %v, wanted it to name the Scoper", err)
	}
}
