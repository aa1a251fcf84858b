package load

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// server is a built `postern serve` with a config file and a real store.
type server struct {
	*testserver.Server
	address string
	log     string // file
}

const config = `
listen: ADDRESS
public_url: http://ADDRESS
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

func startServer(t *testing.T) *server {
	t.Helper()
	dir := t.TempDir()
	// Built first: the store changes the working directory.
	program, err := testserver.Build(dir)
	must(t, err)
	store, err := gateway.Start(t.Context(), gateway.Options{Dir: t.TempDir(), AccessKey: "operator", SecretKey: "store-secret", Buckets: []string{"media"}})
	must(t, err)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &server{address: freeAddress(t), log: filepath.Join(dir, "log")}
	file := filepath.Join(dir, "postern.yaml")
	must(t, os.WriteFile(file, []byte(strings.NewReplacer("ADDRESS", s.address, "STORE", store.URL()).Replace(config)), 0o600))
	log, err := os.Create(s.log)
	must(t, err)
	t.Cleanup(func() { must(t, log.Close()) })
	s.Server = testserver.Start(t, testserver.Options{
		Path: program, Args: []string{"serve", "--config", file}, Stderr: log,
		Env: []string{"TOKEN_KEY=" + tokenKey, "TICKET_KEY=" + ticketKey, "AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=store-secret"},
	})
	t.Cleanup(s.Stop)
	return s
}

// freeAddress is a port that was free a moment ago: the public URL in the config has to name it.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { must(t, l.Close()) }()
	return l.Addr().String()
}

// memory is the server's resident set in bytes.
func (s *server) memory(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	must(t, err)
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	must(t, err)
	return kib << 10
}

// warnings are the lines of the log that aren't plain requests.
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

// sampleMemory samples the server until stop is closed.
func (s *server) sampleMemory(t *testing.T, every time.Duration, stop <-chan struct{}) []int64 {
	t.Helper()
	var all []int64
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return all
		case <-ticker.C:
			all = append(all, s.memory(t))
		}
	}
}
