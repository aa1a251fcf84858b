package uploads

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Provider is what one kind of store can do, and how it is spoken to: the one record that forms,
// presigned PUT, part URLs and our own calls go by. The zero value is the safest subset: presigned
// PUT and multipart uploads, verified after the fact.
type Provider struct {
	// Name is the name of a record, such as "aws"; any other text for one of your own.
	Name string
	// Dialect is the signing scheme; nil is the named record's, else sigv4.AWS. It decides the
	// names of fields and headers too (see Attributes).
	Dialect *sigv4.Dialect
	// PostPolicy: the store takes form posts under a signed policy. Without it there is no upload
	// without script.
	PostPolicy bool
	// ConditionalPut and ConditionalComplete: If-None-Match: * is honoured on PutObject and on
	// CompleteMultipartUpload.
	ConditionalPut, ConditionalComplete bool
	// BucketClasses: a bucket has a default storage class, so an object's class may be one that
	// nobody asked for.
	BucketClasses bool
	// CompleteSize: x-amz-mp-object-size is compared on completion.
	CompleteSize bool
	// RefusesUnsigned: a presigned request is refused where it carries a header of the dialect's
	// own (x-amz-, x-oss-, x-goog-) that wasn't signed. Where that isn't known, who holds a
	// presigned URL may add such headers: x-amz-copy-source makes the store copy any object that
	// the URL's signer can read. See Store.UploadCredentials.
	RefusesUnsigned bool
	// ACLs: objects have ACLs, which a header sets and GetObjectAcl tells. Where unsigned headers
	// are obeyed as well, a presigned PUT signs the ACL ("private" where the profile has none), and
	// verification reads it.
	ACLs bool
	// Checksums of parts that the store verifies, with a checksum of the whole object on
	// completion.
	Checksums []string
}

var allChecksums = []string{"crc32", "crc32c", "crc64nvme"}

// providers follow the stores' own documentation of the S3 calls that they support. Where unsigned
// headers are refused, nothing depends on ACLs, and it is left out. The sources of both:
//
//   - aws: "Authenticating Requests: Using Query Parameters" in the S3 reference: x-amz- headers
//     have to be signed; else 403 AccessDenied with HeadersNotSigned, as in many public threads.
//   - minio: all but x-amz-meta- obeyed by the releases of minio/minio, which is archived; forks
//     refuse since 2026-09 (github.com/pgsty/silo pull 173, github.com/juicedata/minio pull 85).
//     Objects have no ACLs.
//   - ceph: obeyed before the release with the fix of CVE-2026-54330, and after it with
//     rgw_sigv4_insecure. Objects have ACLs.
//   - versity: refused with 403 AccessDenied, as the tests in cmd/postern/attacks show.
//   - r2, b2: not documented. R2 has no ACLs; in B2 an object's ACL is the bucket's.
//   - oss: "Include a V4 signature in the URL" in the OSS reference: every x-oss- header of a
//     request is part of what is signed. From the documentation alone.
//   - gcs: Google's own client has to sign all x-goog- and x-amz- headers
//     (github.com/googleapis/google-cloud-dotnet issue 5361). From that thread alone.
var providers = map[string]Provider{
	"aws": {Dialect: sigv4.AWS, PostPolicy: true, ConditionalPut: true, ConditionalComplete: true, CompleteSize: true,
		RefusesUnsigned: true, Checksums: allChecksums},
	"minio": {Dialect: sigv4.AWS, PostPolicy: true, ConditionalPut: true, ConditionalComplete: true, Checksums: allChecksums},
	"ceph":  {Dialect: sigv4.AWS, PostPolicy: true, ConditionalPut: true, ACLs: true},
	"versity": {Dialect: sigv4.AWS, PostPolicy: true, ConditionalPut: true, ConditionalComplete: true, CompleteSize: true,
		RefusesUnsigned: true, Checksums: allChecksums},
	"r2":    {Dialect: sigv4.AWS, ConditionalPut: true},
	"b2":    {Dialect: sigv4.AWS},
	"oss":   {Dialect: sigv4.OSS, PostPolicy: true, BucketClasses: true, RefusesUnsigned: true},
	"gcs":   {Dialect: sigv4.GCS, PostPolicy: true, BucketClasses: true, RefusesUnsigned: true},
	"other": {Dialect: sigv4.AWS},
}

// ProviderNames lists the names that ProviderNamed knows.
func ProviderNames() []string { return slices.Sorted(maps.Keys(providers)) }

// ProviderNamed returns the record of a store: one of ProviderNames, "other" for a store that isn't
// listed.
func ProviderNamed(name string) (Provider, error) {
	p, ok := providers[name]
	if !ok {
		return Provider{}, fmt.Errorf("uploads: provider: wanted one of %s, got %q", strings.Join(ProviderNames(), ", "), name)
	}
	p.Name, p.Checksums = name, slices.Clone(p.Checksums)
	return p, nil
}

// Attributes are the names of the form fields and headers by which the store sets what an object
// carries.
func (p Provider) Attributes() policy.AttributeNames { return policy.AttributeNamesOf(p.Dialect) }

func (p Provider) withDefaults() Provider {
	p.Checksums = slices.Clone(p.Checksums)
	if p.Dialect == nil {
		p.Dialect = sigv4.AWS
		if record, ok := providers[p.Name]; ok {
			p.Dialect = record.Dialect
		}
	}
	return p
}

// obeysACLHeaders reports whether an unsigned header can give an object another ACL.
func (p Provider) obeysACLHeaders() bool { return p.ACLs && !p.RefusesUnsigned }

// signedACL is the ACL that requests name: the profile's, or private where an unsigned header could
// name another. "" names none.
func (p Provider) signedACL(planned policy.CannedACL) policy.CannedACL {
	if planned == "" && p.obeysACLHeaders() {
		return policy.ACLPrivate
	}
	return planned
}

// check refuses a named store with a dialect that it doesn't speak.
func (p Provider) check() error {
	record, ok := providers[p.Name]
	if !ok || p.Dialect == record.Dialect || record.Dialect == sigv4.GCS && p.Dialect == sigv4.GCSRSA {
		return nil
	}
	return fmt.Errorf("uploads: Store.Provider: wanted %q with dialect %s, got %s", p.Name, record.Dialect, p.Dialect)
}

// checksumNames lists the checksums for an error, "none" where there are none.
func (p Provider) checksumNames() string {
	if len(p.Checksums) == 0 {
		return "none"
	}
	return strings.Join(p.Checksums, ", ")
}

// isZero reports whether nothing was said about the store.
func (p Provider) isZero() bool { return reflect.ValueOf(p).IsZero() }
