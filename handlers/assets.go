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

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/static"
)

// asset is one static file, ready to send.
type asset struct {
	body, gzipped []byte // gzipped is nil where it saves nothing
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
		if err != nil {
			return err
		}
		a.files[name], err = newAsset(name, body)
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

func newAsset(name string, body []byte) (*asset, error) {
	kind := assetTypes[path.Ext(name)]
	if kind == "" {
		kind = mime.TypeByExtension(path.Ext(name))
	}
	a := &asset{body: body, headers: prepared(
		"Content-Type", kind,
		"X-Content-Type-Options", "nosniff",
		"Content-Security-Policy", "default-src 'none'", // the policy of the worker, which loads nothing
		"Cross-Origin-Resource-Policy", "cross-origin",
		"Access-Control-Allow-Origin", "*", // modules are always fetched with CORS; these hold nothing private
		"Vary", "Accept-Encoding",
	)}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if packed.Len() < len(body) {
		a.gzipped = packed.Bytes()
	}
	return a, nil
}

// showAsset serves a file for good: another content has another address.
func (h *Handlers) showAsset(c echo.Context) error {
	file, ok := h.assets.files[c.Param("*")]
	if !ok || c.Param("hash") != h.assets.hash {
		return h.page(func(echo.Context) error { return &Error{Code: CodeNotFound} })(c)
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age=31536000, immutable")
	return file.send(c)
}

// showEmbed serves embed.js at the address that host pages write down, which can't change with its
// content.
func (h *Handlers) showEmbed(c echo.Context) error {
	file, ok := h.assets.files["embed.js"]
	if !ok {
		return h.page(func(echo.Context) error { return &Error{Code: CodeNotFound} })(c)
	}
	to := c.Response().Header()
	to.Set(echo.HeaderCacheControl, "public, max-age=300")
	to.Set("Etag", `"`+h.assets.hash+`"`)
	if c.Request().Header.Get("If-None-Match") == `"`+h.assets.hash+`"` {
		file.headers.set(to)
		return c.NoContent(http.StatusNotModified)
	}
	return file.send(c)
}

func (a *asset) send(c echo.Context) error {
	to := c.Response().Header()
	a.headers.set(to)
	body := a.body
	if a.gzipped != nil && acceptsGzip(c.Request()) {
		body = a.gzipped
		to.Set(echo.HeaderContentEncoding, "gzip")
	}
	to.Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	_, err := c.Response().Write(body)
	return err
}

// acceptsGzip reads Accept-Encoding; q=0 refuses.
func acceptsGzip(r *http.Request) bool {
	for item := range strings.SplitSeq(r.Header.Get(echo.HeaderAcceptEncoding), ",") {
		name, params, _ := strings.Cut(item, ";")
		if name := strings.TrimSpace(name); !strings.EqualFold(name, "gzip") && name != "*" {
			continue
		}
		q := strings.TrimSpace(strings.ReplaceAll(params, " ", ""))
		return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
	}
	return false
}
