package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// exampleProgram is the path of cmd/example, built once.
var exampleProgram = sync.OnceValues(func() (string, error) { return testserver.Build(os.TempDir(), "example") })

// startExample runs cmd/example: URL is its site, Store the other one, which embeds the widget.
func startExample(t *testing.T) *testserver.Server {
	t.Helper()
	path, err := exampleProgram()
	must(t, err)
	return testserver.Start(t, testserver.Options{Path: path, Args: []string{"-listen", testserver.AnyPort, "-partner", testserver.AnyPort},
		Ready: regexp.MustCompile(`^example: ready at (http://\S+) \(the other site (http://\S+)\)\n?$`)})
}

// uploadedIn counts the uploads that the example has logged as complete.
func uploadedIn(s *testserver.Server) int { return strings.Count(s.Log.String(), "uploaded profile=") }

// albumSums are the SHA-256 sums of what the links of an album's page lead to, in order.
func (b *tab) albumSums() (sums []string) {
	b.t.Helper()
	for _, link := range regexp.MustCompile(`href="(http[^"]*/up/objects/[^"]*)"`).FindAllStringSubmatch(evaluate[string](b, `document.body.innerHTML`), -1) {
		answer, err := http.Get(html.UnescapeString(link[1]))
		must(b.t, err)
		hash := sha256.New()
		_, err = io.Copy(hash, answer.Body)
		must(b.t, err)
		must(b.t, answer.Body.Close())
		sums = append(sums, hex.EncodeToString(hash.Sum(nil)))
	}
	slices.Sort(sums)
	return sums
}

// requireAlbum requires that the album's page shows two pictures and gives out these files.
func (b *tab) requireAlbum(contents ...[]byte) {
	b.t.Helper()
	b.waitUntil("the album shows its pictures", `document.querySelectorAll(".pictures img").length == 2 && [...document.images].every((i) => i.complete && i.naturalWidth > 0)`)
	var wanted []string
	for _, content := range contents {
		wanted = append(wanted, sumOf(content))
	}
	slices.Sort(wanted)
	if got := b.albumSums(); !slices.Equal(got, wanted) {
		b.t.Errorf("files of the album: wanted %q, got %q", wanted, got)
	}
}

func TestTheExampleKeepsFilesThroughAMistakeInAnotherField(t *testing.T) {
	t.Parallel()
	b, s := newTab(t, tabOptions{}), startExample(t)
	lake, hill, notes := pngOf(t, 60<<10), pngOf(t, 50<<10), []byte("only words")
	b.open(s.URL + "/albums/new")
	b.waitForFields()
	b.chooseIn("pictures", writeFile(t, "lake.png", lake), writeFile(t, "hill.png", hill))
	b.chooseIn("documents", writeFile(t, "notes.txt", notes))
	b.loadBy("form.album > p > button")
	b.waitUntil("the mistake is shown", `document.getElementById("title-problem") != null`)
	b.waitForFields()
	b.requireAccessible("example")
	b.screenshotInLightAndDark("example-mistake-%s")
	b.run(chromedp.SendKeys(chromedp.CSS("#title"), "Lakes\r"))
	b.requireAlbum(lake, hill, notes)
	if got := uploadedIn(s); got != 3 {
		t.Errorf("uploads: wanted each file once, got %d", got)
	}
	b.screenshotInLightAndDark("example-album-%s")
}

func TestTheExamplesFormWorksByHTMX(t *testing.T) {
	t.Parallel()
	b, s := newTab(t, tabOptions{}), startExample(t)
	htmx, err := npmSource("htmx.org", "dist/htmx.min.js")
	must(t, err)
	// The page loads htmx from a public server, which the tab's proxy doesn't lead to.
	b.beforeLoad(`if (location.search == "?htmx") {` + htmx + `; htmx.config.includeIndicatorStyles = false; }`)
	lake, hill := pngOf(t, 60<<10), pngOf(t, 50<<10)
	b.open(s.URL + "/albums/new?htmx")
	b.waitForFields()
	evaluate[any](b, `window.samePage = true`)
	b.chooseIn("pictures", writeFile(t, "lake.png", lake))
	b.run(chromedp.Click(chromedp.CSS("form.album > p > button")))
	b.waitUntil("the mistake is swapped in", `document.getElementById("title-problem") != null`)
	b.waitForFields()
	if !evaluate[bool](b, `window.samePage == true`) {
		t.Error("the page was loaded again: wanted the form swapped in")
	}
	b.chooseIn("pictures", writeFile(t, "hill.png", hill))
	b.run(chromedp.SendKeys(chromedp.CSS("#title"), "Lakes"), chromedp.Click(chromedp.CSS("form.album > p > button")))
	b.requireAlbum(lake, hill)
	if got := uploadedIn(s); got != 2 {
		t.Errorf("uploads: wanted each file once, got %d", got)
	}
}

func TestTheExampleWorksWithoutScript(t *testing.T) {
	t.Parallel()
	b, s := newTab(t, tabOptions{NoScript: true}), startExample(t)
	lake, hill := pngOf(t, 60<<10), pngOf(t, 50<<10)
	b.open(s.URL + "/albums/new")
	b.run(chromedp.SendKeys(chromedp.CSS("#description"), "By the water"))
	for i, content := range [][]byte{lake, hill} {
		b.loadBy(`button[name="postern-upload"][value="pictures"]`)
		b.chooseFiles(writeFile(t, fmt.Sprintf("picture%d.png", i), content))
		b.submit()
		b.waitUntil("the form is back with its files", fmt.Sprintf(`document.querySelectorAll(".postern-kept input:checked").length == %d && location.search.startsWith("?draft=")`, i+1))
	}
	evaluate[any](b, runTimersAtOnce)
	b.requireAccessible("example without script")
	b.screenshotInLightAndDark("example-without-script-%s")
	b.loadBy("form.album > p > button")
	b.waitUntil("the mistake is shown", `document.getElementById("title-problem") != null`)
	if got := evaluate[string](b, `document.getElementById("description").value`); got != "By the water" {
		t.Errorf("description: got %q", got)
	}
	b.run(chromedp.SendKeys(chromedp.CSS("#title"), "Lakes\r")) // Enter presses the form's own button
	b.requireAlbum(lake, hill)
	if got := uploadedIn(s); got != 2 {
		t.Errorf("uploads: wanted each file once, got %d", got)
	}
}

func TestTheExamplesOtherSiteGetsReceiptsFromTheWidget(t *testing.T) {
	t.Parallel()
	b, s := newTab(t, tabOptions{}), startExample(t)
	b.open(s.Store + "/")
	var frames []*target.Info
	waitFor(t, "the widget's frame", func() bool {
		frames = b.crossSiteFrames(s.URL + "/up/widget/pictures")
		return len(frames) == 1
	})
	widget := b.insideFrame(frames[0])
	widget.waitUntil("the widget is ready", `document.querySelector("postern-uploader[ready]") != null`)
	widget.chooseFiles(writeFile(t, "lake.png", pngOf(t, 60<<10)))
	b.waitUntil("the form has a receipt", `new FormData(document.forms[0]).getAll("pictures").length == 1`)
	b.screenshotInLightAndDark("example-other-site-%s")
	b.loadBy("form button")
	b.waitUntil("the receipt was verified", `document.querySelector(".received bdi")?.textContent == "lake.png"`)
	b.requireCleanConsole()
}
