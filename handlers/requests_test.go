package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers/problem"
)

func TestRequestsAreReadStrictly(t *testing.T) {
	t.Parallel()
	const good = `{"profile":"pictures","filename":"garden.png","type":"image/png","size":4000}`
	with := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	cases := []struct {
		name, body string
		code       problem.Code
		field      string
	}{
		{"nothing", "", problem.InvalidRequest, "Content-Type"},
		{"blank", " ", problem.InvalidRequest, ""},
		{"not JSON", "profile=pictures", problem.InvalidRequest, ""},
		{"an array", "[]", problem.InvalidRequest, ""},
		{"null", "null", problem.InvalidRequest, "profile"},
		{"half of it", good[:40], problem.InvalidRequest, ""},
		{"trailing data", good + "{}", problem.InvalidRequest, ""},
		{"a trailing comma", with(`4000}`, `4000,}`), problem.InvalidRequest, ""},
		{"a comment", "/**/" + good, problem.InvalidRequest, ""},
		{"a byte order mark", "\ufeff" + good, problem.InvalidRequest, ""},
		{"an unknown member", with(`{`, `{"acl":"public-read",`), problem.InvalidRequest, "acl"},
		{"a key of the caller's", with(`{`, `{"key":"x",`), problem.InvalidRequest, "key"},
		{"a member twice", with(`{`, `{"size":1,`), problem.InvalidRequest, "size"},
		{"a member in other letters", with(`"size"`, `"Size"`), problem.InvalidRequest, "Size"},
		{"metadata twice", with(`{`, `{"metadata":{"a":"1","a":"2"},`), problem.InvalidRequest, "metadata.a"},
		{"no profile", with(`"profile":"pictures",`, ``), problem.InvalidRequest, "profile"},
		{"no file name", with(`"filename":"garden.png",`, ``), problem.InvalidRequest, "filename"},
		{"no size", with(`,"size":4000`, ``), problem.InvalidRequest, "size"},
		{"a size of null", with(`4000`, `null`), problem.InvalidRequest, "size"},
		{"a negative size", with(`4000`, `-1`), problem.InvalidRequest, "size"},
		{"half a byte", with(`4000`, `4000.5`), problem.InvalidRequest, "size"},
		{"an exponent", with(`4000`, `4e3`), problem.InvalidRequest, "size"},
		{"a size over 64 bits", with(`4000`, `9223372036854775808`), problem.InvalidRequest, "size"},
		{"a size as text", with(`4000`, `"4000"`), problem.InvalidRequest, "size"},
		{"not a number", with(`4000`, `NaN`), problem.InvalidRequest, ""},
		{"a name that is a number", with(`"garden.png"`, `7`), problem.InvalidRequest, "filename"},
		{"a name that isn't UTF-8", with(`garden`, "\xff"), problem.InvalidRequest, ""},
		{"half a surrogate", with(`garden`, `\ud800`), problem.InvalidRequest, ""},
		{"deep nesting", strings.Repeat(`{"metadata":`, 5000), problem.InvalidRequest, ""},
		{"ten megabytes", with(`garden.png`, strings.Repeat("x", 10<<20)), problem.InvalidRequest, ""},
		{"an unknown profile", with(`pictures`, `nothing`), problem.UnknownProfile, "profile"},
		{"one byte too many", with(`4000`, `1048577`), problem.SizeTooLarge, "size"},
		{"one byte too few", with(`4000`, `9`), problem.SizeTooSmall, "size"},
		{"another type", with(`image/png`, `image/gif`), problem.TypeNotAllowed, "type"},
		{"a list of types", with(`image/png`, `image/png,text/html`), problem.TypeNotAllowed, "type"},
		{"a path for a name", with(`garden.png`, `../garden.png`), problem.FilenameInvalid, "filename"},
		{"metadata nobody allowed", with(`{`, `{"metadata":{"owner":"me"},`), problem.InvalidRequest, "metadata.owner"},
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
		} else if refused := a.refused(problem.InvalidRequest); refused.Field != "Content-Type" {
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
		code        problem.Code
		field       string
	}{
		{"none", ``, problem.InvalidRequest, "parts"},
		{"too many", many, problem.InvalidRequest, "parts"},
		{"one before the first", `{"number":0,"checksum":"AAAAAA=="}`, problem.PartOutOfPlan, "parts[0].number"},
		{"one after the last", `{"number":4,"checksum":"AAAAAA=="}`, problem.PartOutOfPlan, "parts[0].number"},
		{"a negative one", `{"number":-1,"checksum":"AAAAAA=="}`, problem.PartOutOfPlan, "parts[0].number"},
		{"one over 64 bits", `{"number":18446744073709551617,"checksum":"AAAAAA=="}`, problem.InvalidRequest, "parts[0].number"},
		{"half a part", `{"number":1.5,"checksum":"AAAAAA=="}`, problem.InvalidRequest, "parts[0].number"},
		{"one twice", `{"number":1,"checksum":"AAAAAA=="},{"number":1,"checksum":"AAAAAA=="}`, problem.InvalidRequest, "parts[1].number"},
		{"no checksum", `{"number":1}`, problem.InvalidRequest, "parts[0].checksum"},
		{"a short checksum", `{"number":1,"checksum":"AAAA"}`, problem.InvalidRequest, "parts[0].checksum"},
		{"a checksum that isn't base64", `{"number":1,"checksum":"AAAAA==="}`, problem.InvalidRequest, "parts[0].checksum"},
		{"a size of the caller's", `{"number":1,"checksum":"AAAAAA==","size":9}`, problem.InvalidRequest, "parts[0].size"},
		{"a good one beside a bad one", `{"number":1,"checksum":"AAAAAA=="},{"number":9,"checksum":"AAAAAA=="}`, problem.PartOutOfPlan, "parts[1].number"},
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

func TestAnUploadByPostHasNoParts(t *testing.T) {
	t.Parallel()
	p := newSite(t).issue("pictures", "garden.png", "image/png", 4000)
	p.call("POST", "/parts", `{"parts":[{"number":1}]}`).refused(problem.PartOutOfPlan)
	var got struct{ Parts []struct{} }
	p.call("GET", "/parts", "").into(http.StatusOK, &got)
	if got.Parts == nil || len(got.Parts) != 0 {
		t.Errorf("wanted an empty list, got %v", got.Parts)
	}
	for _, body := range []string{"", "{}"} {
		p.call("POST", "/complete", body).refused(problem.Incomplete)
	}
	p.call("POST", "/complete", `{"checksum":"AAAAAA=="}`).refused(problem.InvalidRequest)
	p.call("POST", "/complete", `{"etag":"x"}`).refused(problem.InvalidRequest)
}
