package explain

import (
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

const (
	multipartType = "multipart/form-data"
	// urlencodedType is the type of what --data sends, unless a header says otherwise.
	urlencodedType = "application/x-www-form-urlencoded"
)

// commandNames are the first words of commands that are read, with the tool's name.
var commandNames = map[string]string{
	"curl": "curl", "curl.exe": "curl", "wget": "wget", "wget.exe": "wget", "http": "httpie", "https": "httpie", "xh": "httpie", "xhs": "httpie",
}

// shellPrompt is what terminals show before a command.
var shellPrompt = regexp.MustCompile(`^(?:\S*[#$%❯] |PS [^\n>]{0,100}> ?|[A-Z]:\\[^\n>]{0,100}>|> )`)

func withoutPrompt(text string) string {
	return text[len(shellPrompt.FindString(text[:min(len(text), maxNameBytes)])):]
}

// isCommand recognises a command line by its first word and an address; a prompt may precede it.
func isCommand(text string) bool {
	name, rest, _ := strings.Cut(withoutPrompt(text), " ")
	tool, known := commandNames[strings.TrimSpace(name)]
	if tool == "httpie" {
		rest = rest[:min(len(rest), 1<<10)] // http and https begin sentences, too
		return strings.Contains(rest, "://") && httpieStart.MatchString(rest)
	}
	return known && strings.Contains(text, "://")
}

var httpieStart = regexp.MustCompile(`^\s*(?:--?\S+\s+)*(?:GET|HEAD|PUT|POST|DELETE|PATCH)?\s*['"]?https?://`)

// commandRequest reads a command line as far as it is known what its options mean.
func commandRequest(text string) *request {
	r := newShellReader(withoutPrompt(text))
	name, _ := r.word()
	request := &request{tool: commandNames[name], complete: true, form: newCommandForm()}
	switch request.tool {
	case "wget":
		request.readWget(r)
	case "httpie":
		request.readHTTPie(r)
	default:
		request.readCurl(r)
	}
	request.mendAddress(r)
	request.form.incomplete = request.form.incomplete || r.isFull()
	return request
}

// mendAddress puts an address together again that the shell cuts at its first &, as it isn't
// between quotes.
func (r *request) mendAddress(words *shellReader) {
	rest := words.text[words.at:]
	if !strings.HasPrefix(rest, "&") || !strings.Contains(r.address, "?") || !strings.HasSuffix(words.text[:words.at], r.address) {
		return
	}
	if i := strings.IndexAny(rest, " \t\r\n"); i >= 0 {
		rest = rest[:i]
	}
	r.address, r.unquoted = r.address+rest, true
}

// readCurl reads the options of curl.
func (r *request) readCurl(words *shellReader) {
	for option, argument, ok := words.option(); ok; option, argument, ok = words.option() {
		r.setCurlOption(option, argument)
	}
	if r.body == bodyMultipart && isMultipartBody(r.bodyFrom) {
		r.form = multipartForm(r.bodyFrom)
	}
}

// shortOptions are the letters that take an argument, with their long names; "" for those that
// don't matter here.
var shortOptions = map[byte]string{
	'F': "--form", 'X': "--request", 'd': "--data", 'T': "--upload-file", 'H': "--header", 'u': "--user", 'o': "", 'A': "", 'b': "", 'c': "", 'e': "", 'm': "",
	'x': "", 'w': "", 'K': "", 'D': "", 'E': "", 'C': "", 'r': "", 't': "", 'U': "", 'Q': "", 'P': "", 'y': "", 'Y': "", 'z': "",
}

// longOptions take an argument that matters here, or that could be taken for the URL.
var longOptions = map[string]bool{
	"--form": true, "--form-string": true, "--request": true, "--url": true, "--data": true, "--data-raw": true, "--data-binary": true,
	"--data-urlencode": true, "--data-ascii": true, "--json": true, "--upload-file": true, "--referer": true, "--proxy": true, "--preproxy": true,
	"--doh-url": true, "--output": true, "--header": true, "--user": true, "--oauth2-bearer": true, "--aws-sigv4": true,
}

// option reads one option with its argument; a word without a dash is the URL. Several letters may
// share a dash.
func (r *shellReader) option() (option, argument string, ok bool) {
	word, ok := r.word()
	name, value, assigned := strings.Cut(word, "=")
	switch {
	case longOptions[word]:
		argument, _ = r.word()
		return word, argument, ok
	case assigned && longOptions[name]: // curl itself doesn't take it so, but its users write it
		return name, value, ok
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

// setCurlOption applies one option of curl; other options don't matter here.
func (r *request) setCurlOption(option, argument string) {
	switch option {
	case "--url":
		if r.address == "" && strings.Contains(argument, "://") {
			r.address = argument
		}
	case "--request":
		r.method = argument
	case "--header":
		r.addHeader(argument)
	case "--user", "--oauth2-bearer", "--aws-sigv4":
		r.addHeader("Authorization: " + option)
	case "--form", "--form-string":
		r.body = bodyMultipart
		name, text, _ := strings.Cut(argument, "=")
		r.form.addPart(name, text, option == "--form-string")
	case "--upload-file":
		if r.body, r.bodyFrom = bodyFile, option; argument == "-" || argument == "." {
			r.addHeader("Transfer-Encoding: chunked")
		}
	case "--json":
		if r.body = bodyJSON; !hasField(r.headers, "Content-Type") {
			r.addHeader("Content-Type: application/json")
		}
	case "--get", "-G":
		r.body, r.method = bodyNone, "GET"
	case "--head", "-I":
		r.method = "HEAD"
	case "--data", "--data-raw", "--data-binary", "--data-urlencode", "--data-ascii":
		r.setData(option, argument)
	}
}

// setData applies one of curl's options for a body. What is sent has the type of an HTML form
// unless a header says otherwise.
func (r *request) setData(option, argument string) {
	if isMultipartBody(argument) {
		r.body, r.bodyFrom = bodyMultipart, argument
		return
	}
	if r.body = bodyURLEncoded; r.bodyFrom == "" {
		r.bodyFrom = option
	}
	if file := strings.HasPrefix(argument, "@") && option != "--data-raw"; file && (option == "--data" || option == "--data-ascii") {
		r.bodyFrom = "--data @"
	}
}

// addHeader adds a header as a command writes it; one without a value removes the tool's own.
func (r *request) addHeader(line string) {
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case len(r.headers) > maxItems:
	case strings.HasPrefix(line, "@"):
		r.openHeaders = true // they are in a file
	case ok && value == "":
		r.removed = append(r.removed, policy.LowerName(name))
	case ok:
		r.headers = append(r.headers, policy.Field{Name: name, Value: value})
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
	case strings.HasPrefix(text, "<"):
		f.addUnread(name) // the value is a file's text
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
