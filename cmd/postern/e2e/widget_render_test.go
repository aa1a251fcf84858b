package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers/tickets"
)

// rendersAgain does to a tag what a library does that makes the page anew: the tag is removed and
// added, its attributes are set to what they are, and its properties to new functions and objects.
const rendersAgain = `(async (times) => {
	const [tag, ticket] = [document.querySelector("postern-upload"), %q];
	const { form } = tag;
	for (let i = 0; i < times; i++) {
		for (const { name, value } of [...tag.attributes]) tag.setAttribute(name, value);
		Object.assign(tag, { ticket: () => ticket, required: true, disabled: false, name: "pictures" });
		if (i %% 2) { tag.remove(); form.prepend(tag); }
		if (i %% 3) await new Promise((next) => setTimeout(next));
	}
})(%d)`

func TestAWidgetSurvivesAPageThatIsRenderedAgain(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	ticket := p.ticket(tickets.Ticket{Subject: "alice", Profiles: []string{"photos"}})
	b := newTab(t, tabOptions{})
	b.Proxy.serveHost("app.localhost", pagesByPath(map[string]string{"/": embeddingPageFor(p.URL, `profile="photos" name="pictures"`)}))
	b.open(appOrigin + "/")
	evaluate[any](b, fmt.Sprintf(rendersAgain, ticket, 9))
	b.widgets(p, 1)[0].chooseFiles(writeFile(t, "plot.png", pngOf(t, 60<<10)))
	first := b.waitForValues(1)
	evaluate[any](b, fmt.Sprintf(rendersAgain, ticket, 10))
	widget := b.widgets(p, 1)[0]
	widget.waitForRow("done")
	widget.waitUntilFrameFits()
	widget.chooseFiles(writeFile(t, "other.png", pngOf(t, 61<<10)))
	keys := b.waitForValues(2)
	if got := b.formEntries("pictures"); !slices.Contains(got, first[0]) || !slices.Equal(got, keys) || len(p.store(t).keys()) != 2 {
		t.Errorf("values in the form: wanted both files, the first one as %q, and each stored once, got %q", first[0], got)
	}
	if got := evaluate[failureReport](b, `tell()`); got.Failed || len(got.Said)+len(got.Failures) != 0 || !got.Valid {
		t.Errorf("widget: wanted it valid and nothing on the console, got %+v", got)
	}
	b.requireCleanConsole()
}

func TestATagMovedDuringAnUploadSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	for _, person := range []string{"alice", guest} {
		t.Run(pick(person == guest, "a guest", person), func(t *testing.T) {
			b := newTab(t, tabOptions{})
			b.Proxy.serveHost("app.localhost", pagesByPath(map[string]string{"/": embeddingPageFor(p.URL, `profile="files" name="documents"`)}))
			b.open(appOrigin + "/")
			if person != guest {
				evaluate[any](b, fmt.Sprintf(`void (document.querySelector("postern-upload").ticket = %q)`, p.ticket(tickets.Ticket{Subject: person, Profiles: []string{"files"}})))
			}
			widget := b.widgets(p, 1)[0]
			widget.chooseFiles(writeFile(t, "finished.txt", []byte("finished")))
			finished := b.waitForValues(1)
			large := p.partsFrom(4)
			release := b.Proxy.hold(t, func(r *http.Request) bool { return large(r) || r.Method == http.MethodPost && p.isForStore(r) })
			film, sum := randomFile(t, "film.bin", 20*mebibyte)
			small := writeFile(t, "small.txt", []byte("not yet"))
			widget.chooseFiles(film, small)
			widget.waitForAcceptedBytes(p, 15*mebibyte)
			b.waitUntil("the page knows of both files", `document.querySelector("postern-upload:state(busy)") != null`)
			widget.waitUntil("both files are being sent", `document.querySelectorAll(".postern-file[data-state=sending]").length == 2`)
			evaluate[any](b, `document.querySelector("form").prepend(document.querySelector("postern-upload"))`)
			release()
			widget = b.widgets(p, 1)[0]
			widget.waitUntil("both files are shown as interrupted, beside the finished one", `document.querySelectorAll(".postern-file[data-state=interrupted]").length == 2 && document.querySelectorAll(".postern-file").length == 3`)
			if got := b.formEntries("documents"); !slices.Equal(got, finished) {
				t.Errorf("values in the form after the move: wanted the finished file %q, got %q", finished, got)
			}
			b.waitUntil("the console warns of the move", `said.length > 0`)
			if said := strings.Join(evaluate[[]string](b, `said`), "\n"); strings.Count(said, "moved or removed during an upload") != 1 {
				t.Errorf("console: wanted one warning, got %q", said)
			}
			before := b.parts(p).acceptedBytes()
			widget.chooseFiles(film, small)
			keys := b.waitForValues(3)
			if sent := b.parts(p).acceptedBytes() - before; sent > 5*mebibyte {
				t.Errorf("bytes of the film that were sent again: wanted the last part alone, got %d", sent)
			}
			sums := map[string]bool{sum: true, sumOf([]byte("finished")): true, sumOf([]byte("not yet")): true}
			for _, key := range keys {
				delete(sums, p.store(t).object(key).Sum)
			}
			if len(sums) != 0 {
				t.Errorf("files that are missing in %q: wanted none, got %d", keys, len(sums))
			}
		})
	}
}
