package e2e

import (
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
)

// fake is a JSON API and a store for the modules' unit tests: as many realms as tests, each with
// its own plan and faults.
type fake struct {
	api, store *httptest.Server
	mu         sync.Mutex
	realms     map[string]*realm
	over       chan struct{}
}

// realm is what one test set up, and what it did.
type realm struct {
	PartSize, Threshold int64
	Checksum            *string
	Life                int64 // ms that a part URL is good for
	Faults              []*trouble

	uploads map[string]*fakeUpload
	log     []string
	serial  int
}

// trouble is a way to fail: on one kind of request ("issue", "sign", "list", "put", "post",
// "complete"), so many times.
type trouble struct {
	On    string
	Part  int // 0: any
	Times int
	Do    string // "reset", "swallow", "hang", or a status
	Code  string
	After string // Retry-After
}

type fakeUpload struct {
	Name, Type string
	Size       int64
	parts      map[int][]byte
	sums       map[int]string
	whole      []byte
}

func newFake(t *testing.T, static http.Handler) *fake {
	f := &fake{realms: map[string]*realm{}, over: make(chan struct{})}
	api := http.NewServeMux()
	api.Handle("/", static)
	api.HandleFunc("POST /fake/{realm}", f.setUp)
	api.HandleFunc("GET /fake/{realm}", f.tell)
	api.HandleFunc("POST /fake/{realm}/uploads", f.on("issue", f.issue))
	api.HandleFunc("POST /fake/{realm}/uploads/{id}/parts", f.on("sign", f.sign))
	api.HandleFunc("GET /fake/{realm}/uploads/{id}/parts", f.on("list", f.list))
	api.HandleFunc("POST /fake/{realm}/uploads/{id}/complete", f.on("complete", f.complete))
	api.HandleFunc("DELETE /fake/{realm}/uploads/{id}", f.on("delete", f.remove))
	store := http.NewServeMux()
	store.HandleFunc("OPTIONS /{realm}/{rest...}", f.preflight)
	store.HandleFunc("PUT /{realm}/{id}", f.on("put", f.put))
	store.HandleFunc("POST /{realm}/", f.on("post", f.post))
	f.api, f.store = httptest.NewServer(api), httptest.NewServer(store)
	t.Cleanup(func() {
		close(f.over)
		f.api.Close()
		f.store.Close()
	})
	return f
}

func (f *fake) realm(r *http.Request) *realm { return f.realms[r.PathValue("realm")] }

func (f *fake) setUp(w http.ResponseWriter, r *http.Request) {
	made := &realm{PartSize: 5 << 20, Threshold: 5 << 20, Life: 900_000, uploads: map[string]*fakeUpload{}}
	if err := json.NewDecoder(r.Body).Decode(made); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.realms[r.PathValue("realm")] = made
}

// tell answers with the log, and the SHA-256 of each stored object by file name.
func (f *fake) tell(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	here, sums := f.realm(r), map[string]string{}
	for _, u := range here.uploads {
		sum := sha256.Sum256(u.content())
		sums[u.Name] = hex.EncodeToString(sum[:])
	}
	answer(w, http.StatusOK, map[string]any{"log": here.log, "sums": sums, "uploads": len(here.uploads)})
}

func (u *fakeUpload) content() []byte {
	if u.whole != nil {
		return u.whole
	}
	var all []byte
	for n := range len(u.parts) {
		all = append(all, u.parts[n+1]...)
	}
	return all
}

// on notes a request and lets the faults of its realm have it first.
func (f *fake) on(what string, serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		part, _ := strconv.Atoi(r.URL.Query().Get("part"))
		f.mu.Lock()
		here := f.realm(r)
		line := what
		if part > 0 {
			line += " " + strconv.Itoa(part)
		}
		here.log = append(here.log, line)
		fault := here.next(what, part)
		f.mu.Unlock()
		switch {
		case fault == nil:
			allow(w)
			serve(w, r)
		case fault.Do == "swallow": // done, and the answer lost
			serve(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			fault.strike(w, r, f.over)
		}
	}
}

func (here *realm) next(what string, part int) *trouble {
	for _, fault := range here.Faults {
		if fault.On == what && fault.Times > 0 && (fault.Part == 0 || fault.Part == part) {
			fault.Times--
			return fault
		}
	}
	return nil
}

// strike fails a request in its way.
func (d *trouble) strike(w http.ResponseWriter, r *http.Request, over <-chan struct{}) {
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
		allow(w)
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

// allow lets pages of other origins read an answer.
func allow(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "ETag, Retry-After")
}

func (f *fake) preflight(w http.ResponseWriter, r *http.Request) {
	allow(w)
	w.Header().Set("Access-Control-Allow-Methods", "PUT, POST")
	w.Header().Set("Access-Control-Allow-Headers", "*")
	f.mu.Lock()
	defer f.mu.Unlock()
	here := f.realm(r)
	here.log = append(here.log, "preflight")
}
