package handlers

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

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/message"

	"github.com/postern-dev/postern/static"
	"github.com/postern-dev/postern/templates"
)

// fallbackLanguage is the language whose catalogue is whole; what another one lacks is taken from
// it.
const fallbackLanguage = "en"

// words are all texts in one language.
type words struct {
	tag       language.Tag
	lang, dir string // as in HTML
	texts     map[string]string
	fallback  *words
	languages []templates.Language // the row of choices, this one marked
}

// locales finds the words for a request. It is safe for concurrent use.
type locales struct {
	list    []*words
	byLang  map[string]*words
	matcher language.Matcher

	mu    sync.RWMutex
	cache map[string]*words // by Accept-Language header
}

// maxCachedHeaders bounds the memory that visitors can fill with headers.
const maxCachedHeaders = 1024

// sharedLocales are those of this build, read once.
var sharedLocales = sync.OnceValues(func() (*locales, error) { return newLocales(static.FS) })

// newLocales reads the catalogues lang/*.json of a tree.
func newLocales(tree fs.FS) (*locales, error) {
	paths, err := fs.Glob(tree, "lang/*.json")
	if err != nil {
		return nil, err
	}
	l := &locales{byLang: map[string]*words{}, cache: map[string]*words{}}
	for _, path := range paths {
		w, err := readWords(tree, path)
		if err != nil {
			return nil, fmt.Errorf("handlers: %s: %w", path, err)
		}
		l.byLang[w.lang] = w
	}
	return l, l.arrange()
}

func readWords(tree fs.FS, path string) (*words, error) {
	content, err := fs.ReadFile(tree, path)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(strings.TrimPrefix(path, "lang/"), ".json")
	tag, err := language.Parse(name)
	if err != nil {
		return nil, err
	}
	w := &words{tag: tag, lang: tag.String(), dir: "ltr"}
	if rightToLeft(tag) {
		w.dir = "rtl"
	}
	return w, json.Unmarshal(content, &w.texts)
}

// rightToLeft goes by the script that a language is usually written in.
func rightToLeft(tag language.Tag) bool {
	script, _ := tag.Script()
	return slices.Contains([]string{"Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm"}, script.String())
}

// arrange puts English first, as the answer to languages we don't speak.
func (l *locales) arrange() error {
	fallback, ok := l.byLang[fallbackLanguage]
	if !ok {
		return errors.New("handlers: lang/" + fallbackLanguage + ".json: wanted, to fall back on")
	}
	l.list = []*words{fallback}
	for _, name := range slices.Sorted(maps.Keys(l.byLang)) {
		if name != fallbackLanguage {
			l.byLang[name].fallback = fallback
			l.list = append(l.list, l.byLang[name])
		}
	}
	tags := make([]language.Tag, len(l.list))
	for i, w := range l.list {
		tags[i] = w.tag
		w.languages = l.choices(w)
	}
	l.matcher = language.NewMatcher(tags)
	return nil
}

// choices is the row of languages for a page in the language of current. A link that is only a
// query leads to the page it is on.
func (l *locales) choices(current *words) []templates.Language {
	row := make([]templates.Language, 0, len(l.list))
	for _, w := range l.list {
		name := display.Self.Name(w.tag)
		if name == "" {
			name = w.lang
		}
		row = append(row, templates.Language{URL: "?lang=" + w.lang, Lang: w.lang, Name: capital(name), Current: w == current})
	}
	return row
}

// negotiate picks the words for a request: ?lang= where it names a language that we have, else the
// best match for Accept-Language.
func (l *locales) negotiate(r *http.Request) *words {
	if w := l.asked(r); w != nil {
		return w
	}
	header := r.Header.Get("Accept-Language")
	if header == "" {
		return l.list[0]
	}
	l.mu.RLock()
	w := l.cache[header]
	l.mu.RUnlock()
	if w == nil {
		w = l.remember(header)
	}
	return w
}

// asked returns the words for ?lang=, nil where it names no language of ours.
func (l *locales) asked(r *http.Request) *words {
	if r.URL.RawQuery == "" {
		return nil
	}
	tag, err := language.Parse(r.URL.Query().Get("lang"))
	if err != nil {
		return nil
	}
	_, index, confidence := l.matcher.Match(tag)
	if confidence == language.No {
		return nil
	}
	return l.list[index]
}

func (l *locales) remember(header string) *words {
	const longest = 256
	_, index := language.MatchStrings(l.matcher, header[:min(len(header), longest)])
	w := l.list[index]
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.cache) >= maxCachedHeaders {
		clear(l.cache)
	}
	l.cache[strings.Clone(header)] = w
	return w
}

// text returns the text of a key with its placeholders filled in; args are names and values in
// turn. An unknown key is returned as it is.
func (w *words) text(key string, args ...string) string {
	text, ok := w.lookup(key)
	if !ok {
		return key
	}
	for i := 0; i+1 < len(args); i += 2 {
		text = strings.ReplaceAll(text, "{"+args[i]+"}", w.apart(args[i+1]))
	}
	return text
}

func (w *words) lookup(key string) (string, bool) {
	text, ok := w.texts[key]
	if !ok && w.fallback != nil {
		text, ok = w.fallback.texts[key]
	}
	return text, ok
}

var forms = map[plural.Form]string{plural.Zero: ".zero", plural.One: ".one", plural.Two: ".two",
	plural.Few: ".few", plural.Many: ".many", plural.Other: ".other"}

// counted is text for a number of things: the key's plural form that the language uses for n.
func (w *words) counted(key string, n int64) string {
	form := plural.Cardinal.MatchPlural(w.tag, int(n%10_000_000), 0, 0, 0, 0)
	chosen := key + forms[form]
	if _, ok := w.texts[chosen]; !ok {
		chosen = key + ".other"
	}
	return w.text(chosen, "n", w.number(float64(n), 0))
}

// printer isn't shared: a message.Printer serves one goroutine. Digits are those that browsers
// write for the language without a region.
func (w *words) printer() *message.Printer {
	tag, err := w.tag.SetTypeForKey("nu", "latn")
	if err != nil {
		tag = w.tag
	}
	return message.NewPrinter(tag)
}
