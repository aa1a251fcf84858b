package explain

import (
	"strings"

	"github.com/postern-dev/postern/policy"
)

const (
	multipartType = "multipart/form-data"
	// urlencodedType is the type of what --data sends, unless a header says otherwise.
	urlencodedType = "application/x-www-form-urlencoded"
)

// isCommand recognises a command line by its first word and an address; a prompt may precede it.
func isCommand(text string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "$ "), " ")
	return (name == "curl" || name == "curl.exe") && strings.Contains(text, "://")
}

// readCommand reads the form that a curl command sends, such as `postern sign --format curl`
// prints, or the URL of a command that sends none.
func (e *evidence) readCommand(text string) {
	f := commandForm(text)
	if f.controls.enctype != multipartType && f.address != "" && (f.controls.enctype == "" || strings.EqualFold(f.controls.method, "put")) {
		e.kind = KindURL
		e.readURL(f.address)
		return
	}
	e.form = f
}

// commandForm reads a curl command; the enctype is empty if it sends no body.
func commandForm(text string) *form {
	f := &form{controls: &controls{method: "post"}}
	r := &shellReader{text: strings.TrimPrefix(text, "$ ")}
	r.word() // curl
	for option, argument, ok := r.option(); ok; option, argument, ok = r.option() {
		f.setOption(option, argument)
	}
	return f
}

// shortOptions are the letters that take an argument, with their long names; "" for those that
// don't matter here.
var shortOptions = map[byte]string{
	'F': "--form", 'X': "--request", 'd': "--data", 'T': "--upload-file", 'H': "", 'o': "", 'u': "", 'A': "", 'b': "", 'c': "", 'e': "", 'm': "",
	'x': "", 'w': "", 'K': "", 'D': "", 'E': "", 'C': "", 'r': "", 't': "", 'U': "", 'Q': "", 'P': "", 'y': "", 'Y': "", 'z': "",
}

// longOptions take an argument that matters here, or that could be taken for the URL.
var longOptions = map[string]bool{
	"--form": true, "--form-string": true, "--request": true, "--url": true, "--data": true, "--data-raw": true, "--data-binary": true,
	"--data-urlencode": true, "--data-ascii": true, "--json": true, "--upload-file": true, "--referer": true, "--proxy": true, "--preproxy": true,
	"--doh-url": true, "--output": true, "--header": true, "--user": true,
}

// option reads one option with its argument; a word without a dash is the URL. Several letters may
// share a dash.
func (r *shellReader) option() (option, argument string, ok bool) {
	word, ok := r.word()
	switch {
	case longOptions[word]:
		argument, _ = r.word()
		return word, argument, ok
	case strings.HasPrefix(word, "--"):
		return word, "", ok
	case !strings.HasPrefix(word, "-"):
		return "--url", word, ok
	}
	for i := 1; i < len(word); i++ {
		if name, takesArgument := shortOptions[word[i]]; takesArgument {
			if argument = word[i+1:]; argument == "" {
				argument, _ = r.word()
			}
			return name, argument, true
		}
	}
	return word, "", true
}

// setOption applies one option of a curl command; other options don't matter here.
func (f *form) setOption(option, argument string) {
	switch option {
	case "--url":
		if f.address == "" && strings.Contains(argument, "://") {
			f.address = argument
		}
	case "--request":
		f.controls.method = argument
	case "--form", "--form-string":
		f.controls.enctype = multipartType
		name, text, _ := strings.Cut(argument, "=")
		f.addPart(name, text, option == "--form-string")
	case "--data", "--data-raw", "--data-binary", "--data-urlencode", "--data-ascii", "--json":
		f.controls.enctype = urlencodedType
	}
}

// addPart adds a field, or a file. --form-string takes the text literally. --form takes a file
// after a leading @, and settings after a semicolon.
func (f *form) addPart(name, text string, literal bool) {
	switch {
	case literal:
		f.addField(policy.Field{Name: name, Value: text})
	case strings.HasPrefix(text, "@"):
		f.addFile(name)
	default:
		f.addField(policy.Field{Name: name, Value: formValue(text)})
	}
}

// formValue is the value that --form sends: what is between quotes, or the text before a semicolon.
func formValue(text string) string {
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
