package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/policy/explain"
)

func explaining(c *handlers.Config) { c.Explain = true }

const formType = "application/x-www-form-urlencoded"

func TestExplainIsServedOnlyWhereSwitchedOn(t *testing.T) {
	t.Parallel()
	if got := newSite(t).call(http.MethodGet, "/explain", ""); got.status != http.StatusNotFound {
		t.Errorf("switched off: got %d", got.status)
	}
	got := newSite(t, explaining).call(http.MethodGet, "/explain", "")
	if got.status != http.StatusOK || !strings.Contains(string(got.body), `action="/up/explain"`) || !strings.Contains(string(got.body), `method="post"`) {
		t.Errorf("switched on: got %d, %s", got.status, got.body)
	}
}

func TestExplainSaysWhatPastedTextMeans(t *testing.T) {
	t.Parallel()
	s := newSite(t, explaining)
	policy := `{"expiration":"2999-01-01T00:00:00Z","conditions":[{"bucket":"media"},["starts-with","$key","users/1/"],["content-length-range",1,10]]}`
	cases := []struct {
		name             string
		text, form, size string
		status           int
		want             []string
	}{
		{"a policy by itself", policy, "", "", 200, []string{`data-state="explained"`, "begins with “users/1/”", "1 byte to 10 bytes"}},
		{"a form that is accepted", policy, "key=users/1/a", "10", 200, []string{`data-state="ok"`}},
		{"a form that is refused twice", policy, "key=users/10/a\r\nacl=private\r\n", "10", 200, []string{`data-state="refused"`, "prefix_mismatch", "field_uncovered"}},
		{"a file that is too large", policy, "key=users/1/a", "11B", 200, []string{`data-state="refused"`, "size_too_large"}},
		{"a store's error", "<Error><Code>AccessControlListNotSupported</Code><Message>no</Message></Error>", "", "", 200, []string{"acl_switched_off"}},
		{"nothing to explain", "why?", "", "", 200, []string{`data-state="unreadable"`}},
		{"a size that is none", policy, "", "big", 200, []string{`data-state="unreadable"`}},
		{"markup, which stays text", `{"conditions":[{"</textarea><script>":"x"}]}`, "<script>=1", "", 200, []string{"&lt;/textarea&gt;&lt;script&gt;"}},
		{"too much", strings.Repeat("a", explain.MaxInput*2), "", "", 413, []string{`data-state="unreadable"`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			body := url.Values{"text": {c.text}, "form": {c.form}, "size": {c.size}}.Encode()
			got := s.call(http.MethodPost, "/explain", body, "Content-Type", formType)
			if got.status != c.status {
				t.Fatalf("got %d: %s", got.status, got.body)
			}
			for _, want := range c.want {
				if !strings.Contains(string(got.body), want) {
					t.Errorf("wants %q in %s", want, got.body)
				}
			}
			if strings.Contains(string(got.body), "<script>") {
				t.Error("what was pasted became markup")
			}
		})
	}
}

func TestExplainKeepsNothingOfWhatWasPasted(t *testing.T) {
	t.Parallel()
	s := newSite(t, explaining)
	const pasted = "pasted-and-private"
	body := url.Values{"text": {"https://media.example/" + pasted + "?X-Amz-Signature=" + pasted}, "form": {"key=" + pasted}}.Encode()
	got := s.call(http.MethodPost, "/explain", body, "Content-Type", formType)
	s.log.mustNotHold(t, pasted)
	if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("headers: got %v", got.header)
	}
	again := s.call(http.MethodGet, "/explain", "")
	if strings.Contains(string(again.body), pasted) {
		t.Error("the next visitor sees what was pasted")
	}
}

func TestExplainRefusesFormsOfOtherSites(t *testing.T) {
	t.Parallel()
	s := newSite(t, explaining)
	got := s.call(http.MethodPost, "/explain", "text=why", "Content-Type", formType, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	if got.status != http.StatusForbidden || strings.Contains(string(got.body), "why") {
		t.Errorf("got %d: %s", got.status, got.body)
	}
}
