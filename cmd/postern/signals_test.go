package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
)

func TestSignalsEndDevWithExitCodeZero(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := startDev(t)
		if response, _ := fetch(t, p.URL+"/readyz"); response.StatusCode != http.StatusOK {
			t.Errorf("ready: got status %d", response.StatusCode)
		}
		p.Signal(s)
		if code, rest := p.Wait(); code != 0 || rest != "" {
			t.Errorf("%v: want exit code 0 and no more output, got %d and %q", s, code, rest)
		}
	}
}

func TestUploadsContinueAfterDevWasKilled(t *testing.T) {
	p := startDev(t)
	v := testclient.Client{Base: p.URL}
	content := bytes.Repeat([]byte("postern "), 20<<20/8)
	upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "files", Filename: "a.bin", Size: int64(len(content))})
	if err != nil || upload == nil || upload.Multipart == nil {
		t.Fatalf("issue: %v, %v", answer, err)
	}
	send := func(number int) {
		t.Helper()
		parts, answer, err := upload.Sign(t.Context(), testclient.PartRequest{Number: number})
		if err != nil || len(parts) != 1 {
			t.Fatalf("sign part %d: %v, %v", number, answer, err)
		}
		if answer, err := parts[0].Send(t.Context(), upload.PartContent(content, number)); err != nil || !answer.OK() {
			t.Fatalf("part %d: %v, %v", number, answer, err)
		}
	}
	send(1)
	p.Kill()
	p.Restart()
	listed, err := upload.List(t.Context())
	if err != nil || !strings.Contains(string(listed.Body), `"number":1`) {
		t.Fatalf("parts after the restart: want part 1, got %v, %v", listed, err)
	}
	for number := 2; number <= upload.Multipart.PartCount; number++ {
		send(number)
	}
	done, err := upload.Complete(t.Context())
	if err != nil || done.Status != http.StatusOK {
		t.Errorf("complete: want status 200, got %v, %v", done, err)
	}
}

// Servers that are killed again and again must not fill the disk.
func TestAKilledDevLeavesNoTemporaryFiles(t *testing.T) {
	temporary, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	p := start(t, []string{"TMPDIR=" + temporary}, testserver.DevArgs(data)...)
	p.Kill()
	for dir, wanted := range map[string][]string{temporary: nil, filepath.Join(data, "store"): {"metadata", "objects"}} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if !slices.Contains(wanted, entry.Name()) {
				t.Errorf("left behind in %s: %s", dir, entry.Name())
			}
		}
	}
}

func TestASecondSignalEndsTheDrain(t *testing.T) {
	p := startDev(t)
	openSlowConnections(t, p.URL, 2)
	fetch(t, p.URL+"/healthz") // once it is answered, the connections before it were accepted
	p.Signal(syscall.SIGTERM)
	waitUntil(t, "the drain", func() bool { return strings.Contains(p.Log.String(), "stopping") })
	waitUntil(t, "the end", func() bool {
		p.Signal(syscall.SIGTERM)
		select {
		case <-p.Ended():
			return true
		default:
			return false
		}
	})
	if code, _ := p.Wait(); code != -1 {
		t.Errorf("want the process ended by a signal, got exit code %d at the end of the drain", code)
	}
}
