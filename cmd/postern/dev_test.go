package main

import (
	"bytes"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
	"github.com/postern-dev/postern/static"
)

func fetch(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// requireSameHead requires that HEAD of an address has the status and the headers that GET had, and
// no body. Their lengths may differ: HEAD issues no form.
func requireSameHead(t *testing.T, address string, get *http.Response) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "gzip") // as http.Get asks by itself
	head, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(head.Body)
	head.Body.Close()
	if err != nil || len(body) != 0 || head.StatusCode != get.StatusCode {
		t.Errorf("HEAD %s: wanted %d and no body, got %d, %q, %v", address, get.StatusCode, head.StatusCode, body, err)
	}
	for name := range get.Header {
		if want, got := get.Header.Get(name), head.Header.Get(name); got != want && name != "Date" && name != "Content-Length" && name != "X-Request-Id" {
			t.Errorf("HEAD %s: wanted %s %q, got %q", address, name, want, got)
		}
	}
}

func TestDevServesItsPagesAndEndsCleanly(t *testing.T) {
	d := startDev(t)
	other := strings.Replace(d.URL, "127.0.0.1", "localhost", 1)
	cases := []struct{ name, path, want string }{
		{"the start page", "/", `href="/forms/photos"`},
		{"the start page leads to files", "/", `href="/forms/files"`},
		{"the start page leads to a foreign site", "/", `href="` + other + `/demo/site"`},
		{"the start page in German", "/?lang=de", `lang="de"`},
		{"a chosen language on the way to a form", "/?lang=de", `href="/forms/photos?lang=de"`},
		{"a chosen language on the way to a foreign site", "/?lang=de", `href="` + other + `/demo/form?lang=de"`},
		{"a chosen language when the host form is sent", "/demo/form?lang=de-AT", `action="/demo/form?lang=de"`},
		{"a chosen language on the way back", "/demo/themes?lang=ar", `href="` + d.URL + `/?lang=ar"`},
		{"the form of a profile", "/forms/photos", `action="` + d.Store + `/postern-dev"`},
		{"the plain site", "/demo/site", `server="` + d.URL + `"`},
		{"the host form", "/demo/form", `name="photo"`},
		{"the themes", "/demo/themes", `>Paper</h2>`},
		{"health", "/healthz", ""},
		{"readiness", "/readyz", ""},
		{"the page that explains", "/explain", `action="/explain"`},
		{"the script for other sites", "/embed.js", `postern-upload`},
		{"the icon", "/favicon.ico", ""},
		{"the last uploads", recentPath, ""},
		{"the form for an iframe", "/widget/photos", "embedded"},
		{"a script", "/assets/" + static.Hash() + "/define.js", "postern-uploader"},
		{"a catalogue", "/assets/" + static.Hash() + "/lang/en.json", "upload."},
	}
	for _, c := range cases {
		response, body := fetch(t, d.URL+c.path)
		if response.StatusCode != http.StatusOK || !strings.Contains(body, c.want) {
			t.Errorf("%s: want status 200 and %q, got %d and\n%s", c.name, c.want, response.StatusCode, body)
		}
		if strings.Contains(body, "page.") && strings.HasPrefix(c.path, "/demo") {
			t.Errorf("%s: a text is missing:\n%s", c.name, body)
		}
		requireSameHead(t, d.URL+c.path, response)
	}
	if response, _ := fetch(t, d.URL+"/metrics"); response.StatusCode != http.StatusNotFound {
		t.Errorf("metrics: want status 404, got %d", response.StatusCode)
	}
	d.Stop()
	for _, address := range []string{d.URL, d.Store} {
		if l, err := listen("--listen", strings.TrimPrefix(address, "http://")); err != nil {
			t.Errorf("port after the end: %v", err)
		} else {
			l.Close()
		}
	}
}

// A landing page, which the store redirects to, answers HEAD as it answers GET.
func TestHeadOfALandingPageHasTheHeadersOfThePage(t *testing.T) {
	t.Parallel()
	d := startDev(t)
	_, page := fetch(t, d.URL+"/forms/photos")
	landing := regexp.MustCompile(`name="success_action_redirect" value="([^"]+)"`).FindStringSubmatch(page)
	if landing == nil {
		t.Fatalf("no landing page in\n%s", page)
	}
	for _, address := range []string{landing[1], d.URL + "/forms/photos/done/none"} {
		response, _ := fetch(t, address)
		requireSameHead(t, address, response)
	}
}

// Every page that can be read can be asked for its headers alone.
func TestEveryPageAndAssetAnswersHead(t *testing.T) {
	t.Parallel()
	d := startDev(t)
	for _, path := range []string{"/", "/forms/photos", "/forms/none", "/widget/photos", "/widget/none", "/explain", recentPath, "/demo/site", "/demo/form", "/demo/themes", "/favicon.ico", "/embed.js",
		"/embed-answers.js", "/embed-failure.js", "/assets/" + static.Hash() + "/postern.css", "/assets/none/postern.css", "/healthz", "/readyz", "/objects/none", "/receipts/keys", "/none"} {
		response, _ := fetch(t, d.URL+path)
		requireSameHead(t, d.URL+path, response)
	}
}

func TestDemoPagesAllowPosternAndNothingElse(t *testing.T) {
	d := startDev(t)
	for _, page := range []string{"/demo/site", "/demo/form", "/demo/themes"} {
		response, body := fetch(t, d.URL+page)
		policy := response.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src " + d.URL + ";", "frame-src " + d.URL + ";"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy: want %q in %q", page, want, policy)
			}
		}
		if strings.Contains(body, "<style") || strings.Contains(body, " style=") || strings.Contains(body, "<script>") {
			t.Errorf("%s: something inline:\n%s", page, body)
		}
	}
}

var hrefs = regexp.MustCompile(`\s(?:href|src|server|action)="([^"]+)"`)

// It follows the links of the start page, and the links of every page it reaches.
func TestEveryLinkOfTheStartPageWorks(t *testing.T) {
	d := startDev(t)
	other := strings.Replace(d.URL, "127.0.0.1", "localhost", 1)
	seen := map[string]bool{}
	for left := []string{d.URL + "/"}; len(left) > 0; left = left[1:] {
		response, body := fetch(t, left[0])
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: want status 200, got %d", left[0], response.StatusCode)
		}
		if !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
			continue
		}
		for _, m := range hrefs.FindAllStringSubmatch(body, -1) {
			next, err := response.Request.URL.Parse(html.UnescapeString(m[1]))
			if err != nil {
				t.Fatalf("%s: %v", left[0], err)
			}
			ours := strings.HasPrefix(next.String(), d.URL) || strings.HasPrefix(next.String(), other)
			if ours && !seen[next.String()] {
				seen[next.String()], left = true, append(left, next.String())
			}
		}
	}
	if len(seen) < 30 {
		t.Errorf("links: wanted the pages in every language, got %d", len(seen))
	}
}

func TestDevAllowsTheOriginsOfItsFlag(t *testing.T) {
	page := "http://localhost:3000"
	d := startDev(t, "--origin", page)
	for _, url := range []string{d.URL + "/uploads", d.Store + "/postern-dev/any"} {
		for origin, want := range map[string]string{page: page, "http://localhost:3001": ""} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Origin", origin)
			request.Header.Set("Access-Control-Request-Method", http.MethodPost)
			request.Header.Set("Access-Control-Request-Headers", "content-type")
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if got := response.Header.Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("%s from %s: want allowed origin %q, got %q", url, origin, want, got)
			}
		}
	}
}

func TestDemoFormShowsWhatItWasSent(t *testing.T) {
	d := startDev(t)
	response, err := http.PostForm(d.URL+"/demo/form", url.Values{"name": {"<Ada>"}, "photo": {"users/guest/1", "users/guest/2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	for _, want := range []string{"&lt;Ada&gt;", "users/guest/1", "users/guest/2"} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("want %q in\n%s", want, body)
		}
	}
	large, err := http.PostForm(d.URL+"/demo/form", url.Values{"note": {strings.Repeat("x", maxDemoForm)}})
	if err != nil {
		t.Fatal(err)
	}
	large.Body.Close()
	if large.StatusCode != http.StatusBadRequest {
		t.Errorf("a form over the limit: want status 400, got %d", large.StatusCode)
	}
}

func TestDevAcceptsTicketsMadeWithItsKey(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	d := start(t, nil, testserver.DevArgs(data)...)
	minted := invoke(t, nil, "ticket", "--data", data, "--profile", "files", "--subject", "alice", "--lifetime", "5m")
	if minted.code != 0 || strings.Count(minted.stdout, "\n") != 1 || minted.stderr != "" {
		t.Fatalf("ticket: got %+v", minted)
	}
	ticket := strings.TrimSpace(minted.stdout)
	cases := []struct {
		name, ticket, profile string
		status                int
		prefix                string
	}{
		{"with a ticket the key is the subject's", ticket, "files", 201, "users/alice/"},
		{"without a ticket it is the guest's", "", "files", 201, "users/guest/"},
		{"a ticket for another profile", ticket, "photos", 403, ""},
		{"a ticket that doesn't verify, though the profile is public", ticket + "x", "files", 401, ""},
	}
	for _, c := range cases {
		v := testclient.Client{Base: d.URL, Ticket: c.ticket}
		upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: c.profile, Filename: "a.png", Type: "image/png", Size: 3})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Status != c.status || upload != nil && !strings.HasPrefix(upload.Key, c.prefix) {
			t.Errorf("%s: want status %d and a key in %q, got %v", c.name, c.status, c.prefix, answer)
		}
	}
	if log := d.Log.String(); strings.Contains(log, ticket) {
		t.Errorf("the log shows a ticket:\n%s", log)
	}
}

func TestOnlyTheOwnerCanReadTheKeys(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	start(t, nil, testserver.DevArgs(data)...)
	for _, name := range []string{tokenKeyFile, ticketKeyFile, storeKeyFile} {
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: want mode 0600, got %04o", name, info.Mode().Perm())
		}
	}
	text, err := os.ReadFile(filepath.Join(data, ".gitignore"))
	if err != nil || string(text) != "*\n" {
		t.Errorf(".gitignore of the data folder: want *, got %q, %v", text, err)
	}
}
