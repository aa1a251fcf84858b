package handlers

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// headers are response headers prepared once. The values are shared between requests and never
// changed.
type headers []header

type header struct {
	name   string // in canonical form
	values []string
}

// set puts the headers into a response without copying them.
func (list headers) set(to http.Header) {
	for _, h := range list {
		to[h.name] = h.values
	}
}

// replace takes the place of the headers of an ordinary page, which forbid more.
func (list headers) replace(to http.Header) {
	delete(to, "X-Frame-Options")
	delete(to, "Cross-Origin-Opener-Policy")
	list.set(to)
}

// without returns list minus the headers that others already sets to the same value.
func (list headers) without(others headers) headers {
	return slices.DeleteFunc(slices.Clone(list), func(h header) bool {
		return slices.ContainsFunc(others, func(o header) bool { return o.name == h.name && slices.Equal(o.values, h.values) })
	})
}

func prepared(pairs ...string) headers {
	list := make(headers, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, header{name: http.CanonicalHeaderKey(pairs[i]), values: []string{pairs[i+1]}})
	}
	return list
}

// sources are the origins beside our own that a page may send to.
type sources struct{ connect, form []string }

// contentPolicy is the Content-Security-Policy of a page. Nothing is allowed but our own files, the
// API and the bucket; text never becomes script, save for the address of the worker that computes
// checksums. The only picture is the icon of the site, which Firefox and Safari ask for by
// themselves. Browsers that follow a form's redirect check it against form-action as well, so
// 'self' is there for the way back from the bucket to the landing page.
func contentPolicy(s sources, ancestors []string) string {
	parents := cmp.Or(strings.Join(ancestors, " "), "'none'")
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"worker-src 'self'",
		"style-src 'self'",
		"img-src 'self'",
		strings.Join(append([]string{"connect-src 'self'"}, s.connect...), " "),
		strings.Join(append([]string{"form-action 'self'"}, s.form...), " "),
		"base-uri 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types postern",
		"frame-ancestors " + parents,
	}, "; ")
}

// pageHeaders are those of a page nobody may frame.
func pageHeaders(s sources) headers {
	return append(commonHeaders(),
		prepared(
			"Content-Security-Policy", contentPolicy(s, nil),
			"X-Frame-Options", "DENY",
			"Cross-Origin-Opener-Policy", "same-origin",
			"Cross-Origin-Resource-Policy", "same-origin",
		)...)
}

// widgetHeaders are those of the page for an iframe: pages of our own origin may frame it, and
// those of some others.
func widgetHeaders(s sources, origins []string) headers {
	return append(commonHeaders(),
		prepared(
			"Content-Security-Policy", contentPolicy(s, append([]string{"'self'"}, origins...)),
			"Cross-Origin-Resource-Policy", "cross-origin",
		)...)
}

// commonHeaders go with everything that was made for one visitor.
func commonHeaders() headers {
	return prepared(
		"Cache-Control", "no-store",
		"Referrer-Policy", "no-referrer",
		"X-Content-Type-Options", "nosniff",
	)
}

// apiHeaders go with JSON, which nothing may render or embed.
func apiHeaders() headers {
	return append(commonHeaders(),
		prepared("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")...)
}
