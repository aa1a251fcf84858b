package explain_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/explain"
)

// everyInput lists the goldens and the reports.
func everyInput(t *testing.T) []string {
	t.Helper()
	reports, err := filepath.Glob("testdata/reports/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(refusals(t), reports)
}

func TestTheFirstLineSaysTheCauseAndWhatToChange(t *testing.T) {
	t.Parallel()
	for _, file := range everyInput(t) {
		r := readRefusal(t, file)
		report, err := explain.Explain(r.input, r.options)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		line, _, _ := strings.Cut(report.Text(), "\n")
		first := report.Findings[0]
		for _, part := range []string{first.Code, first.Field, first.Summary(), first.Fix} {
			if !report.Accepted && !strings.Contains(line, part) {
				t.Errorf("%s: wanted %q in the first line, got %q", file, part, line)
			}
		}
		if strings.Contains(line, "{") && strings.Contains(line, "}") && (strings.Contains(line, "{field}") || strings.Contains(line, "{wanted}") || strings.Contains(line, "{got}")) {
			t.Errorf("%s: a placeholder in %q", file, line)
		}
	}
}

// TestWhatFollowsFromACauseStandsBelowIt requires that a finding that follows from another comes
// behind it and is indented, and that no cause follows from itself.
func TestWhatFollowsFromACauseStandsBelowIt(t *testing.T) {
	t.Parallel()
	folded := 0
	for _, file := range everyInput(t) {
		r := readRefusal(t, file)
		report, err := explain.Explain(r.input, r.options)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		seen := map[string]bool{}
		for _, f := range report.Findings {
			if f.Follows != "" {
				folded++
				if !seen[f.Follows] && !slices.ContainsFunc(report.Findings, func(other explain.Finding) bool { return other.Code == f.Follows && other.Follows != "" }) {
					t.Errorf("%s: %s stands before %s, which it follows from", file, f.Code, f.Follows)
				}
				if !strings.Contains(report.Text(), "\n    "+string(f.Severity)+" "+f.Code) {
					t.Errorf("%s: %s isn't indented:\n%s", file, f.Code, report.Text())
				}
			}
			seen[f.Code] = true
		}
	}
	if folded < 5 {
		t.Errorf("only %d findings follow from another", folded)
	}
}

func TestAFormWithTheFileFirstHasOneCause(t *testing.T) {
	t.Parallel()
	const page = `<form method="post" enctype="multipart/form-data" action="https://media.example/media"><input type="file" name="file"><input name="key" value="a"><input name="policy" value="` + emptyPolicy + `"></form>`
	report, err := explain.Explain(page, explain.Options{Now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	if first := report.Findings[0]; first.Code != "file_first" {
		t.Errorf("wanted file_first, got %s", first.Code)
	}
	for _, f := range report.Findings {
		if f.Code == "field_after_file" && f.Follows != "file_first" || f.Code == "policy_missing" {
			t.Errorf("wanted what stands behind the file to be read and to follow from file_first, got %s from %q", f.Code, f.Follows)
		}
	}
}

func TestWhatToChangeIsSaidInCodeOfTheLibraryThatMadeTheRequest(t *testing.T) {
	t.Parallel()
	canonical := func(agent string) string {
		return "<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>PUT\n/a\nX-Amz-Algorithm=AWS4-HMAC-SHA256&amp;X-Amz-SignedHeaders=content-type%3Bhost%3Buser-agent\ncontent-type:application/x-www-form-urlencoded\nhost:media.example\nx-amz-user-agent:" + agent + "\n\ncontent-type;host;x-amz-user-agent\nUNSIGNED-PAYLOAD</CanonicalRequest></Error>"
	}
	cases := []struct{ name, text, want string }{
		{"a line of the AWS CLI or boto3", "An error occurred (InvalidArgument) when calling the PutObject operation: Unsupported header 'x-amz-checksum-crc32' received for this API call.", `request_checksum_calculation="when_required"`},
		{"an exception of the SDK for JavaScript", `{"name":"InvalidArgument","$fault":"client","$metadata":{"httpStatusCode":400},"Code":"InvalidArgument","message":"Unsupported header 'x-amz-checksum-crc32' received for this API call."}`, `requestChecksumCalculation: "WHEN_REQUIRED"`},
		{"an exception of the SDK for Go", "operation error S3: PutObject, https response error StatusCode: 400, RequestID: r, HostID: h, api error AuthorizationHeaderMalformed: The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'", `config.WithRegion("eu-west-1")`},
		{"a header of the SDK for JavaScript", canonical("aws-sdk-js/3.600.0"), `new PutObjectCommand`},
		{"a browser's User-Agent", canonical("Mozilla/5.0"), `fetch(url`},
		{"nothing", "<Error><Code>InvalidRequest</Code><Message>Please use AWS4-HMAC-SHA256.</Message></Error>", "sign with version 4 (AWS4-HMAC-SHA256)"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			report, err := explain.Explain(c.text, explain.Options{})
			if err != nil || !strings.Contains(report.Findings[0].Fix, c.want) {
				t.Errorf("wanted %q, got %+v, %v", c.want, report.Findings, err)
			}
		})
	}
}
