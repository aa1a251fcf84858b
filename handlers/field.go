package handlers

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/sigv4"
	"github.com/postern-dev/postern/templates"
)

// Field is an upload control inside a form of the host's own, see Form.Field. It is a
// templ.Component; its methods return a changed copy.
type Field struct {
	form               *Form
	name, label        string
	uploaded           []receipts.Receipt
	required, disabled bool
	err                error
}

// Label names the field for people. Without it that is a general word.
func (f Field) Label(text string) Field {
	f.label = text
	return f
}

// Required asks for at least one file. Without script the host has to look itself.
func (f Field) Required() Field {
	f.required = true
	return f
}

// Disabled shows the field, takes no files and sends none.
func (f Field) Disabled() Field {
	f.disabled = true
	return f
}

// Error shows what was wrong with the field: the sentence of a *FieldError, a general one for a
// *problem.Error, whose cause isn't for visitors, and the text of any other error. nil shows
// nothing.
func (f Field) Error(err error) Field {
	f.err = err
	return f
}

// Render implements templ.Component. It refuses a name that no form can send, and a server that
// mints no receipts.
func (f Field) Render(ctx context.Context, w io.Writer) error {
	issuer := f.form.h.objects.issuer
	if issuer == nil {
		return errors.New("handlers: Field: wanted a server that mints receipts")
	}
	if err := checkFieldName(f.name); err != nil {
		return err
	}
	t, view := f.form.texts, templates.FieldView{FormView: f.form.view(), Name: f.name, Label: f.label,
		Required: f.required, Disabled: f.disabled, Error: f.sentence()}
	view.Proof = f.form.h.fieldProofs.mint(f.form.profile.Settings.Name, f.name)
	view.SubmitLabel, view.KeepHint = t.Text("page.field.upload"), t.Text("page.field.keep")
	if view.Label == "" {
		view.Label = view.FilesLabel
	}
	for _, r := range f.uploaded {
		receipt, err := issuer.MintAgain(r)
		if err != nil {
			return err
		}
		name := cmp.Or(r.Filename, t.FileType(r.Type)) // without script nobody says the name
		view.Files = append(view.Files, templates.FieldFile{Receipt: receipt, Name: name, Size: t.Size(r.Size)})
	}
	return templates.UploadField(view).Render(ctx, w)
}

// sentence is what people are told of the field's error.
func (f Field) sentence() string {
	var refused *FieldError
	var failed *problem.Error
	switch {
	case f.err == nil:
		return ""
	case errors.As(f.err, &refused) && refused.text != "": // in the form's language, which the host may have chosen
		return f.form.texts.Text(refused.text)
	case refused != nil:
		return refused.Sentence
	case errors.As(f.err, &failed):
		return f.form.h.respond.errorView(f.form.texts, failed).Message
	}
	return f.err.Error()
}

// maxFieldName is the longest name of a field in bytes; it travels in tokens.
const maxFieldName = 100

func checkFieldName(name string) error {
	switch {
	case name == "", len(name) > maxFieldName, !utf8.ValidString(name), strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("handlers: field name: wanted 1 to %d bytes of UTF-8 without control characters, got %q", maxFieldName, name)
	case name == proofParameter, name == buttonParameter:
		return fmt.Errorf("handlers: field name: %q means something else in a form with a field", name)
	}
	return nil
}

// fieldProofs prove that a page of ours had a field of a name for a profile: a form that is posted
// says which, and a visitor can't make a field take the receipts of another profile. They name no
// visitor and don't end; receipts do both.
type fieldProofs struct{ keys []sigv4.Secret }

// newFieldProofs derives the keys from the token keys: the first makes proofs, all verify.
func newFieldProofs(tokenKeys []sigv4.Secret) (fieldProofs, error) {
	keys, err := uploads.DeriveKeys(tokenKeys, "postern field")
	return fieldProofs{keys}, err
}

// mint is the proof of a field: the HMAC, the profile's name, which has no dot, and the field's.
func (p fieldProofs) mint(profileName, field string) string {
	return proofWith(p.keys[0], profileName, field)
}

func proofWith(key sigv4.Secret, profileName, field string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(profileName + "." + field))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) + "." + profileName + "." + field
}

// profileOf is the profile of a field by the proofs that were posted; "" where none is for it.
func (p fieldProofs) profileOf(field string, posted []string) string {
	for _, proof := range posted {
		parts := strings.SplitN(proof, ".", 3)
		if len(parts) != 3 || parts[2] != field {
			continue
		}
		for _, key := range p.keys {
			if hmac.Equal([]byte(proofWith(key, parts[1], field)), []byte(proof)) {
				return parts[1]
			}
		}
	}
	return ""
}
