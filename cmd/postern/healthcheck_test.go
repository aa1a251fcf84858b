package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// runProcess runs the program as a process of its own, with env added to a small environment, until
// it ends.
func runProcess(t *testing.T, dir string, env []string, args ...string) outcome {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Dir = dir
	cmd.Env = append([]string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1"}, env...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // the exit code says how it ended
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func TestHealthcheckTellsByItsExitCodeWhetherAServerIsReady(t *testing.T) {
	store := startStore(t)
	s, _ := startServe(t, store.URL())
	below, _ := startServe(t, store.URL(), "http://127.0.0.1:8080", "http://127.0.0.1:8080/up")
	without, _ := startServe(t, store.URL(), "bucket: media", "bucket: nowhere")
	redirecting := httptest.NewServer(http.RedirectHandler(s.URL+"/readyz", http.StatusFound))
	t.Cleanup(redirecting.Close)
	nobody, err := net.Listen("tcp", testserver.AnyPort) // takes connections and answers none
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nobody.Close() })
	proxy := []string{"HTTP_PROXY=http://127.0.0.1:1", "http_proxy=http://127.0.0.1:1"}
	for _, c := range []struct {
		name, url, want string
		code            int
	}{
		{"a ready server", s.URL + "/readyz", "", exitDone},
		{"a server below a path", below.URL + "/up/readyz", "", exitDone},
		{"the same without the path", below.URL + "/readyz", "", exitDone},
		{"a server whose bucket isn't there", without.URL + "/readyz", "wanted status 200 from " + without.URL + "/readyz, got 503", exitFailed},
		{"a page that isn't there", s.URL + "/nothing", "got 404", exitFailed},
		{"a redirect to a ready server", redirecting.URL, "got 302", exitFailed},
		{"nobody", "http://127.0.0.1:1/readyz", "connection refused", exitFailed},
		{"a server that doesn't answer", "http://" + nobody.Addr().String() + "/readyz", "within 5s", exitFailed},
		{"no URL", "127.0.0.1:8080", "wanted an http or https URL such as", exitUsage},
		{"another scheme", "file:///etc/passwd", "wanted an http or https URL such as", exitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			got := runProcess(t, "", proxy, "healthcheck", c.url)
			if got.code != c.code || got.stdout != "" || !strings.Contains(got.stderr, c.want) || (c.want == "") != (got.stderr == "") {
				t.Errorf("want exit code %d and %q, got %+v", c.code, c.want, got)
			}
			if took := time.Since(began); took > testserver.Timeout {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestHealthcheckAsksTheServersOwnDefaultAddress(t *testing.T) {
	t.Parallel()
	var all commands
	if _, err := kong.Must(&all).Parse([]string{"healthcheck"}); err != nil || all.Healthcheck.URL != "http://127.0.0.1:8080/readyz" {
		t.Errorf("got %q, %v", all.Healthcheck.URL, err)
	}
}

func TestCheckJudgesAConfigAsServeWouldWithoutListening(t *testing.T) {
	store := startStore(t)
	taken, err := net.Listen("tcp", testserver.AnyPort)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	keys := []string{"TOKEN_KEY=" + serveTokenKey, "TICKET_KEY=" + serveTicketKey}
	credentials := append([]string{"AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=" + serveSecret}, keys...)
	for _, c := range []struct {
		name         string
		env          []string
		replacements []string
		code         int
		want         []string // in standard error
	}{
		{"a good one, its port taken", credentials, nil, exitDone, nil},
		{"a bucket that isn't there is a warning", credentials, []string{"bucket: media", "bucket: nowhere"}, exitDone, []string{"the bucket isn't there"}},
		{"a profile for which no ticket is verified is a warning", credentials, []string{"tickets: {secret: \"env:TICKET_KEY\"}\n", ""}, exitDone, []string{"nobody can upload", "profiles.inbox.access"}},
		{"a profile whose uploads can be removed is a warning", credentials, []string{"10MiB}", "10MiB, removable: 1h}"}, exitDone, []string{"visitors can remove what was accepted"}},
		{"two mistakes in the file", credentials, []string{"size: 1..10MiB", "size: much", "listen:", "lisen: x\nlisten:"}, exitUsage, []string{`unknown key "lisen"`}},
		{"two bad values", credentials, []string{"size: 1..10MiB", "size: much", "region: us-east-1", "region: \"\""}, exitUsage, []string{"size", "region"}},
		{"secrets that aren't there", credentials[:2], nil, exitUsage, []string{"TOKEN_KEY", "TICKET_KEY"}},
		{"no credentials", keys, nil, exitUsage, []string{"no credentials"}},
		{"no credentials, and a role that scoped ones can't have", keys, []string{"profiles:", "insecure_proxy_subject: {header: X-User, profiles: [none]}\nprofiles:"}, exitUsage, []string{"insecure_proxy_subject"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "postern.yaml")
			write(t, name, serveConfig(store.URL(), taken.Addr().String(), c.replacements...))
			got := runProcess(t, "", c.env, "serve", "--config", name, "--check")
			if got.code != c.code || (got.stdout != "") != (c.code == exitDone) {
				t.Errorf("want exit code %d, got %+v", c.code, got)
			}
			for _, want := range c.want {
				if !strings.Contains(got.stderr, want) {
					t.Errorf("want %q in %q", want, got.stderr)
				}
			}
			if c.want == nil && got.stderr != "" {
				t.Errorf("want no warnings, got %q", got.stderr)
			}
			if strings.Contains(got.stdout+got.stderr, serveSecret) {
				t.Errorf("shows a secret: %+v", got)
			}
		})
	}
}
