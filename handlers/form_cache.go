package handlers

import (
	"bytes"
	"context"
	"errors"
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

// formCache is the form page of a profile in one language. All but the values of the signed fields
// and the visitor's owner marks is the same for everybody, so the page is rendered once and kept in
// pieces: rendering it for every visit would cost more than signing the form.
type formCache struct {
	view      templates.FormView // without what is issued per visit
	component func(templates.FormView) templ.Component
	rendered  atomic.Pointer[renderedForm]
}

// renderedForm is a page in pieces: the owner marks go behind start, the values of the fields
// between the pieces.
type renderedForm struct {
	start  string
	names  []string // of the fields
	pieces []string // one more than names
	bytes  int
	// escaped are values of the first form that had to be escaped. They come from the profile, as
	// tags do, and are the same in the next form.
	escaped []escapedValue
}

// escapedValue is a value and its HTML; both are empty where nothing had to be escaped.
type escapedValue struct{ value, html string }

// placeholder stands for the value of field i while the page is rendered; nothing in a page looks
// like it.
func placeholder(i int) string { return "postern-value-2b9f6c0e-" + strconv.Itoa(i) + "-" }

// ownersAttribute is the attribute with the owner marks of a page; marks need no escape.
func ownersAttribute(marks string) string { return ` owners="` + marks + `"` }

// show sends the page with a signed form and the owner marks of the visitor. A form with the field
// names of the kept page uses that; any other is rendered.
func (f *formCache) show(c echo.Context, signed *policy.Form, owners []string) error {
	page := f.rendered.Load()
	if page == nil || !page.fits(signed) {
		fresh, err := f.render(c.Request().Context(), signed)
		if err != nil {
			return err
		}
		if page == nil {
			f.rendered.CompareAndSwap(nil, fresh)
		}
		page = fresh
	}
	b := pageBuffers.Get().(*bytes.Buffer)
	defer pageBuffers.Put(b)
	b.Reset()
	b.Grow(page.bytes + len(signed.Policy) + 1024)
	page.write(b, signed, owners)
	return sendPage(c, http.StatusOK, b.Bytes())
}

func (p *renderedForm) fits(signed *policy.Form) bool {
	if len(p.names) != len(signed.Fields) {
		return false
	}
	for i, f := range signed.Fields {
		if f.Name != p.names[i] {
			return false
		}
	}
	return true
}

var errPlaceholderLost = errors.New("handlers: form page: wanted the owner marks and every field's value once and in order, got another page")

// render renders the page with a placeholder for the owner marks and for each value, and cuts it
// there.
func (f *formCache) render(ctx context.Context, signed *policy.Form) (*renderedForm, error) {
	view := f.view
	view.Action, view.Owners = signed.URL, []string{placeholder(-1)}
	out := &renderedForm{names: make([]string, len(signed.Fields)), escaped: make([]escapedValue, len(signed.Fields))}
	for i, field := range signed.Fields {
		out.names[i] = field.Name
		if strings.ContainsAny(field.Value, escapedCharacters) {
			out.escaped[i] = escapedValue{field.Value, html.EscapeString(field.Value)}
		}
		view.Fields = append(view.Fields, templates.Field{Name: field.Name, Value: placeholder(i)})
	}
	var b strings.Builder
	if err := f.component(view).Render(ctx, &b); err != nil {
		return nil, err
	}
	start, rest, found := strings.Cut(b.String(), ownersAttribute(placeholder(-1)))
	if !found {
		return nil, errPlaceholderLost
	}
	out.start = start
	for i := range signed.Fields {
		before, after, found := strings.Cut(rest, placeholder(i))
		if !found {
			return nil, errPlaceholderLost
		}
		out.pieces, rest = append(out.pieces, before), after
	}
	out.pieces, out.bytes = append(out.pieces, rest), b.Len()
	return out, nil
}

func (p *renderedForm) write(b *bytes.Buffer, signed *policy.Form, owners []string) {
	b.WriteString(p.start)
	if len(owners) > 0 {
		b.WriteString(ownersAttribute(strings.Join(owners, " ")))
	}
	for i, f := range signed.Fields {
		b.WriteString(p.pieces[i])
		if known := &p.escaped[i]; known.value != "" && known.value == f.Value {
			b.WriteString(known.html)
			continue
		}
		writeEscaped(b, f.Value)
	}
	b.WriteString(p.pieces[len(p.pieces)-1])
}

// writeEscaped writes text as an attribute's value, as templ does. Most values need no escape, and
// the longest is the policy: looking for one byte at a time is many times faster than looking at
// each byte.
func writeEscaped(b *bytes.Buffer, text string) {
	for i := range len(escapedCharacters) {
		if strings.IndexByte(text, escapedCharacters[i]) >= 0 {
			text = html.EscapeString(text)
			break
		}
	}
	b.WriteString(text)
}

// escapedCharacters are the bytes that html.EscapeString replaces.
const escapedCharacters = `&<>"'`
