package explain

import (
	"strings"

	"github.com/postern-dev/postern/policy"
)

// describe lists what the policy and the form say.
func (x *explainer) describe() {
	d, f := x.document, x.form
	x.addFact("policy expires", formatInstant(d.Expiration)+" ("+formatDistance(d.Expiration, x.options.Now)+")")
	address, _, _ := strings.Cut(f.address, "?") // a query may carry a signature
	x.addFact("form posts to", address)
	for _, c := range d.Conditions {
		x.report.Conditions = append(x.report.Conditions, Condition{Source: conditionSource(c), Words: conditionInWords(c)})
	}
	if x.kind == KindPolicy && x.options.Form == nil {
		return // the form is derived
	}
	covering := map[string]policy.Condition{} // the last by the field's name in lower case
	for _, c := range d.Conditions {
		covering[policy.LowerName(c.Field())] = c
	}
	for _, field := range f.fields {
		x.report.Fields = append(x.report.Fields, coverage(field, covering))
	}
}

// coverage finds the condition that covers a field; covering has them by name in lower case.
func coverage(field policy.Field, covering map[string]policy.Condition) Field {
	out := Field{Name: repeat(field.Name), Value: redact(field.Name, field.Value), State: "uncovered"}
	name := policy.LowerName(field.Name)
	if name == "policy" || strings.HasSuffix(name, "signature") || strings.HasSuffix(name, "accesskeyid") || name == "googleaccessid" || name == "file" || strings.HasPrefix(name, "x-ignore-") {
		out.State = "exempt"
	}
	if c, ok := covering[name]; ok && !isRange(c) {
		out.State, out.Condition = "covered", conditionSource(c)
	}
	return out
}

// fieldsInWords names what conditions are about; others are "the field NAME".
var fieldsInWords = map[string]string{
	"bucket": "the bucket", "key": "the object's key", "acl": "the canned ACL", "content-type": "the content type",
	"cache-control": "the Cache-Control header", "content-disposition": "the Content-Disposition header",
	"content-encoding": "the Content-Encoding header", "expires": "the Expires header", "tagging": "the object's tags",
	"success_action_status": "the status of a successful answer", "success_action_redirect": "where the browser is sent afterwards",
	"redirect": "where the browser is sent afterwards", "x-amz-credential": "the credential", "x-amz-date": "the time of signing",
	"x-amz-algorithm": "the signing algorithm", "x-amz-security-token": "the session token", "x-amz-storage-class": "the storage class",
	"x-amz-server-side-encryption": "the encryption", "x-amz-website-redirect-location": "where the website redirects to",
}

// conditionInWords says what a condition demands.
func conditionInWords(c policy.Condition) string {
	if isRange(c) {
		least, most := c.Range()
		return "the file has " + formatSize(least) + " to " + formatSize(most) + ", both included"
	}
	field, exact := fieldInWords(c.Field()), c.Operator() == policy.OpEqual
	switch {
	case isSecretField(c.Field()):
		return field + " is exactly the one that was signed"
	case exact && c.Value() == "":
		return field + " is empty"
	case exact:
		return field + " is exactly " + quote(c.Value())
	case c.Value() == "":
		return field + " may be anything, but the field has to be there"
	}
	return field + " begins with " + quote(c.Value())
}

func fieldInWords(field string) string {
	name := strings.ToLower(field)
	if text, ok := fieldsInWords[name]; ok {
		return text
	}
	if metadata, ok := strings.CutPrefix(name, "x-amz-meta-"); ok {
		return "the metadata " + quote(metadata)
	}
	return "the field " + quote(field)
}

func quote(text string) string { return "“" + repeat(text) + "”" }

// isSecretField reports whether a field's value would let somebody else upload, or is a secret by
// the field's name.
func isSecretField(name string) bool {
	name = strings.ToLower(name)
	return name == "policy" || strings.HasSuffix(name, "signature") || strings.HasSuffix(name, "-security-token") || namesSecret(name)
}

// redact returns a field's value as reports may repeat it.
func redact(name, value string) string {
	if isSecretField(name) && value != "" {
		return hidden
	}
	return repeat(value)
}

// conditionSource is a condition as S3 writes it, without a secret. The zero Condition gives "".
func conditionSource(c policy.Condition) string {
	switch {
	case c.Operator() == "":
		return ""
	case isSecretField(c.Field()):
		return `["` + string(c.Operator()) + `", "$` + repeat(c.Field()) + `", …]`
	}
	return repeat(c.String())
}
