package uploads

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/postern-dev/postern/handlers/problem"
)

// Backend is what the application does with uploads that the ledger has. Its errors are
// *problem.Error: UnknownUpload for an upload that isn't recorded or belongs to another profile,
// StoreUnavailable while the ledger is away.
type Backend struct {
	service  *Service
	profiles []string // whose uploads it reaches; none for all
}

// Backend returns a Backend that reaches the uploads of some profiles, or of all where none is
// named. It needs a Ledger.
func (s *Service) Backend(profiles ...string) Backend { return Backend{s, slices.Clone(profiles)} }

// Recorded is an upload as the ledger has it.
type Recorded struct {
	Entry
	// Last is what the last event says; of an upload that is issued, what was planned.
	Last EventData
}

var errNoLedger = errors.New("uploads: Backend: wanted a Ledger")

// reach is an error where a profile is out of reach.
func (b Backend) reach(profile string) error {
	if len(b.profiles) > 0 && !slices.Contains(b.profiles, profile) {
		return &problem.Error{Code: problem.Forbidden, Field: "profile", Detail: "the token is limited to other profiles"}
	}
	return nil
}

// ledger returns the ledger; without one the error is Internal.
func (b Backend) ledger() (Ledger, error) {
	if b.service.config.Ledger == nil {
		return nil, &problem.Error{Code: problem.Internal, Err: errNoLedger}
	}
	return b.service.config.Ledger, nil
}

// Upload returns an upload.
func (b Backend) Upload(ctx context.Context, id string) (Recorded, error) {
	l, err := b.ledger()
	if err != nil {
		return Recorded{}, err
	}
	e, known, err := l.Find(ctx, id)
	switch {
	case err != nil:
		return Recorded{}, problem.Unavailable(err)
	case !known || b.reach(e.Profile) != nil:
		return Recorded{}, errUnknownUpload
	}
	return e.recorded()
}

// recorded reads what the entry says of its upload.
func (e Entry) recorded() (r Recorded, err error) {
	r.Entry = e
	if e.Data != nil {
		r.Last, err = ReadEvent(e.Data)
	} else {
		r.Last, err = e.planned()
	}
	if err != nil {
		return r, &problem.Error{Code: problem.Internal, Err: err}
	}
	return r, nil
}

// planned is what is known of an upload without an event.
func (e Entry) planned() (EventData, error) {
	var claims uploadClaims
	if err := json.Unmarshal(e.Claims, &claims); err != nil {
		return EventData{}, err
	}
	if claims.ExpiresAt == nil {
		return EventData{}, errInvalidToken
	}
	u, err := claims.upload()
	return EventData{Upload: u.planned()}, err
}

// Uploads lists a page of uploads, the latest first; see Ledger.Uploads. Profiles of the query have
// to be in reach, else the error is Forbidden.
func (b Backend) Uploads(ctx context.Context, q Query) (list []Recorded, next string, err error) {
	l, err := b.ledger()
	if err != nil {
		return nil, "", err
	}
	for _, profile := range q.Profiles {
		if err := b.reach(profile); err != nil {
			return nil, "", err
		}
	}
	if len(q.Profiles) == 0 {
		q.Profiles = b.profiles
	}
	entries, next, err := l.Uploads(ctx, q)
	if err != nil {
		return nil, "", problem.Unavailable(err)
	}
	list = make([]Recorded, len(entries))
	for i, e := range entries {
		if list[i], err = e.recorded(); err != nil {
			return nil, "", err
		}
	}
	return list, next, nil
}

// Claim says that the application keeps the object of an upload: nothing removes it then but an
// erasure. Claiming it again changes nothing. An upload that isn't accepted yet is Incomplete, one
// whose object doesn't stay UploadExpired.
func (b Backend) Claim(ctx context.Context, id string) error {
	r, err := b.Upload(ctx, id)
	if err != nil {
		return err
	}
	claimed, err := b.service.config.Ledger.Claim(ctx, id)
	switch {
	case err != nil:
		return problem.Unavailable(err)
	case claimed:
		return nil
	}
	return r.noObject()
}

// noObject says why an upload has no object to be used.
func (e Entry) noObject() error {
	if e.Erased.IsZero() && slices.Contains(StateAccepted.Follows(), e.State) {
		return problem.New(problem.Incomplete, "the upload is not accepted yet")
	}
	return problem.New(problem.UploadExpired, "the upload has no object any more")
}

// Link returns a link to the object of an accepted upload; see Service.Link. The error is NotFound
// where the profile has no links, and otherwise as of Claim.
func (b Backend) Link(ctx context.Context, id string) (string, error) {
	r, err := b.Upload(ctx, id)
	if err != nil {
		return "", err
	}
	served, err := b.service.Profile(r.Profile)
	switch {
	case err != nil:
		return "", err
	case served.Settings.Bucket != r.Last.Upload.Bucket:
		return "", errUnknownUpload
	case !r.Erased.IsZero() || !r.isAccepted():
		return "", r.noObject()
	case served.Settings.Download.Lifetime == 0:
		return "", problem.New(problem.NotFound, "the profile has no links")
	}
	return b.service.links.to(served, r.Last.completed().Object())
}

// Erase marks uploads of a subject for removal, claimed or not, and says how far that has come. Run
// removes them. Call it again until nothing is pending: one call marks up to 1000 uploads. The
// subject may not be empty or profile.Guest, which stands for many people: that is InvalidRequest.
func (b Backend) Erase(ctx context.Context, subject string) (Erasure, error) {
	l, err := b.ledger()
	if err != nil {
		return Erasure{}, err
	}
	if isGuest(subject) {
		return Erasure{}, problem.InField("subject", "wanted one subject; guests have none of their own")
	}
	e, err := l.Erase(ctx, subject, b.profiles...)
	return e, problem.Unavailable(err)
}
