package handlers

import (
	"net/url"
	"slices"
	"strings"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
)

// servedProfile is a profile with everything about its pages precomputed at start: the origins that
// may use it, the headers, and the form in every language.
type servedProfile struct {
	*uploads.ServedProfile
	formHeaders   headers               // of the form page, beyond those of any page
	widgetHeaders headers               // of the page for an iframe
	forms         map[string]*formCache // by language tag
	widgets       map[string]*formCache
}

func newServedProfile(p *uploads.ServedProfile, l *layout) *servedProfile {
	s := &servedProfile{ServedProfile: p}
	s.formHeaders = pageHeaders(s.sources()).without(pageHeaders(sources{}))
	s.widgetHeaders = widgetHeaders(s.sources(), p.Settings.Origins)
	s.forms, s.widgets = formPages(l, p, false), formPages(l, p, true)
	return s
}

// sources are what the profile's pages may talk to beside our own origin: the bucket, and where a
// finished form leads.
func (p *servedProfile) sources() sources {
	s := sources{connect: cspSources(p.BucketURL)}
	s.form = s.connect
	if p.Settings.Redirect != "" {
		s.form = append(slices.Clone(s.connect), originOf(p.Settings.Redirect))
	}
	return s
}

// widgetHeadersFor are the widget's headers: all pages of the profile may frame it, or beside our own
// only the one that the identity is bound to.
func (p *servedProfile) widgetHeadersFor(v uploads.Visitor) headers {
	if v.Origin == "" {
		return p.widgetHeaders
	}
	return widgetHeaders(p.sources(), []string{v.Origin})
}

// allowsOrigin reports whether pages of an origin may frame the widget or call the API.
func (p *servedProfile) allowsOrigin(origin string) bool {
	return slices.Contains(p.Settings.Origins, origin)
}

// cspSources names a bucket as narrowly as a Content-Security-Policy can: with path-style addresses
// the bucket is a path, and a source with a path that doesn't end in a slash matches that path
// alone.
func cspSources(bucketURL string) []string {
	u, err := url.Parse(bucketURL)
	if err != nil || u.Path == "" {
		return []string{bucketURL}
	}
	return []string{bucketURL, bucketURL + "/"}
}

// originOf is scheme, host and port of an absolute URL, as browsers send it.
func originOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}

// profileNamed returns a profile by the name in a request.
func (h *Handlers) profileNamed(name string) (*servedProfile, error) {
	if p, ok := h.profiles[name]; ok {
		return p, nil
	}
	return nil, &problem.Error{Code: problem.UnknownProfile, Field: "profile"}
}
