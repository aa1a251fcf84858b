package profile

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy"
)

// Limits that all stores share, in bytes; see "Amazon S3 multipart upload limits" and "POST Object"
// in the S3 documentation.
const (
	KiB = int64(1) << 10
	MiB = int64(1) << 20
	GiB = int64(1) << 30
	TiB = int64(1) << 40

	// MaxObjectSize is the largest object a multipart upload can make.
	MaxObjectSize = 5 * TiB
	// MinPartSize and MaxPartSize bound every part but the last, which may be smaller.
	MinPartSize = 5 * MiB
	MaxPartSize = 5 * GiB
)

// Access says who may use a profile.
type Access string

// The kinds of access. The zero value counts as AccessTicket.
const (
	AccessTicket Access = "ticket" // identities that list the profile
	AccessPublic Access = "public" // everybody
)

// Guest is the subject of a visitor without a ticket, where the profile is public.
const Guest = "guest"

// EncryptionMode is a kind of server-side encryption, as S3 writes it.
type EncryptionMode string

// The kinds of server-side encryption. The zero value asks for none.
const (
	EncryptionAES256 EncryptionMode = "AES256"  // with keys of the store
	EncryptionKMS    EncryptionMode = "aws:kms" // with a key of the key management service
)

// Checksum is a checksum algorithm, as the config file and the JSON API write it. These are the
// algorithms that give a whole object one checksum when it is made from parts; see "Checking object
// integrity" in the S3 documentation.
type Checksum string

// The checksum algorithms. The zero value asks for no checksum.
const (
	ChecksumCRC32     Checksum = "crc32"
	ChecksumCRC32C    Checksum = "crc32c"
	ChecksumCRC64NVME Checksum = "crc64nvme"
	ChecksumMD5       Checksum = "md5" // Content-MD5 of each part, for stores without the others; not of the whole object
)

// Overwrite says what happens where an object has the key already.
type Overwrite string

// OverwriteForbid refuses an upload to a key that is taken.
const OverwriteForbid Overwrite = "forbid"

// Size is the length of the checksum in bytes, 0 for an unknown algorithm.
func (c Checksum) Size() int {
	if c == ChecksumMD5 {
		return 16
	}
	return c.Algorithm().Size()
}

// Header is the header in which a part names the checksum.
func (c Checksum) Header() string {
	if c == ChecksumMD5 {
		return "content-md5"
	}
	return "x-amz-checksum-" + string(c)
}

// Algorithm returns the algorithm as S3 writes it, which is in capitals.
func (c Checksum) Algorithm() policy.ChecksumAlgorithm {
	return policy.ChecksumAlgorithm(strings.ToUpper(string(c)))
}

// Profile is what an operator decides about one kind of upload. Only Name, Bucket, Key, Types and
// MaxSize have no usable zero value.
type Profile struct {
	Name   string // how requests and pages name it: letters, digits, `-`, `_`, at most 64
	Bucket string
	Key    string // key template, as "users/{subject}/{yyyy}/{mm}/{id}{ext}"; {ext} is one of the type's own extensions

	// Types lists the content types allowed: "image/png", "image/*" or "*/*". Active types are
	// allowed only where named exactly: what browsers run as a page or script or load as a part of
	// one (text/html, image/svg+xml, anything ending in +xml, JavaScript, CSS), and types for which
	// they guess another (application/unknown).
	Types []string

	MinSize int64 // bytes; 0 allows empty files
	MaxSize int64 // bytes; 0 is an error, not infinity

	ACL          policy.CannedACL // "" sends none, which most buckets want
	StorageClass policy.S3Class   // in S3's words, whatever the store's are; "" is the bucket's default
	CacheControl string           // at most 256 bytes; "" sends none

	// ContentDisposition is how browsers present the object, with the visitor's file name where
	// that is known; "" sends none.
	ContentDisposition Disposition
	ContentEncoding    string    // codings that files come in, such as "gzip"; "" sends none
	ContentLanguage    string    // a language tag, or a list of them; "" sends none
	Expires            time.Time // when caches have to treat the object as stale, in whole seconds; zero sends none

	// Overwrite forbids to take the place of an object that is there, wherever the store can tell;
	// "" forbids it for PUT and multipart uploads alone.
	Overwrite Overwrite

	Redirect string // where an upload without script ends, an https URL without query; "" is our own page

	Lifetime       time.Duration // of a form or part URL; 0 is 15 minutes, at most 7 days
	UploadLifetime time.Duration // how long a multipart upload may be resumed; 0 is 7 days, at most 30 days

	Access  Access   // "" is AccessTicket
	Origins []string // pages that may frame the widget or call from another origin; none when empty

	Multipart Multipart // when a file is sent in parts, and of which size
	Checksum  Checksum  // of each part; "" asks for none

	Metadata       map[string]string // set on every object; names without "x-amz-meta-"
	AcceptMetadata []string          // names the caller may set; "filename", unless set, holds the file's name
	Tags           map[string]string // object tags, at most 10
	Encryption     Encryption

	Download  Download      // links to what was uploaded; the zero value makes none
	Removable time.Duration // how long after acceptance a visitor may remove an upload, at most UploadLifetime; 0 is not at all
	// Unclaimed is how long after acceptance an upload is removed that the application hasn't
	// claimed; 0 is never. It needs a ledger.
	Unclaimed time.Duration

	// MaxFiles is how many files a page lets its visitor upload; 0 is no limit. It is a convenience
	// that holds in the script alone: Quota is the limit that holds.
	MaxFiles int
	// Title and Intro are the heading of the profile's pages and the paragraph below it, by
	// language tag ("en", "pt-BR"). A language without a title has our own heading, one without an
	// intro no paragraph.
	Title, Intro map[string]string

	Quarantine string // key prefix that refused objects are moved to, ending in "/"; "" deletes them
	Quota      Quota
	MaxOpen    int // open multipart uploads per subject; 0 is 100

	ScopedCredentials bool // lets a subject ask for store credentials limited to its own prefix
	InsecureKey       bool // allows a template without {id}: keys can then be guessed and overwritten
}

// Multipart says when and how a file is sent in parts.
type Multipart struct {
	Threshold int64 // files of at least this many bytes go in parts; 0 is 16 MiB, at most 5 GiB
	PartSize  int64 // of every part but the last in bytes, whole MiB from 5 MiB up, more only where 10,000 parts would not do; 0 is by file: 5 MiB up to 80 MiB, then a sixteenth of it up to 64 MiB
}

// Encryption is the server-side encryption asked of the store. The zero value asks for none.
type Encryption struct {
	Mode  EncryptionMode
	KeyID string // KMS key, only with EncryptionKMS; "" is the account's default key
}

// Disposition says whether browsers save an object or show it (RFC 6266).
type Disposition string

// The dispositions. The zero value counts as DispositionAttachment.
const (
	DispositionAttachment Disposition = "attachment"
	DispositionInline     Disposition = "inline" // what can run script is saved all the same
)

// Download says how objects are handed out by links.
type Download struct {
	Lifetime    time.Duration // of a link, 1 second to 7 days; 0 makes no links
	Disposition Disposition   // "" is DispositionAttachment
}

// Quota limits what one subject, and one address, may issue. A zero rate is unlimited.
type Quota struct {
	Uploads Rate // uploads begun
	Bytes   Rate // bytes declared
}

// Rate is a limit over a sliding window. Both are zero, or both are positive.
type Rate struct {
	Limit  int64
	Window time.Duration
}

// withDefaults returns a copy that shares nothing with p and has every default filled in.
func (p Profile) withDefaults() Profile {
	p.Types = slices.Clone(p.Types)
	p.Origins = slices.Clone(p.Origins)
	p.AcceptMetadata = slices.Clone(p.AcceptMetadata)
	p.Metadata, p.Tags = maps.Clone(p.Metadata), maps.Clone(p.Tags)
	p.Title, p.Intro = maps.Clone(p.Title), maps.Clone(p.Intro)
	p.Lifetime = cmp.Or(p.Lifetime, 15*time.Minute)
	p.UploadLifetime = cmp.Or(p.UploadLifetime, 7*24*time.Hour)
	p.Access = cmp.Or(p.Access, AccessTicket)
	p.Multipart.Threshold = cmp.Or(p.Multipart.Threshold, 16*MiB)
	p.MaxOpen = cmp.Or(p.MaxOpen, 100)
	return p
}
