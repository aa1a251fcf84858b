package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// maxBatchBody is the largest body of a batch that is read, in bytes.
const maxBatchBody = 256 << 10

// batchRequest is the body of POST /uploads/batch: several files for one profile.
type batchRequest struct {
	profileName
	Files []fileRequest `json:"files"`
	rateHint
}

func (r batchRequest) check() error { return checkBatchLength("files", len(r.Files)) }

func checkBatchLength(field string, n int) error {
	if n < 1 || n > uploads.MaxBatch {
		return problem.InField(field, "wanted 1 to %d, got %d", uploads.MaxBatch, n)
	}
	return nil
}

// batchOutcome is the answer for one file: exactly one of the members is set.
type batchOutcome struct {
	Upload    *createResponse   `json:"upload,omitempty"`
	Completed *completeResponse `json:"completed,omitempty"`
	Problem   *problem.Document `json:"problem,omitempty"`
}

type batchResponse struct {
	Uploads []batchOutcome `json:"uploads"`
}

// createUploads issues uploads for several files. One that is refused spoils none of the others.
func (h uploadRoutes) createUploads(c echo.Context) error {
	var body batchRequest
	p, visitor, err := h.readProfileRequest(c, maxBatchBody, &body)
	if err != nil {
		return err
	}
	visitor.Way = uploads.WayBatch
	out := batchResponse{make([]batchOutcome, len(body.Files))}
	var files []profile.File
	var indexes []int
	for i, file := range body.Files {
		if err := file.check(); err != nil {
			out.Uploads[i].Problem = h.respond.document(c, err, "")
			continue
		}
		files, indexes = append(files, file.file(body.Rate)), append(indexes, i)
	}
	for i, issued := range h.service.IssueFiles(c.Request().Context(), p.ServedProfile, visitor, files) {
		outcome := &out.Uploads[indexes[i]]
		if issued.Err != nil {
			outcome.Problem = h.respond.document(c, issued.Err, "")
			continue
		}
		AboutUpload(c, issued.Issued.ID)
		created := newCreateResponse(issued.Issued)
		outcome.Upload = &created
	}
	return c.JSON(http.StatusOK, out)
}

// completionsRequest is the body of POST /uploads/complete.
type completionsRequest struct {
	Uploads []struct {
		ID       string `json:"id"`
		Token    string `json:"token"`
		Checksum string `json:"checksum"`
	} `json:"uploads"`
}

// completeUploads finishes several uploads, each with a token of its own.
func (h uploadRoutes) completeUploads(c echo.Context) error {
	extendWriteDeadline(c, h.config.Store.LongCallTimeout())
	visitor, err := h.identify(c)
	if err != nil {
		return err
	}
	var body completionsRequest
	if err := readJSONOf(c, maxBatchBody, &body); err != nil {
		return err
	}
	if err := checkBatchLength("uploads", len(body.Uploads)); err != nil {
		return err
	}
	completions := make([]uploads.Completion, len(body.Uploads))
	for i, u := range body.Uploads {
		completions[i].Checksum = u.Checksum
		completions[i].Upload, completions[i].Err = h.open(c.Request(), u.Token, u.ID, visitor)
		AboutUpload(c, completions[i].Upload.ID)
	}
	out := batchResponse{make([]batchOutcome, len(completions))}
	for i, done := range h.service.CompleteFiles(c.Request().Context(), completions) {
		if done.Err != nil {
			out.Uploads[i].Problem = h.respond.document(c, done.Err, completions[i].Upload.ID)
			continue
		}
		completed := newCompleteResponse(done.Completed)
		out.Uploads[i].Completed = &completed
	}
	return c.JSON(http.StatusOK, out)
}
