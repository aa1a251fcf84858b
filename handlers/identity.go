package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// Identifier says who sends a request.
//
// A request from nobody is (zero, false, nil): it may still use public profiles, as the subject
// guest. Credentials that are present but not valid are an error that says so, by a method
// Unauthorized() bool reporting true or as a *problem.Error; it refuses the request even where the
// profile is public, so that a visitor learns that a ticket expired. A method PublicReason() string
// of it may say why, in words that the visitor may read; "expired" has a meaning for the script, see
// problem.Error. Any other error counts as an outage and refuses with problem.StoreUnavailable.
//
// Identify is called at most once per request, before anything is decided, and must be safe for
// concurrent use. It must not read the body.
type Identifier interface {
	Identify(*http.Request) (profile.Identity, bool, error)
}

// Nobody is the Identifier that knows no one. It refuses bearer tickets: nobody can verify them.
type Nobody struct{}

// Identify implements Identifier.
func (Nobody) Identify(r *http.Request) (profile.Identity, bool, error) {
	scheme, _, _ := strings.Cut(r.Header.Get(echo.HeaderAuthorization), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return profile.Identity{}, false, problem.New(problem.Unauthorized, "this server accepts no tickets")
	}
	return profile.Identity{}, false, nil
}

// identify resolves who asks, once per request.
func (h *Handlers) identify(c echo.Context) (uploads.Visitor, error) {
	return h.config.visitor(c.Request(), c.Echo().IPExtractor)
}

// visitor is who sends a request, with the address that extract tells unless the Identifier tells
// another.
func (c Config) visitor(r *http.Request, extract echo.IPExtractor) (uploads.Visitor, error) {
	id, known, err := c.Identifier.Identify(r)
	if err != nil {
		return uploads.Visitor{}, identifyError(err)
	}
	if !known {
		id = profile.Identity{}
	}
	if id.Address == "" {
		id.Address = addressOf(r, extract)
	}
	return uploads.Visitor{Identity: id, Known: known}, nil
}

// addressOf is where a request comes from. Headers about it are believed only where the host said
// how, by extract: anybody can write them. nil is the connection's own address.
func addressOf(r *http.Request, extract echo.IPExtractor) string {
	if extract == nil {
		extract = directAddress
	}
	return extract(r)
}

var directAddress = echo.ExtractIPDirect()

// identifyError keeps a refusal and turns the rest into an outage: while the source of identities
// is away, a visitor can't be told apart from nobody.
func identifyError(err error) error {
	var invalid interface{ Unauthorized() bool }
	if errors.As(err, &invalid) && invalid.Unauthorized() {
		refused := &problem.Error{Code: problem.Unauthorized, Detail: "the ticket is not valid", Err: err}
		var public interface{ PublicReason() string }
		if errors.As(err, &public) {
			refused.Reason = public.PublicReason()
		}
		return refused
	}
	return problem.Unavailable(err)
}
