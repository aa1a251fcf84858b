package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers"
)

func TestPathsAreLoggedWithoutTokens(t *testing.T) {
	t.Parallel()
	token := "eyJhbGciOiJIUzI1NiJ9." + strings.Repeat("a", 300) + ".c2ln"
	cases := map[string]string{
		"/forms/photos":                                     "/forms/photos",
		"/forms/photos?ticket=secret":                       "/forms/photos",
		"/forms/photos/done/" + token:                       "/forms/photos/done/[redacted]",
		"/uppy/" + token + "/s3/params":                     "/uppy/[redacted]/s3/params",
		"/uploads/" + strings.Repeat("0", 44) + "/complete": "/uploads/" + strings.Repeat("0", 44) + "/complete",
		"/uppy/eyJhbGci":                                    "/uppy/[redacted]",
		"/x/" + strings.Repeat("a", 65):                     "/x/[redacted]",
	}
	for path, wanted := range cases {
		if got := handlers.LogPath(path); got != wanted {
			t.Errorf("%s: wanted %s, got %s", path, wanted, got)
		}
	}
}

func TestNoCredentialIsLogged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	f := s.form("pictures")
	f.send(png(3000))
	p := s.issue("films", "plot.txt", "text/plain", 6<<20, "Authorization", "Bearer alice")
	var signed signedParts
	p.call("POST", "/parts", `{"parts":[{"number":1,"checksum":"AAAAAA=="}]}`).into(http.StatusOK, &signed)
	p.call("POST", "/complete?secret=in-the-query", "")
	_, query, _ := strings.Cut(signed.Parts[0].URL, "?")
	s.call("GET", "/forms/nothing/done/"+p.Token, "")
	s.call("GET", "/nothing/"+p.Token, "")
	s.log.mustNotHold(t, p.Token, query, f.get("policy"), f.get("x-amz-signature"), "in-the-query", "Bearer alice",
		strings.TrimPrefix(f.landing(), "/forms/pictures/done/"))
	if !strings.Contains(s.log.String(), `"path":"/up/forms/pictures/done/[redacted]"`) {
		t.Error("the log doesn't hold the landing page")
	}
}
