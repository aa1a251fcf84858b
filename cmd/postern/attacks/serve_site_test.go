package attacks

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// publicHost is the host of the built server's public URL, and otherHost another name that its
// config lists.
const (
	publicHost = "uploads.example.com"
	otherHost  = "uploads.internal"
)

// issuesAtOnce is how many uploads somebody may ask for in a minute from a built server.
const issuesAtOnce = 3

// serveConfig is the config of a built server behind a proxy, on the store of these tests.
const serveConfig = `
listen: 127.0.0.1:0
public_url: https://` + publicHost + `
hosts: [` + otherHost + `]
trusted_proxies: ["127.0.0.0/8", "10.0.0.0/8"]
ip_header: X-Forwarded-For
limits: {issues: %d/1m, burst: %[1]d}
keys: {tokens: ["env:TOKEN_KEY"]}
tickets: {secret: "env:TICKET_KEY"}
store: {provider: versity, region: %s, endpoint: "%s", path_style: true}
profiles:
  open: {bucket: %s, key: "users/{subject}/serve/{id}{ext}", types: [image/png], size: 10..1000, access: public}
`

// newServeSite runs postern serve, the whole program, until the test ends.
func newServeSite(t *testing.T) *site {
	t.Helper()
	name := filepath.Join(t.TempDir(), "postern.yaml")
	text := fmt.Sprintf(serveConfig, issuesAtOnce, store.Region(), store.URL(), bucket)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	server := testserver.Start(t, testserver.Options{Path: program, Args: []string{"serve", "--config", name}, Env: []string{
		"TOKEN_KEY=" + string(tokenKey), "TICKET_KEY=" + string(ticketKey), "AWS_ACCESS_KEY_ID=" + storeKey, "AWS_SECRET_ACCESS_KEY=" + storeSecret,
	}})
	s := &site{URL: server.URL, Log: server.Log}
	t.Cleanup(func() { s.requireNoSecretsInLog(t) })
	return s
}
