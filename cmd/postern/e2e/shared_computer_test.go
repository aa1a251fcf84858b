package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/cmd/postern/testserver"
	"github.com/postern-dev/postern/handlers/tickets"
)

// guest is the name of somebody without a ticket.
const guest = ""

// logIn makes a person the one whose requests the server gets from now on, as by the cookies of a
// session; a guest has none.
func (b *tab) logIn(p *devServer, person string) {
	b.t.Helper()
	ticket := ""
	if person != guest {
		ticket = p.ticket(tickets.Ticket{Subject: person, Profiles: []string{"*"}})
	}
	b.Proxy.logIn(hostOf(b.t, p.URL), ticket)
}

// openForm opens a form page and waits until it shows what it has kept for its visitor.
func (b *tab) openForm(url string) {
	b.t.Helper()
	b.open(url)
	b.waitUntilReady(true)
	if !evaluate[bool](b, `document.querySelector("postern-uploader").queue.restore()`) {
		b.t.Error("whose the page is: wanted the server to tell it")
	}
}

// leaveUnfinished sends the first two parts of a file in a form page and leaves the rest. The store
// gets no further part before release is called.
func (b *tab) leaveUnfinished(p *devServer, url, path string) (release func()) {
	b.t.Helper()
	b.openForm(url)
	release = b.Proxy.hold(b.t, p.partsFrom(3))
	before := b.parts(p).acceptedBytes()
	b.upload(path)
	waitFor(b.t, "the store has accepted two parts", func() bool { return b.parts(p).acceptedBytes()-before >= 10*mebibyte })
	b.waitUntil("the upload is saved", `Object.keys(localStorage).some((key) => key.startsWith("postern "))`)
	return release
}

// savedUploads are the keys of everything that the browser keeps for the page's origin, whoever it
// belongs to.
func (b *tab) savedUploads() []string {
	b.t.Helper()
	return evaluate[[]string](b, `Object.keys(localStorage).filter((key) => key.startsWith("postern ")).sort()`)
}

// requireNoFiles requires that the page shows no file.
func (b *tab) requireNoFiles(whose string) {
	b.t.Helper()
	if rows := evaluate[[]string](b, `[...document.querySelectorAll(".postern-file")].map((row) => row.innerText)`); len(rows) != 0 {
		b.t.Errorf("files that are shown to %s: wanted none, got %q", whose, rows)
	}
}

func TestTheNextPersonNeitherSeesNorFinishesNorDiscardsAnUpload(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	for _, c := range []struct{ name, first, second string }{
		{"two people", "alice", "bob"},
		{"a person and a guest", "carol", guest},
		{"a guest and a person", guest, "dave"},
		{"two guests", guest, guest},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, _ := randomFile(t, "film.bin", 20*mebibyte)
			opener := newTab(t, tabOptions{})
			opener.open(p.URL + "/healthz")
			first := opener.openSibling()
			first.logIn(p, c.first)
			release := first.leaveUnfinished(p, p.URL+"/forms/files", path)
			id := evaluate[string](first, `[...document.querySelector("postern-uploader").queue.uploads][0].plan.id`)
			saved, open := first.savedUploads(), p.store(t).openUploads()
			first.Close()
			opener.waitForReleasedLocks()
			release()

			second := opener.openSibling()
			second.logIn(p, c.second)
			before := len(second.callsFor(p, id))
			second.openForm(p.URL + "/forms/files")
			second.requireNoFiles(c.second)
			stored := len(p.store(t).keys())
			second.upload(path)
			second.waitForState("done")
			if got := second.callsFor(p, id)[before:]; len(got) != 0 {
				t.Errorf("requests of %q for the upload of %q: wanted none, got %q", c.second, c.first, got)
			}
			if got := second.savedUploads(); !slices.Equal(got, saved) {
				t.Errorf("saved uploads: wanted %q still, got %q", saved, got)
			}
			if got := p.store(t).openUploads(); !slices.Equal(got, open) || len(p.store(t).keys()) != stored+1 {
				t.Errorf("open uploads and objects: wanted %q and %d, got %q and %q", open, stored+1, got, p.store(t).keys())
			}
			second.requireCleanConsole()
			if c.first == guest {
				return // the tab of the guest, and with it the mark, is gone
			}
			third := opener.openSibling()
			third.logIn(p, c.first)
			third.openForm(p.URL + "/forms/files")
			third.waitForRow("interrupted")
			third.chooseFiles(path)
			third.waitForState("done")
			if got := third.savedUploads(); len(got) != 0 || len(p.store(t).keys()) != stored+2 {
				t.Errorf("after the owner has finished: wanted nothing saved and %d objects, got %q and %q", stored+2, got, p.store(t).keys())
			}
			third.requireCleanConsole()
		})
	}
}

// callsFor returns method and path of the requests for one upload so far.
func (b *tab) callsFor(p *devServer, id string) (calls []string) {
	for _, x := range b.Proxy.requests(hostOf(b.t, p.URL), "") {
		if strings.Contains(x.Path, id) {
			calls = append(calls, x.Method+" "+x.Path)
		}
	}
	return calls
}

func TestAGuestGoesOnAfterAReloadButNotInAnotherTab(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	path, sum := randomFile(t, "film.bin", 20*mebibyte)
	b := newTab(t, tabOptions{})
	release := b.leaveUnfinished(p, p.URL+"/forms/files", path)
	b.run(chromedp.Reload())
	b.waitUntilReady(true)
	b.waitForRow("interrupted")
	other := b.openSibling()
	other.openForm(p.URL + "/forms/files")
	other.requireNoFiles("a guest in another tab")
	release()
	b.chooseFiles(path)
	b.waitForState("done")
	if stored := p.store(t).onlyObject(); stored.Sum != sum {
		t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, stored)
	}
	b.requireCleanConsole()
}

// keyedServer is a config with tickets, token keys and a lifetime of uploads.
const keyedServer = `
listen: 127.0.0.1:0
public_url: ` + uploadsOrigin + `
keys: {tokens: [%s]}
tickets: {secret: "env:TICKET_KEY"}
store: {provider: versity, region: us-east-1, endpoint: %q, path_style: true}
profiles:
  files:
    bucket: ` + bucket + `
    key: "users/{subject}/{id}{ext}"
    types: ["*/*"]
    size: 1..1GiB
    access: public
    lifetime: %[3]v
    upload_lifetime: %[3]v
`

// startKeyedServer starts a server in front of the dev server's store, and sends the requests for
// uploadsOrigin there. Its first token key signs.
func startKeyedServer(t *testing.T, b *tab, p *devServer, lifetime time.Duration, keys ...string) {
	t.Helper()
	env := []string{"AWS_ACCESS_KEY_ID=postern-dev", "AWS_SECRET_ACCESS_KEY=" + p.key("store.key"), "TICKET_KEY=" + p.key("ticket.key")}
	var list []string
	for i, key := range keys {
		list = append(list, fmt.Sprintf(`"env:TOKEN_KEY_%d"`, i))
		env = append(env, fmt.Sprintf("TOKEN_KEY_%d=%s", i, key))
	}
	config := writeFile(t, "postern.yaml", fmt.Appendf(nil, keyedServer, strings.Join(list, ", "), p.Store, lifetime))
	server := testserver.Start(t, testserver.Options{Path: program, Args: []string{"serve", "--config", config}, Env: env})
	b.Proxy.serveHost("uploads.localhost", forwardTo(t, server.URL))
}

const (
	firstTokenKey = "the first token key of a keyed server"
	nextTokenKey  = "the next token key of a keyed server"
)

func TestAnUploadStaysItsOwnersAfterARotationOfKeys(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", uploadsOrigin)
	path, sum := randomFile(t, "film.bin", 20*mebibyte)
	b := newTab(t, tabOptions{})
	startKeyedServer(t, b, p, time.Hour, firstTokenKey)
	visit := func(person string) {
		b.Proxy.logIn("uploads.localhost", p.ticket(tickets.Ticket{Subject: person, Profiles: []string{"*"}}))
		b.openForm(uploadsOrigin + "/forms/files")
	}
	visit("alice")
	release := b.leaveUnfinished(p, uploadsOrigin+"/forms/files", path)
	b.open("about:blank") // or the page would go on as bob
	startKeyedServer(t, b, p, time.Hour, nextTokenKey, firstTokenKey)
	release()
	visit("bob")
	b.requireNoFiles("bob")
	visit("alice")
	b.waitForRow("interrupted")
	b.chooseFiles(path)
	b.waitForState("done")
	if stored := p.store(t).onlyObject(); stored.Sum != sum || !strings.HasPrefix(stored.Key, "users/alice/") {
		t.Errorf("stored: wanted SHA-256 %s with a key of alice, got %+v", sum, stored)
	}
	if issued := len(b.Proxy.requests("uploads.localhost", http.MethodPost)); countOf(statusesOf(b, "uploads.localhost", "/uploads"), http.StatusCreated) != 1 {
		t.Errorf("issued uploads: wanted one, got %d requests", issued)
	}
	b.requireCleanConsole()
}

// statusesOf returns the statuses of the responses to POST requests for a path of a host.
func statusesOf(b *tab, host, path string) (statuses []int) {
	for _, x := range b.Proxy.requests(host, http.MethodPost) {
		if x.Path == path {
			statuses = append(statuses, x.Status)
		}
	}
	return statuses
}

func TestNothingIsKeptAfterTheEndOfTheUploadToken(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", uploadsOrigin)
	const lifetime = 25 * time.Second
	first, _ := randomFile(t, "first.bin", 20*mebibyte)
	second, _ := randomFile(t, "second.bin", 20*mebibyte)
	b := newTab(t, tabOptions{})
	startKeyedServer(t, b, p, lifetime, firstTokenKey)
	logIn := func(person string) {
		b.Proxy.logIn("uploads.localhost", p.ticket(tickets.Ticket{Subject: person, Profiles: []string{"*"}}))
	}
	logIn("alice")
	b.leaveUnfinished(p, uploadsOrigin+"/forms/files", first)
	b.openForm(uploadsOrigin + "/forms/files")
	b.waitForRow("interrupted")
	b.waitUntil("the row has disappeared with the token", `document.querySelector(".postern-file") == null`)
	if got := b.savedUploads(); len(got) != 0 {
		t.Errorf("saved uploads after the token's end, in the owner's page: wanted none, got %q", got)
	}

	b.leaveUnfinished(p, uploadsOrigin+"/forms/files", second)
	b.open(uploadsOrigin + "/healthz")
	b.waitUntil("the token has ended", `Object.entries(localStorage).every(([key, saved]) => !key.startsWith("postern ") || JSON.parse(saved).ends < Date.now())`)
	if got := b.savedUploads(); len(got) != 1 {
		t.Fatalf("saved uploads before the next visit: wanted one, got %q", got)
	}
	logIn("bob")
	b.openForm(uploadsOrigin + "/forms/files")
	b.requireNoFiles("bob")
	if got := b.savedUploads(); len(got) != 0 {
		t.Errorf("saved uploads after the token's end, in the next person's page: wanted none, got %q", got)
	}
	b.requireCleanConsole()
}

func TestAFormPageForgetsItsVisitor(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	for i, c := range []struct{ name, forget string }{
		{"by an event on the window", `dispatchEvent(new Event("postern:forget"))`},
		{"by an event on the element", `document.querySelector("postern-uploader").dispatchEvent(new Event("postern:forget"))`},
		{"by its method", `document.querySelector("postern-uploader").forget()`},
	} {
		for _, person := range []string{"alice", guest} {
			if !long && (person == guest) != (i == 1) {
				continue // each way and each person once
			}
			t.Run(c.name+", "+pick(person == guest, "a guest", person), func(t *testing.T) {
				path, _ := randomFile(t, "film.bin", 20*mebibyte)
				b := newTab(t, tabOptions{})
				b.logIn(p, "carol")
				b.leaveUnfinished(p, p.URL+"/forms/files", path)
				ofCarol := b.savedUploads()
				b.logIn(p, person)
				release := b.leaveUnfinished(p, p.URL+"/forms/files", path)
				if got := b.savedUploads(); len(got) != 2 {
					t.Fatalf("saved uploads: wanted two, got %q", got)
				}
				evaluate[any](b, c.forget)
				b.waitUntil("no file is shown", `document.querySelector(".postern-file") == null`)
				if got := b.savedUploads(); !slices.Equal(got, ofCarol) {
					t.Errorf("saved uploads: wanted only %q, got %q", ofCarol, got)
				}
				release()
				b.openForm(p.URL + "/forms/files")
				b.requireNoFiles(person)
				b.logIn(p, "carol")
				b.openForm(p.URL + "/forms/files")
				b.waitForRow("interrupted")
				b.requireCleanConsole()
			})
		}
	}
}

func TestAFileChosenByAVisitorWhoIsForgottenIsntAddedAfterwards(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	first, second := writeFile(t, "garden.png", pngOf(t, 60<<10)), writeFile(t, "lake.png", pngOf(t, 50<<10))
	b := newTab(t, tabOptions{})
	b.logIn(p, "alice")
	b.openForm(p.URL + "/forms/files")
	b.chooseFiles(first)
	b.waitForState("done")
	b.waitUntil("the browser keeps a mark of the first file", `Object.keys(localStorage).some((key) => key.startsWith("postern-done "))`)
	// Whether the second was sent before is found out by its hash, which takes until after the visitor is forgotten.
	evaluate[bool](b, `(() => {
		const digest = crypto.subtle.digest.bind(crypto.subtle);
		crypto.subtle.digest = (...given) => new Promise((resolve) => { window.goOn = () => resolve(digest(...given)); });
		return true;
	})()`)
	b.chooseFiles(second)
	b.waitUntil("the second file is hashed", `window.goOn != null`)
	evaluate[any](b, `(async () => {
		const uploader = document.querySelector("postern-uploader");
		await uploader.forget();
		goOn();
		await uploader.add([]); // in its turn, after the second file
	})()`)
	if rows := evaluate[int](b, `document.querySelector("postern-uploader").queue.uploads.size`); rows != 0 {
		t.Errorf("files in the list: wanted none, got %d", rows)
	}
	b.requireCleanConsole()
}

// comeBack plays a browser that takes a page out of its memory.
const comeBack = `(async () => {
	dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
	const hidden = document.querySelector(".postern-file")?.checkVisibility();
	dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
	return hidden === false;
})()`

func TestAPageFromTheBrowsersMemoryShowsNothingToTheNextPerson(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.logIn(p, "alice")
	b.openForm(p.URL + "/forms/photos")
	b.upload(writeFile(t, "plot.png", pngOf(t, 60<<10)))
	b.waitForState("done")
	if !evaluate[bool](b, comeBack) {
		t.Error("files of a page that is in the browser's memory: wanted them hidden")
	}
	b.waitUntil("its owner sees the file again", `document.querySelector(".postern-file").checkVisibility()`)
	b.logIn(p, "bob")
	evaluate[bool](b, comeBack)
	b.waitUntil("no file is shown to the next person", `document.querySelector(".postern-file") == null && !document.querySelector(".postern-files").hidden`)
	b.requireCleanConsole()
}

// A browser may give back a page from its memory, but not after a cookie of its site has changed,
// as a logout does.
func TestWithoutScriptAChosenFileIsNotThereForTheNextPerson(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{NoScript: true})
	sessions := 0
	b.Proxy.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/session" {
			return false
		}
		sessions++
		w.Header().Set("Set-Cookie", fmt.Sprintf("session=%d; Path=/; HttpOnly", sessions))
		w.WriteHeader(http.StatusOK)
		return true
	})
	b.open(p.URL + "/session")
	b.logIn(p, "alice")
	b.open(p.URL + "/forms/photos")
	b.chooseFiles(writeFile(t, "of-alice.png", pngOf(t, 40<<10)))
	b.open(p.URL + "/session")
	b.logIn(p, "bob")
	b.run(chromedp.NavigateBack())
	b.waitUntil("the form is loaded again", `document.querySelector("input[type=file]") != null`)
	if chosen := evaluate[[]string](b, `[...document.querySelector("input[type=file]").files].map((f) => f.name)`); len(chosen) != 0 {
		t.Errorf("files in the form: wanted none, got %q", chosen)
	}
	if key := evaluate[string](b, `document.querySelector("input[name=key]").value`); !strings.HasPrefix(key, "users/bob/") {
		t.Errorf("key in the form: wanted one of bob, got %q", key)
	}
}

func TestWithoutScriptALandingPageIsForItsVisitorAlone(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	for _, c := range []struct{ name, first, second string }{
		{"two people", "alice", "bob"}, {"a person and a guest", "alice", guest}, {"a guest and a person", guest, "bob"}, {"two guests", guest, guest},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTab(t, tabOptions{NoScript: true})
			b.logIn(p, c.first)
			b.open(p.URL + "/forms/photos")
			b.chooseFiles(writeFile(t, "garden.png", pngOf(t, 40<<10)))
			b.submit()
			b.requireResult("done", "PNG")
			address := b.url()
			b.run(chromedp.Reload())
			b.requireResult("done", "PNG")
			b.open(p.URL + "/healthz")
			b.logIn(p, c.second)
			b.open(address)
			if words := b.text(); strings.Contains(words, "PNG") || strings.Contains(words, "garden") || strings.Contains(words, "kB") {
				t.Errorf("the landing page, opened from the history: wanted nothing of the file in it, got %q", words)
			}
		})
	}
}
