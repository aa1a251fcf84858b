package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
	"github.com/postern-dev/postern/cmd/postern/testtools"
)

// startEmptyStore runs the embedded store without a bucket.
func startEmptyStore(t *testing.T) *gateway.Gateway {
	t.Helper()
	g, err := gateway.Start(t.Context(), gateway.Options{Dir: t.TempDir(), AccessKey: "operator", SecretKey: serveSecret, Region: documentedRegion,
		Uploader: gateway.Uploader{AccessKey: "uploader", SecretKey: uploaderSecret, Prefix: "photos/"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

// shell is a shell in a folder of its own, in which postern and aws are on the path.
type shell struct {
	dir string
	env []string
}

// newShell returns a shell of an operator whose AWS is the embedded store.
func newShell(t *testing.T, store string) *shell {
	t.Helper()
	testtools.Want(t, "bash")
	testtools.Want(t, "openssl")
	bin := t.TempDir()
	for name, mark := range map[string]string{"postern": asProgram + "=1", "aws": asAWS + "=" + store, "mc": asMinIO + "=" + store} {
		script := fmt.Sprintf("#!/bin/sh\n%s exec %q \"$@\"\n", mark, os.Args[0])
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := &shell{dir: t.TempDir()}
	s.env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + s.dir, "AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL_S3=" + store,
		"AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=" + serveSecret}
	return s
}

// running is a script under way.
type running struct {
	t              *testing.T
	stdout, stderr testserver.LogBuffer
	ended          chan struct{}
	cmd            *exec.Cmd
}

// start runs commands one after the other in one shell, which ends with the first that fails.
func (s *shell) start(t *testing.T, commands ...string) *running {
	t.Helper()
	r := &running{t: t, ended: make(chan struct{})}
	r.cmd = exec.Command("bash", "-euo", "pipefail", "-c", strings.Join(commands, "\n"))
	r.cmd.Dir, r.cmd.Env, r.cmd.Stdout, r.cmd.Stderr = s.dir, s.env, &r.stdout, &r.stderr
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = r.cmd.Wait(); close(r.ended) }()
	t.Cleanup(func() {
		_ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL)
		<-r.ended
		if t.Failed() {
			t.Logf("output:\n%s\n%s", r.stdout.String(), r.stderr.String())
		}
	})
	return r
}

// run runs commands to their end and requires that they succeed.
func (s *shell) run(t *testing.T, commands ...string) string {
	t.Helper()
	r := s.start(t, commands...)
	select {
	case <-r.ended:
	case <-time.After(testserver.Timeout):
		t.Fatalf("still running after %v", testserver.Timeout)
	}
	if code := r.cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	return r.stdout.String()
}

var readyLine = regexp.MustCompile(`(?m)^postern: ready at (http://\S+) `)

// awaitReady waits for the ready line of a serve and returns its address. The wait begins anew with
// whatever the commands before it print: each of them may take as long as one alone.
func (r *running) awaitReady() string {
	r.t.Helper()
	for {
		var found []string
		printed := len(r.stdout.String())
		waitUntil(r.t, "the ready line", func() bool {
			select {
			case <-r.ended:
				r.t.Fatalf("ended with exit code %d", r.cmd.ProcessState.ExitCode())
			default:
			}
			text := r.stdout.String()
			found = readyLine.FindStringSubmatch(text)
			return found != nil || len(text) > printed
		})
		if found != nil {
			return found[1]
		}
	}
}

// docCommands returns the blocks of shell commands of a page, each of which is one command.
func docCommands(t *testing.T, page string) (list []string) {
	t.Helper()
	for _, b := range docBlocks(t, page) {
		if b.language == "sh" {
			list = append(list, b.text)
		}
	}
	return list
}

// uploadAPicture sends a picture by a page's form, as a browser without script does, up to the
// landing page.
func uploadAPicture(t *testing.T, v testclient.Client, publicURL, profile string) {
	t.Helper()
	page, err := v.Call(t.Context(), http.MethodGet, "/forms/"+profile, "", nil)
	if err != nil || page.Status != http.StatusOK {
		t.Fatalf("form: %v, %v", page, err)
	}
	form, err := testclient.ParseForm(page.Body)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := form.Send(t.Context(), "a.png", onePixel)
	if err != nil || sent.Status != http.StatusSeeOther {
		t.Fatalf("send: %v, %v", sent, err)
	}
	landed, err := v.Call(t.Context(), http.MethodGet, strings.TrimPrefix(sent.Header.Get("Location"), publicURL), "", nil)
	if err != nil || landed.Status != http.StatusOK || !bytes.Contains(landed.Body, []byte("image/png")) && !bytes.Contains(landed.Body, []byte("PNG")) {
		t.Fatalf("landing: %v, %v", landed, err)
	}
}

// Only the port of the server is another than the page has, since it may be taken.
func TestFromNothingToAnUploadOnAWS(t *testing.T) {
	store := startEmptyStore(t)
	commands := docCommands(t, "aws.md")
	if len(commands) > 12 {
		t.Errorf("wanted at most 12 commands, got %d", len(commands))
	}
	for i, command := range commands {
		if first, _, _ := strings.Cut(command, "\n"); strings.ContainsAny(first, ";&|") || strings.Count(command, "\n") > 1 && !strings.Contains(first, "<<") {
			t.Errorf("more than one command: %s", command)
		}
		commands[i] = strings.Replace(command, "listen: 127.0.0.1:8080", "listen: 127.0.0.1:0", 1)
	}
	r := newShell(t, store.URL()).start(t, commands...)
	uploadAPicture(t, testclient.Client{Base: r.awaitReady()}, "http://localhost:8080", "photos")
	if strings.Contains(r.stdout.String()+r.stderr.String(), serveSecret) {
		t.Error("a secret is printed")
	}
}

// startOther runs the embedded store for a page about another kind of store, with the accounts that
// the page makes.
func startOther(t *testing.T, o gateway.Options) *gateway.Gateway {
	t.Helper()
	o.Dir = t.TempDir()
	g, err := gateway.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

// readSecret returns the line of a file that a command wrote.
func (s *shell) readSecret(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// The store knows the users from the start, so that the double of mc has to make none; until the
// bucket is there it has no policy for visitors, which the gateway makes with its buckets.
func TestFromNothingToAnUploadOnMinIO(t *testing.T) {
	commands := docCommands(t, "minio.md")
	first := newShell(t, "http://127.0.0.1:1")
	first.run(t, commands[0])
	store := startOther(t, gateway.Options{AccessKey: "postern", SecretKey: first.readSecret(t, "server.secret"), Buckets: []string{"example-uploads"},
		Uploader: gateway.Uploader{AccessKey: "postern-uploads", SecretKey: first.readSecret(t, "uploads.secret"), Prefix: "photos/"}})
	s := newShell(t, store.URL())
	s.dir = first.dir
	s.env = append(s.env, "MINIO_ADMIN=postern", "MINIO_ADMIN_SECRET="+first.readSecret(t, "server.secret"))
	s.env = slices.DeleteFunc(s.env, func(pair string) bool { return strings.HasPrefix(pair, "AWS_ENDPOINT_URL_S3=") })
	for i, command := range commands {
		commands[i] = strings.NewReplacer("listen: 127.0.0.1:8080", "listen: 127.0.0.1:0", "https://minio.example.com", store.URL()).Replace(command)
	}
	r := s.start(t, commands[1:]...)
	v := testclient.Client{Base: r.awaitReady()}
	upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "photos", Filename: "a.png", Type: "image/png", Size: int64(len(onePixel))})
	if err != nil || upload == nil || !strings.HasPrefix(upload.Post.Get("x-amz-credential"), "postern-uploads/") {
		t.Fatalf("want a form signed by the visitors' key, got %v, %v", answer, err)
	}
	uploadAPicture(t, v, "http://localhost:8080", "photos")
}

func TestFromNothingToAnUploadOnR2(t *testing.T) {
	store := startOther(t, gateway.Options{AccessKey: "operator", SecretKey: serveSecret, Region: "auto", Buckets: []string{"example-uploads"},
		Uploader: gateway.Uploader{AccessKey: "uploader", SecretKey: uploaderSecret, Prefix: "photos/"}})
	commands := docCommands(t, "r2.md")
	for i, command := range commands {
		commands[i] = strings.NewReplacer("listen: 127.0.0.1:8080", "listen: 127.0.0.1:0", "https://ACCOUNT.r2.cloudflarestorage.com", store.URL()).Replace(command)
	}
	s := newShell(t, store.URL())
	s.env = append(s.env, "UPLOADS_ID=uploader", "UPLOADS_SECRET="+uploaderSecret, "OPERATOR_ID=operator", "OPERATOR_SECRET="+serveSecret,
		"SERVER_ID=operator", "SERVER_SECRET="+serveSecret)
	s.env = slices.DeleteFunc(s.env, func(pair string) bool { return strings.HasPrefix(pair, "AWS_ENDPOINT_URL_S3=") })
	r := s.start(t, commands...)
	v := testclient.Client{Base: r.awaitReady()}
	upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "photos", Filename: "a.png", Type: "image/png", Size: int64(len(onePixel))})
	if err != nil || upload == nil || upload.Put == nil {
		t.Fatalf("want a presigned PUT, got %v, %v", answer, err)
	}
	if answer, err := upload.Send(t.Context(), "a.png", onePixel); err != nil || !answer.OK() {
		t.Fatalf("send: %v, %v", answer, err)
	}
	if answer, err := upload.Complete(t.Context()); err != nil || answer.Status != http.StatusOK {
		t.Errorf("complete: %v, %v", answer, err)
	}
}
