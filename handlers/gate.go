package handlers

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/policy/profile"
)

// gate is one profile ready to serve: what can be known before a request arrives is worked out
// here, once.
type gate struct {
	compiled *profile.Compiled
	profile  profile.Profile // a copy, defaults filled in
	// bucketURL is what browsers are told; it ends without a slash.
	bucketURL string
	// landing is where the store sends a browser after a plain form, up to the token. That is in
	// the path: stores mangle a query.
	landing string
	origins map[string]bool
	page    headers              // of the form page, beyond those of any page
	widget  headers              // of the page for an iframe
	forms   map[string]*formText // by language
	widgets map[string]*formText
}

func (h *Handlers) newGate(compiled *profile.Compiled) (*gate, error) {
	g := &gate{compiled: compiled, profile: compiled.Profile(), origins: map[string]bool{}}
	for _, origin := range g.profile.Origins {
		g.origins[origin] = true
	}
	if h.config.Provider.PostPolicy {
		if err := compiled.CheckDialect(h.config.Dialect); err != nil {
			return nil, err
		}
	}
	var err error
	if g.bucketURL, err = h.config.bucketURL(g.profile.Bucket); err != nil {
		return nil, fmt.Errorf("handlers: profile %q: bucket %q: %w", g.profile.Name, g.profile.Bucket, err)
	}
	g.landing = h.config.PublicURL + "/forms/" + g.profile.Name + "/done/"
	g.page = pageHeaders(g.sources(), nil).beyond(h.plain)
	g.widget = widgetHeaders(g.sources(), g.profile.Origins)
	g.forms, g.widgets = h.formTexts(g), h.widgetTexts(g)
	return g, nil
}

// bucketURL is where browsers reach a bucket, by the SDK's own endpoint rules.
func (c Config) bucketURL(bucket string) (string, error) {
	endpoint := c.PublicEndpoint
	if endpoint == "" {
		endpoint = c.Endpoint
	}
	params := s3.EndpointParameters{Bucket: &bucket, Region: &c.Region, ForcePathStyle: &c.PathStyle}
	if endpoint != "" {
		params.Endpoint = &endpoint
	}
	resolved, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), params.WithDefaults())
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(resolved.URI.String(), "/"), nil
}

// sources are what the profile's pages may talk to beside ourselves: the bucket, and where a
// finished form leads.
func (g *gate) sources() sources {
	s := sources{connect: cspSources(g.bucketURL)}
	s.form = s.connect
	if g.profile.Redirect != "" {
		s.form = append(s.form[:len(s.form):len(s.form)], origin(g.profile.Redirect))
	}
	return s
}

// widgetFor are the widget's headers: the profile's pages may frame it, or only the one that the
// identity is bound to.
func (g *gate) widgetFor(who visitor) headers {
	if who.Origin == "" {
		return g.widget
	}
	return widgetHeaders(g.sources(), []string{who.Origin})
}

// cspSources names a bucket as narrowly as CSP can: with path-style addresses the bucket is a path,
// and a source with a path that doesn't end in a slash matches that path alone.
func cspSources(bucketURL string) []string {
	u, err := url.Parse(bucketURL)
	if err != nil || u.Path == "" {
		return []string{bucketURL}
	}
	return []string{bucketURL, bucketURL + "/"}
}

// origin is scheme, host and port of an absolute URL, as browsers send it.
func origin(text string) string {
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

// gateNamed returns a profile by the name in a request.
func (h *Handlers) gateNamed(name string) (*gate, error) {
	if g, ok := h.gates[name]; ok {
		return g, nil
	}
	return nil, &Error{Code: CodeUnknownProfile, Field: "profile"}
}

// figures are what the profile takes, for an error page.
func (g *gate) figures() *limits {
	return &limits{minSize: g.profile.MinSize, maxSize: g.profile.MaxSize, types: g.profile.Types}
}

// text is aws.String without an empty string.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}
