package config

import (
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// minLedgerKeep is the least that package ledger takes.
const minLedgerKeep = 24 * time.Hour

// ledger reads where uploads are recorded. The URL may stand in the file unless it has a password;
// then it is a reference like any secret.
func (l *loader) ledger(d ledgerSection) Ledger {
	c := Ledger{Keep: l.duration("ledger.keep", d.Keep), Required: d.Required}
	if c.Keep != 0 && c.Keep < minLedgerKeep {
		l.fail("ledger.keep", "wants at least 24h, got %q", shorten(d.Keep))
	}
	switch kind, _, _ := strings.Cut(d.URL, ":"); {
	case d == (ledgerSection{}):
	case kind == "":
		l.fail("ledger.url", "is missing; name the database, such as sqlite:postern.db or env:LEDGER_URL")
	case kind == "env" || kind == "file":
		if text, ok := l.referred("ledger.url", d.URL, "the URL of a database, such as postgres://user:password@host/name"); ok {
			c.URL = l.databaseURL(text)
		}
	case hasPassword(d.URL):
		l.fail("ledger.url", "has a password, which doesn't belong in this file; wants a reference, env:NAME or file:PATH")
	default:
		c.URL = l.databaseURL(d.URL)
	}
	return c
}

// backend reads how backend tokens are verified: by secrets or by a key set, not both. Whoever signs
// tickets signs none of them, and without a ledger there is nothing to ask for.
func (l *loader) backend(d *document) Backend {
	b := Backend{JWKS: d.Backend.JWKS}
	for i, reference := range d.Backend.Secrets {
		b.Secrets = append(b.Secrets, l.secret(fmt.Sprintf("backend.secrets[%d]", i), reference))
	}
	if b.JWKS != "" {
		l.secureURL("backend.jwks", b.JWKS, "whoever can change the keys can read and remove every upload")
	}
	switch {
	case len(b.Secrets) == 0 && b.JWKS == "":
		return b
	case len(b.Secrets) > 0 && b.JWKS != "":
		l.fail("backend", "wants secrets or jwks, not both")
	case b.JWKS != "" && b.JWKS == d.Tickets.JWKS:
		l.fail("backend.jwks", "wants a key set of its own: tickets.jwks is the same")
	}
	l.requireLedger(d, "backend", "it knows the uploads")
	return b
}

// unclaimed finds profiles that wait for a claim which nothing would record.
func (l *loader) unclaimed(d *document) {
	for _, name := range slices.Sorted(maps.Keys(d.Profiles)) {
		if text := d.Profiles[name].Unclaimed; text != "" && text != "0s" {
			l.requireLedger(d, "profiles."+name+".unclaimed", "it knows what was claimed")
		}
	}
}

// requireLedger adds a mistake where the file has no ledger, which a key needs for a reason.
func (l *loader) requireLedger(d *document, path, reason string) {
	if d.Ledger == (ledgerSection{}) {
		l.fail(path, "wants a ledger at the top of the file: %s", reason)
	}
}

func hasPassword(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	_, has := u.User.Password()
	return has || u.Query().Has("password")
}

// databaseURL checks the kind of a database. A file's path is relative to the folder of the config.
// No error shows the URL, which may hold a password.
func (l *loader) databaseURL(text string) string {
	kind, rest, _ := strings.Cut(text, ":")
	switch {
	case kind == "postgres" || kind == "postgresql":
	case kind == "sqlite" && rest != "" && !strings.HasPrefix(rest, "//"):
		if !filepath.IsAbs(rest) {
			rest = filepath.Join(l.dir, rest)
		}
		return "sqlite:" + rest
	default:
		l.fail("ledger.url", "wants \"sqlite:\" and a file, or postgres://user@host/name, got %q", shorten(kind))
	}
	return text
}
