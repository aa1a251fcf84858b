package main

import (
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
	"github.com/postern-dev/postern/handlers/ledger"
)

// withLedger adds a ledger to the config of serveConfig.
func withLedger(url string) []string {
	return []string{"\nlisten:", "\nledger: {url: \"" + url + "\", required: true}\nlisten:"}
}

func TestCheckSaysWhatWouldBeMigratedAndChangesNothing(t *testing.T) {
	store := startStore(t)
	folder := t.TempDir()
	env := []string{"AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=" + serveSecret, "TOKEN_KEY=" + serveTokenKey, "TICKET_KEY=" + serveTicketKey}
	config := filepath.Join(folder, "postern.yaml")
	write(t, config, serveConfig(store.URL(), testserver.AnyPort, withLedger("sqlite:postern.db")...))
	check := func(code int, want string) {
		t.Helper()
		if got := runProcess(t, "", env, "serve", "--config", config, "--check"); got.code != code || !strings.Contains(got.stdout+got.stderr, want) {
			t.Errorf("want exit code %d and %q, got %+v", code, want, got)
		}
	}
	check(exitDone, "the ledger's database is empty and would get version 1 of the schema")
	file := filepath.Join(folder, "postern.db")
	if _, err := os.Stat(file); err == nil {
		t.Error("the check has made the database")
	}
	l, err := ledger.Open(ledger.Config{URL: "sqlite:" + file})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	check(exitDone, "has version 1 of the schema, which is up to date")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE postern_schema SET version = 99"); err != nil {
		t.Fatal(err)
	}
	check(exitUsage, "the database was migrated by a newer release of Postern")
	if got := runProcess(t, "", env, "serve", "--config", config); got.code != exitUsage || !strings.Contains(got.stderr, "newer release") {
		t.Errorf("serve with a newer database: %+v", got)
	}
}

func TestUploadsWithoutARecordAreIssuedAndCountedWhereTheLedgerIsNotRequired(t *testing.T) {
	store := startStore(t)
	s, config := startServe(t, store.URL(), "\nlisten:", "\nledger: {url: \"postgres://postern@127.0.0.1:1/postern\"}\nmetrics: {listen: \"127.0.0.1:0\"}\nlisten:")
	if response, body := fetch(t, s.URL+"/readyz"); response.StatusCode != http.StatusOK || strings.TrimSpace(body) != `{"degraded":["ledger"]}` {
		t.Errorf("readiness: got %d %s", response.StatusCode, body)
	}
	_, answer, err := testclient.Client{Base: s.URL, Ticket: mint(t, config)}.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "a.txt", Type: "text/plain", Size: 4})
	if err != nil || answer.Status != http.StatusCreated {
		t.Errorf("issue: %v, %v", answer, err)
	}
	told := metricsListen.FindStringSubmatch(s.Log.String())
	if _, body := fetch(t, "http://"+told[1]+"/metrics"); !strings.Contains(body, "postern_uploads_unrecorded_total 1") {
		t.Errorf("the metrics are\n%s", body)
	}
}

func TestAServerWhoseRequiredLedgerIsAwayIsNotReadyAndShowsNoPassword(t *testing.T) {
	store := startStore(t)
	const password = "ledger-password-0123456789"
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, serveConfig(store.URL(), testserver.AnyPort, withLedger("env:LEDGER_URL")...))
	env := []string{"TOKEN_KEY=" + serveTokenKey, "TICKET_KEY=" + serveTicketKey, "AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=" + serveSecret,
		"LEDGER_URL=postgres://postern:" + password + "@127.0.0.1:1/postern"}
	s := start(t, env, "serve", "--config", name)
	if response, body := fetch(t, s.URL+"/readyz"); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("readiness: got %d %s", response.StatusCode, body)
	}
	minted := invoke(t, map[string]string{"TOKEN_KEY": serveTokenKey, "TICKET_KEY": serveTicketKey, "LEDGER_URL": "sqlite:x"},
		"ticket", "--config", name, "--profile", "inbox", "--subject", "alice")
	_, answer, err := testclient.Client{Base: s.URL, Ticket: strings.TrimSpace(minted.stdout)}.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "a.txt", Type: "text/plain", Size: 4})
	if err != nil || answer.Code() != "store_unavailable" {
		t.Errorf("issue: %v, %v", answer, err)
	}
	s.Stop()
	if log := s.Log.String(); strings.Contains(log, password) || !strings.Contains(log, "the ledger is away") {
		t.Errorf("the log is\n%s", log)
	}
}
