package explain

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// MaxInput is the largest text that is read, in bytes.
const MaxInput = 1 << 20

// Errors for input that holds nothing to explain.
var (
	ErrTooLarge     = fmt.Errorf("explain: input: wants at most %d bytes", MaxInput)
	ErrUnrecognised = errors.New("explain: input: wants a policy, a form, a curl command, a presigned URL or a store's error")
)

// Options say what to hold the input against.
type Options struct {
	// Form is the simulated upload: its fields replace those of the same name that the input
	// carries. Beside a bare policy it is the whole form, but for the fields that signing adds.
	// Without it the input's own form is taken.
	Form []policy.Field
	// Size is the file's size in bytes; nil leaves sizes unjudged.
	Size *int64
	// Now is the store's clock.
	Now time.Time
	// Secret returns the secret access key of an access key ID, to check signatures with; nil
	// leaves them unchecked.
	Secret func(accessKeyID string) (sigv4.Secret, bool)
}

// Explain reads text and reports on it. It fails with ErrTooLarge or ErrUnrecognised and no report.
func Explain(text string, o Options) (Report, error) {
	if len(text) > MaxInput {
		return Report{}, ErrTooLarge
	}
	s := &session{options: o, text: strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))}
	if url := urlInside(s.text); url != "" {
		s.text = url
	}
	s.report.Kind = recognise(s.text)
	read, known := readers[s.report.Kind]
	if !known {
		return Report{}, ErrUnrecognised
	}
	read(s)
	s.report.settle()
	return s.report, nil
}

var readers = map[Kind]func(*session){
	KindPolicy:  (*session).readPolicy,
	KindForm:    (*session).readFormJSON,
	KindPage:    (*session).readPage,
	KindCommand: (*session).readCommand,
	KindURL:     (*session).readURL,
	KindError:   (*session).readStoreError,
}

// session is one call of Explain.
type session struct {
	options Options
	text    string
	report  Report
}

// recognise tells the kinds of input apart by how they begin.
func recognise(text string) Kind {
	lower := strings.ToLower(text)
	switch {
	case strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "http://"):
		return KindURL
	case strings.HasPrefix(text, "{"):
		return recogniseJSON(text)
	case isCommand(text):
		return KindCommand
	case strings.HasPrefix(text, "<") && (strings.Contains(lower, "<form") || strings.Contains(lower, "<input")):
		return KindPage
	case strings.HasPrefix(text, "<") && strings.Contains(text, "Error>"), isStoreMessage(text):
		return KindError
	case len(text) >= 4 && strings.Trim(text, base64Runes) == "":
		return KindPolicy
	}
	return ""
}

const base64Runes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_= \r\n\t"

// recogniseJSON looks for member names only: broken JSON shall still be explained.
func recogniseJSON(text string) Kind {
	switch {
	case strings.Contains(text, `"conditions"`) || strings.Contains(text, `"expiration"`) && !strings.Contains(text, `"fields"`):
		return KindPolicy
	case strings.Contains(text, `"fields"`) || strings.Contains(text, `"Values"`):
		return KindForm
	}
	return KindPolicy
}

// urlInside returns the presigned URL of a command, or of an answer of the JSON API: a PUT, or the
// first of some parts.
func urlInside(text string) string {
	if url := commandURL(text); url != "" {
		return url
	}
	var answer struct {
		Put   struct{ URL string }
		Parts []struct{ URL string }
	}
	if !strings.HasPrefix(text, "{") || json.Unmarshal([]byte(text), &answer) != nil {
		return ""
	}
	if len(answer.Parts) > 0 {
		return answer.Parts[0].URL
	}
	return answer.Put.URL
}
