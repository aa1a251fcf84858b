package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// The application answers 500, the browser asks to complete three times, and the config is read
// again in between.
func TestServeCountsEachUploadOnceAndEachDelivery(t *testing.T) {
	store, app := startStore(t), startApplication(t, http.StatusInternalServerError)
	s, config := startServe(t, store.URL(), append(hooked(t, app), "\npublic_url:", "\nmetrics: {listen: \"127.0.0.1:0\"}\npublic_url:")...)
	v := testclient.Client{Base: s.URL, Ticket: mint(t, config)}
	upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "a.txt", Type: "text/plain", Size: 4})
	if err != nil || upload == nil {
		t.Fatalf("issue: %v, %v", answer, err)
	}
	if answer, err := upload.Send(t.Context(), "a.txt", []byte("text")); err != nil || !answer.OK() {
		t.Fatalf("send: %v, %v", answer, err)
	}
	for range 3 {
		if answer, err := upload.Complete(t.Context()); err != nil || answer.Status != http.StatusOK {
			t.Fatalf("complete: %v, %v", answer, err)
		}
	}
	app.wait(t, 1)
	reload(t, s, "config reloaded", 1)
	if _, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "a.txt", Type: "text/plain", Size: 1 << 30}); err != nil || answer.Code() != "size_too_large" {
		t.Fatalf("too large: %v, %v", answer, err)
	}
	endpoint := "inbox " + app.URL + "/"
	wanted := []string{
		`postern_uploads_issued_total{profile="inbox",way="api"} 1`,
		`postern_uploads_arrived_total{profile="inbox",way="api"} 1`,
		`postern_uploads_accepted_total{profile="inbox",way="api"} 1`,
		`postern_uploads_accepted_total{profile="inbox",way="form"} 0`,
		`postern_uploads_accepted_bytes_total{profile="inbox",way="api"} 4`,
		`postern_upload_acceptance_seconds_count{profile="inbox",way="api"} 1`,
		`postern_uploads_denied_total{code="size_too_large",profile="inbox",way="api"} 1`,
		`postern_deliveries_total{endpoint="` + endpoint + `",outcome="failed"} 1`,
		`postern_deliveries_total{endpoint="` + endpoint + `",outcome="delivered"} 0`,
		`postern_deliveries_total{endpoint="` + endpoint + `",outcome="given_up"} 0`,
		`postern_outbox_waiting{endpoint="` + endpoint + `"} 1`,
		`postern_outbox_failed{endpoint="` + endpoint + `"} 0`,
		`postern_outbox_age_seconds{endpoint="` + endpoint + `"} `,
		`postern_ledger_up 1`,
		`postern_store_call_seconds_count{operation="HeadObject",status="200"}`,
	}
	told := metricsListen.FindStringSubmatch(s.Log.String())
	var missing []string
	body := ""
	defer func() {
		if t.Failed() {
			t.Logf("wanted\n%s\nin\n%s", strings.Join(missing, "\n"), body)
		}
	}()
	waitUntil(t, "the metrics", func() bool { // an attempt is counted after it is recorded
		_, body = fetch(t, "http://"+told[1]+"/metrics")
		missing = nil
		for _, want := range wanted {
			if !strings.Contains(body, "\n"+want) {
				missing = append(missing, want)
			}
		}
		return len(missing) == 0
	})
	for _, secret := range []string{"alice", "a.txt", upload.ID, upload.Token, hookSecret} {
		if strings.Contains(body, secret) {
			t.Errorf("the metrics hold %q", secret)
		}
	}
	s.Stop()
}
