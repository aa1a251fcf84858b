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

// Client is an S3 client with the store's own credentials, addressing buckets by path. It adds
// checksums only where S3 demands them.
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

// Credentials are those of the store's one account; they never expire.
func (g *Gateway) Credentials() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(g.options.AccessKey, g.options.SecretKey, "")
}

// Region is the region every request to the store is signed for.
func (g *Gateway) Region() string { return g.options.Region }

// AllowOrigins replaces Options.CORSOrigins on every bucket, for a page whose address is known only
// after the store's.
func (g *Gateway) AllowOrigins(ctx context.Context, origins ...string) error {
	g.origins.Store(&origins)
	list, err := g.Client().ListBuckets(ctx, nil)
	if err != nil {
		return fmt.Errorf("gateway: list buckets: %w", err)
	}
	for _, bucket := range list.Buckets {
		if err := g.putCORS(ctx, *bucket.Name, origins); err != nil {
			return err
		}
	}
	return nil
}

// MakeBucket makes a bucket with the CORS rules of the others; one that exists keeps its objects.
func (g *Gateway) MakeBucket(ctx context.Context, bucket string) error {
	_, err := g.Client().CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket:                    &bucket,
		CreateBucketConfiguration: g.location(),
	})
	var owned *types.BucketAlreadyOwnedByYou
	if err != nil && !errors.As(err, &owned) {
		return fmt.Errorf("gateway: make bucket %q: %w", bucket, err)
	}
	return g.putCORS(ctx, bucket, *g.origins.Load())
}

// location is nil in S3's first region, which has no name here.
func (g *Gateway) location() *types.CreateBucketConfiguration {
	if g.options.Region == "us-east-1" {
		return nil
	}
	return &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(g.options.Region)}
}

func (g *Gateway) putCORS(ctx context.Context, bucket string, origins []string) error {
	var err error
	if len(origins) == 0 {
		_, err = g.Client().DeleteBucketCors(ctx, &s3.DeleteBucketCorsInput{Bucket: &bucket})
	} else {
		_, err = g.Client().PutBucketCors(ctx, &s3.PutBucketCorsInput{
			Bucket:            &bucket,
			CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{corsRule(origins)}},
		})
	}
	if err != nil {
		return fmt.Errorf("gateway: cors of bucket %q: %w", bucket, err)
	}
	return nil
}

// corsRule exposes the ETag, which a script needs of every part, and the checksums S3 answers with.
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
