package attacks

import (
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// hostileContents are files that a browser could take for a document of the store's origin.
var hostileContents = map[string]string{
	"a body with a slash":              `<body/onload=alert(1)>`,
	"a drawing with a slash":           `<svg/onload=alert(1)>`,
	"a picture that fails":             `<img src=x onerror=alert(1)>`,
	"a script in capitals":             "<SCRIPT>alert(1)</SCRIPT>",
	"HTML behind blanks":               strings.Repeat(" \t\r\n\f", 80) + "<script>alert(1)</script>",
	"HTML behind a comment":            "<!-- harmless --> <script>alert(1)</script>",
	"HTML behind an open comment":      "<!-- <script>alert(1)</script>",
	"HTML behind a byte order mark":    "\ufeff<script>alert(1)</script>",
	"UTF-16, little-endian":            utf16Text("\ufeff<script>alert(1)</script>", false),
	"UTF-16, big-endian":               utf16Text("\ufeff<script>alert(1)</script>", true),
	"UTF-16, big-endian, without mark": utf16Text("<script>alert(1)</script>", true),
	"XML that includes a drawing":      `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`,
	"XML with a stylesheet":            `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#a"?><x/>`,
	"an obsolete element":              `<marquee onstart=alert(1)>`,
	"an element of mathematics":        `<math><mtext><script>alert(1)</script></mtext></math>`,
	"a frame":                          `<iframe srcdoc="&lt;script>alert(1)&lt;/script>">`,
}

func utf16Text(text string, bigEndian bool) string {
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		if low, high := byte(unit), byte(unit>>8); bigEndian {
			encoded = append(encoded, high, low)
		} else {
			encoded = append(encoded, low, high)
		}
	}
	return string(encoded)
}

// contentAttacks send hostile contents in place of a picture, in place of bytes of no type, and
// through the plain form.
func contentAttacks() []attack {
	var list []attack
	for name, content := range hostileContents {
		body := padTo(content, pictureSize)
		list = append(list,
			attack{classSniffing, viaForm, name, landing(body), 415, "type_not_allowed"},
			attack{classSniffing, viaPOST, name + " as a picture", sendingInstead(pictureRequest(pictureSize), body), 415, "type_not_allowed"},
			attack{classSniffing, viaPOST, name + " as bytes of no type", sendingInstead(filmRequest(pictureSize), body), 415, "type_not_allowed"},
			attack{classSniffing, viaPUT, name + " as a picture", sendingInstead(pictureRequest(pictureSize), body), 415, "type_not_allowed"},
		)
	}
	return slices.Concat(list, []attack{
		{classSniffing, viaPOST, "HTML behind 4 KiB of blanks", sendingInstead(filmRequest(8000), slices.Concat(slices.Repeat([]byte(" "), 4<<10), htmlOfSize(8000-4<<10))), 415, "type_not_allowed"},
		{classSniffing, viaMultipart, "HTML in the first part", sendingInstead(filmRequest(filmSize), htmlOfSize(filmSize)), 415, "type_not_allowed"},
		{classSniffing, viaMultipart, "a drawing in the first part", sendingInstead(filmRequest(filmSize), svgOfSize(filmSize)), 415, "type_not_allowed"},
	})
}

// extensionAttacks give the key an extension that servers execute, systems start or readers
// subscribe to.
func extensionAttacks() []attack {
	var list []attack
	for _, extension := range []string{".php", ".phtml", ".jsp", ".asp", ".lnk", ".rss", ".html", ".svg", ".htaccess", ".png.php", ".php.png"} {
		form := sendingForm(editKey(func(key string) string { return strings.TrimSuffix(key, ".png") + extension }))
		list = append(list, forEachWay(classExtension, formWays, "a key that ends in "+extension, form, 403, "AccessDenied")...)
		list = append(list,
			attack{classExtension, viaPUT, "a key that ends in " + extension, sendingPut(editPutURL(".png?", extension+"?")), 403, "SignatureDoesNotMatch"},
			attack{classExtension, viaMultipart, "a key that ends in " + extension, sendingPart(editPartURL(".bin?", extension+"?")), 403, "SignatureDoesNotMatch"},
		)
	}
	for name, extension := range map[string]string{"a semicolon": ".php;.png", "a zero byte": ".php\x00.png", "a full-width dot": "．php", "a trailing dot": ".php."} {
		list = append(list, attack{classExtension, viaPOST, "an extension with " + name,
			sendingForm(editKey(func(key string) string { return strings.TrimSuffix(key, ".png") + extension }))(viaPOST), 403, "AccessDenied"})
	}
	return list
}

// planAttacks ask for parts and completions that the plan doesn't have.
func planAttacks() []attack {
	parts := map[string]string{
		"a part after the last": `{"parts":[{"number":4}]}`, "part zero": `{"parts":[{"number":0}]}`, "a negative part": `{"parts":[{"number":-1}]}`,
		"a part that wraps around 32 bits": `{"parts":[{"number":4294967297}]}`, "a good part beside a bad one": `{"parts":[{"number":1},{"number":10001}]}`,
	}
	invalid := map[string]string{
		"a checksum that isn't base64": `{"parts":[{"number":1,"checksum":"%%%%"}]}`, "a checksum where none is planned": `{"parts":[{"number":1,"checksum":"AAAAAA=="}]}`,
		"a part twice": `{"parts":[{"number":1},{"number":1}]}`, "no part": `{"parts":[]}`, "parts that are no list": `{"parts":{"number":1}}`,
		"101 parts": `{"parts":[` + strings.Repeat(`{"number":1},`, 100) + `{"number":2}]}`,
	}
	var list []attack
	for name, body := range parts {
		list = append(list, attack{classSize, viaMultipart, "asking for " + name, askingParts(body), 422, "part_out_of_plan"})
	}
	for name, body := range invalid {
		list = append(list, attack{classSize, viaMultipart, "asking for " + name, askingParts(body), 400, "invalid_request"})
	}
	return append(list,
		attack{classSize, viaPOST, "parts of an upload by form", func(a *attempt) testclient.Answer {
			u := a.issue(pictureRequest(pictureSize))
			return a.postRaw("/uploads/"+u.ID+"/parts", u.Token, `{"parts":[{"number":1}]}`, nil)
		}, 422, "part_out_of_plan"},
		attack{classSize, viaMultipart, "completing with a checksum that isn't planned", completingWith(`{"checksum":"AAAAAA=="}`), 400, "invalid_request"},
		attack{classSize, viaMultipart, "completing with parts of one's own", completingWith(`{"parts":[{"number":1,"etag":"x"}]}`), 400, "invalid_request"},
		attack{classSize, viaMultipart, "completing with a size of one's own", completingWith(`{"size":1}`), 400, "invalid_request"},
		attack{classReplay, viaMultipart, "completing after giving up", afterGivingUp(func(a *attempt, u *testclient.Upload) testclient.Answer {
			return a.requireAnswer(u.Complete(a.Context()))
		}), 410, "upload_expired"},
		attack{classReplay, viaMultipart, "asking for parts after giving up", afterGivingUp(func(a *attempt, u *testclient.Upload) testclient.Answer { return a.requireAnswer(u.List(a.Context())) }), 404, "unknown_upload"},
		attack{classReplay, viaMultipart, "sending a part after giving up", func(a *attempt) testclient.Answer {
			u := a.issue(filmRequest(filmSize))
			part := a.sign(u, 1)
			a.requireSuccess(a.requireAnswer(u.Abort(a.Context())))
			return a.requireAnswer(part.Send(a.Context(), pngOfSize(partSize)))
		}, 404, "NoSuchUpload"},
	)
}

func askingParts(body string) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		u := a.issue(filmRequest(filmSize))
		return a.postRaw("/uploads/"+u.ID+"/parts", u.Token, body, nil)
	}
}

func completingWith(body string) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		u := a.issue(filmRequest(filmSize))
		return a.postRaw("/uploads/"+u.ID+"/complete", u.Token, body, nil)
	}
}

func afterGivingUp(then func(*attempt, *testclient.Upload) testclient.Answer) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		u := a.issue(filmRequest(filmSize))
		a.requireSuccess(a.requireAnswer(u.Abort(a.Context())))
		return then(a, u)
	}
}
