package policy

import "time"

// Document is a POST policy: until when a form may be posted, and what has to hold for it.
type Document struct {
	// Expiration is the instant from which the store refuses the form. Sign writes it in UTC and
	// whole seconds; fractions are cut off.
	Expiration time.Time
	// Conditions all have to hold. The form's fields have the same order.
	Conditions []Condition
}

// Field is one form field.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Is reports whether the field has the given name. As at stores, the case of ASCII letters makes no
// difference.
func (f Field) Is(name string) bool { return equalNames(f.Name, name) }

// Form is a signed form, ready to be shown or sent.
type Form struct {
	// URL is the bucket's, where the form posts to.
	URL string
	// Fields are all fields but the file, in order, those of the signature included. The file comes
	// last, in a field named "file".
	Fields []Field
	// VisitorFields names the fields that the visitor has to fill in, because the policy has only
	// their prefix. They have to come before the file, too.
	VisitorFields []string
	// Policy is the signed text, base64. It is among Fields as well.
	Policy string
	// Expiration is the document's, in UTC and whole seconds.
	Expiration time.Time
}

// equalNames compares field names. Only ASCII letters match in both cases: Unicode's rules would
// take the Kelvin sign (U+212A) for a k, which stores don't.
func equalNames(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lowerByte(a[i]) != lowerByte(b[i]) {
			return false
		}
	}
	return true
}

// LowerName returns the name of a field in lower case, so that two names are the same field exactly
// if their lower names are equal. As with Field.Is, only ASCII letters have two cases.
func LowerName(name string) string {
	for i := range len(name) {
		if lowerByte(name[i]) == name[i] {
			continue
		}
		lower := []byte(name)
		for j := i; j < len(lower); j++ {
			lower[j] = lowerByte(lower[j])
		}
		return string(lower)
	}
	return name
}

func lowerByte(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}
