package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// HeaderUploadToken carries the upload token on every route after issuing.
const HeaderUploadToken = "Upload-Token"

// crossOrigin prepares net/http's protection: requests that change something come from our own
// pages or from an origin that some profile names.
func crossOrigin(publicURL string, gates map[string]*gate) (*http.CrossOriginProtection, map[string]bool, error) {
	all := map[string]bool{}
	for _, g := range gates {
		for o := range g.origins {
			all[o] = true
		}
	}
	protection := http.NewCrossOriginProtection()
	own := origin(publicURL)
	if err := protection.AddTrustedOrigin(own); err != nil {
		return nil, nil, err
	}
	for o := range all {
		if err := protection.AddTrustedOrigin(o); err != nil {
			return nil, nil, err
		}
	}
	return protection, all, nil
}

var errOrigin = &Error{Code: CodeOriginNotAllowed, Field: "Origin"}

// checkCrossOrigin refuses what a page of an unknown origin sends, before anything of the request
// is read.
func (h *Handlers) checkCrossOrigin(r *http.Request) error {
	if foreign := h.foreignOrigin(r); foreign != "" && !h.origins[foreign] {
		return errOrigin
	}
	if h.protection.Check(r) != nil {
		return errOrigin
	}
	return nil
}

// foreignOrigin is the origin of the page that sends the request, "" where it is one of ours or no
// page at all. Browsers write it; what a query or Referer says doesn't count. An opaque origin is
// "null" and foreign to all.
func (h *Handlers) foreignOrigin(r *http.Request) string {
	from := r.Header.Get(echo.HeaderOrigin)
	if from == "" || from == h.own || r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		return ""
	}
	if _, host, ok := strings.Cut(from, "://"); ok && host == r.Host && r.Header.Get("Sec-Fetch-Site") == "" {
		return ""
	}
	return from
}

// checkOrigin holds a page's origin against one profile and against the origin that the identity is
// bound to.
func (h *Handlers) checkOrigin(r *http.Request, g *gate, who visitor) error {
	foreign := h.foreignOrigin(r)
	if foreign == "" {
		return nil
	}
	if !g.origins[foreign] || who.Origin != "" && who.Origin != foreign {
		return errOrigin
	}
	return nil
}

// gateFor finds a profile by the name in a visitor's request, which has to come from a page that
// the profile allows.
func (h *Handlers) gateFor(r *http.Request, name string, who visitor) (*gate, error) {
	g, err := h.gateNamed(name)
	if err != nil {
		return nil, err
	}
	return g, h.checkOrigin(r, g, who)
}

// setCORS lets pages of the listed origins read the answer. There is no wildcard and no
// Access-Control-Allow-Credentials: tickets are sent by hand.
func (h *Handlers) setCORS(r *http.Request, to http.Header) {
	to.Add(echo.HeaderVary, echo.HeaderOrigin)
	from := r.Header.Get(echo.HeaderOrigin)
	if !h.origins[from] {
		return
	}
	to.Set(echo.HeaderAccessControlAllowOrigin, from)
	to.Set(echo.HeaderAccessControlExposeHeaders, "Retry-After, "+echo.HeaderXRequestID)
}

var corsMethods = []string{http.MethodGet, http.MethodPost, http.MethodDelete}

// preflight answers what a browser asks before a call from another origin.
func (h *Handlers) preflight(c echo.Context) error {
	to := c.Response().Header()
	to.Add(echo.HeaderVary, echo.HeaderAccessControlRequestMethod)
	to.Add(echo.HeaderVary, echo.HeaderAccessControlRequestHeaders)
	from := c.Request().Header.Get(echo.HeaderOrigin)
	if !h.origins[from] && from != h.own {
		return errOrigin
	}
	if !slices.Contains(corsMethods, c.Request().Header.Get(echo.HeaderAccessControlRequestMethod)) {
		return &Error{Code: CodeMethodNotAllowed}
	}
	to.Set(echo.HeaderAccessControlAllowMethods, strings.Join(corsMethods, ", "))
	to.Set(echo.HeaderAccessControlAllowHeaders, "Authorization, Content-Type, "+HeaderUploadToken)
	to.Set(echo.HeaderAccessControlMaxAge, "7200")
	return c.NoContent(http.StatusNoContent)
}
