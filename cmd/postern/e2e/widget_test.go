package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/sigv4"
)

// foreign is the address of the demo pages: the server's other name, which is another origin to a browser.
func (p *postern) foreign(path string) string {
	return strings.Replace(p.URL, "127.0.0.1", "localhost", 1) + path
}

// widgets waits until that many widgets of the page have met their host and returns their documents.
func (b *tab) widgets(p *postern, count int) []*tab {
	b.t.Helper()
	b.until("the widgets have met their page", fmt.Sprintf(`[...document.querySelectorAll("postern-upload")].filter((w) => w.port).length == %d`, count))
	var found []*tab
	for _, frame := range b.foreignFrames(p.URL + "/widget/") {
		found = append(found, b.inside(frame))
	}
	if len(found) != count {
		b.t.Fatalf("frames of widgets: wanted %d, got %d", count, len(found))
	}
	return found
}

func TestAHostsFormCarriesTheKeysOfWhatWasUploaded(t *testing.T) {
	t.Parallel()
	p := dev(t)
	b := newTab(t, look{})
	b.open(p.foreign("/demo/form"))
	widget := b.widgets(p, 1)[0]
	if evaluate[bool](b, `document.querySelector("form").checkValidity()`) {
		t.Error("the host's form is valid without the upload that it requires")
	}
	picture := pngOf(t, 60<<10)
	widget.choose(fileWith(t, "plot.png", picture))
	b.until("the widget has a value", `document.querySelector("postern-upload").value.length == 1`)
	stored := p.store(t).only()
	if stored.Sum != sumOf(picture) {
		t.Errorf("stored: wanted sum %s, got %+v", sumOf(picture), stored)
	}
	if got := evaluate[[]string](b, `new FormData(document.querySelector("form")).getAll(document.querySelector("postern-upload").getAttribute("name"))`); len(got) != 1 || got[0] != stored.Key {
		t.Errorf("what the form would post: wanted %q, got %q", stored.Key, got)
	}
	b.shot("demo-form-uploaded")
	b.do(chromedp.SetAttributes(chromedp.CSS("input:not([type=hidden])"), map[string]string{"value": "Ada"}))
	b.submit()
	if words := b.text(); !strings.Contains(words, stored.Key) {
		t.Errorf("what the host received: wanted %q in %q", stored.Key, words)
	}
	b.calm()
}

func TestAHostsResetForgetsTheUpload(t *testing.T) {
	t.Parallel()
	p := dev(t)
	b := newTab(t, look{})
	b.open(p.foreign("/demo/form"))
	widget := b.widgets(p, 1)[0]
	widget.choose(fileWith(t, "plot.png", pngOf(t, 60<<10)))
	b.until("the widget has a value", `document.querySelector("postern-upload").value.length == 1`)
	evaluate[any](b, `document.querySelector("form").reset()`)
	b.until("the value is gone", `document.querySelector("postern-upload").value.length == 0 && document.querySelector("postern-upload").validity.valueMissing`)
	widget.until("the rows are gone", `document.querySelector(".postern-file") == null`)
}

func TestWidgetsOfOnePageDontMix(t *testing.T) {
	t.Parallel()
	p := dev(t)
	b := newTab(t, look{})
	b.open(p.foreign("/demo/themes"))
	count := evaluate[int](b, `document.querySelectorAll("postern-upload").length`)
	if count < 2 {
		t.Fatalf("widgets on the page: wanted several, got %d", count)
	}
	for i, widget := range b.widgets(p, count) {
		widget.choose(fileWith(t, fmt.Sprintf("plot-%d.png", i), pngOf(t, 60<<10+i)))
	}
	b.until("every widget has its file", `[...document.querySelectorAll("postern-upload")].every((w) => w.value.length == 1)`)
	names := evaluate[[]string](b, `[...new Set([...document.querySelectorAll("postern-upload")].flatMap((w) => w.files.map((f) => f.name)))]`)
	if len(names) != count || len(p.store(t).keys()) != count {
		t.Errorf("names in %d widgets: wanted one each, got %q", count, names)
	}
	b.shot("demo-themes-uploaded")
	b.calm()
}

func TestATicketIsRenewedUnnoticed(t *testing.T) {
	t.Parallel()
	p := dev(t)
	key := sigv4.Secret(strings.TrimSpace(string(readFile(t, filepath.Join(p.Data, "ticket.key")))))
	ticket := tickets.Ticket{Subject: "alice", Profiles: []string{"photos"}}
	over, err := tickets.Mint(ticket, key, time.Now().Add(-time.Hour))
	must(t, err)
	good, err := tickets.Mint(ticket, key, time.Now())
	must(t, err)
	b := newTab(t, look{})
	b.open(p.foreign("/demo/form"))
	evaluate[any](b, fmt.Sprintf(`(() => {
		window.asked = [];
		document.querySelector("postern-upload").ticket = (renew) => { asked.push(renew); return renew ? %q : %q; };
	})()`, good, over))
	widget := b.widgets(p, 1)[0]
	widget.choose(fileWith(t, "plot.png", pngOf(t, 60<<10)))
	b.until("the widget has a value", `document.querySelector("postern-upload").value.length == 1`)
	if asked := evaluate[[]bool](b, `asked`); len(asked) < 2 || asked[0] || !asked[len(asked)-1] {
		t.Errorf("what the host was asked: wanted a ticket, then another, got %v", asked)
	}
	if stored := p.store(t).only(); !strings.Contains(stored.Key, "/alice/") {
		t.Errorf("key: wanted one of alice's, got %q", stored.Key)
	}
}

func TestAHostNeverSeesAnythingSecret(t *testing.T) {
	t.Parallel()
	p := dev(t)
	b := newTab(t, look{})
	b.open(p.foreign("/demo/form"))
	evaluate[any](b, `(() => {
		window.heard = [];
		const keep = (what) => { try { heard.push(JSON.stringify(what) ?? ""); } catch { heard.push(String(what)); } };
		addEventListener("message", (e) => keep(e.data));
		for (const name of ["done", "fail", "change", "ticket"]) document.addEventListener("postern:" + name, (e) => keep(e.detail));
		const widget = document.querySelector("postern-upload");
		const receive = widget.receive;
		widget.receive = function (data, port) { keep(data); return receive.call(this, data, port); };
	})()`)
	widget := b.widgets(p, 1)[0]
	widget.choose(fileWith(t, "plot.png", pngOf(t, 60<<10)))
	b.until("the widget has a value", `document.querySelector("postern-upload").value.length == 1`)
	heard := evaluate[[]string](b, `heard`)
	if len(heard) == 0 {
		t.Fatal("the host heard nothing at all: there is nothing to judge")
	}
	for _, message := range heard {
		if signed.MatchString(message) || strings.Contains(message, "policy") || strings.Contains(message, "token") {
			t.Errorf("the host heard %s", message)
		}
	}
	for _, x := range b.Wire.exchanges(hostOf(t, p.foreign("")), http.MethodGet) {
		if strings.Contains(x.Query, "ticket") || signed.MatchString(x.Path+x.Query) {
			t.Errorf("a secret in an address: %s?%s", x.Path, x.Query)
		}
	}
}
