package policy

import "testing"

// FuzzPlainOrigin compares the shortcut for redirects with the complete check: what the shortcut
// accepts, the complete check has to accept.
func FuzzPlainOrigin(f *testing.F) {
	for _, seed := range []string{
		"https://uploads.example.com/", "https://a:8443/", "https://a:/", "https://a:123456/", "https://a:8o/", "https://:1/",
		"https://a@b/", "https://[::1]/", "https://A/", "https:///", "https://a//", "https://a?/", "http://a/", "https://-./", "https://%61/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if isPlainOrigin(s) && !isParsedRedirect(s) {
			t.Errorf("%q is accepted without being parsed, and refused by the parser", s)
		}
	})
}
