package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// asMinIO in the environment makes the test binary behave as a double of MinIO's client mc, for the
// commands of the documentation. Its value is the address of the embedded store.
const asMinIO = "POSTERN_TEST_AS_MC"

// mcCommands are commands of mc with patterns of their arguments, as MinIO's reference has them.
var mcCommands = []struct {
	pattern string
	run     func(client *s3.Client, argument string) error // with the first group of the pattern
}{
	{`alias set store https?://\S+ \S{3,} \S{8,}`, nil},
	{`mb store/([a-z0-9.-]{3,63})`, func(client *s3.Client, bucket string) error {
		_, err := client.HeadBucket(context.Background(), &s3.HeadBucketInput{Bucket: &bucket}) // made with the store
		return err
	}},
	{`admin policy create store [a-z-]+ (\S+\.json)`, func(_ *s3.Client, name string) error { return checkMinIOPolicy(name) }},
	{`admin user add store [a-z-]{3,20} [0-9a-f]{8,40}`, nil},
	{`admin policy attach store [a-z-]+ --user [a-z-]+`, nil},
	{`admin config set store api cors_allow_origin=(\S+)`, allowOrigins},
}

// runMinIODouble runs the double and returns the exit code of mc.
func runMinIODouble(store string, args []string) int {
	line := strings.Join(args, " ")
	client := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: &store, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(os.Getenv("MINIO_ADMIN"), os.Getenv("MINIO_ADMIN_SECRET"), "")})
	for _, c := range mcCommands {
		found := regexp.MustCompile("^" + c.pattern + "$").FindStringSubmatch(line)
		if found == nil {
			continue
		}
		if c.run == nil {
			return 0
		}
		if err := c.run(client, found[1]); err != nil {
			fmt.Fprintf(os.Stderr, "mc double: %s: %v\n", line, err)
			return 1
		}
		return 0
	}
	fmt.Fprintf(os.Stderr, "mc double: %q isn't known here\n", line)
	return 1
}

// minIOActions are the actions of S3 that the policies of MinIO know, of those that Postern needs
// ("MinIO Policy Action Keys" in its reference). A policy with another one is refused.
var minIOActions = []string{"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion",
	"s3:GetObjectVersionTagging", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts", "s3:PutObject", "s3:PutObjectTagging",
	"s3:PutObjectVersionTagging"}

// checkMinIOPolicy judges a file with a policy: its actions, and its size of at most 2,048
// characters.
func checkMinIOPolicy(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var p policyDocument
	if err := json.Unmarshal(text, &p); err != nil || len(p.Statement) == 0 || len(text) > 2048 {
		return fmt.Errorf("policy of %d characters: %v", len(text), err)
	}
	for _, s := range p.Statement {
		for _, action := range s.Action {
			if !slices.Contains(minIOActions, action) {
				return fmt.Errorf("unsupported action %q", action)
			}
		}
	}
	return nil
}

// allowOrigins lets scripts of some origins call every bucket.
func allowOrigins(client *s3.Client, origins string) error {
	ctx := context.Background()
	all, err := client.ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil {
		return err
	}
	for _, bucket := range all.Buckets {
		rule := types.CORSRule{AllowedOrigins: strings.Split(origins, ","), AllowedMethods: []string{"GET", "HEAD", "POST", "PUT", "DELETE"},
			AllowedHeaders: []string{"*"}, ExposeHeaders: []string{"ETag"}, MaxAgeSeconds: aws.Int32(3600)}
		_, err := client.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: bucket.Name, CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{rule}}})
		if err != nil {
			return err
		}
	}
	return nil
}
