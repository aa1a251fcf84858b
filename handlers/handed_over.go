package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/templates"
)

// The names of what travels in forms and addresses between the host's pages and ours.
const (
	handoffParameter = "handoff"        // in the address of the upload page
	proofParameter   = "postern-field"  // in the host's form and the address of its page: see fieldProofs
	buttonParameter  = "postern-upload" // in the host's form: the field whose button was pressed
	receiptParameter = "receipt"        // in the address of the host's page
)

// Continue leads a visitor without script to the upload page of a field, and from there back to a
// path of the host's with the receipt in its query:
//
//	if r.FormValue("postern-upload") == "pictures" {
//		saveDraft(r)
//		h.Continue(w, r, "pictures", "/albums/new?draft=7")
//		return
//	}
//
// The path has to be of this server, with its query and without a fragment. The page there gets the
// receipt with Receipts. Where the form wasn't made by Form.Field, or the visitor may not upload,
// Continue answers with a page that says so.
func (h *Handlers) Continue(w http.ResponseWriter, r *http.Request, field, path string) {
	e := echo.New()
	page := h.respond.page(func(c echo.Context) error {
		to, err := h.handOver(r, uploads.Return{Path: path, Field: field})
		if err != nil {
			h.config.Logger.WarnContext(r.Context(), "handlers: Continue leads nowhere", "field", field, "error", problem.LogText(err.Error()))
			return err
		}
		return c.Redirect(http.StatusSeeOther, to)
	})
	if err := page(e.NewContext(r, w)); err != nil {
		h.config.Logger.ErrorContext(r.Context(), "handlers: Continue", "error", problem.LogText(err.Error()))
	}
}

// handOver is the address of the upload page for a field of a posted form.
func (h *Handlers) handOver(r *http.Request, to uploads.Return) (string, error) {
	if err := parseForm(r); err != nil {
		return "", err
	}
	p, err := h.profileNamed(h.fieldProofs.profileOf(to.Field, r.PostForm[proofParameter]))
	if err != nil {
		return "", problem.InField(proofParameter, "wanted a form with this field")
	}
	visitor, err := h.config.visitor(r, nil)
	if err != nil {
		return "", err
	}
	// Where only a script can upload, the upload page says so.
	if err := h.service.CheckForm(r.Context(), p.ServedProfile, visitor); err != nil && !needsScript(err) {
		return "", err
	}
	to.Path = withoutReceipts(to.Path)
	handoff, err := h.handoffs.Mint(p.Settings.Name, visitor, to)
	if err != nil {
		return "", err
	}
	return h.layout.formPath(p.Settings.Name, "", false) + "?" + url.Values{handoffParameter: {handoff}}.Encode(), nil
}

// withoutReceipts takes out of a path what an earlier upload has put into its query.
func withoutReceipts(path string) string {
	before, query, found := strings.Cut(path, "?")
	if !found {
		return path
	}
	kept := slices.DeleteFunc(strings.Split(query, "&"), func(parameter string) bool {
		name, _, _ := strings.Cut(parameter, "=")
		return name == receiptParameter || name == proofParameter
	})
	if len(kept) == 0 {
		return before
	}
	return before + "?" + strings.Join(kept, "&")
}

// showHandedOver shows the upload form to somebody who comes from a field in a host's form: without
// script, since a page with script would send files of its own, and with a way back.
func (f formRoute) showHandedOver(c echo.Context, p *servedProfile, issued uploads.Issued, reason error, v uploads.Visitor) error {
	t := f.layout.catalogue.Negotiate(c.Request())
	view, _ := f.layout.issuedView(p.forms[t.Tag].view, issued, reason, v)
	view.Scripts, view.Modules, view.Data, view.Languages = nil, nil, nil, nil
	view.Pickers = templates.PickerLabels{}
	view.Back = templates.Link{URL: v.Return.Path, Text: t.Text("page.field.back")}
	if errors.Is(reason, errNotIssued) {
		query := url.Values{handoffParameter: {c.QueryParam(handoffParameter)}}
		if v.Language != "" {
			query.Set("lang", v.Language)
		}
		view.Ask.Action = f.layout.formPath(view.Profile, "", false) + "?" + query.Encode()
	}
	return render(c, http.StatusOK, templates.Form(view))
}
