package policy

import "strings"

// fieldTraits are what a field's name alone decides.
type fieldTraits struct {
	kind      fieldKind
	dialects  dialectSet // whose forms know the field
	plainName bool       // the name needs no escape in JSON
}

// fieldKind sorts fields by what Sign has to know about their conditions.
type fieldKind uint8

const (
	kindOther fieldKind = iota
	kindBucket
	kindKey
	kindMetadata
	kindSignature // written by Sign alone, or no field that a condition can be about
	kindRedirect
	kindStatus
	kindWebsite // where a website bucket redirects to
	kindStore   // another field of the store's own: it allows no prefix
	kindIgnored
)

// knownFields holds the traits of the fields that most policies have, as the constructors spell
// them.
var knownFields = func() map[string]fieldTraits {
	traits := make(map[string]fieldTraits)
	for _, field := range []string{"bucket", "key", "acl", "tagging", "Content-Type", "Content-Disposition", "Content-Encoding", "Cache-Control", "Expires",
		"success_action_status", "success_action_redirect", "x-amz-storage-class", encryptionField, encryptionField + "-aws-kms-key-id"} {
		traits[field] = traitsOf(field)
	}
	return traits
}()

func traitsOf(field string) fieldTraits {
	name := LowerName(field)
	return fieldTraits{kind: kindOf(name), dialects: dialectsOf(name), plainName: classesOf(field)&classEscaped == 0}
}

// kindOf returns the kind of a field by its name in lower case.
func kindOf(name string) fieldKind {
	switch name {
	case "bucket":
		return kindBucket
	case "key":
		return kindKey
	case "redirect", "success_action_redirect":
		return kindRedirect
	case "success_action_status":
		return kindStatus
	case "policy", "file", "content-length-range":
		return kindSignature
	case "x-amz-website-redirect-location":
		return kindWebsite
	}
	if strings.HasPrefix(name, "x-ignore-") {
		return kindIgnored
	}
	for _, prefix := range []string{"x-amz-", "x-oss-", "x-goog-"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return kindOfStoreField(rest)
		}
	}
	return kindOther
}

// kindOfStoreField is kindOf for a store's own fields, without their prefix.
func kindOfStoreField(rest string) fieldKind {
	switch rest {
	case "algorithm", "signature-version", "credential", "date", "security-token", "signature":
		return kindSignature
	}
	if strings.HasPrefix(rest, "meta-") {
		return kindMetadata
	}
	return kindStore
}
