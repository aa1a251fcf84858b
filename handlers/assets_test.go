package handlers_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/static"
)

func TestAssetsAreImmutableAndCompressed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	base := "/assets/" + static.Hash() + "/"
	for name, kind := range map[string]string{"define.js": "text/javascript", "postern.css": "text/css", "lang/ar.json": "application/json"} {
		plain := s.call("GET", base+name, "", "Accept-Encoding", "identity")
		packed := s.call("GET", base+name, "", "Accept-Encoding", "br, gzip;q=0.8")
		if plain.status != http.StatusOK || !strings.HasPrefix(plain.header.Get("Content-Type"), kind) ||
			!strings.Contains(plain.header.Get("Cache-Control"), "immutable") || plain.header.Get("Vary") != "Accept-Encoding" ||
			plain.header.Get("X-Content-Type-Options") != "nosniff" || plain.header.Get("Content-Security-Policy") != "default-src 'none'; script-src 'self'" {
			t.Errorf("%s: %d %v", name, plain.status, plain.header)
		}
		body := packed.body
		if packed.header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(bytes.NewReader(packed.body))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		} else if len(plain.body) > 500 {
			t.Errorf("%s isn't compressed: %v", name, packed.header)
		}
		if !bytes.Equal(body, plain.body) || len(body) == 0 {
			t.Errorf("%s differs when compressed", name)
		}
		if head := s.call("HEAD", base+name, "", "Accept-Encoding", "identity"); head.status != http.StatusOK || len(head.body) != 0 {
			t.Errorf("%s: HEAD %d with %d bytes", name, head.status, len(head.body))
		}
	}
	for _, refuses := range []string{"gzip;q=0", "gzip; q=0.0", ""} {
		if a := s.call("GET", base+"postern.css", "", "Accept-Encoding", refuses); a.header.Get("Content-Encoding") != "" {
			t.Errorf("%q got %s", refuses, a.header.Get("Content-Encoding"))
		}
	}
	for _, path := range []string{"/assets/0123456789abcdef/define.js", base, base + "nothing.js", base + "../routes.go", base + "..%2f..%2fgo.mod", base + "static.go"} {
		if a := s.call("GET", path, ""); a.status != http.StatusNotFound || strings.Contains(a.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
	}
}

func TestTheEmbeddingScriptIsRevalidated(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/embed.js", "/embed-answers.js", "/embed-failure.js"} {
		first := s.call("GET", path, "")
		if first.status != http.StatusOK || strings.Contains(first.header.Get("Cache-Control"), "immutable") || first.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Fatalf("%s: %d %v", path, first.status, first.header)
		}
		if again := s.call("GET", path, "", "If-None-Match", first.header.Get("ETag")); again.status != http.StatusNotModified || len(again.body) != 0 {
			t.Errorf("%s again: %d %v", path, again.status, again.header)
		}
	}
}

func TestPagesNameOnlyFilesThatExist(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/forms/pictures", "/widget/pictures", "/forms/nothing"} {
		page := string(s.call("GET", path, "").body)
		for _, piece := range strings.Split(page, `"/up/assets/`)[1:] {
			name, _, _ := strings.Cut(piece, `"`)
			if a := s.call("GET", "/assets/"+name, ""); a.status != http.StatusOK {
				t.Errorf("%s names %s: %d", path, name, a.status)
			}
		}
		if !strings.Contains(page, `"/up/assets/`) {
			t.Errorf("%s names no file", path)
		}
	}
}

// TestAFormPagePreloadsAllItsModules leaves out what is for other pages, and what is only fetched
// when it's needed.
func TestAFormPagePreloadsAllItsModules(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	names, err := fs.Glob(static.FS, "*.js")
	if err != nil {
		t.Fatal(err)
	}
	later := []string{"define.js", "own-uploads.js", "embed.js", "embed-answers.js", "embed-failure.js", "widget.js", "questions.js", "checksum.js", "crc.js", "md5.js", "field.js", "kept-receipts.js", "multipart.js", "accepted.js", "continue.js", "metadata.js", "diagnosis.js", "total.js", "same-file.js"}
	for path, own := range map[string][]string{"/forms/pictures": nil, "/widget/pictures": {"widget.js", "questions.js"}} {
		page := string(s.call("GET", path, "").body)
		for _, name := range names {
			link := `<link rel="modulepreload" href="/up/assets/` + static.Hash() + "/" + name + `">`
			if wanted := slices.Contains(own, name) || !slices.Contains(later, name); strings.Contains(page, link) != wanted {
				t.Errorf("%s asks for %s: wanted %v", path, name, wanted)
			}
		}
	}
}
