package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/quota"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// fakeMaker hands out made-up credentials and keeps what it was asked.
type fakeMaker struct {
	asked []uploads.UploadGrant
	fail  error
}

func (f *fakeMaker) Make(_ context.Context, s uploads.UploadGrant) (sigv4.Credentials, error) {
	f.asked = append(f.asked, s)
	return sigv4.Credentials{AccessKeyID: "AKIA1", SecretAccessKey: "made-up secret", SessionToken: "made-up token",
		Expires: time.Date(2026, 3, 1, 12, 15, 0, 0, time.UTC)}, f.fail
}

// scopedSite allows credentials for films, and has pictures beside it, which doesn't.
func scopedSite(t *testing.T, maker *fakeMaker, edits ...func(*handlers.Config)) *site {
	t.Helper()
	return newSite(t, append([]func(*handlers.Config){func(c *handlers.Config) {
		c.CredentialsMaker = maker
		for i := range c.Profiles {
			if c.Profiles[i].Name == "films" {
				c.Profiles[i].ScopedCredentials, c.Profiles[i].StorageClass = true, "STANDARD_IA"
				c.Store.Provider.Classes = []policy.S3Class{"STANDARD_IA"}
			}
		}
	}}, edits...)...)
}

func TestScopedCredentialsAreForOneSubjectsPrefix(t *testing.T) {
	t.Parallel()
	maker := &fakeMaker{}
	s := scopedSite(t, maker)
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
	want := uploads.UploadGrant{Subject: "zoë/../bob", Bucket: bucket, Prefix: "users/zo~C3~AB~2F..~2Fbob/", StorageClass: "STANDARD_IA"}
	if got.Prefix != want.Prefix || len(maker.asked) != 1 || maker.asked[0] != want {
		t.Errorf("prefix %q, asked %+v, wanted %+v", got.Prefix, maker.asked, want)
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
		want         problem.Code
	}{
		"to nobody":                     {body: `{"profile":"films"}`, want: problem.Unauthorized},
		"to who calls himself guest":    {body: `{"profile":"films"}`, ticket: "guest", want: problem.Unauthorized},
		"for a bad ticket":              {body: `{"profile":"films"}`, ticket: "alice?", want: problem.Unauthorized},
		"where the profile is silent":   {body: `{"profile":"pictures"}`, ticket: "alice", want: problem.Forbidden},
		"for an unknown profile":        {body: `{"profile":"none"}`, ticket: "alice", want: problem.UnknownProfile},
		"without a profile":             {body: `{}`, ticket: "alice", want: problem.InvalidRequest},
		"for a prefix one may wish for": {body: `{"profile":"films","prefix":"users/"}`, ticket: "alice", want: problem.InvalidRequest},
		"to a foreign page":             {body: `{"profile":"films"}`, ticket: "alice", origin: "https://evil.example", want: problem.OriginNotAllowed},
		"in an outage":                  {body: `{"profile":"films"}`, ticket: "alice", fail: errors.New("down"), want: problem.StoreUnavailable},
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
			maker := &fakeMaker{fail: c.fail}
			scopedSite(t, maker).call(http.MethodPost, "/uploads/credentials", c.body, header...).refused(c.want)
			if c.fail == nil && len(maker.asked) != 0 {
				t.Errorf("asked for %+v, wanted a refusal before", maker.asked)
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
		quota, err := quota.New(quota.Config{Profiles: c.Profiles})
		if err != nil {
			t.Fatal(err)
		}
		c.Limiter = quota
	}
	s := scopedSite(t, &fakeMaker{}, limit)
	ask := func() answer {
		return s.call(http.MethodPost, "/uploads/credentials", `{"profile":"films"}`, "Authorization", "Bearer alice")
	}
	ask().into(http.StatusCreated, &struct{}{})
	again := ask()
	again.refused(problem.QuotaExceeded)
	if again.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestScopedCredentialsNeedAMaker(t *testing.T) {
	t.Parallel()
	_, err := handlers.New(handlers.Config{Profiles: []profile.Profile{{Name: "films", ScopedCredentials: true}}})
	if err == nil || !strings.Contains(err.Error(), "wanted a CredentialsMaker") {
		t.Errorf("error %v, wanted it to name CredentialsMaker", err)
	}
}
