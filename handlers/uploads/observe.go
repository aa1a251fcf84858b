package uploads

import (
	"time"

	"github.com/postern-dev/postern/handlers/problem"
)

// Way is how an upload was asked for.
type Way string

// The ways in. Scripts ask for several files at once, so what they send is WayBatch wherever they
// run.
const (
	WayForm   Way = "form"   // the upload page of a profile
	WayPage   Way = "page"   // an upload form in a page of the host's own
	WayField  Way = "field"  // a field in a form of the host's own, without script
	WayWidget Way = "widget" // the page for an iframe, without script
	WayAPI    Way = "api"    // POST /uploads
	WayBatch  Way = "batch"  // POST /uploads/batch
)

// Ways lists every Way.
func Ways() []Way { return []Way{WayForm, WayPage, WayField, WayWidget, WayAPI, WayBatch} }

// Outcome is what an Observation says of an upload.
type Outcome string

// The outcomes. One upload has several of them in turn: it is issued, arrives and is accepted.
const (
	OutcomeDenied   Outcome = "denied"   // nothing was issued
	OutcomeIssued   Outcome = "issued"   // signed, and recorded where the ledger isn't away
	OutcomeArrived  Outcome = "arrived"  // an object was found for it at the store
	OutcomeAccepted Outcome = "accepted" // as StateAccepted, and the others by their names
	OutcomeRefused  Outcome = "refused"
	OutcomeAborted  Outcome = "aborted"
	OutcomeExpired  Outcome = "expired"
	OutcomeReplaced Outcome = "replaced"
	OutcomeRemoved  Outcome = "removed"
)

// Observation is one outcome of one upload. A process observes each outcome of an upload once,
// however often a request is repeated. With a ledger the process observes it that has recorded it,
// so a sum over all processes counts each upload once; an upload whose outcome couldn't be recorded
// because the ledger was away may be observed by another process again.
type Observation struct {
	Outcome Outcome
	Profile string // a name in Config.Profiles
	Way     Way    // "" where nobody said, as in an upload token of an earlier release
	// Code says why, with OutcomeDenied and OutcomeRefused; "" otherwise.
	Code problem.Code
	// Size is that of the accepted object, in bytes; 0 with other outcomes.
	Size int64
	// Took is the time from issue to acceptance; it begins with a whole second. 0 with other
	// outcomes.
	Took time.Duration
}

// maxObserved bounds the memory of what was observed.
const maxObserved = 16_384

// observer tells Config.Observe of each outcome of an upload once.
type observer struct {
	tell func(Observation)
	now  func() time.Time
	seen *recent[struct{}] // by outcome and upload ID
}

func newObserver(c Config) observer {
	return observer{c.Observe, c.Now, newRecent[struct{}](maxObserved)}
}

// issue observes what became of a request for an upload. A page that somebody opens is shown with a
// button or a script in place of a form where its visitor can't have one yet: that denies nothing.
func (o observer) issue(p *ServedProfile, v Visitor, inPage bool, err error) {
	seen := Observation{Outcome: OutcomeIssued, Profile: p.Settings.Name, Way: v.Way}
	if err != nil {
		seen.Outcome, seen.Code = OutcomeDenied, problem.From(err).Code
		if inPage && (seen.Code == problem.QuotaExceeded || seen.Code == problem.Unauthorized || seen.Code == problem.InvalidRequest) {
			return
		}
	}
	o.tell(seen)
}

// once observes an outcome of an upload, whose profile and way it fills in.
func (o observer) once(up OpenUpload, seen Observation) {
	key := string(seen.Outcome) + " " + up.ID
	if _, before := o.seen.get(key); before {
		return
	}
	o.seen.put(key, struct{}{})
	seen.Profile, seen.Way = up.Profile, up.Way
	o.tell(seen)
}

// accepted observes an accepted object.
func (o observer) accepted(up OpenUpload, done Completed) {
	o.once(up, Observation{Outcome: OutcomeAccepted, Size: done.Size, Took: max(0, o.now().Sub(up.Issued))})
}
