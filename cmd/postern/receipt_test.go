package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
)

const receiptEnvironmentKey = "receipt-key-0123456789-0123456789-012345678"

// completedReceipt uploads a file and returns the receipt.
func completedReceipt(t *testing.T, client testclient.Client, profile string) string {
	t.Helper()
	upload, answer, err := client.Issue(t.Context(), testclient.Request{Profile: profile, Filename: "a.txt", Type: "text/plain", Size: 4})
	if err != nil || upload == nil {
		t.Fatalf("issue: %v, %v", answer, err)
	}
	if answer, err := upload.Send(t.Context(), "a.txt", []byte("text")); err != nil || !answer.OK() {
		t.Fatalf("send: %v, %v", answer, err)
	}
	answer, err = upload.Complete(t.Context())
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("complete: %v, %v", answer, err)
	}
	var done struct{ Receipt string }
	if err := json.Unmarshal(answer.Body, &done); err != nil {
		t.Fatal(err)
	}
	return done.Receipt
}

func TestReceiptVerifyTellsGenuineFromForged(t *testing.T) {
	store := startStore(t)
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, serveConfig(store.URL(), testserver.AnyPort, "\nlisten:", "\nreceipts: {secrets: [\"env:RECEIPT_KEY\"]}\nlisten:"))
	environment := map[string]string{"TOKEN_KEY": serveTokenKey, "TICKET_KEY": serveTicketKey, "RECEIPT_KEY": receiptEnvironmentKey}
	env := []string{"AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=" + serveSecret}
	for variable, value := range environment {
		env = append(env, variable+"="+value)
	}
	s := start(t, env, "serve", "--config", name)
	ticket := invoke(t, environment, "ticket", "--config", name, "--profile", "inbox", "--subject", "alice")
	receipt := completedReceipt(t, testclient.Client{Base: s.URL, Ticket: strings.TrimSpace(ticket.stdout)}, "inbox")
	other := map[string]string{"TOKEN_KEY": serveTokenKey, "TICKET_KEY": serveTicketKey, "RECEIPT_KEY": strings.Repeat("x", 32)}
	keys := filepath.Join(t.TempDir(), "keys.json")
	write(t, keys, `{"keys":[]}`)
	for _, c := range []struct {
		name        string
		environment map[string]string
		args        []string
		code        int
		want        string // in what is printed
	}{
		{"a genuine one", environment, []string{receipt, "--config", name}, 0, `"sub": "alice"`},
		{"a changed one", environment, []string{receipt[:len(receipt)-4] + "AAAA", "--config", name}, 1, "none of these keys has signed it"},
		{"another secret", other, []string{receipt, "--config", name}, 1, "none of these keys has signed it"},
		{"a ticket", environment, []string{strings.TrimSpace(ticket.stdout), "--config", name}, 1, "it isn't a receipt"},
		{"no receipt", environment, []string{"receipt", "--config", name}, 1, "it isn't a receipt"},
		{"two servers", environment, []string{receipt, "--config", name, "--data", "x"}, 2, "can't be used together"},
		{"an empty key set", environment, []string{receipt, "--keys", keys}, 2, "wanted at least one secret or key"},
		{"a data folder without key", environment, []string{receipt, "--data", t.TempDir()}, 2, "no receipt key in"},
	} {
		got := invoke(t, c.environment, append([]string{"receipt", "verify"}, c.args...)...)
		if got.code != c.code || !strings.Contains(got.stdout+got.stderr, c.want) || c.code != 0 && got.stdout != "" {
			t.Errorf("%s: got %d %q %q, wanted %d %q", c.name, got.code, got.stdout, got.stderr, c.code, c.want)
		}
	}
	if strings.Contains(s.Log.String(), receipt) {
		t.Error("the log holds the receipt")
	}
}

func TestDevsReceiptsAreVerifiedByItsDataFolder(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s := start(t, nil, testserver.DevArgs(data)...)
	receipt := completedReceipt(t, testclient.Client{Base: s.URL}, "files")
	if got := invoke(t, nil, "receipt", "verify", receipt, "--data", data); got.code != 0 || !strings.Contains(got.stdout, `"profile": "files"`) {
		t.Errorf("got %d %q %q", got.code, got.stdout, got.stderr)
	}
}
