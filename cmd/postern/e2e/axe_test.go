package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// axeSource is the script of axe-core, the accessibility checker.
var axeSource = sync.OnceValues(func() (string, error) {
	source, err := npmSource("axe-core", "axe.min.js")
	return source + "\n;0", err
})

// runAxe checks the rules of WCAG 2.2 up to AA and of good practice, or only the given ones. It
// returns what breaks a rule and what the checker couldn't decide. The rule frame-tested is left
// out: it wants frames to be checked too, and each frame is checked by itself. Of a name that is cut
// after its first line the checker can't tell what lies behind the other lines, which aren't shown.
const runAxe = `(only) => axe.run(document, {
	iframes: false,
	resultTypes: ["violations", "incomplete"],
	runOnly: only ?? {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
	rules: only ? {} : {"frame-tested": {enabled: false}},
}).then(({violations, incomplete}) => [...violations, ...incomplete.map(({id, nodes}) => ({id, nodes: nodes.filter((node) => {
	const name = document.querySelector(node.target[0])?.closest(".postern-name");
	return id != "color-contrast" || !name || name.scrollHeight <= name.clientHeight;
})}))].flatMap(({id, nodes}) => nodes.map((node) => ({
	Rule: id, Target: node.target.flat().join(" "), Why: [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; "),
}))))`

// colorRules are the rules whose result may differ between light and dark: only colours depend on
// that.
const colorRules = `{type: "rule", values: ["color-contrast", "link-in-text-block"]}`

// runTimersAtOnce lets the checker run in a page without script, where timers never fire.
const runTimersAtOnce = `window.setTimeout = (turn, delay) => { if (!delay) Promise.resolve().then(turn); return 0; };`

// axeFinding is an element that breaks a rule.
type axeFinding struct{ Rule, Target, Why string }

// frameBackground is the colour behind a transparent frame, in light and in dark. The checker,
// which runs inside the frame, would take it for white.
type frameBackground struct{ light, dark string }

// axeInLightAndDark checks the page in light and in dark and returns the findings.
func (b *tab) axeInLightAndDark(behind frameBackground) []axeFinding {
	b.t.Helper()
	found := b.axeFindings(false, behind.light, "")
	for _, f := range b.axeFindings(true, behind.dark, colorRules) {
		f.Why += " (dark)"
		found = append(found, f)
	}
	return found
}

// axeFindings checks the page with the given rules, or with all if rules is "". background is the
// colour behind the page; "" is the browser's own.
func (b *tab) axeFindings(dark bool, background, rules string) []axeFinding {
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
	// Transitions that began before motion was reduced may still run.
	b.waitUntil("no colour changes any more", `document.getAnimations().every(({ playState }) => playState != "running")`)
	return evaluate[[]axeFinding](b, fmt.Sprintf(`document.documentElement.style.backgroundColor = %q; (%s)(%s)`, background, runAxe, rules))
}

// requireAccessible requires that the checker finds nothing; page names the page in messages.
func (b *tab) requireAccessible(page string) {
	b.t.Helper()
	b.reportFindings(page, b.axeInLightAndDark(frameBackground{}))
}

// reportFindings fails with the findings, at most ten of them.
func (b *tab) reportFindings(page string, found []axeFinding) {
	b.t.Helper()
	for i, f := range found {
		if i == 10 {
			b.t.Errorf("%s: and %d more findings", page, len(found)-i)
			return
		}
		b.t.Errorf("%s: rule %s: %s: %s", page, f.Rule, f.Target, f.Why)
	}
}

// setColorScheme makes the tab dark or light without transitions: colours that change can't be
// checked.
func (b *tab) setColorScheme(dark bool) {
	b.t.Helper()
	b.setMedia(dark, "reduce")
}

// setMedia sets the visitor's preferences: dark colours, and motion ("reduce" or "no-preference").
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
	cases := []struct{ name, rule, defect string }{
		{"a control without a label", "label", `document.querySelector("label").remove()`},
		{"text with too little contrast", "color-contrast", `document.querySelector(".postern-rules").style.color = "light-dark(#bbb, #444)"`},
		{"targets that are too small", "target-size", `document.querySelector("nav ul").style.cssText = "display: block; font-size: 5px; line-height: 1"; document.querySelectorAll("nav a").forEach((a) => a.style.minBlockSize = 0)`},
		{"an unknown ARIA attribute", "aria-valid-attr", `document.querySelector("h1").setAttribute("aria-lable", "x")`},
		{"no language", "html-has-lang", `document.documentElement.removeAttribute("lang")`},
		{"text outside any landmark", "region", `document.body.append(document.querySelector(".postern-rules").cloneNode(true))`},
	}
	p := startDev(t)
	for _, script := range []bool{true, false} {
		b := newTab(t, tabOptions{NoScript: !script})
		for i, c := range cases {
			if !long && script != (i%2 == 0) {
				continue // each defect once
			}
			b.open(p.URL + "/forms/photos")
			b.waitUntilReady(script)
			evaluate[any](b, pick(script, "", runTimersAtOnce)+c.defect)
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

// waitUntilReady waits until the page is complete, with its scripts unless they are switched off.
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
	lock, err := os.ReadFile(filepath.Join(npmDir, "package-lock.json"))
	must(t, err)
	if bytes.Contains(lock, []byte(`"resolved"`)) {
		t.Error("the lock file names a registry: wanted none, since each clone uses its own")
	}
	version := npmVersion(npmDir, "package-lock.json", "packages", "node_modules/axe-core")
	if version == "" || !strings.Contains(source[:200], version) {
		t.Errorf("version of axe-core: wanted %q in %q", version, source[:200])
	}
}
