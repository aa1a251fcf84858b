package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
	"github.com/postern-dev/postern/cmd/postern/testtools"
)

const serveBackendKey = "backend-key-0123456789-0123456789-01234567"

// TestTheCommandsOfTheBackendPageWork runs the page's commands against dev, after an upload.
func TestTheCommandsOfTheBackendPageWork(t *testing.T) {
	testtools.Want(t, "curl")
	data := filepath.Join(t.TempDir(), "data")
	d := start(t, nil, testserver.DevArgs(data)...)
	v := testclient.Client{Base: d.URL}
	upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "photos", Filename: "a.png", Type: "image/png", Size: int64(len(onePixel))})
	if err != nil || upload == nil {
		t.Fatalf("issue: %v, %v", answer, err)
	}
	for _, answer := range []func() (testclient.Answer, error){
		func() (testclient.Answer, error) { return upload.Send(t.Context(), "a.png", onePixel) },
		func() (testclient.Answer, error) { return upload.Complete(t.Context()) },
	} {
		if a, err := answer(); err != nil || !a.OK() {
			t.Fatalf("upload: %v, %v", a, err)
		}
	}
	commands := docCommands(t, "backend.md")
	for i, command := range commands {
		commands[i] = strings.NewReplacer("http://127.0.0.1:8080", d.URL, ".postern", data).Replace(command)
	}
	s := newShell(t, "")
	s.env = append(s.env, "ID="+upload.ID)
	out := s.run(t, commands...)
	answers := json.NewDecoder(strings.NewReader(out))
	var list struct {
		Uploads []struct{ ID, State, Claimed string }
	}
	var one struct{ State, Claimed string }
	var link struct{ URL string }
	var erasure struct{ Erased, Pending *int64 }
	for _, into := range []any{&list, &one, &link, &erasure} {
		if err := answers.Decode(into); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
	}
	if len(list.Uploads) != 1 || list.Uploads[0].ID != upload.ID || one.State != "accepted" || one.Claimed == "" || !strings.HasPrefix(link.URL, d.URL+"/objects/") || *erasure.Erased != 0 {
		t.Errorf("the commands print %s", out)
	}
	if a := must(v.Call(t.Context(), http.MethodDelete, "/uploads/"+upload.ID, upload.Token, nil)); a.Code() != "already_completed" {
		t.Errorf("removal after the claim: %v", a)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// withBackend adds a ledger, a backend and a profile that waits for claims to the config of
// serveConfig.
func withBackend(key string) []string {
	return []string{"\nlisten:", "\nledger: {url: \"sqlite:postern.db\"}\nbackend: {secrets: [\"" + key + "\"]}\nlisten:", "size: 1..10MiB", "size: 1..10MiB, unclaimed: 24h, removable: 1h"}
}

func TestServeHasTheBackendsRoutesOfItsConfig(t *testing.T) {
	store := startStore(t)
	key := filepath.Join(t.TempDir(), "backend.key")
	write(t, key, serveBackendKey)
	s, config := startServe(t, store.URL(), withBackend("file:"+key)...)
	id := uploadFile(t, testclient.Client{Base: s.URL, Ticket: mint(t, config)})
	token := func(flags ...string) string {
		t.Helper()
		minted := invoke(t, serveEnvironment, append([]string{"ticket", "--backend", "--config", config}, flags...)...)
		if minted.code != exitDone || minted.stderr != "" {
			t.Fatalf("ticket: got %+v", minted)
		}
		return strings.TrimSpace(minted.stdout)
	}
	for _, c := range []struct {
		token  string
		status int
	}{{token(), http.StatusNoContent}, {token("--profile", "inbox"), http.StatusNoContent}, {mint(t, config), http.StatusUnauthorized}, {"", http.StatusUnauthorized}} {
		if a, err := (testclient.Client{Base: s.URL, Ticket: c.token}).Call(t.Context(), http.MethodPost, "/uploads/"+id+"/claim", "", nil); err != nil || a.Status != c.status {
			t.Errorf("claim: wanted %d, got %v, %v", c.status, a, err)
		}
	}
	if log := s.Log.String(); strings.Contains(log, serveBackendKey) || strings.Contains(log, "visitors can remove") || strings.Contains(log, "every upload is removed") {
		t.Errorf("the log is\n%s", log)
	}
	for name, args := range map[string][]string{
		"a profile that isn't there":        {"--profile", "other"},
		"a visitor and the server together": {"--subject", "alice"},
	} {
		if got := invoke(t, serveEnvironment, append([]string{"ticket", "--backend", "--config", config}, args...)...); got.code != exitUsage || got.stdout != "" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestCheckOpensNoLedgerForABackend(t *testing.T) {
	store := startStore(t)
	folder := t.TempDir()
	write(t, filepath.Join(folder, "backend.key"), serveBackendKey)
	config := filepath.Join(folder, "postern.yaml")
	write(t, config, serveConfig(store.URL(), testserver.AnyPort, withBackend("file:backend.key")...))
	env := []string{"AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=" + serveSecret, "TOKEN_KEY=" + serveTokenKey, "TICKET_KEY=" + serveTicketKey}
	if got := runProcess(t, "", env, "serve", "--config", config, "--check"); got.code != exitDone {
		t.Errorf("got %+v", got)
	}
	if _, err := os.Stat(filepath.Join(folder, "postern.db")); err == nil {
		t.Error("the check has made the database")
	}
	without := strings.Replace(serveConfig(store.URL(), testserver.AnyPort, withBackend("file:backend.key")...), "backend: {secrets: [\"file:backend.key\"]}\n", "", 1)
	write(t, config, without)
	got := runProcess(t, "", env, "serve", "--config", config, "--check")
	if got.code != exitDone || !strings.Contains(got.stderr, "every upload is removed: without backend no application can claim one") || !strings.Contains(got.stderr, "visitors can remove what was accepted") {
		t.Errorf("without a backend: got %+v", got)
	}
}

// TestTheExampleOfAProgramWithALedgerIsTheOneThatIsTested compares a page with the file that its
// block names.
func TestTheExampleOfAProgramWithALedgerIsTheOneThatIsTested(t *testing.T) {
	const file = "handlers/ledger/example_test.go"
	block := docBlockLabelled(t, "your-own-page.md", file)
	code, err := os.ReadFile(filepath.Join(docFolder, "../..", file))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.ReplaceAll(string(code), "\n\t", "\n"), "\n"+block) {
		t.Errorf("%s doesn't have\n%s", file, block)
	}
}
