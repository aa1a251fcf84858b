package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/policy/profile"
)

// Identifier says who sends a request.
//
// A request from nobody is (zero, false, nil): it may still use public profiles, as the subject
// guest. Credentials that are there but don't hold are an error that says so, by a method
// Unauthorized() bool reporting true or as an *Error of this package; it refuses the request even
// where the profile is public, so that a visitor learns that a ticket ran out. Any other error
// counts as an outage and refuses with store_unavailable.
//
// Identify is called at most once per request, before anything is decided, and must be safe for
// concurrent use. It must not read the body.
type Identifier interface {
	Identify(*http.Request) (profile.Identity, bool, error)
}

// Nobody is the Identifier that knows no one. It refuses bearer tickets: a ticket that nobody can
// verify doesn't hold.
type Nobody struct{}

// Identify implements Identifier.
func (Nobody) Identify(r *http.Request) (profile.Identity, bool, error) {
	scheme, _, _ := strings.Cut(r.Header.Get(echo.HeaderAuthorization), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return profile.Identity{}, false, refuse(CodeUnauthorized, "no tickets are taken here")
	}
	return profile.Identity{}, false, nil
}

// visitor is the identity of one request; known is false for nobody.
type visitor struct {
	profile.Identity
	known bool
	lang  string // chosen on the page; "" where the browser's choice stands
}

// identify resolves who asks, once per request.
func (h *Handlers) identify(c echo.Context) (visitor, error) {
	id, known, err := h.config.Identifier.Identify(c.Request())
	if err != nil {
		return visitor{}, identifyError(err)
	}
	if !known {
		id = profile.Identity{}
	}
	if id.Address == "" {
		id.Address = address(c)
	}
	return visitor{Identity: id, known: known}, nil
}

// address is where a request comes from. Headers about it are believed only where the host said
// how: anybody can write them.
func address(c echo.Context) string {
	if extract := c.Echo().IPExtractor; extract != nil {
		return extract(c.Request())
	}
	return directAddress(c.Request())
}

var directAddress = echo.ExtractIPDirect()

// identifyError keeps a refusal and turns the rest into an outage: who asks can't be told apart
// from nobody while the source of identities is away.
func identifyError(err error) error {
	var bad interface{ Unauthorized() bool }
	if errors.As(err, &bad) && bad.Unauthorized() {
		return &Error{Code: CodeUnauthorized, Detail: "the ticket is not valid", Err: err}
	}
	if refused := asError(err); refused.Code != CodeInternal {
		return refused
	}
	return &Error{Code: CodeStoreUnavailable, RetryAfter: storeRetryAfter, Err: err}
}
