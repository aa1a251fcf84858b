package attacks

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/handlers"
)

// The classes of attack; the house test knows them by these names.
const (
	rowKey       = "key missing, empty prefix, prefix without a slash"
	rowName      = "file names that climb, look alike or hide"
	rowInjection = "quotes, braces and newlines that rewrite the policy"
	rowBidi      = "control, bidi and zero-width characters in names"
	rowMarkup    = "markup in any field, key, redirect or error text"
	rowType      = "pages and drawings as pictures, type lies, polyglots"
	rowAttribute = "the client chooses acl, tags, metadata, storage class, redirect"
	rowRedirect  = "redirects to elsewhere"
	rowLanding   = "a forged landing page call"
	rowSize      = "lies about size, bigger bodies, extra parts"
	rowForeign   = "somebody else's upload"
	rowToken     = "token confusion"
	rowReplay    = "replay, overwriting an accepted object"
	rowOpen      = "abandoned parts"
	rowCSRF      = "cross-origin calls on issuing"
	rowOracle    = "signing oracle"
	rowBody      = "large, deep and odd requests"
	rowNumber    = "bad numbers"
)

// The ways in.
const (
	byForm      = "form"
	byPOST      = "post"
	byPUT       = "put"
	byMultipart = "multipart"
	byAPI       = "api"
)

// attack is one attempt and what refuses it: the contract's code where we do, the store's own where
// it does.
type attack struct {
	row, way, name string
	try            func(*attempt) testclient.Answer
	status         int
	code           string
}

func attacks() []attack {
	return slices.Concat(
		keyAttacks(), nameAttacks(), typeAttacks(), attributeAttacks(), redirectAttacks(), sizeAttacks(), policyAttacks(),
		tokenAttacks(), ticketAttacks(), originAttacks(), landingAttacks(), oracleAttacks(), bodyAttacks(), numberAttacks(),
	)
}

func TestAttacks(t *testing.T) {
	t.Parallel()
	list := attacks()
	if len(list) < 120 {
		t.Errorf("attacks: wanted at least 120, got %d", len(list))
	}
	common, noPolicies := newSite(t, withOrigins), newSite(t, withOrigins, putOnly)
	for _, k := range list {
		t.Run(k.row+"/"+k.way+"/"+k.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, common)
			if k.way == byPUT {
				a = newAttempt(t, noPolicies)
			}
			a.refused(k.try(a), k.status, k.code)
			a.nothing()
		})
	}
	t.Cleanup(func() { onlyBelowUsers(t) })
}

// onlyBelowUsers requires that nothing at all lies outside what the key templates allow.
func onlyBelowUsers(t *testing.T) {
	t.Helper()
	for _, key := range keysBelow(t, "") {
		if !strings.HasPrefix(key, "users/") || strings.Contains(key, "..") || strings.Contains(key, "//") {
			t.Errorf("the store holds %q, outside every profile's prefix", key)
		}
	}
}

// friend is the one foreign origin that the profiles of the attacks allow.
const friend = "https://app.example.com"

func withOrigins(c *handlers.Config) {
	for i := range c.Profiles {
		c.Profiles[i].Origins = []string{friend}
	}
}

// each spells an attack out for several ways in.
func each(row string, ways []string, name string, try func(way string) func(*attempt) testclient.Answer, status int, code string) []attack {
	var list []attack
	for _, way := range ways {
		list = append(list, attack{row, way, name, try(way), status, code})
	}
	return list
}

// spoilt sends a form, of the page or of the API, after an edit.
func spoilt(edit func(*attempt, *testclient.Post) int) func(way string) func(*attempt) testclient.Answer {
	return func(way string) func(*attempt) testclient.Answer {
		return func(a *attempt) testclient.Answer {
			p := a.post(way)
			body := edit(a, &p)
			return a.got(p.Send(a.Context(), "garden.png", content(body)))
		}
	}
}

// put sends a presigned PUT after an edit.
func put(edit func(*attempt, *testclient.Put) int) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		u := a.issue(picture(size))
		if u.Put == nil {
			a.Fatalf("the plan has no put: %+v", u)
		}
		body := edit(a, u.Put)
		return a.got(u.Put.Send(a.Context(), content(body)))
	}
}

// part sends the first part of a film after an edit.
func part(edit func(*attempt, *testclient.Part) int) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		p := a.sign(a.issue(film(filmSize)), 1)
		body := edit(a, &p)
		return a.got(p.Send(a.Context(), content(body)))
	}
}

// post returns a signed form of that way in.
func (a *attempt) post(way string) testclient.Post {
	a.Helper()
	if way == byForm {
		return a.form("pictures")
	}
	return *a.issue(picture(size)).Post
}
