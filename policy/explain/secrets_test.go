package explain_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/explain"
)

const (
	alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	base64Set    = alphanumeric + "+/"
	urlSet       = alphanumeric + "-_"
	hexSet       = "0123456789abcdef"
)

// inputSecret is a secret as it is written in an input, with {} in its place.
type inputSecret struct{ name, written, secret string }

// inputSecrets are made at random, with the lengths and letters that real ones have. Those that
// look like any word stand behind what names them.
func inputSecrets() []inputSecret {
	r := rand.New(rand.NewPCG(14, 60))
	random := func(set string, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = set[r.IntN(len(set))]
		}
		return string(b)
	}
	jwt := func() string {
		return "eyJhbGciOiJIUzI1NiJ9." + "eyJ" + random(urlSet, 60) + "." + random(urlSet, 43)
	}
	list := []inputSecret{}
	add := func(name, written, secret string) { list = append(list, inputSecret{name, written, secret}) }
	add("a secret access key of AWS", "{}", random(base64Set, 40))
	add("one with its name", "aws_secret_access_key={}", random(base64Set, 40))
	add("one in JSON of STS", `SecretAccessKey: {}`, random(base64Set, 40))
	add("a secret of Aliyun", "{}", random(alphanumeric, 30))
	add("one with its name", "AccessKeySecret={}", random(alphanumeric, 30))
	add("an HMAC secret of Google", "{}", random(base64Set, 40))
	add("an application key of Backblaze", "{}", "K005"+random(base64Set, 27))
	add("a secret of Cloudflare R2", "{}", random(hexSet, 64))
	add("a secret of Spaces", "{}", random(base64Set, 43))
	add("a password of MinIO", "MINIO_ROOT_PASSWORD={}", random(alphanumeric, 12))
	add("a temporary URL key of Swift", "X-Account-Meta-Temp-URL-Key: {}", random(alphanumeric, 14))
	add("a key of a storage account", "AccountKey={}", random(base64Set, 86)+"==")
	add("a session token of AWS", "{}", "IQoJb3JpZ2luX2VjE"+random(base64Set, 300))
	add("an older one", "{}", "FwoGZXIvYXdzE"+random(base64Set, 280))
	add("one in a query", "X-Amz-Security-Token={}", url.QueryEscape("IQoJ"+random(base64Set, 200)))
	add("one as a header", "x-amz-security-token: {}", random(alphanumeric, 16)+random(base64Set, 120))
	add("a security token of Aliyun", "{}", "CAIS"+random(base64Set, 200))
	add("one with its name", "security-token={}", "CAIS"+random(base64Set, 100))
	add("a signature of version 4", "{}", random(hexSet, 64))
	add("one with its name", "X-Amz-Signature={}", random(hexSet, 64))
	add("one cut short", "Signature={}", random(hexSet, 20))
	add("one in capital letters", "{}", strings.ToUpper(random(hexSet, 64)))
	add("a signature of S3, version 2", "{}", random(base64Set, 27)+"=")
	add("one with its name", "Signature={}", random(base64Set, 27)+"=")
	add("one in a query", "Signature={}", url.QueryEscape(random(base64Set, 27)+"="))
	add("a signature of OSS, version 1", "Signature={}", random(base64Set, 27)+"=")
	add("an authorization of OSS", "Authorization: OSS LTAIEXAMPLE00000:{}", random(base64Set, 27)+"=")
	add("an authorization of S3, version 2", "Authorization: AWS AKIAIOSFODNN7EXAMPLE:{}", random(base64Set, 27)+"=")
	add("one without its header's name", "AWS AKIAIOSFODNN7EXAMPLE:{}", random(base64Set, 27)+"=")
	add("an authorization of version 4", "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261127/us-east-1/s3/aws4_request, SignedHeaders=host, Signature={}", random(hexSet, 64))
	add("one without its header's name", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261127/us-east-1/s3/aws4_request, SignedHeaders=host, Signature={}", random(hexSet, 64))
	add("a signature of Google, RSA", "{}", random(hexSet, 512))
	add("a signature of Google, version 2", "Signature={}", random(base64Set, 342)+"==")
	add("a signature of a form of Swift", "{}", random(hexSet, 40))
	add("one of SHA-512", "{}", random(hexSet, 128))
	add("a temporary URL of Swift", "temp_url_sig={}", random(hexSet, 40))
	add("a shared access signature", "sig={}", url.QueryEscape(random(base64Set, 43)+"="))
	add("one decoded", "{}", random(base64Set, 43)+"=")
	add("a bearer token", "Authorization: Bearer {}", random(alphanumeric, 24))
	add("a short one", "Bearer {}", "abc"+random(alphanumeric, 5))
	add("a bearer JWT", "Bearer {}", jwt())
	add("a JWT", "{}", jwt())
	add("an access token of Google", "{}", "ya29."+random(urlSet, 120))
	add("one with its name", "access_token={}", "ya29."+random(urlSet, 40))
	add("a refresh token", "refresh_token={}", random(urlSet, 30))
	add("an ID token", `id_token: {}`, jwt())
	add("basic authorization", "Authorization: Basic {}", base64.StdEncoding.EncodeToString([]byte("alice:"+random(alphanumeric, 10))))
	add("one without its header's name", "Basic {}", base64.StdEncoding.EncodeToString([]byte("alice:"+random(alphanumeric, 10))))
	add("a password in an address", "https://alice:{}@proxy.example", random(alphanumeric, 12))
	add("a session cookie", "Cookie: session={}", random(alphanumeric, 16))
	add("one that is set", "Set-Cookie: sid={}; Path=/", random(alphanumeric, 18))
	add("a private key", "-----BEGIN PRIVATE KEY----- {} -----END PRIVATE KEY-----", random(base64Set, 200))
	add("one of a service account", "-----BEGIN RSA PRIVATE KEY----- {}", random(base64Set, 120))
	add("the ID of a private key", "private_key_id: {}", random(hexSet, 40))
	add("a client secret", "client_secret={}", random(alphanumeric, 24))
	add("an API key of Google", "{}", "AIza"+random(urlSet, 35))
	add("an API key as a header", "X-Api-Key: {}", random(alphanumeric, 20))
	add("a token of GitHub", "{}", "ghp_"+random(alphanumeric, 36))
	add("a password", "password={}", random(alphanumeric, 10))
	add("a password in JSON's notation", "passwd: {}", random(alphanumeric, 10))
	add("a customer's encryption key", "x-amz-server-side-encryption-customer-key: {}", random(base64Set, 43)+"=")
	add("a key that an API repeats", "Incorrect API key provided: {}.", "sk-"+random(alphanumeric, 14))
	add("a proxy's authorization", "Proxy-Authorization: Basic {}", random(base64Set, 20))
	return list
}

// secretPlaces write a text into every place of an input that takes one.
var secretPlaces = []struct {
	name  string
	input func(text string) string
}{
	{"the value of a field", func(s string) string {
		return `{"url":"https://media.example","fields":[{"name":"key","value":"a"},{"name":"x-amz-meta-note","value":` + inJSON(s) + `},` + policyItem + `]}`
	}},
	{"the signature's field", func(s string) string {
		return `{"url":"https://media.example","fields":{"x-amz-signature":` + inJSON(s) + `,"policy":"` + emptyPolicy + `"}}`
	}},
	{"the token's field", func(s string) string {
		return `{"url":"https://media.example","fields":{"x-amz-security-token":` + inJSON(s) + `,"policy":"` + emptyPolicy + `"}}`
	}},
	{"the credential", func(s string) string {
		return `{"url":"https://media.example","fields":{"x-amz-credential":` + inJSON(s) + `,"policy":"` + emptyPolicy + `"}}`
	}},
	{"the algorithm and the date", func(s string) string {
		return `{"url":"https://media.example","fields":{"x-amz-algorithm":` + inJSON(s) + `,"x-amz-date":` + inJSON(s) + `,"policy":"` + emptyPolicy + `"}}`
	}},
	{"the key", func(s string) string {
		return `{"url":"https://media.example","fields":{"key":` + inJSON(s) + `,"policy":"` + emptyPolicy + `"}}`
	}},
	{"a field's name", func(s string) string {
		return `{"url":"https://media.example","fields":[{"name":` + inJSON(s) + `,"value":"a"},` + policyItem + `]}`
	}},
	{"the policy's field", func(s string) string {
		return `{"url":"https://media.example","fields":{"key":"a","policy":` + inJSON(s) + `}}`
	}},
	{"a form's address", func(s string) string {
		return `{"url":` + inJSON("https://media.example/?x="+s) + `,"fields":{"key":"a","policy":"` + emptyPolicy + `"}}`
	}},
	{"a condition", func(s string) string { return policyHead + `{"x-amz-meta-note":` + inJSON(s) + `}]}` }},
	{"a condition's prefix", func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(policyHead + `["starts-with","$key",` + inJSON(s) + `],["starts-with","$key",""]]}`))
	}},
	{"a condition's field", func(s string) string { return policyHead + `["eq",` + inJSON("$"+s) + `,"a"]]}` }},
	{"a policy's member", func(s string) string {
		return `{"expiration":"2026-11-21T13:00:00Z","conditions":[],` + inJSON(s) + `:1}`
	}},
	{"a policy's expiration", func(s string) string { return `{"expiration":` + inJSON(s) + `,"conditions":[]}` }},
	{"a control of a page", func(s string) string {
		return `<form method="post" action="https://media.example"><input name="csrf_token" value="` + inXML(s) + `"><input name="policy" value="` + emptyPolicy + `"><input type="file" name="file"></form>`
	}},
	{"a control after the file", func(s string) string {
		return `<form method="post" action="https://media.example"><input name="policy" value="` + emptyPolicy + `"><input type="file" name="file"><input name="note" value="` + inXML(s) + `"></form>`
	}},
	{"a page's method, enctype and action", func(s string) string {
		return `<form method="` + inXML(s) + `" enctype="` + inXML(s) + `" action="` + inXML(s) + `"><input name="policy" value="` + emptyPolicy + `"></form>`
	}},
	{"a command's header", func(s string) string {
		return "curl -X PUT -H '" + s + "' -T a.png 'https://media.example/a?X-Amz-Signature=00'"
	}},
	{"a command's field", func(s string) string {
		return "curl 'https://media.example' --form-string 'note=" + s + "' --form-string policy=" + emptyPolicy + " -F file=@a"
	}},
	{"a command's user", func(s string) string {
		return "curl -u 'alice:" + s + "' -T a.png 'https://media.example/a?X-Amz-Signature=00'"
	}},
	{"a command's cookie", func(s string) string {
		return "curl -b 'sid=" + s + "' -F policy=" + emptyPolicy + " -F file=@a https://media.example"
	}},
	{"a presigned URL's signature", func(s string) string {
		return "https://media.example/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=" + url.QueryEscape(s)
	}},
	{"a presigned URL's token", func(s string) string {
		return "https://media.example/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00&X-Amz-Security-Token=" + url.QueryEscape(s)
	}},
	{"a presigned URL's credential", func(s string) string {
		return "https://media.example/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00&X-Amz-Credential=" + url.QueryEscape(s)
	}},
	{"a presigned URL's date and lifetime", func(s string) string {
		return "https://media.example/a?X-Amz-Signature=00&X-Amz-Date=" + url.QueryEscape(s) + "&X-Amz-Expires=" + url.QueryEscape(s)
	}},
	{"a checksum in a query", func(s string) string {
		return "https://media.example/a?X-Amz-Signature=00&x-amz-checksum-sha256=" + url.QueryEscape(s)
	}},
	{"any parameter", func(s string) string {
		return "https://media.example/a?X-Amz-Signature=00&note=" + url.QueryEscape(s) + "&note=b"
	}},
	{"a URL without a signature", func(s string) string { return "https://media.s3.example/a?note=" + url.QueryEscape(s) }},
	{"an older URL", func(s string) string {
		return "https://media.example/a?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1427992617&Signature=" + url.QueryEscape(s)
	}},
	{"an error's message", func(s string) string { return refusalWith("Message", "AccessDenied", s) }},
	{"an error's details", func(s string) string { return refusalWith("Details", "AccessDenied", s) }},
	{"an argument of an error", func(s string) string { return refusalWith("ArgumentValue", "InvalidArgument", s) }},
	{"a token in an error", func(s string) string { return refusalWith("Token-0", "InvalidToken", s) }},
	{"the signature that an error repeats", func(s string) string { return refusalWith("SignatureProvided", "SignatureDoesNotMatch", s) }},
	{"an error's string to sign", func(s string) string { return refusalWith("StringToSign", "SignatureDoesNotMatch", s) }},
	{"an older string to sign", func(s string) string {
		return refusalWith("StringToSign", "SignatureDoesNotMatch", "PUT\n\nimage/png\n1427992617\nx-amz-meta-note:"+s+"\n/media/a?note="+s)
	}},
	{"an error's canonical request", func(s string) string {
		return refusalWith("CanonicalRequest", "SignatureDoesNotMatch", "PUT\n/a\nX-Amz-Algorithm=a&note="+url.QueryEscape(s)+"\nhost:media.example\nx-amz-meta-note:"+s+"\nx-amz-security-token:"+s+"\n\nhost;x-amz-meta-note;x-amz-security-token\nUNSIGNED-PAYLOAD")
	}},
	{"a signed header that was rewritten", func(s string) string {
		return refusalWith("CanonicalRequest", "SignatureDoesNotMatch", "PUT\n/a\n\naccept-encoding:"+s+"\nauthorization:"+s+"\ncookie:"+s+"\nhost:media.example\n\naccept-encoding;authorization;cookie;host\nUNSIGNED-PAYLOAD")
	}},
	{"the unsigned headers of an error", func(s string) string { return refusalWith("HeadersNotSigned", "AccessDenied", s) }},
	{"a failed condition", func(s string) string {
		return refusalWith("Message", "AccessDenied", `Invalid according to Policy: Policy Condition failed: ["eq", "$x-amz-meta-note", `+inJSON(s)+`]`)
	}},
	{"a header of an error", func(s string) string { return refusalWith("Header", "NotImplemented", s) }},
	{"an error's resource", func(s string) string { return refusalWith("Resource", "NoSuchKey", "/"+s) }},
	{"an unknown code", func(s string) string { return refusalWith("Note", s, s) }},
	{"an error as JSON", func(s string) string {
		return `{"code":"bad_auth_token","message":` + inJSON(s) + `,"status":401,"headers":{"authorization":` + inJSON(s) + `}}`
	}},
	{"a line of a command", func(s string) string {
		return "An error occurred (AccessDenied) when calling the PutObject operation: " + s
	}},
}

const policyItem = `{"name":"policy","value":"` + emptyPolicy + `"}`

func inJSON(text string) string {
	encoded, _ := json.Marshal(text)
	return string(encoded)
}

func inXML(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return strings.ReplaceAll(b.String(), "&#xA;", "\n")
}

func refusalWith(element, code, text string) string {
	return "<Error><Code>" + inXML(code) + "</Code><" + element + ">" + inXML(text) + "</" + element + "></Error>"
}

// TestNoSecretIsRepeatedWhereverItStands tries every secret in every place: bare words and words
// with what names them.
func TestNoSecretIsRepeatedWhereverItStands(t *testing.T) {
	t.Parallel()
	secrets := inputSecrets()
	if len(secrets) < 60 {
		t.Fatalf("only %d secrets", len(secrets))
	}
	for _, place := range secretPlaces {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			read := 0
			for _, s := range secrets {
				text := strings.ReplaceAll(s.written, "{}", s.secret)
				report, err := explain.Explain(place.input(text), explain.Options{Now: time.Unix(1_800_000_000, 0)})
				if errors.Is(err, explain.ErrUnrecognised) {
					continue
				}
				read++
				requireHidden(t, s, report)
			}
			if read < len(secrets)*9/10 {
				t.Errorf("only %d of %d inputs were recognised", read, len(secrets))
			}
		})
	}
}

func TestNoSecretOfASimulatedFormIsRepeated(t *testing.T) {
	t.Parallel()
	for _, s := range inputSecrets() {
		text := strings.ReplaceAll(s.written, "{}", s.secret)
		form := []policy.Field{{Name: "x-amz-meta-note", Value: text}, {Name: text, Value: "a"}, {Name: "x-amz-signature", Value: text}}
		report, err := explain.Explain(policyHead+`{"key":"a"}]}`, explain.Options{Now: time.Unix(1_800_000_000, 0), Form: form})
		if err != nil {
			t.Fatal(err)
		}
		requireHidden(t, s, report)
	}
}

// requireHidden requires that neither form of the report has the secret, in the alphabet of either
// base64 or percent-encoded, nor most of it.
func requireHidden(t *testing.T, s inputSecret, report explain.Report) {
	t.Helper()
	asJSON, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := url.QueryUnescape(s.secret)
	for form, text := range map[string]string{"the text": report.Text(), "the JSON": string(asJSON)} {
		for _, secret := range []string{s.secret, plain, url.QueryEscape(s.secret)} {
			if part := secret[:max(len(secret)*2/3, min(len(secret), 8))]; strings.Contains(strings.ToLower(text), strings.ToLower(part)) {
				t.Errorf("%s (%s): %s repeats it:\n%s", s.name, s.written, form, text[max(0, strings.Index(strings.ToLower(text), strings.ToLower(part))-100):])
				return
			}
		}
	}
}

// secretlyNamed are names that say that their value is a secret.
var secretlyNamed = []string{
	"authenticity_token", "csrf_token", "_csrf", "csrfmiddlewaretoken", "X-XSRF-TOKEN", "__RequestVerificationToken", "token", "access_token", "jwt", "session",
	"session_id", "PHPSESSID", "password", "passwd", "api_key", "apiKey", "X-Api-Key", "secret", "client_secret", "x-auth-token", "authorization", "cookie",
	"x-amz-server-side-encryption-customer-key", "x-amz-copy-source-server-side-encryption-customer-key", "x-goog-encryption-key", "x-amz-meta-session-token",
}

// namedPlaces write a value under a name into every place of an input that has names.
var namedPlaces = []struct {
	name  string
	input func(name, value string) string
}{
	{"a field of JSON", func(name, value string) string {
		return `{"url":"https://media.example","fields":{"key":"a",` + inJSON(name) + `:` + inJSON(value) + `,"policy":"` + emptyPolicy + `"}}`
	}},
	{"a field of a command", func(name, value string) string {
		return "curl https://media.example -F '" + name + "=" + value + "' -F policy=" + emptyPolicy + " -F file=@a"
	}},
	{"a field behind the file", func(name, value string) string {
		return "curl https://media.example -F policy=" + emptyPolicy + " -F file=@a -F '" + name + "=" + value + "'"
	}},
	{"a control of a page", func(name, value string) string {
		return `<form method="post" enctype="multipart/form-data" action="https://media.example"><input name="` + name + `" value="` + value + `"><input name="policy" value="` + emptyPolicy + `"><input type="file" name="file"></form>`
	}},
	{"a condition and another value", func(name, value string) string {
		document := base64.StdEncoding.EncodeToString([]byte(policyHead + `{` + inJSON(name) + `:` + inJSON(value) + `}]}`))
		return `{"url":"https://media.example","fields":{"key":"a",` + inJSON(name) + `:` + inJSON(value+"?") + `,"policy":"` + document + `"}}`
	}},
	{"a condition of a bare policy", func(name, value string) string {
		return policyHead + `["starts-with",` + inJSON("$"+name) + `,` + inJSON(value) + `]]}`
	}},
	{"a header of a command", func(name, value string) string {
		return "curl -X PUT -T a.png -H '" + name + ": " + value + "' 'https://media.example/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00'"
	}},
	{"a parameter of a presigned URL", func(name, value string) string {
		return "https://media.example/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00&" + name + "=" + value + "&" + name + "=" + value + "b"
	}},
	{"an argument of an error", func(name, value string) string {
		return "<Error><Code>InvalidArgument</Code><Message>Invalid value for " + name + "</Message><ArgumentName>" + name + "</ArgumentName><ArgumentValue>" + value + "</ArgumentValue></Error>"
	}},
	{"a condition that failed", func(name, value string) string {
		return refusalWith("Message", "AccessDenied", `Invalid according to Policy: Policy Condition failed: ["eq", "$`+name+`", "`+value+`"]`)
	}},
	{"one without quotes", func(name, value string) string {
		return refusalWith("Message", "AccessDenied", `Policy Condition failed: [eq, $`+name+`, `+value+`]`)
	}},
	{"a header that a store saw", func(name, value string) string {
		name = strings.ToLower(name)
		return refusalWith("CanonicalRequest", "SignatureDoesNotMatch", "PUT\n/a\n\naccept-encoding:gzip\nhost:media.example\n"+name+":"+value+"\n\naccept-encoding;host;"+name+"\nUNSIGNED-PAYLOAD")
	}},
}

// TestTheValueOfANameThatSaysSecretIsNotRepeated has a value that looks like any word, so that only
// the name tells.
func TestTheValueOfANameThatSaysSecretIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, place := range namedPlaces {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			for _, name := range secretlyNamed {
				s := inputSecret{name, name, "lighthouse"}
				report, err := explain.Explain(place.input(name, s.secret), explain.Options{Now: time.Unix(1_800_000_000, 0)})
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				requireHidden(t, s, report)
			}
		})
	}
}
