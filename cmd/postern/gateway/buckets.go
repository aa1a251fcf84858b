package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Client returns a new S3 client with the store's own credentials. It addresses buckets by path and
// adds checksums only where S3 requires them.
func (g *Gateway) Client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint:               aws.String(g.URL()),
		Region:                     g.options.Region,
		Credentials:                g.Credentials(),
		UsePathStyle:               true,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
}

// Credentials returns those of the store's one account; they never expire.
func (g *Gateway) Credentials() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(g.options.AccessKey, g.options.SecretKey, "")
}

// Region returns the region that every request to the store is signed for.
func (g *Gateway) Region() string { return g.options.Region }

// makeBucket makes a bucket if it is absent and sets its CORS rules.
func (g *Gateway) makeBucket(ctx context.Context, bucket string) error {
	input := &s3.CreateBucketInput{Bucket: &bucket}
	if region := g.options.Region; region != "us-east-1" { // S3's first region has no location constraint
		input.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
	}
	_, err := g.Client().CreateBucket(ctx, input)
	var exists *types.BucketAlreadyOwnedByYou
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("gateway: make bucket %q: %w", bucket, err)
	}
	return g.setCORS(ctx, bucket)
}

func (g *Gateway) setCORS(ctx context.Context, bucket string) (err error) {
	if len(g.options.CORSOrigins) == 0 {
		_, err = g.Client().DeleteBucketCors(ctx, &s3.DeleteBucketCorsInput{Bucket: &bucket})
	} else {
		_, err = g.Client().PutBucketCors(ctx, &s3.PutBucketCorsInput{
			Bucket:            &bucket,
			CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{corsRule(g.options.CORSOrigins)}},
		})
	}
	if err != nil {
		return fmt.Errorf("gateway: cors of bucket %q: %w", bucket, err)
	}
	return nil
}

// corsRule exposes the ETag, which a script needs of every part, and the checksums in S3's answers.
func corsRule(origins []string) types.CORSRule {
	return types.CORSRule{
		AllowedOrigins: slices.Clone(origins),
		AllowedMethods: []string{"GET", "HEAD", "POST", "PUT"},
		AllowedHeaders: []string{"*"},
		ExposeHeaders: []string{
			"ETag", "Location", "x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme",
		},
		MaxAgeSeconds: aws.Int32(3600),
	}
}
