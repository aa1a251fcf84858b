package scoped_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/scoped"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

const ticketKey = sigv4.Secret("ticket-key-0123456789-0123456789-012345678")

func TestATicketIsExchangedForScopedCredentials(t *testing.T) {
	t.Parallel()
	s := newTokenService(t)
	s.body = assumed("AKIA1", "made-up secret", "made-up token", time.Now().Add(15*time.Minute).UTC().Format(time.RFC3339))
	ticket, err := tickets.Mint(tickets.Ticket{Subject: "a*b/c", Profiles: []string{"films"}}, ticketKey, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/uploads/credentials", strings.NewReader(`{"profile":"films"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+ticket)
	w := httptest.NewRecorder()
	mounted(t, s.maker(t, func(c *scoped.STSConfig) { c.Now = time.Now })).ServeHTTP(w, r)
	for _, want := range []string{
		`"accessKeyId":"AKIA1"`, `"secretAccessKey":"made-up secret"`, `"sessionToken":"made-up token"`, `"bucket":"media"`,
		`"prefix":"users/a~2Ab~2Fc/"`, `"region":"eu-central-1"`, `"endpoint":"https://s3.eu-central-1.amazonaws.com"`,
	} {
		if w.Code != http.StatusCreated || !strings.Contains(w.Body.String(), want) {
			t.Errorf("status %d %s, wanted 201 with %s", w.Code, w.Body, want)
		}
	}
	if policy := s.asked.Get("Policy"); strings.Count(policy, `"Resource":"arn:aws:s3:::media/users/a~2Ab~2Fc/*"`) != 2 {
		t.Errorf("policy %s, wanted the subject's prefix alone", policy)
	}
}

// mounted returns the routes of a server with one profile that allows scoped credentials.
func mounted(t *testing.T, maker uploads.CredentialsMaker) http.Handler {
	t.Helper()
	keys := credentials.NewStaticCredentialsProvider("AKIASERVER", "server secret", "")
	verifier, err := tickets.New(tickets.Config{Secrets: []sigv4.Secret{ticketKey}})
	if err != nil {
		t.Fatal(err)
	}
	h, err := handlers.New(handlers.Config{
		PublicURL: "https://uploads.example.com", Identifier: verifier, CredentialsMaker: maker,
		Profiles: []profile.Profile{{Name: "films", Bucket: "media", Key: "users/{subject}/{id}", Types: []string{"video/mp4"},
			MaxSize: 1 << 30, ScopedCredentials: true}},
		Store: uploads.Store{Client: s3.New(s3.Options{Region: "eu-central-1", Credentials: keys}), Credentials: keys,
			Region: "eu-central-1"},
		TokenKeys: []sigv4.Secret{"token-key-0123456789-0123456789-0123456789"}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	h.Register(e.Group(""))
	return e
}
