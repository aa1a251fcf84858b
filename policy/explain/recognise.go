package explain

import (
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// read recognises the input and reads it: as it is, else after undoing what it is wrapped in, else
// as a text that holds something. simulated is Options.Form. It returns false for text of no known
// kind.
func (e *evidence) read(text string, simulated []policy.Field) bool {
	inner := text
	found := e.readWhole(inner)
	for range maxWrappers {
		var wrapped bool
		if found {
			break
		}
		if inner, wrapped = unwrap(inner); !wrapped {
			break
		}
		found = e.readWhole(inner)
	}
	found = found || e.readWithin(inner) || inner != text && e.readWithin(text) || e.readUnclear(inner)
	if e.kind == KindPolicy && e.document != nil && e.form == nil {
		e.form = deriveForm(e.document, simulated == nil)
	}
	if e.form != nil {
		e.completeForm(simulated)
	}
	if e.url != nil && e.request == nil && wrapsFile.MatchString(text[:min(len(text), maxCodeBytes)]) {
		e.request = &request{method: "PUT", body: bodyMultipart, form: newCommandForm()}
	}
	return found && !e.isUnrelated(inner)
}

// readWhole reads a text that is an input as a whole. It returns false for other texts.
func (e *evidence) readWhole(text string) bool {
	lower := strings.ToLower(text[:min(len(text), maxURLBytes)])
	switch isMarkup := strings.HasPrefix(text, "<") && !strings.HasPrefix(text, "< "); {
	case isOneURL(text):
		e.readURLOrAnswer(text)
	case isCommand(text):
		e.readCommand(text)
	case isMarkup && (hasFold(text, "<form") && !hasFold(text, "<formatstring") || hasFold(text, "<input")):
		e.kind = KindPage
		e.readPage(text)
	case isMarkup && strings.Contains(lower, "error>"), isMarkup && strings.Contains(lower, "<error"), isErrorPage(text):
		e.kind = KindError
		e.readStoreError(text)
	case isBase64Policy(text):
		e.kind = KindPolicy
		e.readPolicy(text)
	case strings.IndexByte("{[(", byte0(text)) >= 0:
		return e.readLiteral(text)
	default:
		return e.readPowerShell(text) || e.readHTTP(text) || e.readBody(text)
	}
	return true
}

// readWithin finds something to explain within a text.
func (e *evidence) readWithin(text string) bool {
	return e.readMessageFirst(text) || e.readPowerShell(text) || e.readHTTP(text) || e.readBody(text) || e.readCodeForm(text) ||
		e.readLiteralsWithin(text) || e.readLines(text) || e.readPairs(text) || e.readCode(text) || e.readCommandWithin(text) ||
		e.readAnswerWithin(text) || e.readBrowserMessage(text) || e.readPageWithin(text) || e.readURLWithin(text) || e.readSentence(text)
}

func byte0(text string) byte {
	if text == "" {
		return 0
	}
	return text[0]
}

// hasFold looks for lower-case text in another, whatever its case.
func hasFold(text, lower string) bool {
	for at := 0; ; at++ {
		i := strings.IndexByte(text[at:], lower[0])
		if i < 0 {
			return false
		}
		if at += i; len(text)-at >= len(lower) && strings.EqualFold(text[at:at+len(lower)], lower) {
			return true
		}
	}
}

// isOneURL recognises an address, also one that a terminal or a mail broke into lines.
func isOneURL(text string) bool {
	if !strings.HasPrefix(text, "http") || !hasFold(text[:min(len(text), len("https://"))], "://") {
		return false
	}
	end := strings.IndexAny(text[:min(len(text), maxURLBytes)], " \t\n")
	return end < 0 || !strings.ContainsAny(text[end:min(len(text), maxURLBytes)], "{[(<'\"")
}

// percentBase64 undoes percent-encoding of the signs of base64.
var percentBase64 = strings.NewReplacer("%3D", "=", "%3d", "=", "%2B", "+", "%2b", "+", "%2F", "/", "%2f", "/")

// base64Runes are those of both alphabets, and white space.
const base64Runes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_= \r\n\t"

// isBase64Policy recognises base64, unless it is that of something else than a policy.
func isBase64Policy(text string) bool {
	text = percentBase64.Replace(text)
	if len(text) < 4 || strings.Trim(text, base64Runes) != "" || strings.HasPrefix(strings.ToLower(text), "policy=") {
		return false
	}
	inner := strings.TrimSpace(decoded(text[:min(len(text), maxPolicyBytes)]))
	if !isPolicyStart(text) {
		return false
	}
	return inner == "" || !strings.HasPrefix(inner, "<") && !strings.HasPrefix(inner, "http") && !strings.HasPrefix(inner, "[") &&
		!(strings.HasPrefix(inner, "{") && strings.Contains(inner, `"fields"`))
}

// readURLOrAnswer reads a presigned URL.
func (e *evidence) readURLOrAnswer(text string) {
	e.kind = KindURL
	e.readURL(text)
}

// readCommand reads a command line. What it prints counts if it sends neither a form nor something
// to a presigned URL: it may be the form, or a store's error.
func (e *evidence) readCommand(text string) {
	r := commandRequest(text)
	if r.body == bodyNone && !isPresigned(r.address) {
		if _, output, ok := strings.Cut(text, "\n"); ok && (e.readWhole(strings.TrimSpace(output)) || e.readWithin(output)) {
			return
		}
	}
	e.readRequest(r)
	e.readAnswerWithin(text)
}

// readHTTP reads a request as it goes over the network.
func (e *evidence) readHTTP(text string) bool {
	r := httpRequest(text)
	if r == nil {
		return false
	}
	e.readRequest(r)
	e.readAnswerWithin(text)
	return true
}

func (e *evidence) readPowerShell(text string) bool {
	r := powerShellRequest(text)
	if r == nil {
		return false
	}
	e.readRequest(r)
	return true
}

// readBody reads the body of a form.
func (e *evidence) readBody(text string) bool {
	if !isMultipartBody(text) || hasRequestCall(text[:min(len(text), maxHeadBytes)]) {
		return false
	}
	e.kind, e.form = KindBody, multipartForm(text)
	return true
}

// readCode reads code that sends a request.
func (e *evidence) readCode(text string) bool {
	r := codeRequest(text[:min(len(text), maxCodeBytes)])
	if r == nil {
		return false
	}
	e.readRequest(r)
	e.readAnswerWithin(text)
	return true
}

// readCodeForm reads code that writes out a form field by field, its policy included.
func (e *evidence) readCodeForm(text string) bool {
	r := codeRequest(text[:min(len(text), maxCodeBytes)])
	if r == nil || !hasField(r.form.fields, "policy") && !hasField(r.form.afterFile, "policy") {
		return false
	}
	e.readRequest(r)
	return true
}

// readCommandWithin reads the first command of a text.
func (e *evidence) readCommandWithin(text string) bool {
	for at := 0; at < len(text); {
		i := strings.Index(text[at:], "curl ")
		if i < 0 {
			return false
		}
		if at += i; at == 0 || strings.IndexByte(" \n\t$`'\"(", text[at-1]) >= 0 {
			if isCommand(text[at:]) {
				e.readCommand(strings.TrimRight(text[at:], "`"))
				return true
			}
			return false
		}
		at += len("curl ")
	}
	return false
}

// readAnswerWithin reads a store's error within a text.
func (e *evidence) readAnswerWithin(text string) bool {
	answer := answerIn(text)
	if answer == "" {
		answer = sdkAnswer(text)
	}
	if answer == "" {
		return false
	}
	if e.kind == "" {
		e.kind = KindError
	}
	e.readStoreError(answer)
	return true
}

// readSentence reads a store's error by its code or sentence alone.
func (e *evidence) readSentence(text string) bool {
	if !isErrorSentence(text) {
		return false
	}
	e.kind = KindError
	e.readStoreError(text)
	return true
}

// readPageWithin reads a page behind headers, or within other text.
func (e *evidence) readPageWithin(text string) bool {
	if !hasFold(text, "<form") && !hasFold(text, "<input") {
		return false
	}
	e.kind = KindPage
	e.readPage(text[strings.IndexByte(text, '<'):])
	return true
}

// readURLWithin reads the first presigned URL in a text.
func (e *evidence) readURLWithin(text string) bool {
	for at := 0; at < len(text); {
		i := strings.Index(text[at:], "http")
		if i < 0 {
			break
		}
		at += i
		v, ok := (&literalReader{text: text, at: at}).bareAddress()
		if ok && strings.Contains(v.text, "ignature=") && isPresigned(v.text) {
			e.readURLOrAnswer(v.text)
			return true
		}
		at += max(len(v.text), len("http"))
	}
	return false
}

// wrapsFile matches code that wraps a file into a form: OkHttp, Alamofire, PHP's array of a
// CURLFile.
var wrapsFile = regexp.MustCompile(`MultipartBody|multipartFormData|MultipartFormDataContent|new CURLFile`)

// readUnclear reads a text that begins like JSON and holds nothing that could be read.
func (e *evidence) readUnclear(text string) bool {
	switch {
	case !strings.HasPrefix(text, "{"):
		return false
	case !hasFormMember(text) && !strings.Contains(text, `"conditions"`) && !strings.Contains(text, `"expiration"`):
		return false
	case strings.Contains(text, `"conditions"`) || strings.Contains(text, `"expiration"`):
		e.kind = KindPolicy
		e.readPolicy(text)
	default:
		e.kind = KindForm
		e.addFault(Finding{Code: "form_unreadable", Wanted: "a form's fields, or a policy"})
	}
	return true
}
