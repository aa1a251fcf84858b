package handlers

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/templates"
)

// mimeProblem is the media type of RFC 9457.
const mimeProblem = "application/problem+json"

// page wraps a handler that shows a page: security headers before, an error page after.
func (h *Handlers) page(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h.plain.set(c.Response().Header())
		setRequestID(c)
		if err := next(c); err != nil {
			return h.showError(c, err)
		}
		return nil
	}
}

// json wraps a handler of the JSON API: origins before, problem+json after.
func (h *Handlers) json(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		to := c.Response().Header()
		h.api.set(to)
		setRequestID(c)
		h.setCORS(c.Request(), to)
		err := h.checkCrossOrigin(c.Request())
		if err == nil {
			err = next(c)
		}
		if err != nil {
			return h.showProblem(c, err)
		}
		return nil
	}
}

// HTTPErrorHandler answers what Echo itself refuses, such as an address that isn't there, like our
// own errors. Assign it to Echo.HTTPErrorHandler.
func (h *Handlers) HTTPErrorHandler(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	setRequestID(c)
	if wantsPage(c.Request()) {
		h.plain.set(c.Response().Header())
		err = h.showError(c, err)
	} else {
		h.api.set(c.Response().Header())
		err = h.showProblem(c, err)
	}
	if err != nil {
		h.report(c, asError(err))
	}
}

func wantsPage(r *http.Request) bool {
	return strings.Contains(r.Header.Get(echo.HeaderAccept), "text/html")
}

// setRequestID names the request for the support desk. It isn't taken from the request: an ID that
// a caller chose proves nothing.
func setRequestID(c echo.Context) {
	to := c.Response().Header()
	if to.Get(echo.HeaderXRequestID) != "" {
		return
	}
	var id [8]byte
	var text [16]byte
	_, _ = rand.Read(id[:]) // never fails
	hex.Encode(text[:], id[:])
	to[echo.HeaderXRequestID] = []string{string(text[:])}
}

// problem is an error as JSON.
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	Code      Code   `json:"code"`
	Field     string `json:"field,omitempty"`
	Missing   []int  `json:"missing,omitempty"`
	RequestID string `json:"requestId"`
}

// problemType begins the address of what a code means.
const problemType = "https://github.com/postern-dev/postern#"

func (h *Handlers) showProblem(c echo.Context, err error) error {
	refused := h.refusal(c, err)
	body, err := json.Marshal(problem{
		Type: problemType + string(refused.Code), Title: meanings[refused.Code].title,
		Status: refused.Code.Status(), Detail: refused.Detail, Code: refused.Code, Field: refused.Field,
		Missing: refused.Missing, RequestID: c.Response().Header().Get(echo.HeaderXRequestID),
	})
	if err != nil {
		return err
	}
	return c.Blob(refused.Code.Status(), mimeProblem, body)
}

// refusal is what err comes to, logged where it is our affair, with the headers it asks for.
func (h *Handlers) refusal(c echo.Context, err error) *Error {
	refused := asError(err)
	if refused.Code.Status() >= http.StatusInternalServerError {
		h.report(c, refused)
	}
	if _, known := meanings[refused.Code]; !known {
		refused = &Error{Code: CodeInternal, Err: err}
	}
	to := c.Response().Header()
	wait := refused.RetryAfter
	switch refused.Code {
	case CodeQuotaExceeded, CodeRateLimited, CodeStoreUnavailable:
		wait = max(wait, time.Second)
	case CodeUnauthorized:
		to.Set(echo.HeaderWWWAuthenticate, `Bearer realm="postern"`)
	}
	if wait > 0 {
		to.Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	return refused
}

// buffers hold pages while they are made, so that a failure can still be told.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// render writes a component as a page.
func render(c echo.Context, status int, page templ.Component) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := page.Render(c.Request().Context(), b); err != nil {
		return err
	}
	return sendPage(c, status, b.Bytes())
}

// showError shows an error as a page in the visitor's language.
func (h *Handlers) showError(c echo.Context, err error) error {
	refused := h.refusal(c, err)
	w := h.locales.negotiate(c.Request())
	view := h.errorView(w, refused)
	view.RequestID = c.Response().Header().Get(echo.HeaderXRequestID)
	to := c.Response().Header()
	to.Add(echo.HeaderVary, "Accept-Language")
	return render(c, refused.Code.Status(), templates.Error(view))
}

// errorView fills in the words of a code.
func (h *Handlers) errorView(w *words, refused *Error) templates.ErrorView {
	key := "page.error." + string(refused.Code)
	figures := w.figures(refused.limits)
	message := key + ".message"
	if refused.limits == nil && strings.Contains(w.text(message), "{") {
		message = "page.error.invalid_request.message" // no sentence with a hole in it
	}
	return templates.ErrorView{
		Page:    h.pageFor(w, w.text(key+".heading")),
		Heading: w.text(key + ".heading"), Message: w.text(message, figures...), Hint: w.text(key + ".hint"),
		Code: string(refused.Code), CodeLabel: w.text("page.code"), RequestLabel: w.text("page.request"),
	}
}

// figures are the placeholders of a sentence about limits.
func (w *words) figures(l *limits) []string {
	if l == nil {
		return nil
	}
	return []string{"min", w.size(l.minSize), "max", w.size(l.maxSize), "types", w.typeNames(l.types)}
}
