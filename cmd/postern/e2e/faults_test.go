package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// faultSize is the file of the fault table: eight parts.
const faultSize = 64 * mebibyte

// fault is one way in which a line or a store goes wrong.
type fault struct {
	name string
	args []string // of the server
	// strike answers or spoils a request in place of the store, and returns false to let it pass.
	strike func(s *scene, w http.ResponseWriter, r *http.Request) bool
	// wasteful faults may cost more than the usual 3 % of the file's bytes.
	wasteful bool
}

// scene is what a fault knows of the upload it strikes.
type scene struct {
	began time.Time
	// hits counts the strikes, seen whatever a fault wants counted, broken is when the line broke, in Unix nanoseconds.
	hits, seen, broken atomic.Int64
	store              string
	over               <-chan struct{} // closed when the test ends
}

// part tells whether the request carries a part to the store.
func (s *scene) part(r *http.Request) bool {
	return r.Method == http.MethodPut && r.URL.Host == s.store && strings.Contains(r.URL.RawQuery, "partNumber=")
}

// first tells whether there were fewer strikes than that before, and counts one more if so.
func (s *scene) first(count int64) bool {
	if s.seen.Add(1) > count {
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

// since tells whether the upload has gone on for less than that.
func (s *scene) since(limit time.Duration) bool { return time.Since(s.began) < limit }

func faults() []fault {
	return []fault{
		{name: "a fifth of all connections is reset", wasteful: true, strike: func(s *scene, _ http.ResponseWriter, r *http.Request) bool {
			if s.seen.Add(1)%5 == 0 {
				s.cut()
			}
			return false
		}},
		{name: "500 from the store for 10 s", strike: busyStore(http.StatusInternalServerError)},
		{name: "503 from the store for 10 s", strike: busyStore(http.StatusServiceUnavailable)},
		{name: "the line is cut for 15 s", wasteful: true, strike: func(s *scene, _ http.ResponseWriter, r *http.Request) bool {
			if s.part(r) && s.seen.Add(1) == 3 {
				s.broken.Store(time.Now().UnixNano())
			}
			if since := time.Since(time.Unix(0, s.broken.Load())); since < 15*time.Second {
				s.cut()
			}
			return false
		}},
		{name: "part URLs that are over", strike: func(s *scene, w http.ResponseWriter, r *http.Request) bool {
			return s.part(r) && s.first(4) && refuseAs(w, r, "Request has expired", true)
		}},
		{name: "the store refuses without CORS headers", strike: func(s *scene, w http.ResponseWriter, r *http.Request) bool {
			return s.part(r) && s.first(4) && refuseAs(w, r, "Request has expired", false)
		}},
		{name: "a part that hangs", wasteful: true, strike: func(s *scene, _ http.ResponseWriter, r *http.Request) bool {
			if s.part(r) && s.first(1) {
				<-s.over
				panic(http.ErrAbortHandler)
			}
			return false
		}},
		{name: "one corrupted part", args: []string{"--checksum", "crc32"}, wasteful: true, strike: func(s *scene, _ http.ResponseWriter, r *http.Request) bool {
			if s.part(r) && s.first(1) {
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
			p := dev(t, f.args...)
			path, sum := fileOf(t, "garden.bin", faultSize)
			b := newTab(t, look{})
			b.open(p.URL + "/forms/files")
			s := &scene{began: time.Now(), store: hostOf(t, p.Store), over: t.Context().Done()}
			b.Wire.fail(func(w http.ResponseWriter, r *http.Request) bool { return f.strike(s, w, r) })
			b.upload(path)
			b.untilState("done")
			b.whole(p, sum, f.wasteful)
			if s.hits.Load() == 0 {
				t.Error("the fault never struck")
			}
		})
	}
}

// whole requires the file as it was, no part sent again once the store had it, and few bytes sent in vain.
func (b *tab) whole(p *postern, sum string, wasteful bool) {
	b.t.Helper()
	if stored := p.store(b.t).only(); stored.Sum != sum {
		b.t.Errorf("stored: wanted sum %s, got %+v", sum, stored)
	}
	sent := b.parts(p)
	sent.keptOnce(b.t)
	if bytes := sent.bytes(false); !wasteful && bytes > faultSize*103/100 {
		b.t.Errorf("bytes sent: wanted at most 3 %% over %d, got %d", faultSize, bytes)
	}
}

// bytes adds up what was sent, or only what the store has taken.
func (p parts) bytes(taken bool) int64 {
	var sent int64
	for _, x := range p {
		if !taken || x.Status == http.StatusOK {
			sent += x.Sent
		}
	}
	return sent
}

func busyStore(status int) func(*scene, http.ResponseWriter, *http.Request) bool {
	return func(s *scene, w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Host != s.store || !s.since(10*time.Second) || r.Method == http.MethodOptions {
			return false
		}
		s.hits.Add(1)
		readable(w, r)
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(status)
		return true
	}
}

// refuseAs is a store's refusal, with CORS headers or, as some stores do, without.
func refuseAs(w http.ResponseWriter, r *http.Request, message string, open bool) bool {
	if open {
		readable(w, r)
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusForbidden)
	_, _ = fmt.Fprintf(w, "<Error><Code>AccessDenied</Code><Message>%s</Message></Error>", message)
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

func TestAKilledTabGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	for _, percent := range []int64{30, 60, 90} {
		t.Run(fmt.Sprintf("at %d %%", percent), func(t *testing.T) {
			t.Parallel()
			p := dev(t)
			path, sum := fileOf(t, "garden.bin", faultSize)
			anchor := newTab(t, look{})
			anchor.open(p.URL + "/healthz")
			first := anchor.sibling()
			first.open(p.URL + "/forms/files")
			first.Wire.slow(200 * time.Millisecond)
			first.upload(path)
			first.untilSent(p, faultSize*percent/100)
			first.Close()
			anchor.Wire.slow(0)
			second := anchor.sibling()
			second.open(p.URL + "/forms/files")
			second.until("the row is there again", `document.querySelector(".postern-file[data-state=interrupted]") != null`)
			second.shot(fmt.Sprintf("row-interrupted-%d", percent))
			second.choose(path)
			second.untilState("done")
			second.whole(p, sum, true)
			if keys := p.store(t).open(); len(keys) != 0 {
				t.Errorf("open multipart uploads: wanted none, got %q", keys)
			}
		})
	}
}

// sibling opens another tab with the same storage on the same line.
func (b *tab) sibling() *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	other := &tab{t: b.t, ctx: ctx, width: b.width, Wire: b.Wire, Close: cancel}
	b.t.Cleanup(cancel)
	must(b.t, other.prepare(look{Width: b.width}))
	return other
}

// untilSent waits until the store has taken parts of that many bytes.
func (b *tab) untilSent(p *postern, bytes int64) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); b.parts(p).bytes(true) < bytes; time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			b.t.Fatalf("waiting for %d bytes: got %d within %v", bytes, b.parts(p).bytes(true), patience)
		}
	}
}
