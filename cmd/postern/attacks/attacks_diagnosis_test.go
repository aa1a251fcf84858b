package attacks

import (
	"net/http"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// diagnosisAttacks ask why requests to the store fail, about somebody else's upload, from
// elsewhere, or about another address than the store's.
func diagnosisAttacks() []attack {
	asking := func(body string, change func(a *attempt, h http.Header)) func(*attempt) testclient.Answer {
		return func(a *attempt) testclient.Answer {
			u := a.issue(pictureRequest(pictureSize))
			return a.postRaw("/uploads/"+u.ID+"/diagnosis", "", body, func(h http.Header) {
				h.Set("Upload-Token", u.Token)
				if change != nil {
					change(a, h)
				}
			})
		}
	}
	from := func(origin string) func(*attempt, http.Header) {
		return func(_ *attempt, h http.Header) { h.Set("Origin", origin); h.Set("Sec-Fetch-Site", "cross-site") }
	}
	const seen = `{"seen":{"status":0,"preflight":true,"reached":true,"failures":3}}`
	return []attack{
		{classForeignUpload, viaAPI, "a diagnosis without a token", asking(seen, func(_ *attempt, h http.Header) { h.Del("Upload-Token") }), 401, "unauthorized"},
		{classForeignUpload, viaAPI, "a diagnosis with the token of another upload", asking(seen, func(a *attempt, h http.Header) {
			h.Set("Upload-Token", a.issue(pictureRequest(pictureSize)).Token)
		}), 404, "unknown_upload"},
		{classCrossOrigin, viaAPI, "a diagnosis for a page of another origin", asking(seen, from("https://evil.test")), 403, "origin_not_allowed"},
		{classCrossOrigin, viaAPI, "a diagnosis for an opaque origin", asking(seen, from("null")), 403, "origin_not_allowed"},
		{classCrossOrigin, viaAPI, "a diagnosis for an origin that begins like the allowed one", asking(seen, from(allowedOrigin+".evil.test")), 403, "origin_not_allowed"},
		{classBody, viaAPI, "a diagnosis of another address", asking(`{"seen":{},"url":"http://169.254.169.254/latest/meta-data/"}`, nil), 400, "invalid_request"},
		{classBody, viaAPI, "a diagnosis for an origin in the body", asking(`{"seen":{"origin":"https://evil.test"}}`, nil), 400, "invalid_request"},
		{classBody, viaAPI, "a diagnosis of 64 KiB", asking(`{"seen":{"code":"`+strings.Repeat("a", 64<<10)+`"}}`, nil), 400, "invalid_request"},
		{classBody, viaAPI, "a diagnosis of a store code with a line break", asking(`{"seen":{"code":"a\nlevel=ERROR"}}`, nil), 400, "invalid_request"},
		{classNumber, viaAPI, "a diagnosis with a status of 1e9", asking(`{"seen":{"status":1000000000}}`, nil), 400, "invalid_request"},
	}
}
