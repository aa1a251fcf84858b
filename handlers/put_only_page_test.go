package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers"
)

func TestAPageWithoutFormPostsDisablesItsControlsAndSaysWhy(t *testing.T) {
	t.Parallel()
	puts := newSite(t, func(c *handlers.Config) { c.Store.Provider.PostPolicy = false })
	said := map[string]bool{}
	for _, tag := range []string{"ar", "de", "en", "es", "fr", "ja", "pt-BR", "zh-Hans"} {
		for _, page := range []string{"/forms/pictures", "/widget/pictures"} {
			a := puts.call("GET", page+"?lang="+tag, "")
			body := string(a.body)
			_, rest, ok := strings.Cut(body, `<p class="postern-needs-script">`)
			text, _, _ := strings.Cut(rest, "</p>")
			if a.status != http.StatusOK || !ok || !strings.Contains(text, "JavaScript") {
				t.Errorf("%s in %s: %d, it says %q", page, tag, a.status, text)
			}
			said[text] = true
			if strings.Count(body, " disabled") != 2 {
				t.Errorf("%s in %s: wanted control and button disabled", page, tag)
			}
		}
	}
	if len(said) != 8 {
		t.Errorf("wanted 8 texts, got %d", len(said))
	}
	if body := string(newSite(t).call("GET", "/forms/pictures", "").body); strings.Contains(body, "postern-needs-script") || strings.Contains(body, " disabled") {
		t.Error("a store that takes forms: its page says that they need script")
	}
}
