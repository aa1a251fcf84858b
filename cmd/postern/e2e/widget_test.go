package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/tickets"
)

// localhostURL returns the address of a demo page. It uses the server's other name, which is
// another origin.
func (p *devServer) localhostURL(path string) string {
	return strings.Replace(p.URL, "127.0.0.1", "localhost", 1) + path
}

// embed opens a page of another site with the given body. Its policy allows only its own requests
// and what a widget needs. A page that gets a form answers with the form's fields as JSON.
func embed(t *testing.T, p *devServer, l tabOptions, body string) *tab {
	t.Helper()
	b := newTab(t, l)
	b.openHostPage(p, body)
	return b
}

// openHostPage opens that page in a tab.
func (b *tab) openHostPage(p *devServer, body string) {
	b.t.Helper()
	policy := fmt.Sprintf("default-src 'none'; script-src %[1]s; frame-src %[1]s; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "+
		"require-trusted-types-for 'script'; trusted-types 'none'", p.URL)
	b.Proxy.serveHost("app.localhost", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		if r.Method == http.MethodPost {
			_ = r.ParseForm()
			_ = json.NewEncoder(w).Encode(r.PostForm)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><script type="module" src="%s/embed.js"></script><body>%s</body></html>`, p.URL, body)
	}))
	b.open(appOrigin + "/")
}

// picturesForm is a form with one required widget.
const picturesForm = `<form method="post"><postern-upload name="pictures" profile="photos" required></postern-upload><button type="submit">Save</button></form>`

// embedPicture opens a page with a form, uploads a picture in it and returns the values of the
// widget.
func embedPicture(t *testing.T, p *devServer) (b *tab, keys []string) {
	t.Helper()
	b = embed(t, p, tabOptions{}, picturesForm)
	widget := b.widgets(p, 1)[0]
	widget.chooseFiles(writeFile(t, "plot.png", pngOf(t, 60<<10)))
	keys = b.waitForValues(1)
	widget.waitUntilFrameFits()
	return b, keys
}

// waitUntilFrameFits waits until the widget's frame is as high as its document, so that nothing
// below it moves any more.
func (b *tab) waitUntilFrameFits() {
	b.t.Helper()
	b.waitUntil("the frame is as high as its document", `Math.abs(document.body.getBoundingClientRect().height - innerHeight) <= 1`)
}

// widgets waits until that many widgets are connected to the page, and returns their documents in
// the order of the page.
func (b *tab) widgets(p *devServer, count int) []*tab {
	b.t.Helper()
	b.waitUntil("the widgets are connected to their page", fmt.Sprintf(`[...document.querySelectorAll("postern-upload")].filter((w) => w.port).length == %d`, count))
	found := make([]*tab, count)
	if b.engine != nil {
		for i := range found {
			found[i] = b.inFrame(fmt.Sprintf(`document.querySelectorAll("postern-upload")[%d].frame`, i))
		}
		return found
	}
	for _, frame := range b.crossSiteFrames(p.URL + "/widget/") {
		inside := b.insideFrame(frame)
		evaluate[any](inside, `addEventListener("message", ({ data }) => { if ("place" in data) window.place = data.place; })`)
		evaluate[any](b, `document.querySelectorAll("postern-upload").forEach((w, place) => w.frame.contentWindow.postMessage({ place }, "*"))`)
		inside.waitUntil("the frame knows its place", `window.place >= 0`)
		found[evaluate[int](inside, `window.place`)] = inside
	}
	if slices.Contains(found, nil) {
		b.t.Fatalf("frames of widgets: wanted %d, got %v", count, found)
	}
	return found
}

// waitForValues waits until the first widget of the page has that many values, and returns the keys
// in them.
func (b *tab) waitForValues(count int) []string {
	b.t.Helper()
	b.waitUntil(fmt.Sprintf("the widget has %d values", count), fmt.Sprintf(`document.querySelector("postern-upload").value.length == %d`, count))
	return evaluate[[]string](b, `document.querySelector("postern-upload").value.map(({ key }) => key)`)
}

// formEntries returns the keys in the receipts that the first form of the page would send under a
// name.
func (b *tab) formEntries(name string) []string {
	b.t.Helper()
	return keysOf(b.t, b.formValues(name))
}

// formValues returns what the first form of the page would send under a name.
func (b *tab) formValues(name string) []string {
	b.t.Helper()
	return evaluate[[]string](b, fmt.Sprintf(`new FormData(document.querySelector("form")).getAll(%q)`, name))
}

// postedFields returns the keys in the receipts that the host received, by the names of the fields.
func (b *tab) postedFields() map[string][]string {
	b.t.Helper()
	var fields map[string][]string
	if err := json.Unmarshal([]byte(b.text()), &fields); err != nil {
		b.t.Fatalf("what the host received: %v: %s", err, b.text())
	}
	for name, values := range fields {
		fields[name] = keysOf(b.t, values)
	}
	return fields
}

// keysOf returns the keys in receipts, which it doesn't verify.
func keysOf(t *testing.T, list []string) []string {
	t.Helper()
	keys := []string{}
	for _, receipt := range list {
		pieces := strings.Split(receipt, ".")
		if len(pieces) != 3 {
			t.Fatalf("value of a form: wanted a receipt, got %q", receipt)
		}
		payload, err := base64.RawURLEncoding.DecodeString(pieces[1])
		must(t, err)
		var claims struct {
			Audience string `json:"aud"`
			Key      string `json:"key"`
		}
		must(t, json.Unmarshal(payload, &claims))
		if claims.Audience != receipts.Audience || claims.Key == "" {
			t.Fatalf("value of a form: wanted a receipt with a key, got %s", payload)
		}
		keys = append(keys, claims.Key)
	}
	return keys
}

func TestTheHostsFormContainsTheReceiptsOfUploadedFiles(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.localhostURL("/demo/form"))
	widget := b.widgets(p, 1)[0]
	if title := evaluate[string](b, `document.querySelector("postern-upload").frame.title`); title != evaluate[string](b, `document.querySelector("#demo-files").innerText`) {
		t.Errorf("the frame's title: wanted the label that the host names, got %q", title)
	}
	if evaluate[bool](b, `document.querySelector("form").checkValidity()`) {
		t.Error("validity of the form without the required upload: wanted invalid")
	}
	picture := pngOf(t, 60<<10)
	widget.chooseFiles(writeFile(t, "plot.png", picture))
	b.waitForValues(1)
	stored := p.store(t).onlyObject()
	if stored.Sum != sumOf(picture) {
		t.Errorf("stored: wanted SHA-256 %s, got %+v", sumOf(picture), stored)
	}
	if got := b.formEntries("photo"); len(got) != 1 || got[0] != stored.Key {
		t.Errorf("what the form would send: wanted %q, got %q", stored.Key, got)
	}
	b.screenshot("demo-form-uploaded")
	receipt := b.formValues("photo")[0]
	b.run(chromedp.SetAttributes(chromedp.CSS("input:not([type=hidden])"), map[string]string{"value": "Ada"}))
	b.submit()
	if words := b.text(); !strings.Contains(words, receipt) {
		t.Errorf("what the host received: wanted %q in %q", receipt, words)
	}
	b.requireCleanConsole()
}

func TestTwoWidgetsOnOnePageKeepTheirFilesApart(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	b := embed(t, p, tabOptions{}, `<form method="post"><postern-upload name="left" profile="photos"></postern-upload>
		<postern-upload name="right" profile="photos"></postern-upload><button type="submit">Save</button></form>`)
	for i, subject := range []string{"alice", "bob"} {
		evaluate[any](b, fmt.Sprintf(`void (document.querySelectorAll("postern-upload")[%d].ticket = %q)`, i, p.ticket(tickets.Ticket{Subject: subject, Profiles: []string{"*"}})))
	}
	sides := b.widgets(p, 2)
	first := pngOf(t, 60<<10)
	sides[0].chooseFiles(writeFile(t, "first.png", first))
	b.waitForValues(1)
	if got := b.formEntries("right"); len(got) != 0 {
		t.Errorf("values of the widget that was not used: wanted none, got %q", got)
	}
	sides[1].chooseFiles(writeFile(t, "second.png", pngOf(t, 61<<10)))
	b.waitUntil("the other widget has a value", `document.querySelectorAll("postern-upload")[1].value.length == 1`)
	for _, side := range sides {
		side.waitForState("done")
		side.waitUntilFrameFits()
	}
	b.submit()
	got := b.postedFields()
	if len(got["left"]) != 1 || !strings.HasPrefix(got["left"][0], "users/alice/") || len(got["right"]) != 1 || !strings.HasPrefix(got["right"][0], "users/bob/") {
		t.Fatalf("what the host received: wanted a key of alice under left and one of bob under right, got %q", got)
	}
	if stored := p.store(t).object(got["left"][0]); stored.Sum != sumOf(first) {
		t.Errorf("object under left: wanted SHA-256 %s, got %+v", sumOf(first), stored)
	}
	b.requireCleanConsole()
}

func TestEveryThemeOfTheDemoUploads(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.localhostURL("/demo/themes"))
	count := evaluate[int](b, `document.querySelectorAll("postern-upload").length`)
	if count < 2 {
		t.Fatalf("widgets on the page: wanted several, got %d", count)
	}
	for i, widget := range b.widgets(p, count) {
		widget.chooseFiles(writeFile(t, fmt.Sprintf("plot-%d.png", i), pngOf(t, 60<<10+i)))
	}
	b.waitUntil("every widget has a value", `[...document.querySelectorAll("postern-upload")].every((w) => w.value.length == 1)`)
	names := evaluate[[]string](b, `[...document.querySelectorAll("postern-upload")].map((w) => w.value[0].name)`)
	for i, name := range names {
		if wanted := fmt.Sprintf("plot-%d.png", i); name != wanted {
			t.Errorf("file of widget %d: wanted %s, got %s", i, wanted, name)
		}
	}
	b.screenshot("demo-themes-uploaded")
	b.requireCleanConsole()
}

func TestTheHostPageReceivesNoSecrets(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	ticket := p.ticket(tickets.Ticket{Subject: "alice", Profiles: []string{"*"}})
	b := embed(t, p, tabOptions{}, `<postern-upload profile="files"></postern-upload>`)
	b.widgets(p, 1) // else the document that is left below might still connect
	evaluate[any](b, fmt.Sprintf(`(() => {
		window.heard = [];
		const keep = (what) => { try { heard.push(JSON.stringify(what) ?? ""); } catch { heard.push(String(what)); } };
		addEventListener("message", (e) => keep(e.data));
		for (const name of ["done", "fail", "change", "ticket"]) document.addEventListener("postern:" + name, (e) => keep(e.detail));
		const widget = document.querySelector("postern-upload");
		const { set } = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
		Object.defineProperty(MessagePort.prototype, "onmessage", { set(listener) { set.call(this, (e) => { keep(e.data); listener(e); }); } });
		widget.ticket = %q;
		widget.lang = "en"; // loads the frame again
	})()`, ticket))
	widget := b.widgets(p, 1)[0]
	large, _ := randomFile(t, "film.bin", 17*mebibyte)
	widget.chooseFiles(large, writeFile(t, "plot.png", pngOf(t, 60<<10)))
	for _, key := range b.waitForValues(2) {
		if !strings.HasPrefix(key, "users/alice/") {
			t.Errorf("key: wanted one of alice, since the ticket is hers, got %q", key)
		}
	}
	heard := strings.Join(evaluate[[]string](b, `heard`), "\n")
	if !strings.Contains(heard, "film.bin") || !strings.Contains(heard, "plot.png") {
		t.Fatalf("messages to the host: wanted the names of the files in them, got %s", heard)
	}
	if !strings.Contains(heard, `"receipt":"eyJ`) || !strings.Contains(heard, `"url":"`+p.URL+"/objects/") {
		t.Errorf("messages to the host: wanted receipts and links, which are made for it, got %s", heard)
	}
	heard = regexp.MustCompile(`"(receipt|url)":"[^"]*"`).ReplaceAllString(heard, "")
	if signedText.MatchString(heard) || strings.Contains(heard, "policy") || strings.Contains(heard, "token") || strings.Contains(heard, "http") {
		t.Errorf("messages to the host: wanted no secrets in them, got %s", heard)
	}
	for _, host := range []string{hostOf(t, p.URL), hostOf(t, appOrigin), hostOf(t, p.Store)} {
		for _, x := range b.Proxy.requests(host, "") {
			if strings.Contains(x.Path+x.Query, ticket) || host != hostOf(t, p.Store) && signedText.MatchString(x.Path+x.Query) {
				t.Errorf("URL of a request: wanted no secret in it, got %s%s?%s", host, x.Path, x.Query)
			}
		}
	}
	b.requireCleanConsole()
}
