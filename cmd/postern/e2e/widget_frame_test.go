package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers/tickets"
)

func TestAMovedWidgetKeepsItsFiles(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	for _, c := range []struct {
		name, move string
		loads      int // of the frame, altogether
	}{
		{"moved without being removed", `form.insertBefore(form.querySelector("button"), w); form.moveBefore(w, null)`, 1},
		{"inserted elsewhere", `form.prepend(w)`, 2},
		{"removed and inserted later", `w.remove(); await new Promise((f) => setTimeout(f)); form.append(w)`, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, keys := embedPicture(t, p)
			evaluate[any](b, `(async () => { const w = document.querySelector("postern-upload"); const form = w.form; `+c.move+` })()`)
			widget := b.widgets(p, 1)[0]
			widget.waitUntil("the row is shown", `document.querySelector(".postern-file[data-state=done]") != null`)
			if got := b.formEntries("pictures"); !slices.Equal(got, keys) {
				t.Errorf("values in the form: wanted %q, got %q", keys, got)
			}
			widget.chooseFiles(writeFile(t, "other.png", pngOf(t, 61<<10)))
			if got := b.waitForValues(2); !slices.Contains(got, keys[0]) {
				t.Errorf("values with a second file: wanted %q among them, got %q", keys, got)
			}
			if got := b.frameLoads(p); got != c.loads {
				t.Errorf("requests for the frame: wanted %d, got %d", c.loads, got)
			}
			b.requireCleanConsole()
		})
	}
}

// frameLoads returns how often a widget's frame was requested.
func (b *tab) frameLoads(p *devServer) (count int) {
	for _, x := range b.Proxy.requests(hostOf(b.t, p.URL), http.MethodGet) {
		if strings.HasPrefix(x.Path, "/widget/") {
			count++
		}
	}
	return count
}

func TestAWidgetDropsItsFilesWhenItsProfileChanges(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	b := embed(t, p, tabOptions{}, picturesForm)
	alice, bob := tickets.Ticket{Subject: "alice", Profiles: []string{"photos"}}, tickets.Ticket{Subject: "bob", Profiles: []string{"files"}}
	evaluate[any](b, fmt.Sprintf(`document.querySelector("postern-upload").ticket = %q`, p.ticket(alice)))
	b.widgets(p, 1)[0].chooseFiles(writeFile(t, "plot.png", pngOf(t, 60<<10)))
	b.waitForValues(1)
	// A second file waits for its ticket while the profile changes. Nothing may use that ticket
	// then.
	evaluate[any](b, `(() => {
		window.give = [];
		document.querySelector("postern-upload").ticket = () => new Promise((resolve) => give.push(resolve));
	})()`)
	b.widgets(p, 1)[0].chooseFiles(writeFile(t, "other.png", pngOf(t, 61<<10)))
	b.waitUntil("the host is asked for a ticket", `give.length == 1`)
	evaluate[any](b, `document.querySelector("postern-upload").profile = "files"`)
	b.waitForValues(0)
	b.widgets(p, 1)[0].chooseFiles(writeFile(t, "notes.txt", []byte("words")))
	b.waitUntil("the host is asked for another ticket", `give.length == 2`)
	evaluate[any](b, fmt.Sprintf(`give[0](%q)`, p.ticket(alice)))
	evaluate[any](b, fmt.Sprintf(`give[1](%q)`, p.ticket(bob)))
	if got := b.waitForValues(1); !strings.HasPrefix(got[0], "users/bob/") || !strings.HasSuffix(got[0], ".txt") {
		t.Errorf("values: wanted only the file of the other profile, with a key of bob, got %q", got)
	}
	if refused := countOf(b.responseStatuses(p, "/uploads"), http.StatusForbidden); refused != 0 {
		t.Errorf("refused requests for uploads: wanted none, got %d: a ticket reached the wrong frame", refused)
	}
	b.requireCleanConsole()
}

func TestAWidgetKeepsItsFilesWhenItsLanguageChanges(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	b, keys := embedPicture(t, p)
	evaluate[any](b, `document.querySelector("postern-upload").lang = "ar"`)
	widget := b.widgets(p, 1)[0]
	widget.waitUntil("the row is shown, from right to left", fmt.Sprintf(
		`document.querySelector(".postern-file[data-state=done]")?.innerText.includes(%q) && getComputedStyle(document.body).direction == "rtl"`, catalogText(t, "ar", "upload.state.done")))
	if got := b.formEntries("pictures"); !slices.Equal(got, keys) {
		t.Errorf("values in the form: wanted %q, got %q", keys, got)
	}
	b.requireCleanConsole()
}

func TestTheHostsColoursAreAppliedInTheFrame(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	b := embed(t, p, tabOptions{}, picturesForm)
	setStyles := func(properties ...string) {
		for i := 0; i < len(properties); i += 2 {
			evaluate[any](b, fmt.Sprintf(`document.body.style.setProperty(%q, %q)`, properties[i], properties[i+1]))
		}
	}
	setStyles("--postern-accent", "rgb(120, 0, 60)", "--postern-radius", "7px", "--other", "red", "color-scheme", "dark")
	evaluate[any](b, `document.querySelector("postern-upload").style.setProperty("--postern-space", "3px")`)
	widget := b.widgets(p, 1)[0]
	shows := func(what, accent, scheme string) {
		t.Helper()
		widget.waitUntil(what, fmt.Sprintf(`(() => {
			const root = getComputedStyle(document.documentElement);
			return root.getPropertyValue("--postern-accent") == %q && root.colorScheme == %[2]q && matchMedia("(prefers-color-scheme: %[2]s)").matches;
		})()`, accent, scheme))
		widget.waitUntil(what+", drawn", fmt.Sprintf(`[...document.querySelectorAll("*")].some((e) =>
			[getComputedStyle(e).color, getComputedStyle(e).backgroundColor, getComputedStyle(e).borderTopColor].includes(%q))`, accent))
	}
	shows("the colours of the beginning", "rgb(120, 0, 60)", "dark")
	if got := evaluate[[]string](widget, `["--postern-radius", "--postern-space", "--other"].map((n) => getComputedStyle(document.documentElement).getPropertyValue(n))`); !slices.Equal(got, []string{"7px", "3px", ""}) {
		t.Errorf("radius, space and a property of the host's own: wanted 7px, 3px and nothing, got %q", got)
	}
	evaluate[any](b, `document.querySelector("postern-upload").port.postMessage({ theme: [["--other", "red"], ["display", "none"], ["--postern-radius", "9px"]] })`)
	widget.waitUntil("the radius that the host sends is applied", `getComputedStyle(document.documentElement).getPropertyValue("--postern-radius") == "9px"`)
	if got := evaluate[string](widget, `document.documentElement.style.display + getComputedStyle(document.documentElement).getPropertyValue("--other")`); got != "" {
		t.Errorf("properties that are not in the theme: wanted none applied, got %q", got)
	}
	setStyles("--postern-accent", "rgb(0, 90, 60)")
	shows("another accent", "rgb(0, 90, 60)", "dark")
	setStyles("color-scheme", "light")
	shows("another scheme", "rgb(0, 90, 60)", "light")
	b.requireCleanConsole()
}

func TestTheFrameIsAsHighAsItsContent(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	var files []string
	for i := range 7 {
		files = append(files, writeFile(t, fmt.Sprintf("notes about the garden in the last summer, part %d.txt", i), []byte("words")))
	}
	for _, width := range []int64{320, 375, 1280} {
		t.Run(fmt.Sprintf("%d px", width), func(t *testing.T) {
			b := embed(t, p, tabOptions{Width: width}, picturesForm)
			widget := b.widgets(p, 1)[0]
			height := func(what, compared string) {
				t.Helper()
				b.waitUntil(what, fmt.Sprintf(`(() => { const { height } = document.querySelector("postern-upload").getBoundingClientRect(); return height > 0 && (%s); })()`, compared))
				widget.waitUntil(what+": the document is as high as the frame", `Math.abs(document.documentElement.scrollHeight - innerHeight) <= 1 && Math.abs(document.body.offsetHeight - innerHeight) <= 1 && document.documentElement.scrollWidth <= innerWidth`)
			}
			height("the empty widget", `true`)
			resting := evaluate[float64](b, `document.querySelector("postern-upload").getBoundingClientRect().height`)
			widget.chooseFiles(files...)
			widget.waitUntil("all files have rows", `document.querySelectorAll(".postern-file[data-state=refused]").length == 7`)
			height("with seven rows", fmt.Sprintf("height > %f + 7 * 30", resting))
			for range files {
				widget.pressRowButton("remove")
			}
			height("with none", fmt.Sprintf("height <= %f + 60", resting))
			b.requireCleanConsole()
		})
	}
}
