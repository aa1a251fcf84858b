package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/language"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/templates"
)

// showLanding is where the store sends a browser after a plain form. Only the upload token in the
// path says which object it is about; anybody can write the bucket, key and etag that the store
// adds to the query. The object is then verified, given its content type or removed. Coming again
// changes nothing more.
func (h *Handlers) showLanding(c echo.Context) error {
	extendWriteDeadline(c, h.config.Store.LongCallTimeout())
	up, visitor, err := h.openFromPath(c)
	if err != nil {
		return err
	}
	h.profiles[up.Profile].formHeaders.set(c.Response().Header())
	done, err := h.service.Verify(c.Request().Context(), up)
	later := openedLater(c.Request(), visitor)
	if to, more := h.landingTarget(up); err == nil && to != nil {
		return h.objects.redirect(c, to, more, done, later)
	}
	t := h.layout.landingTexts(c.Request(), up)
	c.Response().Header()["Vary"] = varyLanguage
	var broken *uploads.ObjectError
	switch {
	case err == nil:
		view := h.layout.doneView(t, up, done)
		if later {
			view.Filename, view.Details, view.Download = "", nil, templates.Link{}
		}
		return render(c, http.StatusOK, templates.Result(view))
	case errors.As(err, &broken):
		return render(c, broken.Problem.Code.Status(), templates.Result(h.layout.refusedView(t, up, broken)))
	case problem.From(err).Code == problem.Incomplete:
		return render(c, problem.Incomplete.Status(), templates.Result(h.layout.waitingView(t)))
	}
	return err
}

// landingTarget is where an accepted upload leads, and what its query gets beside the receipt; nil
// is our own page. A path of the host's is of the public URL's origin: it is checked once more.
func (h *Handlers) landingTarget(up uploads.OpenUpload) (*url.URL, url.Values) {
	if back := up.Return; back.Path != "" && back.Check() == nil {
		to, err := url.Parse(h.origins.own + back.Path)
		if err != nil {
			return nil, nil
		}
		if back.Field == "" {
			return to, nil
		}
		return to, url.Values{proofParameter: {h.fieldProofs.mint(up.Profile, back.Field)}}
	}
	if up.Served.Settings.Redirect == "" {
		return nil, nil
	}
	to, _ := url.Parse(up.Served.Settings.Redirect) // the profile was checked
	return to, nil
}

// openFromPath finds the upload of a landing page, and who asks for it. A session that ended while
// the file was sent is no reason to withhold the result; another person's session is.
func (h *Handlers) openFromPath(c echo.Context) (uploads.OpenUpload, uploads.Visitor, error) {
	visitor, err := h.identify(c)
	if err != nil {
		visitor = uploads.Visitor{}
	}
	up, err := h.service.OpenForm(c.Param("token"), c.Param("profile"), visitor)
	AboutUpload(c, up.ID)
	return up, visitor, err
}

// openedLater reports whether nobody vouches for the visitor of a landing page and no page has led
// there, as the store's redirect does: then the address may come from the browser's history, at a
// computer that somebody else used before. Nobody vouches for a guest without a session either,
// whatever the Identifier says. Such a visitor learns nothing about the file, and gets neither its
// link nor its receipt. Going back to the page and loading it again repeat the request that led
// there.
func openedLater(r *http.Request, v uploads.Visitor) bool {
	guest := cmp.Or(v.Subject, profile.Guest) == profile.Guest
	return (!v.Known || guest && v.Nonce == "") && r.Header.Get("Sec-Fetch-Site") == "none"
}

func (l *layout) doneView(t *language.Texts, up uploads.OpenUpload, done uploads.Completed) templates.ResultView {
	view := l.resultView(t, templates.StateDone)
	view.Message = t.Text("page.result.done.message")
	view.Filename = done.Filename
	view.Details = []templates.Detail{
		{Term: t.Text("page.result.size"), Value: t.Size(done.Size)},
		{Term: t.Text("page.result.type"), Value: t.FileType(done.Type)},
	}
	if done.URL != "" {
		view.Download = templates.Link{URL: done.URL, Text: t.Text("page.result.download")}
	}
	view.Again = templates.Link{URL: l.formPath(up.Profile, up.Language, false), Text: t.Text("page.result.again")}
	return view
}

func (l *layout) waitingView(t *language.Texts) templates.ResultView {
	view := l.resultView(t, templates.StateWaiting)
	view.Message = t.Text("page.result.waiting.message")
	view.Code, view.CodeLabel = string(problem.Incomplete), t.Text("page.code")
	view.Again = templates.Link{URL: "?", Text: t.Text("page.result.check_again")}
	return view
}

func (l *layout) refusedView(t *language.Texts, up uploads.OpenUpload, broken *uploads.ObjectError) templates.ResultView {
	view := l.resultView(t, templates.StateRefused)
	arguments := append(limitsOf(t, broken.Problem), "found", t.TypeName(broken.Found))
	view.Message = t.Text(refusedKey(broken), arguments...)
	view.Hint = t.Text("page.result.refused.deleted")
	if up.Served.Settings.Quarantine != "" {
		view.Hint = t.Text("page.result.refused.kept")
	}
	view.Code, view.CodeLabel = string(broken.Problem.Code), t.Text("page.code")
	view.Again = templates.Link{URL: l.formPath(up.Profile, up.Language, false), Text: t.Text("page.result.choose_another")}
	if back := up.Return; back.Path != "" && back.Check() == nil {
		view.Again = templates.Link{URL: back.Path, Text: t.Text("page.field.back")}
	}
	return view
}

// refusedKey is the text that says what was wrong with a file.
func refusedKey(broken *uploads.ObjectError) string {
	switch broken.Problem.Code {
	case problem.TypeNotAllowed:
		if broken.Found == "" || broken.Found == profile.OctetStream {
			return "page.result.refused.type"
		}
		return "page.result.refused.found"
	case problem.SizeTooLarge:
		return "page.result.refused.large"
	case problem.SizeTooSmall:
		return "page.result.refused.small"
	}
	return "page.result.refused.changed"
}

func (l *layout) resultView(t *language.Texts, state string) templates.ResultView {
	key := "page.result." + state
	return templates.ResultView{Page: l.page(t, t.Text(key+".title")), State: state, Heading: t.Text(key + ".heading")}
}

// formPath is the form of a profile, in a language that the visitor chose, "" for none.
func (l *layout) formPath(profile, language string, embedded bool) string {
	path := l.base + "/forms/" + profile
	if embedded {
		path = l.base + "/widget/" + profile
	}
	if language != "" {
		path += "?lang=" + language
	}
	return path
}

// landingTexts are those of the language chosen on the landing page, else of the form's.
func (l *layout) landingTexts(r *http.Request, up uploads.OpenUpload) *language.Texts {
	if chosen := l.catalogue.ByTag(up.Language); chosen != nil && l.catalogue.Requested(r) == nil {
		return chosen
	}
	return l.catalogue.Negotiate(r)
}
