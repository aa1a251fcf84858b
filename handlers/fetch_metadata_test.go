package handlers

import (
	"net/http"
	"testing"
)

func TestWhichRequestsMayMakeAPageIssue(t *testing.T) {
	t.Parallel()
	type row struct {
		name                            string
		site, mode, dest, user, purpose string
		issues                          bool
	}
	rows := []row{
		{"a program, or an old browser", "", "", "", "", "", true},

		{"an address that a person entered", "none", "navigate", "document", "?1", "", true},
		{"an address that a browser loads before the person has entered all of it", "none", "navigate", "document", "?1", "prefetch;prerender", true},
		{"an address opened by a program", "none", "navigate", "document", "", "", true},
		{"an extension", "none", "cors", "empty", "", "", true},
		{"nobody, in a frame", "none", "navigate", "iframe", "", "", false},
		{"nobody, in an old frame", "none", "navigate", "frame", "", "", false},
		{"nobody, as an image", "none", "no-cors", "image", "", "", false},

		{"a link of our own page", "same-origin", "navigate", "document", "?1", "", true},
		{"our own page, without a person", "same-origin", "navigate", "document", "", "", true},
		{"a frame of our own page", "same-origin", "navigate", "iframe", "", "", true},
		{"htmx on our own page", "same-origin", "cors", "empty", "", "", true},
		{"Turbo on our own page", "same-origin", "same-origin", "empty", "", "", true},
		{"a prefetch by our own page", "same-origin", "no-cors", "empty", "", "prefetch", true},
		{"only the site, of a browser that knows no other header", "same-origin", "", "", "", "", true},
		{"an image of our own page", "same-origin", "no-cors", "image", "", "", false},
		{"a script of our own page", "same-origin", "no-cors", "script", "", "", false},
		{"an object of our own page", "same-origin", "navigate", "object", "", "", false},
		{"an embedded object of our own page", "same-origin", "navigate", "embed", "", "", false},
		{"a web socket of our own page", "same-origin", "websocket", "empty", "", "", false},
		{"a user that isn't one, on our own page", "same-origin", "navigate", "document", "?0", "", false},
		{"navigation to nothing", "same-origin", "navigate", "empty", "", "", false},
		{"a document that isn't navigated to", "same-origin", "cors", "document", "", "", false},

		{"fetch of another origin", "cross-site", "cors", "empty", "", "", false},
		{"fetch of another origin without CORS", "cross-site", "no-cors", "empty", "", "", false},
		{"a document without a mode", "cross-site", "", "document", "?1", "", false},
		{"a mode without a document", "cross-site", "navigate", "", "?1", "", false},
		{"only the site", "cross-site", "", "", "", "", false},

		{"a site that isn't one", "own", "navigate", "document", "?1", "", false},
		{"an upper-case site", "Same-Origin", "navigate", "document", "?1", "", false},
		{"two sites", "same-origin,cross-site", "navigate", "document", "?1", "", false},
		{"no site, but a mode", "", "navigate", "document", "?1", "", false},
		{"no site, but a purpose", "", "", "", "", "prefetch", false},
		{"no site, but a person", "", "", "", "?1", "", false},
	}
	for _, site := range []string{"same-site", "cross-site"} {
		rows = append(rows, []row{
			{"a link of another page, followed by a person", site, "navigate", "document", "?1", "", true},
			{"a link of another page, followed by its script", site, "navigate", "document", "", "", false},
			{"a link of another page, loaded beforehand", site, "navigate", "document", "", "prefetch", false},
			{"a page made ready beforehand", site, "navigate", "document", "?1", "prefetch;prerender", false},
			{"an unknown purpose", site, "navigate", "document", "?1", "unknown", false},
			{"a person who isn't one", site, "navigate", "document", "?0", "", false},
			{"a frame of another page", site, "navigate", "iframe", "", "", false},
			{"a frame of another page, where a person followed a link", site, "navigate", "iframe", "?1", "", false},
			{"an image of another page", site, "no-cors", "image", "", "", false},
			{"a script of another page", site, "no-cors", "script", "", "", false},
			{"an object of another page", site, "navigate", "object", "", "", false},
		}...)
	}
	for _, r := range rows {
		header := http.Header{}
		for i, value := range []string{r.site, r.mode, r.dest, r.user, r.purpose} {
			if value != "" {
				header.Set(fetchMetadataHeaders[i], value)
			}
		}
		if got := readFetchMetadata(header).mayIssue(); got != r.issues {
			t.Errorf("%s (%+v): wanted %t, got %t", r.name, r, r.issues, got)
		}
	}
	twice := http.Header{"Sec-Fetch-Site": {"same-origin", "same-origin"}}
	if readFetchMetadata(twice).mayIssue() {
		t.Error("a header that is there twice: wanted nothing issued")
	}
}
