package handlers_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

var ownersOfPage = regexp.MustCompile(`<postern-uploader [^>]* owners="([^"]*)"`)

func TestAPageCarriesTheMarksOfWhoeverAsksForIt(t *testing.T) {
	t.Parallel()
	const next = sigv4.Secret("next-token-secret-nobody-may-see-1234567")
	s := newSite(t, func(c *handlers.Config) {
		c.TokenKeys = []sigv4.Secret{next, tokenSecret}
		c.Identifier = limited{}
	})
	pages := map[string]string{
		"the form": "/forms/files", "the form in a frame": "/widget/pictures",
		"the form in a frame of an unknown visitor": "/widget/films",
	}
	for name, path := range pages {
		for _, visitor := range []string{"alice", "bob", "small", ""} { // small may upload less than the profile allows
			var header []string
			if visitor != "" {
				header = []string{"Authorization", "Bearer " + visitor}
			}
			var wanted struct{ Owners []string }
			s.call("GET", "/uploads/owner", "", header...).into(http.StatusOK, &wanted)
			page := s.call("GET", path, "", header...)
			var got []string
			if found := ownersOfPage.FindSubmatch(page.body); found != nil {
				got = strings.Fields(string(found[1]))
			}
			if page.status != http.StatusOK || len(wanted.Owners) != len(header) || !slices.Equal(got, wanted.Owners) {
				t.Errorf("%s, asked for by %q: wanted 200 and %q, got %d and %q", name, visitor, wanted.Owners, page.status, got)
			}
		}
	}
}

// limited is named, but small may upload less than the profile allows.
type limited struct{ named }

func (l limited) Identify(r *http.Request) (profile.Identity, bool, error) {
	id, known, err := l.named.Identify(r)
	if id.Subject == "small" {
		id.MaxSize = 1000
	}
	return id, known, err
}

func TestAPlanNamesItsOwner(t *testing.T) {
	t.Parallel()
	const next = sigv4.Secret("next-token-secret-nobody-may-see-1234567")
	s := newSite(t)
	rotated := newSite(t, func(c *handlers.Config) { c.TokenKeys = []sigv4.Secret{next, tokenSecret} })
	owners := func(at *site, header ...string) []string {
		var got struct{ Owners []string }
		at.call("GET", "/uploads/owner", "", header...).into(http.StatusOK, &got)
		return got.Owners
	}
	plan := func(at *site, header ...string) string {
		return at.issue("films", "plot.txt", "text/plain", 4000, header...).Owner
	}
	alice, bob := []string{"Authorization", "Bearer alice"}, []string{"Authorization", "Bearer bob"}
	mark := plan(s, alice...)
	if len(mark) != 22 || mark != plan(s, alice...) || mark == plan(s, bob...) {
		t.Errorf("wanted one mark of 16 bytes for each subject, got %q", mark)
	}
	if got := owners(s, alice...); !slices.Equal(got, []string{mark}) {
		t.Errorf("wanted %q, got %q", mark, got)
	}
	if got := owners(rotated, alice...); len(got) != 2 || got[1] != mark || got[0] != plan(rotated, alice...) {
		t.Errorf("after a rotation: wanted a new mark before %q, got %q", mark, got)
	}
	if guest := s.issue("pictures", "garden.png", "image/png", 4000).Owner; guest != "" || len(owners(s)) != 0 {
		t.Errorf("a guest: wanted no mark, got %q and %q", guest, owners(s))
	}
	s.call("GET", "/uploads/owner", "", "Authorization", "Bearer ended?").refused("unauthorized")
}
