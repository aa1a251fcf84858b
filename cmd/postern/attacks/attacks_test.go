package attacks

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/handlers"
)

// The classes of attack, by the words of the list of threats.
const (
	classKey           = "key missing, empty prefix, prefix without a slash"
	classFilename      = "file names that climb, look alike or hide"
	classInjection     = "quotes, braces and newlines that rewrite the policy"
	classMarkup        = "markup in any field, key, redirect or error text"
	classType          = "pages and drawings as pictures, type lies, polyglots"
	classAttribute     = "the client chooses acl, tags, metadata, storage class, redirect"
	classRedirect      = "redirects to elsewhere"
	classLandingPage   = "a forged landing page call"
	classSize          = "lies about size, bigger bodies, extra parts"
	classForeignUpload = "somebody else's upload"
	classToken         = "token confusion"
	classReplay        = "replay, overwriting an accepted object"
	classCrossOrigin   = "cross-origin calls on issuing"
	classSigningOracle = "signing oracle"
	classBody          = "large, deep and odd requests"
	classNumber        = "bad numbers"
	classSniffing      = "types that browsers sniff, markup that a sniffer misses"
	classExtension     = "a key that ends in .php, .jsp, .lnk or .rss beside a harmless type"
	classHTTP          = "odd HTTP"
	classUnsigned      = "unsigned headers on a presigned PUT or part URL"
	classPath          = "another spelling of an address"
	classParallel      = "forty landings or completions at once"
	classQuadratic     = "work that grows with the square of the input"
	classBackend       = "a visitor who speaks as the application's server"
	classReceipt       = "a receipt or a link in place of another token"
	classLink          = "a link to one object used for another, or after its time"
	classHost          = "DNS rebinding, foreign Host"
	classProxy         = "a proxy's header believed with a port, an IPv6 visitor with a whole network"
)

// The ways to upload, and the JSON API.
const (
	viaForm      = "form"
	viaPOST      = "post"
	viaPUT       = "put"
	viaMultipart = "multipart"
	viaAPI       = "api"
	viaExplain   = "explain" // the page that explains, where it is switched on
	viaServer    = "server"  // the built program behind a proxy
)

// attack is one attempt, and its refusal: by Postern with a code of the contract, or by the store
// with the store's own.
type attack struct {
	class, via, name string
	run              func(*attempt) testclient.Answer
	status           int
	code             string
}

func attacks() []attack {
	return slices.Concat(
		keyAttacks(), nameAttacks(), typeAttacks(), attributeAttacks(), redirectAttacks(), sizeAttacks(), policyAttacks(),
		tokenAttacks(), ticketAttacks(), originAttacks(), landingPageAttacks(), oracleAttacks(), bodyAttacks(), numberAttacks(),
		contentAttacks(), extensionAttacks(), planAttacks(), httpAttacks(), pathAttacks(), languageAttacks(),
		unsignedAttacks(), ownerAttacks(),
		hostAttacks(), proxyAttacks(), followUpAttacks(), lateAttacks(), explainAttacks(), strictAttacks(),
		batchAttacks(), receiptAttacks(), backendAttacks(), diagnosisAttacks(),
	)
}

func TestEveryAttackIsRefused(t *testing.T) {
	t.Parallel()
	list := attacks()
	if len(list) < 900 {
		t.Errorf("attacks: wanted at least 900, got %d", len(list))
	}
	common := newSite(t, withAllowedOrigin)
	sites := map[string]*site{viaPUT: newSite(t, withAllowedOrigin, withoutPostPolicy), viaExplain: newSite(t, withExplain), viaServer: newServeSite(t)}
	for _, k := range list {
		t.Run(k.class+"/"+k.via+"/"+k.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, cmp.Or(sites[k.via], common))
			a.requireRefusal(k.run(a), k.status, k.code)
			a.requireNothingStored()
		})
	}
	t.Cleanup(func() { requireKeysUnderUsers(t) })
}

// requireKeysUnderUsers requires that the store has no object outside the prefixes of the key
// templates.
func requireKeysUnderUsers(t *testing.T) {
	t.Helper()
	for _, key := range keysUnder(t, "") {
		if !strings.HasPrefix(key, "users/") || strings.Contains(key, "..") || strings.Contains(key, "//") {
			t.Errorf("keys in the store: wanted them below users/, got %q", key)
		}
	}
}

// allowedOrigin is the one origin other than our own that the profiles allow.
const allowedOrigin = "https://app.example.com"

func withAllowedOrigin(c *handlers.Config) {
	for i := range c.Profiles {
		c.Profiles[i].Origins = []string{allowedOrigin}
	}
}

func withExplain(c *handlers.Config) { c.Explain = true }

// forEachWay returns the same attack for several ways.
func forEachWay(row string, ways []string, name string, try func(way string) func(*attempt) testclient.Answer, status int, code string) []attack {
	var list []attack
	for _, way := range ways {
		list = append(list, attack{row, way, name, try(way), status, code})
	}
	return list
}

// sendingForm sends a form, from the page or from the API, after an edit. The edit returns the size
// of the file.
func sendingForm(edit func(*attempt, *testclient.Post) int) func(way string) func(*attempt) testclient.Answer {
	return func(way string) func(*attempt) testclient.Answer {
		return func(a *attempt) testclient.Answer {
			p := a.post(way)
			body := edit(a, &p)
			return a.requireAnswer(p.Send(a.Context(), "garden.png", pngOfSize(body)))
		}
	}
}

// sendingPut sends a presigned PUT request after an edit.
func sendingPut(edit func(*attempt, *testclient.Put) int) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		u := a.issue(pictureRequest(pictureSize))
		if u.Put == nil {
			a.Fatalf("plan: wanted a PUT request, got %+v", u)
		}
		body := edit(a, u.Put)
		return a.requireAnswer(u.Put.Send(a.Context(), pngOfSize(body)))
	}
}

// sendingPart sends the first part of a film after an edit.
func sendingPart(edit func(*attempt, *testclient.Part) int) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		p := a.sign(a.issue(filmRequest(filmSize)), 1)
		body := edit(a, &p)
		return a.requireAnswer(p.Send(a.Context(), pngOfSize(body)))
	}
}

// post returns a signed form, from the page or from the API.
func (a *attempt) post(way string) testclient.Post {
	a.Helper()
	if way == viaForm {
		return a.form("pictures")
	}
	return *a.issue(pictureRequest(pictureSize)).Post
}
