package language

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/static"
)

func testCatalogue(t *testing.T) *Catalogue {
	t.Helper()
	catalogue, err := New(static.FS)
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}

func TestThePageIsInTheVisitorsLanguage(t *testing.T) {
	t.Parallel()
	catalogue := testCatalogue(t)
	cases := []struct{ query, header, wanted string }{
		{"", "", "en"}, {"", "de", "de"}, {"", "de-AT,de;q=0.9", "de"}, {"", "fr-CH, fr;q=0.9, en;q=0.8", "fr"},
		{"", "pt-BR", "pt-BR"}, {"", "pt", "pt-BR"}, {"", "zh-CN", "zh-Hans"}, {"", "zh", "zh-Hans"}, {"", "ar-EG", "ar"},
		{"", "es-419", "es"}, {"", "en;q=0.1,ja;q=0.9", "ja"}, {"", "tlh", "en"}, {"", "*", "en"}, {"", ";;;", "en"},
		{"", strings.Repeat("x-", 5000), "en"},
		{"lang=ar", "de", "ar"}, {"lang=de-CH", "", "de"}, {"lang=!", "fr", "fr"}, {"lang=", "fr", "fr"}, {"lang=<script>", "fr", "fr"},
	}
	for range 2 { // the second time from the cache
		for _, c := range cases {
			r := httptest.NewRequest("GET", "/forms/photos?"+c.query, nil)
			r.Header.Set("Accept-Language", c.header)
			if got := catalogue.Negotiate(r).Tag; got != c.wanted {
				t.Errorf("%q %q: wanted %s, got %s", c.query, c.header, c.wanted, got)
			}
		}
	}
}

func TestTheCacheOfHeadersIsBoundedInEntriesAndBytes(t *testing.T) {
	t.Parallel()
	catalogue := testCatalogue(t)
	for i := range 3 * maxCachedHeaders {
		r := httptest.NewRequest("GET", "/", nil)
		begin := "de;q=0." + strings.Repeat("1", i%200) + ",x" + string(rune('a'+i%26))
		r.Header.Set("Accept-Language", begin+strings.Repeat(" ", 30_000))
		catalogue.Negotiate(r)
	}
	bytes := 0
	for header := range catalogue.chosen {
		bytes += len(header)
	}
	if len(catalogue.chosen) > maxCachedHeaders || bytes > maxCachedHeaders*maxHeader {
		t.Errorf("wanted at most %d headers and %d bytes, got %d and %d",
			maxCachedHeaders, maxCachedHeaders*maxHeader, len(catalogue.chosen), bytes)
	}
}

func TestSizesAreWrittenAsPeopleReadThem(t *testing.T) {
	t.Parallel()
	catalogue := testCatalogue(t)
	cases := []struct {
		tag    string
		bytes  int64
		wanted string
	}{
		{"en", 0, "0 bytes"}, {"en", 1, "1 byte"}, {"en", 1023, "1,023 bytes"}, {"en", 1024, "1 kB"}, {"en", 1536, "1.5 kB"},
		{"en", 10 << 20, "10 MB"}, {"en", 10<<20 - 1, "10 MB"}, {"en", 299_500, "292 kB"}, {"en", 299_600, "293 kB"}, {"en", 5 << 40, "5 TB"}, {"en", 999 << 40, "999 TB"},
		{"de", 1536, "1,5 kB"}, {"de", 1, "1 Byte"},
	}
	for _, c := range cases {
		if got := strings.ReplaceAll(catalogue.ByTag(c.tag).Size(c.bytes), "\u00a0", " "); got != c.wanted {
			t.Errorf("%s %d: wanted %q, got %q", c.tag, c.bytes, c.wanted, got)
		}
	}
}

func TestRulesAreASentence(t *testing.T) {
	t.Parallel()
	english := testCatalogue(t).ByTag("en")
	cases := []struct {
		types    []string
		min, max int64
		wanted   string
	}{
		{[]string{"image/png", "image/jpeg", "image/webp"}, 1, 10 << 20, "PNG, JPEG or WebP, up to 10 MB"},
		{[]string{"image/png"}, 0, 1 << 20, "PNG, up to 1 MB"},
		{[]string{"image/png", "image/jpeg"}, 2048, 1 << 20, "PNG or JPEG, 2 kB to 1 MB"},
		{[]string{"image/png"}, 2049, 10<<20 - 1, "PNG, 2.1 kB to 9.9 MB"},
		{[]string{"*/*"}, 1, 5 << 40, "Any kind of file, up to 5 TB"},
		{[]string{"image/*", "application/pdf"}, 1, 1 << 30, "Pictures or PDF, up to 1 GB"},
		{[]string{"video/webm", "audio/webm"}, 1, 1 << 30, "WebM, up to 1 GB"},
		{[]string{"application/x-unheard-of"}, 1, 1 << 30, "X-unheard-of, up to 1 GB"},
	}
	for _, c := range cases {
		if got := strings.ReplaceAll(english.Rules(c.types, c.min, c.max), "\u00a0", " "); got != c.wanted {
			t.Errorf("%v: wanted %q, got %q", c.types, c.wanted, got)
		}
	}
}

func TestPluralsFollowTheLanguage(t *testing.T) {
	t.Parallel()
	tree := fstest.MapFS{
		"lang/en.json": {Data: []byte(`{"n.one":"one {n}","n.other":"other {n}"}`)},
		"lang/ar.json": {Data: []byte(`{"n.zero":"zero","n.one":"one","n.two":"two","n.few":"few","n.many":"many","n.other":"other"}`)},
		"lang/ja.json": {Data: []byte(`{"n.other":"{n}"}`)},
	}
	catalogue, err := New(tree)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		tag    string
		n      int64
		wanted string
	}{{"en", 1, "one 1"}, {"en", 2, "other 2"}, {"ja", 1, "1"}, {"ar", 0, "zero"}, {"ar", 1, "one"}, {"ar", 2, "two"}, {"ar", 3, "few"}, {"ar", 11, "many"}, {"ar", 100, "other"}}
	for _, c := range cases {
		if got := catalogue.ByTag(c.tag).plural("n", c.n); got != c.wanted {
			t.Errorf("%s %d: wanted %q, got %q", c.tag, c.n, c.wanted, got)
		}
	}
	if _, err := New(fstest.MapFS{"lang/de.json": {Data: []byte(`{}`)}}); err == nil {
		t.Error("a tree without English was accepted")
	}
	if _, err := New(fstest.MapFS{"lang/en.json": {Data: []byte(`{`)}}); err == nil {
		t.Error("a file that isn't JSON was accepted")
	}
}

func TestValuesOfTheOppositeDirectionAreIsolated(t *testing.T) {
	t.Parallel()
	catalogue := testCatalogue(t)
	arabic, english := catalogue.ByTag("ar"), catalogue.ByTag("en")
	cases := []struct{ name, got, wanted string }{
		{"a list of Latin names in Arabic", arabic.TypeNames([]string{"image/png", "image/jpeg", "image/webp"}),
			"\u2068PNG\u2069، \u2068JPEG\u2069 أو \u2068WebP\u2069"},
		{"an Arabic name in English", english.Text("page.result.refused.large", "max", "صورة"), "It is larger than \u2068صورة\u2069."},
		{"an Arabic name in Arabic", arabic.alternatives([]string{"صور", "نصوص"}), "صور أو نصوص"},
		{"Latin names in English", english.alternatives([]string{"PNG", "JPEG"}), "PNG or JPEG"},
		{"a size in Arabic", arabic.Size(10 << 20), "10 م.ب"},
	}
	for _, c := range cases {
		if c.got != c.wanted {
			t.Errorf("%s: wanted %q, got %q", c.name, c.wanted, c.got)
		}
	}
	rules := arabic.Rules([]string{"image/png", "image/jpeg"}, 1, 10<<20)
	if strings.Count(rules, firstStrongIsolate) != 2 {
		t.Errorf("rules: wanted the two names isolated and nothing else, got %q", rules)
	}
}

// TestEveryCodeHasASentenceForAFile goes beyond the codes of the API: what the script finds by
// itself has a sentence as well.
func TestEveryCodeHasASentenceForAFile(t *testing.T) {
	t.Parallel()
	codes := []problem.Code{"too_many.other", "not_removed", "unreadable", "other_file", "network", "script", "store", "refused"}
	codes = append(codes, problem.Codes()...)
	for _, texts := range testCatalogue(t).All() {
		for _, code := range codes {
			if text := texts.texts["upload.error."+string(code)]; !strings.Contains(text, "{name}") {
				t.Errorf("%s: %s: wanted a sentence that names the file, got %q", texts.Tag, code, text)
			}
		}
	}
}
