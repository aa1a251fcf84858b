package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// visitEverything does everything that pages can do with script: it uploads small and large files
// with checksums and pictures, resumes an upload of a closed tab, uses the widget in pages of other
// sites and the page that explains refusals, and opens wrong addresses. check is called for each
// page.
func (b *tab) visitEverything(p *devServer, check func(page *tab)) {
	b.t.Helper()
	for _, path := range []string{"/", "/forms/none", "/nowhere", "/widget/photos"} {
		b.open(p.URL + path)
		check(b)
	}
	b.open(p.URL + "/forms/photos")
	b.upload(writeFile(b.t, "garden.png", pngOf(b.t, 200<<10)))
	b.waitForState("done")
	b.waitUntil("a thumbnail is shown", `document.querySelector(".postern-thumb canvas") != null`)
	check(b)
	path, _ := randomFile(b.t, "garden.bin", 40*mebibyte)
	b.logIn(p, "alice") // what a guest has begun is for the guest's tab alone
	first := b.openSibling()
	first.open(p.URL + "/forms/files")
	release := first.Proxy.hold(b.t, p.partsFrom(3))
	first.upload(path)
	first.waitForAcceptedBytes(p, 10*mebibyte)
	first.Close()
	b.waitForReleasedLocks()
	b.open(p.URL + "/forms/files")
	b.waitForRow("interrupted")
	release()
	b.chooseFiles(path)
	b.waitForRow("done")
	check(b)
	b.logIn(p, guest)
	b.open(p.localhostURL("/demo/form"))
	widget := b.widgets(p, 1)[0]
	widget.chooseFiles(writeFile(b.t, "plot.png", pngOf(b.t, 60<<10)))
	b.waitUntil("the widget has a value", `document.querySelector("postern-upload").value.length == 1`)
	widget.waitUntil("a thumbnail is shown", `document.querySelector(".postern-thumb canvas") != null`)
	check(widget)
	check(b)
	b.open(p.localhostURL("/demo/themes"))
	b.widgets(p, 4)
	check(b)
	b.open(p.URL + "/explain")
	b.explain("FORM", "4000")
	check(b)
}

// visitWithoutScript does what a browser without script can do. check is called for each page.
func (b *tab) visitWithoutScript(p *devServer, check func(page *tab)) {
	b.t.Helper()
	for _, name := range []string{"garden.png", "notes.png"} {
		b.open(p.URL + "/forms/photos")
		b.chooseFiles(writeFile(b.t, name, pick(name == "garden.png", pngOf(b.t, 40<<10), []byte(strings.Repeat("words ", 100)))))
		b.submit()
		b.waitUntil("the landing page is shown", `document.querySelector(".postern-result") != null`)
		check(b)
	}
}

func TestNoPageViolatesItsContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		t.Run(pick(script, "with script", "without script"), func(t *testing.T) {
			t.Parallel()
			p := startDev(t, "--checksum", "crc32")
			b := newTab(t, tabOptions{NoScript: !script})
			w := b.guardPolicy(p)
			if script {
				b.visitEverything(p, w.requireNoViolations)
			} else {
				b.visitWithoutScript(p, w.requireNoViolations)
			}
			if wanted := pick(script, 9, 3); len(w.pages) < wanted {
				t.Errorf("pages checked: wanted at least %d, got %v", wanted, w.pages)
			}
		})
	}
}

// The test makes the policy stricter by one source at a time, and requires that something would
// violate the stricter policy.
func TestEverySourceInTheContentSecurityPolicyIsNeeded(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--checksum", "crc32")
	bucket := p.Store + "/" + bucket
	b := newTab(t, tabOptions{})
	stricter := []string{
		"script-src 'none'", "style-src 'none'", "connect-src " + bucket + "/ " + bucket, "connect-src 'self'", "worker-src 'none'",
		"trusted-types 'none'; require-trusted-types-for 'script'", "frame-src 'none'",
	}
	w := b.guardPolicy(p, stricter...)
	b.visitEverything(p, func(*tab) {})
	plain := newTab(t, tabOptions{NoScript: true, Proxy: b.Proxy})
	formless := []string{"form-action 'self'", "form-action " + bucket + " " + bucket + "/"}
	w.stricter = append(stricter, formless...)
	plain.visitWithoutScript(p, func(*tab) {})
	for _, strict := range w.stricter {
		for deadline := time.Now().Add(patience); len(w.reportsAbout(strict)) == 0; time.Sleep(pollInterval) {
			if time.Now().After(deadline) {
				t.Errorf("violations of %q: wanted some, got none: what it leaves out need not be allowed", strict)
				break
			}
		}
	}
	// Chromium reports nothing if it may not show the icon. In engines_test.go Firefox does, so
	// that img-src is needed.
	known := []string{"default-src", "base-uri", "frame-ancestors", "img-src"}
	for _, strict := range w.stricter {
		known = append(known, strings.Fields(strict)[0])
	}
	b.open(p.URL + "/forms/photos")
	answer, err := http.Get(p.URL + "/forms/photos")
	must(t, err)
	must(t, answer.Body.Close())
	for directive := range strings.SplitSeq(answer.Header.Get("Content-Security-Policy"), ";") {
		if name := strings.Fields(directive)[0]; !slices.Contains(append(known, "require-trusted-types-for"), name) {
			t.Errorf("directive %s of the policy: wanted a stricter policy for it in this test, got none", name)
		}
	}
}

func TestTheCheckForLaxPoliciesFindsThem(t *testing.T) {
	t.Parallel()
	const strict = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
	if faults := laxDirectives(strict); len(faults) != 0 {
		t.Errorf("faults of a strict policy: wanted none, got %q", faults)
	}
	for _, policy := range []string{
		"", strings.Replace(strict, "'none'", "'self'", 1), strict + "; script-src 'unsafe-inline'", strict + "; script-src https:", strict + "; img-src *",
		strict + "; style-src data:", strict + "; connect-src https://*.example.com", strings.Replace(strict, "form-action 'self'; ", "", 1),
	} {
		if faults := laxDirectives(policy); len(faults) == 0 {
			t.Errorf("faults of the policy %q: wanted some, got none", policy)
		}
	}
	for _, page := range []string{
		`<style></style>`, `<p style="color: red">`, `<script>1</script>`, `<button onclick="f()">`, `<a href=" JavaScript:f()">`, `<iframe srcdoc="x">`,
	} {
		if faults := inlineCode([]byte(page)); len(faults) == 0 {
			t.Errorf("faults of the page %q: wanted some, got none", page)
		}
	}
	if faults := inlineCode([]byte(fmt.Sprintf(`<link rel=stylesheet href=%q><script type=module src=%q></script>`, "a.css", "a.js"))); len(faults) != 0 {
		t.Errorf("faults of a page without inline code: wanted none, got %q", faults)
	}
}
