package uploads

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
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
	// DefaultEndpoint is the address that follows from the region alone, with {region} where that
	// stands; "" where an operator has to name it.
	DefaultEndpoint string
	// VirtualHostOnly: the bucket has to be in the host name; addresses with the bucket in the path
	// are refused.
	VirtualHostOnly bool

	// PostPolicy: the store takes form posts under a signed policy. Without it there is no upload
	// without script.
	PostPolicy bool
	// CoversFields: a form field without a condition is refused.
	CoversFields bool
	// StrictRanges: every content-length-range of a policy is enforced.
	StrictRanges bool
	// ConditionalPut and ConditionalComplete: an overwrite guard (If-None-Match: * or what the
	// dialect has in its place) is honoured on PutObject and on CompleteMultipartUpload.
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
	// completion: "crc32", "crc32c", "crc64nvme".
	Checksums []string
	// MD5: Content-MD5 is compared on PutObject and UploadPart.
	MD5 bool
	// Tags: objects have tags, set by a header and by PutObjectTagging.
	Tags bool
	// Versions: buckets can keep versions, and HeadObject names the version.
	Versions bool
	// CORSCalls and LifecycleCalls: PutBucketCors and PutBucketLifecycleConfiguration work.
	CORSCalls, LifecycleCalls bool
	// ListsUploads: ListMultipartUploads works.
	ListsUploads bool
	// EqualParts: all parts but the last have to be of one size. Plans are always like that.
	EqualParts bool
	// MaxForm is how many bytes of a form the store takes before its file, the policy among them;
	// 0, or more than policy.MaxFormBytes, is policy.MaxFormBytes: nothing longer is signed.
	MaxForm int
	// MinPart is the smallest part but the last, in bytes; 0 is S3's 5 MiB.
	MinPart int64

	// CannedACLs, Classes and Encryptions are the values of a profile that the store knows, in S3's
	// words; a profile with another one is refused.
	CannedACLs  []policy.CannedACL
	Classes     []policy.S3Class
	Encryptions []profile.EncryptionMode
}

// ProviderNames lists the names that ProviderNamed knows.
func ProviderNames() []string { return slices.Sorted(maps.Keys(providers)) }

// ProviderNamed returns the record of a store: one of ProviderNames, "other" for a store that isn't
// listed.
func ProviderNamed(name string) (Provider, error) {
	r, ok := providers[name]
	if !ok {
		return Provider{}, fmt.Errorf("uploads: provider: wanted one of %s, got %q", strings.Join(ProviderNames(), ", "), name)
	}
	r.Name = name
	return r.Provider.clone(), nil
}

// clone returns a copy that shares nothing mutable with p.
func (p Provider) clone() Provider {
	p.Checksums = slices.Clone(p.Checksums)
	p.CannedACLs, p.Classes, p.Encryptions = slices.Clone(p.CannedACLs), slices.Clone(p.Classes), slices.Clone(p.Encryptions)
	return p
}

// Attributes are the names of the form fields and headers by which the store sets what an object
// carries.
func (p Provider) Attributes() policy.AttributeNames { return policy.AttributeNamesOf(p.Dialect) }

func (p Provider) withDefaults() Provider {
	p = p.clone()
	if p.Dialect == nil {
		p.Dialect = sigv4.AWS
		if record, ok := providers[p.Name]; ok {
			p.Dialect = record.Dialect
		}
	}
	return p
}

// checksumNames are the values of a profile's checksum that the store can verify.
func (p Provider) checksumNames() []string {
	if p.MD5 {
		return append(slices.Clone(p.Checksums), string(profile.ChecksumMD5))
	}
	return p.Checksums
}

// FindsDamage returns the checksums of a profile by which one flipped bit in an upload of a method
// is found: the store refuses the part. None for forms and presigned PUT: they are signed before
// anybody knows the file's checksum, so nothing finds the bit.
func (p Provider) FindsDamage(method profile.Method) []string {
	if method != profile.MethodMultipart {
		return nil
	}
	return p.checksumNames()
}

// ProfileWarnings returns what the store can't do of a profile that works all the same.
func (p Provider) ProfileWarnings(of profile.Profile) (out []Warning) {
	p = p.withDefaults()
	if of.Overwrite != profile.OverwriteForbid {
		return nil
	}
	warn := func(guarded bool, way string) {
		if !guarded {
			out = append(out, Warning{"profiles." + of.Name + ".overwrite", fmt.Sprintf("provider %s can't keep %s from overwriting an object; keys with {id} never meet one", p.Name, way)})
		}
	}
	warn(!p.PostPolicy || p.Attributes().OverwriteField != "", "a form")
	warn(p.ConditionalPut, "a presigned PUT")
	warn(p.ConditionalComplete, "a multipart upload")
	return out
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

// isZero reports whether nothing was said about the store.
func (p Provider) isZero() bool { return reflect.ValueOf(p).IsZero() }
