package awscreds

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// PostPresigner signs for the SDK's PresignPostObject. Unlike the SDK's own it returns the fields
// that the conditions demand, sees a key condition however it is written, and refuses what no
// policy should hold: see policy.Sign. The zero value is ready for use, concurrent use included.
type PostPresigner struct {
	last atomic.Pointer[presigner]
}

var _ s3.PresignPost = (*PostPresigner)(nil)

// presigner is the signer for one set of credentials and region.
type presigner struct {
	signer      *sigv4.Signer
	credentials aws.Credentials
	region      string
}

// PresignPost returns the form fields for a POST to the bucket. Conditions may be anything that
// encodes to a condition in JSON, a policy.Condition included.
func (p *PostPresigner) PresignPost(
	credentials aws.Credentials,
	bucket string, key string,
	region string, service string, signingTime time.Time, conditions []any, expirationTime time.Time,
	_ ...func(*v4.SignerOptions),
) (map[string]string, error) {
	signer, err := p.signer(credentials, region, service)
	if err != nil {
		return nil, err
	}
	d, err := document(bucket, key, conditions, expirationTime)
	if err != nil {
		return nil, err
	}
	form, err := policy.Sign(d, "https://"+bucket+"/", signer, signingTime)
	if err != nil {
		return nil, err
	}
	return fieldsOf(form, key), nil
}

func (p *PostPresigner) signer(c aws.Credentials, region, service string) (*sigv4.Signer, error) {
	if service != sigv4.AWS.Service() {
		return nil, fmt.Errorf("awscreds: service %q: wanted %q", service, sigv4.AWS.Service())
	}
	if last := p.last.Load(); last != nil && last.region == region && same(last.credentials, c) {
		return last.signer, nil
	}
	signer, err := sigv4.NewSigner(sigv4.AWS, region, Credentials(c))
	if err == nil {
		p.last.Store(&presigner{signer, c, region})
	}
	return signer, err
}

// document reads the conditions as any policy is read, so that they are held to the same rules.
func document(bucket, key string, conditions []any, expiration time.Time) (policy.Document, error) {
	if conditions == nil {
		conditions = []any{}
	}
	text, err := json.Marshal(map[string]any{
		"expiration": expiration.UTC().Truncate(time.Second).Format(time.RFC3339),
		"conditions": conditions,
	})
	if err != nil {
		return policy.Document{}, fmt.Errorf("awscreds: conditions: %w", err)
	}
	d, err := policy.Parse(string(text))
	if err != nil {
		return policy.Document{}, err
	}
	d.Conditions = append([]policy.Condition{policy.Bucket(bucket)}, d.Conditions...)
	for _, c := range d.Conditions {
		if c.Covers("key") {
			return d, nil
		}
	}
	d.Conditions = append(d.Conditions, policy.Key(key))
	return d, nil
}

// sdkNames are the names under which the SDK returns fields.
var sdkNames = map[string]string{
	"x-amz-algorithm":      "X-Amz-Algorithm",
	"x-amz-credential":     "X-Amz-Credential",
	"x-amz-date":           "X-Amz-Date",
	"x-amz-security-token": "X-Amz-Security-Token",
	"x-amz-signature":      "X-Amz-Signature",
}

func fieldsOf(form policy.Form, key string) map[string]string {
	values := make(map[string]string, len(form.Fields)+1)
	values["key"] = key
	for _, field := range form.Fields {
		name := field.Name
		if sdk, ok := sdkNames[name]; ok {
			name = sdk
		}
		values[name] = field.Value
	}
	return values
}
