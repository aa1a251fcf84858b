package explain_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/explain"
	"github.com/postern-dev/postern/policy/sigv4"
)

var update = flag.Bool("update", false, "write the golden texts anew")

// refusal is one file of testdata/refusals: what to explain, under which circumstances, and what
// has to come out.
type refusal struct {
	outcomes []string // "error CODE FIELD", every error there has to be
	report   string   // of testdata/reports: its name
	first    string   // of testdata/reports: "CODE FIELD" of the first finding
	options  explain.Options
	input    string
	text     string
}

// readRefusal reads a header of `name: value` lines, then the input, then the golden text.
func readRefusal(t *testing.T, file string) refusal {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	header, rest, _ := strings.Cut(string(raw), "-- input --\n")
	r := refusal{}
	r.input, r.text, _ = strings.Cut(rest, "-- text --\n")
	for line := range strings.Lines(header) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if !ok {
			t.Fatalf("%s: wanted name: value, got %q", file, line)
		}
		r.set(t, name, value)
	}
	return r
}

func (r *refusal) set(t *testing.T, name, value string) {
	t.Helper()
	var err error
	switch name {
	case "outcome":
		r.outcomes = append(r.outcomes, value)
	case "report":
		r.report = value
	case "first":
		r.first = value
	case "now":
		r.options.Now, err = time.Parse(time.RFC3339, value)
	case "size":
		var size int64
		size, err = strconv.ParseInt(value, 10, 64)
		r.options.Size = &size
	case "form":
		field, text, _ := strings.Cut(value, "=")
		r.options.Form = append(r.options.Form, policy.Field{Name: field, Value: text})
	case "secret":
		r.options.Secret = func(string) (sigv4.Secret, bool) { return sigv4.Secret(value), true }
	default:
		t.Fatalf("unknown header %q", name)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func refusals(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/refusals/*.txt")
	if err != nil || len(files) < 40 {
		t.Fatalf("wanted at least 40 refusals, got %d, %v", len(files), err)
	}
	return files
}

func TestExplainNamesTheCauseOfEveryRefusal(t *testing.T) {
	t.Parallel()
	for _, file := range refusals(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			r := readRefusal(t, file)
			report, err := explain.Explain(r.input, r.options)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				rewrite(t, file, report.Text())
			} else if got := report.Text(); got != r.text {
				t.Errorf("wanted\n%s\ngot\n%s", r.text, got)
			}
			requireFirst(t, r.outcomes[0], report)
			compareOutcomes(t, r.outcomes, report)
		})
	}
}

// requireFirst requires that the first finding is the first outcome of the file.
func requireFirst(t *testing.T, want string, report explain.Report) {
	t.Helper()
	first := report.Findings[0]
	if got := strings.TrimSpace(string(first.Severity) + " " + first.Code + " " + first.Field); got != want || first.Follows != "" {
		t.Errorf("the first finding: wanted %q, got %q, which follows from %q", want, got, first.Follows)
	}
}

func compareOutcomes(t *testing.T, wanted []string, report explain.Report) {
	t.Helper()
	var got []string
	for _, f := range report.Findings {
		if f.Severity == explain.Error {
			got = append(got, strings.TrimSpace("error "+f.Code+" "+f.Field))
		}
	}
	slices.Sort(got)
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) || report.Accepted {
		t.Errorf("wanted refused for %q, got accepted %v, %q", wanted, report.Accepted, got)
	}
}

func rewrite(t *testing.T, file, text string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(raw), "-- text --\n")
	if err := os.WriteFile(file, []byte(head+"-- text --\n"+text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// explained yields each refusal's file with the report on it.
func explained(t *testing.T) iter.Seq2[string, explain.Report] {
	t.Helper()
	return func(yield func(string, explain.Report) bool) {
		for _, file := range refusals(t) {
			r := readRefusal(t, file)
			report, err := explain.Explain(r.input, r.options)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if !yield(file, report) {
				return
			}
		}
	}
}

func TestEveryRefusalHasAFixAndASummary(t *testing.T) {
	t.Parallel()
	for file, report := range explained(t) {
		for _, f := range report.Findings {
			if f.Fix == "" || f.Summary() == "" || strings.Contains(f.Fix, "{field}") || strings.Contains(f.Fix, "{wanted}") || strings.Contains(f.Fix, "{got}") {
				t.Errorf("%s: %s: wanted a fix and a summary, got %q and %q", file, f.Code, f.Fix, f.Summary())
			}
		}
	}
}

func TestExplainKeepsSecretsToItself(t *testing.T) {
	t.Parallel()
	for file, report := range explained(t) {
		out, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"9f1c6a7e", "IQoJb3JpZ2lu", "wJalrXUtnFEMI"} {
			if strings.Contains(report.Text(), secret) || strings.Contains(string(out), secret) {
				t.Errorf("%s: a signature, token or secret is in the report", file)
			}
		}
	}
}

func TestASignatureInAnAddressIsNotRepeated(t *testing.T) {
	t.Parallel()
	const policyText = "eyJleHBpcmF0aW9uIjoiMjAyNi0xMS0yMVQxMzowMDowMFoiLCJjb25kaXRpb25zIjpbXX0="
	for _, scheme := range []string{"https", "ftp"} {
		for _, form := range []string{
			"curl -F policy=" + policyText + " -F file=@a '" + scheme + "://media.example/a?X-Amz-Signature=9f1c6a7e'",
			`<form method="post" action="` + scheme + `://media.example/a?X-Amz-Signature=9f1c6a7e"><input name="policy" value="` + policyText + `"></form>`,
		} {
			report, err := explain.Explain(form, explain.Options{})
			if err != nil || strings.Contains(report.Text(), "9f1c6a7e") || !strings.Contains(report.Text(), "media.example") {
				t.Errorf("%s: got %v\n%s", form, err, report.Text())
			}
		}
	}
}

func TestReportAsJSONHasTheMembersProgramsRead(t *testing.T) {
	t.Parallel()
	report, err := explain.Explain("<Error><Code>EntityTooLarge</Code><Message>m</Message><MaxSizeAllowed>10</MaxSizeAllowed><ProposedSize>11</ProposedSize></Error>", explain.Options{Now: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(report)
	want := `{"accepted":false,"findings":[{"code":"size_too_large","severity":"error","field":"file","condition":"",` +
		`"wanted":"at most 10 bytes","got":"11 bytes","fix":"choose a smaller file, or sign a larger size range; a file over 5 GiB needs a multipart upload","follows":""}]}`
	if err != nil || string(got) != want {
		t.Errorf("wanted %s\ngot   %s, %v", want, got, err)
	}
}

func TestExplainReadsAnswersOfTheJSONAPI(t *testing.T) {
	t.Parallel()
	const address = "https://media.example/a?X-Amz-Signature=00"
	cases := []struct {
		name, text string
		want       explain.Kind
	}{
		{"a form", `{"id":"1","method":"post","post":{"url":"https://media.example","fields":[{"name":"key","value":"a"}]}}`, explain.KindForm},
		{"a PUT", `{"id":"1","method":"put","put":{"url":"` + address + `","headers":{}}}`, explain.KindURL},
		{"parts", `{"expires":"2026-11-21T13:00:00Z","parts":[{"number":1,"url":"` + address + `","size":5}]}`, explain.KindURL},
		{"a command with a form", `curl 'https://media.example' --form-string 'key=a' -F file=@a`, explain.KindCommand},
		{"a command that puts a file to a presigned URL", `curl -T a.png '` + address + `'`, explain.KindURL},
		{"a command that puts a body to a presigned URL", `curl -X PUT --data-binary @a.png '` + address + `'`, explain.KindURL},
		{"a command that puts a form", `curl -X PUT -F file=@a.png '` + address + `'`, explain.KindURL},
		{"fields as an object", `{"url":"https://media.example","fields":{"key":"a"}}`, explain.KindForm},
		{"fields as the SDK for Go names them", `{"URL":"https://media.example","Values":{"key":"a"}}`, explain.KindForm},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			report, err := explain.Explain(c.text, explain.Options{})
			if err != nil || report.Kind != c.want || report.Accepted {
				t.Errorf("wanted %q, refused, got %q, %v, %v", c.want, report.Kind, report.Findings, err)
			}
		})
	}
}

func TestExplainRefusesWhatHoldsNothingToExplain(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text string
		want       error
	}{
		{"nothing", "", explain.ErrUnrecognised},
		{"a sentence", "why doesn't it work?", explain.ErrUnrecognised},
		{"a sentence about curl", "curl says: refused.", explain.ErrUnrecognised},
		{"a page without a form", "<p>hello</p>", explain.ErrUnrecognised},
		{"base64 of a text", base64.StdEncoding.EncodeToString([]byte("Hello, this is a text that somebody encoded.")), explain.ErrUnrecognised},
		{"a private key", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----", explain.ErrUnrecognised},
		{"any JSON", `{"name": "app", "version": "1.0.0", "dependencies": {"react": "^18"}}`, explain.ErrUnrecognised},
		{"JSON with a member policy", `{"policy": "strict", "key": "abc", "file": "x"}`, explain.ErrUnrecognised},
		{"a policy of IAM", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": "*"}]}`, explain.ErrUnrecognised},
		{"an error of another API", `{"error": {"code": "card_declined", "message": "Your card was declined."}}`, explain.ErrUnrecognised},
		{"an error of another service", "An error occurred (ThrottlingException) when calling the Invoke operation: Rate exceeded", explain.ErrUnrecognised},
		{"an address of a page", "https://www.example.com/search?q=cats&page=2", explain.ErrUnrecognised},
		{"a request to another API", "fetch('https://api.example.com/me', {headers: {Authorization: 'Bearer a'}})", explain.ErrUnrecognised},
		{"a command for another API", `curl -X POST https://api.example.com/login -H 'Content-Type: application/json' -d '{"user":"a"}'`, explain.ErrUnrecognised},
		{"a form to log in", `<form action="/login" method="post"><input name="email"><input type="password" name="password"></form>`, explain.ErrUnrecognised},
		{"a form with a token of Qiniu", `<form action="https://up-z0.qiniup.com/" method="POST"><input name="token" value="a:b:c"><input name="key" value="a"><input type="file" name="file"></form>`, explain.ErrUnrecognised},
		{"more than a mebibyte", strings.Repeat("a", explain.MaxInput+1), explain.ErrTooLarge},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			report, err := explain.Explain(c.text, explain.Options{})
			if !errors.Is(err, c.want) || report.Kind != "" {
				t.Errorf("wanted %v, got %v and %q", c.want, err, report.Kind)
			}
		})
	}
}
