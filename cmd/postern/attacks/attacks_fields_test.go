package attacks

import (
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

func attributeAttacks() []attack {
	fields := map[string][2]string{
		"another acl":              {"acl", "public-read-write"},
		"another acl, other case":  {"ACL", "public-read"},
		"an acl by its header":     {"x-amz-acl", "public-read"},
		"other tags":               {"tagging", "<Tagging><TagSet><Tag><Key>stage</Key><Value>done</Value></Tag></TagSet></Tagging>"},
		"a storage class":          {"x-amz-storage-class", "GLACIER"},
		"a website redirect":       {"x-amz-website-redirect-location", "https://evil.test/"},
		"another role":             {"x-amz-meta-role", "admin"},
		"other metadata":           {"x-amz-meta-source", "phone"},
		"an encryption key":        {"x-amz-server-side-encryption-aws-kms-key-id", "mine"},
		"a key of the client's":    {"x-amz-server-side-encryption-customer-algorithm", "AES256"},
		"an encoding":              {"Content-Encoding", "gzip"},
		"a disposition":            {"Content-Disposition", "inline"},
		"a longer life in caches":  {"Cache-Control", "max-age=31536000"},
		"an expiry":                {"Expires", "Thu, 01 Dec 2033 16:00:00 GMT"},
		"a field nobody knows":     {"x-evil", "1"},
		"another day":              {"x-amz-date", "20200101T000000Z"},
		"a checksum nobody wanted": {"x-amz-checksum-crc32", "AAAAAA=="},
	}
	var list []attack
	for name, f := range fields {
		list = append(list, each(rowAttribute, bothForms, name, spoilt(field(f[0], f[1])), 403, "AccessDenied")...)
	}
	list = append(list, each(rowAttribute, bothForms, "another session", spoilt(field("x-amz-security-token", "mine")), 400, "InvalidToken")...)
	list = append(list, each(rowAttribute, bothForms, "another algorithm", spoilt(field("x-amz-algorithm", "AWS4-HMAC-SHA1")), 400, "InvalidArgument")...)
	list = append(list, each(rowAttribute, bothForms, "another credential",
		spoilt(field("x-amz-credential", "mine/20261121/us-east-1/s3/aws4_request")), 404, "XAdminUserNotFound")...)
	for name, header := range map[string][2]string{"another acl": {"x-amz-acl", "public-read"}, "other tags": {"x-amz-tagging", "stage=done"}} {
		list = append(list, attack{rowAttribute, byPUT, name, put(putHeader(header[0], header[1])), 403, "SignatureDoesNotMatch"})
	}
	for name, header := range map[string][2]string{
		"a role": {"x-amz-meta-role", "admin"}, "a storage class": {"x-amz-storage-class", "GLACIER"},
		"a redirect":                  {"x-amz-website-redirect-location", "https://evil.test/"},
		"a copy of somebody's object": {"x-amz-copy-source", "/walls/users/else/secret.png"},
	} {
		list = append(list, attack{rowAttribute, byPUT, name, put(putHeader(header[0], header[1])), 403, "AccessDenied"})
	}
	return slices.Concat(list, memberAttacks())
}

// memberAttacks ask the API for what only the operator decides.
func memberAttacks() []attack {
	members := map[string]string{
		"an acl": `"acl":"public-read"`, "a key": `"key":"users/else.png"`, "a bucket": `"bucket":"other"`, "a prefix": `"prefix":""`,
		"tags": `"tags":{"stage":"done"}`, "a storage class": `"storageClass":"GLACIER"`, "a redirect": `"redirect":"https://evil.test/"`,
		"a subject": `"subject":"somebody"`, "a method": `"method":"put"`, "a lifetime": `"lifetime":"7d"`, "a part size": `"partSize":1`,
		"metadata that isn't listed": `"metadata":{"role":"admin"}`, "the operator's own metadata": `"metadata":{"source":"phone"}`,
		"metadata that isn't text":      `"metadata":{"album":1}`,
		"metadata by its header's name": `"metadata":{"x-amz-meta-album":"a"}`, "metadata without end": `"metadata":{"album":"` + strings.Repeat("a", 3000) + `"}`,
	}
	var list []attack
	for name, text := range members {
		body := strings.TrimSuffix(goodBody, "}") + "," + text + "}"
		list = append(list, attack{rowAttribute, byAPI, "asking for " + name, posted(body), 400, "invalid_request"})
	}
	return list
}

func redirectAttacks() []attack {
	targets := map[string]string{
		"script": "javascript:alert(1)", "no scheme": "//evil.test/", "a name in disguise": "https://ok@evil.test/", "elsewhere": "https://evil.test/",
		"a tab within": "java\tscript:alert(1)", "a query of its own": "http://127.0.0.1/?key=else", "nowhere": "",
	}
	var list []attack
	for name, target := range targets {
		list = append(list, attack{rowRedirect, byForm, name, spoilt(field("success_action_redirect", target))(byForm), 403, "AccessDenied"})
	}
	return append(list,
		attack{rowRedirect, byForm, "the longer name of the field", spoilt(field("redirect", "https://evil.test/"))(byForm), 403, "AccessDenied"},
		attack{rowRedirect, byPOST, "a redirect in a form that has none", spoilt(field("success_action_redirect", "https://evil.test/"))(byPOST), 403, "AccessDenied"},
	)
}

func sizeAttacks() []attack {
	body := func(bytes int) func(*attempt, *testclient.Post) int {
		return func(*attempt, *testclient.Post) int { return bytes }
	}
	putBody := func(bytes int) func(*attempt, *testclient.Put) int {
		return func(*attempt, *testclient.Put) int { return bytes }
	}
	partBody := func(bytes int) func(*attempt, *testclient.Part) int {
		return func(*attempt, *testclient.Part) int { return bytes }
	}
	return slices.Concat(
		each(rowSize, bothForms, "more than the largest size", spoilt(body(most+1)), 400, "EntityTooLarge"),
		each(rowSize, bothForms, "less than the smallest size", spoilt(body(least-1)), 400, "EntityTooSmall"),
		each(rowSize, bothForms, "nothing", spoilt(body(0)), 400, "EntityTooSmall"),
		each(rowSize, bothForms, "a hundred times more", spoilt(body(100*most)), 400, "EntityTooLarge"),
		[]attack{
			{rowSize, byPOST, "one byte more than announced", spoilt(body(size + 1))(byPOST), 400, "EntityTooLarge"},
			{rowSize, byPOST, "one byte less than announced", spoilt(body(size - 1))(byPOST), 400, "EntityTooSmall"},
			{rowSize, byPUT, "one byte more than announced", put(putBody(size + 1)), 403, "SignatureDoesNotMatch"},
			{rowSize, byPUT, "one byte less than announced", put(putBody(size - 1)), 403, "SignatureDoesNotMatch"},
			{rowSize, byPUT, "nothing", put(putBody(0)), 403, "SignatureDoesNotMatch"},
			{rowSize, byPUT, "the length taken out of what is signed", put(putURL("content-length%3B", "")), 403, "SignatureDoesNotMatch"},
			{rowSize, byMultipart, "one byte more than planned", part(partBody(partSize + 1)), 403, "SignatureDoesNotMatch"},
			{rowSize, byMultipart, "one byte less than planned", part(partBody(partSize - 1)), 403, "SignatureDoesNotMatch"},
			{rowSize, byMultipart, "nothing", part(partBody(0)), 403, "SignatureDoesNotMatch"},
			{rowSize, byMultipart, "the part number of a part that isn't planned", part(partURL("partNumber=1", "partNumber=4")), 403, "SignatureDoesNotMatch"},
			{rowSize, byMultipart, "another upload's ID", part(partURL("uploadId=", "uploadId=0")), 403, "SignatureDoesNotMatch"},
			{rowSize, byMultipart, "completing without any part", completedEarly, 409, "incomplete"},
			{rowSize, byMultipart, "completing with a part swapped behind our back", swappedPart, 409, "size_mismatch"},
			{rowSize, byPOST, "an object swapped behind our back for a bigger one", swappedObject(size + 1), 409, "size_mismatch"},
			{rowSize, byPUT, "an object swapped behind our back for a smaller one", swappedObject(size - 1), 409, "size_mismatch"},
		},
	)
}

func policyAttacks() []attack {
	edits := map[string]func(string) string{
		"another type allowed":     func(p string) string { return strings.Replace(p, "$key", "$x-amz-meta-key", 1) + " " },
		"no closing brace":         func(p string) string { return strings.TrimSuffix(p, "}") },
		"a condition more":         func(p string) string { return strings.TrimSuffix(p, "]}") + `,["starts-with","$acl",""]]}` },
		"a century of life":        func(p string) string { return strings.Replace(p, `"expiration":"20`, `"expiration":"21`, 1) },
		"a larger range":           func(p string) string { return strings.Replace(p, "content-length-range", "content-length-Range", 1) },
		"nothing but a space more": func(p string) string { return p + " " },
	}
	var list []attack
	for name, edit := range edits {
		list = append(list, each(rowInjection, bothForms, name, spoilt(tampered(edit)), 403, "SignatureDoesNotMatch")...)
	}
	return slices.Concat(list,
		each(rowInjection, bothForms, "no policy", spoilt(without("policy")), 400, "InvalidArgument"),
		each(rowInjection, bothForms, "no signature", spoilt(without("x-amz-signature")), 400, "InvalidArgument"),
		each(rowInjection, bothForms, "an empty signature", spoilt(field("x-amz-signature", "")), 403, "SignatureDoesNotMatch"),
		each(rowInjection, bothForms, "a signature with one digit changed", spoilt(signature(flip)), 403, "SignatureDoesNotMatch"),
		each(rowInjection, bothForms, "a signature in capitals", spoilt(signature(strings.ToUpper)), 403, "SignatureDoesNotMatch"),
		[]attack{
			{rowReplay, byPUT, "a life that never ends", put(putURL("X-Amz-Expires=", "X-Amz-Expires=1")), 403, "SignatureDoesNotMatch"},
			{rowReplay, byPUT, "another method's signature", put(putURL("X-Amz-Signature=", "X-Amz-Signature=0")), 403, "SignatureDoesNotMatch"},
			{rowReplay, byMultipart, "a life that never ends", part(partURL("X-Amz-Expires=", "X-Amz-Expires=1")), 403, "SignatureDoesNotMatch"},
			{rowReplay, byMultipart, "another day", part(partURL("X-Amz-Date="+time.Now().UTC().Format("2006"), "X-Amz-Date=2099")), 400, "AuthorizationQueryParametersError"},
		},
	)
}

func completedEarly(a *attempt) testclient.Answer {
	return a.got(a.issue(film(filmSize)).Complete(a.Context()))
}
