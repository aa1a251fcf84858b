package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/tickets"
)

// askServerForTickets lets the page get its tickets from the ticket server: it keeps a ticket until
// another one is wanted.
const askServerForTickets = `(() => {
	const widget = document.querySelector("postern-upload");
	let kept;
	window.asked = [];
	const give = (renew) => {
		asked.push(renew);
		if (renew || !kept) kept = fetch("/ticket?renew=" + renew).then((r) => r.ok ? r.text() : Promise.reject(new Error("no ticket today")));
		return kept;
	};
	%s
})()`

func TestATicketThatExpiresDuringAnUploadIsRenewed(t *testing.T) {
	t.Parallel()
	const byProperty, byEvent = `widget.ticket = give;`, `widget.addEventListener("postern:ticket", (e) => e.detail.answer(give(e.detail.renew)));`
	cases := []struct {
		name, how string
		renew     func(b *tab, p *devServer, times int, w http.ResponseWriter) bool
		hasError  bool
	}{
		{name: "a function gives another one", how: byProperty},
		{name: "a listener gives another one", how: byEvent},
		{name: "the host fails twice before it gives another one", how: byProperty, renew: failTwice, hasError: true},
		{name: "the host gives another one late", how: byProperty, renew: answerLate},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := startDev(t, "--origin", appOrigin)
			b := embed(t, p, tabOptions{}, `<postern-upload profile="files"></postern-upload>`)
			o := &ticketServer{p: p, b: b, renew: c.renew}
			b.Proxy.serveHost("app.localhost", o)
			evaluate[any](b, fmt.Sprintf(askServerForTickets, c.how))
			widget := b.widgets(p, 1)[0]
			widget.uploadAcrossRenewal(p, o)
			asked := evaluate[[]bool](b, `asked`)
			if asked[0] || !slices.Contains(asked, true) {
				t.Errorf("calls of the host's function, true for another ticket: wanted false first and true later, got %v", asked)
			}
			widget.requireGoodStatesOnly()
			b.requireConsoleError("no ticket today", c.hasError)
		})
	}
}

// requireConsoleError requires that the host's console has only that error, or none.
func (b *tab) requireConsoleError(text string, wanted bool) {
	b.t.Helper()
	heard := b.consoleErrors()
	other := func(message string) bool { return !strings.Contains(message, text) }
	if len(heard) > 0 != wanted || slices.ContainsFunc(heard, other) {
		b.t.Errorf("console of the host: wanted the error %q: %v, got %q", text, wanted, heard)
	}
}

// uploadAcrossRenewal uploads a film in parts and seven small files. Nothing reaches the store
// before the first ticket has ended, and the last part of the film not before all other files are
// issued. So the ticket is renewed in the middle.
func (b *tab) uploadAcrossRenewal(p *devServer, o *ticketServer) {
	b.t.Helper()
	const small = 7
	host := hostOf(b.t, p.Store)
	b.Proxy.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Host == host {
			o.waitForFirstEnd()
		}
		if r.Method == http.MethodPut && strings.Contains(r.URL.RawQuery, "partNumber=3") {
			waitFor(b.t, "all files are issued", func() bool { return countOf(b.responseStatuses(p, "/uploads"), http.StatusCreated) == small+1 })
		}
		return false
	})
	evaluate[any](b, `(() => {
		window.states = [];
		new MutationObserver((all) => all.forEach(({ target }) => states.push(target.dataset.state)))
			.observe(document.body, { subtree: true, attributeFilter: ["data-state"] });
	})()`)
	film, sum := randomFile(b.t, "film.bin", 20*mebibyte)
	files, sums := []string{film}, map[string]bool{sum: true}
	for i := range small {
		content := pngOf(b.t, 300<<10+i) // too large to be issued together
		files, sums[sumOf(content)] = append(files, writeFile(b.t, fmt.Sprintf("plot-%d.png", i), content)), true
	}
	b.chooseFiles(files...)
	b.waitForState("done")
	for _, key := range p.store(b.t).keys() {
		stored := p.store(b.t).object(key)
		if !sums[stored.Sum] || !strings.HasPrefix(key, "users/alice/") {
			b.t.Errorf("stored: wanted each file once, with a key of alice, got %+v", stored)
		}
		delete(sums, stored.Sum)
	}
	if left := p.store(b.t).openUploads(); len(sums) != 0 || len(left) != 0 {
		b.t.Errorf("files that are missing: wanted none, got %d; open multipart uploads: wanted none, got %q", len(sums), left)
	}
	b.requireRenewalInTheMiddle(p)
}

// requireRenewalInTheMiddle requires that several files were issued with the first ticket before it
// was refused.
func (b *tab) requireRenewalInTheMiddle(p *devServer) {
	b.t.Helper()
	statuses := b.responseStatuses(p, "/uploads")
	if first := slices.Index(statuses, http.StatusUnauthorized); first < 2 {
		b.t.Errorf("statuses of requests for a plan: wanted at least two 201 before the first 401, got %v", statuses)
	}
}

// requireGoodStatesOnly requires that no row had a state that means trouble.
func (b *tab) requireGoodStatesOnly() {
	b.t.Helper()
	seen := evaluate[[]string](b, `states`)
	if !slices.Contains(seen, "sending") || !slices.Contains(seen, "done") {
		b.t.Errorf("states of the rows: wanted sending and done among them, got %q", seen)
	}
	for _, state := range seen {
		if !slices.Contains([]string{"chosen", "waiting", "preparing", "sending", "confirming", "done"}, state) {
			b.t.Errorf("state of a row: wanted none that means trouble, got %s", state)
		}
	}
}

// responseStatuses returns the statuses of the responses to POST requests for a path of the API, 0
// while there is none. It may be called from any goroutine.
func (b *tab) responseStatuses(p *devServer, path string) (statuses []int) {
	for _, x := range b.Proxy.requests(strings.TrimPrefix(p.URL, "http://"), http.MethodPost) {
		if strings.HasSuffix(x.Path, path) {
			statuses = append(statuses, x.Status)
		}
	}
	return statuses
}

// countOf returns how often a value is in the list.
func countOf(list []int, wanted int) (times int) {
	for _, got := range list {
		if got == wanted {
			times++
		}
	}
	return times
}

func TestATicketThatHasAlreadyExpiredIsRenewed(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	alice := tickets.Ticket{Subject: "alice", Profiles: []string{"photos"}}
	over, good := p.ticketAt(alice, time.Now().Add(-time.Hour)), p.ticket(alice)
	b := newTab(t, tabOptions{})
	b.open(p.localhostURL("/demo/form"))
	evaluate[any](b, fmt.Sprintf(`(() => {
		window.asked = [];
		document.querySelector("postern-upload").ticket = (renew) => { asked.push(renew); return renew ? %q : %q; };
	})()`, good, over))
	b.widgets(p, 1)[0].chooseFiles(writeFile(t, "plot.png", pngOf(t, 60<<10)))
	if keys := b.waitForValues(1); !strings.Contains(keys[0], "/alice/") {
		t.Errorf("key: wanted one of alice, got %q", keys)
	}
	if asked := evaluate[[]bool](b, `asked`); len(asked) != 2 || asked[0] || !asked[1] {
		t.Errorf("calls of the host's function, true for another ticket: wanted false and true, got %v", asked)
	}
	p.store(t).onlyObject()
}

func TestFilesAddedTogetherShareOneTicket(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	b := embed(t, p, tabOptions{}, picturesForm)
	evaluate[any](b, `(() => {
		window.asked = 0;
		document.querySelector("postern-upload").ticket = () => { asked++; return new Promise((resolve) => { window.give = resolve; }); };
	})()`)
	widget := b.widgets(p, 1)[0]
	evaluate[any](widget, `(() => {
		const uploader = document.querySelector("postern-uploader");
		const { ticket } = uploader;
		window.wanted = 0;
		uploader.ticket = (renew) => { wanted++; return ticket(renew); };
	})()`)
	var files []string
	for i := range 4 {
		files = append(files, writeFile(t, fmt.Sprintf("plot-%d.png", i), pngOf(t, 300<<10))) // too large for one request together
	}
	widget.chooseFiles(files...)
	widget.waitUntil("all files wait for a ticket", `wanted == 4`)
	b.waitUntil("the host is asked for a ticket", `window.give != null`)
	evaluate[any](b, fmt.Sprintf(`give(%q)`, p.ticket(tickets.Ticket{Subject: "alice", Profiles: []string{"photos"}})))
	for _, key := range b.waitForValues(4) {
		if !strings.HasPrefix(key, "users/alice/") {
			t.Errorf("key: wanted one of alice, got %q", key)
		}
	}
	if asked := evaluate[int](b, `asked`); asked != 1 {
		t.Errorf("requests for a ticket: wanted one, got %d", asked)
	}
	b.requireCleanConsole()
}
