package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers"
)

func TestRequestsAreReadStrictly(t *testing.T) {
	t.Parallel()
	const good = `{"profile":"pictures","filename":"garden.png","type":"image/png","size":4000}`
	with := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	cases := []struct {
		name, body string
		code       handlers.Code
		field      string
	}{
		{"nothing", "", handlers.CodeInvalidRequest, "Content-Type"},
		{"blank", " ", handlers.CodeInvalidRequest, ""},
		{"not JSON", "profile=pictures", handlers.CodeInvalidRequest, ""},
		{"an array", "[]", handlers.CodeInvalidRequest, ""},
		{"null", "null", handlers.CodeInvalidRequest, "profile"},
		{"half of it", good[:40], handlers.CodeInvalidRequest, ""},
		{"trailing data", good + "{}", handlers.CodeInvalidRequest, ""},
		{"a trailing comma", with(`4000}`, `4000,}`), handlers.CodeInvalidRequest, ""},
		{"a comment", "/**/" + good, handlers.CodeInvalidRequest, ""},
		{"a byte order mark", "\ufeff" + good, handlers.CodeInvalidRequest, ""},
		{"an unknown member", with(`{`, `{"acl":"public-read",`), handlers.CodeInvalidRequest, "acl"},
		{"a key of the caller's", with(`{`, `{"key":"x",`), handlers.CodeInvalidRequest, "key"},
		{"a member twice", with(`{`, `{"size":1,`), handlers.CodeInvalidRequest, "size"},
		{"a member in other letters", with(`"size"`, `"Size"`), handlers.CodeInvalidRequest, "Size"},
		{"metadata twice", with(`{`, `{"metadata":{"a":"1","a":"2"},`), handlers.CodeInvalidRequest, "metadata.a"},
		{"no profile", with(`"profile":"pictures",`, ``), handlers.CodeInvalidRequest, "profile"},
		{"no file name", with(`"filename":"garden.png",`, ``), handlers.CodeInvalidRequest, "filename"},
		{"no size", with(`,"size":4000`, ``), handlers.CodeInvalidRequest, "size"},
		{"a size of null", with(`4000`, `null`), handlers.CodeInvalidRequest, "size"},
		{"a negative size", with(`4000`, `-1`), handlers.CodeInvalidRequest, "size"},
		{"half a byte", with(`4000`, `4000.5`), handlers.CodeInvalidRequest, "size"},
		{"an exponent", with(`4000`, `4e3`), handlers.CodeInvalidRequest, "size"},
		{"a size over 64 bits", with(`4000`, `9223372036854775808`), handlers.CodeInvalidRequest, "size"},
		{"a size as text", with(`4000`, `"4000"`), handlers.CodeInvalidRequest, "size"},
		{"not a number", with(`4000`, `NaN`), handlers.CodeInvalidRequest, ""},
		{"a name that is a number", with(`"garden.png"`, `7`), handlers.CodeInvalidRequest, "filename"},
		{"a name that isn't UTF-8", with(`garden`, "\xff"), handlers.CodeInvalidRequest, ""},
		{"half a surrogate", with(`garden`, `\ud800`), handlers.CodeInvalidRequest, ""},
		{"deep nesting", strings.Repeat(`{"metadata":`, 5000), handlers.CodeInvalidRequest, ""},
		{"ten megabytes", with(`garden.png`, strings.Repeat("x", 10<<20)), handlers.CodeInvalidRequest, ""},
		{"an unknown profile", with(`pictures`, `nothing`), handlers.CodeUnknownProfile, "profile"},
		{"one byte too many", with(`4000`, `1048577`), handlers.CodeSizeTooLarge, "size"},
		{"one byte too few", with(`4000`, `9`), handlers.CodeSizeTooSmall, "size"},
		{"another type", with(`image/png`, `image/gif`), handlers.CodeTypeNotAllowed, "type"},
		{"a list of types", with(`image/png`, `image/png,text/html`), handlers.CodeTypeNotAllowed, "type"},
		{"a path for a name", with(`garden.png`, `../garden.png`), handlers.CodeFilenameInvalid, "filename"},
		{"metadata nobody allowed", with(`{`, `{"metadata":{"owner":"me"},`), handlers.CodeInvalidRequest, "metadata.owner"},
	}
	s := newSite(t)
	for _, c := range cases {
		refused := s.call("POST", "/uploads", c.body).refused(c.code)
		if refused.Field != c.field && c.field != "" {
			t.Errorf("%s: wanted field %q, got %+v", c.name, c.field, refused)
		}
	}
	s.call("POST", "/uploads", good).into(http.StatusCreated, &plan{})
}

func TestOnlyJSONIsRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const good = `{"profile":"pictures","filename":"garden.png","type":"image/png","size":4000}`
	cases := map[string]bool{"application/json": true, "application/json; charset=utf-8": true, "APPLICATION/JSON": true,
		"text/plain": false, "application/x-www-form-urlencoded": false, "multipart/form-data": false,
		"application/json; charset=utf-16": false, "application/jsonp": false, "text/plain; application/json": false}
	for kind, read := range cases {
		a := s.call("POST", "/uploads", good, "Content-Type", kind)
		if read {
			a.into(http.StatusCreated, &plan{})
		} else if refused := a.refused(handlers.CodeInvalidRequest); refused.Field != "Content-Type" {
			t.Errorf("%s: got %+v", kind, refused)
		}
	}
}

func TestOnlyPlannedPartsAreSigned(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.issue("films", "plot.txt", "text/plain", 11<<20, "Authorization", "Bearer alice")
	sum := crc(nil)
	many := strings.TrimSuffix(strings.Repeat(fmt.Sprintf(`{"number":1,"checksum":%q},`, sum), 101), ",")
	cases := []struct {
		name, parts string
		code        handlers.Code
		field       string
	}{
		{"none", ``, handlers.CodeInvalidRequest, "parts"},
		{"too many", many, handlers.CodeInvalidRequest, "parts"},
		{"one before the first", `{"number":0,"checksum":"AAAAAA=="}`, handlers.CodePartOutOfPlan, "parts[0].number"},
		{"one after the last", `{"number":4,"checksum":"AAAAAA=="}`, handlers.CodePartOutOfPlan, "parts[0].number"},
		{"a negative one", `{"number":-1,"checksum":"AAAAAA=="}`, handlers.CodePartOutOfPlan, "parts[0].number"},
		{"one over 64 bits", `{"number":18446744073709551617,"checksum":"AAAAAA=="}`, handlers.CodeInvalidRequest, "parts[0].number"},
		{"half a part", `{"number":1.5,"checksum":"AAAAAA=="}`, handlers.CodeInvalidRequest, "parts[0].number"},
		{"one twice", `{"number":1,"checksum":"AAAAAA=="},{"number":1,"checksum":"AAAAAA=="}`, handlers.CodeInvalidRequest, "parts[1].number"},
		{"no checksum", `{"number":1}`, handlers.CodeInvalidRequest, "parts[0].checksum"},
		{"a short checksum", `{"number":1,"checksum":"AAAA"}`, handlers.CodeInvalidRequest, "parts[0].checksum"},
		{"a checksum that isn't base64", `{"number":1,"checksum":"AAAAA==="}`, handlers.CodeInvalidRequest, "parts[0].checksum"},
		{"a size of the caller's", `{"number":1,"checksum":"AAAAAA==","size":9}`, handlers.CodeInvalidRequest, "parts[0].size"},
		{"a good one beside a bad one", `{"number":1,"checksum":"AAAAAA=="},{"number":9,"checksum":"AAAAAA=="}`, handlers.CodePartOutOfPlan, "parts[1].number"},
	}
	for _, c := range cases {
		if refused := p.call("POST", "/parts", `{"parts":[`+c.parts+`]}`).refused(c.code); refused.Field != c.field {
			t.Errorf("%s: wanted field %q, got %+v", c.name, c.field, refused)
		}
	}
	var signed signedParts
	p.call("POST", "/parts", `{"parts":[{"number":3,"checksum":"AAAAAA=="},{"number":1,"checksum":"AAAAAA=="}]}`).into(http.StatusOK, &signed)
	if len(signed.Parts) != 2 || signed.Parts[0].Number != 3 || signed.Parts[0].Size != 1<<20 || signed.Parts[1].Size != 5<<20 ||
		signed.Parts[0].Headers["x-amz-checksum-crc32"] != "AAAAAA==" || signed.Expires == "" {
		t.Errorf("got %+v", signed)
	}
	for _, part := range signed.Parts {
		if !strings.Contains(part.URL, "content-length%3B") || !strings.Contains(part.URL, "x-amz-checksum-crc32&") {
			t.Errorf("length and checksum aren't signed: %s", part.URL)
		}
	}
}

func TestPartsOfAnUploadInOnePiece(t *testing.T) {
	t.Parallel()
	p := newSite(t).issue("pictures", "garden.png", "image/png", 4000)
	p.call("POST", "/parts", `{"parts":[{"number":1}]}`).refused(handlers.CodePartOutOfPlan)
	var got struct{ Parts []struct{} }
	p.call("GET", "/parts", "").into(http.StatusOK, &got)
	if got.Parts == nil || len(got.Parts) != 0 {
		t.Errorf("wanted an empty list, got %v", got.Parts)
	}
	for _, body := range []string{"", "{}"} {
		p.call("POST", "/complete", body).refused(handlers.CodeIncomplete)
	}
	p.call("POST", "/complete", `{"checksum":"AAAAAA=="}`).refused(handlers.CodeInvalidRequest)
	p.call("POST", "/complete", `{"etag":"x"}`).refused(handlers.CodeInvalidRequest)
}
