package config

import (
	"net/url"
	"path/filepath"
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
