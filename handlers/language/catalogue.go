// Package language finds the texts of a page in the language of whoever asks.
//
// A Catalogue holds the texts of every language; Negotiate picks one by ?lang= or Accept-Language.
// Texts then writes sentences, numbers, sizes and content types in that language. The package knows
// no page: it gives strings.
package language

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/postern-dev/postern/static"
)

// fallbackTag is the language whose texts are complete; what another one lacks is taken from it.
const fallbackTag = "en"

// Catalogue holds the texts of every language. It is safe for concurrent use.
type Catalogue struct {
	list    []*Texts // the fallback first
	byTag   map[string]*Texts
	matcher language.Matcher

	mu     sync.RWMutex
	chosen map[string]*Texts // by Accept-Language header
}

// Visitors write the headers that the cache is keyed by: both bounds together keep it below 256
// KiB.
const (
	maxHeader        = 256 // bytes of Accept-Language that are read
	maxCachedHeaders = 1024
)

// Shared returns the catalogue of this build, which is read once.
var Shared = sync.OnceValues(func() (*Catalogue, error) { return New(static.FS) })

// New reads the catalogue lang/*.json of a tree: one file per language, named by its BCP 47 tag,
// from text key to text.
func New(tree fs.FS) (*Catalogue, error) {
	paths, err := fs.Glob(tree, "lang/*.json")
	if err != nil {
		return nil, err
	}
	c := &Catalogue{byTag: map[string]*Texts{}, chosen: map[string]*Texts{}}
	for _, path := range paths {
		t, err := readTexts(tree, path)
		if err != nil {
			return nil, fmt.Errorf("language: %s: %w", path, err)
		}
		c.byTag[t.Tag] = t
	}
	return c, c.order()
}

// readTexts reads one file of the catalogue. Direction and name follow from the tag in its path.
func readTexts(tree fs.FS, path string) (*Texts, error) {
	content, err := fs.ReadFile(tree, path)
	if err != nil {
		return nil, err
	}
	tag, err := language.Parse(strings.TrimSuffix(strings.TrimPrefix(path, "lang/"), ".json"))
	if err != nil {
		return nil, err
	}
	t := &Texts{tag: tag, Tag: tag.String(), Direction: "ltr"}
	if isRightToLeft(tag) {
		t.Direction = "rtl"
	}
	t.Name = Capitalize(display.Self.Name(tag))
	if t.Name == "" {
		t.Name = t.Tag
	}
	return t, json.Unmarshal(content, &t.texts)
}

// isRightToLeft goes by the script that a language is usually written in.
func isRightToLeft(tag language.Tag) bool {
	script, _ := tag.Script()
	return slices.Contains([]string{"Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm"}, script.String())
}

// order puts the fallback first, as the answer to languages without texts, and the rest by tag.
func (c *Catalogue) order() error {
	fallback, ok := c.byTag[fallbackTag]
	if !ok {
		return errors.New("language: wanted lang/" + fallbackTag + ".json, got none")
	}
	c.list = []*Texts{fallback}
	for _, tag := range slices.Sorted(maps.Keys(c.byTag)) {
		if tag != fallbackTag {
			c.byTag[tag].fallback = fallback
			c.list = append(c.list, c.byTag[tag])
		}
	}
	tags := make([]language.Tag, len(c.list))
	for i, t := range c.list {
		tags[i] = t.tag
	}
	c.matcher = language.NewMatcher(tags)
	return nil
}

// All returns the texts of every language, English first.
func (c *Catalogue) All() []*Texts { return c.list }

// ByTag returns the texts of a tag as All has them, nil for any other.
func (c *Catalogue) ByTag(tag string) *Texts { return c.byTag[tag] }

// Negotiate picks the texts for a request: ?lang= where it names a language of the catalogue, else
// the best match for Accept-Language, else English.
func (c *Catalogue) Negotiate(r *http.Request) *Texts {
	if t := c.Requested(r); t != nil {
		return t
	}
	header := r.Header.Get("Accept-Language")
	if header == "" {
		return c.list[0]
	}
	header = header[:min(len(header), maxHeader)]
	c.mu.RLock()
	t := c.chosen[header]
	c.mu.RUnlock()
	if t == nil {
		t = c.match(header)
	}
	return t
}

// Requested returns the texts for ?lang=, nil where it names no language of the catalogue.
func (c *Catalogue) Requested(r *http.Request) *Texts {
	if r.URL.RawQuery == "" {
		return nil
	}
	tag, err := language.Parse(r.URL.Query().Get("lang"))
	if err != nil {
		return nil
	}
	_, index, confidence := c.matcher.Match(tag)
	if confidence == language.No {
		return nil
	}
	return c.list[index]
}

// match finds the best language for a header and remembers it.
func (c *Catalogue) match(header string) *Texts {
	_, index := language.MatchStrings(c.matcher, header)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.chosen) >= maxCachedHeaders {
		clear(c.chosen)
	}
	c.chosen[strings.Clone(header)] = c.list[index] // a clone: the request's own text is much longer
	return c.list[index]
}
