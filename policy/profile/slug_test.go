package profile_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/postern-dev/postern/policy/profile"
)

func TestNamesOfAnyScriptKeepTheirLettersInKeys(t *testing.T) {
	t.Parallel()
	c := compile(t, func(p *profile.Profile) { p.InsecureKey, p.Key, p.Types = true, "in/{name}{ext}", []string{"*/*"} })
	cases := []struct{ script, file, slug string }{
		{"Latin", "été.txt", "été"},
		{"Latin", "Ünïcode.txt", "ünïcode"},
		{"Latin", "naïve café.txt", "naïve-café"},
		{"Latin", "Straße Nº 5.txt", "straße-no-5"},
		{"Latin", "ŁÓDŹ – plan.txt", "łódź-plan"},
		{"Latin", "İstanbul.txt", "istanbul"},
		{"Latin", "Việt Nam.txt", "việt-nam"},
		{"Latin", "Þingvellir ÆØÅ.txt", "þingvellir-æøå"},
		{"Latin, ligature", "oﬀer.txt", "offer"},
		{"Latin, full width", "ＡＢＣ１２３.txt", "abc123"},
		{"Latin, Kelvin sign", "300\u212a.txt", "300k"},
		{"Cyrillic", "Йошкар-Ола, мой отчёт.txt", "йошкар-ола-мой-отчёт"},
		{"Greek", "Αθήνα ΆΈΉ.txt", "αθήνα-άέή"},
		{"Armenian", "Հայաստան.txt", "հայաստան"},
		{"Georgian", "საქართველო.txt", "საქართველო"},
		{"Hebrew", "שלום עולם.txt", "שלום-עולם"},
		{"Arabic", "صورة ١٢.txt", "صورة-١٢"},
		{"Arabic, with vowels", "كِتَاب.txt", "كِتَاب"},
		{"Devanagari", "हिन्दी फ़ाइल.txt", "हिन्दी-फ़ाइल"},
		{"Bengali", "বাংলা.txt", "বাংলা"},
		{"Tamil", "தமிழ் கோப்பு.txt", "தமிழ்-கோப்பு"},
		{"Thai", "ภาพถ่าย.txt", "ภาพถ่าย"},
		{"Amharic", "ሰላም.txt", "ሰላም"},
		{"Khmer", "ខ្មែរ.txt", "ខ្មែរ"},
		{"Han", "漢字 报告.txt", "漢字-报告"},
		{"kana", "がぎぐ カメラ.txt", "がぎぐ-カメラ"},
		{"kana, half width", "ｶﾞｷﾞ.txt", "ガギ"},
		{"Hangul", "한국어 사진.txt", "한국어-사진"},
		{"Hangul, in letters", norm.NFD.String("한국어.txt"), "한국어"},
		{"emoji alone", "👩‍💻.txt", "file"},
		{"emoji beside letters", "urlaub 🏖️ 2026.txt", "urlaub-2026"},
		{"a mark without a letter", "\u0301a-\u0301b.txt", "a-b"},
		{"invisible letters", "a\u115fb\u3164c\u180bd.txt", "abcd"},
		{"dots that aren't ASCII", "a．．b。c․.txt", "a-b-c"},
		{"slashes that aren't ASCII", "a／b＼c∕d.txt", "a-b-c-d"},
		{"a number in a sentence", "Report 1.2 final", "report-1-2-final"},
	}
	for _, k := range cases {
		t.Run(k.script+" "+k.file, func(t *testing.T) {
			t.Parallel()
			want := norm.NFKC.String(k.slug)
			for _, written := range []string{k.file, norm.NFC.String(k.file), norm.NFD.String(k.file)} {
				p, err := c.Plan(alice(), profile.File{Name: written, Type: "text/plain", Size: 1}, params())
				got := strings.TrimSuffix(strings.TrimPrefix(p.Key, "in/"), ".txt")
				if err != nil || got != want {
					t.Errorf("%+q: wanted %q, got %q, %v", written, want, got, err)
				}
			}
		})
	}
}

func TestALongNameLosesWholeLetters(t *testing.T) {
	t.Parallel()
	c := compile(t, func(p *profile.Profile) { p.InsecureKey, p.Key, p.Types = true, "in/{name}", []string{"*/*"} })
	for _, letter := range []string{"a", "é", "漢", "हि", "🏖", "e\u0301\u0302\u0303\u0304\u0305\u0306", "\u0301"} {
		for n := range 60 {
			p, err := c.Plan(alice(), profile.File{Name: strings.Repeat("x", n%5) + strings.Repeat(letter, n+1), Type: "text/plain", Size: 1}, params())
			slug := strings.TrimPrefix(p.Key, "in/")
			if err != nil || len(slug) > 64 || !utf8.ValidString(slug) || !norm.NFC.IsNormalString(slug) {
				t.Fatalf("%d times %+q: got %+q, %v", n+1, letter, slug, err)
			}
		}
	}
}
