package explain

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// isMultipartBody recognises the body of a form as browsers send it.
func isMultipartBody(text string) bool {
	return hasFold(text, "form-data") && partHeader.MatchString(text)
}

var (
	partHeader   = regexp.MustCompile(`(?i)content-disposition:\s*form-data`)
	partName     = regexp.MustCompile(`(?i)[;\s]name="([^"]*)"|[;\s]name=([^\s;"]+)`)
	partFilename = regexp.MustCompile(`(?i)[;\s]filename\*?=`)
)

// multipartForm reads a body of multipart/form-data: as browsers send it, or as their tools show
// it, with line ends of one kind or the other. It evaluates nothing but names and values.
func multipartForm(text string) *form {
	f := &form{controls: &controls{method: "post", enctype: multipartType}}
	at := partHeader.FindStringIndex(text)
	if at == nil {
		return f
	}
	boundary := boundaryBefore(text[:at[0]])
	rest := text[at[0]:]
	for rest != "" && !f.isFull() {
		var part string
		var more bool
		if boundary == "" {
			part, rest, more = cutBefore(rest, partHeader)
		} else {
			part, rest, more = strings.Cut(rest, boundary)
		}
		f.addBodyPart(part)
		if f.incomplete = !more; strings.HasPrefix(rest, "--") || boundary == "" {
			f.incomplete = false
			if boundary != "" {
				break
			}
		}
	}
	f.incomplete = f.incomplete || f.isFull()
	return f
}

// boundaryBefore returns the line before the first part, which separates all parts: "--" and the
// boundary. It is empty where the text has no such line.
func boundaryBefore(head string) string {
	head = strings.TrimRight(head, " \t\r\n")
	line := strings.TrimSpace(head[strings.LastIndexByte(head, '\n')+1:])
	if i := strings.LastIndexByte(line, ' '); i >= 0 {
		line = line[i+1:]
	}
	if !strings.HasPrefix(line, "--") || len(line) < len("--x") {
		return ""
	}
	return line
}

// cutBefore cuts text before the second match of a pattern it begins with.
func cutBefore(text string, pattern *regexp.Regexp) (before, after string, found bool) {
	const word = len("content-")
	at := pattern.FindStringIndex(text[word:])
	if at == nil {
		return text, "", false
	}
	return text[:word+at[0]], text[word+at[0]:], true
}

// addBodyPart adds a part of a body: its headers, an empty line, and the value.
func (f *form) addBodyPart(part string) {
	head, value, ok := cutHead(strings.TrimLeft(part, "\r\n"))
	m := partName.FindStringSubmatch(head)
	if m == nil {
		return
	}
	name := cmp.Or(m[1], m[2])
	name = strings.NewReplacer("%22", `"`, "%0D", "\r", "%0A", "\n", `\`, "").Replace(name)
	switch {
	case partFilename.MatchString(head):
		f.addFile(name)
	case ok:
		f.addField(policy.Field{Name: name, Value: strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r")})
	default:
		f.addField(policy.Field{Name: name})
	}
}

// cutHead cuts the headers from what follows the first empty line.
func cutHead(text string) (head, body string, ok bool) {
	for at := 0; at < len(text); {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			break
		}
		line := text[at : at+end]
		at += end + 1
		if next := text[at:]; strings.HasPrefix(next, "\n") || strings.HasPrefix(next, "\r\n") {
			return text[:at-1], strings.TrimPrefix(strings.TrimPrefix(next, "\r"), "\n"), true
		}
		if strings.TrimSpace(line) == "" {
			return text[:at], text[at:], true
		}
	}
	return text, "", false
}
