package e2e

import (
	"bytes"
	"crypto/rand"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/a-h/templ"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// albumSite is an application with a form of its own at uploadsOrigin, in front of the store of a
// `postern dev`. Its visitors have a session each; who has a name is known by it.
type albumSite struct {
	t     *testing.T
	h     *handlers.Handlers
	store *devStore

	mu     sync.Mutex
	drafts map[string]album // by session
	saved  []album
	posts  int // forms that arrived at /album
}

// album is what the form sends.
type album struct {
	Title string
	Files map[string][]receipts.Receipt // by field
}

// albumFields are the fields of the form. Each has a profile of its name.
var albumFields = []string{"pictures", "cover", "notes"}

func albumProfiles() []profile.Profile {
	of := func(name string, maxFiles int, types ...string) profile.Profile {
		return profile.Profile{Name: name, Bucket: bucket, Key: "users/{subject}/{id}{ext}", Types: types, MinSize: 1, MaxSize: 64 * mebibyte,
			Access: profile.AccessPublic, MaxFiles: maxFiles, Multipart: profile.Multipart{Threshold: 16 * mebibyte, PartSize: 5 * mebibyte}}
	}
	return []profile.Profile{of("pictures", 0, "image/png", "image/jpeg"), of("cover", 1, "image/png"), of("notes", 0, "*/*")}
}

// Identify implements handlers.Identifier: a session is a cookie, and so is the name of whoever has
// signed in.
func (s *albumSite) Identify(r *http.Request) (profile.Identity, bool, error) {
	id := profile.Identity{Nonce: cookieOf(r, "session")}
	id.Subject = cookieOf(r, "person")
	return id, id.Subject != "", nil
}

func cookieOf(r *http.Request, name string) string {
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// startAlbumSite serves the application to the tabs of a proxy.
func startAlbumSite(t *testing.T, p *proxy) *albumSite {
	t.Helper()
	dev := startDev(t, "--origin", uploadsOrigin)
	s := &albumSite{t: t, store: dev.store(t), drafts: map[string]album{}}
	versity, err := uploads.ProviderNamed("versity")
	must(t, err)
	s.h, err = handlers.New(handlers.Config{
		PublicURL: uploadsOrigin + "/up", Profiles: albumProfiles(), Identifier: s, TokenKeys: []sigv4.Secret{"the token key of an application in the test process"},
		Store: uploads.Store{Client: s.store.client, Region: "us-east-1", Endpoint: dev.Store, PathStyle: true, Provider: versity,
			Credentials: credentials.NewStaticCredentialsProvider("postern-dev", dev.key("store.key"), "")},
	})
	must(t, err)
	mux := http.NewServeMux()
	mux.Handle("/up/", s.h.Handler())
	mux.HandleFunc("GET /album", s.showNew)
	mux.HandleFunc("POST /album", s.receive)
	mux.HandleFunc("GET /elsewhere", func(w http.ResponseWriter, _ *http.Request) { writeHTML(w, http.StatusOK, []byte("<p>elsewhere")) })
	p.serveHost(strings.TrimPrefix(uploadsOrigin, "http://"), mux)
	return s
}

func writeHTML(w http.ResponseWriter, status int, page []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(page)
}

// showNew shows an empty form, or the visitor's draft with what a form without script has uploaded.
func (s *albumSite) showNew(w http.ResponseWriter, r *http.Request) {
	shown := album{Files: map[string][]receipts.Receipt{}}
	errs := map[string]error{}
	if r.URL.Query().Has("draft") {
		s.mu.Lock()
		draft := s.drafts[cookieOf(r, "session")]
		s.mu.Unlock()
		shown.Title = draft.Title
		maps.Copy(shown.Files, draft.Files)
		for _, name := range albumFields {
			var list []receipts.Receipt
			list, errs[name] = s.h.Receipts(r, name)
			shown.Files[name] = append(slices.Clone(shown.Files[name]), list...)
		}
	}
	s.show(w, r, http.StatusOK, shown, errs)
}

// receive takes the form: it keeps a draft for a visitor without script who wants to upload, asks
// for a title, and saves the rest.
func (s *albumSite) receive(w http.ResponseWriter, r *http.Request) {
	got := album{Title: r.FormValue("title"), Files: map[string][]receipts.Receipt{}}
	errs := map[string]error{}
	for _, name := range albumFields {
		list, err := s.h.Receipts(r, name)
		errs[name] = err
		if len(list) > 0 {
			got.Files[name] = list
		}
	}
	session := cookieOf(r, "session")
	s.mu.Lock()
	s.posts++
	s.drafts[session] = got
	s.mu.Unlock()
	if field := r.FormValue("postern-upload"); field != "" {
		s.h.Continue(w, r, field, "/album?draft=1&"+r.URL.RawQuery)
		return
	}
	if got.Title == "" || errs["pictures"] != nil || errs["cover"] != nil || errs["notes"] != nil {
		s.show(w, r, http.StatusUnprocessableEntity, got, errs)
		return
	}
	s.mu.Lock()
	s.saved = append(s.saved, got)
	s.mu.Unlock()
	writeHTML(w, http.StatusOK, []byte(`<!doctype html><html lang="en"><title>saved</title><h1 id="saved">Saved</h1>`))
}

// savedAlbum waits until exactly one album is saved and returns it.
func (s *albumSite) savedAlbum() album {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.saved) != 1 {
		s.t.Fatalf("saved albums: wanted one, got %+v", s.saved)
	}
	return s.saved[0]
}

// sums are the SHA-256 of the files in a field, as the store has them, sorted.
func (s *albumSite) sums(a album, field string) (sums []string) {
	s.t.Helper()
	for _, r := range a.Files[field] {
		sums = append(sums, s.store.object(r.Key).Sum)
	}
	slices.Sort(sums)
	return sums
}

var albumPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="{{.Lang}}" dir="{{.Dir}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>Album</title><link rel="icon" href="data:,">{{.Head}}
<style>:root { color-scheme: light dark; background: light-dark(#fff, #121212); color: light-dark(#111, #eee) } body { font: 16px/1.5 serif; margin: 1rem auto; max-inline-size: 40rem; padding: 0 1rem } ul { list-style: square; padding: 20px } p { margin: 2em 0 } label { display: block }</style>
</head><body><main><h1>New album</h1>
<form method="post" action="/album?{{.Query}}" id="album" enctype="multipart/form-data">
<label>Title <input name="title" value="{{.Title}}"></label>{{if .NoTitle}}<p id="no-title">A title is missing.</p>{{end}}
<fieldset {{if .FieldsetDisabled}}disabled{{end}}><legend>Files</legend>{{range .Fields}}{{.}}{{end}}</fieldset>
<button id="save">Save</button> <button type="reset">Reset</button>
</form>{{range .Uploaders}}{{.}}{{end}}</main>`))

// show renders the form. The address says how: field (names of fields; "pictures" unless given),
// required, disabled, fieldset=disabled, lang, uploader (profiles of forms beside the form).
func (s *albumSite) show(w http.ResponseWriter, r *http.Request, status int, shown album, errs map[string]error) {
	query := r.URL.Query()
	html := func(c templ.Component) template.HTML {
		var out bytes.Buffer
		must(s.t, c.Render(r.Context(), &out))
		return template.HTML(out.String())
	}
	lang := query.Get("lang")
	form := func(profile string) *handlers.Form {
		f, err := s.h.Form(r, profile, handlers.InLanguage(lang))
		must(s.t, err)
		return f
	}
	view := map[string]any{"Lang": pick(lang == "", "en", lang), "Dir": pick(lang == "ar", "rtl", "ltr"), "Head": html(form("pictures").Head()),
		"Query": template.URL(r.URL.RawQuery), "Title": shown.Title, "NoTitle": r.Method == http.MethodPost && shown.Title == "",
		"FieldsetDisabled": query.Get("fieldset") == "disabled"}
	var fields, uploaders []template.HTML
	for _, name := range append(query["field"], pick(query.Has("field"), nil, []string{"pictures"})...) {
		field := form(name).Field(name, shown.Files[name]...).Label("Your " + name).Error(errs[name])
		if query.Has("required") {
			field = field.Required()
		}
		if query.Has("disabled") {
			field = field.Disabled()
		}
		fields = append(fields, html(field))
	}
	for _, name := range query["uploader"] {
		uploaders = append(uploaders, html(form(name).Uploader()))
	}
	view["Fields"], view["Uploaders"] = fields, uploaders
	if _, err := r.Cookie("session"); err != nil {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: rand.Text(), Path: "/"})
	}
	var page bytes.Buffer
	must(s.t, albumPage.Execute(&page, view))
	writeHTML(w, status, page.Bytes())
}
