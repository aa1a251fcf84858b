package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	sampleKey    = "AKIAIOSFODNN7EXAMPLE"
	sampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	sampleToken  = "IQoJb3JpZ2luX2VjEXAMPLETOKEN"
	sampleAt     = "2026-03-01T12:00:00Z"
)

func sampleEnvironment() map[string]string {
	return map[string]string{"AWS_ACCESS_KEY_ID": sampleKey, "AWS_SECRET_ACCESS_KEY": sampleSecret, "AWS_REGION": "eu-central-1"}
}

// goodSign returns arguments of sign that work, and more.
func goodSign(more ...string) []string {
	return append([]string{"sign", "--bucket", "media", "--at", sampleAt}, more...)
}

func signJSON(t *testing.T, more ...string) jsonForm {
	t.Helper()
	got := invoke(t, sampleEnvironment(), goodSign(append(more, "--format", "json")...)...)
	if got.code != exitDone || got.stderr != "" {
		t.Fatalf("sign: got %+v", got)
	}
	return parseForm(t, got.stdout)
}

func parseForm(t *testing.T, text string) (form jsonForm) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &form); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return form
}

func TestSignPrintsWhatTheFlagsSay(t *testing.T) {
	form := signJSON(t, "--key-prefix", "users/alice/", "--type", "image/*", "--size", "1..10MiB", "--lifetime", "1h",
		"--acl", "private", "--meta", "album=a,b", "--field", "Cache-Control=no-cache", "--status", "201",
		"--condition", `["starts-with","$x-amz-meta-note",""]`)
	if form.URL != "https://media.s3.eu-central-1.amazonaws.com" || form.Expiration != "2026-03-01T13:00:00Z" {
		t.Errorf("address and end: got %q, %q", form.URL, form.Expiration)
	}
	if got := strings.Join(form.Open, " "); got != "key Content-Type x-amz-meta-note" {
		t.Errorf("open: got %q", got)
	}
	d, err := policy.Parse(form.Policy)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range d.Conditions {
		got = append(got, c.String())
	}
	want := []string{
		`["eq", "$bucket", "media"]`, `["starts-with", "$key", "users/alice/"]`, `["eq", "$acl", "private"]`,
		`["starts-with", "$Content-Type", "image/"]`, `["eq", "$success_action_status", "201"]`,
		`["content-length-range", 1, 10485760]`, `["eq", "$x-amz-meta-album", "a,b"]`, `["eq", "$Cache-Control", "no-cache"]`,
		`["starts-with", "$x-amz-meta-note", ""]`, `["eq", "$x-amz-algorithm", "AWS4-HMAC-SHA256"]`,
		`["eq", "$x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20260301/eu-central-1/s3/aws4_request"]`,
		`["eq", "$x-amz-date", "20260301T120000Z"]`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("conditions:\n got %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestSignedFormsVerifyInEveryDialect(t *testing.T) {
	cases := []struct {
		dialect *sigv4.Dialect
		address string
	}{
		{sigv4.AWS, "https://media.s3.eu-central-1.amazonaws.com"},
		{sigv4.OSS, "https://media.oss-eu-central-1.aliyuncs.com"},
		{sigv4.GCS, "https://media.storage.googleapis.com"},
	}
	at, err := time.Parse(time.RFC3339, sampleAt)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.dialect.Name(), func(t *testing.T) {
			form := signJSON(t, "--key", "a/b.png", "--meta", "album=1", "--acl", "private", "--dialect", c.dialect.Name())
			signer, err := sigv4.NewSigner(c.dialect, "eu-central-1", sigv4.Credentials{AccessKeyID: sampleKey, SecretAccessKey: sampleSecret})
			if err != nil {
				t.Fatal(err)
			}
			var fields []policy.Field
			for _, f := range form.Fields {
				fields = append(fields, policy.Field(f))
			}
			if _, err := policy.Verify(fields, signer, at); err != nil || form.URL != c.address {
				t.Errorf("posting to %q: %v", form.URL, err)
			}
		})
	}
}

func TestSignFindsTheBucketsAddress(t *testing.T) {
	cases := []struct {
		name string
		args []string
		want string
	}{
		{"by path where asked", []string{"--path-style"}, "https://s3.eu-central-1.amazonaws.com/media"},
		{"by path on an address of numbers", []string{"--endpoint", "http://127.0.0.1:9000"}, "http://127.0.0.1:9000/media"},
		{"in the host's name elsewhere", []string{"--endpoint", "https://s3.example.com"}, "https://media.s3.example.com"},
		{"in the region named", []string{"--region", "us-west-2"}, "https://media.s3.us-west-2.amazonaws.com"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := signJSON(t, append(c.args, "--key", "a")...).URL; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSignedPageIsAFormThatIsAccepted(t *testing.T) {
	page := invoke(t, sampleEnvironment(), goodSign("--key-prefix", `a"<b>/`, "--type", "image/*", "--size", "1..10")...)
	if page.code != exitDone || strings.Contains(page.stdout, `"a"<b>`) {
		t.Fatalf("sign: got %+v", page)
	}
	file := filepath.Join(t.TempDir(), "form.html")
	write(t, file, page.stdout)
	got := invoke(t, sampleEnvironment(), "explain", file, "--at", sampleAt, "--form", `key=a"<b>/c.png`, "--form", "Content-Type=image/png", "--file-size", "10")
	if got.code != exitDone || !strings.HasPrefix(got.stdout, "HTML form: accepted") || !strings.Contains(got.stdout, "signature: matches") {
		t.Errorf("explain: got %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

func TestSignedCommandSurvivesAShell(t *testing.T) {
	got := invoke(t, sampleEnvironment(), goodSign("--key", `it's "a".png`, "--meta", "note=@`x` 'y' ; <z", "--format", "curl")...)
	if got.code != exitDone {
		t.Fatalf("sign: got %+v", got)
	}
	script := `curl() { for a in "$@"; do printf '%s\n' "$a"; done; }` + "\n" + got.stdout
	out, err := exec.Command("sh", "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"https://media.s3.eu-central-1.amazonaws.com\n", "key=it's \"a\".png\n", "x-amz-meta-note=@`x` 'y' ; <z\n", "file=@FILE\n"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("curl isn't given %q:\n%s", want, out)
		}
	}
}

func TestSignMistakesExitTwoWithOneSentence(t *testing.T) {
	cases := []struct {
		name string
		args []string
		want string
	}{
		{"no bucket", []string{"sign", "--key", "a"}, "--bucket"},
		{"neither key nor prefix", []string{"sign", "--bucket", "media"}, "--key"},
		{"both key and prefix", goodSign("--key", "a", "--key-prefix", "a/"), "can't be used together"},
		{"a prefix without a slash", goodSign("--key-prefix", "users/1"), `wanted a prefix ending in /`},
		{"a size that is none", goodSign("--key", "a", "--size", "big"), `--size "big": wanted a range`},
		{"a size upside down", goodSign("--key", "a", "--size", "2..1"), `--size "2..1": wanted a range`},
		{"an instant that is none", []string{"sign", "--bucket", "media", "--key", "a", "--at", "noon"}, `--at "noon": wanted an instant`},
		{"a key that the visitor chooses", goodSign("--key", "a/${filename}"), "--key-prefix"},
		{"a lifetime in days", goodSign("--key", "a", "--lifetime", "8d"), `--lifetime: wanted a number with a unit (s, m or h) such as 90s, 15m or 168h, got "8d"`},
		{"a lifetime without a unit", goodSign("--key", "a", "--lifetime", "3600"), `got "3600"`},
		{"a lifetime over a week", goodSign("--key", "a", "--lifetime", "169h"), "--lifetime 169h0m0s: wanted at most 168h"},
		{"metadata without a value", goodSign("--key", "a", "--meta", "album"), `--meta "album": wanted NAME=VALUE`},
		{"two conditions in one", goodSign("--key", "a", "--condition", `{"a":"b"},{"c":"d"}`), "--condition"},
		{"a condition that closes the list", goodSign("--key", "a", "--condition", `{"a":"b"}],"x":[{"c":"d"}`), "--condition"},
		{"a dollar", goodSign("--key", "a/$b"), "wanted no $"},
		{"a script as redirect", goodSign("--key", "a", "--redirect", "javascript:alert(1)"), "redirect"},
		{"a status stores don't know", goodSign("--key", "a", "--status", "301"), "wanted 200, 201 or 204"},
		{"an address that is none", goodSign("--key", "a", "--endpoint", "s3.example.com"), `--endpoint "s3.example.com": wanted`},
		{"another dialect", goodSign("--key", "a", "--dialect", "azure"), "--dialect"},
		{"a field of the signature", goodSign("--key", "a", "--field", "x-amz-credential=x"), "x-amz-credential"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := invoke(t, sampleEnvironment(), c.args...)
			if got.code != exitUsage || got.stdout != "" || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, c.want) {
				t.Errorf("want exit code 2 and one line with %q, got %+v", c.want, got)
			}
		})
	}
}

func TestSignNeverPrintsTheSecret(t *testing.T) {
	environment := sampleEnvironment()
	environment["AWS_SESSION_TOKEN"] = sampleToken
	for _, args := range [][]string{
		goodSign("--key", "a", "--format", "json"), goodSign("--key", "a", "--format", "html"), goodSign("--key", "a", "--format", "curl"),
		goodSign("--key", "${x}"), goodSign("--key", "a", "--lifetime", "1000h"), goodSign("--key", "a", "--region", "a/b"),
	} {
		got := invoke(t, environment, args...)
		if strings.Contains(got.stdout+got.stderr, sampleSecret) || strings.Contains(got.stderr, sampleToken) {
			t.Errorf("%v: a secret is in the output", args)
		}
	}
}

func TestSignWithoutCredentialsSaysSoInOneSentence(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true") // the SDK's chain ends with the machine it runs on
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		t.Setenv(name, none)
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		t.Setenv(name, "")
	}
	got := invoke(t, nil, goodSign("--key", "a", "--region", "eu-central-1")...)
	if got.code != exitUsage || got.stdout != "" || !strings.HasPrefix(got.stderr, "postern: no credentials: ") || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestSignMakesAPUTForStoresWithoutForms(t *testing.T) {
	t.Parallel()
	base := []string{"sign", "--bucket", "media", "--key", "a.png", "--region", "auto", "--provider", "r2", "--endpoint", "https://0123abcd.r2.cloudflarestorage.com"}
	cases := []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"for curl", []string{"--format", "curl", "--type", "image/png", "--size", "5..5"}, exitDone, "--header 'content-type: image/png'", "takes no form posts"},
		{"as JSON", []string{"--format", "json"}, exitDone, `"method": "PUT"`, "takes no form posts"},
		{"as a page", nil, exitUsage, "", "--format: r2 takes no form posts (no POST policies), and a presigned PUT isn't a page; use --format curl or json"},
		{"with a range of sizes", []string{"--format", "curl", "--size", "1..10"}, exitUsage, "", "--size"},
		{"with a redirect", []string{"--format", "curl", "--redirect", "https://app.example.com"}, exitUsage, "", "--redirect"},
		{"with a condition", []string{"--format", "curl", "--condition", `["starts-with","$key","a"]`}, exitUsage, "", "--condition"},
	}
	for _, c := range cases {
		got := invoke(t, sampleEnvironment(), append(slices.Clone(base), c.args...)...)
		if got.code != c.code || !strings.Contains(got.stdout, c.stdout) || !strings.Contains(got.stderr, c.stderr) {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
	unknown := invoke(t, sampleEnvironment(), "sign", "--bucket", "media", "--key", "a", "--provider", "floppy")
	if unknown.code != exitUsage || !strings.Contains(unknown.stderr, "--provider") {
		t.Errorf("got %+v", unknown)
	}
}
