package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/handlers/tickets"
)

// sharedHost is a host's site with a form, in which one person after another is logged in. It gives
// out a ticket of whoever is logged in.
type sharedHost struct {
	p *devServer
	b *tab

	mu     sync.Mutex
	person string
}

// giveTickets sets the ticket of the widget that is loaded.
const giveTickets = `customElements.whenDefined("postern-upload").then(() => {
	const widget = document.querySelector("postern-upload");
	if (widget) widget.ticket = () => fetch("/ticket").then((r) => r.text());
})`

// openSharedHost opens the form of the site for a person.
func openSharedHost(t *testing.T, p *devServer, person string) *sharedHost {
	t.Helper()
	s := &sharedHost{p: p, b: newTab(t, tabOptions{}), person: person}
	s.b.Proxy.serveHost("app.localhost", s)
	s.b.beforeLoad(giveTickets)
	s.b.open(appOrigin + "/")
	return s
}

func (s *sharedHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost:
		_ = r.ParseForm()
		_ = json.NewEncoder(w).Encode(r.PostForm)
	case r.URL.Path == "/ticket":
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.person != guest {
			_, _ = w.Write([]byte(s.p.ticket(tickets.Ticket{Subject: s.person, Profiles: []string{"*"}})))
		}
	case r.URL.Path == "/":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><script type="module" src="%s/embed.js"></script><body>
			<form method="post"><postern-upload name="files" profile="files"></postern-upload><button type="submit">Save</button></form>`, s.p.URL)
	}
}

// logIn makes another person the one who is logged in.
func (s *sharedHost) logIn(person string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.person = person
}

// uploadOneFile uploads a file in the widget and returns its key.
func (s *sharedHost) uploadOneFile() string {
	s.b.t.Helper()
	s.b.widgets(s.p, 1)[0].chooseFiles(writeFile(s.b.t, "notes.txt", []byte("words")))
	return s.b.waitForValues(1)[0]
}

// waitForAnswer waits until the widget's frame has told what of the page's files is whose.
func (s *sharedHost) waitForAnswer() *tab {
	s.b.t.Helper()
	frame := s.b.widgets(s.p, 1)[0]
	s.b.waitUntil("the frame has answered", `document.querySelector("postern-upload:not(:state(busy))")?.port != null`)
	return frame
}

// requireNothing requires that the widget has no value and shows no file, and that the form sends
// none.
func (s *sharedHost) requireNothing(whose string) {
	s.b.t.Helper()
	s.waitForAnswer().requireNoFiles(whose)
	if got := s.b.waitForValues(0); len(got) != 0 || len(s.b.formEntries("files")) != 0 {
		s.b.t.Errorf("values for %s: wanted none, got %q and %q", whose, got, s.b.formEntries("files"))
	}
}

// goBack goes back to the form. A page from the browser's memory isn't loaded, so nothing waits for
// that.
func (s *sharedHost) goBack() {
	s.b.t.Helper()
	evaluate[any](s.b, `void setTimeout(() => history.back())`)
	s.b.waitUntil("the form is back", `document.querySelector("postern-upload")?.port != null && document.visibilityState == "visible"`)
}

func TestTheNextPersonCannotSubmitWhatWasUploadedBefore(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	for _, c := range []struct {
		name, first, second string
	}{
		{"two people", "alice", "bob"},
		{"a person and a guest", "alice", guest},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openSharedHost(t, p, c.first)
			key := s.uploadOneFile()
			evaluate[any](s.b, `void addEventListener("unload", () => {})`) // no browser keeps such a page in its memory
			s.b.open(appOrigin + "/elsewhere")
			s.logIn(c.second)
			s.goBack()
			s.waitForAnswer()
			s.b.waitForValues(0)
			s.requireNothing(c.second)
			s.b.submit()
			if got := s.b.postedFields()["files"]; len(got) != 0 {
				t.Errorf("what the host received from %q: wanted no key, got %q", c.second, got)
			}
			s.logIn(c.first)
			s.goBack()
			if got := s.b.waitForValues(1); got[0] != key || !slices.Equal(s.b.formEntries("files"), got) {
				t.Errorf("values for %q, who has uploaded the file: wanted %q, got %q and %q", c.first, key, got, s.b.formEntries("files"))
			}
			s.b.requireCleanConsole()
		})
	}
}

func TestAWidgetLosesItsValueWhenAnotherPersonComes(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	for _, c := range []struct{ name, come string }{
		{"with a ticket that the host sets", `(() => { const w = document.querySelector("postern-upload"); w.ticket = w.ticket; })()`},
		{"to a page from the browser's memory", `dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openSharedHost(t, p, "alice")
			key := s.uploadOneFile()
			evaluate[any](s.b, c.come)
			if got := s.b.waitForValues(1); got[0] != key {
				t.Errorf("values when the same person comes: wanted %q, got %q", key, got)
			}
			s.logIn("bob")
			evaluate[any](s.b, c.come)
			s.b.waitForValues(0)
			s.requireNothing("bob")
			s.b.requireCleanConsole()
		})
	}
}

// TestALateTicketOfAnEarlierPersonShowsNothing sets a ticket whose answer comes only after another
// person's ticket was set.
func TestALateTicketOfAnEarlierPersonShowsNothing(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	s := openSharedHost(t, p, "alice")
	s.uploadOneFile()
	evaluate[any](s.b, `(async () => {
		const ticket = async () => (await fetch("/ticket")).text();
		const [widget, early] = [document.querySelector("postern-upload"), await ticket()];
		widget.ticket = () => window.late ? ticket() : new Promise((resolve) => { window.late = () => resolve(early); });
	})()`)
	s.b.waitUntil("the frame waits for the ticket", `window.late != null`)
	s.logIn("bob")
	evaluate[any](s.b, `(() => { const widget = document.querySelector("postern-upload"); widget.ticket = widget.ticket; setTimeout(late, 300); })()`)
	s.b.waitForValues(0)
	s.requireNothing("bob")
	s.b.requireCleanConsole()
}

func TestAWidgetForgetsItsVisitor(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	path, _ := randomFile(t, "film.bin", 20*mebibyte)
	for i, c := range []struct{ name, forget string }{
		{"by its method", `document.querySelector("postern-upload").forget()`},
		{"by an event on the element", `document.querySelector("postern-upload").dispatchEvent(new Event("postern:forget"))`},
		{"by an event on the window", `dispatchEvent(new Event("postern:forget"))`},
	} {
		for _, person := range []string{"alice", guest} {
			if !long && (person == guest) != (i == 1) {
				continue // each way and each person once
			}
			t.Run(c.name+", "+pick(person == guest, "a guest", person), func(t *testing.T) {
				s := openSharedHost(t, p, person)
				s.uploadOneFile()
				frame := s.b.widgets(p, 1)[0]
				before := s.b.parts(p).acceptedBytes()
				release := s.b.Proxy.hold(t, p.partsFrom(3))
				frame.chooseFiles(path)
				waitFor(t, "the store has accepted two parts", func() bool { return s.b.parts(p).acceptedBytes()-before >= 10*mebibyte })
				frame.waitUntil("the upload is saved", `Object.keys(localStorage).filter((key) => key.startsWith("postern ")).length == 1`)
				evaluate[any](s.b, c.forget)
				frame.waitUntil("nothing is saved", `Object.keys(localStorage).length == 0 && sessionStorage.length == 0`)
				s.requireNothing(person)
				release()
				s.b.run(chromedp.Reload())
				s.requireNothing(person)
				s.b.requireCleanConsole()
			})
		}
	}
}
