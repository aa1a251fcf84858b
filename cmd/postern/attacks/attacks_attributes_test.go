package attacks

import (
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

func attributeAttacks() []attack {
	fields := map[string][2]string{
		"another acl":                      {"acl", "public-read-write"},
		"another acl, other case":          {"ACL", "public-read"},
		"an acl by its header":             {"x-amz-acl", "public-read"},
		"other tags":                       {"tagging", "<Tagging><TagSet><Tag><Key>stage</Key><Value>done</Value></Tag></TagSet></Tagging>"},
		"a storage class":                  {"x-amz-storage-class", "GLACIER"},
		"a website redirect":               {"x-amz-website-redirect-location", "https://evil.test/"},
		"another role":                     {"x-amz-meta-role", "admin"},
		"other metadata":                   {"x-amz-meta-source", "phone"},
		"an encryption key":                {"x-amz-server-side-encryption-aws-kms-key-id", "mine"},
		"an encryption key of the client":  {"x-amz-server-side-encryption-customer-algorithm", "AES256"},
		"an encoding":                      {"Content-Encoding", "gzip"},
		"a disposition":                    {"Content-Disposition", "inline"},
		"a longer time in caches":          {"Cache-Control", "max-age=31536000"},
		"an expiry":                        {"Expires", "Thu, 01 Dec 2033 16:00:00 GMT"},
		"an unknown field":                 {"x-evil", "1"},
		"another day":                      {"x-amz-date", "20200101T000000Z"},
		"a checksum that the policy lacks": {"x-amz-checksum-crc32", "AAAAAA=="},
	}
	var list []attack
	for name, f := range fields {
		list = append(list, forEachWay(classAttribute, formWays, name, sendingForm(setField(f[0], f[1])), 403, "AccessDenied")...)
	}
	list = append(list, forEachWay(classAttribute, formWays, "another session", sendingForm(setField("x-amz-security-token", "mine")), 400, "InvalidToken")...)
	list = append(list, forEachWay(classAttribute, formWays, "another algorithm", sendingForm(setField("x-amz-algorithm", "AWS4-HMAC-SHA1")), 400, "InvalidArgument")...)
	list = append(list, forEachWay(classAttribute, formWays, "another credential",
		sendingForm(setField("x-amz-credential", "mine/20261121/us-east-1/s3/aws4_request")), 404, "XAdminUserNotFound")...)
	for name, header := range map[string][2]string{"another acl": {"x-amz-acl", "public-read"}, "other tags": {"x-amz-tagging", "stage=done"}} {
		list = append(list, attack{classAttribute, viaPUT, name, sendingPut(setPutHeader(header[0], header[1])), 403, "SignatureDoesNotMatch"})
	}
	for name, header := range map[string][2]string{
		"a role": {"x-amz-meta-role", "admin"}, "a storage class": {"x-amz-storage-class", "GLACIER"},
		"a redirect":                  {"x-amz-website-redirect-location", "https://evil.test/"},
		"a copy of somebody's object": {"x-amz-copy-source", "/attacks/users/else/secret.png"},
	} {
		list = append(list, attack{classAttribute, viaPUT, name, sendingPut(setPutHeader(header[0], header[1])), 403, "AccessDenied"})
	}
	return slices.Concat(list, memberAttacks())
}

// memberAttacks ask the API for things that only the operator decides.
func memberAttacks() []attack {
	members := map[string]string{
		"an acl": `"acl":"public-read"`, "a key": `"key":"users/else.png"`, "a bucket": `"bucket":"other"`, "a prefix": `"prefix":""`,
		"tags": `"tags":{"stage":"done"}`, "a storage class": `"storageClass":"GLACIER"`, "a redirect": `"redirect":"https://evil.test/"`,
		"a subject": `"subject":"somebody"`, "a method": `"method":"put"`, "a lifetime": `"lifetime":"7d"`, "a part size": `"partSize":1`,
		"metadata that the profile doesn't accept": `"metadata":{"role":"admin"}`, "the operator's own metadata": `"metadata":{"source":"phone"}`,
		"metadata that isn't text":      `"metadata":{"album":1}`,
		"metadata by its header's name": `"metadata":{"x-amz-meta-album":"a"}`, "metadata of 3,000 bytes": `"metadata":{"album":"` + strings.Repeat("a", 3000) + `"}`,
	}
	var list []attack
	for name, text := range members {
		body := strings.TrimSuffix(validBody, "}") + "," + text + "}"
		list = append(list, attack{classAttribute, viaAPI, "asking for " + name, issuingBody(body), 400, "invalid_request"})
	}
	return list
}

func redirectAttacks() []attack {
	targets := map[string]string{
		"script": "javascript:alert(1)", "no scheme": "//evil.test/", "a user name before the host": "https://ok@evil.test/", "another site": "https://evil.test/",
		"a tab inside": "java\tscript:alert(1)", "another query": "http://127.0.0.1/?key=else", "an empty one": "",
	}
	var list []attack
	for name, target := range targets {
		list = append(list, attack{classRedirect, viaForm, name, sendingForm(setField("success_action_redirect", target))(viaForm), 403, "AccessDenied"})
	}
	return append(list,
		attack{classRedirect, viaForm, "the longer name of the field", sendingForm(setField("redirect", "https://evil.test/"))(viaForm), 403, "AccessDenied"},
		attack{classRedirect, viaPOST, "a redirect in a form that has none", sendingForm(setField("success_action_redirect", "https://evil.test/"))(viaPOST), 403, "AccessDenied"},
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
		forEachWay(classSize, formWays, "more than the largest size", sendingForm(body(maxSize+1)), 400, "EntityTooLarge"),
		forEachWay(classSize, formWays, "less than the smallest size", sendingForm(body(minSize-1)), 400, "EntityTooSmall"),
		forEachWay(classSize, formWays, "nothing", sendingForm(body(0)), 400, "EntityTooSmall"),
		forEachWay(classSize, formWays, "a hundred times more", sendingForm(body(100*maxSize)), 400, "EntityTooLarge"),
		[]attack{
			{classSize, viaPOST, "one byte more than announced", sendingForm(body(pictureSize + 1))(viaPOST), 400, "EntityTooLarge"},
			{classSize, viaPOST, "one byte less than announced", sendingForm(body(pictureSize - 1))(viaPOST), 400, "EntityTooSmall"},
			{classSize, viaPUT, "one byte more than announced", sendingPut(putBody(pictureSize + 1)), 403, "SignatureDoesNotMatch"},
			{classSize, viaPUT, "one byte less than announced", sendingPut(putBody(pictureSize - 1)), 403, "SignatureDoesNotMatch"},
			{classSize, viaPUT, "nothing", sendingPut(putBody(0)), 403, "SignatureDoesNotMatch"},
			{classSize, viaPUT, "the length taken out of what is signed", sendingPut(editPutURL("content-length%3B", "")), 403, "SignatureDoesNotMatch"},
			{classSize, viaMultipart, "one byte more than planned", sendingPart(partBody(partSize + 1)), 403, "SignatureDoesNotMatch"},
			{classSize, viaMultipart, "one byte less than planned", sendingPart(partBody(partSize - 1)), 403, "SignatureDoesNotMatch"},
			{classSize, viaMultipart, "nothing", sendingPart(partBody(0)), 403, "SignatureDoesNotMatch"},
			{classSize, viaMultipart, "the part number of a part that isn't planned", sendingPart(editPartURL("partNumber=1", "partNumber=4")), 403, "SignatureDoesNotMatch"},
			{classSize, viaMultipart, "another upload's ID", sendingPart(editPartURL("uploadId=", "uploadId=0")), 403, "SignatureDoesNotMatch"},
			{classSize, viaMultipart, "completing without any part", completeWithoutParts, 409, "incomplete"},
			{classSize, viaMultipart, "completing with a part replaced in the store", completeAfterReplacingAPart, 409, "size_mismatch"},
			{classSize, viaPOST, "an object replaced in the store by a bigger one", completeAfterReplacingTheObject(pictureSize + 1), 409, "size_mismatch"},
			{classSize, viaPUT, "an object replaced in the store by a smaller one", completeAfterReplacingTheObject(pictureSize - 1), 409, "size_mismatch"},
		},
	)
}

func policyAttacks() []attack {
	edits := map[string]func(string) string{
		"another field in a condition":  func(p string) string { return strings.Replace(p, "$key", "$x-amz-meta-key", 1) + " " },
		"no closing brace":              func(p string) string { return strings.TrimSuffix(p, "}") },
		"one more condition":            func(p string) string { return strings.TrimSuffix(p, "]}") + `,["starts-with","$acl",""]]}` },
		"an expiration a century later": func(p string) string { return strings.Replace(p, `"expiration":"20`, `"expiration":"21`, 1) },
		"a larger range":                func(p string) string { return strings.Replace(p, "content-length-range", "content-length-Range", 1) },
		"one more space":                func(p string) string { return p + " " },
	}
	var list []attack
	for name, edit := range edits {
		list = append(list, forEachWay(classInjection, formWays, name, sendingForm(editPolicy(edit)), 403, "SignatureDoesNotMatch")...)
	}
	return slices.Concat(list,
		forEachWay(classInjection, formWays, "no policy", sendingForm(dropField("policy")), 400, "InvalidArgument"),
		forEachWay(classInjection, formWays, "no signature", sendingForm(dropField("x-amz-signature")), 400, "InvalidArgument"),
		forEachWay(classInjection, formWays, "an empty signature", sendingForm(setField("x-amz-signature", "")), 403, "SignatureDoesNotMatch"),
		forEachWay(classInjection, formWays, "a signature with one digit changed", sendingForm(editSignature(changeLastDigit)), 403, "SignatureDoesNotMatch"),
		forEachWay(classInjection, formWays, "a signature in capitals", sendingForm(editSignature(strings.ToUpper)), 403, "SignatureDoesNotMatch"),
		[]attack{
			{classReplay, viaPUT, "a longer lifetime", sendingPut(editPutURL("X-Amz-Expires=", "X-Amz-Expires=1")), 403, "SignatureDoesNotMatch"},
			{classReplay, viaPUT, "a changed signature", sendingPut(editPutURL("X-Amz-Signature=", "X-Amz-Signature=0")), 403, "SignatureDoesNotMatch"},
			{classReplay, viaMultipart, "a longer lifetime", sendingPart(editPartURL("X-Amz-Expires=", "X-Amz-Expires=1")), 403, "SignatureDoesNotMatch"},
			{classReplay, viaMultipart, "another day", sendingPart(editPartURL("X-Amz-Date="+time.Now().UTC().Format("2006"), "X-Amz-Date=2099")), 400, "AuthorizationQueryParametersError"},
		},
	)
}

func completeWithoutParts(a *attempt) testclient.Answer {
	return a.requireAnswer(a.issue(filmRequest(filmSize)).Complete(a.Context()))
}
