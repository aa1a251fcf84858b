package load

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/quota"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	ticketKey = "ticket-key-0123456789-0123456789-012345678"
	tokenKey  = "token-key-0123456789-0123456789-0123456789"
)

// servePages serves the form page of a profile on one port and a bare page of the same size on
// another, until its input ends.
func servePages(stop io.Reader, ready io.Writer) error {
	pages, err := formPages()
	if err != nil {
		return err
	}
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/forms/photos", nil)
	r.Header.Set("Accept-Language", "de")
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		return fmt.Errorf("load: form page: status %d", w.Code)
	}
	first, err := listenAndServe(&http.Server{
		Handler: pages, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 20 * time.Second,
		WriteTimeout: 10 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	})
	if err != nil {
		return err
	}
	second, err := listenAndServe(&http.Server{Handler: barePage(w.Body.Len())})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(ready, "%s %s %d\n", first, second, w.Body.Len()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, stop)
	return err
}

func listenAndServe(s *http.Server) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	return l.Addr().String(), nil
}

// barePage is the least that Echo can do for a page of that size.
func barePage(size int) http.Handler {
	page := strings.Repeat("x", size)
	e := echo.New()
	e.GET("/forms/photos", func(c echo.Context) error { return c.HTML(http.StatusOK, page) })
	return e
}

// formPages returns what `postern serve` runs, with the access log on standard error. No request of
// the benchmarks needs the store.
func formPages() (http.Handler, error) {
	verifier, err := tickets.New(tickets.Config{Secrets: []sigv4.Secret{ticketKey}})
	if err != nil {
		return nil, err
	}
	provider, err := uploads.ProviderNamed("aws")
	if err != nil {
		return nil, err
	}
	keys := credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "made-up-secret", "")
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	profiles := []profile.Profile{{
		Name: "photos", Bucket: "media", Key: "users/{subject}/{yyyy}/{mm}/{id}{ext}",
		Types: []string{"image/png", "image/jpeg", "image/webp"}, MinSize: 1, MaxSize: 10 << 20,
		Access: profile.AccessPublic, Metadata: map[string]string{"source": "web"}, Tags: map[string]string{"stage": "inbox"},
	}}
	quota, err := quota.New(quota.Config{Profiles: profiles, Issues: profile.Rate{Limit: 1_000_000, Window: time.Second}})
	if err != nil {
		return nil, err
	}
	h, err := handlers.New(handlers.Config{
		PublicURL: "https://uploads.example.com", Profiles: profiles,
		Store: uploads.Store{Client: s3.New(s3.Options{Region: "eu-central-1", Credentials: keys}), Credentials: keys,
			Region: "eu-central-1", Provider: provider},
		TokenKeys:  []sigv4.Secret{tokenKey},
		Identifier: verifier, Limiter: quota, Logger: log,
	})
	if err != nil {
		return nil, err
	}
	e := echo.New()
	e.HTTPErrorHandler, e.IPExtractor = h.HTTPErrorHandler, echo.ExtractIPDirect()
	e.Use(handlers.AccessLog(log), middleware.Recover())
	h.Register(e.Group(""))
	return e, nil
}
