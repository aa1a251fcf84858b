package templates

import "github.com/a-h/templ"

// FieldView is an upload control inside a form of the host's own, see [UploadField].
type FieldView struct {
	// FormView is the profile's form. Heading, Subtitle, Hint, Action, Fields and Ask aren't used;
	// SubmitLabel is the button that leads to the upload page.
	FormView
	// Name is the name under which the host's form sends the receipts.
	Name string
	// Label names the field.
	Label string
	// Required asks for one file at least. Disabled takes no files and sends none.
	Required, Disabled bool
	// Proof is sent with the form, as postern-field: it says which profile the field is for.
	Proof string
	// Files were uploaded before, and are sent with the form.
	Files []FieldFile
	// KeepHint says, beside Files, how to leave one out without script.
	KeepHint string
	// Error says what was wrong with the field when the form was sent. May be empty.
	Error string
}

// FieldFile is a file that was uploaded already. Receipt is what the form sends; Name and Size are
// for people ("2 MB").
type FieldFile struct{ Receipt, Name, Size string }

// fieldAttributes are the attributes of the element, which the script reads.
func (view FieldView) fieldAttributes() templ.OrderedAttributes {
	return append(view.attributes(),
		templ.KeyValue[string, any]{Key: "name", Value: view.Name},
		templ.KeyValue[string, any]{Key: "required", Value: view.Required},
		templ.KeyValue[string, any]{Key: "disabled", Value: view.Disabled},
	)
}
