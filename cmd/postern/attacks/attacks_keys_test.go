package attacks

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// bothForms are the two ways in that send a form.
var bothForms = []string{byForm, byPOST}

func keyAttacks() []attack {
	return slices.Concat(
		each(rowKey, bothForms, "no key", spoilt(without("key")), 400, "InvalidArgument"),
		each(rowKey, bothForms, "an empty key", spoilt(field("key", "")), 400, "InvalidArgument"),
		each(rowKey, bothForms, "the subject's prefix as key", spoilt(keyOf(func(key string) string { return key[:strings.LastIndex(key, "/")+1] })), 403, "AccessDenied"),
		each(rowKey, bothForms, "a neighbour whose name begins alike", spoilt(keyOf(func(key string) string { return strings.Replace(key, "/2", "0/2", 1) })), 403, "AccessDenied"),
		each(rowKey, bothForms, "a key beside the tree", spoilt(field("key", "else.png")), 403, "AccessDenied"),
		each(rowKey, bothForms, "a key of another case", spoilt(keyOf(strings.ToUpper)), 403, "AccessDenied"),
		each(rowKey, bothForms, "the key and one more slash", spoilt(appendTo("key", "/")), 403, "AccessDenied"),
		each(rowName, bothForms, "a key that climbs", spoilt(appendTo("key", "/../../../else.png")), 403, "AccessDenied"),
		each(rowName, bothForms, "a key that climbs in disguise", spoilt(appendTo("key", "%2f%2e%2e%2felse.png")), 403, "AccessDenied"),
		each(rowName, bothForms, "the store's own file name variable", spoilt(appendTo("key", "/${filename}")), 403, "AccessDenied"),
		[]attack{
			{rowKey, byPUT, "a neighbour whose name begins alike", put(putURL("/users/s", "/users/s0")), 403, "SignatureDoesNotMatch"},
			{rowKey, byPUT, "a key beside the tree", put(putURL("/walls/users/", "/walls/")), 403, "SignatureDoesNotMatch"},
			{rowName, byPUT, "a key that climbs", put(putURL(".png?", ".png/../else.png?")), 403, "SignatureDoesNotMatch"},
			{rowName, byPUT, "a key that climbs in disguise", put(putURL(".png?", ".png%2F%2E%2E%2Felse.png?")), 403, "SignatureDoesNotMatch"},
			{rowName, byPUT, "an escaped letter too many", put(putURL(".png?", ".pn%2567?")), 403, "SignatureDoesNotMatch"},
			{rowKey, byMultipart, "a neighbour whose name begins alike", part(partURL("/users/s", "/users/s0")), 403, "SignatureDoesNotMatch"},
			{rowKey, byMultipart, "a key beside the tree", part(partURL("/walls/users/", "/walls/")), 403, "SignatureDoesNotMatch"},
			{rowName, byMultipart, "a key that climbs", part(partURL(".bin?", ".bin/../else.bin?")), 403, "SignatureDoesNotMatch"},
		},
	)
}

func nameAttacks() []attack {
	refused := map[string]string{
		"no name": "", "a dot": ".", "two dots": "..", "a way up": "../garden.png", "a way up in the middle": "a/../garden.png",
		"a folder": "a/garden.png", "a backslash": `a\garden.png`, "a way up with backslashes": `..\..\garden.png`,
		"an absolute path": "/etc/passwd", "a double slash": "a//garden.png", "a drive": `C:\garden.png`,
		"more than stores take": strings.Repeat("n", 1025) + ".png", "spaces alone": "   ", "zero-width characters alone": "\u200b\u200d",
		"a slash behind a zero byte": "garden.png\x00/../x",
	}
	var list []attack
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		for way, request := range map[string]testclient.Request{byPOST: picture(size), byMultipart: film(filmSize)} {
			request.Filename = refused[name]
			list = append(list, attack{rowName, way, name, asked(request), 422, "filename_invalid"})
		}
	}
	return append(list,
		attack{rowName, byAPI, "bytes that aren't UTF-8", posted("{\"profile\":\"pictures\",\"filename\":\"a\xff.png\",\"type\":\"image/png\",\"size\":500}"), 400, "invalid_request"},
		attack{rowName, byAPI, "half a surrogate", posted(`{"profile":"pictures","filename":"a\ud800.png","type":"image/png","size":500}`), 400, "invalid_request"},
	)
}

func typeAttacks() []attack {
	refused := []string{
		"text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/javascript", "image/gif", "image/*", "*/*",
		"image/png,text/html", "image/png\r\nx-evil: 1", "IMAGE/SVG+XML", "image/png\x00", "imagepng", "image/",
	}
	var list []attack
	for _, kind := range refused {
		list = append(list, attack{rowType, byAPI, "asking for " + kind, asked(typed(kind)), 415, "type_not_allowed"})
	}
	active := film(filmSize)
	active.Type = "text/html"
	list = append(list, attack{rowType, byMultipart, "a page where only an unnamed wildcard allows it", asked(active), 415, "type_not_allowed"})
	return slices.Concat(list,
		each(rowType, []string{byPOST}, "a page's type in the field", spoilt(field("Content-Type", "text/html")), 403, "AccessDenied"),
		each(rowType, []string{byForm}, "a type in a form that has none", spoilt(field("Content-Type", "text/html")), 403, "AccessDenied"),
		each(rowType, []string{byPOST}, "a list of types in the field", spoilt(field("Content-Type", "image/png,text/html")), 403, "AccessDenied"),
		[]attack{
			{rowType, byPUT, "a page's type in the header", put(putHeader("content-type", "text/html")), 403, "SignatureDoesNotMatch"},
			{rowType, byForm, "a page through a plain form", landed(page(size)), 415, "type_not_allowed"},
			{rowType, byForm, "a drawing through a plain form", landed(drawing(size)), 415, "type_not_allowed"},
			{rowType, byForm, "words through a plain form", landed([]byte(strings.Repeat("w", size))), 415, "type_not_allowed"},
			{rowAttribute, byMultipart, "a role on a part", part(partHeader("x-amz-meta-role", "admin")), 403, "AccessDenied"},
			{rowType, byPOST, "a page under a picture's type", pretended(picture(size), page(size)), 415, "type_not_allowed"},
			{rowType, byPOST, "a drawing under a picture's type", pretended(picture(size), drawing(size)), 415, "type_not_allowed"},
			{rowType, byPOST, "words under a picture's type", pretended(picture(size), []byte(strings.Repeat("w", size))), 415, "type_not_allowed"},
			{rowType, byPUT, "a page under a picture's type", pretended(picture(size), page(size)), 415, "type_not_allowed"},
			{rowType, byPUT, "a drawing under a picture's type", pretended(picture(size), drawing(size)), 415, "type_not_allowed"},
		},
	)
}

// pretended sends content that isn't what was announced, and asks for completion.
func pretended(r testclient.Request, body []byte) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		u := a.issue(r)
		a.accepted(a.got(u.Send(a.Context(), r.Filename, body)))
		return a.got(u.Complete(a.Context()))
	}
}

// landed sends content through the plain form and looks at the page that follows.
func landed(body []byte) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer { return a.landing(a.form("pictures"), body) }
}

func page(size int) []byte {
	return padded("<!doctype html><html><script>alert(document.domain)</script>", size)
}

func drawing(size int) []byte {
	return padded(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.domain)</script></svg>`, size)
}

func padded(text string, size int) []byte {
	return append([]byte(text), strings.Repeat(" ", size-len(text))...)
}

// asked asks for a plan.
func asked(r testclient.Request) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer { return a.ask(r) }
}

// posted sends a body as it is to where plans are asked for.
func posted(body string) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer { return a.raw("/uploads", "", body, nil) }
}

// headed sends a good request with headers changed.
func headed(edit func(http.Header)) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer { return a.raw("/uploads", "", goodBody, edit) }
}

const goodBody = `{"profile":"pictures","filename":"garden.png","type":"image/png","size":500}`

func keyOf(edit func(string) string) func(*attempt, *testclient.Post) int {
	return func(_ *attempt, p *testclient.Post) int { p.Set("key", edit(p.Get("key"))); return size }
}

func putURL(piece, by string) func(*attempt, *testclient.Put) int {
	return func(a *attempt, p *testclient.Put) int {
		changed := strings.Replace(p.URL, piece, by, 1)
		if changed == p.URL {
			a.Fatalf("no %q in %s", piece, p.URL)
		}
		p.URL = changed
		return size
	}
}

func putHeader(name, value string) func(*attempt, *testclient.Put) int {
	return func(_ *attempt, p *testclient.Put) int { p.Headers[name] = value; return size }
}

func partURL(piece, by string) func(*attempt, *testclient.Part) int {
	return func(a *attempt, p *testclient.Part) int { address(piece, by)(a, p); return partSize }
}

func partHeader(name, value string) func(*attempt, *testclient.Part) int {
	return func(_ *attempt, p *testclient.Part) int {
		if p.Headers == nil {
			p.Headers = map[string]string{}
		}
		p.Headers[name] = value
		return partSize
	}
}
