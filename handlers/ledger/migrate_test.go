package ledger

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testpostgres"
	"github.com/postern-dev/postern/handlers/uploads"
)

// later are steps that a later release might add.
var later = append(slices.Clone(migrations), "ALTER TABLE postern_uploads ADD COLUMN extra TEXT", "CREATE TABLE postern_more (id TEXT)")

var _ = onBoth(
	sentence{"an empty database gets the schema, and a check says so without changing it", func(t *testing.T, l testLedger) {
		for range 2 {
			if s, err := l.Schema(t.Context()); err != nil || s != (Schema{Found: 0, Wanted: len(migrations)}) {
				t.Errorf("the schema is %+v, %v", s, err)
			}
		}
		l.issue(t, entry("a"))
		if s, err := l.Schema(t.Context()); err != nil || s.Found != len(migrations) {
			t.Errorf("the schema is %+v, %v", s, err)
		}
	}},
	sentence{"a database of each earlier schema is brought up to date and keeps its uploads", func(t *testing.T, l testLedger) {
		for version := range len(later) {
			if err := l.migrate(t.Context(), later[:version+1]); err != nil {
				t.Fatalf("version %d: %v", version+1, err)
			}
		}
		l.migrated.done.Store(true)
		l.issue(t, entry("a"))
		wantError(t, l.migrate(t.Context(), later), nil)
		l.found(t, "a")
	}},
	sentence{"a database that a newer release has migrated is refused, and stays as it is", func(t *testing.T, l testLedger) {
		wantError(t, l.migrate(t.Context(), later), nil)
		_, err := l.Schema(t.Context())
		wantError(t, err, ErrNewer)
		wantError(t, l.Migrate(t.Context()), ErrNewer)
		wantError(t, l.Issue(t.Context(), entry("a")), ErrNewer)
		wantError(t, l.migrate(t.Context(), later), nil)
	}},
	sentence{"processes that start at the same time migrate once", func(t *testing.T, l testLedger) {
		var all sync.WaitGroup
		for range 4 {
			node := l.another(t)
			all.Go(func() { wantError(t, node.Migrate(t.Context()), nil) })
		}
		all.Wait()
	}},
	sentence{"a migration that ends halfway changes nothing", func(t *testing.T, l testLedger) {
		ctx := l.canceledAt(t, "migrate")
		if err := l.Migrate(ctx); err == nil {
			t.Fatal("migrated")
		}
		l.reached = func(string) {}
		if s, err := l.Schema(t.Context()); err != nil || s.Found != 0 {
			t.Errorf("the schema is %+v, %v", s, err)
		}
		l.issue(t, entry("a"))
	}},
)

func TestAnUnusableConfigIsRefusedInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config Config
		wanted string
	}{
		{Config{}, "wanted \"sqlite:\" and a file"},
		{Config{URL: "sqlite:"}, "wanted \"sqlite:\" and a file"},
		{Config{URL: "sqlite://host/file"}, "wanted \"sqlite:\" and a file"},
		{Config{URL: "mysql://host/name"}, "postgres://user@host/name"},
		{Config{URL: "postgres://user:geheim@host:port/name"}, "postgres://user@host/name"},
		{Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "missing", "file")}, "no such file or directory"},
		{Config{URL: "sqlite:x", Keep: time.Hour}, "wanted at least 24h0m0s"},
		{Config{URL: "sqlite:x", Receivers: []Receiver{{Name: "a"}, {Name: "a"}}}, "each name once"},
	} {
		_, err := Open(c.config)
		if err == nil || !strings.Contains(err.Error(), c.wanted) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%+v: got %v, wanted %q", c.config, err, c.wanted)
		}
	}
}

func TestOnlyTheUserMayReadTheFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	l := open(t, "sqlite:"+filepath.Join(folder, "a file?&#%.db"))
	l.issue(t, entry("a"))
	files, err := os.ReadDir(folder)
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(f.Name(), "a file?&#%.db") {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

func TestADatabaseThatIsAwayIsAnOutageAndComesBack(t *testing.T) {
	t.Parallel()
	server := testpostgres.Start(t)
	l := open(t, server.Database(t))
	l.issue(t, entry("a"))
	server.Kill()
	for _, id := range []string{"b", "c"} {
		if err := l.Issue(t.Context(), entry(id)); err == nil {
			t.Error("recorded an upload in a database that is away")
		}
	}
	if err := l.Ready(t.Context()); err == nil {
		t.Error("a database that is away is ready")
	}
	server.Run(t)
	l.clock.move(awayPause)
	l.found(t, "a")
	l.decided(t, "b", uploads.StateAccepted)
}
