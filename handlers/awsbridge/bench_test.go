package awsbridge_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/minio/minio-go/v7"
	minioCredentials "github.com/minio/minio-go/v7/pkg/credentials"

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

// bench is what all contenders sign: one policy of 423 bytes, one part URL.
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
	parts, err := b.signer.Parts(sigv4.Parts{
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
	text := "AWS4-HMAC-SHA256\n" + b.now.Format("20060102T150405Z") + "\n" + day + "/" + benchRegion + "/s3/aws4_request\n" + hex.EncodeToString(digest[:])
	return newURLFloor(canonical, text, hmac.New(sha256.New, signingKey(benchSecret, day, benchRegion)))
}

func (b *bench) sdk() *s3.PresignClient {
	return s3.NewPresignClient(s3.New(s3.Options{Region: benchRegion, Credentials: credentials.NewStaticCredentialsProvider(benchAccess, benchSecret, "")}))
}

func BenchmarkSignPolicy(b *testing.B) {
	c := newBench(b)
	b.Run("floor", func(b *testing.B) {
		f := c.policyFloor(b)
		b.ReportAllocs()
		for b.Loop() {
			f.sign(c.expiration, c.now)
		}
	})
	b.Run("postern", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := policy.Sign(c.document, c.url, c.signer, c.now); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("postern-with-conditions", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d := policy.Document{Expiration: c.expiration, Conditions: benchConditions()}
			if _, err := policy.Sign(d, c.url, c.signer, c.now); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("aws-sdk-go-v2", func(b *testing.B) { benchPostSDK(b, c) })
	b.Run("minio-go", func(b *testing.B) { benchPostMinio(b, c) })
}

func benchPostSDK(b *testing.B, c *bench) {
	client := c.sdk()
	input := &s3.PutObjectInput{Bucket: aws.String(benchBucket), Key: aws.String(benchKey)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.PresignPostObject(context.Background(), input, benchPostOptions); err != nil {
			b.Fatal(err)
		}
	}
}

func benchPostOptions(o *s3.PresignPostOptions) {
	o.Expires = 15 * time.Minute
	o.Conditions = []any{
		map[string]string{"Content-Type": "image/jpeg"},
		[]any{"content-length-range", 1, 10 << 20},
		map[string]string{"success_action_status": "201"},
	}
}

func benchPostMinio(b *testing.B, c *bench) {
	client := minioClient(b)
	b.ReportAllocs()
	for b.Loop() {
		p := minio.NewPostPolicy()
		err := firstError(p.SetExpires(c.expiration), p.SetBucket(benchBucket), p.SetKey(benchKey),
			p.SetContentType("image/jpeg"), p.SetContentLengthRange(1, 10<<20), p.SetSuccessStatusAction("201"))
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := client.PresignedPostPolicy(context.Background(), p); err != nil {
			b.Fatal(err)
		}
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func minioClient(t testing.TB) *minio.Client {
	t.Helper()
	client, err := minio.New("s3."+benchRegion+".amazonaws.com", &minio.Options{
		Creds: minioCredentials.NewStaticV4(benchAccess, benchSecret, ""), Secure: true, Region: benchRegion,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func BenchmarkPresignPart(b *testing.B) {
	c := newBench(b)
	b.Run("floor", func(b *testing.B) {
		f := c.urlFloor(b)
		b.ReportAllocs()
		for b.Loop() {
			f.sign(c.now)
		}
	})
	b.Run("postern", func(b *testing.B) {
		parts := c.parts(b)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := parts.URL(7, 8<<20); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("postern-unprepared", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.partURL(b)
		}
	})
	b.Run("aws-sdk-go-v2", func(b *testing.B) { benchPartSDK(b, c) })
	b.Run("minio-go", benchPartMinio)
}

func benchPartSDK(b *testing.B, c *bench) {
	client := c.sdk()
	input := benchPartInput()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.PresignUploadPart(context.Background(), input, s3.WithPresignExpires(15*time.Minute)); err != nil {
			b.Fatal(err)
		}
	}
}

func benchPartInput() *s3.UploadPartInput {
	return &s3.UploadPartInput{
		Bucket: aws.String(benchBucket), Key: aws.String(benchKey), UploadId: aws.String(benchUpload),
		PartNumber: aws.Int32(7), ContentLength: aws.Int64(8 << 20),
	}
}

func benchPartMinio(b *testing.B) {
	client := minioClient(b)
	query := url.Values{"partNumber": {"7"}, "uploadId": {benchUpload}}
	header := http.Header{"Content-Length": {"8388608"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.PresignHeader(context.Background(), http.MethodPut, benchBucket, benchKey, 15*time.Minute, query, header); err != nil {
			b.Fatal(err)
		}
	}
}

// A thousand part URLs of one upload, and ten times as many: time per URL stays
// the same.
func BenchmarkPartURLs(b *testing.B) {
	c := newBench(b)
	for _, count := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parts := c.parts(b)
				for number := 1; number <= count; number++ {
					if _, err := parts.URL(number, 8<<20); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/url")
		})
	}
}

// The policy all contenders sign is the one the figures speak of.
func TestBenchmarkPolicySize(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	json, err := base64.StdEncoding.DecodeString(b.sign(t).Policy)
	if err != nil || len(json) != 423 {
		t.Errorf("got %d bytes, %v, wanted 423:\n%s", len(json), err, json)
	}
}
