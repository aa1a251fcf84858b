package gateway_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/handlers/awscreds"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// difference is where this store and S3, which policy.Check speaks for, are known to part.
type difference struct {
	name    string
	reason  string
	applies func(pair) bool
}

// differences are documented ones alone: what isn't here has to agree.
var differences = []difference{
	{"a variable in an exact value", "the store compares ${filename} literally and keeps it in the key; S3 puts the file's name in first",
		func(p pair) bool { return p.violates(policy.ReasonVariable) }},
	{"a field given twice", "the store takes the last of two values, and joins metadata; S3 wants exactly one",
		func(p pair) bool { return p.violates(policy.ReasonRepeated) }},
	{"a form over 20,480 bytes", "the store has no limit on what comes before the file",
		func(p pair) bool { return p.violates(policy.ReasonFormTooLarge) }},
	{"bytes that aren't UTF-8", "the store doesn't look at encodings",
		func(p pair) bool { return p.violates(policy.ReasonEncoding) }},
	{"a field behind the file", "the store, which streams, takes all that is behind the file's header for the file, and minds its size",
		func(p pair) bool { return p.violates(policy.ReasonAfterFile) }},
	{"a signature older than an hour", "the store refuses dates older than 60 minutes; S3 takes 7 days",
		func(p pair) bool { return p.signed.Before(p.now.Add(-time.Hour)) }},
	{"a key over 1,024 bytes", "the store bounds the segments of a key and not the whole",
		func(p pair) bool { return p.violates(policy.ReasonKeyTooLong) }},
	{"a name too long for a file", "the store keeps segments of a key as files, at most 255 bytes each",
		func(p pair) bool { return p.longSegment() }},
}

// TestCheckAgreesWithAStore sends generated forms to a real store and compares what it does, and
// the code it refuses with, with what Check said.
func TestCheckAgreesWithAStore(t *testing.T) {
	const pairs = 500
	g := start(t, gateway.Options{})
	signer := storeSigner(t, g)
	r := rand.New(rand.NewPCG(7, 2026))
	seen := map[string]int{}
	accepted, refused := 0, 0
	for number := range pairs {
		p := generate(r, number, time.Now())
		status, code := p.send(t, g, signer)
		if status >= 500 {
			t.Errorf("pair %d: the store failed with %d %s: %s", number, status, code, p)
		}
		if status < 400 {
			accepted++
		} else {
			refused++
		}
		if p.agrees(status, code) {
			continue
		}
		known := knownDifference(p)
		if known == "" {
			t.Errorf("pair %d: Check says %v, the store %d %s: %s", number, p.violations, status, code, p)
		}
		seen[known]++
	}
	t.Logf("%d pairs: %d accepted, %d refused by the store; differences: %v", pairs, accepted, refused, seen)
	if accepted < pairs/5 || refused < pairs/5 {
		t.Errorf("the pairs are one-sided: %d accepted, %d refused", accepted, refused)
	}
	for _, d := range differences {
		if seen[d.name] == 0 {
			t.Errorf("no pair shows the difference %q (%s): take it off the list or generate one", d.name, d.reason)
		}
	}
}

// agrees reports whether both accept, or both refuse and the store's code is one that Check
// foretold.
func (p pair) agrees(status int, code string) bool {
	if status < 400 || len(p.violations) == 0 {
		return status < 400 && len(p.violations) == 0
	}
	return slices.ContainsFunc(p.violations, func(v policy.Violation) bool { return v.Code == code })
}

func knownDifference(p pair) string {
	for _, d := range differences {
		if d.applies(p) {
			return d.name
		}
	}
	return ""
}

func storeSigner(t *testing.T, g *gateway.Gateway) *sigv4.Signer {
	t.Helper()
	signer, err := awscreds.NewSource(g.Credentials(), sigv4.AWS, g.Region(), nil).Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// send posts the pair's form for real and returns the status, with the store's code.
func (p *pair) send(t *testing.T, g *gateway.Gateway, signer *sigv4.Signer) (status int, code string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range p.form(t, signer) {
		if f.Name == "file" {
			p.writeFile(t, form)
			continue
		}
		if err := form.WriteField(f.Name, f.Value); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.URL()+"/media", &body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var refusal struct{ Code string }
	_ = xml.Unmarshal(answer, &refusal) // a success has no code
	return response.StatusCode, refusal.Code
}

func (p *pair) writeFile(t *testing.T, form *multipart.Writer) {
	t.Helper()
	part, err := form.CreateFormFile("file", "photo.png")
	if err == nil {
		_, err = part.Write(bytes.Repeat([]byte("x"), int(p.size)))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (p pair) violates(rule policy.Reason) bool {
	for _, v := range p.violations {
		if v.Reason == rule {
			return true
		}
	}
	return false
}

func (p pair) longSegment() bool {
	for _, f := range p.fields {
		for segment := range strings.SplitSeq(f.Value, "/") {
			if strings.EqualFold(f.Name, "key") && len(segment) > 255 {
				return true
			}
		}
	}
	return false
}
