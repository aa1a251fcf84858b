package uploads

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/awscreds"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// ClientOptions sets a client of the SDK up for this store:
//
//	client := s3.NewFromConfig(config, store.ClientOptions)
//
// It chooses address and style, and leaves out checksums that weren't asked for. Where the store has
// a dialect of its own, the client speaks that one: headers have the dialect's names, and requests
// are signed in their query, as visitors' URLs are. What proxies change on the way (Accept-Encoding
// at Cloud Storage's front end) and the SDK's amz-sdk- headers aren't signed.
func (s Store) ClientOptions(o *s3.Options) {
	s = s.Resolve()
	o.UsePathStyle = s.PathStyle
	withoutSDKChecksums(o)
	if s.Endpoint != "" {
		o.BaseEndpoint = &s.Endpoint
	}
	o.Region = s.SigningRegion()
	if s.Provider.Dialect != sigv4.AWS {
		d := dialectClient{names: s.Provider.Attributes(), dialect: s.Provider.Dialect, region: s.SigningRegion(), next: o.HTTPClient}
		if u, err := url.Parse(s.Endpoint); err == nil {
			d.host = u.Host
		}
		o.HTTPSignerV4, o.HTTPClient = d, d
	}
}

// dialectClient translates between the SDK, which speaks S3, and a store's own dialect. It signs
// requests (s3.HTTPSignerV4) and renames the headers of answers (s3.HTTPClient).
type dialectClient struct {
	names   policy.AttributeNames
	dialect *sigv4.Dialect
	region  string
	host    string // of the endpoint, without a bucket
	next    s3.HTTPClient
}

// ownLifetime is how long a request of our own may be on its way.
const ownLifetime = 15 * time.Minute

// SignHTTP implements s3.HTTPSignerV4.
func (d dialectClient) SignHTTP(_ context.Context, c aws.Credentials, r *http.Request, _, _, _ string, at time.Time, _ ...func(*v4.SignerOptions)) error {
	signer, err := sigv4.NewSigner(d.dialect, d.region, awscreds.Credentials(c))
	if err != nil {
		return err
	}
	d.translateRequest(r)
	expires, err := signer.Expiration(at, ownLifetime)
	if err != nil {
		return err
	}
	bucket, _ := strings.CutSuffix(r.URL.Host, "."+d.host)
	signed, err := signer.PresignURL(sigv4.PresignRequest{Method: r.Method, Bucket: bucket,
		URL:   r.URL.Scheme + "://" + r.URL.Host + r.URL.EscapedPath(),
		Query: d.query(r.URL.Query()), Headers: d.signedHeaders(r.Header), Expires: expires}, at)
	if err != nil {
		return err
	}
	r.URL, err = url.Parse(signed)
	return err
}

// translateRequest gives the request the dialect's headers, and leaves out what S3 alone knows.
func (d dialectClient) translateRequest(r *http.Request) {
	for name, list := range r.Header {
		lower := strings.ToLower(name)
		if !strings.HasPrefix(lower, "x-amz-") && !strings.HasPrefix(lower, "amz-sdk-") && lower != "if-none-match" {
			continue
		}
		r.Header.Del(name)
		if to, value := d.requestHeader(lower, list[0]); to != "" {
			r.Header.Set(to, value)
		}
	}
	if d.dialect == sigv4.OSS && r.Method == http.MethodHead && strings.Trim(r.URL.Path, "/") == "" {
		r.Method, r.URL.RawQuery = http.MethodGet, "bucketInfo" // OSS documents no HEAD of a bucket
	}
}

// requestHeader returns a header of S3 in the dialect, "" for one that isn't sent.
func (d dialectClient) requestHeader(name, value string) (string, string) {
	own := d.dialect.FieldPrefix()
	rest := strings.TrimPrefix(name, "x-amz-")
	switch {
	case name == "if-none-match":
		return d.names.OverwriteHeader, d.names.OverwriteValue
	case strings.HasPrefix(rest, "meta-"):
		return d.names.MetadataPrefix + strings.TrimPrefix(rest, "meta-"), value
	case rest == "acl":
		return d.names.ACLHeader, value
	case rest == "storage-class":
		return d.names.StorageClass, d.names.ClassName(policy.S3Class(value))
	case rest == "server-side-encryption":
		if value == "aws:kms" {
			value = d.names.KMSMode
		}
		return d.names.Encryption, value
	case rest == "server-side-encryption-aws-kms-key-id":
		return d.names.KMSKey, value
	case rest == "tagging":
		return d.names.TagsHeader, value
	case rest == "copy-source":
		return own + rest, "/" + strings.TrimPrefix(value, "/")
	case strings.HasPrefix(rest, "copy-source-if-"), rest == "metadata-directive":
		return own + rest, value
	}
	return "", ""
}

// signedHeaders are the headers that the dialect signs.
func (d dialectClient) signedHeaders(h http.Header) (out []sigv4.Param) {
	for name := range h {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, d.dialect.FieldPrefix()) || lower == "content-type" || lower == "content-md5" {
			out = append(out, sigv4.Param{Name: lower, Value: h.Get(name)})
		}
	}
	return out
}

// query returns the parameters of a request but those that name the SDK's operation. A generation is
// Cloud Storage's version.
func (d dialectClient) query(from url.Values) (out []sigv4.Param) {
	for name, list := range from {
		switch {
		case name == "x-id":
			continue
		case name == "versionId" && d.dialect != sigv4.OSS:
			name = "generation"
		}
		out = append(out, sigv4.Param{Name: name, Value: list[0]})
	}
	slices.SortFunc(out, func(a, b sigv4.Param) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Do implements s3.HTTPClient: headers of the answer get the names that the SDK reads.
func (d dialectClient) Do(r *http.Request) (*http.Response, error) {
	next := d.next
	if next == nil {
		next = http.DefaultClient
	}
	answer, err := next.Do(r)
	if err != nil {
		return answer, fmt.Errorf("uploads: %w", err)
	}
	for name, list := range answer.Header {
		rest, ok := strings.CutPrefix(strings.ToLower(name), d.dialect.FieldPrefix())
		if !ok {
			continue
		}
		to, value := "x-amz-"+rest, list[0]
		switch rest {
		case "generation":
			to = "x-amz-version-id"
		case "server-side-encryption":
			if value == d.names.KMSMode {
				value = "aws:kms"
			}
		case "server-side-encryption-key-id":
			to = "x-amz-server-side-encryption-aws-kms-key-id"
		}
		answer.Header.Set(to, value)
	}
	return answer, nil
}
