// Package testpostgres starts a PostgreSQL server for tests, in a temporary folder and as an
// ordinary user.
package testpostgres

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
)

const startTime = 30 * time.Second // how long a server may take to answer

// Server is a running PostgreSQL server that listens on a socket in its folder alone.
type Server struct {
	folder    string
	settings  []string
	process   *exec.Cmd
	ended     chan struct{} // closed when process has ended
	databases atomic.Int64
}

// Start starts a server, which ends with the test. A machine without PostgreSQL fails the test, as
// .ci/test installs it; with -short, which needs only Go, the test is left out. Settings such as
// "fsync=on" replace those that make a test quick.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	programs := programs(t)
	folder, err := os.MkdirTemp("", "postgres") // t.TempDir's path may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := giveAway(folder); err != nil {
		t.Fatal(err)
	}
	s := &Server{folder: folder, settings: settings}
	initdb := asOrdinaryUser(exec.Command(filepath.Join(programs, "initdb"), "--pgdata", s.data(), "--username", "postern",
		"--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"))
	initdb.Dir = folder
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	t.Cleanup(s.Kill)
	s.Run(t)
	return s
}

// programs is the folder of initdb and postgres; Debian keeps them off the path.
func programs(t testing.TB) string {
	t.Helper()
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	switch {
	case len(found) > 0:
		return filepath.Dir(slices.Max(found))
	case testing.Short():
		t.Skip("left out in short mode, which needs only Go: PostgreSQL isn't installed")
	default:
		t.Fatal("PostgreSQL isn't installed: bash .ci/test installs it")
	}
	return ""
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }
func (s *Server) log() string  { return filepath.Join(s.folder, "log") }

// Run starts the server's process, again after Kill, and waits until it answers. After Kill it may
// have to start more than once: it refuses to as long as processes of the one before are there.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	deadline := time.Now().Add(startTime)
	for {
		ended := s.start(t)
		for {
			if db.Ping() == nil {
				return
			}
			if time.Now().After(deadline) {
				text, _ := os.ReadFile(s.log())
				t.Fatalf("PostgreSQL doesn't answer:\n%s", text)
			}
			select {
			case <-ended:
			case <-time.After(10 * time.Millisecond):
				continue
			}
			break
		}
	}
}

// start starts a process; the channel is closed when it has ended.
func (s *Server) start(t testing.TB) (ended chan struct{}) {
	t.Helper()
	// Without fsync a test is faster; what a process wrote before it was killed is there all the
	// same.
	s.process = asOrdinaryUser(exec.Command(filepath.Join(programs(t), "postgres"), "-D", s.data(), "-k", s.folder,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"))
	for _, setting := range s.settings {
		s.process.Args = append(s.process.Args, "-c", setting)
	}
	s.process.Dir = s.folder
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s.process.Stdout, s.process.Stderr = log, log
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	ended = make(chan struct{})
	go func(process *exec.Cmd) {
		process.Wait()
		close(ended)
	}(s.process)
	s.ended = ended
	return ended
}

// Kill ends the server and the processes of its connections at once and leaves its data as they are:
// the next start recovers them, as after a power cut. A killed process of the server alone would
// leave connections that answer for a moment more.
func (s *Server) Kill() {
	if s.process != nil {
		endAtOnce(s.process.Process)
		<-s.ended
		s.process = nil
	}
}

// Database makes an empty database and returns its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	if _, err := db.ExecContext(context.Background(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return s.url(name)
}

func (s *Server) url(database string) string {
	query := url.Values{"host": {s.folder}, "user": {"postern"}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}
