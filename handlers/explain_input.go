package handlers

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy"
)

const (
	// maxPasted is how much may be pasted into the explain page's form, in bytes.
	maxPasted = 1 << 20
	// maxPastedBody lets as much through whose every byte is percent-encoded.
	maxPastedBody = 3*maxPasted + 1<<10
	// maxPastedFields is how many fields to try are read. No store takes as many.
	maxPastedFields = 300
	// maxRepeated bounds what the answer shows of the text again, since markup makes it up to five
	// times as long.
	maxRepeated = 128 << 10
)

// errTooMuchPasted is returned for more than maxPasted.
var errTooMuchPasted = errors.New("handlers: more than 1 MiB was pasted")

// pasted is what somebody put into the explain page's form.
type pasted struct{ text, form, size string }

// readPasted reads the form's three fields from the body, and nothing else: it doesn't remember
// others, of which 1 MiB may hold half a million. It fails with errTooMuchPasted, or with a
// *problem.Error for a body that is no form.
func readPasted(c echo.Context) (p pasted, err error) {
	var body strings.Builder
	if _, err := io.Copy(&body, http.MaxBytesReader(c.Response(), c.Request().Body, maxPastedBody)); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return p, errTooMuchPasted
		}
		return p, &problem.Error{Code: problem.InvalidRequest, Detail: "wanted a form", Err: err}
	}
	fields := map[string]*string{"text": &p.text, "form": &p.form, "size": &p.size}
	for pair := range strings.SplitSeq(body.String(), "&") {
		name, value, _ := strings.Cut(pair, "=")
		into := fields[name]
		if into == nil {
			continue
		}
		delete(fields, name) // the first one counts
		if *into, err = url.QueryUnescape(value); err != nil {
			return p, &problem.Error{Code: problem.InvalidRequest, Detail: "wanted a form"}
		}
	}
	if len(p.text)+len(p.form)+len(p.size) > maxPasted {
		return p, errTooMuchPasted
	}
	return p, nil
}

// pastedFields reads one name=value per line, at most maxPastedFields; nothing at all is no form.
func pastedFields(text string) (fields []policy.Field) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		if name = strings.TrimSpace(name); name != "" && len(fields) < maxPastedFields {
			fields = append(fields, policy.Field{Name: name, Value: value})
		}
	}
	return fields
}

// repeated returns a text as the answer shows it again, "" if it is too long for that.
func repeated(text string) string {
	if len(text) > maxRepeated {
		return ""
	}
	return text
}
