package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// uploadRoutes are the JSON API behind the script.
type uploadRoutes struct{ *Handlers }

// createRequest is the body of POST /uploads.
type createRequest struct {
	profileName
	fileRequest
	rateHint
}

// rateHint is the member that says how fast the sender was last, in bytes per second. It only
// chooses the part size.
type rateHint struct {
	Rate int64 `json:"rate"`
}

// profileRequest is a body that names a profile and may lack members.
type profileRequest interface {
	name() *string
	check() error
}

// profileName is the member that all of them have.
type profileName struct {
	Profile *string `json:"profile"`
}

func (n profileName) name() *string { return n.Profile }

// readProfileRequest finds out who sends a request, reads its body, and finds the profile that it
// names, whose pages the request has to come from.
func (h uploadRoutes) readProfileRequest(c echo.Context, maxBytes int64, body profileRequest) (*servedProfile, uploads.Visitor, error) {
	visitor, err := h.identify(c)
	if err != nil {
		return nil, visitor, err
	}
	if err := readJSONOf(c, maxBytes, body); err != nil {
		return nil, visitor, err
	}
	if body.name() == nil {
		return nil, visitor, errMissingProfile
	}
	if err := body.check(); err != nil {
		return nil, visitor, err
	}
	p, err := h.profileNamed(*body.name())
	if err != nil {
		return nil, visitor, err
	}
	return p, visitor, h.origins.checkProfile(c.Request(), p, visitor)
}

// fileRequest is a file that the script names. A member that is left out differs from one that is
// empty.
type fileRequest struct {
	Filename *string           `json:"filename"`
	Type     *string           `json:"type"`
	Size     *int64            `json:"size"`
	Metadata map[string]string `json:"metadata"`
}

// check finds members that are missing. A type may be left out: the browser doesn't know every
// file's.
func (r fileRequest) check() error {
	switch {
	case r.Filename == nil:
		return problem.InField("filename", "wanted the file's name")
	case r.Size == nil:
		return problem.InField("size", "wanted the file's size in bytes")
	}
	return nil
}

var errMissingProfile = problem.InField("profile", "wanted the name of a profile")

func (r fileRequest) file(rate int64) profile.File {
	f := profile.File{Name: *r.Filename, Size: *r.Size, Metadata: r.Metadata, Rate: rate}
	if r.Type != nil {
		f.Type = *r.Type
	}
	return f
}

// createResponse is the answer: exactly one of Post, Put and Multipart is set, named by Method.
type createResponse struct {
	ID        string             `json:"id"`
	Profile   string             `json:"profile"`
	Bucket    string             `json:"bucket"`
	Key       string             `json:"key"`
	Method    profile.Method     `json:"method"`
	Expires   string             `json:"expires"`
	Token     string             `json:"token"`
	Post      *postResponse      `json:"post,omitempty"`
	Put       *putResponse       `json:"put,omitempty"`
	Multipart *multipartResponse `json:"multipart,omitempty"`
	Owner     string             `json:"owner,omitempty"`
}

type postResponse struct {
	URL    string         `json:"url"`
	Fields []policy.Field `json:"fields"`
}

type putResponse struct {
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
}

type multipartResponse struct {
	PartSize  int64             `json:"partSize"`
	PartCount int               `json:"partCount"`
	Checksum  *profile.Checksum `json:"checksum"`
	// Signed are the first parts, so that a browser needn't ask for them; a batch has none.
	Signed *signedPartsResponse `json:"signed,omitempty"`
}

// createUpload issues one upload for a file that the script names.
func (h uploadRoutes) createUpload(c echo.Context) error {
	var body createRequest
	p, visitor, err := h.readProfileRequest(c, maxBody, &body)
	if err != nil {
		return err
	}
	visitor.Way = uploads.WayAPI
	issued, err := h.service.IssueFile(c.Request().Context(), p.ServedProfile, visitor, body.file(body.Rate))
	if err != nil {
		return err
	}
	AboutUpload(c, issued.ID)
	out := newCreateResponse(issued)
	if issued.Parts != nil {
		signed := newSignedPartsResponse(*issued.Parts)
		out.Multipart.Signed = &signed
	}
	return c.JSON(http.StatusCreated, out)
}

// newCreateResponse turns an issued upload into the answer's JSON: exactly one of post, put and
// multipart is set.
func newCreateResponse(issued uploads.Issued) createResponse {
	out := createResponse{ID: issued.ID, Profile: issued.Profile, Bucket: issued.Bucket, Key: issued.Key,
		Method: issued.Method, Expires: instant(issued.Expires), Token: issued.Token, Owner: issued.Owner}
	switch {
	case issued.Form != nil:
		out.Post = &postResponse{URL: issued.Form.URL, Fields: issued.Form.Fields}
	case issued.Put != nil:
		out.Put = &putResponse{URL: issued.Put.URL, Headers: headerMap(issued.Put.Headers)}
	default:
		out.Multipart = &multipartResponse{PartSize: issued.PartSize, PartCount: issued.PartCount}
		if issued.Checksum != "" {
			out.Multipart.Checksum = &issued.Checksum
		}
	}
	return out
}

func headerMap(list []sigv4.Param) map[string]string {
	out := make(map[string]string, len(list))
	for _, h := range list {
		out[h.Name] = h.Value
	}
	return out
}

// instant writes a time as the API does.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

type ownersResponse struct {
	Owners []string `json:"owners"`
}

// showOwners tells the marks by which a browser knows the visitor's own uploads.
func (h uploadRoutes) showOwners(c echo.Context) error {
	visitor, err := h.identify(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, ownersResponse{Owners: h.service.Owners(visitor)})
}

// openUpload finds the upload of a request: by the upload token in its header, for the ID in its
// path.
func (h uploadRoutes) openUpload(c echo.Context) (uploads.OpenUpload, error) {
	visitor, err := h.identify(c)
	if err != nil {
		return uploads.OpenUpload{}, err
	}
	return h.open(c.Request(), c.Request().Header.Get(uploads.HeaderUploadToken), c.Param("id"), visitor)
}

// open finds an upload by its token and ID, for a visitor whose page the profile allows.
func (h uploadRoutes) open(r *http.Request, token, id string, v uploads.Visitor) (uploads.OpenUpload, error) {
	up, err := h.service.Open(token, id, v)
	if err != nil {
		return uploads.OpenUpload{}, err
	}
	return up, h.origins.checkProfile(r, h.profiles[up.Profile], v)
}

type partsRequest struct {
	Parts []uploads.PartRequest `json:"parts"`
}

type signedPartsResponse struct {
	Expires string               `json:"expires"`
	Parts   []signedPartResponse `json:"parts"`
}

type signedPartResponse struct {
	Number  int               `json:"number"`
	URL     string            `json:"url"`
	Size    int64             `json:"size"`
	Headers map[string]string `json:"headers"`
}

// signParts signs URLs for planned parts.
func (h uploadRoutes) signParts(c echo.Context) error {
	up, err := h.openUpload(c)
	if err != nil {
		return err
	}
	var body partsRequest
	if err := readJSON(c, &body); err != nil {
		return err
	}
	signed, err := h.service.SignParts(c.Request().Context(), up, body.Parts)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newSignedPartsResponse(signed))
}

func newSignedPartsResponse(signed uploads.SignedParts) signedPartsResponse {
	out := signedPartsResponse{Expires: instant(signed.Expires), Parts: make([]signedPartResponse, len(signed.Parts))}
	for i, p := range signed.Parts {
		out.Parts[i] = signedPartResponse{Number: p.Number, URL: p.URL, Size: p.Size, Headers: headerMap(p.Headers)}
	}
	return out
}

type storedPartsResponse struct {
	Parts []uploads.StoredPart `json:"parts"`
}

// listParts tells which parts the store has.
func (h uploadRoutes) listParts(c echo.Context) error {
	up, err := h.openUpload(c)
	if err != nil {
		return err
	}
	stored, err := h.service.ListParts(c.Request().Context(), up)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, storedPartsResponse{Parts: stored})
}

type completeRequest struct {
	Checksum string `json:"checksum"`
}

type completeResponse struct {
	ID       string `json:"id"`
	Profile  string `json:"profile"`
	Bucket   string `json:"bucket"`
	Key      string `json:"key"`
	Size     int64  `json:"size"`
	Type     string `json:"type"`
	ETag     string `json:"etag"`
	Checksum string `json:"checksum,omitempty"`
	Receipt  string `json:"receipt,omitempty"`
	URL      string `json:"url,omitempty"`
}

// completeUpload finishes an upload of any method and answers with what the store has. Asking again
// gives the same answer.
func (h uploadRoutes) completeUpload(c echo.Context) error {
	extendWriteDeadline(c, h.config.Store.LongCallTimeout())
	up, err := h.openUpload(c)
	if err != nil {
		return err
	}
	var body completeRequest
	if err := readOptionalJSON(c, &body); err != nil {
		return err
	}
	done, err := h.service.Complete(c.Request().Context(), up, body.Checksum)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newCompleteResponse(done))
}

func newCompleteResponse(done uploads.Completed) completeResponse {
	return completeResponse{ID: done.ID, Profile: done.Profile, Bucket: done.Bucket, Key: done.Key, Size: done.Size,
		Type: done.Type, ETag: done.ETag, Checksum: done.Checksum, Receipt: done.Receipt, URL: done.URL}
}

// abortUpload gives an upload up and frees its parts.
func (h uploadRoutes) abortUpload(c echo.Context) error {
	up, err := h.openUpload(c)
	if err != nil {
		return err
	}
	if err := h.service.Abort(c.Request().Context(), up); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
