package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
)

// diagnosisRoute tells a page why its requests to the store fail.
type diagnosisRoute struct{ uploadRoutes }

// maxDiagnosisBody is the longest body, in bytes; one as long as can be takes less than 300.
const maxDiagnosisBody = 1 << 10

type diagnosisRequest struct {
	Seen *uploads.Seen `json:"seen"`
}

type diagnosisResponse struct {
	Code     uploads.Cause `json:"code"`
	Sentence string        `json:"sentence"`
	Fix      string        `json:"fix,omitempty"`
}

// diagnose answers with a cause, a sentence for the visitor, and what whoever runs the page has to
// add. What else was found out is in the log.
func (h diagnosisRoute) diagnose(c echo.Context) error {
	up, err := h.openUpload(c)
	if err != nil {
		return err
	}
	var body diagnosisRequest
	if err := readJSONOf(c, maxDiagnosisBody, &body); err != nil {
		return err
	}
	if body.Seen == nil {
		return problem.InField("seen", "wanted what the script saw of the request")
	}
	found, err := uploads.Diagnose(c.Request().Context(), h.service, up, h.originOfPage(c.Request(), up), *body.Seen)
	if err != nil {
		return err
	}
	sentence := h.layout.catalogue.Negotiate(c.Request()).Text("upload.error." + string(found.Cause))
	return c.JSON(http.StatusOK, diagnosisResponse{Code: found.Cause, Sentence: sentence, Fix: found.Fix})
}

// originOfPage is the origin that a browser names to the store: our own or one that the profile
// lists, "" where it is another.
func (h diagnosisRoute) originOfPage(r *http.Request, up uploads.OpenUpload) string {
	from := r.Header.Get(echo.HeaderOrigin)
	if from == h.origins.own || from != "" && h.profiles[up.Profile].allowsOrigin(from) {
		return from
	}
	return ""
}
