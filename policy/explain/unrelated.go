package explain

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

// isUnrelated reports whether what was read has nothing to do with an upload to a store: a request
// to another API, another form, another program's error. text is the whole input.
func (e *evidence) isUnrelated(text string) bool {
	switch {
	case e.storeError != nil:
		return e.isForeignError()
	case e.form != nil:
		return e.document == nil && !isStoreForm(e.form)
	case e.url != nil:
		return !isStoreURL(e.url) && (e.request == nil || e.request.method != "PUT")
	case e.kind == KindError:
		return answerIn(text) == "" && !isErrorSentence(text) && strings.Contains(text, "<!DOCTYPE")
	case e.kind == KindPage:
		return !hasFold(text, "policy") && !hasFold(text, "x-amz-")
	}
	return false
}

// formSigns are parts of the names of fields that only signed forms have, in lower case.
var formSigns = []string{"x-amz-", "x-goog-", "x-oss-", "x_oss_", "q-sign", "accesskeyid", "accessid", "googleaccessid", "success_action_"}

// isStoreForm reports whether a form without a readable policy is one for a store: by its address,
// its fields, or something in the place of its policy.
func isStoreForm(f *form) bool {
	if isStoreAddress(f.address) || f.incomplete || f.templated {
		return true
	}
	if f.address != "" && hasField(f.fields, "key") && !hasField(f.fields, "token") { // Qiniu takes a token
		return true
	}
	for _, field := range f.fields {
		name := strings.ToLower(field.Name)
		if containsAny(name, formSigns) || name == "policy" && (f.unread[name] || looksLikePolicy(field.Value)) {
			return true
		}
	}
	return false
}

// looksLikePolicy reports whether a value may be a policy, a spoiled one or what stands in its
// place.
func looksLikePolicy(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) >= 16 || text == "" || placeholder.MatchString(text) || leftOut.MatchString(text) || strings.HasPrefix(text, "{")
}

// storeHost matches the hosts of stores, and what people call their own.
var storeHost = regexp.MustCompile(`(?i)amazonaws\.com|storage\.googleapis|cloudflarestorage|r2\.dev|backblazeb2|digitaloceanspaces|wasabisys|aliyuncs|myqcloud|myhuaweicloud|` +
	`linodeobjects|vultrobjects|scw\.cloud|ovh|hetzner|oraclecloud|supabase|idrivee2|storj|tigris|min\.?io|garage|ceph|(?:^|[.-])(?:s3|oss|obs|cos|rgw|bucket|storage|objects?|blob|swift)(?:[.-]|\d|$)`)

// isStoreAddress reports whether an address is likely a store's: by its host, or its port, which is
// that of MinIO, Garage, RustFS and LocalStack.
func isStoreAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Port() {
	case "9000", "3900", "4566", "8333":
		return true
	}
	return storeHost.MatchString(u.Hostname())
}

// isStoreURL reports whether a URL is signed, or has something of a signature, or is a store's.
func isStoreURL(u *presignedURL) bool {
	if !u.signature.isEmpty() || otherSignature(u.query) != "" || isStoreAddress(u.address.String()) {
		return true
	}
	for name := range u.query {
		if containsAny(name, formSigns) || name == "signature" || name == "uploadid" || name == "amp" {
			return true
		}
	}
	return false
}

var (
	// foreignCode matches the codes of other APIs; no store writes its codes so.
	foreignCode = regexp.MustCompile(`^[a-z]+(?:_[a-z0-9]+)+$`)
	// storeOperation matches the operations of S3 and of the service that gives its credentials.
	storeOperation = regexp.MustCompile(`Object|Bucket|Multipart|Part|Upload|Assume|Session|CallerIdentity`)
	// foreignAction matches an action of another service in a refusal by IAM.
	foreignAction = regexp.MustCompile(`(?:perform:|allows the) (\w+):`)
)

// isForeignError reports whether an error isn't a store's: its code is written as no store's is, or
// it names an operation of another service.
func (e *evidence) isForeignError() bool {
	m := e.storeError
	if foreignCode.MatchString(m.Code) && !isStoreCode(m.Code) && m.member("requestid") == "" {
		return true
	}
	if operation := m.member("operation"); operation != "" && !storeOperation.MatchString(operation) {
		return true
	}
	action := foreignAction.FindStringSubmatch(m.Message)
	return action != nil && !strings.HasPrefix(action[1], "s3") && !strings.HasPrefix(action[1], "obs") && action[1] != "kms" && action[1] != "sts" && action[1] != "oss" && action[1] != "name"
}

// decodedStart undoes base64 of as much of a text as is whole, "" if it isn't base64.
func decodedStart(text string) string {
	inner, err := base64.RawStdEncoding.DecodeString(text[:len(text)/4*4])
	if err != nil {
		return ""
	}
	return string(inner)
}

// isPolicyStart reports whether base64 is that of JSON, perhaps of base64 of it, by how it begins.
func isPolicyStart(text string) bool {
	text = plainBase64.Replace(text[:min(len(text), maxNameBytes)])
	for range maxWrappers {
		text = strings.TrimSpace(decodedStart(text))
		if text == "" || strings.Trim(text, base64Runes) != "" {
			break
		}
	}
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "\ufeff{") || strings.HasPrefix(text, `"{`) || strings.HasPrefix(text, "\xff\xfe{") || strings.HasPrefix(text, "{\x00")
}

// hasFormMember reports whether a text names something of a signed form.
func hasFormMember(text string) bool {
	for _, member := range []string{`"fields"`, `"policy"`, "x-amz-", "x-goog-", "x-oss-"} {
		if hasFold(text, member) {
			return true
		}
	}
	return false
}
