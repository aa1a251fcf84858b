package awscreds_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	benchBucket = "sigv4examplebucket-eu"
	benchKey    = "users/alice/2026/03/0195a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4.jpg"
	benchAccess = "AKIAIOSFODNN7EXAMPLE"
	benchSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	benchRegion = "eu-central-1"
	benchUpload = "VXBsb2FkIElEIGZvciA2aWWpbmcncyBteS1tb3ZpZS5tMnRzIHVwbG9hZA"
)

// bench is what Postern, the SDK and minio-go sign in the benchmarks: one policy of 423 bytes, one
// part URL.
type bench struct {
	now, expiration time.Time
	signer          *sigv4.Signer
	document        policy.Document
	url             string
}

func newBench(t testing.TB) *bench {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	signer, err := sigv4.NewSigner(sigv4.AWS, benchRegion, sigv4.Credentials{AccessKeyID: benchAccess, SecretAccessKey: benchSecret})
	if err != nil {
		t.Fatal(err)
	}
	expiration := now.Add(15 * time.Minute)
	return &bench{
		now: now, expiration: expiration, signer: signer, url: "https://" + benchBucket + ".s3." + benchRegion + ".amazonaws.com/",
		document: policy.Document{Expiration: expiration, Conditions: benchConditions()},
	}
}

func benchConditions() []policy.Condition {
	return []policy.Condition{
		policy.Bucket(benchBucket),
		policy.Key(benchKey),
		policy.ContentType("image/jpeg"),
		policy.ContentLengthRange(1, 10<<20),
		policy.SuccessActionStatus(201),
	}
}

func (b *bench) sign(t testing.TB) policy.Form {
	t.Helper()
	form, err := policy.Sign(b.document, b.url, b.signer, b.now)
	if err != nil {
		t.Fatal(err)
	}
	return form
}

func (b *bench) parts(t testing.TB) *sigv4.PartPresigner {
	t.Helper()
	parts, err := b.signer.PresignParts(sigv4.PartsRequest{
		URL: sigv4.ObjectURL(b.url, benchKey), UploadID: benchUpload, Operation: "UploadPart", Expires: b.expiration,
	}, b.now)
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

func (b *bench) partURL(t testing.TB) string {
	t.Helper()
	address, err := b.parts(t).URL(7, 8<<20)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func (b *bench) policyFloor(t testing.TB) *policyFloor {
	t.Helper()
	json, err := base64.StdEncoding.DecodeString(b.sign(t).Policy)
	if err != nil {
		t.Fatal(err)
	}
	return newPolicyFloor(json, hmac.New(sha256.New, signingKey(benchSecret, b.now.Format("20060102"), benchRegion)))
}

func (b *bench) urlFloor(t testing.TB) *urlFloor {
	t.Helper()
	object, query, _ := strings.Cut(b.partURL(t), "?")
	query, _, _ = strings.Cut(query, "&X-Amz-Signature=")
	host := strings.TrimSuffix(strings.TrimPrefix(b.url, "https://"), "/")
	canonical := "PUT\n" + strings.TrimPrefix(object, "https://"+host) + "\n" + query +
		"\ncontent-length:8388608\nhost:" + host + "\n\ncontent-length;host\nUNSIGNED-PAYLOAD"
	digest := sha256.Sum256([]byte(canonical))
	day := b.now.Format("20060102")
	stringToSign := "AWS4-HMAC-SHA256\n" + b.now.Format("20060102T150405Z") + "\n" + day + "/" + benchRegion + "/s3/aws4_request\n" + hex.EncodeToString(digest[:])
	return newURLFloor(canonical, stringToSign, hmac.New(sha256.New, signingKey(benchSecret, day, benchRegion)))
}

func (b *bench) sdk() *s3.PresignClient {
	return s3.NewPresignClient(s3.New(s3.Options{Region: benchRegion, Credentials: credentials.NewStaticCredentialsProvider(benchAccess, benchSecret, "")}))
}

// README's figures are for a policy of this size.
func TestBenchmarkPolicyHas423Bytes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	json, err := base64.StdEncoding.DecodeString(b.sign(t).Policy)
	if err != nil || len(json) != 423 {
		t.Errorf("got %d bytes, %v, wanted 423:\n%s", len(json), err, json)
	}
}
