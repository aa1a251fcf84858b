package attacks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// filmSize, in bytes, makes three parts: two full ones and a short one.
const filmSize = 2*partSize + partSize/5

func TestTheStoreRefusesChangedParts(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		number int
		length int64
		spoil  func(a *attempt, p *testclient.Part)
		status int
		code   string
	}{
		{"a part one byte longer", 1, partSize + 1, nil, 403, "SignatureDoesNotMatch"},
		{"a part one byte shorter", 1, partSize - 1, nil, 403, "SignatureDoesNotMatch"},
		{"the last part one byte longer", 3, partSize/5 + 1, nil, 403, "SignatureDoesNotMatch"},
		{"the last part as long as the others", 3, partSize, nil, 403, "SignatureDoesNotMatch"},
		{"an empty part", 1, 0, nil, 403, "SignatureDoesNotMatch"},
		{"a URL for another part number", 1, partSize, replaceInURL("partNumber=1", "partNumber=4"), 403, "SignatureDoesNotMatch"},
		{"a URL without its part number", 1, partSize, replaceInURL("partNumber=1&", ""), 405, "MethodNotAllowed"},
		{"a URL for another key", 1, partSize, replaceInURL("/films/", "/other/"), 403, "SignatureDoesNotMatch"},
		{"a URL for another subject's key", 1, partSize, replaceInURL("/users/s", "/users/t"), 403, "SignatureDoesNotMatch"},
		{"a URL for another upload ID", 1, partSize, replaceInURL("uploadId=", "uploadId=0"), 403, "SignatureDoesNotMatch"},
		{"a URL with a longer lifetime", 1, partSize, replaceInURL("X-Amz-Expires=", "X-Amz-Expires=1"), 403, "SignatureDoesNotMatch"},
		{"a URL with the length taken out of what is signed", 1, partSize, replaceInURL("content-length%3B", ""), 403, "SignatureDoesNotMatch"},
		{"a URL with a changed signature", 1, partSize, func(_ *attempt, p *testclient.Part) { p.URL = changeLastDigit(p.URL) }, 403, "SignatureDoesNotMatch"},
	}
	s := newSite(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, s)
			u := a.issue(filmRequest(filmSize))
			p := a.sign(u, c.number)
			if c.spoil != nil {
				c.spoil(a, &p)
			}
			a.requireRefusal(a.requireAnswer(p.Send(t.Context(), pngOfSize(int(c.length)))), c.status, c.code)
			a.requireNoParts(u)
			a.requireCompletes(u, pngOfSize(filmSize))
		})
	}
}

func TestAPartOfUnknownLengthIsRefused(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	u := a.issue(filmRequest(filmSize))
	p := a.sign(u, 1)
	if answer := a.requireAnswer(p.SendChunked(t.Context(), pngOfSize(partSize))); answer.OK() || answer.Status >= 500 {
		t.Errorf("answer: wanted a refusal, got %v", answer)
	}
	a.requireNoParts(u)
	a.requireCompletes(u, pngOfSize(filmSize))
}

func TestPartsOutsideThePlanAreNotSigned(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, body string
		status     int
		code       string
	}{
		{"one after the last", `{"parts":[{"number":4}]}`, 422, "part_out_of_plan"},
		{"one before the first", `{"parts":[{"number":0}]}`, 422, "part_out_of_plan"},
		{"a negative one", `{"parts":[{"number":-1}]}`, 422, "part_out_of_plan"},
		{"one that no store accepts", `{"parts":[{"number":10001}]}`, 422, "part_out_of_plan"},
		{"a good one beside one after the last", `{"parts":[{"number":1},{"number":4}]}`, 422, "part_out_of_plan"},
		{"half a part", `{"parts":[{"number":1.5}]}`, 400, "invalid_request"},
		{"a number as text", `{"parts":[{"number":"1"}]}`, 400, "invalid_request"},
		{"a number of more than 64 bits", `{"parts":[{"number":18446744073709551617}]}`, 400, "invalid_request"},
		{"the same one twice", `{"parts":[{"number":1},{"number":1}]}`, 400, "invalid_request"},
		{"none", `{"parts":[]}`, 400, "invalid_request"},
		{"nothing", `{}`, 400, "invalid_request"},
		{"more than a hundred", `{"parts":[` + strings.Repeat(`{"number":1},`, 100) + `{"number":2}]}`, 400, "invalid_request"},
		{"a size", `{"parts":[{"number":1,"size":99}]}`, 400, "invalid_request"},
		{"a key", `{"parts":[{"number":1}],"key":"users/else"}`, 400, "invalid_request"},
		{"an upload ID", `{"parts":[{"number":1}],"uploadId":"else"}`, 400, "invalid_request"},
	}
	s := newSite(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, s)
			u := a.issue(filmRequest(filmSize))
			a.requireRefusal(a.postRaw("/uploads/"+u.ID+"/parts", u.Token, c.body, nil), c.status, c.code)
			a.requireCompletes(u, pngOfSize(filmSize))
		})
	}
}

func TestCompletingWithoutAllPartsListsTheMissingOnes(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	u, body := a.issue(filmRequest(filmSize)), pngOfSize(filmSize)
	for _, missing := range [][]int{{1, 2, 3}, {1, 2}, {1}} {
		answer := a.requireAnswer(u.Complete(t.Context()))
		a.requireRefusal(answer, 409, "incomplete")
		if !slices.Equal(answer.Missing(), missing) {
			t.Errorf("missing parts: wanted %v, got %v", missing, answer)
		}
		next := missing[len(missing)-1]
		a.requireSuccess(a.requireAnswer(a.sign(u, next).Send(t.Context(), u.PartContent(body, next))))
	}
	a.requireNothingStored()
	a.requireCompletes(u, body)
}

func TestTheTokenOfAnotherUploadIsRefused(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	mine, other := a.issue(filmRequest(filmSize)), a.issue(filmRequest(filmSize))
	for _, route := range uploadRoutes(mine.ID) {
		a.requireRefusal(a.call(route.method, route.path, other.Token, route.body), 404, "unknown_upload")
	}
	a.requireCompletes(mine, pngOfSize(filmSize))
}

func TestAnExpiredUploadTokenIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := newAttempt(t, s)
	u := a.issue(filmRequest(filmSize))
	b := newAttempt(t, newSite(t, withClockMovedBy(8*24*time.Hour)))
	for _, route := range uploadRoutes(u.ID) {
		b.requireRefusal(b.call(route.method, route.path, u.Token, route.body), 410, "upload_expired")
	}
	a.requireCompletes(u, pngOfSize(filmSize))
}

func TestAnExpiredPartURLIsRefused(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t, withClockMovedBy(-20*time.Minute)))
	u := a.issue(filmRequest(filmSize))
	a.requireRefusal(a.requireAnswer(a.sign(u, 1).Send(t.Context(), pngOfSize(partSize))), 403, "AccessDenied")
	a.requireNoParts(u)
}

func TestAnAbortedUploadLeavesNoParts(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	u := a.issue(filmRequest(filmSize))
	a.requireSuccess(a.requireAnswer(a.sign(u, 1).Send(t.Context(), pngOfSize(partSize))))
	if answer := a.requireAnswer(u.Abort(t.Context())); answer.Status != http.StatusNoContent {
		t.Errorf("abort: wanted 204, got %v", answer)
	}
	if open := a.openUploads(); len(open) != 0 {
		t.Errorf("open uploads: wanted none, got %q", open)
	}
	a.requireRefusal(a.requireAnswer(u.Complete(t.Context())), 410, "upload_expired")
	a.requireNothingStored()
}

func TestAMultipartUploadIsCompletedOnce(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	u := a.issue(filmRequest(filmSize))
	a.requireSuccess(a.requireAnswer(u.Send(t.Context(), "garden.bin", pngOfSize(filmSize))))
	first := a.requireAnswer(u.Complete(t.Context()))
	a.requireSuccess(first)
	again := a.requireAnswer(u.Complete(t.Context()))
	a.requireSuccess(again)
	if wanted, got := a.completionIn(first), a.completionIn(again); !reflect.DeepEqual(wanted, got) {
		t.Errorf("second completion: wanted %v, got %v", wanted, got)
	}
}

// completionIn returns what a completion says, with the claims of its receipt. Receipts are minted
// for each answer, so their times are left out.
func (a *attempt) completionIn(answer testclient.Answer) map[string]any {
	a.Helper()
	said := map[string]any{}
	if err := json.Unmarshal(answer.Body, &said); err != nil {
		a.Fatal(err)
	}
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(fmt.Sprint(said["receipt"]), claims); err != nil {
		a.Fatal(err)
	}
	delete(claims, "iat")
	delete(claims, "exp")
	said["receipt"] = claims
	return said
}

// route is a request of the JSON API about an upload.
type route struct {
	method, path string
	body         any
}

// uploadRoutes returns all requests that need an upload token.
func uploadRoutes(id string) []route {
	return []route{
		{http.MethodPost, "/uploads/" + id + "/parts", map[string]any{"parts": []testclient.PartRequest{{Number: 1}}}},
		{http.MethodGet, "/uploads/" + id + "/parts", nil},
		{http.MethodPost, "/uploads/" + id + "/complete", map[string]any{}},
		{http.MethodDelete, "/uploads/" + id, nil},
	}
}

// replaceInURL replaces a piece of a part's URL.
func replaceInURL(piece, by string) func(*attempt, *testclient.Part) {
	return func(a *attempt, p *testclient.Part) {
		changed := strings.Replace(p.URL, piece, by, 1)
		if changed == p.URL {
			a.Fatalf("URL: wanted %q in it, got %s", piece, p.URL)
		}
		p.URL = changed
	}
}

// requireNoParts requires that the store has no part of the upload.
func (a *attempt) requireNoParts(u *testclient.Upload) {
	a.Helper()
	answer := a.requireAnswer(u.List(a.Context()))
	if !answer.OK() || strings.Contains(string(answer.Body), `"etag"`) {
		a.Errorf("parts in the store: wanted none, got %v", answer)
	}
}
