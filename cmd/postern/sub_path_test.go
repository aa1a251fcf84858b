package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// A proxy may keep the path of the public URL or take it off. The path may also be the name of a
// route of ours.
func TestRoutesAnswerBelowThePathOfThePublicURLAndWithoutIt(t *testing.T) {
	store := startStore(t)
	for _, path := range []string{"/up", "/uploads", "/forms", "/a/b"} {
		s, config := startServe(t, store.URL(), "http://127.0.0.1:8080", "http://127.0.0.1:8080"+path)
		ticket := mint(t, config)
		for _, base := range []string{path, ""} {
			v := testclient.Client{Base: s.URL + base, Ticket: ticket}
			upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "a.txt", Type: "text/plain", Size: 4})
			if err != nil || upload == nil {
				t.Fatalf("%s by %q: issue: %v, %v", path, base, answer, err)
			}
			if answer, err := upload.Send(t.Context(), "a.txt", []byte("text")); err != nil || !answer.OK() {
				t.Fatalf("%s by %q: send: %v, %v", path, base, answer, err)
			}
			if answer, err := upload.Complete(t.Context()); err != nil || answer.Status != http.StatusOK {
				t.Errorf("%s by %q: complete: %v, %v", path, base, answer, err)
			}
			page, err := v.Call(t.Context(), http.MethodGet, "/forms/inbox", "", nil)
			if err != nil || page.Status != http.StatusOK || !strings.Contains(string(page.Body), `"`+path+`/assets/`) {
				t.Errorf("%s by %q: want a page that names public addresses, got %v, %v", path, base, page, err)
			}
		}
		if response, _ := fetch(t, s.URL+path+path+"/forms/inbox"); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s twice: want status 404, got %d", path, response.StatusCode)
		}
	}
}
