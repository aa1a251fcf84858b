package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"github.com/postern-dev/postern/handlers/awscreds"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/sigv4"
)

// loadSDKSettings reads the SDK's settings of environment and shared files; no request is sent.
func loadSDKSettings(ctx context.Context) (aws.Config, error) {
	access, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithLogger(logging.Nop{})) // an error is one sentence of ours
	if err != nil {
		return access, usageError{oneLine(err)}
	}
	return access, nil
}

// store describes the store by the flags first, then the environment, then the SDK's shared files.
func (s *signCommand) store(c *console, access aws.Config) (uploads.Store, error) {
	out := uploads.Store{Endpoint: s.Endpoint, PathStyle: s.PathStyle}
	out.Region = cmp.Or(s.Region, c.getenv("AWS_REGION"), c.getenv("AWS_DEFAULT_REGION"), access.Region)
	sdk := s3.NewFromConfig(access).Options()
	out.Endpoint = cmp.Or(out.Endpoint, c.getenv("AWS_ENDPOINT_URL_S3"), c.getenv("AWS_ENDPOINT_URL"), aws.ToString(sdk.BaseEndpoint))
	if out.Endpoint != "" && !uploads.IsBaseURL(out.Endpoint) {
		return out, badUsage("--endpoint %q: wanted an address such as https://s3.example.com", out.Endpoint)
	}
	out.DualStack = sdk.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled
	out.FIPS = sdk.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled
	var err error
	if out.Provider, err = s.provider(out.Endpoint); err != nil {
		return out, err
	}
	if out.Region == "" && out.Provider.Name != "gcs" && out.Provider.Name != "r2" {
		return out, badUsage("--region: wanted the bucket's, as AWS_REGION isn't set either")
	}
	out = out.Resolve()
	return out, flagError(out.CheckAddress("", []string{s.Bucket}))
}

// provider is the record of --provider, else of the dialect, else the one that the address belongs
// to. An unknown address is taken for one that forms can be posted to.
func (s *signCommand) provider(endpoint string) (uploads.Provider, error) {
	byDialect := map[string]string{"oss": "oss", "gcs": "gcs"}[s.Dialect]
	name := cmp.Or(s.Provider, byDialect, uploads.ProviderOfEndpoint(endpoint))
	if name == "" && endpoint == "" {
		name = "aws"
	}
	provider, err := uploads.ProviderNamed(cmp.Or(name, "other"))
	if err != nil {
		return provider, badUsage("--provider %q: wanted one of %s", s.Provider, strings.Join(uploads.ProviderNames(), ", "))
	}
	if name == "" {
		provider.PostPolicy = true
	}
	if s.Dialect != "" && s.Dialect != provider.Dialect.Name() {
		return provider, badUsage("--dialect %s: provider %s speaks %s", s.Dialect, provider.Name, provider.Dialect)
	}
	return provider, nil
}

// flagError names the flag in place of the key of a config file.
func flagError(err error) error {
	var address *uploads.AddressError
	if errors.As(err, &address) {
		flag := strings.ReplaceAll(address.Key, "_", "-")
		return usageError{fmt.Errorf("--%s: wanted %s, got %q", flag, address.Wanted, address.Got)}
	}
	return err
}

// newSigner finds credentials: first in the environment, then by the provider's own variables and
// files, then by the SDK's usual chain.
func newSigner(c *console, access aws.Config, store uploads.Store) (*sigv4.Signer, error) {
	credentials := aws.Credentials{
		AccessKeyID: c.getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: c.getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken: c.getenv("AWS_SESSION_TOKEN"),
	}
	dialect := store.Provider.Dialect
	if !credentials.HasKeys() {
		own, err := providerCredentials(store.Provider.Name, "", c.getenv)
		if err != nil {
			return nil, usageError{err}
		}
		if own == nil {
			own = access.Credentials
		}
		ctx, cancel := context.WithTimeout(c, credentialsTimeout)
		defer cancel()
		if credentials, err = own.Retrieve(ctx); err != nil {
			return nil, usageError{noCredentials(err)}
		}
	}
	if awscreds.IsPrivateKey(credentials) {
		dialect = sigv4.GCSRSA
	}
	signer, err := sigv4.NewSigner(dialect, store.SigningRegion(), awscreds.Credentials(credentials))
	if err != nil {
		return nil, usageError{fmt.Errorf("--region: %w", err)}
	}
	return signer, nil
}
