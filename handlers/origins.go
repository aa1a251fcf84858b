package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
)

// origins decides which pages may call the API: our own, and those of the origins that a profile
// names.
type origins struct {
	own        string          // origin of PublicURL
	listed     map[string]bool // by any profile
	protection *http.CrossOriginProtection
}

func newOrigins(publicURL string, profiles map[string]*servedProfile) (*origins, error) {
	o := &origins{own: originOf(publicURL), listed: map[string]bool{}, protection: http.NewCrossOriginProtection()}
	if err := o.protection.AddTrustedOrigin(o.own); err != nil {
		return nil, err
	}
	for _, p := range profiles {
		for _, origin := range p.Settings.Origins {
			o.listed[origin] = true
			if err := o.protection.AddTrustedOrigin(origin); err != nil {
				return nil, err
			}
		}
	}
	return o, nil
}

var errOrigin = &problem.Error{Code: problem.OriginNotAllowed, Field: echo.HeaderOrigin}

// check refuses what a page of an unlisted origin sends, before anything of the request is read.
func (o *origins) check(r *http.Request) error {
	if foreign := o.foreign(r); foreign != "" && !o.listed[foreign] {
		return errOrigin
	}
	if o.protection.Check(r) != nil {
		return errOrigin
	}
	return nil
}

// foreign is the origin of the page that sends the request, "" where it is our own page or no page
// at all. Browsers write it; what a query or Referer says doesn't count, nor does the host that the
// request names: a foreign site may have made its own name resolve to this server. Such a site
// can't send Sec-Fetch-Site, which browsers write for https and loopback alone. An opaque origin is
// "null" and foreign to all.
func (o *origins) foreign(r *http.Request) string {
	from := r.Header.Get(echo.HeaderOrigin)
	if from == "" || from == o.own || r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		return ""
	}
	return from
}

// checkProfile compares a page's origin with one profile and with the origin that the identity is
// bound to.
func (o *origins) checkProfile(r *http.Request, p *servedProfile, v uploads.Visitor) error {
	foreign := o.foreign(r)
	if foreign == "" {
		return nil
	}
	if !p.allowsOrigin(foreign) || v.Origin != "" && v.Origin != foreign {
		return errOrigin
	}
	return nil
}

// setCORS lets pages of the listed origins read the answer. There is no wildcard and no
// Access-Control-Allow-Credentials: tickets are sent by hand.
func (o *origins) setCORS(r *http.Request, to http.Header) {
	to.Add(echo.HeaderVary, echo.HeaderOrigin)
	from := r.Header.Get(echo.HeaderOrigin)
	if !o.listed[from] {
		return
	}
	to.Set(echo.HeaderAccessControlAllowOrigin, from)
	to.Set(echo.HeaderAccessControlExposeHeaders, "Retry-After, "+echo.HeaderXRequestID)
}

var corsMethods = []string{http.MethodGet, http.MethodPost, http.MethodDelete}

// preflight answers what a browser asks before a call from another origin.
func (o *origins) preflight(c echo.Context) error {
	to := c.Response().Header()
	to.Add(echo.HeaderVary, echo.HeaderAccessControlRequestMethod)
	to.Add(echo.HeaderVary, echo.HeaderAccessControlRequestHeaders)
	from := c.Request().Header.Get(echo.HeaderOrigin)
	if !o.listed[from] && from != o.own {
		return errOrigin
	}
	if !slices.Contains(corsMethods, c.Request().Header.Get(echo.HeaderAccessControlRequestMethod)) {
		return &problem.Error{Code: problem.MethodNotAllowed}
	}
	to.Set(echo.HeaderAccessControlAllowMethods, strings.Join(corsMethods, ", "))
	to.Set(echo.HeaderAccessControlAllowHeaders, "Authorization, Content-Type, "+uploads.HeaderUploadToken)
	to.Set(echo.HeaderAccessControlMaxAge, "7200")
	return c.NoContent(http.StatusNoContent)
}
