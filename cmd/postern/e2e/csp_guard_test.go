package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// policyGuard is a proxy in front of a server. It makes browsers report violations of the content
// security policy, keeps the reports, and checks each page for inline code and lax directives.
type policyGuard struct {
	t     *testing.T
	proxy *httputil.ReverseProxy
	// stricter are policies that are not enforced. Browsers only report what would violate them.
	stricter []string

	mu      sync.Mutex
	reports []cspReport
	pages   map[string]bool
}

// cspReport is a report of a browser. The policy it is about is in the path of its URL.
type cspReport struct {
	Policy string `json:"-"`
	Body   struct {
		Document  string `json:"document-uri"`
		Directive string `json:"effective-directive"`
		Blocked   string `json:"blocked-uri"`
		Sample    string `json:"script-sample"`
	} `json:"csp-report"`
}

const reportPath = "/csp-report/"

// guardPolicy puts a guard in front of the server, for both of its names.
func (b *tab) guardPolicy(p *devServer, stricter ...string) *policyGuard {
	b.t.Helper()
	target, err := url.Parse(p.URL)
	must(b.t, err)
	w := &policyGuard{t: b.t, stricter: stricter, pages: map[string]bool{}}
	w.proxy = &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		ModifyResponse: w.inspect,
	}
	b.Proxy.serveHost(hostOf(b.t, p.URL), w)
	b.Proxy.serveHost(hostOf(b.t, p.localhostURL("")), w)
	return w
}

func (w *policyGuard) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	policy, found := strings.CutPrefix(r.URL.Path, reportPath)
	if !found {
		w.proxy.ServeHTTP(rw, r)
		return
	}
	said := cspReport{Policy: policy}
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil {
		// A tab that is closed may break off its report.
		if r.Context().Err() == nil {
			w.t.Errorf("read a report: %v", err)
		}
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reports = append(w.reports, said)
}

// inspect checks a response and adds the URL for reports.
func (w *policyGuard) inspect(answer *http.Response) error {
	base := "http://" + answer.Request.Host + reportPath
	policy := answer.Header.Get("Content-Security-Policy")
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return err
		}
		answer.Body = io.NopCloser(bytes.NewReader(body))
		for _, fault := range append(inlineCode(body), laxDirectives(policy)...) {
			w.t.Errorf("page %s: %s", answer.Request.URL.Path, fault)
		}
		w.mu.Lock()
		w.pages[answer.Request.URL.Path] = true
		w.mu.Unlock()
	}
	if policy != "" {
		answer.Header.Set("Content-Security-Policy", policy+"; report-uri "+base+"enforced")
	}
	for _, strict := range w.stricter {
		answer.Header.Add("Content-Security-Policy-Report-Only", strict+"; report-uri "+base+url.PathEscape(strict))
	}
	return nil
}

// reportsAbout returns the reports about a policy so far.
func (w *policyGuard) reportsAbout(policy string) []cspReport {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.reports), func(r cspReport) bool { return r.Policy != policy })
}

// requireNoViolations requires that no page of the tab has violated its policy. It makes one
// violation itself: its report comes after all others, and shows that reports arrive.
func (w *policyGuard) requireNoViolations(b *tab) {
	b.t.Helper()
	end := fmt.Sprintf("http://last.invalid/%d", time.Now().UnixNano())
	evaluate[any](b, fmt.Sprintf(`void fetch(%q).catch(() => {})`, end))
	for deadline := time.Now().Add(patience); ; time.Sleep(pollInterval) {
		var last bool
		for _, r := range w.reportsAbout("enforced") {
			switch {
			case r.Body.Blocked == end:
				last = true
			case !strings.HasPrefix(r.Body.Blocked, "http://last.invalid/"):
				b.t.Fatalf("violations of the policy: wanted none, got %+v", r.Body)
			}
		}
		if last {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatal("reports: wanted one of the violation that the test makes itself, got none")
		}
	}
}

// inlineCode lists what a page contains that only a lax policy would allow.
func inlineCode(page []byte) (faults []string) {
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return []string{err.Error()}
	}
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		if node.Data == "style" || node.Data == "script" && !slices.ContainsFunc(node.Attr, func(a html.Attribute) bool { return a.Key == "src" && a.Val != "" }) {
			faults = append(faults, "an inline "+node.Data)
		}
		for _, a := range node.Attr {
			if a.Key == "style" || a.Key == "srcdoc" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.TrimSpace(strings.ToLower(a.Val)), "javascript:") {
				faults = append(faults, fmt.Sprintf("%s=%q of %s", a.Key, a.Val, node.Data))
			}
		}
	}
	return faults
}

// laxDirectives lists the directives that are missing or allow more than they have to.
func laxDirectives(policy string) (faults []string) {
	directives := map[string][]string{}
	for directive := range strings.SplitSeq(policy, ";") {
		if words := strings.Fields(directive); len(words) > 0 {
			directives[words[0]] = words[1:]
		}
	}
	for name, wanted := range map[string]string{"default-src": "'none'", "base-uri": "'none'", "require-trusted-types-for": "'script'"} {
		if got := strings.Join(directives[name], " "); got != wanted {
			faults = append(faults, fmt.Sprintf("%s: wanted %s, got %q", name, wanted, got))
		}
	}
	for _, name := range []string{"form-action", "frame-ancestors"} {
		if len(directives[name]) == 0 {
			faults = append(faults, name+" is not restricted")
		}
	}
	for name, sources := range directives {
		for _, source := range sources {
			exact := strings.HasPrefix(source, "http://") || strings.HasPrefix(source, "https://")
			if source != "'self'" && source != "'none'" && !exact && name != "require-trusted-types-for" && name != "trusted-types" || strings.Contains(source, "*") {
				faults = append(faults, fmt.Sprintf("%s allows %s", name, source))
			}
		}
	}
	return faults
}
