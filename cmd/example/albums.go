package main

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/uploads"
)

// album is what people make: a form of text and files. A draft is an album that isn't finished.
type album struct {
	ID, Title, Description string
	Pictures, Documents    []receipts.Receipt
	session                string // whose draft it is
}

// fields are those of the form that hold files.
func (a *album) files() map[string]*[]receipts.Receipt {
	return map[string]*[]receipts.Receipt{"pictures": &a.Pictures, "documents": &a.Documents}
}

// albums are in memory. taken says which album has an upload: a receipt is used once.
type albums struct {
	mu     sync.Mutex
	drafts map[string]album
	all    map[string]album
	order  []string
	taken  map[string]string
}

func newAlbums() *albums {
	return &albums{drafts: map[string]album{}, all: map[string]album{}, taken: map[string]string{}}
}

// saveDraft saves a draft under its ID, or a new one.
func (a *albums) saveDraft(draft album) (id string) {
	if draft.ID == "" {
		draft.ID = rand.Text()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.drafts[draft.ID] = draft
	return draft.ID
}

// draft returns a draft of a session; the zero value where there is none.
func (a *albums) draft(id, session string) album {
	a.mu.Lock()
	defer a.mu.Unlock()
	if found := a.drafts[id]; found.session == session {
		return found
	}
	return album{}
}

// sentence is what a visitor is told at a field.
type sentence string

// Error implements error.
func (s sentence) Error() string { return string(s) }

const errTaken = sentence("One of these files is part of another album already.")

// create makes an album of a draft and claims its uploads, all or none.
func (a *albums) create(draft album) (id string, err error) {
	id = rand.Text()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, list := range draft.files() {
		for _, r := range *list {
			if a.taken[r.ID] != "" {
				return "", errTaken
			}
		}
	}
	for _, list := range draft.files() {
		for _, r := range *list {
			a.taken[r.ID] = id
		}
	}
	delete(a.drafts, draft.ID)
	draft.ID = id
	a.all[id] = draft
	a.order = append(a.order, id)
	return id, nil
}

// find returns an album.
func (a *albums) find(id string) (album, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	found, ok := a.all[id]
	return found, ok
}

// list returns all albums, the newest first.
func (a *albums) list() []album {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []album
	for i := len(a.order) - 1; i >= 0; i-- {
		out = append(out, a.all[a.order[i]])
	}
	return out
}

func (s *site) showAlbums(c echo.Context) error { return s.showIndex(c, http.StatusOK, "") }

func (s *site) showIndex(c echo.Context, status int, problem string) error {
	return s.page(c, status, pageView{Title: "Albums", Content: index(s.albums.list(), s.sessions.of(c.Request()).user, problem)}, ownForms)
}

// newAlbum shows the form: empty, or a draft that comes back from the upload page with the receipt
// of one more file.
func (s *site) newAlbum(c echo.Context) error {
	r := c.Request()
	draft := s.albums.draft(c.QueryParam("draft"), s.sessions.of(r).nonce)
	problems := map[string]error{}
	received := false
	for name, list := range draft.files() {
		added, err := s.uploads.Receipts(r, name)
		if problems[name] = err; err != nil && !isAtField(err) {
			return err
		}
		*list = append(*list, added...)
		received = received || len(added) > 0
	}
	if received && draft.ID != "" { // the receipt leaves the address, which histories keep
		s.albums.saveDraft(draft)
		return c.Redirect(http.StatusSeeOther, "/albums/new?draft="+draft.ID)
	}
	return s.showForm(c, http.StatusOK, draft, problems)
}

// createAlbum takes the form: it goes to the upload page, or shows the form with what is wrong, or
// makes the album.
func (s *site) createAlbum(c echo.Context) error {
	r := c.Request()
	draft := album{ID: c.FormValue("draft"), Title: strings.TrimSpace(c.FormValue("title")), Description: c.FormValue("description"),
		session: s.sessions.of(r).nonce}
	if draft.ID != "" {
		draft.ID = s.albums.draft(draft.ID, draft.session).ID
	}
	problems := map[string]error{}
	for name, list := range draft.files() {
		var err error
		if *list, err = s.uploads.Receipts(r, name); err != nil && !isAtField(err) {
			return err
		}
		problems[name] = err
	}
	if field := c.FormValue("postern-upload"); field != "" {
		s.uploads.Continue(c.Response(), r, field, "/albums/new?draft="+s.albums.saveDraft(draft))
		return nil
	}
	if draft.Title == "" || utf8.RuneCountInString(draft.Title) > 80 {
		problems["title"] = sentence("Give the album a title of 1 to 80 letters.")
	}
	if len(draft.Pictures) == 0 && problems["pictures"] == nil {
		problems["pictures"] = sentence("Add at least one picture.")
	}
	if anyOf(problems) {
		return s.showForm(c, http.StatusUnprocessableEntity, draft, problems)
	}
	id, err := s.albums.create(draft)
	if err != nil {
		problems["pictures"] = err
		return s.showForm(c, http.StatusConflict, draft, problems)
	}
	return s.leadTo(c, "/albums/"+id)
}

// leadTo redirects; htmx wants to be told in a header.
func (s *site) leadTo(c echo.Context, path string) error {
	if byHTMX(c.Request()) {
		c.Response().Header().Set("HX-Redirect", path)
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, path)
}

func anyOf(problems map[string]error) bool {
	for _, err := range problems {
		if err != nil {
			return true
		}
	}
	return false
}

// isAtField reports whether an error is for the visitor, at a field. Others are outages.
func isAtField(err error) bool {
	var refused *handlers.FieldError
	return errors.As(err, &refused)
}

func byHTMX(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// showForm shows the form with what was entered, as a page or, for htmx, alone.
func (s *site) showForm(c echo.Context, status int, draft album, problems map[string]error) error {
	pictures, err := s.uploads.Form(c.Request(), "pictures", handlers.InLanguage("en"))
	if err != nil {
		return err
	}
	documents, err := s.uploads.Form(c.Request(), "documents", handlers.InLanguage("en"))
	if err != nil {
		return err
	}
	htmx := c.QueryParams().Has("htmx") || byHTMX(c.Request())
	form := albumForm(formView{
		Draft: draft, HTMX: htmx, Problems: problems,
		Pictures:  pictures.Field("pictures", draft.Pictures...).Label("Pictures").Error(problems["pictures"]).Required(),
		Documents: documents.Field("documents", draft.Documents...).Label("Documents").Error(problems["documents"]),
	})
	if byHTMX(c.Request()) {
		return handlers.Render(c, http.StatusOK, form) // htmx shows nothing of an error
	}
	view, csp := pageView{Title: "New album", Head: pictures.Head(), Content: form, HTMX: htmx}, pictures.CSP(documents)
	if htmx {
		csp = strings.Replace(csp, "script-src ", "script-src https://unpkg.com ", 1)
	}
	return s.page(c, status, view, csp)
}

// showAlbum shows an album. Its links are made now and end after some minutes.
func (s *site) showAlbum(c echo.Context) error {
	found, ok := s.albums.find(c.Param("id"))
	if !ok {
		return echo.ErrNotFound
	}
	view := albumView{Title: found.Title, Description: found.Description}
	for _, r := range found.Pictures {
		link, err := s.uploads.Link("pictures", objectOf(r))
		if err != nil {
			return err
		}
		view.Pictures = append(view.Pictures, linkView{link, nameOf(r)})
	}
	for _, r := range found.Documents {
		link, err := s.uploads.Link("documents", objectOf(r))
		if err != nil {
			return err
		}
		view.Documents = append(view.Documents, linkView{link, nameOf(r)})
	}
	return s.page(c, http.StatusOK, pageView{Title: found.Title, Content: albumPage(view)}, ownForms)
}

func objectOf(r receipts.Receipt) uploads.Object {
	return uploads.Object{Key: r.Key, Version: r.Version, ETag: r.ETag, Filename: r.Filename}
}

// nameOf is the name of a file for people; without script nobody says it.
func nameOf(r receipts.Receipt) string {
	if r.Filename == "" {
		return r.Type
	}
	return r.Filename
}
