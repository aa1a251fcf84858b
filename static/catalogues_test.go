package static_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/static"
)

// plurals are the plural categories of each language's cardinal numbers, from the Unicode CLDR.
var plurals = map[string][]string{
	"ar":      {"few", "many", "one", "other", "two", "zero"},
	"de":      {"one", "other"},
	"en":      {"one", "other"},
	"es":      {"many", "one", "other"},
	"fr":      {"many", "one", "other"},
	"ja":      {"other"},
	"pt-BR":   {"many", "one", "other"},
	"zh-Hans": {"other"},
}

// catalog holds the texts of one language: by key, and then by plural category, or "" for a text
// without plurals.
type catalog map[string]map[string]string

// readCatalog reads the catalogue of a language from the embedded files.
func readCatalog(t *testing.T, lang string) catalog {
	t.Helper()
	content, err := fs.ReadFile(static.FS, path.Join("lang", lang+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var flat map[string]string
	if err := json.Unmarshal(content, &flat); err != nil {
		t.Fatal(err)
	}
	return groupPlurals(flat)
}

// groupPlurals groups the keys that differ only in their plural category.
func groupPlurals(flat map[string]string) catalog {
	grouped := catalog{}
	for key, text := range flat {
		base, category := splitKey(flat, key)
		if grouped[base] == nil {
			grouped[base] = map[string]string{}
		}
		grouped[base][category] = text
	}
	return grouped
}

// splitKey splits the plural category from a key that has one.
func splitKey(flat map[string]string, key string) (base, category string) {
	dot := strings.LastIndexByte(key, '.')
	if _, ok := flat[key[:dot]+".other"]; ok && slices.Contains(plurals["ar"], key[dot+1:]) {
		return key[:dot], key[dot+1:]
	}
	return key, ""
}

// eachTranslation runs a check on each language beside English.
func eachTranslation(t *testing.T, check func(t *testing.T, lang string, english, translated catalog)) {
	t.Helper()
	english := readCatalog(t, "en")
	for lang := range plurals {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			check(t, lang, english, readCatalog(t, lang))
		})
	}
}

func TestEveryLanguageHasExactlyTheKeysOfEnglish(t *testing.T) {
	t.Parallel()
	eachTranslation(t, func(t *testing.T, _ string, english, translated catalog) {
		t.Helper()
		got, want := slices.Sorted(maps.Keys(translated)), slices.Sorted(maps.Keys(english))
		for _, key := range got {
			if english[key] == nil {
				t.Errorf("got the key %q, which English lacks", key)
			}
		}
		for _, key := range want {
			if translated[key] == nil {
				t.Errorf("wanted the key %q", key)
			}
		}
	})
}

func TestEveryPluralHasTheCategoriesOfItsLanguage(t *testing.T) {
	t.Parallel()
	eachTranslation(t, func(t *testing.T, lang string, _, translated catalog) {
		t.Helper()
		for key, texts := range translated {
			got := slices.Sorted(maps.Keys(texts))
			if !slices.Equal(got, plurals[lang]) && !slices.Equal(got, []string{""}) {
				t.Errorf("got %v for %q, wanted %v", got, key, plurals[lang])
			}
		}
	})
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// TestEveryTextHasThePlaceholdersOfEnglish allows texts for one number, such as the category "two",
// to say the number in words.
func TestEveryTextHasThePlaceholdersOfEnglish(t *testing.T) {
	t.Parallel()
	eachTranslation(t, func(t *testing.T, _ string, english, translated catalog) {
		t.Helper()
		for key, texts := range translated {
			for category, text := range texts {
				want := wantedPlaceholders(english[key], category)
				got := placeholders(text)
				if !slices.Equal(got, want) && !slices.Equal(append(got, "{n}"), withNumberLast(want, category)) {
					t.Errorf("got %v in %q %s, wanted %v", got, key, category, want)
				}
			}
		}
	})
}

// wantedPlaceholders are those of the English text for a plural category.
func wantedPlaceholders(english map[string]string, category string) []string {
	if category != "" {
		category = "other"
	}
	return placeholders(english[category])
}

// withNumberLast moves {n} to the end, for categories of one number; nil for other categories.
func withNumberLast(want []string, category string) []string {
	if !slices.Contains([]string{"zero", "one", "two"}, category) {
		return nil
	}
	rest := slices.DeleteFunc(slices.Clone(want), func(name string) bool { return name == "{n}" })
	return append(rest, "{n}")
}

func placeholders(text string) []string {
	return slices.Sorted(slices.Values(placeholder.FindAllString(text, -1)))
}

func TestNoTextIsEmptyOrHasMarkup(t *testing.T) {
	t.Parallel()
	eachTranslation(t, func(t *testing.T, _ string, _, translated catalog) {
		t.Helper()
		for key, texts := range translated {
			for category, text := range texts {
				if strings.TrimSpace(text) == "" || strings.ContainsAny(text, "<>\n\t") {
					t.Errorf("got %q for %q %s", text, key, category)
				}
			}
		}
	})
}

// What a visitor reads where nothing can be loaded is in the script itself.
func TestTheEmbeddingScriptHasASentenceInEveryLanguage(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("embed/texts.js")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, found := range regexp.MustCompile(`(?m)^  '?([\w-]+)'?: '.+',$`).FindAllSubmatch(content, -1) {
		got = append(got, string(found[1]))
	}
	slices.Sort(got)
	if want := slices.Sorted(maps.Keys(plurals)); !slices.Equal(got, want) {
		t.Errorf("languages in embed/texts.js: wanted %q, got %q", want, got)
	}
}

func TestThePluralsOfEveryCatalogueAreKnown(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(static.FS, "lang/*.json")
	if err != nil || len(files) != len(plurals) {
		t.Fatalf("got %d catalogues and error %v, wanted %d", len(files), err, len(plurals))
	}
	for _, file := range files {
		if lang := strings.TrimSuffix(path.Base(file), ".json"); plurals[lang] == nil {
			t.Errorf("no plural categories are known for %s", lang)
		}
	}
}
