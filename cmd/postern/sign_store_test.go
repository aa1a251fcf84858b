package main

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/cmd/postern/testclient"
)

func TestAStoreAndExplainAgreeOnSignedForms(t *testing.T) {
	store, err := gateway.Start(t.Context(), gateway.Options{
		Dir: t.TempDir(), AccessKey: sampleKey, SecretKey: sampleSecret, Region: "eu-central-1", Buckets: []string{"media"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	args := []string{"sign", "--bucket", "media", "--endpoint", store.URL(), "--key-prefix", "users/alice/", "--type", "image/png",
		"--size", "1..10", "--status", "201", "--format", "json"}
	signed := invoke(t, sampleEnvironment(), args...)
	form := filepath.Join(t.TempDir(), "form.json")
	write(t, form, signed.stdout)
	cases := []struct {
		name, key, body string
		status          int
		reason          string // code that explain gives for the form and for the store's answer; "" if accepted
	}{
		{"what it allows", "users/alice/a.png", "0123456789", 201, ""},
		{"a byte too many", "users/alice/b.png", "0123456789x", 400, "size_too_large"},
		{"nothing", "users/alice/c.png", "", 400, "size_too_small"},
		{"another prefix", "users/alicette/d.png", "0", 403, "prefix_mismatch"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			answer := post(t, signed.stdout, c.key, c.body)
			if answer.Status != c.status {
				t.Fatalf("the store: want %d, got %v", c.status, answer)
			}
			said := invoke(t, sampleEnvironment(), "explain", form, "--form", "key="+c.key, "--file-size", strconv.Itoa(len(c.body)), "--json")
			if (said.code == exitDone) != (c.reason == "") || !strings.Contains(said.stdout, c.reason) {
				t.Errorf("explain before: got %+v", said)
			}
			if c.reason == "" {
				return
			}
			refusal := filepath.Join(t.TempDir(), "answer.xml")
			write(t, refusal, string(answer.Body))
			if said := invoke(t, nil, "explain", refusal); said.code != exitFailed || !strings.Contains(said.stdout, c.reason) {
				t.Errorf("explain after: want %s, got %+v\nfor %v", c.reason, said, answer)
			}
		})
	}
}

// post sends a form that sign printed as a script would.
func post(t *testing.T, text, key, body string) testclient.Answer {
	t.Helper()
	signed := parseForm(t, text)
	form := testclient.Post{URL: signed.URL, Fields: []testclient.Field{{Name: "key", Value: key}}}
	for _, f := range signed.Fields {
		form.Fields = append(form.Fields, testclient.Field(f))
	}
	answer, err := form.Send(t.Context(), "a.png", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}
