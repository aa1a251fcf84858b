package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testpostgres"
	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/uploads"
)

const (
	hookPassword = "password-in-a-query-0123456789"
	hookEndpoint = "inbox https://app.example.com/hooks"
	brokenReason = "tls: certificate of \x1b[31mred\x1b[0m\nhost, https://app.example.com/?token=reason-secret"
)

// deliveriesConfig is a config with one webhook whose URL has a password in its query.
func deliveriesConfig(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, serveConfig("http://127.0.0.1:1", "127.0.0.1:0", "\nlisten:", "\nledger: {url: \"env:LEDGER_URL\"}\nlisten:",
		"size: 1..10MiB", `size: 1..10MiB, webhook: {url: "https://app.example.com/hooks?password=`+hookPassword+`", secret: "env:HOOK_SECRET"}`))
	return name
}

func deliveriesEnvironment(ledgerURL string) map[string]string {
	return map[string]string{"TOKEN_KEY": serveTokenKey, "TICKET_KEY": serveTicketKey, "HOOK_SECRET": hookSecret, "LEDGER_URL": ledgerURL}
}

// deliveriesResult is the JSON of postern deliveries.
type deliveriesResult struct {
	Deliveries []deliveryJSON
	Count      int
	Endpoints  []backlogJSON
	findings.Report
}

// outboxOf fills a ledger: three dead letters, one delivery that waits and one that was delivered
// to the endpoint of deliveriesConfig, and one that waits for an endpoint that is gone. It returns
// the IDs of the dead letters.
func outboxOf(t *testing.T, url, endpoint string) (dead []string) {
	t.Helper()
	l, err := ledger.Open(ledger.Config{URL: url, Receivers: []ledger.Receiver{{Name: endpoint}}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	decide := func(id string) {
		t.Helper()
		now := time.Now()
		e := uploads.Entry{ID: id, Profile: "inbox", Subject: "alice", Claims: []byte("{}"), Issued: now, Ends: now.Add(time.Hour), Changed: now, Due: now.Add(time.Minute)}
		if _, recorded, err := l.Decide(t.Context(), e, uploads.Decision{State: uploads.StateAccepted, At: now, Data: []byte("{}")}); err != nil || !recorded {
			t.Fatal(recorded, err)
		}
	}
	for i := range 5 {
		decide(fmt.Sprint("upload", i))
	}
	taken, err := l.TakeDeliveries(t.Context(), endpoint, 10)
	if err != nil || len(taken) != 5 {
		t.Fatal(len(taken), err)
	}
	for i, d := range taken {
		a := []ledger.Attempt{{State: ledger.DeliveryFailed, Status: 500, Reason: "status"}, {State: ledger.DeliveryFailed, Reason: brokenReason},
			{State: ledger.DeliveryFailed, Status: 301, Reason: "redirect"}, {State: ledger.DeliveryDone, Status: 204}, {State: ledger.DeliveryWaiting, Next: time.Now().Add(time.Hour), Status: 503}}[i]
		if err := l.FinishDelivery(t.Context(), d, a); err != nil {
			t.Fatal(err)
		}
		if a.State == ledger.DeliveryFailed {
			dead = append(dead, d.ID)
		}
	}
	if err := l.SetReceivers([]ledger.Receiver{{Name: "gone https://old.example.com/"}}); err != nil {
		t.Fatal(err)
	}
	decide("upload5")
	return dead
}

// hookName is the name of the endpoint of deliveriesConfig.
func hookName(t *testing.T, name string, env map[string]string) string {
	t.Helper()
	file, err := config.Load(name, func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	names := endpointNames(file.Webhooks)
	if len(names) != 1 || !strings.HasPrefix(names[0], hookEndpoint) {
		t.Fatalf("the endpoints are %q", names)
	}
	return names[0]
}

func TestDeadLettersAreListedCountedAndReplayedOnBothDatabases(t *testing.T) {
	t.Parallel()
	for _, db := range []struct {
		name string
		url  func() string
	}{
		{"SQLite", func() string { return "sqlite:" + filepath.Join(t.TempDir(), "postern.db") }},
		{"PostgreSQL", func() string { return testpostgres.Start(t).Database(t) }},
	} {
		t.Run(db.name, func(t *testing.T) {
			env := deliveriesEnvironment(db.url())
			name := deliveriesConfig(t)
			endpoint := hookName(t, name, env)
			dead := outboxOf(t, env["LEDGER_URL"], endpoint)
			list := func(code int, flags ...string) deliveriesResult {
				t.Helper()
				got := invoke(t, env, append([]string{"deliveries", "--config", name, "--json"}, flags...)...)
				var out deliveriesResult
				if err := json.Unmarshal([]byte(got.stdout), &out); err != nil || got.code != code || out.Count != len(out.Deliveries) || got.stderr != "" {
					t.Fatalf("%q: wanted exit code %d, got %+v, %v", flags, code, got, err)
				}
				return out
			}
			states := func(r deliveriesResult) string {
				counts := map[string]int{}
				for _, d := range r.Deliveries {
					counts[d.State]++
				}
				return fmt.Sprint(counts)
			}
			all := list(exitFailed)
			if got := states(all); got != "map[done:1 failed:3 waiting:2]" {
				t.Errorf("listed %s", got)
			}
			if len(all.Endpoints) != 2 || all.Endpoints[0].Endpoint != "gone https://old.example.com/" || all.Endpoints[0].Waiting != 1 || all.Endpoints[0].Oldest.IsZero() ||
				all.Endpoints[1].Endpoint != endpoint || all.Endpoints[1].Waiting != 1 || all.Endpoints[1].Failed != 3 {
				t.Errorf("the endpoints are %+v", all.Endpoints)
			}
			if len(all.Findings) != 2 || all.Findings[0].Code != deliveriesFailed || all.Findings[1].Code != endpointGone || all.Findings[1].Severity != findings.Note {
				t.Errorf("found %+v", all.Findings)
			}
			failed := list(exitFailed, "--state", "failed")
			if got := states(failed); got != "map[failed:3]" {
				t.Errorf("of state failed, %s are listed", got)
			}
			one := list(exitFailed, "--replay", dead[1])
			if d := one.Deliveries; len(d) != 1 || d[0].ID != dead[1] || d[0].State != "waiting" || d[0].Attempts != 0 || d[0].Due.IsZero() || d[0].Due.After(time.Now()) {
				t.Errorf("replayed %+v", d)
			}
			if got := states(list(exitFailed)); got != "map[done:1 failed:2 waiting:3]" {
				t.Errorf("after one was replayed there are %s", got)
			}
			rest := list(exitDone, "--replay", "failed")
			if len(rest.Deliveries) != 2 || rest.Deliveries[0].ID != dead[0] || rest.Deliveries[1].ID != dead[2] {
				t.Errorf("replayed %+v", rest.Deliveries)
			}
			if got := states(list(exitDone)); got != "map[done:1 waiting:5]" {
				t.Errorf("after all were replayed there are %s", got)
			}
			unknown := list(exitFailed, "--replay", "msg_none_1_ab")
			if len(unknown.Deliveries) != 0 || unknown.Findings[0].Code != deliveryUnknown {
				t.Errorf("an unknown ID: %+v", unknown)
			}
		})
	}
}

func TestDeliveriesShowNeitherSecretsNorControlCharacters(t *testing.T) {
	t.Parallel()
	env := deliveriesEnvironment("sqlite:" + filepath.Join(t.TempDir(), "postern.db"))
	name := deliveriesConfig(t)
	outboxOf(t, env["LEDGER_URL"], hookName(t, name, env))
	for _, flags := range [][]string{nil, {"--json"}, {"--state", "failed"}, {"--replay", "failed"}} {
		got := invoke(t, env, append([]string{"deliveries", "--config", name}, flags...)...)
		if got.code == exitUsage || !strings.Contains(got.stdout, "upload1") {
			t.Fatalf("%q: %+v", flags, got)
		}
		for _, wrong := range []string{hookSecret, serveTokenKey, serveTicketKey, hookPassword, "reason-secret", "\x1b", `\u001b`} {
			if strings.Contains(got.stdout+got.stderr, wrong) {
				t.Errorf("%q shows %q:\n%s", flags, wrong, got.stdout)
			}
		}
	}
}

func TestDeliveriesSaysWhatIsWrongWithTheLedger(t *testing.T) {
	t.Parallel()
	const password = "ledger-password-0123456789"
	name, dir := deliveriesConfig(t), t.TempDir()
	without := filepath.Join(dir, "without.yaml")
	write(t, without, serveConfig("http://127.0.0.1:1", "127.0.0.1:0"))
	for _, row := range []struct {
		name, config, url string
		flags             []string
		code              int
		says              string
	}{
		{"a database that is away", name, "postgres://postern:" + password + "@127.0.0.1:1/postern", nil, exitFailed, "(" + ledgerAway + ")"},
		{"a file that isn't there", name, "sqlite:" + filepath.Join(dir, "none.db"), nil, exitFailed, "is empty and would get version"},
		{"no ledger", without, "", nil, exitUsage, "has no ledger"},
		{"a state that there isn't", name, "sqlite:x", []string{"--state", "lost"}, exitUsage, `must be one of`},
		{"list and replay", name, "sqlite:x", []string{"--state", "failed", "--replay", "failed"}, exitUsage, "can't be used together"},
		{"no such file", filepath.Join(dir, "none.yaml"), "", nil, exitUsage, "none.yaml"},
	} {
		got := invoke(t, deliveriesEnvironment(row.url), append([]string{"deliveries", "--config", row.config}, row.flags...)...)
		if got.code != row.code || !strings.Contains(got.stdout+got.stderr, row.says) || strings.Contains(got.stdout+got.stderr, password) {
			t.Errorf("%s: wanted exit code %d and %q, got %+v", row.name, row.code, row.says, got)
		}
	}
}

// The documentation's commands run beside a server whose application was away: its dead letter is
// sent again under the ID that it had.
func TestTheCommandsAboutDeliveriesSendADeadLetterAgain(t *testing.T) {
	store, app := startStore(t), startApplication(t, 500)
	s, config := startServe(t, store.URL(), hooked(t, app)...)
	id := uploadFile(t, testclient.Client{Base: s.URL, Ticket: mint(t, config)})
	first := app.wait(t, 1)[0].header.Get("Webhook-Id")
	waitUntil(t, "the failure in the log", func() bool { return strings.Contains(s.Log.String(), "delivery failed") })
	dir := filepath.Dir(config)
	db, err := sql.Open("sqlite", filepath.Join(dir, "postern.db")+"?_busy_timeout=5000") // the server may be writing
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE postern_deliveries SET state = 'failed' WHERE id = ?", first); err != nil {
		t.Fatal(err)
	}
	run := shellOf(t, dir)
	keys := "TOKEN_KEY=" + serveTokenKey + " TICKET_KEY=" + serveTicketKey + " "
	for i, command := range strings.Split(strings.TrimSpace(docBlockLabelled(t, "webhooks.md", "deliveries: commands")), "\n") {
		out, code := run(keys + strings.Replace(command, " ID ", " "+first+" ", 1))
		if i < 2 && (code != exitFailed || !strings.Contains(out, first) || !strings.Contains(out, id)) || i >= 2 && code != exitDone {
			t.Errorf("%s: exit code %d\n%s", command, code, out)
		}
	}
	again := app.wait(t, 2)[1]
	if again.wantSigned(t, hookSecret); again.header.Get("Webhook-Id") != first {
		t.Errorf("sent under the IDs %q and %q", first, again.header.Get("Webhook-Id"))
	}
	s.Stop()
}
