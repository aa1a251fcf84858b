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
	// that was issued while the ledger was away is recorded as issued first.
	Decide(ctx context.Context, issued Entry, d Decision) (now Entry, recorded bool, err error)
	// Find returns the entry of an upload; known is false where there is none.
	Find(ctx context.Context, id string) (e Entry, known bool, err error)
	// Ready reports whether the ledger answers.
	Ready(ctx context.Context) error
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
	// Due is when the store has to be asked about the upload next; zero for never.
	Due time.Time
	// Data is what the event says, as a JSON object.
	Data []byte
	// Unclaimed permits the change only as long as the application hasn't claimed the upload.
	Unclaimed bool
}
