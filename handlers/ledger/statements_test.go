package ledger

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/postern-dev/postern/handlers/uploads"
)

var _ = onBoth(
	sentence{"what the ledger does goes on after a migration by a newer release", func(t *testing.T, l testLedger) {
		everything := func(id string) {
			l.issue(t, entry(id))
			l.decided(t, id, uploads.StateAccepted)
			l.deliverAll(t)
			l.wantClaimed(t, id, true)
			l.found(t, id)
		}
		for i := range 3 {
			everything(fmt.Sprint("before", i))
		}
		wantError(t, l.migrate(t.Context(), later), nil)
		for i := range 3 {
			everything(fmt.Sprint("after", i))
		}
	}},
	sentence{"many callers at once read and write, and each has what is its own", func(t *testing.T, l testLedger) {
		var all sync.WaitGroup
		for i := range 24 {
			all.Go(func() {
				id := fmt.Sprint("upload", i)
				if e, recorded, err := l.Decide(t.Context(), entry(id), l.decision(uploads.StateAccepted)); err != nil || !recorded || e.ID != id {
					t.Errorf("%s: decided on %q, recorded %v, %v", id, e.ID, recorded, err)
				}
				if e, known, err := l.Find(t.Context(), id); err != nil || !known || e.ID != id || e.State != uploads.StateAccepted {
					t.Errorf("%s: found %q as %q, %v", id, e.ID, e.State, err)
				}
				if claimed, err := l.Claim(t.Context(), id); err != nil || !claimed {
					t.Errorf("%s: claimed %v, %v", id, claimed, err)
				}
			})
		}
		all.Wait()
	}},
)

func TestStatementsOfSQLiteAreParsedOnce(t *testing.T) {
	t.Parallel()
	l := open(t, "sqlite:"+filepath.Join(t.TempDir(), "postern.db"))
	use := func(id string) {
		l.decided(t, id, uploads.StateAccepted)
		l.deliverAll(t)
		l.found(t, id)
	}
	use("a")
	l.wantNoneDue(t, l.Ledger, "application") // by now what the last call wanted is parsed
	decides, finds := l.writer.statements.find(changeState), l.readStatements.find(findUpload)
	written, read := len(l.writer.statements.parsed), len(l.readStatements.parsed)
	if decides == nil || finds == nil {
		t.Fatal("the statements aren't parsed")
	}
	for i := range 10 {
		use(fmt.Sprint("more", i))
		l.pages(t, uploads.Query{Subject: "alice", Profiles: make([]string, i+1), Limit: 10}) // these differ
		l.Erase(t.Context(), "bob", make([]string, i+1)...)
	}
	l.wantNoneDue(t, l.Ledger, "application")
	if l.writer.statements.find(changeState) != decides || l.readStatements.find(findUpload) != finds {
		t.Error("a statement was parsed again")
	}
	if w, r := len(l.writer.statements.parsed), len(l.readStatements.parsed); w > written+1 || r != read { // one is for Erase
		t.Errorf("%d and %d statements are kept, wanted %d and %d", w, r, written, read)
	}
}
