package attacks

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// pictureSize is the size of the valid picture in bytes.
const pictureSize = 500

// formAttack is a change of a signed form, and the store's refusal.
type formAttack struct {
	name   string
	spoil  func(a *attempt, p *testclient.Post) (body int)
	status int
	code   string
}

func formAttacks() []formAttack {
	return []formAttack{
		{"a file too large by one byte", func(_ *attempt, p *testclient.Post) int { return pictureSize + 1 }, 400, "EntityTooLarge"},
		{"a file too small by one byte", func(_ *attempt, p *testclient.Post) int { return pictureSize - 1 }, 400, "EntityTooSmall"},
		{"an empty file", func(_ *attempt, p *testclient.Post) int { return 0 }, 400, "EntityTooSmall"},
		{"another key", setField("key", "users/somebody/2026/11/else.png"), 403, "AccessDenied"},
		{"a key that goes up", appendToField("key", "/../else.png"), 403, "AccessDenied"},
		{"a key with the visitor's file name", setField("key", "users/${filename}"), 403, "AccessDenied"},
		{"no key", dropField("key"), 400, "InvalidArgument"},
		{"another type", setField("Content-Type", "text/html"), 403, "AccessDenied"},
		{"a list of types", setField("Content-Type", "image/png,text/html"), 403, "AccessDenied"},
		{"a type with a parameter", setField("Content-Type", "image/png; charset=utf-8"), 403, "AccessDenied"},
		{"no type", dropField("Content-Type"), 403, "AccessDenied"},
		{"an extra field", setField("x-amz-website-redirect-location", "https://evil.test/"), 403, "AccessDenied"},
		{"extra user metadata", setField("x-amz-meta-role", "admin"), 403, "AccessDenied"},
		{"other user metadata", setField("x-amz-meta-source", "phone"), 403, "AccessDenied"},
		{"another acl", setField("acl", "public-read"), 403, "AccessDenied"},
		{"no acl", dropField("acl"), 403, "AccessDenied"},
		{"other tags", setField("tagging", "<Tagging><TagSet><Tag><Key>stage</Key><Value>done</Value></Tag></TagSet></Tagging>"), 403, "AccessDenied"},
		{"another cache control", setField("Cache-Control", "max-age=31536000"), 403, "AccessDenied"},
		{"another status", setField("success_action_status", "200"), 403, "AccessDenied"},
		{"a redirect", setField("success_action_redirect", "https://evil.test/"), 403, "AccessDenied"},
		{"a policy with one condition changed", editPolicy(func(policy string) string {
			return strings.Replace(policy, "image/png", "text/html", 1)
		}), 403, "SignatureDoesNotMatch"},
		{"a policy that expires later", editPolicy(func(policy string) string {
			return strings.Replace(policy, `"expiration":"20`, `"expiration":"21`, 1)
		}), 403, "SignatureDoesNotMatch"},
		{"no policy", dropField("policy"), 400, "InvalidArgument"},
		{"a signature with one digit changed", editSignature(func(s string) string { return changeLastDigit(s) }), 403, "SignatureDoesNotMatch"},
		{"a signature of zeros", editSignature(func(s string) string { return strings.Repeat("0", len(s)) }), 403, "SignatureDoesNotMatch"},
		{"no signature", dropField("x-amz-signature"), 400, "InvalidArgument"},
		{"another date", setField("x-amz-date", time.Now().UTC().Add(time.Minute).Format("20060102T150405Z")), 403, "AccessDenied"},
	}
}

func TestTheStoreRefusesChangedForms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, c := range formAttacks() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, s)
			u := a.issue(pictureRequest(pictureSize))
			p := u.Post.Clone()
			body := c.spoil(a, &p)
			a.requireRefusal(a.requireAnswer(p.Send(t.Context(), "garden.png", pngOfSize(body))), c.status, c.code)
			a.requireNothingStored()
			a.requireCompletes(u, pngOfSize(pictureSize))
		})
	}
}

func TestFilesOfExactlyTheLimitsAreAccepted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, bytes := range map[string]int{"exactly the smallest size": minSize, "exactly the largest size": maxSize} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, s)
			a.requireCompletes(a.issue(pictureRequest(int64(bytes))), pngOfSize(bytes))
		})
	}
}

func TestRequestsThatBreakTheProfileAreNotIssued(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		request testclient.Request
		status  int
		code    string
	}{
		{"one byte over the largest size", pictureRequest(maxSize + 1), 413, "size_too_large"},
		{"one byte under the smallest size", pictureRequest(minSize - 1), 422, "size_too_small"},
		{"an empty file", pictureRequest(0), 422, "size_too_small"},
		{"a negative size", pictureRequest(-1), 400, "invalid_request"},
		{"a film one byte over the largest size", filmRequest(maxFilmSize + 1), 413, "size_too_large"},
		{"the largest number there is", filmRequest(1<<63 - 1), 413, "size_too_large"},
		{"a type that isn't listed", pictureOfType("image/gif"), 415, "type_not_allowed"},
		{"a page", pictureOfType("text/html"), 415, "type_not_allowed"},
		{"a drawing that can hold script", pictureOfType("image/svg+xml"), 415, "type_not_allowed"},
		{"a list of types", pictureOfType("image/png,text/html"), 415, "type_not_allowed"},
		{"a wildcard", pictureOfType("image/*"), 415, "type_not_allowed"},
		{"no type and no extension where octet streams aren't listed", pictureNamed("a", ""), 415, "type_not_allowed"},
		{"no type and an extension that isn't listed", pictureNamed("a.heic", ""), 415, "type_not_allowed"},
		{"no type and the extension of a page", pictureNamed("a.png.html", ""), 415, "type_not_allowed"},
		{"a type that only goes with another extension", pictureNamed("a.csv", "application/vnd.ms-excel"), 415, "type_not_allowed"},
		{"another profile", testclient.Request{Profile: "other", Filename: "a.png", Type: "image/png", Size: 20}, 404, "unknown_profile"},
	}
	s := newSite(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, s)
			a.requireRefusal(a.tryToIssue(c.request), c.status, c.code)
		})
	}
}

func TestAnExpiredFormIsRefused(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t, withClockMovedBy(-20*time.Minute)))
	u := a.issue(pictureRequest(pictureSize))
	a.requireRefusal(a.requireAnswer(u.Send(t.Context(), "garden.png", pngOfSize(pictureSize))), 403, "AccessDenied")
	a.requireNothingStored()
	a.requireRefusal(a.requireAnswer(u.Complete(t.Context())), 409, "incomplete")
}

func TestAFormUploadIsCompletedOnce(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	u := a.issue(pictureRequest(pictureSize))
	a.requireRefusal(a.requireAnswer(u.Complete(t.Context())), 409, "incomplete")
	a.requireSuccess(a.requireAnswer(u.Send(t.Context(), "garden.png", pngOfSize(pictureSize))))
	first := a.requireAnswer(u.Complete(t.Context()))
	a.requireSuccess(first)
	if again := a.requireAnswer(u.Complete(t.Context())); string(again.Body) != string(first.Body) {
		t.Errorf("second completion: wanted %v, got %v", first, again)
	}
}

func pictureOfType(contentType string) testclient.Request {
	r := pictureRequest(pictureSize)
	r.Type = contentType
	return r
}

func pictureNamed(name, contentType string) testclient.Request {
	r := pictureOfType(contentType)
	r.Filename = name
	return r
}

func setField(name, value string) func(*attempt, *testclient.Post) int {
	return func(_ *attempt, p *testclient.Post) int { p.Set(name, value); return pictureSize }
}

func appendToField(name, more string) func(*attempt, *testclient.Post) int {
	return func(_ *attempt, p *testclient.Post) int { p.Set(name, p.Get(name)+more); return pictureSize }
}

func dropField(name string) func(*attempt, *testclient.Post) int {
	return func(a *attempt, p *testclient.Post) int {
		if p.Get(name) == "" {
			a.Fatalf("form: wanted a field %q to drop, got none", name)
		}
		p.Drop(name)
		return pictureSize
	}
}

// editPolicy changes the text of the policy and encodes it again.
func editPolicy(edit func(string) string) func(*attempt, *testclient.Post) int {
	return func(a *attempt, p *testclient.Post) int {
		text, err := base64.StdEncoding.DecodeString(p.Get("policy"))
		if err != nil {
			a.Fatal(err)
		}
		changed := edit(string(text))
		if changed == string(text) {
			a.Fatalf("policy: wanted a changed one, got %s", text)
		}
		p.Set("policy", base64.StdEncoding.EncodeToString([]byte(changed)))
		return pictureSize
	}
}

func editSignature(edit func(string) string) func(*attempt, *testclient.Post) int {
	return func(_ *attempt, p *testclient.Post) int {
		p.Set("x-amz-signature", edit(p.Get("x-amz-signature")))
		return pictureSize
	}
}

// changeLastDigit changes the last character of a text to another hexadecimal digit.
func changeLastDigit(text string) string {
	last := "0"
	if strings.HasSuffix(text, "0") {
		last = "1"
	}
	return text[:len(text)-1] + last
}
