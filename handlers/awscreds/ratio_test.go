package awscreds_test

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// contender is one way of doing the same work. A round does it count times.
type contender struct {
	name  string
	count int
	work  func()
}

// medians runs the contenders in turn, so that the other load of the machine slows all of them
// alike, and returns the median nanoseconds of each.
func medians(rounds int, contenders []contender) []float64 {
	samples := make([][]float64, len(contenders))
	for range rounds {
		for i, c := range contenders {
			start := time.Now()
			for range c.count {
				c.work()
			}
			samples[i] = append(samples[i], float64(time.Since(start).Nanoseconds())/float64(c.count))
		}
	}
	result := make([]float64, len(contenders))
	for i := range samples {
		slices.Sort(samples[i])
		result[i] = samples[i][rounds/2]
	}
	return result
}

// BenchmarkRatios compares medians of one run on one core. Its ratios can be compared between
// machines, its times can't:
//
//	go test -run '^$' -bench Ratios -benchtime 1x ./handlers/awscreds
func BenchmarkRatios(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	c := newBench(b)
	b.Run("policy", func(b *testing.B) { reportRatios(b, c.policyContenders(b)) })
	b.Run("part", func(b *testing.B) { reportRatios(b, c.partContenders(b)) })
}

func reportRatios(b *testing.B, contenders []contender) {
	var m []float64
	for b.Loop() {
		m = medians(301, contenders)
	}
	b.ReportMetric(0, "ns/op")
	for i, c := range contenders {
		b.ReportMetric(m[i], c.name+"-ns")
	}
	b.ReportMetric(m[1]/m[0], "x-floor")
	b.ReportMetric(m[2]/m[1], "x-sdk")
}

// policyContenders sign the same policy. The first three are the floor, Postern and the SDK.
func (b *bench) policyContenders(t testing.TB) []contender {
	floor, client := b.policyFloor(t), b.sdk()
	input := &s3.PutObjectInput{Bucket: aws.String(benchBucket), Key: aws.String(benchKey)}
	return []contender{
		{"floor", 200, func() { floor.sign(b.expiration, b.now) }},
		{"postern", 200, func() {
			if _, err := policy.Sign(b.document, b.url, b.signer, b.now); err != nil {
				t.Fatal(err)
			}
		}},
		{"sdk", 10, func() {
			if _, err := client.PresignPostObject(context.Background(), input, benchPostOptions); err != nil {
				t.Fatal(err)
			}
		}},
		{"with-conditions", 200, func() {
			d := policy.Document{Expiration: b.expiration, Conditions: benchConditions()}
			if _, err := policy.Sign(d, b.url, b.signer, b.now); err != nil {
				t.Fatal(err)
			}
		}},
	}
}

// partContenders presign the URL of the same part. The first three are the floor, Postern and the
// SDK.
func (b *bench) partContenders(t testing.TB) []contender {
	floor, parts, client := b.urlFloor(t), b.parts(t), b.sdk()
	input := benchPartInput()
	single := sigv4.PresignRequest{
		Method: "PUT", URL: sigv4.ObjectURL(b.url, benchKey), Expires: b.expiration, Headers: []sigv4.Param{{Name: "content-length", Value: "8388608"}},
		Query: []sigv4.Param{{Name: "partNumber", Value: "7"}, {Name: "uploadId", Value: benchUpload}, {Name: "x-id", Value: "UploadPart"}},
	}
	return []contender{
		{"floor", 200, func() { floor.sign(b.now) }},
		{"postern", 200, func() {
			if _, err := parts.URL(7, 8<<20); err != nil {
				t.Fatal(err)
			}
		}},
		{"sdk", 10, func() {
			if _, err := client.PresignUploadPart(context.Background(), input, s3.WithPresignExpires(15*time.Minute)); err != nil {
				t.Fatal(err)
			}
		}},
		{"unprepared", 200, func() {
			if _, err := b.signer.PresignURL(single, b.now); err != nil {
				t.Fatal(err)
			}
		}},
	}
}
