package policy_test

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// vector is what another implementation signs.
type vector struct {
	ID     string
	Kind   string
	Now    time.Time
	Inputs struct {
		AccessKey    string `json:"access_key"`
		SecretKey    string `json:"secret_key"`
		SessionToken string `json:"session_token"`
		ClientEmail  string `json:"client_email"`
		Region       string
		ExpiresIn    int               `json:"expires_in"`
		Headers      map[string]string `json:"signed_headers"`
	}
	Expected struct {
		URL       string
		Method    string
		Signature string
		Canonical string `json:"canonical_request"`
		Fields    map[string]string
		Policy    string `json:"policy_base64"`
	}
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) != 56 {
		t.Fatalf("got %d vectors, wanted 56", len(file.Vectors))
	}
	return file.Vectors
}

func (v vector) signer(t *testing.T) *sigv4.Signer {
	t.Helper()
	c := sigv4.Credentials{AccessKeyID: v.Inputs.AccessKey, SecretAccessKey: sigv4.Secret(v.Inputs.SecretKey), SessionToken: sigv4.Secret(v.Inputs.SessionToken)}
	dialect := sigv4.AWS
	switch v.Kind {
	case "oss4-post-policy":
		dialect = sigv4.OSS
	case "gcs-post-policy":
		dialect, c.AccessKeyID, c.PrivateKey = sigv4.GCSRSA, v.Inputs.ClientEmail, readKey(t)
	}
	s, err := sigv4.NewSigner(dialect, v.Inputs.Region, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// readKey returns the key of Google's public dummy service account.
func readKey(t testing.TB) crypto.Signer {
	t.Helper()
	text, err := os.ReadFile("testdata/gcs-test-key.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(crypto.Signer)
}

func TestVectorSignatures(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t) {
		if v.Kind == "s3-presigned-url" {
			continue
		}
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			key := v.signer(t).SigningKey(v.Now)
			got, err := key.AppendSignature(nil, []byte(v.Expected.Policy))
			if err != nil || string(got) != v.Expected.Signature {
				t.Errorf("got signature %s, %v, wanted %s", got, err, v.Expected.Signature)
			}
			if err := key.Verify([]byte(v.Expected.Policy), v.Expected.Signature); err != nil {
				t.Error(err)
			}
		})
	}
}

// The policy of every vector verifies. Unless Sign refuses its values, it is signed again, and
// means the same.
func TestVectorPolicies(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t) {
		if v.Kind == "s3-presigned-url" {
			continue
		}
		fields := fieldsOf(v.Expected.Fields)
		d, err := policy.Verify(fields, v.signer(t), v.Now)
		if err != nil {
			t.Errorf("%s: %v", v.ID, err)
			continue
		}
		if got := sign(t, v, d); got != nil {
			compareFields(t, v, d, got)
		}
	}
}

// refusedVectors are the vectors with values that Sign refuses, and why it does.
var refusedVectors = map[string]policy.Reason{
	"aws-docs-post-example":   policy.ReasonRedirect, // plain http
	"boto3-post-slashes":      policy.ReasonKeySegment,
	"boto3-post-dollar":       policy.ReasonDollar,
	"boto3-post-dollar-first": policy.ReasonDollar,
	"boto3-post-control":      policy.ReasonControl,
	"boto3-post-injection":    policy.ReasonDollar,
	"oss-post-dollar":         policy.ReasonDollar,
}

func fieldsOf(values map[string]string) []policy.Field {
	var fields []policy.Field
	for name, value := range values {
		fields = append(fields, policy.Field{Name: name, Value: value})
	}
	return fields
}

// sign signs a vector's document again, without the conditions of the signature, and compares the
// meaning. It returns nil for documents that Sign refuses.
func sign(t *testing.T, v vector, d policy.Document) []policy.Field {
	t.Helper()
	bare := policy.Document{Expiration: d.Expiration}
	prefix := v.signer(t).Dialect().FieldPrefix()
	for _, c := range d.Conditions {
		switch name := strings.ToLower(c.Field()); strings.TrimPrefix(name, prefix) {
		case "algorithm", "signature-version", "credential", "date", "security-token":
		default:
			bare.Conditions = append(bare.Conditions, c)
		}
	}
	form, err := policy.Sign(bare, "https://example.com/", v.signer(t), v.Now)
	if wanted := refusedVectors[v.ID]; wanted == "" && err != nil || wanted != "" && !hasReason(err, wanted) {
		t.Errorf("%s: got %v, wanted %v", v.ID, err, wanted)
	}
	if err != nil {
		return nil
	}
	again, err := policy.Parse(form.Policy)
	if err != nil {
		t.Fatal(err)
	}
	if got, wanted := meaning(again), meaning(d); got != wanted {
		t.Errorf("%s: got\n%s\nwanted\n%s", v.ID, got, wanted)
	}
	return form.Fields
}

// meaning returns the same text for documents that mean the same.
func meaning(d policy.Document) string {
	lines := make([]string, len(d.Conditions))
	for i, c := range d.Conditions {
		low, high := c.Range()
		lines[i] = strings.Join([]string{string(c.Operator()), strings.ToLower(c.Field()), c.Value(), strconv.FormatInt(low, 10), strconv.FormatInt(high, 10)}, "\x00")
	}
	slices.Sort(lines)
	return d.Expiration.UTC().Format(time.RFC3339Nano) + "\n" + strings.Join(lines, "\n")
}

// compareFields reports exact fields of the vector that the form lacks.
func compareFields(t *testing.T, v vector, d policy.Document, got []policy.Field) {
	t.Helper()
	values := map[string]string{}
	for _, f := range got {
		values[strings.ToLower(f.Name)] = f.Value
	}
	for name, wanted := range v.Expected.Fields {
		name = strings.ToLower(name)
		open := slices.ContainsFunc(d.Conditions, func(c policy.Condition) bool {
			return c.Covers(name) && c.Operator() == policy.OpStartsWith
		})
		if open || name == "policy" || strings.HasSuffix(name, "-signature") {
			continue
		}
		if values[name] != wanted {
			t.Errorf("%s: field %q: got %q, wanted %q", v.ID, name, values[name], wanted)
		}
	}
}

func TestVectorURLs(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t) {
		if v.Kind != "s3-presigned-url" {
			continue
		}
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			object, query, _ := strings.Cut(v.Expected.URL, "?")
			request := sigv4.PresignRequest{Method: v.Expected.Method, URL: object, Expires: v.Now.Add(time.Duration(v.Inputs.ExpiresIn) * time.Second)}
			for name, value := range v.Inputs.Headers {
				request.Headers = append(request.Headers, sigv4.Param{Name: name, Value: value})
			}
			request.Query = ownParameters(t, query)
			got, err := v.signer(t).PresignURL(request, v.Now)
			if err != nil {
				t.Fatal(err)
			}
			if got, wanted := sortedQuery(got), sortedQuery(v.Expected.URL); got != wanted {
				t.Errorf("got\n%s\nwanted\n%s", got, wanted)
			}
			if !strings.HasPrefix(got, object+"?"+strings.Split(v.Expected.Canonical, "\n")[2]) {
				t.Errorf("query of %s isn't the canonical one", got)
			}
		})
	}
}
