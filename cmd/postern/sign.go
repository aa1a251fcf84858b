package main

import (
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
	Key       string        `help:"The one key allowed." xor:"key" required:""`
	KeyPrefix string        `help:"What the key has to begin with, ending in a slash." xor:"key" required:"" placeholder:"PREFIX/"`
	ACL       string        `help:"Canned ACL; buckets refuse any by default."`
	Type      string        `help:"Content type, or a family such as image/*."`
	Size      string        `help:"Size range, such as 1..10MiB." placeholder:"MIN..MAX"`
	Lifetime  time.Duration `help:"How long the form may be used." default:"15m"`
	At        string        `help:"Sign as of then (RFC 3339); now if left out." placeholder:"INSTANT"`
	Meta      []string      `help:"User metadata; repeat it for more." placeholder:"NAME=VALUE" sep:"none"`
	Field     []string      `help:"Any other field with one exact value; repeat it for more." placeholder:"NAME=VALUE" sep:"none"`
	Condition []string      `help:"Any other condition as JSON; repeat it for more." placeholder:"JSON" sep:"none"`
	Redirect  string        `help:"Where the browser is sent after success." placeholder:"URL"`
	Status    int           `help:"Status of a successful answer: 200, 201 or 204." placeholder:"201"`
	Dialect   string        `help:"Whose signature: aws, oss or gcs." enum:"aws,oss,gcs" default:"aws"`
	Region    string        `help:"The bucket's region; the SDK's usual settings if left out."`
	Endpoint  string        `help:"The store's address; the SDK's rules if left out." placeholder:"URL"`
	PathStyle bool          `help:"Put the bucket into the path, not into the host's name."`
	Format    string        `help:"What to print: html, json or curl." enum:"html,json,curl" default:"html"`
}

// Run prints one signed form to standard output.
func (s *signCommand) Run(c *console) error {
	now, err := instantFlag("--at", s.At)
	if err != nil {
		return err
	}
	conditions, err := s.conditions()
	if err != nil {
		return err
	}
	signer, address, err := s.signer(c)
	if err != nil {
		return err
	}
	form, err := s.sign(conditions, signer, address, now)
	if err != nil {
		return usageError{oneLine(err)}
	}
	return newSignedForm(form, conditions).print(c.stdout, s.Format)
}

func (s *signCommand) sign(conditions []policy.Condition, signer *sigv4.Signer, address string, now time.Time) (policy.Form, error) {
	if s.Lifetime > sigv4.MaxLifetime {
		return policy.Form{}, fmt.Errorf("--lifetime %s: wanted at most 168h, as no signature lasts longer", s.Lifetime)
	}
	end, err := signer.Expiration(now, s.Lifetime)
	if err != nil {
		return policy.Form{}, err
	}
	return policy.Sign(policy.Document{Expiration: end, Conditions: conditions}, address, signer, now)
}

// instantFlag reads RFC 3339; nothing is now.
func instantFlag(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, badUsage("%s %q: wanted an instant such as 2026-03-01T12:00:00Z", flag, text)
	}
	return at, nil
}

// oneLine puts joined errors behind each other.
func oneLine(err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
}

// signer finds credentials, region and the bucket's address. Credentials in the environment go
// first, then the SDK's usual chain.
func (s *signCommand) signer(c *console) (*sigv4.Signer, string, error) {
	dialect, err := sigv4.ParseDialect(s.Dialect)
	if err != nil {
		return nil, "", usageError{err}
	}
	credentials, region, err := s.access(c)
	if err != nil {
		return nil, "", err
	}
	signer, err := sigv4.NewSigner(dialect, region, awscreds.Credentials(credentials))
	if err != nil {
		return nil, "", usageError{fmt.Errorf("--region: %w", err)}
	}
	address, err := s.address(dialect, signer.Region())
	if err != nil {
		return nil, "", usageError{err}
	}
	return signer, address, nil
}

// access returns credentials and region. Keys in the environment are used as they are; otherwise the
// SDK's chain is asked, for at most 15 seconds.
func (s *signCommand) access(c *console) (aws.Credentials, string, error) {
	region := firstOf(s.Region, c.getenv("AWS_REGION"), c.getenv("AWS_DEFAULT_REGION"))
	static := aws.Credentials{
		AccessKeyID: c.getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: c.getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken: c.getenv("AWS_SESSION_TOKEN"),
	}
	if static.AccessKeyID != "" && static.SecretAccessKey != "" {
		return static, region, s.needsRegion(region)
	}
	ctx, cancel := context.WithTimeout(c, 15*time.Second)
	defer cancel()
	config, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithLogger(logging.Nop{})) // one sentence is ours to say
	if err != nil {
		return static, "", usageError{oneLine(err)}
	}
	found, err := config.Credentials.Retrieve(ctx)
	if err != nil {
		return static, "", badUsage("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the SDK's chain another source")
	}
	region = firstOf(region, config.Region)
	return found, region, s.needsRegion(region)
}

func (s *signCommand) needsRegion(region string) error {
	if region == "" && s.Dialect != "gcs" {
		return badUsage("--region: wanted the bucket's, as AWS_REGION isn't set either")
	}
	return nil
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// address is what the form posts to.
func (s *signCommand) address(dialect *sigv4.Dialect, region string) (string, error) {
	endpoint := s.Endpoint
	if endpoint == "" {
		switch dialect {
		case sigv4.OSS:
			endpoint = "https://oss-" + region + ".aliyuncs.com"
		case sigv4.GCS:
			endpoint = "https://storage.googleapis.com"
		}
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
