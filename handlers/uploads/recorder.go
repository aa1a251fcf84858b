package uploads

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// recorder is what a service has to do with its ledger. Without a ledger it records nothing and
// knows nothing.
type recorder struct {
	ledger     Ledger // nil: none
	required   bool
	now        func() time.Time
	logger     *slog.Logger
	unrecorded *atomic.Int64
	holder     string // of leases: tells this service from those of other processes
}

func newRecorder(c Config) recorder {
	return recorder{c.Ledger, c.LedgerRequired, c.Now, c.Logger, new(atomic.Int64), rand.Text()}
}

// Unrecorded counts the uploads that were issued without a record since the ledger was away.
func (s *Service) Unrecorded() int64 { return s.recorder.unrecorded.Load() }

// outage is what an error of the ledger means for a request: where the ledger is required it is
// Unavailable, else it is logged and nil.
func (r recorder) outage(ctx context.Context, doing, id string, err error) error {
	if err == nil {
		return nil
	}
	if r.required {
		return problem.Unavailable(err)
	}
	r.logger.WarnContext(ctx, "ledger is away", "while", doing, "id", id, "error", problem.LogText(err.Error()))
	return nil
}

// issue records uploads that were signed. The error is Unavailable where the ledger is away and
// required.
func (r recorder) issue(ctx context.Context, list ...Upload) error {
	if r.ledger == nil || len(list) == 0 {
		return nil
	}
	entries := make([]Entry, len(list))
	for i, u := range list {
		entries[i] = u.entry()
	}
	err := r.ledger.Issue(ctx, entries...)
	if err != nil && !r.required {
		r.unrecorded.Add(int64(len(list)))
	}
	for _, u := range list {
		if refused := r.outage(ctx, "issuing", u.ID, err); refused != nil {
			return refused
		}
	}
	return nil
}

// entry is the record of an upload that was just issued. The store is asked about it when its form
// or URL has ended, and about parts when they can no longer be put together: until then its browser
// may come back.
func (u Upload) entry() Entry {
	due := u.UploadExpiration
	if u.Method != profile.MethodMultipart && !u.Expiration.IsZero() {
		due = u.Expiration
	}
	return Entry{ID: u.ID, Profile: u.Profile, Subject: u.Subject, Claims: appendClaims(nil, u), State: StateIssued,
		Issued: u.Issued, Ends: u.UploadExpiration, Changed: u.Issued, Due: due}
}

// find returns the entry of an upload; known is false without a ledger, and where it is away and
// not required.
func (r recorder) find(ctx context.Context, id string) (e Entry, known bool, err error) {
	if r.ledger == nil {
		return Entry{}, false, nil
	}
	e, known, err = r.ledger.Find(ctx, id)
	return e, known, r.outage(ctx, "looking up", id, err)
}

// decide asks the ledger to record a decision. Without a ledger there is nothing to agree with, so
// the decision counts as recorded.
func (r recorder) decide(ctx context.Context, up OpenUpload, d Decision) (e Entry, recorded bool, err error) {
	if r.ledger == nil {
		return Entry{}, true, nil
	}
	d.At = r.now()
	return r.ledger.Decide(ctx, up.entry(), d)
}

// counts reports whether what decide returned is to be counted: the decision was recorded, or stands
// although the ledger is away. A decision that another process has recorded is counted there.
func (r recorder) counts(recorded bool, err error) bool { return recorded || err != nil && !r.required }

// isAccepted reports whether the object of an upload was accepted and is still there, or replaced.
func (e Entry) isAccepted() bool { return e.State == StateAccepted || e.State == StateReplaced }

// acceptance is what an entry says of its accepted object. Other states have none.
func (e Entry) acceptance() (acceptance, error) {
	data, err := ReadEvent(e.Data)
	if err != nil {
		return acceptance{}, err
	}
	a := acceptance{done: data.completed(), at: e.Changed, told: true, recorded: true, claimed: !e.Claimed.IsZero()}
	if e.State == StateReplaced {
		a.replaced = data.NewVersion + " " + data.NewETag
	}
	return a, nil
}

// openEntry returns the upload of an entry, joined with its profile as it is configured now.
func (s *Service) openEntry(e Entry) (OpenUpload, error) {
	var claims uploadClaims
	if err := json.Unmarshal(e.Claims, &claims); err != nil || claims.ExpiresAt == nil {
		return OpenUpload{}, errUnknownUpload
	}
	u, err := claims.upload()
	if err != nil {
		return OpenUpload{}, errUnknownUpload
	}
	return s.join(u, Visitor{})
}

// recall brings what this process remembers of an upload up to what the ledger knows: another
// process may have accepted, refused or aborted it. Whoever calls it holds the upload's lock.
func (s verifier) recall(ctx context.Context, up OpenUpload) (inLedger bool, err error) {
	e, known, err := s.recorder.find(ctx, up.ID)
	if err != nil || !known {
		return false, err
	}
	if !e.Erased.IsZero() { // whatever its state is, the upload isn't to come back
		s.aborted.ids.put(up.ID, struct{}{})
	}
	switch e.State {
	case StateAccepted, StateReplaced:
		a, err := e.acceptance()
		if err != nil {
			return false, &problem.Error{Code: problem.Internal, Err: err}
		}
		s.accepted.put(up.ID, a)
	case StateRefused:
		if _, remembered := s.refusals.get(up.ID); !remembered {
			data, _ := ReadEvent(e.Data)
			s.refusals.put(up.ID, up.objectError(data.Code, ""))
		}
	case StateAborted, StateRemoved:
		s.aborted.ids.put(up.ID, struct{}{})
	}
	return true, nil
}
