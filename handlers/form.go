package handlers

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/language"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/templates"
)

// Form is the upload form of one profile for the visitor of one request, as a part of a page of the
// host's own. The page has to be of the origin of Config.PublicURL.
type Form struct {
	h       *Handlers
	request *http.Request
	profile *servedProfile
	visitor uploads.Visitor
	texts   *language.Texts
}

// FormOption changes a Form.
type FormOption func(*Form)

// InLanguage chooses the language of the texts by its BCP 47 tag, such as "de". Without it, or
// where there are no texts in that language, it is the visitor's.
func InLanguage(tag string) FormOption {
	return func(f *Form) {
		if t := f.h.layout.catalogue.ByTag(tag); t != nil {
			f.texts, f.visitor.Language = t, t.Tag
		}
	}
}

// ReturnTo leads to a path of the host's, with the receipt of the upload in its query (see
// Handlers.Receipts), where an Uploader without script ends. Without it that is the profile's
// Redirect, or a page of ours. It is of no consequence for a Field.
func ReturnTo(path string) FormOption {
	return func(f *Form) { f.visitor.Return = uploads.Return{Path: withoutReceipts(path)} }
}

// Form finds who asks and what may be uploaded. It issues nothing yet. It refuses unknown profiles,
// visitors who may not upload, and a path of ReturnTo that isn't a path of this server, each with a
// *problem.Error.
func (h *Handlers) Form(r *http.Request, profileName string, options ...FormOption) (*Form, error) {
	p, err := h.profileNamed(profileName)
	if err != nil {
		return nil, err
	}
	visitor, err := h.config.visitor(r, nil)
	if err != nil {
		return nil, err
	}
	visitor.Way = uploads.WayPage
	f := &Form{h: h, request: r, profile: p, visitor: visitor, texts: h.layout.catalogue.Negotiate(r)}
	for _, set := range options {
		set(f)
	}
	if to := f.visitor.Return; to != (uploads.Return{}) {
		if err := to.Check(); err != nil {
			return nil, err
		}
	}
	if err := h.service.CheckForm(r.Context(), p.ServedProfile, visitor); err != nil && !needsScript(err) {
		return nil, err
	}
	return f, nil
}

// Uploader is an upload form of its own, which posts to the bucket. It issues an upload when it is
// rendered, unless another site made the browser open the page or the visitor's quota is nearly
// used up: then it is a button that leads to the upload page. With script it takes several files.
func (f *Form) Uploader() templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		issued, err := f.h.issueInPage(f.request.WithContext(ctx), f.profile, f.visitor)
		if err != nil && !errors.Is(err, errNotIssued) && !needsScript(err) {
			return err
		}
		view, _ := f.h.layout.issuedView(f.view(), issued, err, f.visitor)
		return templates.Uploader(view).Render(ctx, w)
	})
}

// Field is a control inside a form of the host's own, which posts receipts under a name. It issues
// nothing until a visitor chooses a file. The files of the receipts are shown, and posted again: give
// it what Handlers.Receipts returned when the form has to be corrected.
func (f *Form) Field(name string, uploaded ...receipts.Receipt) Field {
	return Field{form: f, name: name, uploaded: uploaded}
}

// Head is what the page's head needs: stylesheet and script. One is enough for all forms of a page.
func (f *Form) Head() templ.Component {
	view := f.view()
	return templates.Resources(templates.Page{Stylesheet: view.Stylesheet, Scripts: view.Scripts, Modules: view.Modules})
}

// CSP is what a Content-Security-Policy of the page has to allow for this form and for more of the
// same page, as directives. A page that requires Trusted Types has to allow the policy "postern".
func (f *Form) CSP(more ...*Form) string {
	var all sources
	for _, form := range append([]*Form{f}, more...) {
		s := form.profile.sources()
		all.connect, all.form = append(all.connect, s.connect...), append(all.form, s.form...)
	}
	list := func(name string, sources []string) string {
		slices.Sort(sources)
		return strings.Join(append([]string{name, "'self'"}, slices.Compact(sources)...), " ")
	}
	return strings.Join([]string{list("script-src", nil), list("worker-src", nil), list("style-src", nil),
		list("connect-src", all.connect), list("form-action", all.form)}, "; ")
}

// view is the profile's form without what is issued, with ids of its own at each rendering.
func (f *Form) view() templates.FormView {
	view := f.profile.forms[f.texts.Tag].view
	view.ID, view.Owners = "", f.h.service.Owners(f.visitor)
	view, _ = f.h.layout.tighten(view, f.visitor)
	return view
}

// Handler serves every route below the path of Config.PublicURL, for programs without Echo:
//
//	http.Handle("/up/", h.Handler())
//
// Visitors' addresses are those of the connections, unless the Identifier tells others.
func (h *Handlers) Handler() http.Handler {
	e := echo.New()
	e.IPExtractor = directAddress
	e.HTTPErrorHandler = h.HTTPErrorHandler
	h.Register(e.Group(h.layout.base))
	return e
}
