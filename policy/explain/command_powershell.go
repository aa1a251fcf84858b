package explain

import (
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

var (
	powerShellCall   = regexp.MustCompile(`(?i)\b(?:Invoke-WebRequest|Invoke-RestMethod|iwr|irm)\b`)
	powerShellOption = regexp.MustCompile(`^-([A-Za-z]+):?`)
)

// powerShellEscapes turn the escapes of PowerShell into those of the other notations.
var powerShellEscapes = strings.NewReplacer(`\`, `\\`, "`\r\n", " ", "`\n", " ", "`\"", `\"`, "`n", `\n`, "`r", `\r`, "`t", `\t`, "`$", "$", "``", "`",
	"$([char]13)", `\r`, "$([char]10)", `\n`, "[char]13", `"\r"`, "[char]10", `"\n"`)

// powerShellRequest reads a call of Invoke-WebRequest or Invoke-RestMethod. It returns nil for
// other texts.
func powerShellRequest(text string) *request {
	at := powerShellCall.FindStringIndex(text[:min(len(text), maxHeadBytes)])
	if at == nil || !strings.Contains(text[at[1]:], "://") && !strings.Contains(text[at[1]:], "-Uri") {
		return nil
	}
	request := &request{tool: "Invoke-WebRequest", complete: true, form: newCommandForm()}
	r := newLiteralReader(powerShellEscapes.Replace(text[at[1]:]))
	for r.skipSpaces(); r.at < len(r.text) && r.left > 0; r.skipSpaces() {
		start := r.at
		option := powerShellOption.FindStringSubmatch(r.rest()[:min(len(r.rest()), maxNameBytes)])
		switch {
		case option != nil:
			r.at += len(option[0])
			if r.skipSpaces(); r.peek() == '-' || r.peek() == '\n' || r.at >= len(r.text) {
				continue // a switch
			}
			request.setPowerShellOption(strings.ToLower(option[1]), r.argument())
		case request.address == "" && (r.quote() != "" || r.isAt("http")):
			request.address = r.argument().text
		default:
			return request
		}
		if r.at == start {
			break
		}
	}
	return request
}

// argument reads one argument of a command: a literal, or a word without quotes.
func (r *literalReader) argument() literal {
	if r.quote() != "" || strings.IndexByte("{[(", r.peek()) >= 0 || r.isAt("@{") {
		r.at += len(r.rest()) - len(strings.TrimPrefix(r.rest(), "@"))
		if r.quote() != "" {
			r.left--
			return literal{kind: literalString, text: r.string()}
		}
		return r.group(0, "")
	}
	start := r.at
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) < 0 {
		r.at++
	}
	return literal{kind: literalBare, text: r.text[start:r.at]}
}

// setPowerShellOption applies one option; others don't matter here.
func (r *request) setPowerShellOption(option string, argument literal) {
	switch option {
	case "uri":
		r.address = argument.text
	case "method", "custommethod":
		r.method = argument.text
	case "contenttype":
		r.headers = append(r.headers, policy.Field{Name: "Content-Type", Value: argument.text})
	case "headers":
		r.addHeaders(argument)
	case "infile":
		r.body, r.bodyFrom = bodyFile, "-InFile"
	case "form":
		r.body = bodyMultipart
		r.addFormFields(argument)
	case "body":
		r.setBody(argument, "")
	}
}
