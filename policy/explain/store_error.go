package explain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"unicode"

	"github.com/postern-dev/postern/policy"
)

// storeError is what a store answered. Members holds every element of its XML, or every member of
// its JSON, by the name in lower case: "code", "stringtosign", "maxsizeallowed".
type storeError struct {
	Code, Message string // as the store writes them; either may be empty
	members       map[string]string
}

// member returns the element or member of that name in lower case, "" if there is none.
func (e *storeError) member(name string) string { return e.members[name] }

const (
	// maxAnswerBytes bounds the memory for a store's answer. Stores answer with a few KiB, or with
	// 20 KiB where CanonicalRequest is there as text and as bytes.
	maxAnswerBytes = 128 << 10
	// maxMembers bounds the elements of an answer that are kept. No store has more than 20.
	maxMembers = 100
	// maxSentenceBytes bounds the text that is searched for a store's code or sentence.
	maxSentenceBytes = 16 << 10
)

// readStoreError reads a store's answer: XML, also cut short; JSON; a page that only names a
// status; or its sentence alone, perhaps in a line of an SDK or a command.
func (e *evidence) readStoreError(text string) {
	text = text[:min(len(text), maxAnswerBytes)]
	var members map[string]string
	switch {
	case strings.HasPrefix(text, "<"):
		members = readElements(text)
	case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "["):
		members = readMembers(text)
	default:
		members = readSentence(text)
	}
	answer := &storeError{Code: codeOf(members), Message: messageOf(members), members: members}
	if answer.Code == "" && answer.Message == "" {
		e.addFault(Finding{Code: "answer_unreadable", Wanted: "an <Error> with a <Code>, or the store's sentence"})
		return
	}
	if codeOfStore(answer.Code) == "" {
		answer.Code = cmp.Or(codeOfSentence(answer.Message), answer.Code)
	}
	e.storeError = answer
}

// codeSentences are parts of what S3 writes with a code, in lower case. SDKs and tools print the
// sentence without the code.
var codeSentences = []struct{ text, code string }{
	{"the difference between the request time and the", "RequestTimeTooSkewed"}, {"request signature we calculated does not match", "SignatureDoesNotMatch"},
	{"the specified bucket does not exist", "NoSuchBucket"}, {"the specified key does not exist", "NoSuchKey"},
	{"the specified upload does not exist", "NoSuchUpload"}, {"the specified multipart upload does not exist", "NoSuchUpload"},
	{"the aws access key id you provided does not exist", "InvalidAccessKeyId"}, {"code accessdenied", "AccessDenied"},
	{"s3exception: access denied", "AccessDenied"},
}

// codeOfSentence returns the code that S3 writes with a sentence, "" for other texts.
func codeOfSentence(text string) string {
	text = policy.LowerName(text[:min(len(text), maxSentenceBytes)])
	for _, s := range codeSentences {
		if strings.Contains(text, s.text) {
			return s.code
		}
	}
	if strings.Trim(text, " .") == "access denied" {
		return "AccessDenied"
	}
	return ""
}

// controlReference matches control characters, which XML doesn't have and some stores write.
var controlReference = regexp.MustCompile("&#(?:[0-8]|1[124-9]|2[0-9]|3[01]);|[\x00-\x08\x0b\x0c\x0e-\x1f]")

// readElements reads the elements that hold text alone. It is lenient, since answers are pasted in
// part: what follows a syntax error isn't read, and an element without an end lasts as far as the
// text.
func readElements(text string) map[string]string {
	d := xml.NewDecoder(strings.NewReader(controlReference.ReplaceAllString(text, "")))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	members, name, value := map[string]string{}, "", []byte(nil)
	keep := func() {
		if _, known := members[name]; name != "" && !known && len(members) < maxMembers {
			members[name] = string(bytes.TrimSpace(value))
		}
		name, value = "", value[:0]
	}
	for {
		token, err := d.RawToken()
		if err != nil {
			keep()
			return members
		}
		switch token := token.(type) {
		case xml.StartElement:
			name, value = policy.LowerName(token.Name.Local), value[:0]
		case xml.CharData:
			if name != "" {
				value = append(value, token...)
			}
		case xml.EndElement:
			keep()
		}
	}
}

// readMembers reads the members of JSON whose values are texts or numbers, at any depth. Of several
// of one name the first counts; of "code" the first that is a text, since Google writes the status
// there. A text that is itself a store's XML is read in its place.
func readMembers(text string) map[string]string {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	members, name := map[string]string{}, ""
	var objects []bool // for each open bracket: whether it is an object's
	isName := false
	for {
		token, err := d.Token()
		if err != nil {
			return members
		}
		inObject := len(objects) > 0 && objects[len(objects)-1]
		switch token := token.(type) {
		case json.Delim:
			if token == '{' || token == '[' {
				objects = append(objects, token == '{')
			} else {
				objects = objects[:len(objects)-1]
			}
			isName = len(objects) > 0 && objects[len(objects)-1]
			continue
		case string:
			if inObject && isName {
				name = policy.LowerName(token)
				isName = false
				continue
			}
			keepMember(members, name, token)
		case json.Number:
			keepNumber(members, name, token.String())
		}
		isName = inObject
	}
}

// keepMember keeps a text, or the elements of an answer in it.
func keepMember(members map[string]string, name, value string) {
	if i := strings.Index(value, "<Code>"); i >= 0 {
		for element, text := range readElements(value) {
			members[element] = text
		}
		return
	}
	if _, known := members[name]; !known && len(members) < maxMembers {
		members[name] = strings.TrimSpace(value)
	}
}

func keepNumber(members map[string]string, name, value string) {
	if name == "code" {
		name = "status"
	}
	keepMember(members, name, value)
}

// codeMembers may hold a store's code, in this order.
var codeMembers = []string{"code", "__type", "errorcode", "reason", "error", "name", "h1", "title"}

// codeOf returns the store's code: a word without blanks, or the status that a page has as heading.
func codeOf(members map[string]string) string {
	for _, name := range codeMembers {
		code := members[name]
		if _, rest, ok := strings.Cut(code, "#"); ok {
			code = rest // com.amazonaws.s3#AccessDenied
		}
		switch {
		case code == "" || strings.HasPrefix(code, "ERR_") || strings.HasSuffix(code, "Exception") && !isStoreCode(code):
		case name == "h1" || name == "title":
			return code
		case code[0] > '9' && !strings.ContainsFunc(code, unicode.IsSpace) && !strings.HasSuffix(code, "Error") || isStoreCode(code):
			return code
		}
	}
	return ""
}

// messageOf returns the store's sentence, "" if there is none.
func messageOf(members map[string]string) string {
	for _, name := range []string{"message", "errormessage", "error_description", "msg", "p"} {
		message := members[name]
		if strings.Contains(message, "\n") {
			message = strings.Join(strings.Fields(message), " ") // viewers of XML break lines
		}
		if message != "" {
			return message
		}
	}
	return ""
}

// readSentence finds a store's code in a line of an SDK or a command, and the sentence behind it.
// Without a code the whole text is the sentence, if a store is known to write it.
func readSentence(text string) map[string]string {
	text = text[:min(len(text), maxSentenceBytes)]
	for i := 0; i < len(text); {
		n := strings.IndexFunc(text[i:], func(r rune) bool { return !isCodeRune(r) })
		if n < 0 {
			n = len(text) - i
		}
		if word := text[i : i+n]; isDistinctCode(word) {
			return map[string]string{"code": word, "message": strings.TrimSpace(firstLine(sentenceAfter(text[i+n:])))}
		}
		i += n + 1
	}
	if matchSentence(text, "") != nil || codeOfSentence(text) != "" {
		return map[string]string{"message": strings.TrimSpace(text)}
	}
	return nil
}

func isCodeRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.'
}

// isDistinctCode reports whether a word is a store's code that nobody writes by chance: two capital
// letters after small ones, or an underscore.
func isDistinctCode(word string) bool {
	if len(word) < 6 || !isStoreCode(word) {
		return false
	}
	return strings.Contains(word, "_") || strings.IndexFunc(word[1:], unicode.IsUpper) > 0
}

// sentenceAfter returns the sentence behind a code, without what SDKs write between the two.
func sentenceAfter(rest string) string {
	if _, sentence, ok := strings.Cut(rest, " operation: "); ok && strings.HasPrefix(rest, ") when calling") {
		rest = sentence
	}
	rest = strings.TrimPrefix(strings.TrimLeft(rest, `)"'`), " (server)")
	rest = strings.TrimPrefix(rest, " (client)")
	return strings.TrimLeft(rest, ":-, \t\r\n\"'")
}

// isErrorSentence recognises a text that holds a store's code or sentence, without its XML.
func isErrorSentence(text string) bool { return len(readSentence(text)) > 0 }

// isErrorJSON recognises a store's answer as JSON, by the members that all of them have.
func isErrorJSON(text string) bool {
	members := readMembers(text[:min(len(text), maxAnswerBytes)])
	code := codeOf(members)
	return messageOf(members) != "" && (code != "" || matchSentence(messageOf(members), "") != nil) || isStoreCode(code)
}

// isErrorPage recognises a page whose heading is a status, such as those of Swift and of proxies.
func isErrorPage(text string) bool {
	if !strings.HasPrefix(text, "<") {
		return false
	}
	members := readElements(text[:min(len(text), maxSentenceBytes)])
	return matchSentence(members["h1"], "") != nil || matchSentence(members["title"], "") != nil || matchSentence(members["p"], "") != nil
}
