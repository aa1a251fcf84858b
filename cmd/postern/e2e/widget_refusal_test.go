package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// ticketSecret signs the tickets that the server of these tests takes.
const ticketSecret sigv4.Secret = "a secret that backend and server share in these tests"

// ticketHandlers are those of a server whose one profile takes nobody without a ticket.
func ticketHandlers(t *testing.T) *handlers.Handlers {
	t.Helper()
	verifier, err := tickets.New(tickets.Config{Secrets: []sigv4.Secret{ticketSecret}})
	must(t, err)
	pictures := profile.Profile{
		Name: "pictures", Bucket: "media", Key: "users/{subject}/{id}{ext}", Types: []string{"image/png"}, MaxSize: 100_000,
		Access: profile.AccessTicket, Origins: []string{appOrigin},
	}
	return newHandlers(t, []profile.Profile{pictures}, func(c *handlers.Config) { c.Identifier = verifier })
}

func TestAWidgetSaysWhatIsWrongWithItsTicket(t *testing.T) {
	t.Parallel()
	mint := func(ticket tickets.Ticket, secret sigv4.Secret, at time.Time) string {
		text, err := tickets.Mint(ticket, secret, at)
		must(t, err)
		return text
	}
	alice := tickets.Ticket{Subject: "alice", Profiles: []string{"pictures"}}
	other := tickets.Ticket{Subject: "alice", Profiles: []string{"documents"}}
	for _, c := range []struct {
		name, ticket, code, says string // says: on the console
	}{
		{"no ticket", "", "ticket_missing", "ticket_missing"},
		{"an expired ticket", mint(alice, ticketSecret, time.Now().Add(-time.Hour)), "ticket_expired", "ticket_expired expired"},
		{"a ticket of another backend", mint(alice, "a secret that only somebody else has", time.Now()), "ticket_refused", "ticket_refused signature doesn't verify"},
		{"what is no ticket", "hello", "ticket_refused", "ticket_refused not a ticket"},
		{"a ticket for another profile", mint(other, ticketSecret, time.Now()), "forbidden", ""},
	} {
		for _, language := range []string{"en", "de"} {
			t.Run(c.name+", "+language, func(t *testing.T) {
				b := newTab(t, tabOptions{})
				b.Proxy.serveHost("uploads.localhost", echoServer(ticketHandlers(t)))
				b.Proxy.serveHost("app.localhost", pagesByPath(map[string]string{"/": embeddingPageFor(uploadsOrigin, `profile="pictures" name="pictures" lang="`+language+`"`)}))
				b.open(appOrigin + "/")
				b.waitUntil("the widget and its page are connected", `document.querySelector("postern-upload").port != null`)
				evaluate[any](b, fmt.Sprintf(`void (document.querySelector("postern-upload").ticket = %q)`, c.ticket))
				widget := b.insideFrame(b.crossSiteFrames(uploadsOrigin + "/widget/")[0])
				evaluate[any](widget, `(() => {
					window.said = [];
					const { error } = console;
					console.error = (...what) => { said.push(what.join(" ").trim()); error(...what); };
				})()`)
				widget.chooseFiles(writeFile(t, "plot.png", pngOf(t, 60<<10)))
				b.waitUntil("the page is told of the failure", `failures.length == 1`)
				if got := evaluate[string](b, `failures[0].code + " " + failures[0].name + " " + failures[0].type`); got != c.code+" plot.png image/png" {
					t.Errorf("event postern:fail: wanted %s for plot.png, got %s", c.code, got)
				}
				sentence := strings.ReplaceAll(catalogText(t, language, "upload.error."+c.code), "{name}", "plot.png")
				widget.waitUntil("the row says why", fmt.Sprintf(`document.querySelector(".postern-file")?.innerText.replace(/[\u2066-\u2069]/g, "").includes(%q)`, sentence))
				said := evaluate[string](widget, `said.join("\n")`)
				if !strings.Contains(said, c.says) || c.ticket != "" && strings.Contains(said, c.ticket) {
					t.Errorf("console: wanted %q and not the ticket, got %q", c.says, said)
				}
			})
		}
	}
}

func TestWhatIsSetBeforeTheScriptHasRunIsKept(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	ticket := p.ticket(tickets.Ticket{Subject: "alice", Profiles: []string{"photos"}})
	b := newTab(t, tabOptions{})
	b.Proxy.serveHost("app.localhost", pagesByPath(map[string]string{"/": fmt.Sprintf(`<!doctype html><html lang="en"><body>
		<form><postern-upload></postern-upload></form>
		<script>Object.assign(document.querySelector("postern-upload"), { ticket: %q, name: "pictures", profile: "photos", required: true })</script>
		<script type="module" src="%s/embed.js"></script>`, ticket, p.URL)}))
	b.open(appOrigin + "/")
	widget := b.widgets(p, 1)[0]
	if own := evaluate[[]string](b, `["ticket", "name", "profile", "required"].filter((name) => Object.hasOwn(document.querySelector("postern-upload"), name))`); len(own) != 0 {
		t.Errorf("properties that still hide those of the class: wanted none, got %q", own)
	}
	if !evaluate[bool](b, `document.querySelector("postern-upload").validity.valueMissing`) {
		t.Error("validity of a tag that was made required before: wanted valueMissing")
	}
	widget.chooseFiles(writeFile(t, "plot.png", pngOf(t, 60<<10)))
	keys := b.waitForValues(1)
	if got := b.formEntries("pictures"); !strings.HasPrefix(keys[0], "users/alice/") || len(got) != 1 || got[0] != keys[0] {
		t.Errorf("value of the form: wanted a key of alice, got %q and %q", keys, got)
	}
	if loads := b.frameLoads(p); loads != 1 {
		t.Errorf("requests for the frame: wanted one, got %d", loads)
	}
	b.requireCleanConsole()
}
