package attacks

import (
	"net/http"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// form reads the signed form out of the page that a browser without script sees.
func (a *attempt) form(profile string) testclient.Post {
	a.Helper()
	answer := a.page("/forms/" + profile)
	a.accepted(answer)
	p, err := testclient.FormOf(answer.Body)
	if err != nil {
		a.Fatal(err)
	}
	a.site.keep(p.Get("policy"), p.Get("x-amz-signature"))
	return p
}

// page asks for a page as a browser does.
func (a *attempt) page(path string) testclient.Answer {
	a.Helper()
	header := http.Header{"Accept": {"text/html,application/xhtml+xml,*/*;q=0.8"}}
	return a.got(a.Visitor.Raw(a.Context(), http.MethodGet, path, header, nil))
}

// landing sends a form and returns the page that the store sends the browser to.
func (a *attempt) landing(p testclient.Post, body []byte) testclient.Answer {
	a.Helper()
	sent := a.got(p.Send(a.Context(), "garden.png", body))
	if sent.Status != http.StatusSeeOther {
		a.Fatalf("after the form: wanted 303, got %v", sent)
	}
	return a.page(strings.TrimPrefix(sent.Header.Get("Location"), a.site.URL))
}
