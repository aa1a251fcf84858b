package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// startDocumentedStore runs the embedded store with the bucket of the documentation and an account
// for visitors.
func startDocumentedStore(t *testing.T) *gateway.Gateway {
	t.Helper()
	g, err := gateway.Start(t.Context(), gateway.Options{Dir: t.TempDir(), AccessKey: "operator", SecretKey: serveSecret, Region: documentedRegion,
		Buckets: []string{"example-uploads"}, Uploader: gateway.Uploader{AccessKey: "uploader", SecretKey: uploaderSecret, Prefix: "photos/"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

// TestTheCommandsOnCredentials goes down the page: commands are run, and what is said of
// postern.yaml is put there.
func TestTheCommandsOnCredentials(t *testing.T) {
	store := startDocumentedStore(t)
	s := newShell(t, store.URL())
	s.env = append(s.env, "POSTERN_TOKEN_KEY="+serveTokenKey, "POSTERN_TICKET_KEY="+serveTicketKey)
	for _, command := range docCommands(t, "aws.md") {
		if strings.HasPrefix(command, "cat > postern.yaml") || strings.HasPrefix(command, "postern setup") {
			s.run(t, command)
		}
	}
	config := filepath.Join(s.dir, "postern.yaml")
	edit := func(change func(string) string) {
		text, err := os.ReadFile(config)
		if err != nil {
			t.Fatal(err)
		}
		write(t, config, change(string(text)))
	}
	edit(func(text string) string {
		return replaceOnce(t, text, "listen: 127.0.0.1:8080\n", "listen: 127.0.0.1:0\ntickets: {secret: \"env:POSTERN_TICKET_KEY\"}\n")
	})
	commands := 0
	for _, b := range docBlocks(t, "credentials.md") {
		switch {
		case b.language == "sh":
			s.run(t, b.text)
			commands++
		case b.label == "store of postern.yaml":
			edit(func(text string) string {
				return replaceOnce(t, text, "store: {provider: aws, region: eu-central-1}\n", b.text)
			})
		case b.label == "end of postern.yaml", b.label == "profile of postern.yaml":
			edit(func(text string) string { // profiles come last in the file, so what isn't one goes in front
				if strings.HasPrefix(b.text, " ") {
					return text + b.text
				}
				return b.text + text
			})
		}
	}
	if commands < 10 {
		t.Errorf("%d commands run", commands)
	}
	r := s.start(t, "postern serve --config postern.yaml")
	v := testclient.Client{Base: r.awaitReady()}
	upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "photos", Filename: "a.png", Type: "image/png", Size: int64(len(onePixel))})
	if err != nil || upload == nil || !strings.HasPrefix(upload.Post.Get("x-amz-credential"), "uploader/") {
		t.Fatalf("want a form signed by the visitors' key, got %v, %v", answer, err)
	}
	uploadAPicture(t, v, "http://localhost:8080", "photos")
	for name, want := range map[string]string{"uploads.json": "s3:PutObject", "trust.json": "arn:aws:iam::123456789012:user/postern", "scoped.json": "phones/*", "server.json": "sts:AssumeRole",
		"bucket.json": "aws:SecureTransport", "iam.tf": "aws_iam_role_policy", "rules.tf": "resource"} {
		if text, err := os.ReadFile(filepath.Join(s.dir, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: want %q, got %s, %v", name, want, text, err)
		}
	}
}

// rotation is a server whose keys change, and what people have of it.
type rotation struct {
	*testserver.Server
	t      *testing.T
	config string
	args   []string
	client testclient.Client
}

// newRotation starts a server with the keys of a label in the documentation.
func newRotation(t *testing.T, store, label string) *rotation {
	t.Helper()
	dir := t.TempDir()
	for i, name := range []string{"token-2026.key", "token-2027.key", "receipt-2026.key", "receipt-2027.key"} {
		write(t, filepath.Join(dir, name), strings.Repeat(string(rune('a'+i)), 64)+"\n")
	}
	r := &rotation{t: t, config: filepath.Join(dir, "postern.yaml")}
	r.write(store, label)
	r.args = []string{"serve", "--config", r.config}
	r.start()
	return r
}

// write writes the config with the keys of a label.
func (r *rotation) write(store, label string) {
	r.t.Helper()
	keys := docBlockLabelled(r.t, "credentials.md", "keys: "+label)
	write(r.t, r.config, serveConfig(store, testserver.AnyPort, "keys: {tokens: [\"env:TOKEN_KEY\"]}\n", keys, "10MiB}", "20MiB, download: {lifetime: 5m}}"))
}

func (r *rotation) start() {
	r.t.Helper()
	r.Server = start(r.t, []string{"TICKET_KEY=" + serveTicketKey, "AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=" + serveSecret}, r.args...)
	r.client = testclient.Client{Base: r.URL, Ticket: mint(r.t, r.config)}
}

// begin issues an upload of several parts and sends its first.
func (r *rotation) begin() *testclient.Upload {
	r.t.Helper()
	upload, answer, err := r.client.Issue(r.t.Context(), testclient.Request{Profile: "inbox", Filename: "a.bin", Type: "application/octet-stream", Size: 17 << 20})
	if err != nil || upload == nil || upload.Multipart == nil {
		r.t.Fatalf("issue: %v, %v", answer, err)
	}
	r.sendPart(upload, 1)
	return upload
}

func (r *rotation) sendPart(upload *testclient.Upload, number int) {
	r.t.Helper()
	parts, answer, err := upload.WithClient(r.client).Sign(r.t.Context(), testclient.PartRequest{Number: number})
	if err != nil || len(parts) != 1 {
		r.t.Fatalf("sign part %d: %v, %v", number, answer, err)
	}
	if answer, err := parts[0].Send(r.t.Context(), make([]byte, parts[0].Size)); err != nil || !answer.OK() {
		r.t.Fatalf("part %d: %v, %v", number, answer, err)
	}
}

// finish sends the other parts of an upload and completes it.
func (r *rotation) finish(upload *testclient.Upload) {
	r.t.Helper()
	for number := 2; number <= upload.Multipart.PartCount; number++ {
		r.sendPart(upload, number)
	}
	if answer, err := upload.WithClient(r.client).Complete(r.t.Context()); err != nil || answer.Status != http.StatusOK {
		r.t.Fatalf("complete: %v, %v", answer, err)
	}
}

// completed is what a small upload leaves behind.
type completed struct{ Receipt, URL string }

func (r *rotation) upload() (done completed) {
	r.t.Helper()
	upload, answer, err := r.client.Issue(r.t.Context(), testclient.Request{Profile: "inbox", Filename: "a.txt", Type: "text/plain", Size: 4})
	if err != nil || upload == nil {
		r.t.Fatalf("issue: %v, %v", answer, err)
	}
	if answer, err = upload.Send(r.t.Context(), "a.txt", []byte("text")); err != nil || !answer.OK() {
		r.t.Fatalf("send: %v, %v", answer, err)
	}
	if answer, err = upload.Complete(r.t.Context()); err != nil || json.Unmarshal(answer.Body, &done) != nil || done.Receipt == "" || done.URL == "" {
		r.t.Fatalf("complete: %v, %v", answer, err)
	}
	return done
}

// owners are the marks of the visitor.
func (r *rotation) owners() []string {
	r.t.Helper()
	answer, err := r.client.Call(r.t.Context(), http.MethodGet, "/uploads/owner", "", nil)
	var told struct{ Owners []string }
	if err != nil || json.Unmarshal(answer.Body, &told) != nil || len(told.Owners) == 0 {
		r.t.Fatalf("owners: %v, %v", answer, err)
	}
	return told.Owners
}

// requireOld requires what becomes of things that the old keys signed.
func (r *rotation) requireOld(when string, upload *testclient.Upload, done completed, mark string, isGood bool) {
	r.t.Helper()
	status := map[string]map[bool]int{"token": {true: 200, false: 401}, "link": {true: 302, false: 404}, "receipt": {true: exitDone, false: exitFailed}}
	if answer, err := upload.WithClient(r.client).List(r.t.Context()); err != nil || answer.Status != status["token"][isGood] {
		r.t.Errorf("%s: upload token: want %d, got %v, %v", when, status["token"][isGood], answer, err)
	}
	link := strings.TrimPrefix(done.URL, "http://127.0.0.1:8080")
	if answer, err := r.client.Call(r.t.Context(), http.MethodGet, link, "", nil); err != nil || answer.Status != status["link"][isGood] {
		r.t.Errorf("%s: link: want %d, got %v, %v", when, status["link"][isGood], answer, err)
	}
	if got := invoke(r.t, serveEnvironment, "receipt", "verify", done.Receipt, "--config", r.config); got.code != status["receipt"][isGood] {
		r.t.Errorf("%s: receipt: want exit code %d, got %+v", when, status["receipt"][isGood], got)
	}
	if slices.Contains(r.owners(), mark) != isGood {
		r.t.Errorf("%s: mark %q: want it known: %v, got %v", when, mark, isGood, r.owners())
	}
}

// TestChangingKeysDoesWhatTheDocumentationSays goes through the three steps of the page, with a
// reload and with a restart.
func TestChangingKeysDoesWhatTheDocumentationSays(t *testing.T) {
	store := startStore(t)
	for _, way := range []string{"SIGHUP", "restart"} {
		t.Run(way, func(t *testing.T) {
			r := newRotation(t, store.URL(), "before")
			reloads := 0
			change := func(label string) {
				r.write(store.URL(), label)
				if way == "restart" {
					r.Stop()
					r.start()
					return
				}
				reloads++
				reload(t, r.Server, "config reloaded", reloads)
			}
			first, second, done, mark := r.begin(), r.begin(), r.upload(), r.owners()[0]
			form, answer, err := r.client.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "b.txt", Type: "text/plain", Size: 4})
			if err != nil || form == nil {
				t.Fatalf("issue: %v, %v", answer, err)
			}
			r.requireOld("before", second, done, mark, true)
			change("during")
			r.requireOld("during", second, done, mark, true)
			if marks := r.owners(); len(marks) != 2 || marks[0] == mark {
				t.Errorf("during: want a new mark in front of %q, got %v", mark, marks)
			}
			r.finish(first)
			between, newMark, done2 := r.begin(), r.owners()[0], r.upload()
			change("after")
			r.requireOld("after", second, done, mark, false)
			r.requireOld("after, of the new key", between, done2, newMark, true)
			r.finish(between)
			if answer, err := form.Send(t.Context(), "b.txt", []byte("text")); err != nil || !answer.OK() {
				t.Errorf("a form of before: want it valid at the store, got %v, %v", answer, err)
			}
		})
	}
}

func TestChangingTheTicketSecretEndsTickets(t *testing.T) {
	store := startStore(t)
	dir := t.TempDir()
	name, key := filepath.Join(dir, "postern.yaml"), filepath.Join(dir, "ticket.key")
	write(t, key, strings.Repeat("a", 64)+"\n")
	write(t, name, serveConfig(store.URL(), testserver.AnyPort, `"env:TICKET_KEY"`, `"file:ticket.key"`))
	env := []string{"TOKEN_KEY=" + serveTokenKey, "AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=" + serveSecret}
	s := start(t, env, "serve", "--config", name)
	old := testclient.Client{Base: s.URL, Ticket: mint(t, name)}
	requireIssueStatus(t, "before", old, http.StatusCreated)
	write(t, key, strings.Repeat("b", 64)+"\n")
	reload(t, s, "config reloaded", 1)
	requireIssueStatus(t, "an old ticket", old, http.StatusUnauthorized)
	requireIssueStatus(t, "a new ticket", testclient.Client{Base: s.URL, Ticket: mint(t, name)}, http.StatusCreated)
}

// TestChangingAccessKeysKeepsOpenUploads changes the key that signs for visitors, by files and
// SIGHUP, while an upload of several parts is open.
func TestChangingAccessKeysKeepsOpenUploads(t *testing.T) {
	store := startStoreOfTwo(t)
	dir := t.TempDir()
	give := func(id, secret string) {
		write(t, filepath.Join(dir, "uploads.id"), id+"\n")
		write(t, filepath.Join(dir, "uploads.secret"), secret+"\n")
	}
	give("operator", serveSecret)
	name := filepath.Join(dir, "postern.yaml")
	write(t, name, serveConfig(store.URL(), testserver.AnyPort, "provider: versity", `provider: versity, upload_credentials: {access_key_id: "file:uploads.id", secret_access_key: "file:uploads.secret"}`, "10MiB", "20MiB"))
	env := []string{"TOKEN_KEY=" + serveTokenKey, "TICKET_KEY=" + serveTicketKey, "AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=" + serveSecret}
	r := &rotation{Server: start(t, env, "serve", "--config", name), t: t, config: name}
	r.client = testclient.Client{Base: r.URL, Ticket: mint(t, name)}
	open := r.begin()
	give("uploader", uploaderSecret)
	reload(t, r.Server, "config reloaded", 1)
	parts, answer, err := open.WithClient(r.client).Sign(t.Context(), testclient.PartRequest{Number: 2})
	if err != nil || len(parts) != 1 || !strings.Contains(parts[0].URL, "X-Amz-Credential=uploader%2F") {
		t.Fatalf("want a part URL signed by the new key, got %v, %v", answer, err)
	}
	r.finish(open)
}
