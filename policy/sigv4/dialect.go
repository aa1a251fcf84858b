package sigv4

import (
	"fmt"
	"strings"
)

// Dialect is one store's variant of the signature: the names of the algorithm, the parts of the
// scope, the form fields and the query parameters. Dialects don't change.
type Dialect struct {
	name         string
	algorithm    string
	secretPrefix string // put before the secret to make the first key
	service      string
	terminator   string
	region       string // used when none is given
	rsa          bool
	fields       fieldNames
	query        queryNames
}

// fieldNames are the names of the signature's form fields.
type fieldNames struct {
	prefix, algorithm, credential, date, token, signature string
}

// queryNames are the names of a presigned URL's parameters.
type queryNames struct {
	algorithm, credential, date, expires, token, headers, signature string
}

// The dialects: AWS for Amazon S3, MinIO, Ceph, versitygw, SeaweedFS and most other stores, OSS for
// Aliyun OSS, GCS and GCSRSA for Google Cloud Storage with an HMAC key or a service account's key.
var (
	AWS = &Dialect{
		name: "aws", algorithm: "AWS4-HMAC-SHA256", secretPrefix: "AWS4", service: "s3", terminator: "aws4_request",
		fields: newFieldNames("x-amz-", "algorithm"), query: newQueryNames("X-Amz-"),
	}
	OSS = &Dialect{
		name: "oss", algorithm: "OSS4-HMAC-SHA256", secretPrefix: "aliyun_v4", service: "oss", terminator: "aliyun_v4_request",
		fields: newFieldNames("x-oss-", "signature-version"),
		query: queryNames{"x-oss-signature-version", "x-oss-credential", "x-oss-date", "x-oss-expires",
			"x-oss-security-token", "x-oss-additional-headers", "x-oss-signature"},
	}
	GCS = &Dialect{
		name: "gcs", algorithm: "GOOG4-HMAC-SHA256", secretPrefix: "GOOG4", service: "storage", terminator: "goog4_request", region: "auto",
		fields: newFieldNames("x-goog-", "algorithm"), query: newQueryNames("X-Goog-"),
	}
	GCSRSA = &Dialect{
		name: "gcs-rsa", algorithm: "GOOG4-RSA-SHA256", rsa: true, service: "storage", terminator: "goog4_request", region: "auto",
		fields: newFieldNames("x-goog-", "algorithm"), query: newQueryNames("X-Goog-"),
	}
)

func newFieldNames(prefix, algorithm string) fieldNames {
	return fieldNames{prefix, prefix + algorithm, prefix + "credential", prefix + "date", prefix + "security-token", prefix + "signature"}
}

func newQueryNames(prefix string) queryNames {
	return queryNames{prefix + "Algorithm", prefix + "Credential", prefix + "Date", prefix + "Expires",
		prefix + "Security-Token", prefix + "SignedHeaders", prefix + "Signature"}
}

var dialects = []*Dialect{AWS, OSS, GCS, GCSRSA}

// ParseDialect returns the dialect with the given name: "aws", "oss", "gcs" or "gcs-rsa".
func ParseDialect(name string) (*Dialect, error) {
	for _, d := range dialects {
		if d.name == name {
			return d, nil
		}
	}
	return nil, fmt.Errorf("sigv4: dialect %q: wanted aws, oss, gcs or gcs-rsa", name)
}

// DialectOf returns the dialect with the given algorithm, such as "AWS4-HMAC-SHA256".
func DialectOf(algorithm string) (*Dialect, error) {
	for _, d := range dialects {
		if d.algorithm == algorithm {
			return d, nil
		}
	}
	return nil, fmt.Errorf("sigv4: algorithm %q: wanted one of AWS4-HMAC-SHA256, OSS4-HMAC-SHA256, GOOG4-HMAC-SHA256 and GOOG4-RSA-SHA256", algorithm)
}

// Name returns the name that ParseDialect takes.
func (d *Dialect) Name() string { return d.name }

// String returns the name that ParseDialect takes.
func (d *Dialect) String() string { return d.name }

// Algorithm returns the name of the algorithm, "AWS4-HMAC-SHA256" for AWS.
func (d *Dialect) Algorithm() string { return d.algorithm }

// Service returns the service in the scope, "s3" for AWS.
func (d *Dialect) Service() string { return d.service }

// Terminator returns the last part of the scope, "aws4_request" for AWS.
func (d *Dialect) Terminator() string { return d.terminator }

// FieldPrefix returns the prefix of the dialect's own form fields, "x-amz-" for AWS.
func (d *Dialect) FieldPrefix() string { return d.fields.prefix }

// AlgorithmField returns the name of the form field for the algorithm.
func (d *Dialect) AlgorithmField() string { return d.fields.algorithm }

// CredentialField returns the name of the form field of the credential.
func (d *Dialect) CredentialField() string { return d.fields.credential }

// DateField returns the name of the form field of the signing time.
func (d *Dialect) DateField() string { return d.fields.date }

// SecurityTokenField returns the name of the form field of the session token.
func (d *Dialect) SecurityTokenField() string { return d.fields.token }

// SignatureField returns the name of the form field of the signature.
func (d *Dialect) SignatureField() string { return d.fields.signature }

// listsHeader reports whether a signed header is listed in the query. OSS always signs its own
// headers, Content-Type and Content-MD5, and lists only the others.
func (d *Dialect) listsHeader(header string) bool {
	return d != OSS || !strings.HasPrefix(header, "x-oss-") && header != "content-type" && header != "content-md5"
}

// resolveRegion returns the region as the scope has it. The regions of OSS have no "oss-" there,
// which its endpoints do have.
func (d *Dialect) resolveRegion(region string) (string, error) {
	if region == "" {
		region = d.region
	}
	if d == OSS {
		region = strings.TrimPrefix(region, "oss-")
	}
	if !isScopeToken(region) {
		return "", fmt.Errorf("sigv4: region %q: wanted printable ASCII without '/'", region)
	}
	return region, nil
}
