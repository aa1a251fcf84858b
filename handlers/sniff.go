package handlers

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/gabriel-vasile/mimetype"

	"github.com/postern-dev/postern/policy/profile"
)

// sniffBytes is how much of an object is looked at.
const sniffBytes = 4096

const plainText = "text/plain"

// sniff looks at the first bytes of the object that was found, and only of that one: an object
// replaced meanwhile fails with a conflict.
func (h *Handlers) sniff(ctx context.Context, up held, found *s3.HeadObjectOutput) (*mimetype.MIME, error) {
	if aws.ToInt64(found.ContentLength) == 0 {
		return mimetype.Lookup(profile.OctetStream), nil
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.StoreTimeout)
	defer cancel()
	out, err := h.config.Store.GetObject(ctx, &s3.GetObjectInput{Bucket: &up.bucket, Key: &up.key,
		Range: aws.String("bytes=0-4095"), IfMatch: found.ETag}, bareChecksums)
	if err != nil {
		return nil, storeError(err)
	}
	defer func() { _ = out.Body.Close() }()
	first, err := io.ReadAll(io.LimitReader(out.Body, sniffBytes))
	if err != nil {
		return nil, storeError(err)
	}
	return mimetype.Detect(first), nil
}

// baseType is a type without its parameters.
func baseType(m *mimetype.MIME) string {
	name, _, _ := strings.Cut(m.String(), ";")
	return name
}

// admits reports whether bytes of the detected type may be stored as the declared one under the
// profile's rules. What browsers would run as a page or script has to be named by the profile,
// whatever it was declared as. What a wildcard of the profile covers may go by any allowed name:
// browsers guess types from extensions, and guess wrong.
func (g *gate) admits(declared string, detected *mimetype.MIME) bool {
	if !g.compiled.Allows(declared) || profile.Active(baseType(detected)) && g.named(detected) == "" {
		return false
	}
	return g.covered(baseType(detected)) || consistent(declared, detected)
}

// covered reports whether a wildcard of the profile matches a type.
func (g *gate) covered(base string) bool {
	return slices.ContainsFunc(g.profile.Types, func(pattern string) bool {
		family, ok := strings.CutSuffix(pattern, "*")
		return ok && (family == "*/" || strings.HasPrefix(base, family))
	})
}

// named is the profile's own name for a detected type, "" where it has none.
func (g *gate) named(detected *mimetype.MIME) string {
	for _, t := range g.profile.Types {
		if detected.Is(t) {
			return t
		}
	}
	return ""
}

// typeFor decides the content type of an object that came without one: the profile's name for it,
// or the detected type where a family allows that, or the one type of the profile that such bytes
// may be.
func (g *gate) typeFor(detected *mimetype.MIME) (string, bool) {
	if name := g.named(detected); name != "" {
		return name, true
	}
	if base := baseType(detected); g.compiled.Allows(base) {
		return base, true
	}
	only := ""
	for _, t := range g.profile.Types {
		if strings.HasSuffix(t, "/*") || !g.admits(t, detected) {
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
func consistent(declared string, detected *mimetype.MIME) bool {
	if declared == profile.OctetStream || detected.Is(declared) {
		return true
	}
	known := mimetype.Lookup(declared)
	if known == nil {
		return plausible(declared, detected)
	}
	if baseType(detected) == profile.OctetStream {
		return false
	}
	if picture(known) != picture(detected) {
		return false // HEIC is a kind of MP4 to the detector, but no recording
	}
	return descends(known, detected) || descends(detected, known) || sameContainer(known, detected)
}

func picture(m *mimetype.MIME) bool { return strings.HasPrefix(m.String(), "image/") }

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
func plausible(declared string, detected *mimetype.MIME) bool {
	family, _, _ := strings.Cut(declared, "/")
	base := baseType(detected)
	switch family {
	case "image", "audio", "video", "font":
		return base == profile.OctetStream || strings.HasPrefix(base, family+"/") ||
			family != "image" && container(detected) != ""
	case "text":
		return descends(detected, mimetype.Lookup(plainText))
	}
	return true
}
