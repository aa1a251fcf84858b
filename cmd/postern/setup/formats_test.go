package setup_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/postern-dev/postern/cmd/postern/setup"
	"github.com/postern-dev/postern/handlers/uploads"
)

var update = flag.Bool("update", false, "write the golden files anew")

// rulesOfOthers is a store that has rules of others, and takes none.
type rulesOfOthers struct{ cors, lifecycle string }

func (s rulesOfOthers) Do(r *http.Request) (*http.Response, error) {
	status, text := http.StatusOK, s.cors
	if r.URL.Query().Has("lifecycle") {
		text = s.lifecycle
	}
	if r.Method != http.MethodGet || text == "" || r.URL.Query().Has("versioning") {
		status, text = http.StatusNotFound, "<Error><Code>NoSuchCORSConfiguration</Code></Error>"
		if r.URL.Query().Has("lifecycle") {
			text = "<Error><Code>NoSuchLifecycleConfiguration</Code></Error>"
		}
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

const foreignCORSRules = `<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>`

// foreignLifecycleRules have every action and every filter that the SDK knows.
const foreignLifecycleRules = `<LifecycleConfiguration>
<Rule><ID>old "${style}"</ID><Prefix></Prefix><Status>Enabled</Status><Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration></Rule>
<Rule><ID>tiers</ID><Filter><And><Prefix>logs/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></And></Filter><Status>Enabled</Status>
<Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition><Transition><Days>90</Days><StorageClass>GLACIER</StorageClass></Transition>
<NoncurrentVersionTransition><NoncurrentDays>30</NoncurrentDays><StorageClass>GLACIER</StorageClass></NoncurrentVersionTransition>
<NoncurrentVersionExpiration><NoncurrentDays>60</NoncurrentDays><NewerNoncurrentVersions>3</NewerNoncurrentVersions></NoncurrentVersionExpiration></Rule>
<Rule><ID>one tag</ID><Filter><Tag><Key>x</Key><Value>y</Value></Tag></Filter><Status>Disabled</Status><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule>
<Rule><ID>all parts</ID><Filter/><Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>
</LifecycleConfiguration>`

// providersOfGoldens are the stores by the config file, each for one file in testdata.
var providersOfGoldens = map[string]string{
	"aws": "{provider: aws, region: eu-central-1}", "minio": "{provider: minio, region: us-east-1, endpoint: \"https://store.example.com\"}",
	"ceph": "{provider: ceph, region: default, endpoint: \"https://store.example.com\"}", "versity": "{provider: versity, region: us-east-1, endpoint: \"https://store.example.com\"}",
	"r2": "{provider: r2, endpoint: \"https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com\"}", "b2": "{provider: b2, region: us-west-004}",
	"oss": "{provider: oss, region: cn-hangzhou}", "gcs": "{provider: gcs}", "spaces": "{provider: spaces, region: fra1}",
	"seaweedfs": "{provider: seaweedfs, region: us-east-1, endpoint: \"https://store.example.com\"}", "swift": "{provider: swift, region: us-east-1, endpoint: \"https://store.example.com\"}",
	"other": "{provider: other, region: us-east-1, endpoint: \"https://store.example.com\"}",
}

const goldenProfiles = `
  films:
    bucket: media
    key: "films/{id}{ext}"
    types: [video/mp4]
    size: 1..10GiB
    quarantine: refused/
    checksum: md5
`

// resultOf runs setup for a store in the config's words.
func resultOf(t *testing.T, store, profiles string, there rulesOfOthers) *setup.Result {
	t.Helper()
	file, described := load(t, store, profiles)
	client := s3.New(s3.Options{HTTPClient: there, Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), Region: "eu-central-1"}, described.ClientOptions)
	result, err := setup.Task{File: file, Store: described, Client: client, Config: "postern.yaml"}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	result.Sort()
	return result
}

func TestEachProvidersOutputIsItsGoldenFile(t *testing.T) {
	t.Parallel()
	if missing := len(uploads.ProviderNames()) - len(providersOfGoldens); missing != 0 {
		t.Errorf("%d providers have no golden file", missing)
	}
	for name, store := range providersOfGoldens {
		result := resultOf(t, store, goldenProfiles, rulesOfOthers{})
		got := "== diff\n" + result.Diff() + result.Text() + "== steps\n" + result.Steps("postern.yaml")
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || string(want) != got {
			t.Errorf("%s: wanted what %s has (go test -update writes it anew), got\n%s", name, file, got)
		}
	}
}

// TestTheStepsAreCommandsOfAShellWithValidFiles lets a shell read the steps, and readers of JSON
// the files that they write.
func TestTheStepsAreCommandsOfAShellWithValidFiles(t *testing.T) {
	t.Parallel()
	heredoc := regexp.MustCompile(`(?s)cat > (\S+) <<'EOF'\n(.*?)\nEOF\n`)
	for name, store := range providersOfGoldens {
		steps := resultOf(t, store, goldenProfiles, rulesOfOthers{}).Steps("postern.yaml")
		shell := exec.CommandContext(t.Context(), "sh", "-n")
		shell.Stdin = strings.NewReader(steps)
		if out, err := shell.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s\n%s", name, err, out, steps)
		}
		for _, m := range heredoc.FindAllStringSubmatch(steps, -1) {
			if strings.HasSuffix(m[1], ".json") && !json.Valid([]byte(m[2])) {
				t.Errorf("%s: %s isn't JSON:\n%s", name, m[1], m[2])
			}
		}
	}
}

// TestTheJSONHasAllRulesInTheSDKsTypes decodes what the AWS CLI is given.
func TestTheJSONHasAllRulesInTheSDKsTypes(t *testing.T) {
	t.Parallel()
	result := resultOf(t, awsStore, goldenProfiles, rulesOfOthers{foreignCORSRules, foreignLifecycleRules})
	text, err := json.Marshal(result)
	if err != nil || bytes.Contains(text, []byte("null")) {
		t.Fatalf("%s, %v", text, err)
	}
	var printed struct {
		Buckets []struct {
			Bucket    string
			CORS      types.CORSConfiguration
			Lifecycle types.BucketLifecycleConfiguration
		}
		Findings []any
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&printed); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	bucket := printed.Buckets[0]
	if len(bucket.CORS.CORSRules) != 2 || bucket.CORS.CORSRules[0].AllowedOrigins[0] != "*" || len(bucket.Lifecycle.Rules) != 5 {
		t.Errorf("wanted the rules of others and ours, got %s", text)
	}
	//lint:ignore SA1019 rules were written with it before there were filters, and buckets still have such rules
	if rule := bucket.Lifecycle.Rules[0]; rule.Prefix == nil || *rule.Prefix != "" || rule.Expiration.Date == nil {
		t.Errorf("the old rule lost its empty prefix or its date: %+v", rule)
	}
	if tiers := bucket.Lifecycle.Rules[1]; len(tiers.Transitions) != 2 || tiers.Filter.And == nil || len(tiers.Filter.And.Tags) != 1 {
		t.Errorf("the rule of two tiers is %+v", tiers)
	}
	if !strings.Contains(result.Diff(), "rule \"all parts\" covers abort multipart uploads below \"films/\"") {
		t.Errorf("a rule that covers ours isn't named:\n%s", result.Diff())
	}
}

// terraformNames are the blocks and attributes of two resources of Terraform's AWS provider, as its
// documentation has them ("aws_s3_bucket_cors_configuration" and
// "aws_s3_bucket_lifecycle_configuration").
var terraformNames = map[string]string{
	"aws_s3_bucket_cors_configuration":      "bucket cors_rule",
	"cors_rule":                             "id allowed_headers allowed_methods allowed_origins expose_headers max_age_seconds",
	"aws_s3_bucket_lifecycle_configuration": "bucket rule transition_default_minimum_object_size",
	"rule":                                  "id prefix status filter expiration transition noncurrent_version_expiration noncurrent_version_transition abort_incomplete_multipart_upload",
	"filter":                                "prefix tag and object_size_greater_than object_size_less_than",
	"and":                                   "prefix tags object_size_greater_than object_size_less_than",
	"tag":                                   "key value",
	"expiration":                            "date days expired_object_delete_marker",
	"transition":                            "date days storage_class",
	"noncurrent_version_expiration":         "newer_noncurrent_versions noncurrent_days",
	"noncurrent_version_transition":         "newer_noncurrent_versions noncurrent_days storage_class",
	"abort_incomplete_multipart_upload":     "days_after_initiation",
}

func TestTerraformReadsEveryRule(t *testing.T) {
	t.Parallel()
	text := resultOf(t, awsStore, goldenProfiles, rulesOfOthers{foreignCORSRules, foreignLifecycleRules}).Terraform()
	file, diagnostics := hclsyntax.ParseConfig([]byte(text), "postern.tf", hcl.InitialPos)
	if diagnostics.HasErrors() {
		t.Fatalf("%v\n%s", diagnostics, text)
	}
	rules := 0
	var check func(name string, body *hclsyntax.Body)
	check = func(name string, body *hclsyntax.Body) {
		known := strings.Fields(terraformNames[name])
		for attribute, at := range body.Attributes {
			if value, diagnostics := at.Expr.Value(nil); !slices.Contains(known, attribute) || diagnostics.HasErrors() || value.IsNull() {
				t.Errorf("%s has an attribute %s, %v", name, attribute, diagnostics)
			}
		}
		for _, block := range body.Blocks {
			if !slices.Contains(known, block.Type) {
				t.Errorf("%s has a block %s", name, block.Type)
			}
			check(block.Type, block.Body)
			if strings.HasSuffix(block.Type, "rule") {
				rules++
			}
		}
	}
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		check(block.Labels[0], block.Body)
	}
	if rules != 7 {
		t.Errorf("%d rules, wanted 7:\n%s", rules, text)
	}
	golden := filepath.Join("testdata", "terraform.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != text {
		t.Errorf("wanted what %s has, got\n%s", golden, text)
	}
}
