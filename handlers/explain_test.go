package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers"
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

const storeForm = `<form action="https://media.s3.amazonaws.com/">`

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
		{"a mebibyte, which is percent-encoded on the way", storeForm + strings.Repeat("<", 1<<20-len(storeForm)), "", "", 200, []string{"policy_missing", "too long to be shown again"}},
		{"a byte more", strings.Repeat("a", 1<<20+1), "", "", 413, []string{`data-state="unreadable"`}},
		{"too much in two fields", strings.Repeat("a", 1<<19), strings.Repeat("b", 1<<19+1), "", 413, []string{`data-state="unreadable"`}},
		{"far too much", strings.Repeat("a", 4<<20), "", "", 413, []string{`data-state="unreadable"`}},
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

func TestExplainReadsItsOwnFieldsAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, explaining)
	for _, c := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"the first of two", "text=why&text=" + url.QueryEscape("<Error><Code>AccessDenied</Code></Error>"), 200, `data-state="unreadable"`},
		{"other fields around", "a=%&text=%3CError%3E%3CCode%3EAccessDenied%3C%2FCode%3E%3C%2FError%3E&b", 200, `data-state="refused"`},
		{"half an escape", "text=%4", 400, "invalid_request"},
		{"nothing", "", 200, `data-state="unreadable"`},
	} {
		got := s.call(http.MethodPost, "/explain", c.body, "Content-Type", formType)
		if got.status != c.status || !strings.Contains(string(got.body), c.want) {
			t.Errorf("%s: got %d, %s", c.name, got.status, got.body)
		}
	}
}

// TestExplainHasARateOfItsOwn asks until it is refused, on a clock that stands still.
func TestExplainHasARateOfItsOwn(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := newSite(t, explaining, func(c *handlers.Config) { c.Now = func() time.Time { return now } })
	for range 30 {
		if got := s.call(http.MethodPost, "/explain", "text=why", "Content-Type", formType); got.status != http.StatusOK {
			t.Fatalf("got %d", got.status)
		}
	}
	got := s.call(http.MethodPost, "/explain", "text=why", "Content-Type", formType)
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "2" || !strings.Contains(string(got.body), "rate_limited") ||
		!strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
		t.Errorf("one too many: got %d, %v, %s", got.status, got.header, got.body)
	}
	if got := s.call(http.MethodGet, "/explain", ""); got.status != http.StatusOK {
		t.Errorf("the empty page: got %d", got.status)
	}
	now = now.Add(2 * time.Second)
	for _, want := range []int{http.StatusOK, http.StatusTooManyRequests} {
		if got := s.call(http.MethodPost, "/explain", "text=why", "Content-Type", formType); got.status != want {
			t.Errorf("two seconds later: got %d, wanted %d", got.status, want)
		}
	}
}

// heavyForms are bodies of 1 MiB that are as much work to read as possible.
var heavyForms = []struct {
	name string
	body func(size int) string
}{
	{"a page", func(size int) string { return "text=" + strings.Repeat("<form>", size/6) }},
	{"quotes, which are longer as HTML", func(size int) string { return "text={" + strings.Repeat("%22", size-1) }},
	{"parameters", func(size int) string { return "text=why" + strings.Repeat("&a", size/2) }},
	{"fields to try", func(size int) string {
		return "text=%7B%22conditions%22%3A%5B%5D%2C%22expiration%22%3A%222999-01-01T00%3A00%3A00Z%22%7D&form=" + strings.Repeat("a%0A", size/2-64)
	}},
	{"different fields to try", func(size int) string {
		var b strings.Builder
		b.WriteString("text=%7B%22conditions%22%3A%5B%5D%2C%22expiration%22%3A%222999-01-01T00%3A00%3A00Z%22%7D&form=")
		for i := range size/8 - 16 {
			b.WriteString(strconv.Itoa(1_000_000+i) + "%0A")
		}
		return b.String()
	}},
	{"plus signs", func(size int) string { return "text=" + strings.Repeat("+", size-1) }},
}

// explainTime posts a body without a network and returns how long it took.
func explainTime(t *testing.T, e *echo.Echo, body string) time.Duration {
	t.Helper()
	request := httptest.NewRequest(http.MethodPost, "/up/explain", strings.NewReader(body))
	request.Header.Set("Content-Type", formType)
	begun := time.Now()
	answer := httptest.NewRecorder()
	e.ServeHTTP(answer, request)
	if took := time.Since(begun); answer.Code == http.StatusOK {
		return took
	}
	t.Fatalf("got %d", answer.Code)
	return 0
}

// TestExplainIsLittleWork compares each body with a page of the same size, and counts all memory
// that is allocated for it. Every request comes at another minute, so that no rate refuses it. It
// isn't parallel, so that it counts no other test's memory.
func TestExplainIsLittleWork(t *testing.T) {
	now := time.Now()
	s := newSite(t, explaining, func(c *handlers.Config) {
		c.Now = func() time.Time { now = now.Add(time.Minute); return now }
	})
	e := echo.New()
	s.handlers.Register(e.Group("/up"))
	const size, times, tries, limit = 1 << 20, 8, 10, 16<<20 + 8<<20
	page := heavyForms[0].body(size)
	for _, c := range heavyForms {
		body := c.body(size)
		reference, shape := time.Hour, time.Hour
		for try := 0; try < 2 || try < tries && shape > times*reference; try++ {
			reference, shape = min(reference, explainTime(t, e, page)), min(shape, explainTime(t, e, body))
		}
		if shape > times*reference {
			t.Errorf("%s: %v, a page of the same size: %v", c.name, shape, reference)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		explainTime(t, e, body)
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > limit {
			t.Errorf("%s: %.1f MiB allocated", c.name, float64(allocated)/(1<<20))
		}
	}
}
