package handlers

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/language"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/templates"
)

// responder writes errors and the headers that go with every answer: as problem+json for the API,
// as a page in the visitor's language for people.
type responder struct {
	layout      *layout
	origins     *origins
	pageHeaders headers // of pages that belong to no profile
	apiHeaders  headers
	logger      *slog.Logger
}

func newResponder(l *layout, o *origins, logger *slog.Logger) *responder {
	return &responder{layout: l, origins: o, pageHeaders: pageHeaders(sources{}), apiHeaders: apiHeaders(), logger: logger}
}

// page wraps a handler that shows a page: security headers before, an error page after.
func (r *responder) page(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r.pageHeaders.set(c.Response().Header())
		setRequestID(c)
		if err := next(c); err != nil {
			return r.showError(c, err)
		}
		return nil
	}
}

// json wraps a handler of the JSON API: origins before, problem+json after.
func (r *responder) json(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		to := c.Response().Header()
		r.apiHeaders.set(to)
		setRequestID(c)
		r.origins.setCORS(c.Request(), to)
		err := r.origins.check(c.Request())
		if err == nil {
			err = next(c)
		}
		if err != nil {
			return r.showProblem(c, err)
		}
		return nil
	}
}

// HTTPErrorHandler answers what Echo itself refuses, such as an address that doesn't exist, like
// our own errors. Assign it to Echo.HTTPErrorHandler.
func (h *Handlers) HTTPErrorHandler(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	setRequestID(c)
	show, set := h.respond.showProblem, h.respond.apiHeaders
	if strings.Contains(c.Request().Header.Get(echo.HeaderAccept), "text/html") {
		show, set = h.respond.showError, h.respond.pageHeaders
	}
	set.set(c.Response().Header())
	if err := show(c, err); err != nil {
		h.respond.log(c, problem.From(err), UploadAttr(c))
	}
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

// refusal is the problem that err comes to, logged where the server is at fault, with the headers
// that it asks for.
func (r *responder) refusal(c echo.Context, err error) *problem.Error {
	refused := fromEcho(err)
	if refused.Code.Status() >= http.StatusInternalServerError {
		r.log(c, refused, UploadAttr(c))
	}
	if !refused.Code.Known() {
		refused = &problem.Error{Code: problem.Internal, Err: err}
	}
	to := c.Response().Header()
	if refused.Code == problem.Unauthorized {
		to.Set(echo.HeaderWWWAuthenticate, `Bearer realm="postern"`)
	}
	if seconds := refused.RetrySeconds(); seconds > 0 {
		to.Set(echo.HeaderRetryAfter, strconv.Itoa(seconds))
	}
	return refused
}

// fromEcho is problem.From for errors that Echo itself may have made.
func fromEcho(err error) *problem.Error {
	refused := problem.From(err)
	var routed *echo.HTTPError
	if refused.Code != problem.Internal || !errors.As(err, &routed) {
		return refused
	}
	code := problem.Internal
	switch status := routed.Code; {
	case status == http.StatusNotFound:
		code = problem.NotFound
	case status == http.StatusMethodNotAllowed:
		code = problem.MethodNotAllowed
	case status == http.StatusTooManyRequests:
		code = problem.RateLimited
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		code = problem.InvalidRequest
	}
	return &problem.Error{Code: code, Err: err}
}

// log writes what a visitor isn't told; upload says which upload it is about.
func (r *responder) log(c echo.Context, refused *problem.Error, upload slog.Attr) {
	level := slog.LevelWarn
	if refused.Code == problem.Internal {
		level = slog.LevelError
	}
	r.logger.LogAttrs(c.Request().Context(), level, "request failed",
		slog.String("code", string(refused.Code)),
		slog.String("path", LogPath(c.Request().URL.Path)),
		slog.String("error", problem.LogText(refused.Error())),
		slog.String("requestId", c.Response().Header().Get(echo.HeaderXRequestID)),
		upload,
	)
}

// document is an error as part of an answer, logged like any other. id is that of the upload that the
// part is about, "" for none.
func (r *responder) document(c echo.Context, err error, id string) *problem.Document {
	refused := fromEcho(err)
	if refused.Code.Status() >= http.StatusInternalServerError {
		r.log(c, refused, idAttr(id))
	}
	document := refused.Document(c.Response().Header().Get(echo.HeaderXRequestID))
	return &document
}

// showProblem sends an error as problem+json.
func (r *responder) showProblem(c echo.Context, err error) error {
	refused := r.refusal(c, err)
	body, err := json.Marshal(refused.Document(c.Response().Header().Get(echo.HeaderXRequestID)))
	if err != nil {
		return err
	}
	return c.Blob(refused.Code.Status(), problem.MediaType, body)
}

// showError shows an error as a page in the visitor's language.
func (r *responder) showError(c echo.Context, err error) error {
	refused := r.refusal(c, err)
	view := r.errorView(r.layout.catalogue.Negotiate(c.Request()), refused)
	view.RequestID = c.Response().Header().Get(echo.HeaderXRequestID)
	c.Response().Header().Add(echo.HeaderVary, "Accept-Language")
	return render(c, refused.Code.Status(), templates.Error(view))
}

// errorView fills in the texts of a code.
func (r *responder) errorView(t *language.Texts, refused *problem.Error) templates.ErrorView {
	key := "page.error." + string(refused.Code)
	message := key + ".message"
	if refused.Limits == nil && t.HasPlaceholder(message) {
		message = "page.error.invalid_request.message" // no sentence with a hole in it
	}
	return templates.ErrorView{
		Page:    r.layout.page(t, t.Text(key+".heading")),
		Heading: t.Text(key + ".heading"), Message: t.Text(message, limitsOf(t, refused)...), Hint: t.Text(key + ".hint"),
		Code: string(refused.Code), CodeLabel: t.Text("page.code"), RequestLabel: t.Text("page.request"),
	}
}

// limitsOf are the placeholders of a sentence about limits; none where the error has no limits.
func limitsOf(t *language.Texts, refused *problem.Error) []string {
	if l := refused.Limits; l != nil {
		return t.Limits(l.Types, l.MinSize, l.MaxSize)
	}
	return nil
}

// pageBuffers hold pages while they are made, so that a failure can still be told.
var pageBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// render writes a component as a page.
func render(c echo.Context, status int, page templ.Component) error {
	b := pageBuffers.Get().(*bytes.Buffer)
	defer pageBuffers.Put(b)
	b.Reset()
	if err := page.Render(c.Request().Context(), b); err != nil {
		return err
	}
	return sendPage(c, status, b.Bytes())
}

// sendPage writes a page that was made before.
func sendPage(c echo.Context, status int, page []byte) error {
	to := c.Response().Header()
	to[echo.HeaderContentType] = contentTypeHTML
	to[echo.HeaderContentLength] = []string{strconv.Itoa(len(page))}
	c.Response().WriteHeader(status)
	_, err := c.Response().Write(page)
	return err
}

var contentTypeHTML = []string{echo.MIMETextHTMLCharsetUTF8}

// extendWriteDeadline gives an answer that waits for a long call to the store, and some short ones,
// twice that call's time, whatever the server's WriteTimeout is. A connection without deadlines
// needs none.
func extendWriteDeadline(c echo.Context, longCall time.Duration) {
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(2 * longCall))
}
