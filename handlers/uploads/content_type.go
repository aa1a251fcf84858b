package uploads

import (
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/postern-dev/postern/policy/profile"
)

// What is read of an object to find its type: its first bytes, and more behind blanks.
const (
	sniffBytes             = 4 << 10
	sniffBytesBehindBlanks = 64 << 10
)

const plainText = "text/plain"

// detectedType is the content type of an object's first bytes.
type detectedType struct{ *mimetype.MIME }

// base is the type without its parameters.
func (d detectedType) base() string { return baseType(d.MIME) }

func baseType(m *mimetype.MIME) string {
	name, _, _ := strings.Cut(m.String(), ";")
	return name
}

// detect finds the type of first bytes. What a browser could run comes before what the library
// finds.
func detect(first []byte) detectedType {
	if active := scriptable(first); active != "" {
		return detectedType{mimetype.Lookup(active)}
	}
	return detectedType{mimetype.Detect(first)}
}

// isSameType compares the content type that a store gives back with the planned one. A type that
// says nothing has several names, of which CleanType makes one. Of a list, also behind a semicolon,
// browsers take the last type ("extract a MIME type" in the Fetch Standard), so it is no type.
func isSameType(stored, planned string) bool {
	storedType, ok := profile.CleanType(stored)
	plannedType, _ := profile.CleanType(planned)
	return ok && storedType == plannedType && !strings.Contains(stored, ",")
}

// admits reports whether bytes of the detected type may be stored as the declared one under the
// profile's rules. What browsers would run as a page or script has to be named by the profile,
// whatever it was declared as. What a wildcard of the profile covers may go by any allowed name:
// browsers guess types from extensions, and guess wrong.
func (p *ServedProfile) admits(declared string, detected detectedType) bool {
	if !p.compiled.Allows(declared) || profile.Active(detected.base()) && p.nameOf(detected) == "" {
		return false
	}
	return p.coversByWildcard(detected.base()) || consistent(declared, detected)
}

// coversByWildcard reports whether a wildcard of the profile matches a type.
func (p *ServedProfile) coversByWildcard(base string) bool {
	return slices.ContainsFunc(p.Settings.Types, func(pattern string) bool {
		family, ok := strings.CutSuffix(pattern, "*")
		return ok && (family == "*/" || strings.HasPrefix(base, family))
	})
}

// nameOf is the profile's own name for a detected type, "" where it has none.
func (p *ServedProfile) nameOf(detected detectedType) string {
	names := profile.TypeNames(detected.base())
	for _, t := range p.Settings.Types {
		if detected.Is(t) || slices.Contains(names, t) {
			return t
		}
	}
	return ""
}

// typeFor decides the content type of an object that came without one: the profile's name for it,
// or the detected type where a family allows that, or the one type of the profile that such bytes
// may be.
func (p *ServedProfile) typeFor(detected detectedType) (string, bool) {
	if name := p.nameOf(detected); name != "" {
		return name, true
	}
	if chosen := p.compiled.Choose(detected.base()); chosen != "" {
		return chosen, true
	}
	only := ""
	for _, t := range p.Settings.Types {
		if strings.HasSuffix(t, "/*") || !p.admits(t, detected) {
			continue
		}
		if only != "" {
			return "", false
		}
		only = t
	}
	return only, only != ""
}

// consistent reports whether bytes of the detected type can be a file of the declared type.
// Detection sees the first bytes only and knows some formats as kinds of others (DOCX of ZIP, CSV
// of text), so either may be the more general one; a type that says nothing fits only what can't be
// detected.
func consistent(declared string, detected detectedType) bool {
	if declared == profile.OctetStream || detected.Is(declared) {
		return true
	}
	known := lookUp(declared)
	if known == nil {
		return plausible(declared, detected)
	}
	if detected.base() == profile.OctetStream {
		return false
	}
	if isPicture(known) != isPicture(detected.MIME) {
		return false // HEIC is a kind of MP4 to the detector, but no recording
	}
	return descends(known, detected.MIME) || descends(detected.MIME, known) || sameContainer(known, detected.MIME)
}

// lookUp finds a type under any of its names; nil where the library has none of them.
func lookUp(declared string) *mimetype.MIME {
	for _, name := range append([]string{declared}, profile.TypeNames(declared)...) {
		if known := mimetype.Lookup(name); known != nil {
			return known
		}
	}
	return nil
}

func isPicture(m *mimetype.MIME) bool { return strings.HasPrefix(m.String(), "image/") }

// descends reports whether general is among the ancestors of special.
func descends(special, general *mimetype.MIME) bool {
	for m := special; m != nil && m.Parent() != nil; m = m.Parent() {
		if m.Is(general.String()) {
			return true
		}
	}
	return false
}

// sameContainer covers recordings: their types differ by brand and codec while the container is the
// same, and cameras disagree about the name.
func sameContainer(a, b *mimetype.MIME) bool {
	return container(a) != "" && container(a) == container(b)
}

func container(m *mimetype.MIME) string {
	for ; m != nil; m = m.Parent() {
		switch base := baseType(m); base {
		case "video/mp4", "video/quicktime":
			return "video/mp4"
		case "application/ogg", "video/x-ms-asf":
			return base
		}
	}
	return ""
}

// plausible judges a declared type that can't be detected: its bytes must not look like something
// of another family.
func plausible(declared string, detected detectedType) bool {
	family, _, _ := strings.Cut(declared, "/")
	base := detected.base()
	switch family {
	case "image", "audio", "video", "font":
		return base == profile.OctetStream || strings.HasPrefix(base, family+"/") ||
			family != "image" && container(detected.MIME) != ""
	case "text":
		return descends(detected.MIME, mimetype.Lookup(plainText))
	}
	return true
}
