package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	hookSecret      = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	newHookSecret   = "whsec_QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD"
	serveReceiptKey = "receipt-key-0123456789-0123456789-01234567"
)

// received is one request that an application got.
type received struct {
	header http.Header
	body   []byte
}

// application receives webhooks, and answers with the statuses that are left before it answers 204.
type application struct {
	*httptest.Server
	mu       sync.Mutex
	statuses []int
	requests []received
}

func startApplication(t *testing.T, statuses ...int) *application {
	a := &application{statuses: statuses}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.requests = append(a.requests, received{r.Header, body})
		status := http.StatusNoContent
		if len(a.statuses) > 0 {
			status, a.statuses = a.statuses[0], a.statuses[1:]
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(a.Close)
	return a
}

// wait returns the requests once there are that many.
func (a *application) wait(t *testing.T, count int) []received {
	t.Helper()
	var list []received
	waitUntil(t, "the deliveries", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		list = append([]received(nil), a.requests...)
		return len(list) >= count
	})
	return list
}

// wantSigned checks a request by the library of Standard Webhooks.
func (r received) wantSigned(t *testing.T, secret string) {
	t.Helper()
	hook, err := standard.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := hook.Verify(r.body, r.header); err != nil {
		t.Errorf("%v: %s", err, r.body)
	}
}

// uploadFile uploads four bytes, and returns the ID of the upload.
func uploadFile(t *testing.T, v testclient.Client) string {
	t.Helper()
	upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "a.txt", Type: "text/plain", Size: 4})
	if err != nil || upload == nil {
		t.Fatalf("issue: %v, %v", answer, err)
	}
	if answer, err := upload.Send(t.Context(), "a.txt", []byte("text")); err != nil || !answer.OK() {
		t.Fatalf("send: %v, %v", answer, err)
	}
	if answer, err := upload.Complete(t.Context()); err != nil || answer.Status != http.StatusOK {
		t.Fatalf("complete: %v, %v", answer, err)
	}
	return upload.ID
}

// The application answers 503 at first; then the secret is changed by a reload.
func TestServeTellsTheApplicationOfEachUpload(t *testing.T) {
	store, app := startStore(t), startApplication(t, http.StatusServiceUnavailable)
	keys := t.TempDir()
	hookFile, receiptFile := filepath.Join(keys, "hook.key"), filepath.Join(keys, "receipt.key")
	write(t, hookFile, hookSecret)
	write(t, receiptFile, serveReceiptKey)
	s, config := startServe(t, store.URL(), "\nlisten:", "\nledger: {url: \"sqlite:postern.db\"}\nreceipts: {secrets: [\"file:"+receiptFile+"\"]}\nlisten:",
		"size: 1..10MiB", `size: 1..10MiB, webhook: {url: "`+app.URL+`/hooks?team=1", secret: "file:`+hookFile+`", types: [upload.accepted], networks: ["127.0.0.0/8"]}`)
	v := testclient.Client{Base: s.URL, Ticket: mint(t, config)}
	id := uploadFile(t, v)
	requests := app.wait(t, 2)
	for _, r := range requests {
		r.wantSigned(t, hookSecret)
	}
	if first, second := requests[0].header, requests[1].header; first.Get("Webhook-Id") != second.Get("Webhook-Id") || first.Get("Webhook-Timestamp") == second.Get("Webhook-Timestamp") {
		t.Errorf("got the headers %v and %v, wanted one ID and two timestamps", first, second)
	}
	var event struct {
		Type string
		Data struct {
			ID       string `json:"jti"`
			Subject  string `json:"sub"`
			Key      string
			Size     int64
			Receipt  string
			Sequence int64
			Expires  int64 `json:"exp"`
		}
	}
	if err := json.Unmarshal(requests[1].body, &event); err != nil {
		t.Fatal(err)
	}
	if d := event.Data; event.Type != "upload.accepted" || d.ID != id || d.Subject != "alice" || d.Key != "in/alice/"+id+".txt" || d.Size != 4 || d.Sequence != 1 {
		t.Errorf("got %s", requests[1].body)
	}
	verifier, err := receipts.NewVerifier(receipts.VerifierConfig{Issuer: "http://127.0.0.1:8080", Secrets: []sigv4.Secret{serveReceiptKey}})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := verifier.Verify(event.Data.Receipt, receipts.Expected{Profile: "inbox", Subject: "alice"}); err != nil || r.ID != id || r.Expires.Unix() != event.Data.Expires {
		t.Errorf("receipt: got %+v, %v", r, err)
	}
	const more = 6
	began := time.Now()
	for i := range more {
		uploadFile(t, v)
		app.wait(t, 3+i)
	}
	if took := time.Since(began); took > (more-2)*time.Second {
		t.Errorf("%d deliveries one after another took %v: each waited for the pool's next look", more, took)
	}
	write(t, hookFile, newHookSecret)
	reload(t, s, "config reloaded", 1)
	uploadFile(t, v)
	app.wait(t, more+3)[more+2].wantSigned(t, newHookSecret)
	s.Stop()
	log := s.Log.String()
	if !strings.Contains(log, "delivery failed") || !strings.Contains(log, `"id":"`+id+`","endpoint":`) {
		t.Errorf("the log doesn't tell of the failed delivery:\n%s", log)
	}
	for _, secret := range []string{hookSecret, newHookSecret, serveReceiptKey, event.Data.Receipt, "team=1"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log shows %q:\n%s", secret, log)
		}
	}
}

// hooked are the replacements for a config with a ledger and an application, whose secret is in the
// file that it returns.
func hooked(t *testing.T, app *application) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hook.key")
	write(t, file, hookSecret)
	return []string{"\nlisten:", "\nledger: {url: \"sqlite:postern.db\"}\nlisten:",
		"size: 1..10MiB", `size: 1..10MiB, webhook: {url: "` + app.URL + `/", secret: "file:` + file + `", networks: ["127.0.0.0/8"]}`}
}

func TestAKilledServerDeliversAfterItsRestart(t *testing.T) {
	store, app := startStore(t), startApplication(t, http.StatusInternalServerError)
	s, config := startServe(t, store.URL(), hooked(t, app)...)
	uploadFile(t, testclient.Client{Base: s.URL, Ticket: mint(t, config)})
	app.wait(t, 1)
	s.Kill()
	s.Restart()
	requests := app.wait(t, 2)
	requests[1].wantSigned(t, hookSecret)
	if first, second := requests[0].header.Get("Webhook-Id"), requests[1].header.Get("Webhook-Id"); first != second {
		t.Errorf("got the IDs %q and %q, wanted one", first, second)
	}
	s.Stop()
}

func TestAnApplicationThatAnswers410IsToldNothingUntilAReload(t *testing.T) {
	store, app := startStore(t), startApplication(t, http.StatusGone)
	s, config := startServe(t, store.URL(), hooked(t, app)...)
	v := testclient.Client{Base: s.URL, Ticket: mint(t, config)}
	first := uploadFile(t, v)
	app.wait(t, 1)
	waitUntil(t, "the endpoint to be switched off", func() bool { return strings.Contains(s.Log.String(), "switched_off") })
	second := uploadFile(t, v)
	reload(t, s, "config reloaded", 1)
	requests := app.wait(t, 2)
	if !strings.Contains(string(requests[0].body), first) || !strings.Contains(string(requests[1].body), second) || len(requests) != 2 {
		t.Errorf("got %s, wanted one delivery for each upload", requests)
	}
	s.Stop()
}
