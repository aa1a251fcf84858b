package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// axeDir pins axe-core by a lock file. It is under another licence than this project and no part of
// it.
const axeDir = "../../../.ci/axe"

// axeSource is the checker's script, fetched by npm on the first run after the lock file has
// changed.
var axeSource = sync.OnceValues(func() (string, error) {
	path := filepath.Join(axeDir, "node_modules", "axe-core", "axe.min.js")
	if axeVersion("package-lock.json", "packages", "node_modules/axe-core") != axeVersion("node_modules/axe-core/package.json") {
		if _, err := exec.LookPath("npm"); err != nil {
			return "", fmt.Errorf("axe-core is missing, and so is npm to fetch it: bash .ci/test sets both up: %w", err)
		}
		npm := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--silent")
		npm.Dir = axeDir
		if out, err := npm.CombinedOutput(); err != nil {
			return "", fmt.Errorf("npm ci in %s: %w\n%s", axeDir, err, out)
		}
	}
	source, err := os.ReadFile(path)
	return string(source) + "\n;0", err
})

// axeVersion reads a version out of a JSON file below axeDir; "" if there is none.
func axeVersion(name string, members ...string) string {
	content, err := os.ReadFile(filepath.Join(axeDir, name))
	if err != nil {
		return ""
	}
	var value any
	if json.Unmarshal(content, &value) != nil {
		return ""
	}
	for _, member := range append(members, "version") {
		object, _ := value.(map[string]any)
		value = object[member]
	}
	version, _ := value.(string)
	return version
}

// runAxe runs every rule of WCAG 2.2 up to AA and of good practice, or those given alone. What the
// checker can't decide counts like what it finds wrong. The one rule left out demands that frames
// are judged too: they are, each by itself, being other sites' pages.
const runAxe = `(only) => axe.run(document, {
	iframes: false,
	resultTypes: ["violations", "incomplete"],
	runOnly: only ?? {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
	rules: only ? {} : {"frame-tested": {enabled: false}},
}).then(({violations, incomplete}) => [...violations, ...incomplete].flatMap(({id, nodes}) => nodes.map((node) => ({
	Rule: id, Target: node.target.flat().join(" "), Why: [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; "),
}))))`

// colorRules are the rules that can come out otherwise in dark than in light: nothing but colours
// depends on that.
const colorRules = `{type: "rule", values: ["color-contrast", "link-in-text-block"]}`

// runTimersAtOnce makes the checker's turns happen in a page without script, where no timer ever ends.
const runTimersAtOnce = `window.setTimeout = (turn, delay) => { if (!delay) Promise.resolve().then(turn); return 0; };`

// axeFinding is one element that breaks one rule.
type axeFinding struct{ Rule, Target, Why string }

// frameBackground is the colour behind a see-through frame, in light and dark. Seen from inside, it would
// look white to the checker.
type frameBackground struct{ light, dark string }

// axeInLightAndDark judges the page as it stands, in light and dark, and returns what was found.
func (b *tab) axeInLightAndDark(behind frameBackground) []axeFinding {
	b.t.Helper()
	found := b.axeFindings(false, behind.light, "")
	for _, f := range b.axeFindings(true, behind.dark, colorRules) {
		f.Why += " (dark)"
		found = append(found, f)
	}
	return found
}

// axeFindings is what those rules find, or all if none is given, where that colour lies behind the page.
func (b *tab) axeFindings(dark bool, behind, rules string) []axeFinding {
	b.t.Helper()
	source, err := axeSource()
	must(b.t, err)
	if !evaluate[bool](b, `!!window.axe`) {
		b.run(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Run(ctx, chromedp.Evaluate[int](source))
			return err
		}))
	}
	b.setColorScheme(dark)
	// What began before motion was reduced may still be on its way.
	b.waitUntil("nothing is on its way to another colour", `document.getAnimations().every(({ playState }) => playState != "running")`)
	return evaluate[[]axeFinding](b, fmt.Sprintf(`document.documentElement.style.backgroundColor = %q; (%s)(%s)`, behind, runAxe, rules))
}

// requireAccessible requires that the checker finds nothing.
func (b *tab) requireAccessible(what string) {
	b.t.Helper()
	b.reportFindings(what, b.axeInLightAndDark(frameBackground{}))
}

func (b *tab) reportFindings(what string, found []axeFinding) {
	b.t.Helper()
	for i, f := range found {
		if i == 10 {
			b.t.Errorf("%s: and %d more", what, len(found)-i)
			return
		}
		b.t.Errorf("%s: %s: %s: %s", what, f.Rule, f.Target, f.Why)
	}
}

// setColorScheme makes the tab dark or light, at once: colours on their way to others can't be judged.
func (b *tab) setColorScheme(dark bool) {
	b.t.Helper()
	b.setMedia(dark, "reduce")
}

// setMedia says what the person at the tab prefers.
func (b *tab) setMedia(dark bool, motion string) {
	b.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: pick(dark, "dark", "light")},
		{Name: "prefers-reduced-motion", Value: motion},
	}}
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media)
	must(b.t, err)
}

func TestTheAccessibilityCheckerFindsPlantedDefects(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, rule, spoil string }{
		{"a control without a label", "label", `document.querySelector("label").remove()`},
		{"text that is too faint", "color-contrast", `document.querySelector(".postern-rules").style.color = "light-dark(#bbb, #444)"`},
		{"targets that are too small", "target-size", `document.querySelector("nav ul").style.cssText = "display: block; font-size: 5px; line-height: 1"; document.querySelectorAll("nav a").forEach((a) => a.style.minBlockSize = 0)`},
		{"an ARIA attribute that isn't one", "aria-valid-attr", `document.querySelector("h1").setAttribute("aria-lable", "x")`},
		{"no language", "html-has-lang", `document.documentElement.removeAttribute("lang")`},
		{"text outside any landmark", "region", `document.body.append(document.querySelector(".postern-rules").cloneNode(true))`},
	}
	p := startDev(t)
	for _, script := range []bool{true, false} {
		b := newTab(t, tabOptions{NoScript: !script})
		for _, c := range cases {
			b.open(p.URL + "/forms/photos")
			b.waitUntilReady(script)
			evaluate[any](b, pick(script, "", runTimersAtOnce)+c.spoil)
			found := b.axeInLightAndDark(frameBackground{})
			for _, dark := range []bool{c.rule == "color-contrast", false} {
				if !slices.ContainsFunc(found, func(f axeFinding) bool { return f.Rule == c.rule && strings.HasSuffix(f.Why, "(dark)") == dark }) {
					t.Errorf("%s, script %t, dark %t: wanted %s among %+v", c.name, script, dark, c.rule, found)
				}
			}
		}
		b.Close()
	}
}

// waitUntilReady waits until the page is what a person gets to see.
func (b *tab) waitUntilReady(script bool) {
	b.t.Helper()
	if !script {
		evaluate[any](b, runTimersAtOnce)
		return
	}
	b.waitUntil("the page is complete", `document.readyState == "complete" && !document.querySelector("postern-uploader:not([ready])")`)
}

func TestTheAccessibilityCheckerHasThePinnedVersion(t *testing.T) {
	t.Parallel()
	source, err := axeSource()
	must(t, err)
	lock, err := os.ReadFile(filepath.Join(axeDir, "package-lock.json"))
	must(t, err)
	if bytes.Contains(lock, []byte(`"resolved"`)) {
		t.Error("the lock file names a registry; a clone should use its own")
	}
	version := axeVersion("package-lock.json", "packages", "node_modules/axe-core")
	if version == "" || !strings.Contains(source[:200], version) {
		t.Errorf("wanted version %q in %q", version, source[:200])
	}
}
