package explain

import (
	"slices"
	"testing"
)

func TestShellWordsAreThoseOfAShell(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"blanks alone", " \t\\\n ", nil},
		{"words", "a  b\tc", []string{"a", "b", "c"}},
		{"single quotes", `'a "b" \c'`, []string{`a "b" \c`}},
		{"a quote among single ones", `'it'\''s'`, []string{"it's"}},
		{"double quotes", `"a 'b' \"c\" \d \\ \$e"`, []string{`a 'b' "c" \d \ $e`}},
		{"pieces of one word", `a'b c'"d"\ e`, []string{"ab cd e"}},
		{"an empty word", `'' ""`, []string{"", ""}},
		{"a line that goes on", "a \\\n  b", []string{"a", "b"}},
		{"a line that goes on within quotes", "\"a\\\nb\"", []string{"ab"}},
		{"a line of another system that goes on", "a \\\r\n b", []string{"a", "b"}},
		{"a line break within quotes", "'a\nb'", []string{"a\nb"}},
		{"the next line", "a\nb", []string{"a"}},
		{"what follows a pipe", "a | b", []string{"a"}},
		{"a quote that doesn't end", "a 'b c", []string{"a", "b c"}},
		{"a backslash at the end", `a\`, []string{`a\`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := shellWords(c.text); !slices.Equal(got, c.want) {
				t.Errorf("wanted %q, got %q", c.want, got)
			}
		})
	}
}

func shellWords(text string) (words []string) {
	r := newShellReader(text)
	for word, ok := r.word(); ok; word, ok = r.word() {
		words = append(words, word)
	}
	return words
}

func TestCommandsSendWhatCurlSends(t *testing.T) {
	t.Parallel()
	const url = "https://media.example/"
	cases := []struct {
		name, options string
		method        string
		key           string // value of the field; "-" for none
		files         int
	}{
		{"a literal field", `--form-string 'key=@a;type=b'`, "POST", "@a;type=b", 0},
		{"a field", `--form key=a`, "POST", "a", 0},
		{"a field with settings", `-F 'key=a;type=text/plain'`, "POST", "a", 0},
		{"a field between quotes", `-F 'key="a;\"b\" \\ \c";type=text/plain'`, "POST", `a;"b" \ \c`, 0},
		{"a letter with its argument behind it", `-Fkey=a`, "POST", "a", 0},
		{"letters that share a dash", `-sSF key=a`, "POST", "a", 0},
		{"a file", `-F file=@a.png`, "POST", "-", 1},
		{"another method", `-X PUT -F key=a`, "PUT", "a", 0},
		{"an option with a word of its own", `-o https://elsewhere.example/ -F key=a`, "POST", "a", 0},
		{"a number that isn't an address", `--max-time 30 -F key=a`, "POST", "a", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := commandRequest("curl " + c.options + " " + url)
			r.finish()
			got := r.form
			key := fieldValue(got.fields, "key")
			if !hasField(got.fields, "key") {
				key = "-"
			}
			if r.address != url || r.method != c.method || key != c.key || len(got.controls.files) != c.files || r.body != bodyMultipart {
				t.Errorf("got %+v with key %q", got, key)
			}
		})
	}
}
