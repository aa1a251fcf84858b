package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers/awscreds"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/sigv4"
)

// credentialsTimeout bounds the search for credentials and the questions about their rights: the
// SDK's chain may ask the network, and a store may be down.
const credentialsTimeout = 15 * time.Second

// loadAccess finds credentials by the SDK's usual chain. It asks for them at once, so that a server
// without any doesn't start.
func loadAccess(ctx context.Context, region string) (aws.Config, error) {
	access, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(region), awsconfig.WithLogger(logging.Nop{}))
	if err != nil {
		return access, oneLine(err)
	}
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	if _, err := access.Credentials.Retrieve(ctx); err != nil {
		return access, noCredentials(err)
	}
	return access, nil
}

// noCredentials says why there are no credentials, in one sentence: the innermost reason where some
// source was set up and failed, else what to set.
func noCredentials(err error) error {
	if strings.Contains(err.Error(), "IMDS") { // the chain's last source: no other was set up
		return errors.New("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the SDK's chain another source (profile, web identity, container, instance role)")
	}
	return fmt.Errorf("no credentials: %s", innermostReason(err))
}

// innermostReason is what a chain of errors says at its end: the answer of a service by code and
// message, a file with its path, else the last error.
func innermostReason(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return strings.Join(strings.Fields(api.ErrorCode()+": "+api.ErrorMessage()), " ")
	}
	var file *fs.PathError
	if errors.As(err, &file) {
		return file.Error()
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// openStore describes the store to the handlers. It fails where a right is missing without which
// uploads would fail later, and warns where visitors could use the server's rights.
func openStore(ctx context.Context, access aws.Config, file *config.Config, log *slog.Logger) (uploads.Store, error) {
	store, err := newStore(ctx, access, file.Store, log)
	if err != nil {
		return store, err
	}
	if err := store.CheckAddress(file.PublicURL, file.Buckets()); err != nil {
		return store, oneLine(err)
	}
	for _, w := range store.AddressWarnings(file.PublicURL, file.Buckets()) {
		log.Warn(w.Text, slog.String("key", w.Key))
	}
	for _, p := range sortedProfiles(file.Profiles) {
		for _, w := range store.Provider.ProfileWarnings(p) {
			log.Warn(w.Text, slog.String("key", w.Key))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	if err := store.CheckRights(ctx, sortedProfiles(file.Profiles)); err != nil {
		return store, oneLine(err)
	}
	warnOfSharedCredentials(ctx, log, store)
	return store, nil
}

// newStore makes the store's client with the server's own credentials, and those for visitors. The
// SDK's own settings of the address (AWS_ENDPOINT_URL_S3 and so on) hold where the file has none.
func newStore(ctx context.Context, access aws.Config, file config.Store, log *slog.Logger) (uploads.Store, error) {
	store, err := file.Described()
	if err != nil {
		return store, err
	}
	sdk := s3.NewFromConfig(access).Options()
	if base := aws.ToString(sdk.BaseEndpoint); base != "" {
		if store.Endpoint == "" {
			store.Endpoint = base
			store = store.Resolve()
			log.Info("the SDK's settings name the store's address", slog.String("endpoint", store.Endpoint))
		} else if base != store.Endpoint {
			log.Warn("the SDK's setting of an endpoint is ignored: the config file's comes first",
				slog.String("key", "store.endpoint"), slog.String("endpoint", store.Endpoint), slog.String("ignored", base))
		}
	}
	if store.Endpoint == "" {
		store.DualStack = sdk.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled
		store.FIPS = sdk.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled
	}
	if own, err := access.Credentials.Retrieve(ctx); err == nil && awscreds.IsPrivateKey(own) && store.Provider.Dialect == sigv4.GCS {
		store.Provider.Dialect = sigv4.GCSRSA
	}
	store.UploadCredentials, err = newUploadCredentials(ctx, access, file.UploadCredentials)
	store.Credentials = access.Credentials
	store.Client = s3.NewFromConfig(access, store.ClientOptions)
	return store, err
}

// warnOfBuckets looks at each bucket once and says what is wrong with it: a missing bucket, one of
// another region and a right that isn't there are told apart. The server starts all the same, since
// a bucket may be made later.
func warnOfBuckets(ctx context.Context, log *slog.Logger, store uploads.Store, buckets []string) {
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	for _, bucket := range buckets {
		_, err := store.Client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket}, askOnce)
		if text := bucketTrouble(store, err, func() string { return bucketCode(ctx, store, bucket) }); text != "" {
			log.Warn(text, slog.String("key", "profiles"), slog.String("bucket", bucket))
		}
	}
}

// bucketTrouble reads the answer to HeadBucket, "" where all is well. HEAD has no body ("HeadBucket"
// in the S3 reference), so codeOf asks in another way for the store's own code, "" where it has none.
func bucketTrouble(store uploads.Store, err error, codeOf func() string) string {
	if err == nil {
		return ""
	}
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil || answer.Response.Response == nil || answer.HTTPStatusCode() == 0 {
		return "the store doesn't answer: " + innermostReason(err)
	}
	if region := answer.Response.Header.Get("x-amz-bucket-region"); region != "" && region != store.Region {
		return fmt.Sprintf("the bucket is in region %s, not in %s: set store.region to it", region, store.Region)
	}
	status := answer.HTTPStatusCode()
	if status == http.StatusMovedPermanently || status == http.StatusTemporaryRedirect {
		return "the bucket is in another region: the store answers with a redirect; set store.region to the bucket's"
	}
	code := codeOf()
	switch {
	case code == "NoSuchBucket" || code == "" && status == http.StatusNotFound:
		return "the bucket isn't there: make it, or mend profiles.*.bucket"
	case code == "AccessDenied" || code == "" && status == http.StatusForbidden:
		return "access to the bucket is denied: the server's own credentials need s3:ListBucket, and have to belong to this store"
	case code == "SignatureDoesNotMatch":
		return "the store refuses the signature: the secret access key isn't the one of this access key ID"
	case code != "":
		return fmt.Sprintf("the store refuses to show the bucket: %s; postern doctor says what to mend", code)
	default:
		return fmt.Sprintf("the store answers %d when asked for the bucket; postern doctor says what to mend", status)
	}
}

// askOnce makes a call that isn't repeated.
func askOnce(o *s3.Options) { o.RetryMaxAttempts = 1 }

// bucketCode asks for the bucket's list and returns the code of the store's error, "" for none. The
// store's message is left out: it may repeat a key ID.
func bucketCode(ctx context.Context, store uploads.Store, bucket string) string {
	lister, ok := store.Client.(s3.ListObjectsV2APIClient)
	if !ok {
		return ""
	}
	_, err := lister.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, MaxKeys: aws.Int32(1)}, askOnce)
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// storeURL returns the store's address for the ready line.
func storeURL(ctx context.Context, file config.Store) (string, error) {
	store, err := file.Described()
	if err != nil || store.Endpoint != "" {
		return store.Endpoint, err
	}
	endpoint, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, s3.EndpointParameters{Region: &store.Region})
	if err != nil {
		return "", err
	}
	return endpoint.URI.String(), nil
}
