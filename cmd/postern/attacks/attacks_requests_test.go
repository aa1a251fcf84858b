package attacks

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

func originAttacks() []attack {
	origins := map[string]string{
		"another site": "https://evil.test", "a name that begins with it": "https://app.example.com.evil.test", "another port": allowedOrigin + ":8443",
		"another scheme": "http://app.example.com", "a name that ends with it": "https://evil-app.example.com", "null": "null",
		"a parent domain": "https://example.com", "user information": "https://app.example.com@evil.test", "a trailing dot": "https://app.example.com.",
		"letters that look alike": "https://аpp.example.com",
	}
	var list []attack
	for name, origin := range origins {
		list = append(list, attack{classCrossOrigin, viaAPI, "a page of another origin: " + name, issuingWithHeaders(func(h http.Header) { h.Set("Origin", origin); h.Set("Sec-Fetch-Site", "cross-site") }), 403, "origin_not_allowed"})
	}
	for name, kind := range map[string]string{
		"plain text": "text/plain", "a form": "application/x-www-form-urlencoded", "multipart": "multipart/form-data; boundary=x", "nothing": "",
		"JSON of another charset": "application/json; charset=utf-16", "something like JSON": "application/jsonp",
	} {
		list = append(list, attack{classCrossOrigin, viaAPI, "a body of the type of " + name, issuingWithHeaders(func(h http.Header) {
			h.Del("Content-Type")
			if kind != "" {
				h.Set("Content-Type", kind)
			}
		}), 400, "invalid_request"})
	}
	return append(list,
		attack{classCrossOrigin, viaAPI, "a cross-site request without an origin", issuingWithHeaders(func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") }), 403, "origin_not_allowed"},
		attack{classCrossOrigin, viaAPI, "the allowed origin in the Referer", issuingWithHeaders(func(h http.Header) {
			h.Set("Origin", "https://evil.test")
			h.Set("Sec-Fetch-Site", "cross-site")
			h.Set("Referer", allowedOrigin+"/")
		}), 403, "origin_not_allowed"},
		attack{classCrossOrigin, viaAPI, "the allowed origin in the query", func(a *attempt) testclient.Answer {
			return a.postRaw("/uploads?origin="+url.QueryEscape(allowedOrigin), "", validBody, func(h http.Header) {
				h.Set("Origin", "https://evil.test")
				h.Set("Sec-Fetch-Site", "cross-site")
			})
		}, 403, "origin_not_allowed"},
	)
}

func landingPageAttacks() []attack {
	var list []attack
	for name, token := range map[string]string{"made up": "made-up", "without a signature": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "of a path": "..%2f..%2fuploads", "of markup": "%3Cscript%3Ealert(1)%3C%2Fscript%3E"} {
		list = append(list, attack{classLandingPage, viaForm, "the token " + name, func(a *attempt) testclient.Answer {
			return a.getJSON("/forms/pictures/done/" + token)
		}, 401, "unauthorized"})
	}
	landing := func(profile string, token func(*attempt) string) func(*attempt) testclient.Answer {
		return func(a *attempt) testclient.Answer { return a.getJSON("/forms/" + profile + "/done/" + token(a)) }
	}
	return append(list,
		attack{classLandingPage, viaForm, "the token of a scripted upload", landing("pictures", func(a *attempt) string { return a.issue(pictureRequest(pictureSize)).Token }), 404, "unknown_upload"},
		attack{classLandingPage, viaForm, "the token of a multipart upload", landing("films", func(a *attempt) string { return a.issue(filmRequest(filmSize)).Token }), 404, "unknown_upload"},
		attack{classLandingPage, viaForm, "a ticket", landing("pictures", func(a *attempt) string { return a.Client.Ticket }), 401, "unauthorized"},
		attack{classLandingPage, viaForm, "another profile's token", landing("films", func(a *attempt) string { return landingTokenOf(a.form("pictures")) }), 404, "unknown_upload"},
		attack{classMarkup, viaForm, "markup for a profile", func(a *attempt) testclient.Answer { return a.getJSON("/forms/%3Cscript%3Ealert(1)%3C%2Fscript%3E") }, 404, "unknown_profile"},
	)
}

// landingTokenOf returns the upload token in a form's redirect.
func landingTokenOf(p testclient.Post) string {
	target := p.Get("success_action_redirect")
	return target[strings.LastIndex(target, "/")+1:]
}

// getJSON requests a page as JSON.
func (a *attempt) getJSON(path string) testclient.Answer {
	a.Helper()
	return a.requireAnswer(a.Client.Raw(a.Context(), http.MethodGet, path, http.Header{"Accept": {"application/json"}}, nil))
}

// oracleAttacks ask for signatures of data of their own.
func oracleAttacks() []attack {
	var list []attack
	bodies := map[string]string{
		"another method": `"method":"DELETE"`, "another URL": `"url":"http://127.0.0.1/else"`, "headers": `"headers":{"x-amz-acl":"public-read"}`,
		"a query": `"query":"acl"`, "a policy": `"policy":"e30="`, "text": `"stringToSign":"AWS4-HMAC-SHA256"`, "a longer life": `"expires":604800`,
	}
	for name, member := range bodies {
		list = append(list, attack{classSigningOracle, viaMultipart, "a signature over " + name, func(a *attempt) testclient.Answer {
			u := a.issue(filmRequest(filmSize))
			return a.postRaw("/uploads/"+u.ID+"/parts", u.Token, `{"parts":[{"number":1,`+member+`}]}`, nil)
		}, 400, "invalid_request"})
	}
	for _, path := range []string{"/sign", "/s3/sign", "/presign", "/policy"} {
		list = append(list, attack{classSigningOracle, viaAPI, "a route that signs at " + path, func(a *attempt) testclient.Answer {
			return a.postRaw(path, "", `{"policy":"e30="}`, nil)
		}, 404, "not_found"})
	}
	return append(list,
		attack{classSigningOracle, viaAPI, "a route that signs below the uploads", func(a *attempt) testclient.Answer {
			return a.postRaw("/uploads/sign", "", `{"policy":"e30="}`, nil)
		}, 405, "method_not_allowed"},
		attack{classSigningOracle, viaPUT, "reading with a signature for writing", func(a *attempt) testclient.Answer {
			u := a.issue(pictureRequest(pictureSize))
			request, _ := http.NewRequestWithContext(a.Context(), http.MethodGet, u.Put.URL, nil)
			return a.sendToStore(request)
		}, 403, "SignatureDoesNotMatch"},
		attack{classSigningOracle, viaMultipart, "aborting with a signature for a part", func(a *attempt) testclient.Answer {
			p := a.sign(a.issue(filmRequest(filmSize)), 1)
			request, _ := http.NewRequestWithContext(a.Context(), http.MethodDelete, p.URL, nil)
			return a.sendToStore(request)
		}, 403, "SignatureDoesNotMatch"},
		attack{classSigningOracle, viaMultipart, "completing with a signature for a part", func(a *attempt) testclient.Answer {
			p := a.sign(a.issue(filmRequest(filmSize)), 1)
			request, _ := http.NewRequestWithContext(a.Context(), http.MethodPost, p.URL, strings.NewReader("<CompleteMultipartUpload/>"))
			return a.sendToStore(request)
		}, 403, "SignatureDoesNotMatch"},
	)
}

func bodyAttacks() []attack {
	bodies := map[string]string{
		"nothing": "", "null": "null", "a list": "[]", "text": `"x"`, "no JSON": "<xml/>", "half an object": `{"profile":"pictures"`,
		"an object and more": validBody + "{}", "a member twice": `{"profile":"pictures","profile":"films","filename":"a.png","type":"image/png","size":500}`,
		"a member in another case": `{"Profile":"pictures","filename":"a.png","type":"image/png","size":500}`,
		"a byte order mark":        "\ufeff" + validBody, "a comment": validBody + "//", "single quotes": `{'profile':'pictures'}`,
		"ten thousand levels":     strings.Repeat(`{"metadata":`, 10000) + "1" + strings.Repeat("}", 10000),
		"ten thousand brackets":   strings.Repeat("[", 10000) + strings.Repeat("]", 10000),
		"ten megabytes":           `{"profile":"` + strings.Repeat("x", 10<<20) + `"}`,
		"ten megabytes of space":  strings.Repeat(" ", 10<<20) + validBody,
		"no profile":              `{"filename":"a.png","type":"image/png","size":500}`,
		"another type of profile": `{"profile":1,"filename":"a.png","type":"image/png","size":500}`,
		"a thousand metadata":     strings.TrimSuffix(validBody, "}") + `,"metadata":{` + manyMembers(1000) + `}}`,
	}
	var list []attack
	for name, body := range bodies {
		list = append(list, attack{classBody, viaAPI, name, issuingBody(body), 400, "invalid_request"})
	}
	return list
}

func manyMembers(count int) string {
	members := make([]string, count)
	for i := range members {
		members[i] = `"m` + strings.Repeat("i", i%50) + string(rune('a'+i%26)) + `":"x"`
	}
	return strings.Join(members, ",")
}

func numberAttacks() []attack {
	var list []attack
	for _, number := range []string{"-1", "-9223372036854775808", "1.5", "5e2", "9223372036854775808", "1e400", `"500"`, "null", "true", "[500]", "{}", "0x10", "NaN", "+5", "05"} {
		body := `{"profile":"pictures","filename":"garden.png","type":"image/png","size":` + number + `}`
		list = append(list, attack{classNumber, viaAPI, "a size of " + number, issuingBody(body), 400, "invalid_request"})
	}
	return append(list, attack{classNumber, viaAPI, "no size", issuingBody(`{"profile":"pictures","filename":"garden.png","type":"image/png"}`), 400, "invalid_request"})
}

// sendToStore sends a request directly to the store.
func (a *attempt) sendToStore(request *http.Request) testclient.Answer {
	a.Helper()
	return a.requireAnswer(testclient.Do(request))
}
