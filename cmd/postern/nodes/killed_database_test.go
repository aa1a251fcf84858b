package nodes

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testpostgres"
	"github.com/postern-dev/postern/handlers/uploads"
)

// patience is how long a test waits for a server to notice that its database is away or back.
const patience = 30 * time.Second

// outage is a test of two deployments with one database, which is killed and started again. Strict
// requires it, lenient doesn't.
type outage struct {
	t               *testing.T
	strict, lenient testclient.Client
}

func TestServersGoOnWithoutTheirDatabaseUnlessItIsRequiredAndFindItAgain(t *testing.T) {
	t.Parallel()
	postgres := testpostgres.Start(t)
	ledger := postgres.Database(t)
	strict := newSite(t, "strict", siteOptions{ledger: ledger, public: "http://127.0.0.1:8080", ends: time.Minute})
	lenient := newSite(t, "lenient", siteOptions{ledger: ledger, public: "http://127.0.0.1:8080", ends: time.Minute, optional: true})
	o := outage{t: t, strict: strict.visitor(strict.start().URL), lenient: lenient.visitor(lenient.start().URL)}
	o.wantReady(o.strict, http.StatusOK, "ready\n")
	before, beforeStrict := o.issue(o.lenient), o.issue(o.strict)
	postgres.Kill()

	o.wantReady(o.lenient, http.StatusOK, `{"degraded":["ledger"]}`)
	o.wantReady(o.strict, http.StatusServiceUnavailable, "store_unavailable")
	o.complete(before, http.StatusOK)
	during := o.issue(o.lenient)
	o.complete(during, http.StatusOK)
	o.complete(beforeStrict, http.StatusServiceUnavailable)
	if u, answer, err := o.strict.Issue(t.Context(), request); u != nil || err != nil || answer.Code() != "store_unavailable" || answer.Header.Get("Retry-After") == "" {
		t.Errorf("issue without the required database: got %v, %v", answer, err)
	}

	postgres.Run(t)
	o.wantReady(o.lenient, http.StatusOK, "ready\n")
	o.wantReady(o.strict, http.StatusOK, "ready\n")
	ids := []string{before.ID, during.ID, beforeStrict.ID}
	for _, u := range []*testclient.Upload{before, during, beforeStrict, o.issue(o.strict)} {
		o.complete(u, http.StatusOK)
		ids = append(ids, u.ID)
	}
	records := strict.records()
	for _, id := range ids {
		if r := records[id]; r.state != uploads.StateAccepted || r.accepted != 1 {
			t.Errorf("upload %s is %q and was accepted %d times", id, r.state, r.accepted)
		}
	}
}

// request is for an upload of four bytes.
var request = testclient.Request{Profile: "files", Filename: "notes.txt", Type: "text/plain", Size: 4}

// issue begins an upload and sends the file.
func (o outage) issue(by testclient.Client) *testclient.Upload {
	o.t.Helper()
	u, answer, err := by.Issue(o.t.Context(), request)
	if err != nil || u == nil {
		o.t.Fatalf("issue: %v, %v", answer, err)
	}
	if answer, err := u.Send(o.t.Context(), "notes.txt", []byte("text")); err != nil || !answer.OK() {
		o.t.Fatalf("send: %v, %v", answer, err)
	}
	return u
}

func (o outage) complete(u *testclient.Upload, status int) {
	o.t.Helper()
	if answer, err := u.Complete(o.t.Context()); err != nil || answer.Status != status {
		o.t.Errorf("complete: got %v, %v, wanted %d", answer, err, status)
	}
}

// wantReady waits until a server answers so when it is asked whether it is ready.
func (o outage) wantReady(server testclient.Client, status int, body string) {
	o.t.Helper()
	var answer testclient.Answer
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var err error
		if answer, err = server.Raw(o.t.Context(), http.MethodGet, "/readyz", http.Header{}, nil); err != nil {
			o.t.Fatal(err)
		}
		if answer.Status == status && bytes.Contains(answer.Body, []byte(body)) {
			return
		}
	}
	o.t.Fatalf("readiness: got %v, wanted %d %s", answer, status, body)
}
