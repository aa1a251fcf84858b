package e2e

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// problemsPath is where a page of any host reports what goes wrong in it, if the proxy is
// reporting.
const problemsPath = "/.problems"

// prelude goes before the text of every script of a page, which it changes in no other way, and
// runs once: before all of them.
func (p *proxy) prelude() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return `if (self.document && !self.prepared) { self.prepared = true; for (const kind of ["error", "unhandledrejection"]) addEventListener(kind, (e) =>` +
		` fetch("` + problemsPath + `", { method: "POST", body: "exception: " + (e.reason ?? e.message) })); ` + p.before + "}\n"
}

// beforeScripts runs statements in every page that has a script, before its scripts.
func (p *proxy) beforeScripts(statements string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before += statements + "; "
}

// reportProblems makes a page report its exceptions and the violations of its content security
// policy to the proxy: WebKit's driver doesn't show the console.
func (p *proxy) reportProblems(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	if strings.HasSuffix(r.URL.Path, ".js") {
		r.Header.Del("Accept-Encoding") // so that text can go before a script
	}
	return &reportingWriter{ResponseWriter: w, proxy: p}
}

// reportingWriter adds what lets a page report to the response.
type reportingWriter struct {
	http.ResponseWriter
	proxy  *proxy
	script bool // whether the response is a script of which nothing was written yet
}

func (w *reportingWriter) WriteHeader(status int) {
	policies := w.Header()["Content-Security-Policy"]
	reporting := make([]string, len(policies)) // a handler may share its own
	for i, policy := range policies {
		reporting[i] = policy + "; report-uri " + problemsPath
	}
	if len(policies) > 0 {
		w.Header()["Content-Security-Policy"] = reporting
	}
	if w.script = status == http.StatusOK && strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript"); w.script {
		w.Header().Del("Content-Length")
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *reportingWriter) Write(text []byte) (int, error) {
	if w.script {
		w.script = false
		if _, err := io.WriteString(w.ResponseWriter, w.proxy.prelude()); err != nil {
			return 0, err
		}
	}
	return w.ResponseWriter.Write(text)
}

// Unwrap lets httputil.ReverseProxy flush.
func (w *reportingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// reportNothing sends an empty report and waits until it has arrived.
const reportNothing = `fetch("` + problemsPath + `", { method: "POST" }).then(() => null)`

// keepProblem keeps what a page reports.
func (p *proxy) keepProblem(r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	if len(text) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, string(text))
}

// reportedProblems returns what pages have reported so far.
func (p *proxy) reportedProblems(t *testing.T) []string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.problems)
}

// findProblems makes two problems in the page and requires that both are reported.
func (b *tab) findProblems() {
	b.t.Helper()
	for _, planted := range []struct{ problem, script string }{
		{"exception: ", `void setTimeout(() => { throw new Error("planted") })`},
		{"img-src", `document.body.append(Object.assign(new Image(), { src: "http://other.localhost/planted.png" }))`},
	} {
		evaluate[any](b, planted.script)
		waitFor(b.t, fmt.Sprintf("%q is reported", planted.problem), func() bool {
			return slices.ContainsFunc(b.Proxy.reportedProblems(b.t), func(text string) bool { return strings.Contains(text, planted.problem) })
		})
	}
	b.Proxy.forget()
}
