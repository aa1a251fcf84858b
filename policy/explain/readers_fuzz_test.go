package explain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// addReports adds the inputs of testdata/reports to a fuzz target.
func addReports(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/reports/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no reports: %v", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, input, _ := strings.Cut(string(raw), "-- input --\n")
		f.Add(input)
	}
}

// FuzzStoreError reads any text as a store's answer and draws conclusions from it.
func FuzzStoreError(f *testing.F) {
	addReports(f)
	f.Fuzz(func(t *testing.T, text string) {
		x := &explainer{seen: map[Finding]bool{}, found: map[cause]bool{}}
		if x.readStoreError(text); x.storeError == nil {
			return
		}
		x.checkStoreError()
		x.report.finish("")
		if len(x.report.Findings) == 0 || x.report.Accepted {
			t.Errorf("no cause of %q", text)
		}
		for _, finding := range x.report.Findings {
			if finding.Summary() == "" || finding.Fix == "" {
				t.Errorf("%q has no meaning", finding.Code)
			}
		}
	})
}

// FuzzSeenRequest reads any text as a canonical request and as a string to sign.
func FuzzSeenRequest(f *testing.F) {
	f.Add("PUT\n/a\nX-Amz-Algorithm=AWS4-HMAC-SHA256\nhost:a\n\nhost\nUNSIGNED-PAYLOAD", "AWS4-HMAC-SHA256\n20261127T020000Z\n20261127/eu-west-1/s3/aws4_request\n00")
	f.Add("PUT /a host:a host UNSIGNED-PAYLOAD", "PUT\n\nimage/png\n1\nx-amz-acl:private\n/a")
	f.Add("", "GET 1 /a")
	f.Add("", "beyJhIjoxfQ==")
	seenBy := func(canonical, toSign string) *explainer {
		x := &explainer{seen: map[Finding]bool{}, found: map[cause]bool{}}
		x.storeError = &storeError{Code: "SignatureDoesNotMatch", members: map[string]string{"canonicalrequest": canonical, "stringtosign": toSign}}
		return x
	}
	f.Fuzz(func(t *testing.T, canonical, toSign string) {
		x := seenBy(canonical, toSign)
		for _, finding := range x.signatureEvidence() {
			if _, ok := codes[finding.Code]; !ok {
				t.Errorf("%q has no meaning", finding.Code)
			}
		}
	})
}

// FuzzFailedCondition reads any sentence as one that repeats a condition.
func FuzzFailedCondition(f *testing.F) {
	addReports(f)
	for _, text := range []string{`["eq", "$key", "a"]`, `[eq, $key, a]`, `Policy condition failed: eq: $key, a`, `ondition failed: {"acl":"private"}`, `["content-length-range", 1, 2]`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if finding, ok := failedCondition(text); ok && finding.info().summary == "" {
			t.Errorf("%q has no meaning", finding.Code)
		}
	})
}

// FuzzHideSecrets requires that no signature stays behind any text.
func FuzzHideSecrets(f *testing.F) {
	addReports(f)
	f.Add("000%2")
	signature := strings.Repeat("0123456789abcdef", 4)
	f.Fuzz(func(t *testing.T, text string) {
		for _, between := range []string{" ", "%20", "=", "%3D", "+"} {
			if utf8.ValidString(text) && strings.Contains(hideSecrets(text+between+signature), signature) && len(text) < maxRepeatedBytes {
				t.Errorf("a signature stays behind %q", text+between)
			}
		}
		_ = repeat(text)
	})
}
