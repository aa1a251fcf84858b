package explain

import (
	"strings"

	"github.com/postern-dev/postern/policy"
)

// command is a curl command line, such as `postern sign --format curl` prints.
type command struct{ pageForm }

// isCommand tells a command line by its first word and an address; a prompt before it is forgiven.
func isCommand(text string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "$ "), " ")
	return (name == "curl" || name == "curl.exe") && strings.Contains(text, "://")
}

// readCommand explains the form that a command sends.
func (s *session) readCommand() {
	c := readCommand(s.text)
	s.readWrittenForm(&c.pageForm)
}

// commandURL returns the URL of a command that posts nothing: a download, or a file put to a
// presigned URL.
func commandURL(text string) string {
	if !isCommand(text) {
		return ""
	}
	c := readCommand(text)
	if c.enctype == "" || c.enctype == bodyAlone && strings.EqualFold(c.method, "put") {
		return c.url
	}
	return ""
}

// bodyAlone is the type of what --data sends, unless a header says otherwise.
const bodyAlone = "application/x-www-form-urlencoded"

func readCommand(text string) command {
	c := command{pageForm{method: "post"}}
	words := shellWords(strings.TrimPrefix(text, "$ "))
	for words = words[min(1, len(words)):]; len(words) > 0; {
		option, argument, rest := nextOption(words)
		c.take(option, argument)
		words = rest
	}
	return c
}

// letters are the short options that take an argument, with their long names; "" for those that
// don't matter here.
var letters = map[byte]string{
	'F': "--form", 'X': "--request", 'd': "--data", 'T': "--upload-file", 'H': "", 'o': "", 'u': "", 'A': "", 'b': "", 'c': "", 'e': "", 'm': "",
	'x': "", 'w': "", 'K': "", 'D': "", 'E': "", 'C': "", 'r': "", 't': "", 'U': "", 'Q': "", 'P': "", 'y': "", 'Y': "", 'z': "",
}

// longOptions are those with an argument that matters here, or that could be taken for the URL.
var longOptions = map[string]bool{
	"--form": true, "--form-string": true, "--request": true, "--url": true, "--data": true, "--data-raw": true, "--data-binary": true,
	"--data-urlencode": true, "--data-ascii": true, "--json": true, "--upload-file": true, "--referer": true, "--proxy": true, "--preproxy": true,
	"--doh-url": true, "--output": true, "--header": true, "--user": true,
}

// nextOption takes one option with its argument, or an address, off the words. Several letters may
// share a dash.
func nextOption(words []string) (option, argument string, rest []string) {
	word, rest := words[0], words[1:]
	switch {
	case longOptions[word] && len(rest) > 0:
		return word, rest[0], rest[1:]
	case strings.HasPrefix(word, "--"):
		return word, "", rest
	case !strings.HasPrefix(word, "-"):
		return "--url", word, rest
	}
	for i := 1; i < len(word); i++ {
		name, takes := letters[word[i]]
		switch {
		case takes && i+1 < len(word):
			return name, word[i+1:], rest
		case takes && len(rest) > 0:
			return name, rest[0], rest[1:]
		}
	}
	return word, "", rest
}

func (c *command) take(option, argument string) {
	switch option {
	case "--url":
		if c.url == "" && strings.Contains(argument, "://") {
			c.url = argument
		}
	case "--request":
		c.method = argument
	case "--form", "--form-string":
		c.enctype = "multipart/form-data"
		name, text, _ := strings.Cut(argument, "=")
		c.part(name, text, option == "--form")
	case "--data", "--data-raw", "--data-binary", "--data-urlencode", "--data-ascii", "--json":
		c.enctype = bodyAlone
	}
}

// part adds a field, or the file.
func (c *command) part(name, text string, marked bool) {
	if marked && strings.HasPrefix(text, "@") {
		c.files = append(c.files, name)
		return
	}
	if marked {
		text = formContent(text)
	}
	c.addField(tag{}, policy.Field{Name: name, Value: text})
}

// formContent is what --form sends for a value: what stands between quotes, or up to a semicolon,
// behind which curl reads settings.
func formContent(text string) string {
	if !strings.HasPrefix(text, `"`) {
		text, _, _ = strings.Cut(text, ";")
		return text
	}
	var b strings.Builder
	for i := 1; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\') {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
