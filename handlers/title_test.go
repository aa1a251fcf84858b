package handlers_test

import (
	"strings"
	"testing"

	"github.com/postern-dev/postern/policy/profile"
)

func TestAProfileHasATitleAndAnIntroPerLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t, only("pictures", func(p *profile.Profile) {
		p.Title = map[string]string{"en": "Your <photos>", "de": "Ihre Fotos"}
		p.Intro = map[string]string{"en": "Of the last year & this one."}
	}))
	for _, c := range []struct{ path, title, has, lacks string }{
		{"/forms/pictures?lang=en", "Your &lt;photos&gt;", "<h1>Your &lt;photos&gt;</h1> <p>Of the last year &amp; this one.</p>", "pictures</"},
		{"/forms/pictures?lang=de", "Ihre Fotos", "<h1>Ihre Fotos</h1>", "last year"},
		{"/forms/pictures?lang=fr", "Envoyer des fichiers", "<h1>Envoyer des fichiers</h1>", "last year"},
		{"/widget/pictures?lang=en", "Your &lt;photos&gt;", "<h1>Your &lt;photos&gt;</h1> <p>Of the last year &amp; this one.</p>", "pictures</"},
		{"/widget/pictures?lang=fr", "Envoyer des fichiers", `<h1 class="postern-visually-hidden">Envoyer des fichiers</h1>`, "last year"},
	} {
		page := string(s.call("GET", c.path, "").body)
		if !strings.Contains(page, "<title>"+c.title+"</title>") || !strings.Contains(page, c.has) || strings.Contains(page, c.lacks) {
			t.Errorf("%s: wanted the title %s, %s and no %s, got %s", c.path, c.title, c.has, c.lacks, page)
		}
	}
}
