package tickets_test

import (
	"bytes"
	"encoding/json"
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
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// handlersFor mounts the handlers with a source of identities. Plans below the multipart threshold
// need no store.
func handlersFor(t *testing.T, source tickets.Source, log *bytes.Buffer) http.Handler {
	t.Helper()
	keys := credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "made-up-secret", "")
	public := profile.Profile{Name: "photos", Bucket: "media", Key: "users/{subject}/{id}{ext}", Types: []string{"image/png"},
		MaxSize: 1000, Access: profile.AccessPublic, AcceptMetadata: []string{"album"}}
	private := public
	private.Name, private.Key, private.Access = "teams", "teams/{claim:team}/{subject}/{id}", profile.AccessTicket
	h, err := handlers.New(handlers.Config{
		PublicURL: "http://127.0.0.1", Profiles: []profile.Profile{public, private}, Identifier: source,
		Store: uploads.Store{Client: s3.New(s3.Options{Region: "eu-central-1", Credentials: keys}), Credentials: keys,
			Region: "eu-central-1"},
		TokenKeys: []sigv4.Secret{"token-key-0123456789-0123456789-0123456789"}, Logger: slog.New(slog.NewJSONHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.Use(handlers.AccessLog(slog.New(slog.NewJSONHandler(log, nil))))
	h.Register(e.Group(""))
	return e
}

// ask wants to upload a picture.
func ask(h http.Handler, profile, ticket string, size int) *httptest.ResponseRecorder {
	body := must(json.Marshal(object{"profile": profile, "filename": "a.png", "type": "image/png", "size": size}))
	r := httptest.NewRequest(http.MethodPost, "/uploads", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if ticket != "" {
		r.Header.Set("Authorization", "Bearer "+ticket)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestTheAnswerToEachKindOfTicket(t *testing.T) {
	t.Parallel()
	down := newIssuer(t)
	down.answer(http.StatusBadGateway, nil)
	now := time.Now()
	mint := func(edit func(*tickets.Ticket)) string {
		ticket := tickets.Ticket{Subject: "alice", Profiles: []string{"photos", "teams"}, Claims: map[string]string{"team": "blue"}}
		edit(&ticket)
		return must(tickets.Mint(ticket, secret, now))
	}
	plain := mint(func(*tickets.Ticket) {})
	for name, c := range map[string]struct {
		profile, ticket string
		size            int
		status          int
		want            string // in the answer
	}{
		"nobody, a public profile":        {profile: "photos", status: 201, want: `"key":"users/guest/`},
		"nobody, one that wants a ticket": {profile: "teams", status: 401, want: `"code":"unauthorized"`},
		"a good ticket":                   {profile: "photos", ticket: plain, status: 201, want: `"key":"users/alice/`},
		"a claim in the key":              {profile: "teams", ticket: plain, status: 201, want: `"key":"teams/blue/alice/`},
		"a bad ticket, a public profile":  {profile: "photos", ticket: plain[:len(plain)-2], status: 401, want: `"code":"unauthorized","reason":"not a ticket"`},
		"a ticket that is over":           {profile: "photos", ticket: must(tickets.Mint(tickets.Ticket{Subject: "alice", Profiles: []string{"*"}}, secret, now.Add(-time.Hour))), status: 401, want: `"code":"unauthorized","reason":"expired"`},
		"a ticket for something else":     {profile: "teams", ticket: mint(func(k *tickets.Ticket) { k.Profiles = []string{"photos"} }), status: 403, want: `"code":"forbidden"`},
		"a ticket without the claim":      {profile: "teams", ticket: mint(func(k *tickets.Ticket) { k.Claims = nil }), status: 403, want: `"code":"forbidden"`},
		"a tighter size":                  {profile: "photos", ticket: mint(func(k *tickets.Ticket) { k.MaxSize = 9 }), size: 10, status: 413, want: `"code":"size_too_large"`},
		"extra metadata":                  {profile: "photos", ticket: mint(func(k *tickets.Ticket) { k.Metadata = map[string]string{"album": "sea"} }), status: 201, want: `x-amz-meta-album`},
		"a key set that is down":          {profile: "photos", ticket: minted(t, "k", ecKey, now), status: 503, want: `"code":"store_unavailable"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			source := verifier(t, tickets.Config{Secrets: secrets(), JWKS: down.URL, Now: time.Now})
			w := ask(handlersFor(t, source, &log), c.profile, c.ticket, max(c.size, 1))
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("status %d %s, wanted %d with %s", w.Code, w.Body, c.status, c.want)
			}
			if c.status == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			for piece := range strings.SplitSeq(c.ticket, ".") {
				if len(piece) > 0 && strings.Contains(log.String()+w.Body.String(), piece) {
					t.Errorf("a piece of the ticket is in the answer or the log:\n%s\n%s", w.Body, &log)
				}
			}
		})
	}
}
