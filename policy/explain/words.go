package explain

import (
	"strings"

	"github.com/postern-dev/postern/policy"
)

// subjects are what conditions speak about, in words; others are "the field NAME".
var subjects = map[string]string{
	"bucket": "the bucket", "key": "the object's key", "acl": "the canned ACL", "content-type": "the content type",
	"cache-control": "the Cache-Control header", "content-disposition": "the Content-Disposition header",
	"content-encoding": "the Content-Encoding header", "expires": "the Expires header", "tagging": "the object's tags",
	"success_action_status": "the status of a successful answer", "success_action_redirect": "where the browser is sent afterwards",
	"redirect": "where the browser is sent afterwards", "x-amz-credential": "the credential", "x-amz-date": "the time of signing",
	"x-amz-algorithm": "the signing algorithm", "x-amz-security-token": "the session token", "x-amz-storage-class": "the storage class",
	"x-amz-server-side-encryption": "the encryption", "x-amz-website-redirect-location": "where the website redirects to",
}

// words says what a condition demands.
func words(c policy.Condition) string {
	if c.Operator() == policy.OpRange {
		least, most := c.Range()
		return "the file has " + bytes(least) + " to " + bytes(most) + ", both included"
	}
	who := subject(c.Field())
	if secretField(c.Field()) {
		return who + " is exactly the one that was signed"
	}
	switch {
	case c.Operator() == policy.OpEqual && c.Value() == "":
		return who + " is empty"
	case c.Operator() == policy.OpEqual:
		return who + " is exactly " + quote(c.Value())
	case c.Value() == "":
		return who + " may be anything, but the field has to be there"
	}
	return who + " begins with " + quote(c.Value())
}

func subject(field string) string {
	name := strings.ToLower(field)
	if text, ok := subjects[name]; ok {
		return text
	}
	if meta, ok := strings.CutPrefix(name, "x-amz-meta-"); ok {
		return "the metadata " + quote(meta)
	}
	return "the field " + quote(field)
}

func quote(text string) string { return "“" + clip(text) + "”" }

// secretField reports whether a field's value gives somebody else the power to upload.
func secretField(name string) bool {
	name = strings.ToLower(name)
	return name == "policy" || strings.HasSuffix(name, "-signature") || strings.HasSuffix(name, "-security-token")
}

// shown is a field's value as reports may repeat it.
func shown(name, value string) string {
	if secretField(name) && value != "" {
		return "(not repeated here)"
	}
	return clip(value)
}

// source is a condition as S3 writes it, without a secret.
func source(c policy.Condition) string {
	if c.Operator() == "" {
		return ""
	}
	if secretField(c.Field()) {
		return `["` + string(c.Operator()) + `", "$` + c.Field() + `", …]`
	}
	return clip(c.String())
}
