package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/templates"
)

// showDone is where the store sends a browser after a plain form. Only the token in the path says
// which object it is about; bucket, key and etag in the query are the store's way of talking, and
// anybody's to write. The object is then verified, given its content type or removed. Coming again
// changes nothing more.
func (h *Handlers) showDone(c echo.Context) error {
	up, err := h.landed(c)
	if err != nil {
		return err
	}
	up.gate.page.set(c.Response().Header())
	done, err := h.accept(c.Request().Context(), up)
	if err == nil && up.gate.profile.Redirect != "" {
		return c.Redirect(http.StatusSeeOther, up.gate.profile.Redirect)
	}
	w := h.landingWords(c.Request(), up)
	c.Response().Header()["Vary"] = varyLanguage
	var refused *Error
	switch {
	case err == nil:
		return render(c, http.StatusOK, templates.Result(h.doneView(w, up, done)))
	case errors.As(err, &refused) && refused.Code == CodeIncomplete:
		return render(c, refused.Code.Status(), templates.Result(h.waitingView(w)))
	case refused != nil && refused.limits != nil:
		return render(c, refused.Code.Status(), templates.Result(h.refusedView(w, up, refused)))
	}
	return err
}

// landed finds the upload of a landing page. A session that ended while the file was sent is no
// reason to keep the result back; another person's is.
func (h *Handlers) landed(c echo.Context) (held, error) {
	u, err := h.openToken(c.Param("token"))
	if err != nil {
		return held{}, err
	}
	if u.method != profile.MethodForm || u.profile != c.Param("profile") {
		return held{}, errUnknownUpload
	}
	if who, err := h.identify(c); err == nil && who.known && who.Subject != u.subject {
		return held{}, errUnknownUpload
	}
	return h.holding(u)
}

func (h *Handlers) doneView(w *words, up held, done Completed) templates.ResultView {
	view := h.resultView(w, templates.StateDone)
	view.Message = w.text("page.result.done.message")
	view.Filename = done.Metadata["filename"]
	view.Details = []templates.Detail{
		{Term: w.text("page.result.size"), Value: w.size(done.Size)},
		{Term: w.text("page.result.type"), Value: w.kind(done.Type)},
	}
	view.Again = templates.Link{URL: h.formPath(up), Text: w.text("page.result.again")}
	return view
}

func (h *Handlers) waitingView(w *words) templates.ResultView {
	view := h.resultView(w, templates.StateWaiting)
	view.Message = w.text("page.result.waiting.message")
	view.Code, view.CodeLabel = string(CodeIncomplete), w.text("page.code")
	view.Again = templates.Link{URL: "?", Text: w.text("page.result.look")}
	return view
}

func (h *Handlers) refusedView(w *words, up held, refused *Error) templates.ResultView {
	view := h.resultView(w, templates.StateRefused)
	figures := append(w.figures(refused.limits), "found", w.typeName(refused.found))
	view.Message = w.text(refusedKey(refused), figures...)
	view.Hint = w.text("page.result.refused.deleted")
	if up.gate.profile.Quarantine != "" {
		view.Hint = w.text("page.result.refused.kept")
	}
	view.Code, view.CodeLabel = string(refused.Code), w.text("page.code")
	view.Again = templates.Link{URL: h.formPath(up), Text: w.text("page.result.another")}
	return view
}

// refusedKey is the sentence for what was wrong with a file.
func refusedKey(refused *Error) string {
	switch refused.Code {
	case CodeTypeNotAllowed:
		if refused.found == "" || refused.found == profile.OctetStream {
			return "page.result.refused.type"
		}
		return "page.result.refused.found"
	case CodeSizeTooLarge:
		return "page.result.refused.large"
	case CodeSizeTooSmall:
		return "page.result.refused.small"
	}
	return "page.result.refused.changed"
}

func (h *Handlers) resultView(w *words, state string) templates.ResultView {
	key := "page.result." + state
	return templates.ResultView{Page: h.pageFor(w, w.text(key+".title")), State: state, Heading: w.text(key + ".heading")}
}

// formPath is the form again, in the language that it was in.
func (h *Handlers) formPath(up held) string {
	path := h.base + "/forms/" + up.upload.profile
	if up.lang != "" {
		path += "?lang=" + up.lang
	}
	return path
}

// landingWords are those chosen on the landing page, else on the form.
func (h *Handlers) landingWords(r *http.Request, up held) *words {
	if chosen := h.locales.byLang[up.lang]; chosen != nil && h.locales.asked(r) == nil {
		return chosen
	}
	return h.locales.negotiate(r)
}
