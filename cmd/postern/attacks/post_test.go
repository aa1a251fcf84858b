package attacks

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// size is what the good picture of the table has, in bytes.
const size = 500

// formWall is one way to spoil a signed form and the store's answer to it.
type formWall struct {
	name   string
	spoil  func(a *attempt, p *testclient.Post) (body int)
	status int
	code   string
}

func formWalls() []formWall {
	return []formWall{
		{"a file too large by one byte", func(_ *attempt, p *testclient.Post) int { return size + 1 }, 400, "EntityTooLarge"},
		{"a file too small by one byte", func(_ *attempt, p *testclient.Post) int { return size - 1 }, 400, "EntityTooSmall"},
		{"an empty file", func(_ *attempt, p *testclient.Post) int { return 0 }, 400, "EntityTooSmall"},
		{"another key", field("key", "users/somebody/2026/11/else.png"), 403, "AccessDenied"},
		{"a key that goes up", appendTo("key", "/../else.png"), 403, "AccessDenied"},
		{"a key with the visitor's file name", field("key", "users/${filename}"), 403, "AccessDenied"},
		{"no key", without("key"), 400, "InvalidArgument"},
		{"another type", field("Content-Type", "text/html"), 403, "AccessDenied"},
		{"a list of types", field("Content-Type", "image/png,text/html"), 403, "AccessDenied"},
		{"a type with a parameter", field("Content-Type", "image/png; charset=utf-8"), 403, "AccessDenied"},
		{"no type", without("Content-Type"), 403, "AccessDenied"},
		{"an extra field", field("x-amz-website-redirect-location", "https://evil.test/"), 403, "AccessDenied"},
		{"extra user metadata", field("x-amz-meta-role", "admin"), 403, "AccessDenied"},
		{"other user metadata", field("x-amz-meta-source", "phone"), 403, "AccessDenied"},
		{"another acl", field("acl", "public-read"), 403, "AccessDenied"},
		{"no acl", without("acl"), 403, "AccessDenied"},
		{"other tags", field("tagging", "<Tagging><TagSet><Tag><Key>stage</Key><Value>done</Value></Tag></TagSet></Tagging>"), 403, "AccessDenied"},
		{"another cache control", field("Cache-Control", "max-age=31536000"), 403, "AccessDenied"},
		{"another status", field("success_action_status", "200"), 403, "AccessDenied"},
		{"a redirect", field("success_action_redirect", "https://evil.test/"), 403, "AccessDenied"},
		{"a policy with one condition changed", tampered(func(policy string) string {
			return strings.Replace(policy, "image/png", "text/html", 1)
		}), 403, "SignatureDoesNotMatch"},
		{"a policy that lives longer", tampered(func(policy string) string {
			return strings.Replace(policy, `"expiration":"20`, `"expiration":"21`, 1)
		}), 403, "SignatureDoesNotMatch"},
		{"no policy", without("policy"), 400, "InvalidArgument"},
		{"a signature with one digit changed", signature(func(s string) string { return flip(s) }), 403, "SignatureDoesNotMatch"},
		{"a signature of zeros", signature(func(s string) string { return strings.Repeat("0", len(s)) }), 403, "SignatureDoesNotMatch"},
		{"no signature", without("x-amz-signature"), 400, "InvalidArgument"},
		{"another date", field("x-amz-date", time.Now().UTC().Add(time.Minute).Format("20060102T150405Z")), 403, "AccessDenied"},
	}
}

func TestWallsOfPOST(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, c := range formWalls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, s)
			u := a.issue(picture(size))
			p := u.Post.Clone()
			body := c.spoil(a, &p)
			a.refused(a.got(p.Send(t.Context(), "garden.png", content(body))), c.status, c.code)
			a.nothing()
			a.completes(u, content(size))
		})
	}
}

func TestWallsOfPOSTLetTheLimitsThemselvesPass(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, bytes := range map[string]int{"exactly the smallest size": least, "exactly the largest size": most} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, s)
			a.completes(a.issue(picture(int64(bytes))), content(bytes))
		})
	}
}

func TestWallsOfIssuing(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		request testclient.Request
		status  int
		code    string
	}{
		{"one byte over the largest size", picture(most + 1), 413, "size_too_large"},
		{"one byte under the smallest size", picture(least - 1), 422, "size_too_small"},
		{"an empty file", picture(0), 422, "size_too_small"},
		{"a negative size", picture(-1), 400, "invalid_request"},
		{"a film one byte over the largest size", film(filmMost + 1), 413, "size_too_large"},
		{"the largest number there is", film(1<<63 - 1), 413, "size_too_large"},
		{"a type that isn't listed", typed("image/gif"), 415, "type_not_allowed"},
		{"a page", typed("text/html"), 415, "type_not_allowed"},
		{"a drawing that can hold script", typed("image/svg+xml"), 415, "type_not_allowed"},
		{"a list of types", typed("image/png,text/html"), 415, "type_not_allowed"},
		{"a wildcard", typed("image/*"), 415, "type_not_allowed"},
		{"no type where octet streams aren't listed", typed(""), 415, "type_not_allowed"},
		{"another profile", testclient.Request{Profile: "other", Filename: "a.png", Type: "image/png", Size: 20}, 404, "unknown_profile"},
	}
	s := newSite(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, s)
			a.refused(a.ask(c.request), c.status, c.code)
		})
	}
}

func TestAFormIsRefusedOnceItsTimeIsOver(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t, later(-20*time.Minute)))
	u := a.issue(picture(size))
	a.refused(a.got(u.Send(t.Context(), "garden.png", content(size))), 403, "AccessDenied")
	a.nothing()
	a.refused(a.got(u.Complete(t.Context())), 409, "incomplete")
}

func TestAFormThatWasSentIsCompletedOnce(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	u := a.issue(picture(size))
	a.refused(a.got(u.Complete(t.Context())), 409, "incomplete")
	a.accepted(a.got(u.Send(t.Context(), "garden.png", content(size))))
	first := a.got(u.Complete(t.Context()))
	a.accepted(first)
	if again := a.got(u.Complete(t.Context())); string(again.Body) != string(first.Body) {
		t.Errorf("completing again: wanted %v, got %v", first, again)
	}
}

func typed(contentType string) testclient.Request {
	r := picture(size)
	r.Type = contentType
	return r
}

func field(name, value string) func(*attempt, *testclient.Post) int {
	return func(_ *attempt, p *testclient.Post) int { p.Set(name, value); return size }
}

func appendTo(name, more string) func(*attempt, *testclient.Post) int {
	return func(_ *attempt, p *testclient.Post) int { p.Set(name, p.Get(name)+more); return size }
}

func without(name string) func(*attempt, *testclient.Post) int {
	return func(a *attempt, p *testclient.Post) int {
		if p.Get(name) == "" {
			a.Fatalf("the form has no field %q to leave out", name)
		}
		p.Drop(name)
		return size
	}
}

// tampered edits the policy's text and encodes it again.
func tampered(edit func(string) string) func(*attempt, *testclient.Post) int {
	return func(a *attempt, p *testclient.Post) int {
		text, err := base64.StdEncoding.DecodeString(p.Get("policy"))
		if err != nil {
			a.Fatal(err)
		}
		changed := edit(string(text))
		if changed == string(text) {
			a.Fatalf("the edit changed nothing in %s", text)
		}
		p.Set("policy", base64.StdEncoding.EncodeToString([]byte(changed)))
		return size
	}
}

func signature(edit func(string) string) func(*attempt, *testclient.Post) int {
	return func(_ *attempt, p *testclient.Post) int {
		p.Set("x-amz-signature", edit(p.Get("x-amz-signature")))
		return size
	}
}

// flip changes the last character of a text, within the hexadecimal digits.
func flip(text string) string {
	last := "0"
	if strings.HasSuffix(text, "0") {
		last = "1"
	}
	return text[:len(text)-1] + last
}
