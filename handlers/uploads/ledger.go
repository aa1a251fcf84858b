package uploads

import (
	"context"
	"time"
)

// Ledger keeps a record of each upload that all processes of a server share, beyond a restart. Its
// implementations are safe for concurrent use; package ledger has one. Every error of theirs is an
// outage.
type Ledger interface {
	// Issue records uploads that were signed, and returns once the record is committed. An upload
	// that is there already stays as it is.
	Issue(ctx context.Context, entries ...Entry) error
	// Decide moves an upload to another state, in one transaction with the event and the deliveries
	// that tell of it. Where the state doesn't permit that, because another process was first, it
	// changes nothing and recorded is false. The entry is that of the ledger afterwards. An upload
	// that was issued while the ledger was away is recorded as issued first. One that is to be
	// erased isn't accepted any more.
	Decide(ctx context.Context, issued Entry, d Decision) (now Entry, recorded bool, err error)
	// Find returns the entry of an upload; known is false where there is none.
	Find(ctx context.Context, id string) (e Entry, known bool, err error)
	// TakeLease takes or renews a lease for 30 seconds, unless another holder has it; it reports
	// whether holder has it now. IsLeased reports whether another holder has it. EndLease gives it
	// back.
	TakeLease(ctx context.Context, name, holder string) (bool, error)
	IsLeased(ctx context.Context, name, holder string) (bool, error)
	EndLease(ctx context.Context, name, holder string) error
	// Ready reports whether the ledger answers.
	Ready(ctx context.Context) error
	// Uploads lists a page of uploads, the latest first. next is where the following page begins;
	// "" at the end. A page takes a bounded time, so it may hold fewer than the limit, or none, and
	// not be the last.
	Uploads(ctx context.Context, q Query) (list []Entry, next string, err error)
	// Claim records that the application keeps the object of an upload that is accepted or
	// replaced: from then on nothing removes it but an erasure. claimed is false where there is no
	// such object. Claiming it again changes nothing.
	Claim(ctx context.Context, id string) (claimed bool, err error)
	// Erase marks uploads of a subject for removal, claimed or not, up to 1000 of those that aren't
	// marked. Profiles are those whose uploads are erased, none for all. What is marked can't be
	// accepted or claimed any more, and is due to be removed.
	Erase(ctx context.Context, subject string, profiles ...string) (Erasure, error)
	// Run has this process do what is due, until ctx ends and what was begun has ended, but for
	// look-ups that take minutes. Several processes share the work.
	Run(ctx context.Context, w Work)
}

// Work is what a process does for a Ledger.
type Work struct {
	// LookUps asks the store about uploads that are due; it is Service.LookUps.
	LookUps func(ctx context.Context, due []Entry, done func(e Entry, next time.Time)) (begun int)
	// Accepted tells the application of an acceptance whose decision had TellApplication, given the
	// event's data; nil tells it nothing. It is called at least once for each: again after an error
	// or a panic, and after a process that was telling has ended. Its ctx ends in 20 seconds.
	Accepted func(ctx context.Context, data []byte) error
}

// Query says which uploads are wanted.
type Query struct {
	// Subject is whose uploads are wanted.
	Subject string
	// AllSubjects wants the uploads of everybody, whatever Subject says.
	AllSubjects bool
	// Profiles are those whose uploads are wanted; none for all.
	Profiles []string
	State    State // "" for any
	// After is where the page begins, as the page before has told; "" for the first page.
	After string
	Limit int // of one page
}

// ErasedAtOnce is how many uploads one call of Ledger.Erase marks.
const ErasedAtOnce = 1000

// Erasure is how far the removal of a subject's uploads has come.
type Erasure struct {
	// Marked counts the uploads that this call has marked.
	Marked int64
	// Pending counts those that aren't marked yet, aren't removed, or could still arrive; at most
	// 1000 are counted. At 0 the erasure is done.
	Pending int64
	// Since is when the oldest uploads were issued that the ledger is sure to hold: records of
	// earlier ones may have been deleted, and their objects aren't found.
	Since time.Time
}

// State is what became of an upload.
type State string

// States of an upload. Those after StateIssued name an event as well: "upload.accepted".
const (
	StateIssued   State = "issued"
	StateAccepted State = "accepted" // its object was verified
	StateRefused  State = "refused"  // its object broke the plan and is removed
	StateAborted  State = "aborted"  // its visitor took it back before it was accepted
	StateExpired  State = "expired"  // nothing arrived in time
	StateReplaced State = "replaced" // another object took the place of the accepted one
	StateRemoved  State = "removed"  // the accepted object was removed
)

// Follows lists the states from which an upload may come into s; none for StateIssued, in which an
// upload begins. A refused upload can still be accepted: whoever chose the wrong file posts the
// same form again.
func (s State) Follows() []State {
	switch s {
	case StateAccepted, StateAborted:
		return []State{StateIssued, StateRefused, StateExpired}
	case StateRefused:
		return []State{StateIssued, StateExpired}
	case StateExpired:
		return []State{StateIssued}
	case StateReplaced:
		return []State{StateAccepted}
	case StateRemoved:
		return []State{StateAccepted, StateReplaced}
	}
	return nil
}

// Entry is one upload in the ledger. Instants are kept in whole milliseconds.
type Entry struct {
	ID, Profile, Subject string
	// Claims is the upload as its token carries it, as JSON and without a signature: what it takes
	// to go on without the browser.
	Claims []byte
	State  State
	// Sequence counts the events of the upload: 0 while it is issued.
	Sequence int64
	Issued   time.Time
	Ends     time.Time // when it can no longer be completed
	Changed  time.Time // when it came into its state
	// Due is when the store has to be asked about the upload next; zero for never.
	Due time.Time
	// Claimed is when the application said that it keeps the object; zero where it hasn't.
	Claimed time.Time
	// Erased is when the application wanted all of the subject removed; zero where it hasn't.
	Erased time.Time
	// Data is what the last event says, as JSON; nil while the upload is issued.
	Data []byte
}

// Decision is a change of an upload's state.
type Decision struct {
	State State
	At    time.Time
	// Due is when the store has to be asked about the upload next; zero for never. StateReplaced
	// leaves that as it was: the upload still waits to be claimed.
	Due time.Time
	// Data is what the event says, as a JSON object.
	Data []byte
	// TellApplication adds a delivery to the application in this program, see Ledger.Run.
	TellApplication bool
	// Unclaimed permits the change only as long as the application hasn't claimed the upload.
	Unclaimed bool
}
