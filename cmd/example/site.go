package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

const bucket = "example"

// site is the site with the albums.
type site struct {
	uploads  *handlers.Handlers
	sessions *sessions
	albums   *albums
	store    string // origin of the bucket, where pictures come from
}

// newSite mounts Postern below /up, in front of a store.
func newSite(o origins, store *gateway.Gateway, shared sharedSecrets) (*site, error) {
	provider, err := uploads.ProviderNamed("versity")
	if err != nil {
		return nil, err
	}
	verifier, err := tickets.New(tickets.Config{Secrets: []sigv4.Secret{shared.tickets}})
	if err != nil {
		return nil, err
	}
	publicURL := o.site + "/up"
	issuer, err := receipts.New(receipts.Config{Issuer: publicURL, Secrets: []sigv4.Secret{shared.receipts}})
	if err != nil {
		return nil, err
	}
	s := &site{sessions: newSessions(verifier), albums: newAlbums(), store: store.URL()}
	s.uploads, err = handlers.New(handlers.Config{
		PublicURL: publicURL,
		Profiles:  profiles(o),
		Store: uploads.Store{Client: store.Client(), Credentials: store.Credentials(), Provider: provider,
			Region: store.Region(), Endpoint: store.URL(), PathStyle: true},
		TokenKeys:  []sigv4.Secret{sigv4.Secret(rand.Text() + rand.Text())},
		Identifier: s.sessions,
		Receipts:   issuer,
		OnComplete: func(ctx context.Context, u uploads.Completed) error {
			slog.InfoContext(ctx, "uploaded", "profile", u.Profile, "key", u.Key, "size", u.Size)
			return nil
		},
	})
	return s, err
}

// profiles are what people may upload. Guests may, too: their uploads are bound to their session.
func profiles(o origins) []profile.Profile {
	pictures := profile.Profile{
		Name: "pictures", Bucket: bucket, Key: "users/{subject}/{id}{ext}",
		Types: []string{"image/png", "image/jpeg", "image/webp"}, MinSize: 1, MaxSize: 10 * profile.MiB,
		Access: profile.AccessPublic, Origins: []string{o.partner}, MaxFiles: 20, Removable: time.Hour,
		Download: profile.Download{Lifetime: 5 * time.Minute, Disposition: profile.DispositionInline},
	}
	documents := pictures
	documents.Name, documents.Types, documents.Origins = "documents", []string{"application/pdf", "text/plain"}, nil
	documents.MaxFiles, documents.Download.Disposition = 3, profile.DispositionAttachment
	return []profile.Profile{pictures, documents}
}

// handler is the whole site.
func (s *site) handler() http.Handler {
	e := echo.New()
	e.HTTPErrorHandler = s.uploads.HTTPErrorHandler
	e.IPExtractor = echo.ExtractIPDirect()
	s.uploads.Register(e.Group("/up"))
	pages := e.Group("", s.sessions.begin)
	pages.GET("/", s.showAlbums)
	pages.GET("/albums/new", s.newAlbum)
	pages.POST("/albums", s.createAlbum)
	pages.GET("/albums/:id", s.showAlbum)
	pages.POST("/session", s.signIn)
	pages.POST("/session/end", s.signOut)
	e.GET("/style.css", func(c echo.Context) error { return c.Blob(http.StatusOK, "text/css; charset=utf-8", stylesheet) })
	// Pages of other sites can't post our forms.
	return http.NewCrossOriginProtection().Handler(e)
}

// page sends a page. allowed are directives of a Content-Security-Policy beside our own.
func (s *site) page(c echo.Context, status int, view pageView, allowed string) error {
	view.User = s.sessions.of(c.Request()).user
	if view.Head == nil {
		view.Head = nothing()
	}
	c.Response().Header().Set("Content-Security-Policy",
		"default-src 'none'; base-uri 'none'; frame-ancestors 'none'; img-src 'self' "+s.store+"; "+allowed)
	c.Response().Header().Set("Cache-Control", "no-store")
	return handlers.Render(c, status, page(view))
}

// ownForms is what pages without upload fields allow.
const ownForms = "style-src 'self'; form-action 'self'"
