package handlers

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/static"
)

// asset is one static file, ready to send.
type asset struct {
	body, gzipped []byte // gzipped is nil where it saves nothing
	tag           string // of the body, without quotes
	headers       headers
}

// assets are all static files, compressed once.
type assets struct {
	hash  string
	files map[string]*asset
}

// sharedAssets are those of this build: read and compressed once, however often a config is loaded.
var sharedAssets = sync.OnceValues(func() (*assets, error) { return newAssets(static.FS) })

// newAssets reads a tree of files.
func newAssets(tree fs.FS) (*assets, error) {
	a := &assets{hash: static.Hash(), files: map[string]*asset{}}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(tree, name)
		a.files[name] = newAsset(name, a.hash, body)
		return err
	})
	return a, err
}

// importing matches what a module names that it can't do without.
var importing = regexp.MustCompile(`(?:from|import) *["']\./([\w.-]+)["']`)

// imports lists what a module needs, by itself or through others, so that a page can have all of it
// asked for at once.
func (a *assets) imports(name string) []string {
	var found []string
	for next := []string{name}; len(next) > 0; next = next[1:] {
		file, ok := a.files[next[0]]
		if !ok {
			continue
		}
		for _, match := range importing.FindAllSubmatch(file.body, -1) {
			if inner := string(match[1]); !slices.Contains(found, inner) {
				found, next = append(found, inner), append(next, inner)
			}
		}
	}
	return found
}

// assetTypes are set here, not by what the machine's tables say.
var assetTypes = map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".json": "application/json", ".svg": "image/svg+xml"}

// newAsset prepares a file for serving: its headers, and a gzipped copy if that is smaller.
func newAsset(name, tag string, body []byte) *asset {
	kind := assetTypes[path.Ext(name)]
	if kind == "" {
		kind = mime.TypeByExtension(path.Ext(name))
	}
	a := &asset{body: body, tag: tag, headers: prepared(
		"Content-Type", kind,
		"X-Content-Type-Options", "nosniff",
		"Content-Security-Policy", "default-src 'none'; script-src 'self'", // the policy of the worker, which loads one module
		"Cross-Origin-Resource-Policy", "cross-origin",
		"Access-Control-Allow-Origin", "*", // modules are always fetched with CORS; these hold nothing private
		"Vary", "Accept-Encoding",
	)}
	var packed bytes.Buffer // writing to it never fails
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	_, _ = z.Write(body)
	_ = z.Close()
	if packed.Len() < len(body) {
		a.gzipped = packed.Bytes()
	}
	return a
}

// assetRoutes serve the static files.
type assetRoutes struct {
	*assets
	respond *responder
}

// showAsset serves a file for good: another content has another address.
func (r assetRoutes) showAsset(c echo.Context) error {
	file, ok := r.files[c.Param("*")]
	if !ok || c.Param("hash") != r.hash {
		return r.notFound(c)
	}
	return file.send(c, "public, max-age=31536000, immutable")
}

// embedScripts are embed.js, which host pages write down, and what it loads from beside it when it
// is needed. Their addresses can't change with their content, so a browser may have an older
// embed.js for the time that it may be cached.
var embedScripts = []string{"embed.js", "embed-answers.js", "embed-failure.js"}

// showEmbed serves one of embedScripts.
func (r assetRoutes) showEmbed(c echo.Context) error {
	file, ok := r.files[path.Base(c.Path())]
	if !ok {
		return r.notFound(c)
	}
	return file.send(c, "public, max-age=300")
}

func (r assetRoutes) notFound(c echo.Context) error {
	return r.respond.page(func(echo.Context) error { return &problem.Error{Code: problem.NotFound} })(c)
}

// send writes the file; net/http answers conditional requests, ranges and HEAD.
func (a *asset) send(c echo.Context, cacheControl string) error {
	to := c.Response().Header()
	a.headers.set(to)
	to.Set(echo.HeaderCacheControl, cacheControl)
	body, tag := a.body, a.tag
	if a.gzipped != nil && prefersGzip(c.Request().Header.Get(echo.HeaderAcceptEncoding)) {
		body, tag = a.gzipped, a.tag+"-gzip"
		to.Set(echo.HeaderContentEncoding, "gzip")
	}
	to.Set("Etag", `"`+tag+`"`)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(body))
	return nil
}

// prefersGzip reads Accept-Encoding by RFC 9110, 12.5.3: gzip is sent where its weight isn't zero
// and at least that of the plain file.
func prefersGzip(header string) bool {
	weights := map[string]float64{}
	for item := range strings.SplitSeq(strings.ToLower(header), ",") {
		coding, parameters, _ := strings.Cut(item, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(parameters), "q="); ok {
			var err error
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				weight = 0
			}
		}
		weights[strings.TrimSpace(coding)] = weight
	}
	gzip, named := weights["gzip"]
	if !named {
		gzip = weights["*"]
	}
	return gzip > 0 && gzip >= weights["identity"]
}
