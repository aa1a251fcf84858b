package attacks

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// hostileTexts try to be more than the text of one field.
var hostileTexts = map[string]string{
	"a condition":                `a"},["starts-with","$acl",""],{"x":"y`,
	"the end of the policy":      `a"}]}`,
	"a backslash and a quote":    `a\",{"acl":"public-read"}`,
	"a variable":                 "$key ${filename} $$",
	"braces":                     "{subject}/{id}/{{.}}",
	"markup":                     `</script><script>alert(1)</script><img src=x onerror=alert(1)>`,
	"the end of an attribute":    `" autofocus onfocus="alert(1)`,
	"a turn from right to left":  "gnp.\u202egarden\u2066\u2069",
	"invisible characters":       "gar\u200bden\u200d\ufeff",
	"letters that are not Latin": "Сад 花园 حديقة 🌱",
	"percent signs":              "100%25 %2e%2e%2f %00",
	"separators of a line":       "a\u2028b\u2029c",
	"a header":                   "a: b; filename=\"x\"",
}

func TestHostileTextsAreStoredAsText(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, words := range hostileTexts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, s)
			plain := a.issue(pictureRequest(pictureSize))
			request := pictureRequest(pictureSize)
			request.Filename, request.Metadata = strings.ReplaceAll(words, "/", "_")+".png", map[string]string{"album": words}
			request.Filename = strings.ReplaceAll(request.Filename, `\`, "_")
			u := a.issue(request)
			if got, wanted := conditionsOf(t, u), conditionsOf(t, plain); len(got) != len(wanted)+1 {
				t.Errorf("conditions: wanted one more than for a plain name, got %q and %q", got, wanted)
			}
			a.requireCompletes(u, pngOfSize(pictureSize))
			a.requireMetadata(u, "album", words)
		})
	}
}

// conditionsOf returns the conditions of a form's policy.
func conditionsOf(t *testing.T, u *testclient.Upload) []string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(u.Post.Get("policy"))
	if err != nil {
		t.Fatal(err)
	}
	var policy struct{ Conditions []json.RawMessage }
	if err := json.Unmarshal(text, &policy); err != nil {
		t.Fatalf("policy: wanted JSON, got %s: %v", text, err)
	}
	var fields []string
	for _, condition := range policy.Conditions {
		if strings.Contains(string(condition), "starts-with") && strings.HasPrefix(string(condition), "[") {
			t.Errorf("condition: wanted an exact one, got %s", condition)
		}
		fields = append(fields, string(condition))
	}
	return fields
}

// requireMetadata requires that the stored metadata contains the text, as it is or encoded, and no
// line break.
func (a *attempt) requireMetadata(u *testclient.Upload, name, words string) {
	a.Helper()
	head, err := store.Client().HeadObject(a.Context(), &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String(u.Key)})
	if err != nil {
		a.Fatal(err)
	}
	value := head.Metadata[name]
	if value == "" || strings.ContainsAny(value, "\r\n\x00") {
		a.Errorf("metadata %s: wanted %q as it is or encoded, got %q", name, words, value)
	}
	if len(head.Metadata) > 3 {
		a.Errorf("metadata: wanted album, filename and source, got %q", head.Metadata)
	}
}
