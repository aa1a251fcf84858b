package policy_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// ownParameters returns the parameters of the query without those of the signature.
func ownParameters(t *testing.T, query string) (own []sigv4.Param) {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	for name := range values {
		if !strings.HasPrefix(name, "X-Amz-") {
			own = append(own, sigv4.Param{Name: name, Value: values.Get(name)})
		}
	}
	return own
}

func sortedQuery(address string) string {
	_, query, _ := strings.Cut(address, "?")
	parameters := strings.Split(query, "&")
	slices.Sort(parameters)
	return strings.Join(parameters, "&")
}

// A PartPresigner makes the URL of every vector that signs the length of a part.
func TestVectorParts(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, v := range readVectors(t) {
		if v.ID != "boto3-url-uploadpart-content-length" {
			continue
		}
		seen++
		object, _, _ := strings.Cut(v.Expected.URL, "?")
		parts, err := v.signer(t).PresignParts(sigv4.PartsRequest{URL: object, UploadID: "uid", Expires: v.Now.Add(900 * time.Second)}, v.Now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parts.URL(2, 5242880)
		if err != nil || sortedQuery(got) != sortedQuery(v.Expected.URL) {
			t.Errorf("got %s, %v, wanted %s", got, err, v.Expected.URL)
		}
	}
	if seen != 1 {
		t.Errorf("got %d vectors, wanted 1", seen)
	}
}
