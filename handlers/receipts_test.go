package handlers_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/policy/profile"
)

// withPair gives the handlers an issuer with a key pair, and returns what verifies its receipts.
func withPair(t *testing.T) (edit func(*handlers.Config), issuer func() *receipts.Issuer) {
	t.Helper()
	_, pair, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var made *receipts.Issuer
	return func(c *handlers.Config) {
		if made, err = receipts.New(receipts.Config{Issuer: c.PublicURL, Keys: []crypto.Signer{pair}, Now: c.Now}); err != nil {
			t.Fatal(err)
		}
		c.Receipts = made
	}, func() *receipts.Issuer { return made }
}

func TestACompletionCarriesAReceiptThatTheKeySetVerifies(t *testing.T) {
	t.Parallel()
	edit, _ := withPair(t)
	s := newSite(t, edit)
	p := s.issue("pictures", "my garden.png", "image/png", 4000)
	p.send(png(4000))
	var done struct{ ID, Key, ETag, Receipt string }
	p.call("POST", "/complete", "").into(http.StatusOK, &done)
	keys := s.call("GET", "/receipts/keys", "")
	if keys.status != http.StatusOK || keys.header.Get("Cache-Control") != "public, max-age=300" {
		t.Fatalf("keys: got %d %v", keys.status, keys.header)
	}
	verifier, err := receipts.NewVerifier(receipts.VerifierConfig{Issuer: s.url, KeySet: keys.body})
	if err != nil {
		t.Fatal(err)
	}
	r, err := verifier.Verify(done.Receipt, receipts.Expected{Profile: "pictures", Subject: profile.Guest})
	if err != nil || r.ID != done.ID || r.Key != done.Key || r.ETag != done.ETag || r.Size != 4000 || r.Type != "image/png" ||
		r.Bucket != bucket || r.Filename != "my garden.png" || r.Metadata["source"] != "web" {
		t.Errorf("got %+v %v", r, err)
	}
	if told := s.completions(); len(told) != 1 || told[0].Filename != "my garden.png" || told[0].Receipt == "" {
		t.Errorf("OnComplete got %+v, wanted file name and receipt", told)
	}
	p.call("POST", "/complete", "").into(http.StatusOK, &done)
	if _, err := verifier.Verify(done.Receipt, receipts.Expected{Profile: "pictures", Subject: profile.Guest}); err != nil {
		t.Errorf("asked again: %v", err)
	}
	s.log.mustNotHold(t, done.Receipt)
}

// session is a guest in the session that a header names.
type session struct{}

func (session) Identify(r *http.Request) (profile.Identity, bool, error) {
	return profile.Identity{Nonce: r.Header.Get("Session")}, true, nil
}

func TestAReceiptIsBoundToTheSessionOfTheHost(t *testing.T) {
	t.Parallel()
	edit, issuer := withPair(t)
	s := newSite(t, edit, func(c *handlers.Config) { c.Identifier = session{} })
	p := s.issue("pictures", "garden.png", "image/png", 4000, "Session", "session-1")
	p.send(png(4000))
	var done struct{ Receipt string }
	p.call("POST", "/complete", "", "Session", "session-1").into(http.StatusOK, &done)
	for nonce, reason := range map[string]receipts.Reason{"session-1": "", "session-2": receipts.ReasonNonce, "": receipts.ReasonNonce} {
		_, err := issuer().Verify(done.Receipt, receipts.Expected{Profile: "pictures", Subject: profile.Guest, Nonce: nonce})
		if (err == nil) != (reason == "") || reason != "" && !errors.Is(err, &receipts.Error{Reason: reason}) {
			t.Errorf("nonce %q: got %v, wanted %q", nonce, err, reason)
		}
	}
	f := s.form("pictures", "Session", "session-1")
	if page := s.call("GET", f.landing(), "", "Session", "session-2"); page.status != http.StatusNotFound {
		t.Errorf("landing page of another session: got %d", page.status)
	}
	p.call("POST", "/complete", "", "Session", "session-2").refused("unknown_upload")
}

func TestAReceiptInARedirectIsAShortOne(t *testing.T) {
	t.Parallel()
	edit, issuer := withPair(t)
	s := newSite(t, edit, only("pictures", func(p *profile.Profile) { p.Redirect = "https://app.example.com/thanks" }))
	page := s.form("pictures").send(png(4000))
	to, err := url.Parse(page.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := issuer().Verify(to.Query().Get("receipt"), receipts.Expected{Profile: "pictures", Subject: profile.Guest})
	if err != nil || r.Metadata != nil || r.Expires.Sub(r.Issued) != 5*time.Minute {
		t.Errorf("got %+v %v", r, err)
	}
}

func TestWhoeverOpensALandingPageLaterGetsNeitherReceiptNorLink(t *testing.T) {
	t.Parallel()
	edit, _ := withPair(t)
	redirected := newSite(t, edit, only("pictures", func(p *profile.Profile) { p.Redirect = "https://app.example.com/thanks" }))
	linked := newSite(t, withDownload(""))
	there, here := redirected.form("pictures"), linked.form("pictures")
	there.send(png(4000))
	here.send(png(4000))
	for site, want := range map[string]bool{"none": false, "cross-site": true} {
		page := redirected.call("GET", there.landing(), "", "Sec-Fetch-Site", site)
		if got := strings.Contains(page.header.Get("Location"), "receipt="); page.status != http.StatusSeeOther || got != want {
			t.Errorf("Sec-Fetch-Site %s: redirected to %q, wanted a receipt: %v", site, page.header.Get("Location"), want)
		}
		page = linked.call("GET", here.landing(), "", "Sec-Fetch-Site", site)
		if got := strings.Contains(string(page.body), "/objects/"); page.status != http.StatusOK || got != want {
			t.Errorf("Sec-Fetch-Site %s: the page has a link: %v, wanted %v", site, got, want)
		}
	}
}

func TestReceiptsAreDerivedOrLeftOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit    func(*handlers.Config)
		receipt bool
	}{
		"keys from the token keys": {func(*handlers.Config) {}, true},
		"without receipts":         {func(c *handlers.Config) { c.WithoutReceipts = true }, false},
	} {
		s := newSite(t, c.edit)
		p := s.issue("pictures", "garden.png", "image/png", 4000)
		p.send(png(4000))
		var done struct{ Receipt string }
		p.call("POST", "/complete", "").into(http.StatusOK, &done)
		if (done.Receipt != "") != c.receipt {
			t.Errorf("%s: got receipt %q", name, done.Receipt)
		}
		if keys := s.call("GET", "/receipts/keys", ""); keys.status != http.StatusOK || string(keys.body) != "{\"keys\":[]}\n" {
			t.Errorf("%s: keys: got %d %s", name, keys.status, keys.body)
		}
	}
}
