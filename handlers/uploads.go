package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// createRequest is the body of POST /uploads. A member that is left out differs from one that is
// empty.
type createRequest struct {
	Profile  *string           `json:"profile"`
	Filename *string           `json:"filename"`
	Type     *string           `json:"type"`
	Size     *int64            `json:"size"`
	Metadata map[string]string `json:"metadata"`
}

// check finds members that are missing. A type may be left out: the browser doesn't know every
// file's.
func (r createRequest) check() error {
	switch {
	case r.Profile == nil:
		return refuseField("profile", "wanted the name of a profile")
	case r.Filename == nil:
		return refuseField("filename", "wanted the file's name")
	case r.Size == nil:
		return refuseField("size", "wanted the file's size in bytes")
	}
	return nil
}

func (r createRequest) file() profile.File {
	f := profile.File{Name: *r.Filename, Size: *r.Size, Metadata: r.Metadata}
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
}

type postResponse struct {
	URL    string          `json:"url"`
	Fields []fieldResponse `json:"fields"`
}

type fieldResponse struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type putResponse struct {
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
}

type multipartResponse struct {
	PartSize  int64   `json:"partSize"`
	PartCount int     `json:"partCount"`
	Checksum  *string `json:"checksum"`
}

// createUpload issues one upload for a file that the script names.
func (h *Handlers) createUpload(c echo.Context) error {
	who, err := h.identify(c)
	if err != nil {
		return err
	}
	var body createRequest
	if err := readJSON(c, &body); err != nil {
		return err
	}
	if err := body.check(); err != nil {
		return err
	}
	g, err := h.gateFor(c.Request(), *body.Profile, who)
	if err != nil {
		return err
	}
	out, err := h.issueFile(c.Request().Context(), g, who, body.file())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, out.response())
}

func (i issued) response() createResponse {
	p := i.plan
	out := createResponse{ID: p.ID, Profile: p.Profile, Bucket: p.Bucket, Key: p.Key, Method: p.Method,
		Expires: instant(i.expires), Token: i.token}
	switch {
	case i.form != nil:
		out.Post = &postResponse{URL: i.form.URL, Fields: make([]fieldResponse, len(i.form.Fields))}
		for n, f := range i.form.Fields {
			out.Post.Fields[n] = fieldResponse(f)
		}
	case i.put != nil:
		out.Put = &putResponse{URL: i.put.url, Headers: headerMap(i.put.headers)}
	default:
		out.Multipart = &multipartResponse{PartSize: p.PartSize, PartCount: p.PartCount}
		if p.Checksum != "" {
			out.Multipart.Checksum = &p.Checksum
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
