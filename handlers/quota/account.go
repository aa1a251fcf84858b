package quota

import (
	"cmp"
	"container/list"
	"time"

	"golang.org/x/time/rate"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// account is what one subject, or one address, has used of one profile.
type account struct {
	uploads, bytes window
	open, maxOpen  int // multipart uploads
	pending        int // uploads that may still be settled
	forms          openForms
	issues         *rate.Limiter // nil where something else is counted
}

// charge is what one upload has cost one account.
type charge struct {
	account                *account
	uploadsSlot, bytesSlot int64
}

// refuse says why a plan is too much, nil when it isn't. A form in a page is too much when the open
// forms would hold more than half of the account's limits. An upload of no size wants at least one
// byte to be left.
func (a *account) refuse(now time.Time, r uploads.Reservation) *problem.Error {
	bytes := max(r.Plan.MaxSize, 1)
	wait := max(a.uploads.wait(now, 1), a.bytes.wait(now, bytes))
	half := r.InPage && (a.uploads.halfIsBelow(a.forms.count+1) || a.bytes.halfIsBelow(a.forms.bytes+bytes))
	open := r.Plan.Method == profile.MethodMultipart && a.maxOpen > 0 && a.open >= a.maxOpen
	if wait == 0 && !half && !open {
		return nil
	}
	return &problem.Error{Code: problem.QuotaExceeded, RetryAfter: cmp.Or(wait, openRetryAfter)}
}

// openRetryAfter is a guess: there is room when an open upload is completed or aborted, or an open
// form ends.
const openRetryAfter = time.Minute

func (a *account) charge(now time.Time, method profile.Method, bytes int64) charge {
	if method == profile.MethodMultipart {
		a.open++
	}
	return charge{account: a, uploadsSlot: a.uploads.add(now, 1), bytesSlot: a.bytes.add(now, bytes)}
}

// idle reports whether forgetting the account would change no answer.
func (a *account) idle(now time.Time) bool {
	full := a.issues == nil || a.issues.TokensAt(now) >= float64(a.issues.Burst())
	return full && a.pending == 0 && a.uploads.idle(now) && a.bytes.idle(now)
}

// accountKey names an account: a struct, so that no subject can imitate another kind of account.
type accountKey struct {
	profile string // empty: over all profiles
	kind    accountKind
	name    string // subject, or network
}

type accountKind uint8

const (
	bySubject accountKind = iota
	byGuest               // by network, in place of the subject all guests share
	byAddress
)

// accounts is a bounded set of accounts; the one that was used longest ago makes room for a new
// one.
type accounts struct {
	limit  int
	byKey  map[accountKey]*list.Element
	recent *list.List // of *entry, the last used in front
}

type entry struct {
	key     accountKey
	account *account
}

func newAccounts(limit int) *accounts {
	return &accounts{limit: limit, byKey: map[accountKey]*list.Element{}, recent: list.New()}
}

// get returns the account of key, made with fresh when there is none.
func (s *accounts) get(key accountKey, fresh func() *account) *account {
	if e, ok := s.byKey[key]; ok {
		s.recent.MoveToFront(e)
		return e.Value.(*entry).account
	}
	for s.recent.Len() >= s.limit {
		s.drop(s.recent.Back())
	}
	a := fresh()
	s.byKey[key] = s.recent.PushFront(&entry{key: key, account: a})
	return a
}

func (s *accounts) drop(e *list.Element) {
	delete(s.byKey, e.Value.(*entry).key)
	s.recent.Remove(e)
}

// trim drops idle accounts from the far end, a few at a time.
func (s *accounts) trim(now time.Time) {
	const few = 4
	for range few {
		e := s.recent.Back()
		if e == nil || !e.Value.(*entry).account.idle(now) {
			return
		}
		s.drop(e)
	}
}
