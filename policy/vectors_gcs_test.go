package policy_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// The presigned URLs of Google's conformance tests, signed with RSA.
func TestGoogleURLs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/gcs-urls.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		ID, Method, URL string
		Now             time.Time
		Seconds         int
		Headers, Query  []sigv4.Param
	}
	if err := json.Unmarshal(text, &list); err != nil || len(list) < 20 {
		t.Fatalf("got %d URLs, %v", len(list), err)
	}
	s, err := sigv4.NewSigner(sigv4.GCSRSA, "", sigv4.Credentials{AccessKeyID: "test-iam-credentials@dummy-project-id.iam.gserviceaccount.com", PrivateKey: readKey(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			object, _, _ := strings.Cut(v.URL, "?")
			got, err := s.PresignURL(sigv4.PresignRequest{
				Method: v.Method, URL: object, Query: v.Query, Headers: v.Headers, Expires: v.Now.Add(time.Duration(v.Seconds) * time.Second),
			}, v.Now)
			if err != nil || !slices.Equal(parameters(got), parameters(v.URL)) {
				t.Errorf("got\n%s, %v\nwanted\n%s", got, err, v.URL)
			}
		})
	}
}

func parameters(address string) []string {
	_, query, _ := strings.Cut(address, "?")
	list := strings.Split(query, "&")
	slices.Sort(list)
	return list
}
