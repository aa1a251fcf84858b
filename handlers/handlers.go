package handlers

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/postern-dev/postern/handlers/language"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/templates"
)

// Handlers serves the routes of one Config. It is safe for concurrent use and doesn't change after
// New, caches aside.
type Handlers struct {
	config   Config
	service  *uploads.Service
	objects  objectRoutes
	profiles map[string]*servedProfile
	layout   *layout
	origins  *origins
	respond  *responder
	// handoffs and fieldProofs are for forms in pages of the host's own.
	handoffs    uploads.Handoffs
	fieldProofs fieldProofs
	// explainRates limits the explain page.
	explainRates explainRates
}

// New compiles a Config. It returns every contradiction in it, joined, and keeps no reference to
// what it was given but the store's client and credentials, Identifier, Limiter, CredentialsMaker,
// Logger and the functions.
func New(c Config) (*Handlers, error) {
	c = c.withDefaults()
	issuer, err := c.receiptIssuer()
	if len(c.TokenKeys) == 0 || c.PublicURL == "" {
		err = nil // what is missing is told once
	}
	found := []error{checkPublicURL(c.PublicURL), err}
	if c.Backend != nil && c.Ledger == nil {
		found = append(found, errors.New("handlers: Backend: wanted a Ledger, which knows the uploads"))
	}
	service, err := uploads.New(c.uploadsConfig(issuer))
	found = append(found, err)
	layout, err := newLayout(c.PublicURL)
	if err == nil && layout != nil {
		err = layout.checkTexts(c.Profiles)
	}
	if err := errors.Join(append(found, err)...); err != nil {
		return nil, err
	}
	h := &Handlers{config: c, service: service, objects: objectRoutes{service, issuer}, layout: layout, profiles: map[string]*servedProfile{}}
	for _, p := range service.Profiles() {
		h.profiles[p.Settings.Name] = newServedProfile(p, layout)
	}
	if h.origins, err = newOrigins(c.PublicURL, h.profiles); err != nil {
		return nil, err
	}
	h.respond = newResponder(layout, h.origins, c.Logger)
	if h.handoffs, err = uploads.NewHandoffs(c.TokenKeys, c.Now); err != nil {
		return nil, err
	}
	h.fieldProofs, err = newFieldProofs(c.TokenKeys)
	return h, err
}

// Service is the service behind the routes: its Backend lists uploads that the ledger has.
func (h *Handlers) Service() *uploads.Service { return h.service }

// layout is what all pages of ours share: where files are, and the texts.
type layout struct {
	base      string // path of PublicURL, without a trailing slash
	assets    *assets
	catalogue *language.Catalogue
	// languages is the row of choices by the tag of the page's own language, which is marked.
	languages map[string][]templates.Language
}

// newLayout prepares the parts that all pages share, for one public URL.
func newLayout(publicURL string) (*layout, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, nil // checkPublicURL reports it
	}
	files, err := sharedAssets()
	if err != nil {
		return nil, err
	}
	catalogue, err := language.Shared()
	if err != nil {
		return nil, err
	}
	l := &layout{base: u.EscapedPath(), assets: files, catalogue: catalogue, languages: map[string][]templates.Language{}}
	for _, current := range catalogue.All() {
		for _, t := range catalogue.All() {
			// A link that is only a query leads to the page that it is on.
			choice := templates.Language{URL: "?lang=" + t.Tag, Lang: t.Tag, Name: t.Name, Current: t == current}
			l.languages[current.Tag] = append(l.languages[current.Tag], choice)
		}
	}
	return l, nil
}

// checkTexts refuses titles and intros in languages that no page has.
func (l *layout) checkTexts(profiles []profile.Profile) error {
	known := make([]string, 0, len(l.languages))
	for _, t := range l.catalogue.All() {
		known = append(known, t.Tag)
	}
	var found []error
	for _, p := range profiles {
		for setting, texts := range map[string]map[string]string{"title": p.Title, "intro": p.Intro} {
			for _, tag := range slices.Sorted(maps.Keys(texts)) {
				if !slices.Contains(known, tag) {
					found = append(found, fmt.Errorf("handlers: profile %q: %s: wanted one of %s, got %q",
						p.Name, setting, strings.Join(known, ", "), tag))
				}
			}
		}
	}
	return errors.Join(found...)
}

// asset is the path of a static file.
func (l *layout) asset(name string) string { return l.base + "/assets/" + l.assets.hash + "/" + name }

// page is the frame of a page in one language.
func (l *layout) page(t *language.Texts, title string) templates.Page {
	return templates.Page{Lang: t.Tag, Dir: t.Direction, Title: title, Stylesheet: l.asset("postern.css"),
		LanguagesLabel: t.Text("page.languages"), Languages: l.languages[t.Tag]}
}
