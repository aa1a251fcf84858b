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

// interceptor is one way in which a line or a store goes wrong.
type fault struct {
	name string
	args []string // of the server
	size int64    // of the file; 0: some
	// lifetime of part URLs, from a server apart from the store; 0: the usual, from both in one.
	lifetime time.Duration
	// breaksConnections says that the fault breaks connections: what they had carried by then is
	// lost whatever anybody does.
	breaksConnections bool
	// fail answers or spoils a request in place of the store, and returns false to let it pass.
	intercept func(s *faultRun, w http.ResponseWriter, r *http.Request) bool
}

// Sizes of files. Parts grow with the file until they are 32 MiB, so a file has many of them only
// when it is large.
const (
	smallFile  = 128 * mebibyte  // 16 parts
	mediumFile = 256 * mebibyte  // 16 parts of twice the size
	largeFile  = 1152 * mebibyte // 36 parts: one that has to go again is 2.8 % of them
)

// faultRun is what a fault knows of the upload it strikes.
type faultRun struct {
	proxy *proxy
	store string
	done  <-chan struct{} // closed when the test ends
	// strikes counts the strikes, seen whatever a fault wants counted, broken is when the trouble
	// began, in Unix nanoseconds.
	strikes, counted, broken atomic.Int64
}

// isPart tells whether the request carries a part to the store.
func (s *faultRun) isPart(r *http.Request) bool {
	return r.Method == http.MethodPut && r.URL.Host == s.store && strings.Contains(r.URL.RawQuery, "partNumber=")
}

// isAmongFirst tells whether the request is among so many first parts, and counts a strike if so.
func (s *faultRun) isAmongFirst(count int64, r *http.Request) bool {
	if !s.isPart(r) || s.counted.Add(1) > count {
		return false
	}
	s.strikes.Add(1)
	return true
}

// isThird tells whether the request is the third part, by when an upload is under way, and counts a
// strike if so.
func (s *faultRun) isThird(r *http.Request) bool {
	if !s.isPart(r) || s.counted.Add(1) != 3 {
		return false
	}
	s.strikes.Add(1)
	return true
}

// resetConnection ends the connection of the request.
func (s *faultRun) resetConnection() {
	s.strikes.Add(1)
	panic(http.ErrAbortHandler)
}

// loseResponse lets the far end have the request, but nobody its answer.
func (s *faultRun) loseResponse(w http.ResponseWriter, r *http.Request) {
	w.(*statusRecorder).ResponseWriter = httptest.NewRecorder()
	s.proxy.forward.ServeHTTP(w, r)
}

func faults() []fault {
	return []fault{
		{name: "a fifth of all connections is reset", breaksConnections: true, intercept: resetEveryFifth},
		{name: "500 from the store for 10 s", size: smallFile, intercept: storeAnswers(http.StatusInternalServerError)},
		{name: "503 from the store for 10 s", size: smallFile, intercept: storeAnswers(http.StatusServiceUnavailable)},
		{name: "the line is cut for 15 s", breaksConnections: true, intercept: func(s *faultRun, _ http.ResponseWriter, r *http.Request) bool {
			if s.isThird(r) {
				s.proxy.listener.cutConnections(15 * time.Second)
			}
			return false
		}},
		{name: "the line is silent for 15 s", intercept: func(s *faultRun, _ http.ResponseWriter, r *http.Request) bool {
			if s.isThird(r) {
				s.proxy.listener.pause(15 * time.Second)
			}
			return false
		}},
		{name: "part URLs that are over when they arrive", lifetime: 5 * time.Second, intercept: func(s *faultRun, _ http.ResponseWriter, r *http.Request) bool {
			if s.isAmongFirst(4, r) {
				time.Sleep(7 * time.Second)
			}
			return false
		}},
		{name: "the store refuses without CORS headers", intercept: func(s *faultRun, w http.ResponseWriter, r *http.Request) bool {
			return s.isAmongFirst(4, r) && refuseWithoutCORS(w)
		}},
		{name: "a part that hangs half-way", size: largeFile, intercept: func(s *faultRun, _ http.ResponseWriter, r *http.Request) bool {
			if s.isAmongFirst(1, r) {
				_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
				<-s.done
			}
			return false
		}},
		{name: "a part whose answer never comes", intercept: func(s *faultRun, w http.ResponseWriter, r *http.Request) bool {
			if s.isAmongFirst(1, r) {
				s.loseResponse(w, r)
				<-s.done
			}
			return false
		}},
		{name: "parts whose answers are lost with the connection", breaksConnections: true, intercept: func(s *faultRun, w http.ResponseWriter, r *http.Request) bool {
			if s.isAmongFirst(3, r) {
				s.loseResponse(w, r)
				s.resetConnection()
			}
			return false
		}},
		{name: "one corrupted part", args: []string{"--checksum", "crc32"}, size: largeFile, intercept: func(s *faultRun, _ http.ResponseWriter, r *http.Request) bool {
			if s.isAmongFirst(1, r) {
				r.Body = &bitFlipper{ReadCloser: r.Body}
			}
			return false
		}},
	}
}

func TestAfterAFaultTheStoreHasTheSameFile(t *testing.T) {
	t.Parallel()
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			f.size = pick(f.size == 0, mediumFile, f.size)
			b := newTab(t, tabOptions{})
			p := startDev(t, append(f.args, "--origin", uploadsOrigin)...)
			site := p.URL
			if f.lifetime != 0 {
				startSeparateServer(t, b.Proxy, p, f.lifetime)
				site = uploadsOrigin
			}
			path := sparseFile(t, "garden.bin", f.size, mebibyte)
			b.open(site + "/forms/files")
			evaluate[any](b, recordSends)
			s := &faultRun{proxy: b.Proxy, store: hostOf(t, p.Store), done: t.Context().Done()}
			b.Proxy.intercept(func(w http.ResponseWriter, r *http.Request) bool { return f.intercept(s, w, r) })
			b.upload(path)
			b.waitForState("done")
			b.requireSameFile(p, path, f.breaksConnections)
			if s.strikes.Load() == 0 {
				t.Error("the fault never struck")
			}
		})
	}
}

// resetEveryFifth breaks every fifth connection: in turn as a request begins, amid its body, and
// once the far end has done what it asks.
func resetEveryFifth(s *faultRun, w http.ResponseWriter, r *http.Request) bool {
	turn := s.counted.Add(1)
	if turn%5 != 0 {
		return false
	}
	switch turn / 5 % 3 {
	case 1:
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
	case 2:
		s.loseResponse(w, r)
	}
	s.resetConnection()
	return false
}

// storeAnswers answers for the store, early as busy ones do, for 10 s from the third part on.
func storeAnswers(status int) func(*faultRun, http.ResponseWriter, *http.Request) bool {
	return func(s *faultRun, w http.ResponseWriter, r *http.Request) bool {
		if s.isThird(r) {
			s.broken.Store(time.Now().UnixNano())
		}
		out := time.Since(time.Unix(0, s.broken.Load())) < 10*time.Second
		if !out || r.URL.Host != s.store || r.Method == http.MethodOptions {
			return false
		}
		allowOrigin(w, r)
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(status)
		return true
	}
}

// refuseWithoutCORS is how some stores refuse a URL that is over: without CORS headers.
func refuseWithoutCORS(w http.ResponseWriter) bool {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusForbidden)
	_, _ = fmt.Fprint(w, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
	return true
}

func allowOrigin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	w.Header().Set("Access-Control-Expose-Headers", "ETag, Retry-After")
}

// bitFlipper turns one bit of what passes.
type bitFlipper struct {
	io.ReadCloser
	done bool
}

func (f *bitFlipper) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	if n > 0 && !f.done {
		p[n-1] ^= 1
		f.done = true
	}
	return n, err
}
