package handlers

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
)

// backendRoutes are the JSON API for the application's servers. Their requests have a backend token
// where those of visitors have a ticket.
type backendRoutes struct{ *Handlers }

// backendRequest is a request with a valid token.
type backendRequest struct {
	echo.Context
	uploads.Backend
	query url.Values
}

// route wraps a handler: the token before, and a query that has no parameter but these, each once.
func (h backendRoutes) route(next func(backendRequest) error, parameters ...string) echo.HandlerFunc {
	return h.respond.json(func(c echo.Context) error {
		if h.config.Backend == nil {
			return &problem.Error{Code: problem.NotFound}
		}
		profiles, err := h.config.Backend.Authorize(c.Request())
		if err != nil {
			return backendTokenError(err)
		}
		query, err := readQuery(c.Request(), parameters)
		if err != nil {
			return err
		}
		return next(backendRequest{c, h.service.Backend(profiles...), query})
	})
}

// backendTokenError is identifyError for a backend token.
func backendTokenError(err error) error {
	err = identifyError(err)
	if refused := problem.From(err); refused.Code == problem.Unauthorized {
		return &problem.Error{Code: problem.Unauthorized, Detail: "the backend token is not valid", Reason: refused.Reason, Err: refused.Err}
	}
	return err
}

// readQuery reads the query of a request, and refuses unknown and repeated parameters.
func readQuery(r *http.Request, parameters []string) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &problem.Error{Code: problem.InvalidRequest, Detail: "the query can't be read", Err: err}
	}
	for name, values := range query {
		switch {
		case !slices.Contains(parameters, name):
			return nil, problem.InField(clip(name), "there is no such parameter")
		case len(values) > 1:
			return nil, problem.InField(name, "the parameter is there twice")
		}
	}
	return query, nil
}

// recordedResponse is an upload as the ledger has it. What isn't known is left out.
type recordedResponse struct {
	ID         string            `json:"id"`
	Profile    string            `json:"profile"`
	Subject    string            `json:"subject"`
	State      uploads.State     `json:"state"`
	Sequence   int64             `json:"sequence"`
	Issued     string            `json:"issued"`
	Expires    string            `json:"expires"`
	Changed    string            `json:"changed"`
	Claimed    string            `json:"claimed,omitempty"`
	Erased     string            `json:"erased,omitempty"`
	Bucket     string            `json:"bucket"`
	Key        string            `json:"key"`
	Version    string            `json:"version,omitempty"`
	Size       *int64            `json:"size,omitempty"`
	Type       string            `json:"type,omitempty"`
	ETag       string            `json:"etag,omitempty"`
	Filename   string            `json:"filename,omitempty"`
	Checksum   string            `json:"checksum,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	Nonce      string            `json:"nonce,omitempty"`
	Code       problem.Code      `json:"code,omitempty"`
	NewETag    string            `json:"newEtag,omitempty"`
	NewVersion string            `json:"newVersion,omitempty"`
}

func newRecordedResponse(r uploads.Recorded) recordedResponse {
	u := r.Last.Upload
	out := recordedResponse{ID: r.ID, Profile: r.Profile, Subject: r.Subject, State: r.State, Sequence: r.Sequence,
		Issued: instant(r.Issued), Expires: instant(r.Ends), Changed: instant(r.Changed), Claimed: instantOrNone(r.Claimed), Erased: instantOrNone(r.Erased),
		Bucket: u.Bucket, Key: u.Key, Version: u.Version, Type: u.Type, ETag: u.ETag, Filename: u.Filename, Checksum: u.Checksum,
		Metadata: u.Metadata, Nonce: u.Nonce, Code: r.Last.Code, NewETag: r.Last.NewETag, NewVersion: r.Last.NewVersion}
	if u.ETag != "" { // of an object, which may be empty
		out.Size = &u.Size
	}
	return out
}

func instantOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return instant(t)
}

// show tells what became of one upload.
func (h backendRoutes) show(r backendRequest) error {
	found, err := r.Upload(r.Request().Context(), r.Param("id"))
	if err != nil {
		return err
	}
	return r.JSON(http.StatusOK, newRecordedResponse(found))
}

type recordedListResponse struct {
	Uploads []recordedResponse `json:"uploads"`
	Next    string             `json:"next,omitempty"`
}

// list tells what became of uploads, a page at a time. The last page has no next.
func (h backendRoutes) list(r backendRequest) error {
	q, err := listQuery(r.query)
	if err != nil {
		return err
	}
	found, next, err := r.Uploads(r.Request().Context(), q)
	if err != nil {
		return err
	}
	out := recordedListResponse{make([]recordedResponse, len(found)), base64.RawURLEncoding.EncodeToString([]byte(next))}
	for i, f := range found {
		out.Uploads[i] = newRecordedResponse(f)
	}
	return r.JSON(http.StatusOK, out)
}

// Uploads in one page.
const (
	defaultPage = 100
	longestPage = 1000
)

// listed are the states that a list can be narrowed to.
var listed = []uploads.State{uploads.StateIssued, uploads.StateAccepted, uploads.StateRefused, uploads.StateAborted,
	uploads.StateExpired, uploads.StateReplaced, uploads.StateRemoved}

// listQuery reads the parameters of a list. One that is empty is refused: whoever asks for the
// uploads of "" has lost the name of somebody, and shouldn't get everybody's. Only after may be
// empty, for the first page.
func listQuery(query url.Values) (q uploads.Query, err error) {
	for name, values := range query {
		if values[0] == "" && name != "after" {
			return q, problem.InField(name, "wanted a value, or no such parameter")
		}
	}
	q = uploads.Query{Subject: query.Get("subject"), AllSubjects: !query.Has("subject"), State: uploads.State(query.Get("state")), Limit: defaultPage}
	if name := query.Get("profile"); name != "" {
		q.Profiles = []string{name}
	}
	if q.State != "" && !slices.Contains(listed, q.State) {
		return q, problem.InField("state", "wanted a state of an upload")
	}
	if after := query.Get("after"); after != "" {
		id, err := base64.RawURLEncoding.Strict().DecodeString(after)
		if err != nil {
			return q, problem.InField("after", "wanted the next of the page before")
		}
		q.After = string(id)
	}
	if text := query.Get("limit"); text != "" {
		if q.Limit, err = strconv.Atoi(text); err != nil || q.Limit < 1 || q.Limit > longestPage {
			return q, problem.InField("limit", "wanted 1 to %d", longestPage)
		}
	}
	return q, nil
}

// claim records that the application keeps an upload.
func (h backendRoutes) claim(r backendRequest) error {
	if err := readOptionalJSON(r, &struct{}{}); err != nil {
		return err
	}
	if err := r.Claim(r.Request().Context(), r.Param("id")); err != nil {
		return err
	}
	return r.NoContent(http.StatusNoContent)
}

type linkResponse struct {
	URL string `json:"url"`
}

// link makes a link to the object of an upload.
func (h backendRoutes) link(r backendRequest) error {
	if err := readOptionalJSON(r, &struct{}{}); err != nil {
		return err
	}
	to, err := r.Link(r.Request().Context(), r.Param("id"))
	if err != nil {
		return err
	}
	return r.JSON(http.StatusOK, linkResponse{to})
}

type erasureResponse struct {
	Erased  int64  `json:"erased"`
	Pending int64  `json:"pending"`
	Since   string `json:"since"`
}

// erase removes the uploads of one subject.
func (h backendRoutes) erase(r backendRequest) error {
	e, err := r.Erase(r.Request().Context(), r.query.Get("subject"))
	if err != nil {
		return err
	}
	return r.JSON(http.StatusOK, erasureResponse{Erased: e.Marked, Pending: e.Pending, Since: instant(e.Since)})
}
