package handlers

import (
	"cmp"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"

	"github.com/postern-dev/postern/handlers/language"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/policy/profile"
)

// FieldError says that a field holds something that isn't a receipt of this visitor for this field.
type FieldError struct {
	// Field is the field's name.
	Field string
	// Sentence is for the visitor, in the visitor's language.
	Sentence string
	// Err is the cause, such as a *receipts.Error.
	Err error

	text string // name of the sentence among the texts; "" for an error of the host's own
}

// Error implements error.
func (e *FieldError) Error() string { return "handlers: field " + e.Field + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FieldError) Unwrap() error { return e.Err }

var (
	errUnnamedProfile = errors.New("wanted a form with this field, or the names of its profiles")
	errTooManyFiles   = errors.New("more receipts than the profile has files")
)

// maxReceipts is how many receipts of one field are read where the profile doesn't name more: to
// verify one takes time.
const maxReceipts = 1000

// Receipts returns the receipts that a form has posted in a field, each verified: of this server
// and visitor, of the visitor's session where the Identifier gives one, not expired, and of the
// profile that the field is for. After a form without script they are in the address of the page
// instead, and are read from there when the request has no body.
//
// Form.Field tells with the form which profile the field is for. Receipts that come in another way,
// such as from the widget, need the profiles named here; with one profile there is no need.
//
// Empty values and repetitions are left out. The error is a *FieldError where some are refused, to
// be shown at the field; the list holds the others all the same. A receipt that was issued to
// somebody as a guest is refused once that person has signed in. The list says nothing about
// earlier forms: claim Receipt.ID with what the form is saved as, so that an upload is used once.
func (h *Handlers) Receipts(r *http.Request, field string, profiles ...string) ([]receipts.Receipt, error) {
	if h.objects.issuer == nil {
		return nil, errors.New("handlers: Receipts: wanted a server that mints receipts")
	}
	posted, proofs, err := postedReceipts(r, field)
	if err != nil || len(posted) == 0 {
		return nil, err
	}
	if len(profiles) == 0 {
		if profiles, err = h.fieldProfiles(r, field, proofs); err != nil || len(profiles) == 0 {
			return nil, err
		}
	}
	for _, name := range profiles {
		if _, err := h.profileNamed(name); err != nil { // a mistake of the host's, not of the visitor's
			return nil, fmt.Errorf("handlers: Receipts: wanted the name of a profile, got %q", name)
		}
	}
	visitor, err := h.config.visitor(r, nil)
	if err != nil {
		return nil, err
	}
	want := receipts.Expected{Subject: cmp.Or(visitor.Subject, profile.Guest), Nonce: visitor.Nonce}
	list, err := h.verifyReceipts(posted, profiles, want)
	if err != nil {
		err = newFieldError(h.layout.catalogue.Negotiate(r), field, err)
	}
	return list, err
}

// postedReceipts are the values of a field, each once and none of them empty, and what proves the
// field's profile.
func postedReceipts(r *http.Request, field string) (posted, proofs []string, err error) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		query := r.URL.Query()
		posted, proofs = query[receiptParameter], query[proofParameter]
	} else {
		if err := parseForm(r); err != nil {
			return nil, nil, err
		}
		posted, proofs = r.PostForm[field], r.PostForm[proofParameter]
	}
	seen := map[string]bool{"": true}
	posted = slices.DeleteFunc(slices.Clone(posted), func(value string) bool {
		known := seen[value]
		seen[value] = true
		return known
	})
	return posted, proofs, nil
}

// fieldProfiles are the profiles that a field takes receipts of, as the page or form proves. An
// address that proves another field has nothing for this one.
func (h *Handlers) fieldProfiles(r *http.Request, field string, proofs []string) ([]string, error) {
	if name := h.fieldProofs.profileOf(field, proofs); name != "" {
		return []string{name}, nil
	}
	inAddress := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case inAddress && len(proofs) > 0:
		return nil, nil
	case len(h.profiles) == 1:
		for name := range h.profiles {
			return []string{name}, nil
		}
	}
	return nil, newFieldError(h.layout.catalogue.Negotiate(r), field, errUnnamedProfile)
}

// verifyReceipts returns the receipts that are as wanted and of one of the profiles, each upload
// once, and the first reason why another was refused. What comes after too many isn't looked at.
func (h *Handlers) verifyReceipts(posted, profiles []string, want receipts.Expected) (list []receipts.Receipt, refused error) {
	limit := 0
	for _, name := range profiles {
		served, err := h.profileNamed(name)
		if err != nil {
			return nil, err
		}
		limit = max(limit, cmp.Or(served.Settings.MaxFiles, maxReceipts))
	}
	seen := map[string]bool{}
	for i, text := range posted {
		if i == max(limit, maxReceipts) {
			return list, cmp.Or(refused, errTooManyFiles)
		}
		found, err := h.verifyReceipt(text, profiles, want)
		switch {
		case err != nil:
			refused = cmp.Or(refused, err)
		case seen[found.ID]:
		case len(list) == limit:
			return list, cmp.Or(refused, errTooManyFiles)
		default:
			seen[found.ID] = true
			list = append(list, found)
		}
	}
	return list, refused
}

// verifyReceipt verifies a receipt that has to be of one of the profiles.
func (h *Handlers) verifyReceipt(text string, profiles []string, want receipts.Expected) (found receipts.Receipt, err error) {
	for _, want.Profile = range profiles {
		found, err = h.objects.issuer.Verify(text, want)
		if !errors.Is(err, &receipts.Error{Reason: receipts.ReasonProfile}) {
			break
		}
	}
	return found, err
}

// newFieldError puts a refusal into words for the visitor.
func newFieldError(t *language.Texts, field string, err error) *FieldError {
	key := "page.field.refused.unreadable"
	var refused *receipts.Error
	switch {
	case errors.Is(err, errTooManyFiles):
		key = "page.field.refused.many"
	case errors.As(err, &refused):
		switch refused.Reason {
		case receipts.ReasonExpired, receipts.ReasonWithdrawn:
			key = "page.field.refused.expired"
		case receipts.ReasonProfile:
			key = "page.field.refused.elsewhere"
		case receipts.ReasonSubject, receipts.ReasonNonce:
			key = "page.field.refused.another"
		}
	}
	return &FieldError{Field: field, Sentence: t.Text(key), Err: err, text: key}
}

// maxFormMemory is how many bytes of a multipart form are kept in memory while it is read.
const maxFormMemory = 1 << 20

// parseForm reads the body of a form unless the host has done so. What isn't a form, or can't be
// read to its end, is InvalidRequest: net/http drops such errors of a form that isn't multipart,
// and its files would be missing without a word.
func parseForm(r *http.Request) error {
	err := r.ParseForm()
	if err == nil {
		err = r.ParseMultipartForm(maxFormMemory)
	}
	if errors.Is(err, http.ErrNotMultipart) {
		err = wantEncodedForm(r)
	}
	if err != nil {
		return &problem.Error{Code: problem.InvalidRequest, Detail: "wanted a form", Err: err}
	}
	return nil
}

var errNotAForm = errors.New("wanted application/x-www-form-urlencoded or multipart/form-data")

// wantEncodedForm refuses a body of another type than forms have.
func wantEncodedForm(r *http.Request) error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/x-www-form-urlencoded" && r.Body != nil && r.ContentLength != 0 {
		return errNotAForm
	}
	return nil
}
