package attacks

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// filmSize makes three parts: two whole ones and a short one.
const filmSize = 2*partSize + partSize/5

func TestWallsOfParts(t *testing.T) {
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
		{"a URL for another part number", 1, partSize, address("partNumber=1", "partNumber=4"), 403, "SignatureDoesNotMatch"},
		{"a URL without its part number", 1, partSize, address("partNumber=1&", ""), 405, "MethodNotAllowed"},
		{"a URL for another key", 1, partSize, address("/films/", "/other/"), 403, "SignatureDoesNotMatch"},
		{"a URL for another subject's key", 1, partSize, address("/users/s", "/users/t"), 403, "SignatureDoesNotMatch"},
		{"a URL for another upload ID", 1, partSize, address("uploadId=", "uploadId=0"), 403, "SignatureDoesNotMatch"},
		{"a URL that lives longer", 1, partSize, address("X-Amz-Expires=", "X-Amz-Expires=1"), 403, "SignatureDoesNotMatch"},
		{"a URL with the length taken out of what is signed", 1, partSize, address("content-length%3B", ""), 403, "SignatureDoesNotMatch"},
		{"a URL with a changed signature", 1, partSize, func(_ *attempt, p *testclient.Part) { p.URL = flip(p.URL) }, 403, "SignatureDoesNotMatch"},
	}
	s := newSite(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, s)
			u := a.issue(film(filmSize))
			p := a.sign(u, c.number)
			if c.spoil != nil {
				c.spoil(a, &p)
			}
			a.refused(a.got(p.Send(t.Context(), content(int(c.length)))), c.status, c.code)
			a.noParts(u)
			a.completes(u, content(filmSize))
		})
	}
}

func TestAPartOfUnknownLengthIsRefused(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	u := a.issue(film(filmSize))
	p := a.sign(u, 1)
	if answer := a.got(p.SendChunked(t.Context(), content(partSize))); answer.OK() || answer.Status >= 500 {
		t.Errorf("wanted a refusal, got %v", answer)
	}
	a.noParts(u)
	a.completes(u, content(filmSize))
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
		{"one beyond what stores take", `{"parts":[{"number":10001}]}`, 422, "part_out_of_plan"},
		{"a good one beside one after the last", `{"parts":[{"number":1},{"number":4}]}`, 422, "part_out_of_plan"},
		{"half a part", `{"parts":[{"number":1.5}]}`, 400, "invalid_request"},
		{"a number as text", `{"parts":[{"number":"1"}]}`, 400, "invalid_request"},
		{"a number over 64 bits", `{"parts":[{"number":18446744073709551617}]}`, 400, "invalid_request"},
		{"the same one twice", `{"parts":[{"number":1},{"number":1}]}`, 400, "invalid_request"},
		{"none", `{"parts":[]}`, 400, "invalid_request"},
		{"no list", `{}`, 400, "invalid_request"},
		{"more than a hundred", `{"parts":[` + strings.Repeat(`{"number":1},`, 100) + `{"number":2}]}`, 400, "invalid_request"},
		{"a size of the visitor's", `{"parts":[{"number":1,"size":99}]}`, 400, "invalid_request"},
		{"a key of the visitor's", `{"parts":[{"number":1}],"key":"users/else"}`, 400, "invalid_request"},
		{"an upload ID of the visitor's", `{"parts":[{"number":1}],"uploadId":"else"}`, 400, "invalid_request"},
	}
	s := newSite(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, s)
			u := a.issue(film(filmSize))
			a.refused(a.raw("/uploads/"+u.ID+"/parts", u.Token, c.body, nil), c.status, c.code)
			a.completes(u, content(filmSize))
		})
	}
}

func TestCompletingWithoutAllPartsNamesThoseMissing(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	u, body := a.issue(film(filmSize)), content(filmSize)
	for _, missing := range [][]int{{1, 2, 3}, {1, 2}, {1}} {
		answer := a.got(u.Complete(t.Context()))
		a.refused(answer, 409, "incomplete")
		if !slices.Equal(answer.Missing(), missing) {
			t.Errorf("missing parts: wanted %v, got %v", missing, answer)
		}
		next := missing[len(missing)-1]
		a.accepted(a.got(a.sign(u, next).Send(t.Context(), u.Piece(body, next))))
	}
	a.nothing()
	a.completes(u, body)
}

func TestAnotherUploadsTokenOpensNothing(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	mine, other := a.issue(film(filmSize)), a.issue(film(filmSize))
	for _, route := range uploadRoutes(mine.ID) {
		a.refused(a.call(route.method, route.path, other.Token, route.body), 404, "unknown_upload")
	}
	a.completes(mine, content(filmSize))
}

func TestATokenThatIsOverOpensNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := newAttempt(t, s)
	u := a.issue(film(filmSize))
	b := newAttempt(t, newSite(t, later(8*24*time.Hour)))
	for _, route := range uploadRoutes(u.ID) {
		b.refused(b.call(route.method, route.path, u.Token, route.body), 410, "upload_expired")
	}
	a.completes(u, content(filmSize))
}

func TestAPartURLIsRefusedOnceItsTimeIsOver(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t, later(-20*time.Minute)))
	u := a.issue(film(filmSize))
	a.refused(a.got(a.sign(u, 1).Send(t.Context(), content(partSize))), 403, "AccessDenied")
	a.noParts(u)
}

func TestAnAbortedUploadLeavesNoParts(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	u := a.issue(film(filmSize))
	a.accepted(a.got(a.sign(u, 1).Send(t.Context(), content(partSize))))
	if answer := a.got(u.Abort(t.Context())); answer.Status != http.StatusNoContent {
		t.Errorf("abort: wanted 204, got %v", answer)
	}
	if open := a.uploads(); len(open) != 0 {
		t.Errorf("open uploads: wanted none, got %q", open)
	}
	a.refused(a.got(u.Complete(t.Context())), 404, "unknown_upload")
	a.nothing()
}

func TestAMultipartUploadIsCompletedOnce(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	u := a.issue(film(filmSize))
	a.accepted(a.got(u.Send(t.Context(), "garden.bin", content(filmSize))))
	first := a.got(u.Complete(t.Context()))
	a.accepted(first)
	if again := a.got(u.Complete(t.Context())); string(again.Body) != string(first.Body) {
		t.Errorf("completing again: wanted %v, got %v", first, again)
	}
}

// route is one request of the JSON API about an upload.
type route struct {
	method, path string
	body         any
}

// uploadRoutes are all requests that an upload token opens.
func uploadRoutes(id string) []route {
	return []route{
		{http.MethodPost, "/uploads/" + id + "/parts", map[string]any{"parts": []testclient.PartRequest{{Number: 1}}}},
		{http.MethodGet, "/uploads/" + id + "/parts", nil},
		{http.MethodPost, "/uploads/" + id + "/complete", map[string]any{}},
		{http.MethodDelete, "/uploads/" + id, nil},
	}
}

// address replaces a piece of a part's URL.
func address(piece, by string) func(*attempt, *testclient.Part) {
	return func(a *attempt, p *testclient.Part) {
		changed := strings.Replace(p.URL, piece, by, 1)
		if changed == p.URL {
			a.Fatalf("no %q in %s", piece, p.URL)
		}
		p.URL = changed
	}
}

// noParts requires that the store has taken no part of the upload.
func (a *attempt) noParts(u *testclient.Upload) {
	a.Helper()
	answer := a.got(u.List(a.Context()))
	if !answer.OK() || strings.Contains(string(answer.Body), `"etag"`) {
		a.Errorf("parts in the store: wanted none, got %v", answer)
	}
}
