package policy

import "time"

// Document is a POST policy: until when a form may be posted and what has to hold for it.
type Document struct {
	// Expiration is the instant from which the form is refused. It is written in UTC with whole
	// seconds; fractions are cut off.
	Expiration time.Time
	// Conditions all have to hold. Their order is the order of the form fields.
	Conditions []Condition
}

// Field is one form field.
type Field struct{ Name, Value string }

// Form is a signed form, ready to be shown or sent.
type Form struct {
	// URL is where the form posts to.
	URL string
	// Fields are all fields but the file, in order; the signature's are included. The file follows
	// them, in a field named "file".
	Fields []Field
	// VisitorFields names the fields that the visitor has to fill in, since the policy gives only
	// how they start. They belong before the file, too.
	VisitorFields []string
	// Policy is the signed text, base64. It is among Fields as well.
	Policy string
	// Expiration is the document's, in UTC.
	Expiration time.Time
}
