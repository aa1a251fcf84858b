package attacks

import (
	"net/http"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// form returns the signed form of the page that a browser without script gets.
func (a *attempt) form(profile string) testclient.Post {
	a.Helper()
	answer := a.getPage("/forms/" + profile)
	a.requireSuccess(answer)
	p, err := testclient.ParseForm(answer.Body)
	if err != nil {
		a.Fatal(err)
	}
	a.site.addSecret(p.Get("policy"), p.Get("x-amz-signature"))
	return p
}

// getPage requests a page as a browser does.
func (a *attempt) getPage(path string) testclient.Answer {
	a.Helper()
	header := http.Header{"Accept": {"text/html,application/xhtml+xml,*/*;q=0.8"}}
	return a.requireAnswer(a.Client.Raw(a.Context(), http.MethodGet, path, header, nil))
}

// sendAndLand sends a form and returns the landing page, to which the store redirects.
func (a *attempt) sendAndLand(p testclient.Post, body []byte) testclient.Answer {
	a.Helper()
	sent := a.requireAnswer(p.Send(a.Context(), "garden.png", body))
	if sent.Status != http.StatusSeeOther {
		a.Fatalf("answer to the form: wanted 303, got %v", sent)
	}
	return a.getPage(strings.TrimPrefix(sent.Header.Get("Location"), a.site.URL))
}
