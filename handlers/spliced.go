package handlers

import (
	"bytes"
	"context"
	"html"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/templates"
)

// formText is a profile's form in one language: the view without what is issued per visit, and the
// page made of it, kept once it was rendered.
type formText struct {
	view    templates.FormView
	form    func(templates.FormView) templ.Component
	spliced atomic.Pointer[spliced]
}

// spliced is a rendered page cut open where the values of the form fields go. Rendering a whole
// page per visit would cost more than signing it; all but those values is the same for everybody.
type spliced struct {
	names  []string
	pieces []string // one more than names
	size   int
	// escaped are values that had to be escaped in the first form. They come from the profile, as
	// tags do, and are in the next form again.
	escaped []escaped
}

// escaped is a value and what is written for it; both are empty where nothing had to be escaped.
type escaped struct{ value, text string }

// slot is a placeholder that nothing in a page looks like.
func slot(i int) string { return "postern-slot-2b9f6c0e-" + strconv.Itoa(i) + "-" }

// show writes the page with a signed form. Only a form with the same field names as the one kept
// can use it; any other is rendered whole.
func (t *formText) show(c echo.Context, signed *policy.Form) error {
	page := t.spliced.Load()
	if page == nil || !page.fits(signed) {
		made, err := t.splice(c.Request().Context(), signed)
		if err != nil {
			return err
		}
		if page == nil {
			t.spliced.CompareAndSwap(nil, made)
		}
		page = made
	}
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	b.Grow(page.size + len(signed.Policy) + 1024)
	page.write(b, signed)
	return sendPage(c, http.StatusOK, b.Bytes())
}

func (s *spliced) fits(signed *policy.Form) bool {
	if len(s.names) != len(signed.Fields) {
		return false
	}
	for i, f := range signed.Fields {
		if f.Name != s.names[i] {
			return false
		}
	}
	return true
}

// splice renders the page once, with a placeholder for each value.
func (t *formText) splice(ctx context.Context, signed *policy.Form) (*spliced, error) {
	view := t.view
	view.Action = signed.URL
	out := &spliced{names: make([]string, len(signed.Fields)), escaped: make([]escaped, len(signed.Fields))}
	for i, f := range signed.Fields {
		out.names[i] = f.Name
		if strings.ContainsAny(f.Value, special) {
			out.escaped[i] = escaped{f.Value, html.EscapeString(f.Value)}
		}
		view.Fields = append(view.Fields, templates.Field{Name: f.Name, Value: slot(i)})
	}
	var b strings.Builder
	if err := t.form(view).Render(ctx, &b); err != nil {
		return nil, err
	}
	rest := b.String()
	for i := range signed.Fields {
		piece, after, _ := strings.Cut(rest, slot(i))
		out.pieces, rest = append(out.pieces, piece), after
	}
	out.pieces, out.size = append(out.pieces, rest), b.Len()
	return out, nil
}

func (s *spliced) write(b *bytes.Buffer, signed *policy.Form) {
	for i, f := range signed.Fields {
		b.WriteString(s.pieces[i])
		if known := &s.escaped[i]; known.value != "" && known.value == f.Value {
			b.WriteString(known.text)
			continue
		}
		writeEscaped(b, f.Value)
	}
	b.WriteString(s.pieces[len(s.pieces)-1])
}

// writeEscaped writes text as an attribute's value, as templ does. Most values need no escape, and
// the longest is the policy: looking for one byte at a time is many times faster than looking at
// each byte.
func writeEscaped(b *bytes.Buffer, text string) {
	for i := range len(special) {
		if strings.IndexByte(text, special[i]) >= 0 {
			text = html.EscapeString(text)
			break
		}
	}
	b.WriteString(text)
}

// special are the bytes that html.EscapeString replaces.
const special = `&<>"'`

// sendPage writes a page that was made before.
func sendPage(c echo.Context, status int, page []byte) error {
	to := c.Response().Header()
	to[echo.HeaderContentType] = htmlType
	to[echo.HeaderContentLength] = []string{strconv.Itoa(len(page))}
	c.Response().WriteHeader(status)
	_, err := c.Response().Write(page)
	return err
}

var htmlType = []string{echo.MIMETextHTMLCharsetUTF8}
