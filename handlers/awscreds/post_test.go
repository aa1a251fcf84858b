package awscreds_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/awscreds"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

func presignClient(provider aws.CredentialsProvider) *s3.PresignClient {
	return s3.NewPresignClient(s3.New(s3.Options{Region: "eu-central-1", Credentials: provider}))
}

// fieldsOf returns the SDK's form values as fields.
func fieldsOf(values map[string]string) (fields []policy.Field) {
	for name, value := range values {
		fields = append(fields, policy.Field{Name: name, Value: value})
	}
	return fields
}

func TestPresignPostObjectWithOurSigner(t *testing.T) {
	t.Parallel()
	provider := credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "token")
	presigner := &awscreds.PostPresigner{}
	input := &s3.PutObjectInput{Bucket: aws.String("media"), Key: aws.String("users/1/a.png")}
	for range 2 {
		request, err := presignClient(provider).PresignPostObject(context.Background(), input, func(o *s3.PresignPostOptions) {
			o.PostPresigner = presigner
			o.Conditions = []any{policy.ContentType("image/png"), []any{"content-length-range", 1, 10}, []string{"eq", "$acl", "private"}, map[string]string{"x-amz-meta-a": "b"}}
		})
		if err != nil {
			t.Fatal(err)
		}
		v := request.Values
		if v["Content-Type"] != "image/png" || v["acl"] != "private" || v["x-amz-meta-a"] != "b" || v["key"] != "users/1/a.png" || v["X-Amz-Security-Token"] != "token" {
			t.Errorf("got %v", v)
		}
		signer, err := sigv4.NewSigner(sigv4.AWS, "eu-central-1", awscreds.Credentials(provider.Value))
		if err != nil {
			t.Fatal(err)
		}
		d, err := policy.Verify(fieldsOf(v), signer, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if got := policy.Check(d, fieldsOf(v), 5, time.Now()); len(got) != 0 {
			t.Errorf("the form is refused: %v", got)
		}
		if request.URL != "https://media.s3.eu-central-1.amazonaws.com" {
			t.Errorf("got the URL %s", request.URL)
		}
	}
}

// The SDK adds an exact key beside a prefix written as []string; we see it.
func TestPresignPostSeesEveryKeyCondition(t *testing.T) {
	t.Parallel()
	for _, condition := range []any{[]string{"starts-with", "$key", "users/1/"}, []any{"starts-with", "$key", "users/1/"}, policy.KeyPrefix("users/1/")} {
		values, err := (&awscreds.PostPresigner{}).PresignPost(aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "s"}, "media", "users/1/a", "r", "s3",
			noon, []any{condition}, noon.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		d, err := policy.Parse(values["policy"])
		if err != nil || len(d.Conditions) != 5 || values["key"] != "users/1/a" {
			t.Errorf("%v: got %v, %v, key %q", condition, d, err, values["key"])
		}
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestPresignPostRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		key, service string
		conditions   []any
		lifetime     time.Duration
		wanted       error
		text         string
	}{
		"a key that isn't UTF-8": {"a\xff", "s3", nil, time.Hour, &policy.ConditionError{Reason: policy.ReasonEncoding}, ""},
		"thirty days":            {"a", "s3", nil, 30 * 24 * time.Hour, &policy.ConditionError{Reason: policy.ReasonLifetime}, ""},
		"a dollar":               {"a", "s3", []any{[]string{"starts-with", "$key", "$a/"}}, time.Hour, &policy.ConditionError{Reason: policy.ReasonDollar}, ""},
		"another service":        {"a", "s3express", nil, time.Hour, nil, `service "s3express"`},
		"no condition":           {"a", "s3", []any{"acl"}, time.Hour, nil, "wanted a condition"},
		"what JSON can't hold":   {"a", "s3", []any{func() {}}, time.Hour, nil, "conditions"},
	}
	for name, test := range tests {
		values, err := (&awscreds.PostPresigner{}).PresignPost(aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "s"}, "media", test.key, "r", test.service,
			noon, test.conditions, noon.Add(test.lifetime))
		if err == nil || test.wanted != nil && !errors.Is(err, test.wanted) || !strings.Contains(err.Error(), test.text) || values != nil {
			t.Errorf("%s: got %v, %v", name, values, err)
		}
	}
}
