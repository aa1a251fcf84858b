package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// fault is one way in which a line or a store goes wrong.
type fault struct {
	name string
	args []string // of the server
	size int64    // of the file; 0: some
	// lifetime of part URLs, from a server apart from the store; 0: the usual, from both in one.
	lifetime time.Duration
	// resets says that the fault breaks connections: what they had carried by then is lost whatever
	// anybody does.
	resets bool
	// strike answers or spoils a request in place of the store, and returns false to let it pass.
	strike func(s *scene, w http.ResponseWriter, r *http.Request) bool
}

// Sizes of files. Parts grow with the file until they are 32 MiB, so a file has many of them only
// when it is large.
const (
	few  = 128 * mebibyte  // 16 parts
	some = 256 * mebibyte  // 16 parts of twice the size
	many = 1152 * mebibyte // 36 parts: one that has to go again is 2.8 % of them
)

// scene is what a fault knows of the upload it strikes.
type scene struct {
	wire  *wire
	store string
	over  <-chan struct{} // closed when the test ends
	// hits counts the strikes, seen whatever a fault wants counted, broken is when the trouble
	// began, in Unix nanoseconds.
	hits, seen, broken atomic.Int64
}

// part tells whether the request carries a part to the store.
func (s *scene) part(r *http.Request) bool {
	return r.Method == http.MethodPut && r.URL.Host == s.store && strings.Contains(r.URL.RawQuery, "partNumber=")
}

// first tells whether the request is among so many first parts, and counts a strike if so.
func (s *scene) first(count int64, r *http.Request) bool {
	if !s.part(r) || s.seen.Add(1) > count {
		return false
	}
	s.hits.Add(1)
	return true
}

// amid tells whether the request is the third part, by when an upload is under way, and counts a
// strike if so.
func (s *scene) amid(r *http.Request) bool {
	if !s.part(r) || s.seen.Add(1) != 3 {
		return false
	}
	s.hits.Add(1)
	return true
}

// cut ends the connection of the request.
func (s *scene) cut() {
	s.hits.Add(1)
	panic(http.ErrAbortHandler)
}

// lose lets the far end have the request, but nobody its answer.
func (s *scene) lose(w http.ResponseWriter, r *http.Request) {
	w.(*noted).ResponseWriter = httptest.NewRecorder()
	s.wire.proxy.ServeHTTP(w, r)
}

func faults() []fault {
	return []fault{
		{name: "a fifth of all connections is reset", resets: true, strike: everyFifth},
		{name: "500 from the store for 10 s", size: few, strike: busyStore(http.StatusInternalServerError)},
		{name: "503 from the store for 10 s", size: few, strike: busyStore(http.StatusServiceUnavailable)},
		{name: "the line is cut for 15 s", resets: true, strike: func(s *scene, _ http.ResponseWriter, r *http.Request) bool {
			if s.amid(r) {
				s.wire.lines.cut(15 * time.Second)
			}
			return false
		}},
		{name: "the line is silent for 15 s", strike: func(s *scene, _ http.ResponseWriter, r *http.Request) bool {
			if s.amid(r) {
				s.wire.lines.hush(15 * time.Second)
			}
			return false
		}},
		{name: "part URLs that are over when they arrive", lifetime: 5 * time.Second, strike: func(s *scene, _ http.ResponseWriter, r *http.Request) bool {
			if s.first(4, r) {
				time.Sleep(7 * time.Second)
			}
			return false
		}},
		{name: "the store refuses without CORS headers", strike: func(s *scene, w http.ResponseWriter, r *http.Request) bool {
			return s.first(4, r) && expired(w)
		}},
		{name: "a part that hangs half-way", size: many, strike: func(s *scene, _ http.ResponseWriter, r *http.Request) bool {
			if s.first(1, r) {
				_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
				<-s.over
			}
			return false
		}},
		{name: "a part whose answer never comes", strike: func(s *scene, w http.ResponseWriter, r *http.Request) bool {
			if s.first(1, r) {
				s.lose(w, r)
				<-s.over
			}
			return false
		}},
		{name: "parts whose answers are lost with the connection", resets: true, strike: func(s *scene, w http.ResponseWriter, r *http.Request) bool {
			if s.first(3, r) {
				s.lose(w, r)
				s.cut()
			}
			return false
		}},
		{name: "one corrupted part", args: []string{"--checksum", "crc32"}, size: many, strike: func(s *scene, _ http.ResponseWriter, r *http.Request) bool {
			if s.first(1, r) {
				r.Body = &flipped{ReadCloser: r.Body}
			}
			return false
		}},
	}
}

func TestFaultsEndInTheSameFile(t *testing.T) {
	t.Parallel()
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			f.size = pick(f.size == 0, some, f.size)
			b := newTab(t, look{})
			p := dev(t, append(f.args, "--origin", uploads)...)
			site := p.URL
			if f.lifetime != 0 {
				newApart(t, b.Wire, p, f.lifetime)
				site = uploads
			}
			path := sparseFile(t, "garden.bin", f.size, mebibyte)
			b.open(site + "/forms/files")
			evaluate[any](b, sends)
			s := &scene{wire: b.Wire, store: hostOf(t, p.Store), over: t.Context().Done()}
			b.Wire.fail(func(w http.ResponseWriter, r *http.Request) bool { return f.strike(s, w, r) })
			b.upload(path)
			b.untilState("done")
			b.whole(p, path, f.resets)
			if s.hits.Load() == 0 {
				t.Error("the fault never struck")
			}
		})
	}
}

// everyFifth breaks every fifth connection: in turn as a request begins, amid its body, and once
// the far end has done what it asks.
func everyFifth(s *scene, w http.ResponseWriter, r *http.Request) bool {
	turn := s.seen.Add(1)
	if turn%5 != 0 {
		return false
	}
	switch turn / 5 % 3 {
	case 1:
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
	case 2:
		s.lose(w, r)
	}
	s.cut()
	return false
}

// busyStore answers for the store, early as busy ones do, for 10 s from the third part on.
func busyStore(status int) func(*scene, http.ResponseWriter, *http.Request) bool {
	return func(s *scene, w http.ResponseWriter, r *http.Request) bool {
		if s.amid(r) {
			s.broken.Store(time.Now().UnixNano())
		}
		out := time.Since(time.Unix(0, s.broken.Load())) < 10*time.Second
		if !out || r.URL.Host != s.store || r.Method == http.MethodOptions {
			return false
		}
		readable(w, r)
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(status)
		return true
	}
}

// expired is how some stores refuse a URL that is over: without CORS headers.
func expired(w http.ResponseWriter) bool {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusForbidden)
	_, _ = fmt.Fprint(w, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
	return true
}

func readable(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	w.Header().Set("Access-Control-Expose-Headers", "ETag, Retry-After")
}

// flipped turns one bit of what passes.
type flipped struct {
	io.ReadCloser
	done bool
}

func (f *flipped) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	if n > 0 && !f.done {
		p[n-1] ^= 1
		f.done = true
	}
	return n, err
}
