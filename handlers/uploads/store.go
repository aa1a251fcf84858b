package uploads

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Store is the object store and how it is spoken to. Client, Credentials and Region have no
// default.
type Store struct {
	// Client is asked with the server's own credentials: it looks objects up, copies and deletes
	// them, and makes, lists, completes and aborts multipart uploads.
	Client StoreClient
	// Credentials are the server's own, those of Client. They sign what visitors hold as well,
	// unless there are UploadCredentials.
	Credentials aws.CredentialsProvider
	// UploadCredentials sign what visitors hold: forms, presigned PUT and part URLs. nil is
	// Credentials. They need s3:PutObject below the profiles' key prefixes, s3:PutObjectAcl and
	// s3:PutObjectTagging where a profile has an ACL or tags, and nothing more. Set them on every
	// store that isn't known to refuse unsigned headers (Provider.RefusesUnsigned): there a visitor
	// can add x-amz-copy-source to a URL, and the store copies whatever the signer can read.
	//
	// They have to be of the account of Credentials: where ACLs rule, an object belongs to the
	// account that put it. Who puts a part needs s3:PutObject on the key, whoever made the
	// multipart upload ("Multipart upload API and permissions" in the S3 User Guide).
	//
	// Both are asked for again before they expire; forms and URLs end before the credentials that
	// signed them.
	UploadCredentials aws.CredentialsProvider
	// Provider says what the store can do and which dialect it speaks. The zero value is AWS where
	// Endpoint is empty, and the safest subset otherwise.
	Provider Provider
	// Region is the buckets' region, as the dialect writes it.
	Region string
	// Endpoint is the store's base URL; empty leaves it to the SDK's rules. PublicEndpoint is what
	// browsers are told instead, where it differs.
	Endpoint, PublicEndpoint string
	// PathStyle puts the bucket into the path instead of the host name.
	PathStyle bool
	// DualStack and FIPS choose those addresses of AWS, where Endpoint is empty.
	DualStack, FIPS bool
	// Timeout is how long one call may take, retries included; 0 is 20 seconds. Copying an object
	// and completing a multipart upload may take 30 times as long: the store answers when all bytes
	// are moved.
	Timeout time.Duration
}

func (s Store) withDefaults() Store {
	switch {
	case !s.Provider.isZero():
		s.Provider = s.Provider.withDefaults()
	case s.Endpoint == "":
		s.Provider, _ = ProviderNamed("aws")
	default:
		s.Provider, _ = ProviderNamed("other")
	}
	if s.Timeout == 0 {
		s.Timeout = 20 * time.Second
	}
	return s
}

// visitorCredentials are those that sign what visitors hold.
func (s Store) visitorCredentials() aws.CredentialsProvider {
	if s.UploadCredentials != nil {
		return s.UploadCredentials
	}
	return s.Credentials
}

// LongCallTimeout is how long the store may take to complete a multipart upload or to copy an
// object.
func (s Store) LongCallTimeout() time.Duration { return longCallFactor * s.withDefaults().Timeout }

// check returns every contradiction in s, joined.
func (s Store) check() error {
	var found []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			found = append(found, fmt.Errorf("uploads: Store."+format, args...))
		}
	}
	require(s.Client != nil, "Client: wanted a client")
	require(s.Credentials != nil, "Credentials: wanted a provider")
	require(s.Timeout > 0, "Timeout %s: wanted a positive duration", s.Timeout)
	require(s.SigningRegion() != "", "Region: wanted a region")
	require(s.Endpoint == "" || IsBaseURL(s.Endpoint), "Endpoint %q: wanted an http or https URL without query", s.Endpoint)
	require(s.PublicEndpoint == "" || IsBaseURL(s.PublicEndpoint),
		"PublicEndpoint %q: wanted an http or https URL without query", s.PublicEndpoint)
	return errors.Join(append(found, s.Provider.check())...)
}

// IsBaseURL reports whether text is an absolute http or https URL that a path can be appended to:
// no user, query or fragment, and nothing that a Content-Security-Policy couldn't hold.
func IsBaseURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" && !strings.ContainsAny(text, "\t\r\n \\;,'\"")
}

// BucketURL is where browsers reach a bucket, by the SDK's own endpoint rules.
func (s Store) BucketURL(bucket string) (string, error) {
	region := s.SigningRegion()
	params := s3.EndpointParameters{Bucket: &bucket, Region: &region, ForcePathStyle: &s.PathStyle}
	return s.resolve(params)
}

// serviceURL is the store's address as an S3 library wants it, without a bucket.
func (s Store) serviceURL() (string, error) {
	if s.PublicEndpoint+s.Endpoint != "" {
		return strings.TrimRight(cmp.Or(s.PublicEndpoint, s.Endpoint), "/"), nil
	}
	return s.resolve(s3.EndpointParameters{Region: &s.Region})
}

// resolve applies the SDK's endpoint rules to what browsers are told.
func (s Store) resolve(params s3.EndpointParameters) (string, error) {
	if params.Endpoint = optional(cmp.Or(s.PublicEndpoint, s.Endpoint)); params.Endpoint == nil {
		params.UseDualStack, params.UseFIPS = &s.DualStack, &s.FIPS
	}
	resolved, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), params.WithDefaults())
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(resolved.URI.String(), "/"), nil
}

// optional returns a pointer to text, nil for an empty one: the SDK sends every value that is
// there.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
