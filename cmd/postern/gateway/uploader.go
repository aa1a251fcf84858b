package gateway

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/auth"
)

// UploaderCredentials returns those of Options.Uploader; they never expire.
func (g *Gateway) UploaderCredentials() aws.CredentialsProvider {
	u := g.options.Uploader
	return credentials.NewStaticCredentialsProvider(u.AccessKey, u.SecretKey, "")
}

// accounts are the root account and the uploader.
type accounts struct {
	auth.IAMService
	uploader Uploader
}

// GetUserAccount returns an account by its access key.
func (a accounts) GetUserAccount(access string) (auth.Account, error) {
	if access != "" && access == a.uploader.AccessKey {
		return auth.Account{Access: access, Secret: a.uploader.SecretKey, Role: auth.RoleUser}, nil
	}
	return a.IAMService.GetUserAccount(access)
}

// ResolveAccounts returns the access keys that no account has; the store asks for those of a bucket
// policy.
func (a accounts) ResolveAccounts(accessKeys []string) ([]string, error) {
	var others []string
	for _, access := range accessKeys {
		if access != a.uploader.AccessKey {
			others = append(others, access)
		}
	}
	return a.IAMService.ResolveAccounts(others)
}

// admitUploader sets the bucket policy that lets the uploader put objects and parts below its
// prefix. The bucket itself is named because the store checks a form post against it, without the
// key, which the form's own policy limits. Where there is no uploader it removes the policy of an
// earlier one.
func (g *Gateway) admitUploader(ctx context.Context, bucket string) error {
	u := g.options.Uploader
	if u.AccessKey == "" {
		_, err := g.Client().DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &bucket})
		return err
	}
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []map[string]any{{
		"Effect": "Allow", "Principal": map[string]string{"AWS": u.AccessKey}, "Action": "s3:PutObject",
		"Resource": []string{"arn:aws:s3:::" + bucket, "arn:aws:s3:::" + bucket + "/" + u.Prefix + "*"},
	}}})
	if err != nil {
		return err
	}
	_, err = g.Client().PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: aws.String(string(policy))})
	if err != nil {
		return fmt.Errorf("gateway: policy of bucket %q: %w", bucket, err)
	}
	return nil
}
