package handlers_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/cmd/postern/testpostgres"
	"github.com/postern-dev/postern/handlers"
	records "github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// writer is a response that keeps its memory between requests, so that the benchmarks count what
// the handlers do and not what a recorder does.
type writer struct {
	header http.Header
	status int
	size   int
}

func (w *writer) Header() http.Header { return w.header }
func (w *writer) WriteHeader(s int)   { w.status = s }
func (w *writer) Write(p []byte) (int, error) {
	w.size += len(p)
	return len(p), nil
}

func (w *writer) reset() {
	clear(w.header)
	w.status, w.size = 0, 0
}

// benchEcho is what a server runs: access log, handlers, and beside them a bare page.
func benchEcho(b *testing.B, edits ...func(*handlers.Config)) *echo.Echo {
	b.Helper()
	e := echo.New()
	e.Use(handlers.AccessLog(slog.New(slog.NewJSONHandler(io.Discard, nil))))
	aws, err := uploads.ProviderNamed("aws")
	if err != nil {
		b.Fatal(err)
	}
	config := handlers.Config{
		PublicURL: "https://uploads.example.com", Profiles: benchProfiles(),
		Store:     uploads.Store{Client: store.Client(), Credentials: store.Credentials(), Region: "eu-central-1", Provider: aws},
		TokenKeys: []sigv4.Secret{tokenSecret}, Identifier: named{},
	}
	for _, edit := range edits {
		edit(&config)
	}
	h, err := handlers.New(config)
	if err != nil {
		b.Fatal(err)
	}
	h.Register(e.Group(""))
	return e
}

func benchProfiles() []profile.Profile {
	return []profile.Profile{{Name: "photos", Bucket: "media", Key: "users/{subject}/{yyyy}/{mm}/{id}{ext}",
		Types: []string{"image/png", "image/jpeg", "image/webp"}, MinSize: 1, MaxSize: 10 << 20,
		Access: profile.AccessPublic, Origins: []string{"https://app.example.com"}}, {
		Name: "films", Bucket: "media", Key: "users/{subject}/{yyyy}/{mm}/{id}{ext}", Types: []string{"*/*"},
		MaxSize: 1 << 40, Access: profile.AccessPublic}}
}

func serve(b *testing.B, e *echo.Echo, request *http.Request, status int) int {
	b.Helper()
	w := &writer{header: http.Header{}}
	e.ServeHTTP(w, request)
	if w.status != status {
		b.Fatalf("wanted %d, got %d", status, w.status)
	}
	size := w.size
	b.ReportAllocs()
	for b.Loop() {
		w.reset()
		e.ServeHTTP(w, request)
	}
	b.ReportMetric(float64(size), "page-bytes")
	return size
}

func get(path string) *http.Request {
	r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil)
	if err != nil {
		panic(err)
	}
	r.RemoteAddr = "127.0.0.1:40000"
	r.Header.Set("Accept-Language", "de-DE,de;q=0.9,en;q=0.5")
	return r
}

// BenchmarkFormPage is the whole page: identity, plan, upload token, signature, page, headers and
// access log, without the network. What that comes to beside a bare page over loopback is measured
// in cmd/postern/load.
func BenchmarkFormPage(b *testing.B) {
	serve(b, benchEcho(b), get("/forms/photos"), http.StatusOK)
}

// BenchmarkFormPageFor64 is the same page for 64 visitors at once, without a ledger and with one.
func BenchmarkFormPageFor64(b *testing.B) {
	pages := func(edits ...func(*handlers.Config)) func(*testing.B) {
		return func(b *testing.B) {
			e := benchEcho(b, edits...)
			b.SetParallelism(max(1, 64/runtime.GOMAXPROCS(0)))
			b.RunParallel(func(pb *testing.PB) {
				for w := (&writer{header: http.Header{}}); pb.Next(); w.reset() {
					e.ServeHTTP(w, get("/forms/photos"))
				}
			})
		}
	}
	b.Run("WithoutLedger", pages())
	b.Run("SQLite", pages(newLedger(b).in))
	url := testpostgres.Start(b).Database(b)
	b.Run("PostgreSQL", pages((&testLedger{Ledger: openRecords(b, records.Config{URL: url})}).in))
}

// BenchmarkFormPageOfAKnownVisitor is the same page with the owner marks of its visitor.
func BenchmarkFormPageOfAKnownVisitor(b *testing.B) {
	request := get("/forms/photos")
	request.Header.Set("Authorization", "Bearer alice")
	serve(b, benchEcho(b), request, http.StatusOK)
}

// BenchmarkBarePage is an Echo handler that returns as many bytes, without access log.
func BenchmarkBarePage(b *testing.B) {
	w := &writer{header: http.Header{}}
	benchEcho(b).ServeHTTP(w, get("/forms/photos"))
	page := []byte(strings.Repeat("x", w.size))
	e := echo.New()
	e.GET("/", func(c echo.Context) error { return c.HTMLBlob(http.StatusOK, page) })
	serve(b, e, get("/"), http.StatusOK)
}

// BenchmarkPlan is the same for a script: JSON in, a signed POST in JSON out.
func BenchmarkPlan(b *testing.B) {
	e := benchEcho(b)
	body := `{"profile":"photos","filename":"garden.png","type":"image/png","size":1000000}`
	w := &writer{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		w.reset()
		r, err := http.NewRequest(http.MethodPost, "http://127.0.0.1/uploads", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = "127.0.0.1:40000"
		e.ServeHTTP(w, r)
	}
	if w.status != http.StatusCreated {
		b.Fatal(fmt.Errorf("wanted 201, got %d", w.status))
	}
}
