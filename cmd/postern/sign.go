package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"github.com/postern-dev/postern/handlers/awscreds"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

type signCommand struct {
	Bucket    string        `help:"Bucket the form posts to." required:""`
	Key       string        `help:"The only key allowed." xor:"key" required:""`
	KeyPrefix string        `help:"Prefix that the key must have, ending in a slash." xor:"key" required:"" placeholder:"PREFIX/"`
	ACL       string        `help:"Canned ACL; most buckets refuse any."`
	Type      string        `help:"Content type, or a family such as image/*."`
	Size      string        `help:"Size range, such as 1..10MiB." placeholder:"MIN..MAX"`
	Lifetime  time.Duration `help:"How long the form can be used." default:"15m"`
	At        string        `help:"Time of signing (RFC 3339); default now." placeholder:"INSTANT"`
	Meta      []string      `help:"User metadata; may be repeated." placeholder:"NAME=VALUE" sep:"none"`
	Field     []string      `help:"Any other field with an exact value; may be repeated." placeholder:"NAME=VALUE" sep:"none"`
	Condition []string      `help:"Any other condition as JSON; may be repeated." placeholder:"JSON" sep:"none"`
	Redirect  string        `help:"Where the browser is sent after success." placeholder:"URL"`
	Status    int           `help:"Status of a successful answer: 200, 201 or 204." placeholder:"201"`
	Dialect   string        `help:"Signature dialect: aws, oss or gcs." enum:"aws,oss,gcs" default:"aws"`
	Region    string        `help:"The bucket's region; default: the SDK's usual settings."`
	Endpoint  string        `help:"The store's address; default: the SDK's rules." placeholder:"URL"`
	PathStyle bool          `help:"Put the bucket into the path instead of the host name."`
	Format    string        `help:"What to print: html, json or curl." enum:"html,json,curl" default:"html"`
}

// Run prints one signed form to standard output.
func (s *signCommand) Run(c *console) error {
	now, err := parseInstant("--at", s.At)
	if err != nil {
		return err
	}
	dialect, err := sigv4.ParseDialect(s.Dialect)
	if err != nil {
		return usageError{err}
	}
	conditions, err := s.conditions(dialect)
	if err != nil {
		return err
	}
	signer, err := s.signer(c, dialect)
	if err != nil {
		return err
	}
	form, err := s.sign(conditions, signer, now)
	if err != nil {
		return usageError{oneLine(err)}
	}
	return newSignedForm(form, conditions).print(c.stdout, s.Format)
}

func (s *signCommand) sign(conditions []policy.Condition, signer *sigv4.Signer, now time.Time) (policy.Form, error) {
	if s.Lifetime > sigv4.MaxLifetime {
		return policy.Form{}, fmt.Errorf("--lifetime %s: wanted at most 168h, as no signature lasts longer", s.Lifetime)
	}
	expiration, err := signer.Expiration(now, s.Lifetime)
	if err != nil {
		return policy.Form{}, err
	}
	bucketURL, err := s.bucketURL(signer)
	if err != nil {
		return policy.Form{}, err
	}
	return policy.Sign(policy.Document{Expiration: expiration, Conditions: conditions}, bucketURL, signer, now)
}

// parseInstant reads an RFC 3339 time; an empty text is now.
func parseInstant(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, badUsage("%s %q: wanted an instant such as 2026-03-01T12:00:00Z", flag, text)
	}
	return instant, nil
}

// oneLine puts joined errors on one line.
func oneLine(err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
}

// signer finds credentials and region: first in the environment, then by the SDK's usual chain.
func (s *signCommand) signer(c *console, dialect *sigv4.Dialect) (*sigv4.Signer, error) {
	region := cmp.Or(s.Region, c.getenv("AWS_REGION"), c.getenv("AWS_DEFAULT_REGION"))
	credentials := aws.Credentials{
		AccessKeyID: c.getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: c.getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken: c.getenv("AWS_SESSION_TOKEN"),
	}
	if !credentials.HasKeys() {
		var err error
		if credentials, region, err = credentialsOfChain(c, region); err != nil {
			return nil, err
		}
	}
	if region == "" && dialect != sigv4.GCS {
		return nil, badUsage("--region: wanted the bucket's, as AWS_REGION isn't set either")
	}
	signer, err := sigv4.NewSigner(dialect, region, awscreds.Credentials(credentials))
	if err != nil {
		return nil, usageError{fmt.Errorf("--region: %w", err)}
	}
	return signer, nil
}

// credentialsOfChain asks the SDK's chain for credentials, and for a region if there is none yet.
func credentialsOfChain(ctx context.Context, region string) (aws.Credentials, string, error) {
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	config, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithLogger(logging.Nop{})) // an error is one sentence of ours
	if err != nil {
		return aws.Credentials{}, "", usageError{oneLine(err)}
	}
	credentials, err := config.Credentials.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, "", badUsage("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the SDK's chain another source")
	}
	return credentials, cmp.Or(region, config.Region), nil
}

// bucketURL returns the URL that the form posts to.
func (s *signCommand) bucketURL(signer *sigv4.Signer) (string, error) {
	endpoint, region := s.Endpoint, signer.Region()
	switch {
	case endpoint != "":
	case signer.Dialect() == sigv4.OSS:
		endpoint = "https://oss-" + region + ".aliyuncs.com"
	case signer.Dialect() == sigv4.GCS:
		endpoint = "https://storage.googleapis.com"
	}
	params := s3.EndpointParameters{Bucket: &s.Bucket, Region: &region, ForcePathStyle: &s.PathStyle}
	if endpoint != "" {
		if u, err := url.Parse(endpoint); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return "", fmt.Errorf("--endpoint %q: wanted an address such as https://s3.example.com", endpoint)
		}
		params.Endpoint = &endpoint
	}
	resolved, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), params.WithDefaults())
	if err != nil {
		return "", fmt.Errorf("--bucket %q: %w", s.Bucket, err)
	}
	return strings.TrimSuffix(resolved.URI.String(), "/"), nil
}
