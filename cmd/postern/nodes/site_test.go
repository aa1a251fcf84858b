package nodes

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	tokenKey  = "token-key-0123456789-0123456789-0123456789"
	ticketKey = "ticket-key-0123456789-0123456789-012345678"
)

// config is that of every server. Files from 64 KiB up go in parts. The profile gone is for
// browsers that don't come back: its forms and uploads end soon.
const config = `
listen: 127.0.0.1:0
public_url: PUBLIC
limits: {issues: 1000000/1s}
log: {level: warn}
keys: {tokens: ["env:TOKEN_KEY"]}
tickets: {secret: "env:TICKET_KEY"}
ledger: {url: "env:LEDGER_URL", required: REQUIRED}
store: {provider: versity, region: us-east-1, endpoint: "STORE", path_style: true, can: {post_policy: CAN_POST}}
profiles:
  files: {bucket: media, key: "PREFIX/files/{id}{ext}", types: ["*/*"], size: 1..16MiB, access: public, multipart: MULTIPART, max_open: 10000, webhook: HOOK}
  gone: {bucket: media, key: "PREFIX/gone/{id}{ext}", types: [text/plain], size: 1..16MiB, access: public, lifetime: ENDS, upload_lifetime: ENDS, multipart: MULTIPART, max_open: 10000, webhook: HOOK}
`

// site is one deployment of Postern: what all its servers share.
type site struct {
	t        *testing.T
	receiver *receiver
	prefix   string // of its keys in the store
	ledger   string // URL of the database
	ticket   string
	config   string // text of the config file
}

// siteOptions say what differs between deployments.
type siteOptions struct {
	ledger      string        // URL of the database
	public      string        // the public URL
	ends        time.Duration // lifetime of the profile gone
	optional    bool          // the ledger isn't required
	withoutPost bool          // the store has no POST policy
}

// newSite prepares a deployment. Its name tells its keys in the store from those of others.
func newSite(t *testing.T, name string, o siteOptions) *site {
	t.Helper()
	ticket, err := tickets.Mint(tickets.Ticket{Subject: "alice", Profiles: []string{"*"}, Lifetime: 2 * time.Hour}, sigv4.Secret(ticketKey), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, receiver: startReceiver(t), prefix: name, ledger: o.ledger, ticket: ticket}
	canPost, required := strconv.FormatBool(!o.withoutPost), strconv.FormatBool(!o.optional)
	s.config = strings.NewReplacer("PUBLIC", o.public, "STORE", store.URL(), "PREFIX", name, "ENDS", o.ends.String(), "CAN_POST", canPost, "REQUIRED", required,
		"MULTIPART", "{threshold: 64KiB, part_size: 5MiB}", "HOOK", `{url: "`+s.receiver.URL+`/", secret: "env:HOOK_SECRET", networks: ["127.0.0.0/8"]}`).Replace(config)
	return s
}

// start runs one server of the site until the test ends.
func (s *site) start() *testserver.Server {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "postern.yaml")
	if err := os.WriteFile(file, []byte(s.config), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return testserver.Start(s.t, testserver.Options{Path: program, Args: []string{"serve", "--config", file}, Env: []string{
		"TOKEN_KEY=" + tokenKey, "TICKET_KEY=" + ticketKey, "HOOK_SECRET=" + hookSecret, "LEDGER_URL=" + s.ledger,
		"AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=" + storeSecret,
	}})
}

// visitor is a client of the site at an address.
func (s *site) visitor(url string) testclient.Client {
	return testclient.Client{Base: url, Ticket: s.ticket}
}

// waitUntil waits for a condition, which what describes, and returns whether it came true in time.
func (s *site) waitUntil(what string, within time.Duration, condition func() bool) bool {
	s.t.Helper()
	for end := time.Now().Add(within); !condition(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Errorf("%s: waited %v", what, within)
			return false
		}
	}
	return true
}
