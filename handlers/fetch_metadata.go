package handlers

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
)

// fetchMetadata is what a browser says about a request (W3C, Fetch Metadata Request Headers): which
// site asks, how, for what, and whether a person did something for it. Scripts can't write these
// headers. A header that is absent is "".
type fetchMetadata struct{ site, mode, dest, user, purpose string }

// fetchMetadataHeaders are the names of what fetchMetadata holds.
var fetchMetadataHeaders = [...]string{"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User", "Sec-Purpose"}

func readFetchMetadata(from http.Header) fetchMetadata {
	var values [len(fetchMetadataHeaders)]string
	for i, name := range fetchMetadataHeaders {
		if list := from[name]; len(list) > 0 {
			values[i] = strings.Join(list, ",") // several values are one that nothing knows
		}
	}
	return fetchMetadata{site: values[0], mode: values[1], dest: values[2], user: values[3], purpose: values[4]}
}

// pageDestinations are the destinations of requests that can show a page, by mode. "" is a browser
// that leaves the header out.
var pageDestinations = map[string][]string{
	"":            {"", "document", "iframe", "frame", "empty"},
	"navigate":    {"", "document", "iframe", "frame"},
	"cors":        {"", "empty"},
	"no-cors":     {"", "empty"},
	"same-origin": {"", "empty"},
}

// mayIssue reports whether a page may be answered with a signed form, which is charged to the
// visitor's quota. No other site can make it so: a page issues for requests of our own origin, for
// an address that a person entered, and where a person follows a link to it. Programs and old
// browsers, which send none of the headers, are not told apart. Whatever is unknown or
// contradictory issues nothing.
func (f fetchMetadata) mayIssue() bool {
	if f == (fetchMetadata{}) {
		return true
	}
	if !slices.Contains(pageDestinations[f.mode], f.dest) || f.user != "" && f.user != "?1" {
		return false
	}
	switch f.site {
	case "same-origin":
		return true
	case "none":
		return f.dest != "iframe" && f.dest != "frame"
	case "same-site", "cross-site":
		return f.mode == "navigate" && f.dest == "document" && f.user == "?1" && f.purpose == ""
	}
	return false
}

// varyForm names the headers that a form page depends on.
var varyForm = []string{"Accept-Language, " + strings.Join(fetchMetadataHeaders[:], ", ")}

// ownPagesOnly trusts no origin beside the one that is asked.
var ownPagesOnly http.CrossOriginProtection

// checkOwnPage refuses a request that changes something unless our own page sends it, or no page at
// all. Pages of the origins that profiles list are refused too.
func (o *origins) checkOwnPage(r *http.Request) error {
	if o.foreign(r) != "" || ownPagesOnly.Check(r) != nil {
		return errOrigin
	}
	return nil
}

// wantNoBody refuses a request with a body: a button without a name sends none.
func wantNoBody(c echo.Context) error {
	var first [1]byte
	if n, _ := io.ReadFull(http.MaxBytesReader(c.Response(), c.Request().Body, 1), first[:]); n > 0 {
		return problem.New(problem.InvalidRequest, "wanted a request without a body")
	}
	return nil
}
