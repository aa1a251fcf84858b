package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeServer is a JSON API and a store for the modules' own tests. Each test creates a scenario
// with its plan and its faults.
type fakeServer struct {
	api, store *httptest.Server
	mu         sync.Mutex
	scenarios  map[string]*scenario
	done       chan struct{}
}

// scenario is what a test has set up, and what has happened since.
type scenario struct {
	PartSize, Threshold int64
	Checksum            *string
	Life                int64    // ms that a part URL is good for
	Signed              int      // part URLs that come with a plan
	Owners              []string // marks of whoever uses the page; none for a guest
	Owner               string   // the first of them
	Faults              []*fakeFault

	uploads map[string]*fakeUpload
	log     []string
	serial  int
}

// fakeFault makes requests of one kind fail ("issue", "sign", "list", "put", "post", "complete",
// "issue batch", "complete batch").
type fakeFault struct {
	On    string
	Part  int // 0: any
	Times int
	Do    string // "reset", "swallow", "hang", "late" (half a second), or a status
	Code  string
	After string // Retry-After
}

type fakeUpload struct {
	Name, Type string
	Size       int64
	parts      map[int][]byte
	checksums  map[int]string
	posted     []byte
}

func newFakeServer(t *testing.T, static http.Handler) *fakeServer {
	f := &fakeServer{scenarios: map[string]*scenario{}, done: make(chan struct{})}
	api := http.NewServeMux()
	api.Handle("/", static)
	api.HandleFunc("POST /fake/{realm}", f.createScenario)
	api.HandleFunc("GET /fake/{realm}", f.report)
	api.HandleFunc("PUT /fake/{realm}", f.changeOwner)
	api.HandleFunc("GET /fake/{realm}/uploads/owner", f.handle("owner", f.owners))
	api.HandleFunc("POST /fake/{realm}/uploads", f.handle("issue", f.issue))
	api.HandleFunc("POST /fake/{realm}/uploads/batch", f.handle("issue batch", f.issueBatch))
	api.HandleFunc("POST /fake/{realm}/uploads/complete", f.handle("complete batch", f.completeBatch))
	api.HandleFunc("POST /fake/{realm}/uploads/{id}/parts", f.handle("sign", f.sign))
	api.HandleFunc("GET /fake/{realm}/uploads/{id}/parts", f.handle("list", f.list))
	api.HandleFunc("POST /fake/{realm}/uploads/{id}/complete", f.handle("complete", f.complete))
	api.HandleFunc("DELETE /fake/{realm}/uploads/{id}", f.handle("delete", f.remove))
	store := http.NewServeMux()
	store.HandleFunc("OPTIONS /{realm}/{rest...}", f.preflight)
	store.HandleFunc("PUT /{realm}/{id}", f.handle("put", f.put))
	store.HandleFunc("POST /{realm}/", f.handle("post", f.post))
	f.api, f.store = httptest.NewServer(api), httptest.NewServer(store)
	t.Cleanup(func() {
		close(f.done)
		f.api.Close()
		f.store.Close()
	})
	return f
}

func (f *fakeServer) scenario(r *http.Request) *scenario { return f.scenarios[r.PathValue("realm")] }

func (f *fakeServer) createScenario(w http.ResponseWriter, r *http.Request) {
	made := &scenario{PartSize: 5 << 20, Threshold: 5 << 20, Life: 900_000, uploads: map[string]*fakeUpload{}}
	if err := json.NewDecoder(r.Body).Decode(made); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scenarios[r.PathValue("realm")] = made
}

// report answers with the log, and with the SHA-256 of each stored object by file name.
func (f *fakeServer) report(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	here, sums := f.scenario(r), map[string]string{}
	for _, u := range here.uploads {
		sum := sha256.Sum256(u.content())
		sums[u.Name] = hex.EncodeToString(sum[:])
	}
	writeJSON(w, http.StatusOK, map[string]any{"log": here.log, "sums": sums, "uploads": len(here.uploads)})
}

func (u *fakeUpload) content() []byte {
	if u.posted != nil {
		return u.posted
	}
	var all []byte
	for n := range len(u.parts) {
		all = append(all, u.parts[n+1]...)
	}
	return all
}

// handle logs a request and lets a fault of the scenario answer it, if there is one for it.
func (f *fakeServer) handle(what string, serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		part, _ := strconv.Atoi(r.URL.Query().Get("part"))
		f.mu.Lock()
		here := f.scenario(r)
		line := what
		if part > 0 {
			line += " " + strconv.Itoa(part)
		}
		here.log = append(here.log, line)
		fault := here.nextFault(what, part)
		f.mu.Unlock()
		switch {
		case fault == nil:
			allowCrossOrigin(w)
			serve(w, r)
		case fault.Do == "late":
			content, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(content))
			time.Sleep(500 * time.Millisecond)
			allowCrossOrigin(w)
			serve(w, r)
		case fault.Do == "swallow": // done, and the answer lost
			serve(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			fault.fail(w, r, f.done)
		}
	}
}

func (here *scenario) nextFault(what string, part int) *fakeFault {
	for _, fault := range here.Faults {
		if fault.On == what && fault.Times > 0 && (fault.Part == 0 || fault.Part == part) {
			fault.Times--
			return fault
		}
	}
	return nil
}

// fail answers a request as the fault says.
func (d *fakeFault) fail(w http.ResponseWriter, r *http.Request, over <-chan struct{}) {
	if d.Do == "reset" {
		panic(http.ErrAbortHandler)
	}
	_, _ = io.Copy(io.Discard, r.Body)
	if d.Do == "hang" {
		select {
		case <-over:
		case <-r.Context().Done():
		}
		return
	}
	text, opaque := strings.CutPrefix(d.Do, "opaque ")
	if !opaque {
		allowCrossOrigin(w)
	}
	if d.After != "" {
		w.Header().Set("Retry-After", d.After)
	}
	status, _ := strconv.Atoi(text)
	w.WriteHeader(status)
	if strings.HasPrefix(r.URL.Path, "/fake/") {
		fmt.Fprintf(w, `{"code":%q}`, d.Code)
	} else {
		fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", d.Code)
	}
}

// allowCrossOrigin lets pages of other origins read a response.
func allowCrossOrigin(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "ETag, Retry-After")
}

func (f *fakeServer) preflight(w http.ResponseWriter, r *http.Request) {
	allowCrossOrigin(w)
	w.Header().Set("Access-Control-Allow-Methods", "PUT, POST")
	w.Header().Set("Access-Control-Allow-Headers", "*")
	f.mu.Lock()
	defer f.mu.Unlock()
	here := f.scenario(r)
	here.log = append(here.log, "preflight")
}
