package policy_test

import (
	"strings"
	"testing"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// A redirect that parsers could read in different ways is refused.
func TestRedirects(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"https://app.example.com/done", "https://app.example.com", "https://app.example.com:8443/a?b=c", "http://127.0.0.1:8080/done",
		"http://localhost/x", "http://127.9.9.9/", "https://xn--bcher-kva.example/"} {
		if err := policy.SuccessActionRedirect(url).Err(); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
	for _, url := range []string{"", "/done", "//evil.example/", "http://app.example.com/", "javascript:alert(1)", "https:app.example.com", "https:///x",
		"https://ok.example@evil.example/", "https://ok.example:pass@evil.example/", "https://evil.example\\@ok.example/", "https://ok.example/\tx",
		"https://ok.example/\nx", " https://ok.example/", "https://ok.example/ x", "HTTPS://ok.example/", "https://OK.example/", "https://ok.example/#x",
		"data:text/html,x", "https://ok.example%2eevil.example/", "https://ökonom.example/", "http://localhost.evil.example/", "http://[::1", "http://0/",
		"https://ok.example:port/", "ftp://ok.example/", "http://2130706433/", "https://ok.example/$x"} {
		c := policy.SuccessActionRedirect(url)
		if c.Err() == nil {
			t.Errorf("%q was accepted", url)
		}
		if policy.Equal("Redirect", url).Err() == nil || policy.StartsWith("success_action_redirect", url).Err() == nil {
			t.Errorf("%q was accepted raw", url)
		}
	}
	if !hasReason(policy.StartsWith("success_action_redirect", "https://ok.example/").Err(), policy.ReasonOperator) {
		t.Error("a prefix of a redirect was accepted")
	}
}

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for host, wanted := range map[string]bool{
		"localhost": true, "app.localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "localhost.example.com": false, "notlocalhost": false, "10.0.0.1": false, "2130706433": false,
	} {
		if got := policy.IsLoopback(host); got != wanted {
			t.Errorf("%q: got %v, wanted %v", host, got, wanted)
		}
	}
}

func TestIsBucketName(t *testing.T) {
	t.Parallel()
	for name, wanted := range map[string]bool{
		"media": true, "a.b-c_D9": true, strings.Repeat("b", 255): true, "my-access-point-abc123-s3alias": true,
		"": false, "ab": false, ".media": false, "-media": false, "a..b": false, "media/x": false, "médias": false, "a b": false, strings.Repeat("b", 256): false,
	} {
		if got := policy.IsBucketName(name); got != wanted || (policy.Bucket(name).Err() == nil) != wanted {
			t.Errorf("%q: got %v, wanted %v", name, got, wanted)
		}
	}
}

func TestSignRefusesFormURLs(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "javascript:alert(1)", "https://", "https:///x", "//example.com", "https://a@b/", "https://b/?x", "https://b/#x",
		"https://b/\"", "https://b/\n", " https://b/", "ftp://b/", `https:\\b`, "https://bü/"} {
		if _, err := policy.Sign(validDocument(), url, newSigner(t, sigv4.AWS, permanent()), noon); err == nil {
			t.Errorf("%q was accepted", url)
		}
	}
}
