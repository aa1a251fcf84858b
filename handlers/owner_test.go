package handlers_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/policy/sigv4"
)

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
