package attacks

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// formWays are the two ways that send a form.
var formWays = []string{viaForm, viaPOST}

func keyAttacks() []attack {
	return slices.Concat(
		forEachWay(classKey, formWays, "no key", sendingForm(dropField("key")), 400, "InvalidArgument"),
		forEachWay(classKey, formWays, "an empty key", sendingForm(setField("key", "")), 400, "InvalidArgument"),
		forEachWay(classKey, formWays, "the subject's prefix as key", sendingForm(editKey(func(key string) string { return key[:strings.LastIndex(key, "/")+1] })), 403, "AccessDenied"),
		forEachWay(classKey, formWays, "the prefix of a subject with a similar name", sendingForm(editKey(func(key string) string { return strings.Replace(key, "/2", "0/2", 1) })), 403, "AccessDenied"),
		forEachWay(classKey, formWays, "a key outside the prefix", sendingForm(setField("key", "else.png")), 403, "AccessDenied"),
		forEachWay(classKey, formWays, "a key of another case", sendingForm(editKey(strings.ToUpper)), 403, "AccessDenied"),
		forEachWay(classKey, formWays, "the key and another slash", sendingForm(appendToField("key", "/")), 403, "AccessDenied"),
		forEachWay(classFilename, formWays, "a key with two dots", sendingForm(appendToField("key", "/../../../else.png")), 403, "AccessDenied"),
		forEachWay(classFilename, formWays, "a key with percent-encoded dots", sendingForm(appendToField("key", "%2f%2e%2e%2felse.png")), 403, "AccessDenied"),
		forEachWay(classFilename, formWays, "the store's own file name variable", sendingForm(appendToField("key", "/${filename}")), 403, "AccessDenied"),
		[]attack{
			{classKey, viaPUT, "the prefix of a subject with a similar name", sendingPut(editPutURL("/users/s", "/users/s0")), 403, "SignatureDoesNotMatch"},
			{classKey, viaPUT, "a key outside the prefix", sendingPut(editPutURL("/attacks/users/", "/attacks/")), 403, "SignatureDoesNotMatch"},
			{classFilename, viaPUT, "a key with two dots", sendingPut(editPutURL(".png?", ".png/../else.png?")), 403, "SignatureDoesNotMatch"},
			{classFilename, viaPUT, "a key with percent-encoded dots", sendingPut(editPutURL(".png?", ".png%2F%2E%2E%2Felse.png?")), 403, "SignatureDoesNotMatch"},
			{classFilename, viaPUT, "one more escaped letter", sendingPut(editPutURL(".png?", ".pn%2567?")), 403, "SignatureDoesNotMatch"},
			{classKey, viaMultipart, "the prefix of a subject with a similar name", sendingPart(editPartURL("/users/s", "/users/s0")), 403, "SignatureDoesNotMatch"},
			{classKey, viaMultipart, "a key outside the prefix", sendingPart(editPartURL("/attacks/users/", "/attacks/")), 403, "SignatureDoesNotMatch"},
			{classFilename, viaMultipart, "a key with two dots", sendingPart(editPartURL(".bin?", ".bin/../else.bin?")), 403, "SignatureDoesNotMatch"},
		},
	)
}

func nameAttacks() []attack {
	refused := map[string]string{
		"no name": "", "a dot": ".", "two dots": "..", "a way up": "../garden.png", "a way up in the middle": "a/../garden.png",
		"a folder": "a/garden.png", "a backslash": `a\garden.png`, "a way up with backslashes": `..\..\garden.png`,
		"an absolute path": "/etc/passwd", "a double slash": "a//garden.png", "a drive": `C:\garden.png`,
		"a name that is too long for stores": strings.Repeat("n", 1025) + ".png", "spaces alone": "   ", "zero-width characters alone": "\u200b\u200d",
		"a slash after a zero byte": "garden.png\x00/../x",
	}
	var list []attack
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		for way, request := range map[string]testclient.Request{viaPOST: pictureRequest(pictureSize), viaMultipart: filmRequest(filmSize)} {
			request.Filename = refused[name]
			list = append(list, attack{classFilename, way, name, issuing(request), 422, "filename_invalid"})
		}
	}
	return append(list,
		attack{classFilename, viaAPI, "bytes that aren't UTF-8", issuingBody("{\"profile\":\"pictures\",\"filename\":\"a\xff.png\",\"type\":\"image/png\",\"size\":500}"), 400, "invalid_request"},
		attack{classFilename, viaAPI, "half a surrogate", issuingBody(`{"profile":"pictures","filename":"a\ud800.png","type":"image/png","size":500}`), 400, "invalid_request"},
	)
}

func typeAttacks() []attack {
	refused := []string{
		"text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/javascript", "image/gif", "image/*", "*/*",
		"image/png,text/html", "image/png\r\nx-evil: 1", "IMAGE/SVG+XML", "image/png\x00", "imagepng", "image/",
	}
	var list []attack
	for _, kind := range refused {
		list = append(list, attack{classType, viaAPI, "asking for " + kind, issuing(pictureOfType(kind)), 415, "type_not_allowed"})
	}
	active := filmRequest(filmSize)
	active.Type = "text/html"
	list = append(list, attack{classType, viaMultipart, "HTML under a wildcard", issuing(active), 415, "type_not_allowed"})
	return slices.Concat(list,
		forEachWay(classType, []string{viaPOST}, "the type of HTML in the field", sendingForm(setField("Content-Type", "text/html")), 403, "AccessDenied"),
		forEachWay(classType, []string{viaForm}, "a type in a form that has none", sendingForm(setField("Content-Type", "text/html")), 403, "AccessDenied"),
		forEachWay(classType, []string{viaPOST}, "a list of types in the field", sendingForm(setField("Content-Type", "image/png,text/html")), 403, "AccessDenied"),
		[]attack{
			{classType, viaPUT, "the type of HTML in the header", sendingPut(setPutHeader("content-type", "text/html")), 403, "SignatureDoesNotMatch"},
			{classType, viaForm, "HTML through the plain form", landing(htmlOfSize(pictureSize)), 415, "type_not_allowed"},
			{classType, viaForm, "SVG through the plain form", landing(svgOfSize(pictureSize)), 415, "type_not_allowed"},
			{classType, viaForm, "text through the plain form", landing([]byte(strings.Repeat("w", pictureSize))), 415, "type_not_allowed"},
			{classAttribute, viaMultipart, "a role on a part", sendingPart(setPartHeader("x-amz-meta-role", "admin")), 403, "AccessDenied"},
			{classType, viaPOST, "HTML under the type of a picture", sendingInstead(pictureRequest(pictureSize), htmlOfSize(pictureSize)), 415, "type_not_allowed"},
			{classType, viaPOST, "SVG under the type of a picture", sendingInstead(pictureRequest(pictureSize), svgOfSize(pictureSize)), 415, "type_not_allowed"},
			{classType, viaPOST, "text under the type of a picture", sendingInstead(pictureRequest(pictureSize), []byte(strings.Repeat("w", pictureSize))), 415, "type_not_allowed"},
			{classType, viaPUT, "HTML under the type of a picture", sendingInstead(pictureRequest(pictureSize), htmlOfSize(pictureSize)), 415, "type_not_allowed"},
			{classType, viaPUT, "SVG under the type of a picture", sendingInstead(pictureRequest(pictureSize), svgOfSize(pictureSize)), 415, "type_not_allowed"},
		},
	)
}

// sendingInstead asks for an upload, sends other content than announced, and asks for completion.
func sendingInstead(r testclient.Request, body []byte) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		u := a.issue(r)
		a.requireSuccess(a.requireAnswer(u.Send(a.Context(), r.Filename, body)))
		return a.requireAnswer(u.Complete(a.Context()))
	}
}

// landing sends content through the plain form and opens the landing page.
func landing(body []byte) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer { return a.sendAndLand(a.form("pictures"), body) }
}

func htmlOfSize(size int) []byte {
	return padTo("<!doctype html><html><script>alert(document.domain)</script>", size)
}

func svgOfSize(size int) []byte {
	return padTo(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.domain)</script></svg>`, size)
}

func padTo(text string, size int) []byte {
	return append([]byte(text), strings.Repeat(" ", size-len(text))...)
}

// issuing asks for an upload.
func issuing(r testclient.Request) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer { return a.tryToIssue(r) }
}

// issuingBody sends a body unchanged to the route that issues uploads.
func issuingBody(body string) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer { return a.postRaw("/uploads", "", body, nil) }
}

// issuingWithHeaders sends a valid request with changed headers.
func issuingWithHeaders(edit func(http.Header)) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer { return a.postRaw("/uploads", "", validBody, edit) }
}

const validBody = `{"profile":"pictures","filename":"garden.png","type":"image/png","size":500}`

func editKey(edit func(string) string) func(*attempt, *testclient.Post) int {
	return func(_ *attempt, p *testclient.Post) int { p.Set("key", edit(p.Get("key"))); return pictureSize }
}

func editPutURL(piece, by string) func(*attempt, *testclient.Put) int {
	return func(a *attempt, p *testclient.Put) int {
		changed := strings.Replace(p.URL, piece, by, 1)
		if changed == p.URL {
			a.Fatalf("URL: wanted %q in it, got %s", piece, p.URL)
		}
		p.URL = changed
		return pictureSize
	}
}

func setPutHeader(name, value string) func(*attempt, *testclient.Put) int {
	return func(_ *attempt, p *testclient.Put) int { p.Headers[name] = value; return pictureSize }
}

func editPartURL(piece, by string) func(*attempt, *testclient.Part) int {
	return func(a *attempt, p *testclient.Part) int { replaceInURL(piece, by)(a, p); return partSize }
}

func setPartHeader(name, value string) func(*attempt, *testclient.Part) int {
	return func(_ *attempt, p *testclient.Part) int {
		if p.Headers == nil {
			p.Headers = map[string]string{}
		}
		p.Headers[name] = value
		return partSize
	}
}
