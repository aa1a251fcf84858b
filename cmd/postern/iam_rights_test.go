package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// iamConfig writes a config whose store section and profiles a test gives.
func iamConfig(t *testing.T, store, profiles string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, "public_url: https://uploads.example.com\nkeys: {tokens: [\"env:TOKEN_KEY\"]}\ntickets: {secret: \"env:TICKET_KEY\"}\nstore: {"+store+"}\n"+profiles)
	return name
}

const (
	awsStore   = "provider: aws, region: eu-central-1"
	separate   = `, upload_credentials: {access_key_id: "env:UP_ID", secret_access_key: "env:UP_SECRET"}`
	oneProfile = "profiles:\n  p: {bucket: media, key: \"in/{subject}/{id}{ext}\", types: [\"*/*\"], size: 1..1MiB"
)

// TestRightsFollowFromTheConfig judges single requests by single documents.
func TestRightsFollowFromTheConfig(t *testing.T) {
	t.Parallel()
	object, bucket := "arn:aws:s3:::media/in/a", "arn:aws:s3:::media"
	key := func(of string) string { return "arn:aws:kms:eu-central-1:123456789012:key/" + of }
	role := "\nscoped_credentials: {role_arn: \"arn:aws:iam::123456789012:role/scoped\"}"
	byS3 := map[string]string{"kms:ViaService": "s3.eu-central-1.amazonaws.com"}
	for _, c := range []struct {
		name, store, profile, document string
		request                        storeRequest
		want                           bool
	}{
		{"an ACL that the profile has", awsStore + separate, `, acl: public-read}`, "uploads", storeRequest{"s3:PutObjectAcl", object, nil}, true},
		{"an ACL that it doesn't have", awsStore + separate, `}`, "uploads", storeRequest{"s3:PutObjectAcl", object, nil}, false},
		{"an ACL at a store that obeys unsigned ones", `provider: ceph, region: us-east-1, endpoint: "https://s3.example.com"` + separate, `}`, "uploads", storeRequest{"s3:PutObjectAcl", object, nil}, true},
		{"reading that ACL", `provider: ceph, region: us-east-1, endpoint: "https://s3.example.com"` + separate, `}`, "server", storeRequest{"s3:GetObjectAcl", object, nil}, true},
		{"tags that the profile has", awsStore + separate, `, tags: {a: b}}`, "uploads", storeRequest{"s3:PutObjectTagging", object, nil}, true},
		{"tags that it doesn't have", awsStore + separate, `}`, "uploads", storeRequest{"s3:PutObjectTagging", object, nil}, false},
		{"reading by upload credentials", awsStore + separate, `, download: {lifetime: 5m}}`, "uploads", storeRequest{"s3:GetObject", object, nil}, false},
		{"parts where no file is so large", awsStore + separate, `}`, "server", storeRequest{"s3:AbortMultipartUpload", object, nil}, false},
		{"a version of a link", awsStore, `, download: {lifetime: 5m}}`, "server", storeRequest{"s3:GetObjectVersion", object, nil}, true},
		{"a version without links", awsStore, `}`, "server", storeRequest{"s3:GetObjectVersion", object, nil}, false},
		{"a KMS key by its ARN", awsStore, `, encryption: {mode: "aws:kms", key_id: "` + key("1") + `"}}`, "server", storeRequest{"kms:GenerateDataKey", key("1"), byS3}, true},
		{"a KMS key by its ID", awsStore + separate, `, encryption: {mode: "aws:kms", key_id: "1"}}`, "uploads", storeRequest{"kms:Decrypt", key("1"), byS3}, true},
		{"another KMS key", awsStore, `, encryption: {mode: "aws:kms", key_id: "1"}}`, "server", storeRequest{"kms:Decrypt", key("2"), byS3}, false},
		{"a KMS key not by S3", awsStore, `, encryption: {mode: "aws:kms", key_id: "1"}}`, "server", storeRequest{"kms:Decrypt", key("1"), nil}, false},
		{"a KMS key by its alias", awsStore, `, encryption: {mode: "aws:kms", key_id: "alias/a"}}`, "server", storeRequest{"kms:Decrypt", key("1"), map[string]string{"kms:ViaService": "s3.eu-central-1.amazonaws.com", "kms:ResourceAliases": "alias/a"}}, true},
		{"a key of another alias", awsStore, `, encryption: {mode: "aws:kms", key_id: "alias/a"}}`, "server", storeRequest{"kms:Decrypt", key("1"), map[string]string{"kms:ViaService": "s3.eu-central-1.amazonaws.com", "kms:ResourceAliases": "alias/b"}}, false},
		{"China", "provider: aws, region: cn-north-1", `}`, "server", storeRequest{"s3:GetObject", "arn:aws-cn:s3:::media/in/a", nil}, true},
		{"a KMS key in China", "provider: aws, region: cn-north-1", `, encryption: {mode: "aws:kms", key_id: "1"}}`, "server", storeRequest{"kms:Decrypt", "arn:aws-cn:kms:cn-north-1:1:key/1", map[string]string{"kms:ViaService": "s3.cn-north-1.amazonaws.com.cn"}}, true},
		{"GovCloud", "provider: aws, region: us-gov-west-1", `}`, "server", storeRequest{"s3:ListBucket", "arn:aws-us-gov:s3:::media", nil}, true},
		{"a role that makes scoped credentials", awsStore, `, scoped_credentials: true}` + role, "server", storeRequest{"sts:AssumeRole", "arn:aws:iam::123456789012:role/scoped", nil}, true},
		{"a role that no profile uses", awsStore, `}` + role, "server", storeRequest{"sts:AssumeRole", "arn:aws:iam::123456789012:role/scoped", nil}, false},
		{"unfinished uploads below the prefix", awsStore, `}`, "operator", storeRequest{"s3:ListBucketMultipartUploads", bucket, map[string]string{"s3:prefix": "in/"}}, true},
		{"unfinished uploads elsewhere", awsStore, `}`, "operator", storeRequest{"s3:ListBucketMultipartUploads", bucket, map[string]string{"s3:prefix": "out/"}}, false},
		{"unfinished uploads of the whole bucket", awsStore, `}`, "operator", storeRequest{"s3:ListBucketMultipartUploads", bucket, nil}, false},
		{"unfinished uploads by a server that sweeps", awsStore, "}\nsweep: {every: 24h, older: 8d}", "server", storeRequest{"s3:ListBucketMultipartUploads", bucket, map[string]string{"s3:prefix": "in/"}}, true},
		{"their end by a server that sweeps", awsStore, "}\nsweep: {every: 24h, older: 8d}", "server", storeRequest{"s3:AbortMultipartUpload", object, nil}, true},
		{"unfinished uploads by a server that doesn't", awsStore, `}`, "server", storeRequest{"s3:ListBucketMultipartUploads", bucket, map[string]string{"s3:prefix": "in/"}}, false},
		{"CORS rules by the server", awsStore, `}`, "server", storeRequest{"s3:PutBucketCORS", bucket, nil}, false},
		{"CORS rules by the operator", awsStore, `}`, "operator", storeRequest{"s3:PutBucketCORS", bucket, nil}, true},
		{"objects by the operator", awsStore, `}`, "operator", storeRequest{"s3:GetObject", object, nil}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config := iamConfig(t, c.store, oneProfile+c.profile)
			if strings.HasPrefix(c.request.action, "kms:") && strings.Contains(c.request.resource, ":123456789012:") {
				config = iamConfig(t, c.store, oneProfile+strings.TrimSuffix(c.profile, "}")+", scoped_credentials: true}"+role) // which names the account
			}
			if got := allows(t, c.request, iamDocuments(t, config)[c.document]); got != c.want {
				t.Errorf("%s: want %v, got %v", c.request, c.want, got)
			}
		})
	}
}

// TestTheBucketsPolicyDeniesWhatMustNotBe judges what an identity of the account with every right,
// and somebody who isn't signed in, may do.
func TestTheBucketsPolicyDeniesWhatMustNotBe(t *testing.T) {
	t.Parallel()
	config := iamConfig(t, awsStore, `profiles:
  shown: {bucket: media, key: "shown/{id}{ext}", types: ["*/*"], size: 1..1MiB}
  hidden: {bucket: media, key: "hidden/{id}{ext}", types: ["*/*"], size: 1..1MiB, quarantine: refused/}
  open: {bucket: media, key: "open/{id}{ext}", types: ["*/*"], size: 1..1MiB, acl: public-read}
`)
	var everything policyDocument
	if err := json.Unmarshal([]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}]}`), &everything); err != nil {
		t.Fatal(err)
	}
	asked, unasked := iamDocuments(t, config, "--public-read", "shown")["bucket-media"], iamDocuments(t, config)["bucket-media"]
	signed := map[string]string{"aws:SecureTransport": "true", "aws:PrincipalType": "User"}
	anonymous := map[string]string{"aws:SecureTransport": "true", "aws:PrincipalType": "Anonymous"}
	plain := map[string]string{"aws:SecureTransport": "false", "aws:PrincipalType": "User"}
	public := map[string]string{"aws:SecureTransport": "true", "aws:PrincipalType": "User", "s3:x-amz-acl": "public-read"}
	for _, c := range []struct {
		name    string
		request storeRequest
		own     []policyDocument
		want    bool
	}{
		{"a signed upload", storeRequest{"s3:PutObject", "arn:aws:s3:::media/hidden/a", signed}, []policyDocument{everything, asked}, true},
		{"the same without TLS", storeRequest{"s3:PutObject", "arn:aws:s3:::media/hidden/a", plain}, []policyDocument{everything, asked}, false},
		{"a public ACL where none is planned", storeRequest{"s3:PutObject", "arn:aws:s3:::media/hidden/a", public}, []policyDocument{everything, asked}, false},
		{"a public ACL where it is planned", storeRequest{"s3:PutObject", "arn:aws:s3:::media/open/a", public}, []policyDocument{everything, asked}, true},
		{"anybody reads what is shown", storeRequest{"s3:GetObject", "arn:aws:s3:::media/shown/a", anonymous}, []policyDocument{asked}, true},
		{"anybody reads it, unasked", storeRequest{"s3:GetObject", "arn:aws:s3:::media/shown/a", anonymous}, []policyDocument{unasked}, false},
		{"anybody reads another prefix", storeRequest{"s3:GetObject", "arn:aws:s3:::media/hidden/a", anonymous}, []policyDocument{asked}, false},
		{"anybody lists", storeRequest{"s3:ListBucket", "arn:aws:s3:::media", anonymous}, []policyDocument{asked}, false},
		{"anybody reads the quarantine, even where all is public", storeRequest{"s3:GetObject", "arn:aws:s3:::media/refused/hidden/a", anonymous}, []policyDocument{everything, asked}, false},
	} {
		if got := allows(t, c.request, c.own...); got != c.want {
			t.Errorf("%s: want %v, got %v", c.name, c.want, got)
		}
	}
}

func TestARoleIsTrustedByTheServerAlone(t *testing.T) {
	t.Parallel()
	config := iamConfig(t, awsStore, oneProfile+", scoped_credentials: true}\nscoped_credentials: {role_arn: \"arn:aws:iam::123456789012:role/scoped\", external_id: shop}")
	for flag, want := range map[string]string{"": "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/postern": "arn:aws:iam::123456789012:role/postern"} {
		var flags []string
		if flag != "" {
			flags = []string{"--principal", flag}
		}
		s := iamDocuments(t, config, flags...)["scoped-trust"].Statement
		if len(s) != 1 || !reflect.DeepEqual(s[0].Principal, map[string]any{"AWS": []any{want}}) || s[0].Resource != nil ||
			!reflect.DeepEqual(s[0].Condition, map[string]map[string][]string{"StringEquals": {"sts:ExternalId": {"shop"}}}) {
			t.Errorf("principal %q: got %+v", flag, s)
		}
	}
}

func TestPoliciesOfAliyunNameItsOwnActionsAndResources(t *testing.T) {
	t.Parallel()
	config := iamConfig(t, "provider: oss, region: cn-hangzhou"+separate, strings.Replace(oneProfile, "1..1MiB", "1..1GiB", 1)+
		", tags: {a: b}, scoped_credentials: true, download: {lifetime: 5m}, encryption: {mode: \"aws:kms\", key_id: \"k\"}}\nscoped_credentials: {role_arn: \"acs:ram::1:role/up\", external_id: shop}")
	got := invoke(t, nil, "iam", "--config", config)
	for _, want := range []string{`"Version": "1"`, `"oss:ListObjects"`, `"oss:ListParts"`, `"acs:oss:*:*:media/in/*"`, `"acs:kms:cn-hangzhou:*:key/k"`, `"RAM": [`, `"acs:ram::1:root"`, `"acs:SecureTransport"`, `"oss:PutObjectVersionTagging"`} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("want %s", want)
		}
	}
	for _, foreign := range []string{"s3:", "arn:", "aws:", "Sid", "null"} {
		if strings.Contains(got.stdout, `"`+foreign) || got.code != exitDone {
			t.Errorf("want nothing of AWS, got %s in %+v", foreign, got)
		}
	}
}

// The reader is Terraform's own; jsonencode is what Terraform has by that name.
func TestTerraformReadsThePoliciesAsTheyAre(t *testing.T) {
	t.Parallel()
	config := iamConfig(t, awsStore+`, upload_credentials: {role_arn: "arn:aws:iam::123456789012:role/a/b/uploads"}`,
		oneProfile+", scoped_credentials: true, quarantine: refused/}\nscoped_credentials: {role_arn: \"arn:aws:iam::123456789012:role/scoped\", external_id: \"${a}%{b}\"}")
	printed := invoke(t, nil, "iam", "--config", config, "--format", "terraform", "--public-read", "p")
	file, diagnostics := hclsyntax.ParseConfig([]byte(printed.stdout), "postern.tf", hcl.InitialPos)
	if diagnostics.HasErrors() || printed.code != exitDone {
		t.Fatalf("%v\n%+v", diagnostics, printed)
	}
	scope := &hcl.EvalContext{Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc}, Variables: map[string]cty.Value{}}
	roles := map[string]cty.Value{}
	for _, b := range file.Body.(*hclsyntax.Body).Blocks {
		if b.Type == "resource" && b.Labels[0] == "aws_iam_role" {
			roles[b.Labels[1]] = cty.ObjectVal(map[string]cty.Value{"id": cty.StringVal(b.Labels[1])})
		}
	}
	scope.Variables["aws_iam_role"] = cty.ObjectVal(roles)
	found := map[string]string{} // by resource and attribute
	for _, b := range file.Body.(*hclsyntax.Body).Blocks {
		for name, attribute := range b.Body.Attributes {
			value, diagnostics := attribute.Expr.Value(scope)
			if diagnostics.HasErrors() {
				t.Fatal(diagnostics)
			}
			found[strings.Join(b.Labels, ".")+"."+name] = value.AsString()
		}
	}
	documents := iamDocuments(t, config, "--public-read", "p")
	for at, document := range map[string]string{
		"aws_iam_policy.postern_server.policy": "server", "aws_iam_policy.postern_operator.policy": "operator",
		"aws_iam_role.postern_uploads.assume_role_policy": "uploads-trust", "aws_iam_role_policy.postern_uploads.policy": "uploads",
		"aws_iam_role.postern_scoped.assume_role_policy": "scoped-trust", "aws_iam_role_policy.postern_scoped.policy": "scoped",
		"aws_s3_bucket_policy.postern_bucket_media.policy": "bucket-media",
	} {
		var got policyDocument
		if err := json.Unmarshal([]byte(found[at]), &got); err != nil || fmt.Sprint(withoutSpace(t, got)) != fmt.Sprint(withoutSpace(t, documents[document])) {
			t.Errorf("%s: %v: got %s", at, err, found[at])
		}
	}
	for at, want := range map[string]string{"aws_iam_role.postern_uploads.name": "uploads", "aws_iam_role.postern_uploads.path": "/a/b/", "aws_iam_role.postern_scoped.path": "/",
		"aws_s3_bucket_policy.postern_bucket_media.bucket": "media", "aws_iam_role_policy.postern_scoped.role": "postern_scoped"} {
		if found[at] != want {
			t.Errorf("%s: want %q, got %q", at, want, found[at])
		}
	}
}

// withoutSpace encodes a policy anew, so that two can be compared.
func withoutSpace(t *testing.T, p policyDocument) string {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestIAMSaysWhatAnOperatorHasToKnow(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	many.WriteString("profiles:\n")
	for n := range 150 {
		fmt.Fprintf(&many, "  p%d: {bucket: a-bucket-with-a-long-name-%d, key: \"a/folder/with/a/long/name/%d/{id}{ext}\", types: [\"*/*\"], size: 1..1MiB}\n", n, n, n)
	}
	for _, c := range []struct {
		name, store, profiles string
		flags                 []string
		code                  int
		want                  []string // in what is printed
	}{
		{"a key that begins with a placeholder", awsStore, strings.Replace(oneProfile, "in/", "", 1) + "}", nil, exitDone,
			[]string{"(whole_bucket)", `begin the key with a folder: profiles.p.key: "uploads/{subject}/{id}{ext}"`, `"arn:aws:s3:::media/*"`}},
		{"no upload credentials", awsStore, oneProfile + "}", nil, exitDone, []string{"(shared_credentials)", "set store.upload_credentials"}},
		{"policies that are too long", awsStore, many.String(), nil, exitFailed, []string{"(policy_too_long)", "at most 6144 are taken"}},
		{"a store without policies", "provider: r2, endpoint: \"https://a.r2.cloudflarestorage.com\"", oneProfile + "}", nil, exitDone, []string{"(no_policies)", "Object Read & Write"}},
		{"a store with bucket policies alone", "provider: versity, region: us-east-1, endpoint: \"https://s3.example.com\"", oneProfile + "}", nil, exitDone, []string{"(bucket_policies_only)"}},
		{"one document", awsStore + separate, oneProfile + "}", []string{"--document", "uploads"}, exitDone, []string{"{\n  \"Version\": \"2012-10-17\""}},
		{"a document that there isn't", awsStore, oneProfile + "}", []string{"--document", "scoped"}, exitUsage, []string{`--document "scoped": `, "has server, operator, bucket-media"}},
		{"RAM for AWS", awsStore, oneProfile + "}", []string{"--format", "ram"}, exitUsage, []string{"wanted aws or terraform"}},
		{"Terraform for OSS", "provider: oss, region: cn-hangzhou", oneProfile + "}", []string{"--format", "terraform"}, exitUsage, []string{"wanted ram"}},
		{"an unknown format", awsStore, oneProfile + "}", []string{"--format", "cloudformation"}, exitUsage, []string{"--format must be one of"}},
		{"a profile that there isn't, public", awsStore, oneProfile + "}", []string{"--public-read", "q"}, exitUsage, []string{`the config has no profile "q"`}},
		{"a principal that is none", awsStore, oneProfile + "}", []string{"--principal", "root"}, exitUsage, []string{`principal "root": wanted an ARN`}},
		{"a quarantine that would be public", awsStore, strings.Replace(oneProfile, "in/", "", 1) + "}\n  q: {bucket: media, key: \"q/{id}{ext}\", types: [\"*/*\"], size: 1..1MiB, quarantine: refused/}", []string{"--public-read", "p"}, exitUsage,
			[]string{`everybody could read what profile "q" has in quarantine`}},
		{"a mistake in the config", awsStore, oneProfile + ", sise: 1}", nil, exitUsage, []string{`unknown key "sise"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := invoke(t, nil, append([]string{"iam", "--config", iamConfig(t, c.store, c.profiles)}, c.flags...)...)
			if got.code != c.code || c.code == exitUsage && got.stdout != "" {
				t.Errorf("want exit code %d, got %+v", c.code, got)
			}
			for _, want := range c.want {
				if !strings.Contains(got.stdout+got.stderr, want) {
					t.Errorf("want %q in %+v", want, got)
				}
			}
		})
	}
}

// The limits of AWS hold for what is printed of a config with every key.
func TestPoliciesOfAConfigWithEveryKeyAreFarBelowTheLimits(t *testing.T) {
	t.Parallel()
	got := invoke(t, nil, "iam", "--config", "config/testdata/good.yaml", "--json")
	var printed struct {
		Documents []struct {
			Name   string
			Policy json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(got.stdout), &printed); err != nil || len(printed.Documents) < 3 {
		t.Fatalf("%v, %+v", err, got)
	}
	for _, d := range printed.Documents {
		text, err := json.Marshal(d.Policy) // compact
		if limit := map[bool]int{true: 2048, false: 6144}[strings.HasSuffix(d.Name, "-trust")]; err != nil || len(text) > limit/2 {
			t.Errorf("%s has %d characters of %d, %v", d.Name, len(text), limit, err)
		}
	}
}
