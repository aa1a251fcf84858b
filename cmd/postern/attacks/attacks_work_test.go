package attacks

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/handlers"
)

// How many completions and landings of one upload, and how many calls about its parts, are answered
// without a pause.
const (
	completionsAtOnce = 30
	partCallsAtOnce   = 500
)

// followUpAttacks ask for one upload again and again.
func followUpAttacks() []attack {
	complete := func(a *attempt, u *testclient.Upload) testclient.Answer {
		return a.requireAnswer(u.Complete(a.Context()))
	}
	list := func(a *attempt, u *testclient.Upload) testclient.Answer { return a.requireAnswer(u.List(a.Context())) }
	sign := func(a *attempt, u *testclient.Upload) testclient.Answer {
		return a.postRaw("/uploads/"+u.ID+"/parts", u.Token, `{"parts":[{"number":1}]}`, nil)
	}
	return []attack{
		{classParallel, viaPOST, "completing again and again, with nothing sent", repeating(pictureRequest(pictureSize), 2*completionsAtOnce, complete), 429, "rate_limited"},
		{classParallel, viaPUT, "completing again and again, with nothing sent", repeating(pictureRequest(pictureSize), 2*completionsAtOnce, complete, withoutPostPolicy), 429, "rate_limited"},
		{classParallel, viaMultipart, "completing again and again, with nothing sent", repeating(filmRequest(filmSize), 2*completionsAtOnce, complete), 429, "rate_limited"},
		{classParallel, viaMultipart, "asking for a part again and again", repeating(filmRequest(filmSize), 2*partCallsAtOnce, sign), 429, "rate_limited"},
		{classParallel, viaMultipart, "listing the parts again and again", repeating(filmRequest(filmSize), 2*partCallsAtOnce, list), 429, "rate_limited"},
		{classParallel, viaForm, "landing again and again, with nothing sent", func(a *attempt) testclient.Answer {
			own := a.elsewhere(withClockStopped)
			path := "/forms/pictures/done/" + landingTokenOf(own.form("pictures"))
			return own.lastOf(2*completionsAtOnce, func() testclient.Answer { return own.getPage(path) })
		}, 429, "rate_limited"},
		{classParallel, viaForm, "landing at all its addresses again and again", func(a *attempt) testclient.Answer {
			own := a.elsewhere(withClockStopped)
			path := "/forms/pictures/done/" + landingTokenOf(own.form("pictures"))
			return own.lastOf(2*completionsAtOnce, func() testclient.Answer { return own.getPage(path + "?key=else&etag=x&bucket=y") })
		}, 429, "rate_limited"},
	}
}

// repeating issues an upload and asks for it so often, while the clock stands still. It returns a
// refusal because of the rate, if there is one.
func repeating(r testclient.Request, times int, ask func(*attempt, *testclient.Upload) testclient.Answer, edits ...func(*handlers.Config)) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		own := a.elsewhere(append(edits, withClockStopped)...)
		u := own.issue(r)
		return own.lastOf(times, func() testclient.Answer { return ask(own, u) })
	}
}

// lastOf asks so often, several times at once, and returns the last refusal because of a rate, else
// any answer.
func (a *attempt) lastOf(times int, ask func() testclient.Answer) testclient.Answer {
	a.Helper()
	var mu sync.Mutex
	var last testclient.Answer
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range times / 4 {
				answer := ask()
				mu.Lock()
				if last.Status != http.StatusTooManyRequests {
					last = answer
				}
				done := last.Status == http.StatusTooManyRequests
				mu.Unlock()
				if done {
					return
				}
			}
		})
	}
	group.Wait()
	return last
}

// lateAttacks use what was valid, after its time.
func lateAttacks() []attack {
	const week = 8 * 24 * time.Hour // and a day
	var list []attack
	for _, r := range uploadRoutes("ID") {
		list = append(list, attack{classReplay, viaPOST, r.method + " " + r.path + " when the upload has ended", func(a *attempt) testclient.Answer {
			u := a.issue(pictureRequest(pictureSize))
			return a.later(week).call(r.method, strings.Replace(r.path, "ID", u.ID, 1), u.Token, r.body)
		}, 410, "upload_expired"})
	}
	return append(list,
		attack{classReplay, viaForm, "landing a day and an hour after the form's end", func(a *attempt) testclient.Answer {
			path := "/forms/pictures/done/" + landingTokenOf(a.form("pictures"))
			return a.later(25 * time.Hour).getPage(path)
		}, 410, "upload_expired"},
		attack{classReplay, viaForm, "landing a week after the form's end, as JSON", func(a *attempt) testclient.Answer {
			path := "/forms/pictures/done/" + landingTokenOf(a.form("pictures"))
			return a.later(week).getJSON(path)
		}, 410, "upload_expired"},
	)
}

// elsewhere returns the same visitor at a site of its own.
func (a *attempt) elsewhere(edits ...func(*handlers.Config)) *attempt {
	a.Helper()
	other := *a
	other.site = newSite(a.T, edits...)
	other.Client.Base = other.site.URL
	other.site.addSecret(a.Client.Ticket)
	return &other
}

// later returns the same visitor at a site of its own whose clock goes ahead.
func (a *attempt) later(by time.Duration) *attempt { return a.elsewhere(withClockMovedBy(by)) }

// withClockStopped stops the clock of the handlers: no rate gives room for more.
func withClockStopped(c *handlers.Config) {
	now := time.Now()
	c.Now = func() time.Time { return now }
}

// explainAttacks give the page that explains more, or other things, than it takes.
func explainAttacks() []attack {
	const limit = 1 << 20 // bytes that the page explains at once
	large := func(text string) string { return "text=" + url.QueryEscape(strings.Repeat(text, 2*limit/len(text))) }
	var list []attack
	for name, body := range map[string]string{
		"2 MiB of conditions": large(`["eq","$key","x"],`), "2 MiB of brackets": large("["), "2 MiB of markup": large("<input>"), "2 MiB of base64": large("QUFB"),
		"2 MiB of fields": "form=" + strings.Repeat("a%3Db%0A", 2*limit/4), "2 MiB of a size": "size=" + strings.Repeat("9", 2*limit), "2 MiB of escapes": "text=" + strings.Repeat("%25", 2*limit),
	} {
		list = append(list, attack{classQuadratic, viaExplain, name, explaining(body, nil), 413, ""})
	}
	foreign := func(h http.Header) { h.Set("Origin", "https://evil.test"); h.Set("Sec-Fetch-Site", "cross-site") }
	return append(list,
		attack{classCrossOrigin, viaExplain, "a page of another origin asks to explain", explaining("text=x", foreign), 403, "origin_not_allowed"},
		attack{classCrossOrigin, viaExplain, "a page without an origin asks to explain", explaining("text=x", func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") }), 403, "origin_not_allowed"},
		attack{classBody, viaExplain, "half an escape to explain", explaining("text=%2", nil), 400, "invalid_request"},
		attack{classQuadratic, viaExplain, "explaining again and again", func(a *attempt) testclient.Answer {
			own := a.elsewhere(withExplain, withClockStopped)
			return own.lastOf(60, func() testclient.Answer { return explaining("text=x", nil)(own) })
		}, 429, "rate_limited"},
	)
}

// explaining posts a form to the page that explains.
func explaining(body string, edit func(http.Header)) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"text/html"}}
		if edit != nil {
			edit(header)
		}
		return a.requireAnswer(a.Client.Raw(a.Context(), http.MethodPost, "/explain", header, []byte(body)))
	}
}

// strictAttacks send odd JSON to the routes after issuing.
func strictAttacks() []attack {
	bodies := map[string]string{
		"nothing but a blank": " ", "a list": "[]", "text": `"x"`, "an object and more": "{}{}", "a byte order mark": "\ufeff{}", "a comment": "{}//", "a trailing comma": `{"checksum":"",}`,
		"a member twice": `{"checksum":"a","checksum":"b"}`, "a member twice, once escaped": `{"checksum":"a","check\u0073um":"b"}`, "a member in another case": `{"Checksum":"a"}`, "a member of objects": `{"__proto__":{}}`,
		"a number for text": `{"checksum":1}`, "bytes that aren't UTF-8": "{\"checksum\":\"\xff\"}", "half a surrogate": `{"checksum":"\udc00"}`, "a zero byte": "{\x00}",
		"ten thousand levels": `{"checksum":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}", "no number": `{"checksum":NaN}`, "a megabyte": `{"checksum":"` + strings.Repeat("A", 1<<20) + `"}`,
	}
	var list []attack
	for name, body := range bodies {
		list = append(list, attack{classBody, viaPOST, "completing with " + name, func(a *attempt) testclient.Answer {
			u := a.issue(pictureRequest(pictureSize))
			return a.postRaw("/uploads/"+u.ID+"/complete", u.Token, body, nil)
		}, 400, "invalid_request"})
	}
	for _, number := range []string{"1e0", "1.0", "-0.5", "1e400", "NaN", "Infinity", "0x1", "01", "+1", `"1"`, "true", "[1]", "9223372036854775808", strings.Repeat("9", 5000)} {
		list = append(list, attack{classNumber, viaMultipart, "a part of the number " + number[:min(len(number), 30)], askingParts(`{"parts":[{"number":` + number + `}]}`), 400, "invalid_request"})
	}
	return slices.Clip(list)
}
