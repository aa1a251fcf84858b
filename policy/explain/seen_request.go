package explain

import (
	"net/url"
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// seenRequest is a request as the store saw it, by the CanonicalRequest or the StringToSign of its
// answer. Those are what the signature has to be over.
type seenRequest struct {
	version       int // of the signature, 2 or 4
	method, path  string
	query         url.Values
	headers       []policy.Field // version 4: those that are signed; version 2: the store's own
	signedHeaders []string       // in their order
	payload       string         // hash of the body, or what stands in its place
	contentType   string         // version 2, which always signs it
	scope         []string       // version 4: date, region, service, terminator
	policyText    string         // of a form: what arrived as its policy
}

// readSeen reads what the store saw, nil if its answer doesn't say.
func (e *storeError) readSeen() *seenRequest {
	text, canonical := withLineEnds(e.member("stringtosign")), withLineEnds(e.member("canonicalrequest"))
	if text == "" && canonical == "" {
		return nil
	}
	s := &seenRequest{version: 4}
	first, _, _ := strings.Cut(text, "\n")
	algorithm, _, _ := strings.Cut(strings.TrimSpace(first), " ")
	switch {
	case strings.Contains(algorithm, "-HMAC-") || strings.Contains(algorithm, "-RSA-"):
		for _, word := range strings.Fields(text) {
			if scope := strings.Split(word, "/"); len(scope) == 4 {
				s.scope = scope
			}
		}
	case isMethod(algorithm):
		s.readVersion2(text)
	case canonical == "" && !strings.Contains(strings.TrimSpace(text), "\n"): // base64 has one line; Tencent's texts have three
		s.policyText = text
	case canonical == "":
		return nil
	}
	if canonical != "" {
		s.readCanonical(canonical)
	}
	return s
}

// withLineEnds turns the two characters \n into a line end where an answer was printed as JSON.
func withLineEnds(text string) string {
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, `\n`, "\n")
	}
	return text
}

func isMethod(word string) bool {
	switch word {
	case "GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH":
		return true
	}
	return false
}

// readVersion2 reads method, content type, the store's own headers and the path. Viewers of XML
// show line ends as blanks, so only the shapes of the words count: the date is a number, the path
// begins with a slash, the content type has one within.
func (s *seenRequest) readVersion2(text string) {
	s.version = 2
	lines := strings.Split(text, "\n")
	if len(lines) >= 5 {
		s.method, s.contentType, s.path = lines[0], strings.TrimSpace(lines[2]), lines[len(lines)-1]
		s.headers = headerLines(lines[4 : len(lines)-1])
		return
	}
	words := strings.Fields(text)
	s.method = words[0]
	for i, word := range words[1:] {
		switch {
		case strings.HasPrefix(word, "/"):
			s.path = word
		case strings.Contains(word, "/") && s.contentType == "" && !strings.Contains(word, ":"):
			s.contentType = word
			if i+2 < len(words) && strings.Contains(words[i+2], "=") && strings.HasSuffix(word, ";") {
				s.contentType += " " + words[i+2]
			}
		}
	}
}

// readCanonical reads a canonical request: method, path, query, headers, their names, and the hash
// of the body, one a line. In one line, the signed headers' names tell where a header begins.
func (s *seenRequest) readCanonical(text string) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) < 5 {
		lines = canonicalLines(text)
	}
	if len(lines) < 5 {
		return
	}
	s.method, s.path = strings.TrimSpace(lines[0]), strings.TrimSpace(lines[1])
	s.payload = strings.TrimSpace(lines[len(lines)-1])
	s.signedHeaders = strings.Split(strings.TrimSpace(lines[len(lines)-2]), ";")
	rest := lines[2 : len(lines)-2]
	if len(rest) > 0 && !isHeaderLine(rest[0]) {
		s.query, _ = url.ParseQuery(strings.TrimSpace(rest[0]))
		rest = rest[1:]
	}
	s.headers = headerLines(rest)
}

// maxCanonicalWords bounds a canonical request in one line. Requests have a few dozen headers.
const maxCanonicalWords = 2000

// canonicalLines splits a canonical request whose line ends were lost.
func canonicalLines(text string) (lines []string) {
	words := strings.Fields(text)
	if len(words) < 4 || len(words) > maxCanonicalWords {
		return nil
	}
	names := strings.Split(words[len(words)-2], ";")
	for i, word := range words {
		name, _, ok := strings.Cut(word, ":")
		begins := i < 2 || i >= len(words)-2 || ok && slices.Contains(names[:min(len(names), maxItems)], name) || i == 2 && strings.Contains(word, "=")
		if begins {
			lines = append(lines, word)
		} else {
			lines[len(lines)-1] += " " + word
		}
	}
	return lines
}

func isHeaderLine(line string) bool {
	name, _, ok := strings.Cut(line, ":")
	return ok && name != "" && !strings.ContainsAny(name, "=&/% ")
}

func headerLines(lines []string) (headers []policy.Field) {
	for _, line := range lines[:min(len(lines), maxItems)] {
		if name, value, ok := strings.Cut(line, ":"); ok {
			headers = append(headers, policy.Field{Name: policy.LowerName(strings.TrimSpace(name)), Value: strings.TrimSpace(value)})
		}
	}
	return headers
}

// header returns a header's value, and whether the store saw it among those that are signed.
func (s *seenRequest) header(name string) (value string, ok bool) {
	i := fieldIndex(s.headers, name)
	if i < 0 {
		return "", false
	}
	return s.headers[i].Value, true
}

// parameter returns a parameter of the query by its name in lower case.
func (s *seenRequest) parameter(name string) string {
	for found, values := range s.query {
		if strings.EqualFold(found, name) {
			return values[0]
		}
	}
	return ""
}

// isPresigned reports whether the signature is in the query.
func (s *seenRequest) isPresigned() bool {
	return s.parameter("x-amz-algorithm")+s.parameter("x-goog-algorithm")+s.parameter("x-oss-signature-version") != ""
}
