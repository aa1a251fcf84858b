package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// formRequests collects what the browser says about the requests for a form page.
type formRequests struct {
	mu   sync.Mutex
	said []string
}

func (f *formRequests) note(_ http.ResponseWriter, r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, "/forms/") {
		return false
	}
	var said []string
	for _, name := range []string{"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User", "Sec-Purpose"} {
		said = append(said, r.Header.Get(name))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = append(f.said, strings.Join(said, " "))
	return false
}

func (f *formRequests) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.said, "; ")
}

// requireButtonFits looks at the page with the button on a phone and on a desktop.
func (b *tab) requireButtonFits(language string) {
	b.t.Helper()
	for _, width := range []int64{375, 1280} {
		b.resize(width)
		b.screenshotInLightAndDark(fmt.Sprintf("button-%s-%d-%%s", language, width))
		if evaluate[bool](b, `document.documentElement.scrollWidth > innerWidth`) {
			b.t.Errorf("the page with the button, %d px wide: wanted no horizontal scrolling", width)
		}
	}
}

// TestAPageOfAnotherSiteGetsAButtonUnlessAPersonFollowsALink opens a form page from another site by
// itself, with and without script, in two languages.
func TestAPageOfAnotherSiteGetsAButtonUnlessAPersonFollowsALink(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	ways := []struct {
		name, page string // %s is the address of the form
		script     bool
		press      bool // whether a person presses Enter on the link
		form       bool
	}{
		{"a meta refresh", `<meta http-equiv="refresh" content="0; url=%s">`, false, false, false},
		{"a meta refresh with script on", `<meta http-equiv="refresh" content="0; url=%s">`, true, false, false},
		{"a script", `<script>location = "%s"</script>`, true, false, false},
		{"a form that sends itself", `<form action="%s"></form><script>document.forms[0].submit()</script>`, true, false, false},
		{"a link that a person follows", `<a href="%s">form</a>`, false, true, true},
	}
	for _, way := range ways {
		for _, language := range []string{"en", "ar"} {
			t.Run(way.name+" in "+language, func(t *testing.T) {
				b := newTab(t, tabOptions{NoScript: !way.script, Language: language})
				requests := &formRequests{}
				b.Proxy.intercept(requests.note)
				b.Proxy.serveHost("other.localhost", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					showPage(w, `<title>other</title>`+fmt.Sprintf(way.page, p.URL+"/forms/photos"))
				}))
				b.open("http://other.localhost/")
				if way.press {
					b.pressKey(tabKey)
					b.pressAndLoad(enterKey)
				}
				b.waitUntil("the form page has been loaded", `location.pathname == "/forms/photos" && document.readyState == "complete"`)
				if !way.form {
					b.requireButtonFits(language)
				}
				if got := evaluate[bool](b, `document.querySelector("input[name=policy]") != null`); got != way.form {
					t.Errorf("the page holds a policy: got %v, wanted %v; its requests: %s", got, way.form, requests)
				}
			})
		}
	}
}
