package load

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// server is a built `postern serve` with a config file and a real store.
type server struct {
	*testserver.Server
	address string // host and port on which it listens
	log     string // path of the log file
}

// publicHost is the host of the server's public URL.
const publicHost = "uploads.localhost"

const config = `
listen: 127.0.0.1:0
public_url: http://` + publicHost + `
trusted_proxies: [127.0.0.1]
ip_header: X-Forwarded-For
limits: {issues: 1000000/1s}
keys: {tokens: ["env:TOKEN_KEY"]}
tickets: {secret: "env:TICKET_KEY"}
store: {provider: versity, region: us-east-1, endpoint: "STORE", path_style: true}
profiles:
  photos:
    bucket: media
    key: "users/{subject}/{yyyy}/{mm}/{id}{ext}"
    types: [image/png, image/jpeg, image/webp]
    size: 1..10MiB
    access: public
  films:
    bucket: media
    key: "users/{subject}/{id}{ext}"
    types: ["*/*"]
    size: 1..1TiB
    checksum: crc32
    max_open: 2
`

// startServer starts a server and its store until the test ends.
func startServer(t testing.TB) *server {
	t.Helper()
	return startServers(t, "")[0]
}

// startServers starts a server for each of the addresses of ledgers, "" for none, and their store
// until the test ends.
func startServers(t testing.TB, ledgers ...string) []*server {
	t.Helper()
	// The program is built first, because the store changes the working directory.
	program, err := testserver.Build(t.TempDir(), "postern")
	must(t, err)
	store, err := gateway.Start(t.Context(), gateway.Options{Dir: t.TempDir(), AccessKey: "operator", SecretKey: "store-secret", Buckets: []string{"media"}})
	must(t, err)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	servers := make([]*server, len(ledgers))
	for i, address := range ledgers {
		text := strings.Replace(config, "STORE", store.URL(), 1)
		if address != "" {
			text += "\nledger: {url: \"" + address + "\", required: true}\n"
		}
		servers[i] = startWith(t, program, text)
	}
	return servers
}

// startWith starts a server with the text of a config.
func startWith(t testing.TB, program, text string) *server {
	t.Helper()
	dir := t.TempDir()
	s := &server{log: filepath.Join(dir, "log")}
	file := filepath.Join(dir, "postern.yaml")
	must(t, os.WriteFile(file, []byte(text), 0o600))
	log, err := os.Create(s.log)
	must(t, err)
	t.Cleanup(func() { must(t, log.Close()) })
	s.Server = testserver.Start(t, testserver.Options{
		Path: program, Args: []string{"serve", "--config", file}, Stderr: log,
		Env: []string{"TOKEN_KEY=" + tokenKey, "TICKET_KEY=" + ticketKey, "AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=store-secret"},
	})
	s.address = strings.TrimPrefix(s.URL, "http://")
	t.Cleanup(s.Stop)
	return s
}

// memory returns the server's resident memory in bytes.
func (s *server) memory(t testing.TB) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	must(t, err)
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	must(t, err)
	return kib << 10
}

// warnings returns the lines of the log that aren't of level INFO, at most about 4 KiB of them.
func (s *server) warnings(t *testing.T) []byte {
	t.Helper()
	log, err := os.ReadFile(s.log)
	must(t, err)
	var found []byte
	for line := range bytes.Lines(log) {
		if !bytes.Contains(line, []byte(`"level":"INFO"`)) && len(found) < 4096 {
			found = append(found, line...)
		}
	}
	return found
}

// sample is the server's resident memory in bytes after that many requests.
type sample struct{ requests, memory int64 }

// sampleMemory samples the memory at the beginning, every 20 ms, and when stop is closed.
func (s *server) sampleMemory(t *testing.T, progress *atomic.Int64, stop <-chan struct{}) (samples []sample) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		samples = append(samples, sample{progress.Load(), s.memory(t)})
		select {
		case <-stop:
			return append(samples, sample{progress.Load(), s.memory(t)})
		case <-ticker.C:
		}
	}
}
