package awscreds_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/minio/minio-go/v7"
	minioCredentials "github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/postern-dev/postern/policy"
)

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
		err := errors.Join(p.SetExpires(c.expiration), p.SetBucket(benchBucket), p.SetKey(benchKey),
			p.SetContentType("image/jpeg"), p.SetContentLengthRange(1, 10<<20), p.SetSuccessStatusAction("201"))
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := client.PresignedPostPolicy(context.Background(), p); err != nil {
			b.Fatal(err)
		}
	}
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

// A thousand part URLs of one upload, and ten times as many: time per URL stays the same.
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
