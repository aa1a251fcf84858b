package profile

import (
	"maps"
	"slices"
	"time"
)

// Sizes that stores share; see "Amazon S3 multipart upload limits" and "POST Object" in the S3
// documentation.
const (
	KiB = int64(1) << 10
	MiB = int64(1) << 20
	GiB = int64(1) << 30
	TiB = int64(1) << 40

	// MaxObjectSize is the largest object a multipart upload can make.
	MaxObjectSize = 5 * TiB
	// MaxPostSize is the largest object one POST or PUT can make.
	MaxPostSize = 5 * GiB
	// MinPartSize and MaxPartSize bound every part but the last, which may be smaller.
	MinPartSize = 5 * MiB
	MaxPartSize = 5 * GiB
	// MaxParts is the highest part number.
	MaxParts = 10000
	// MaxKeyBytes is the length limit of a key, in bytes of UTF-8.
	MaxKeyBytes = 1024
)

// Access says who may use a profile.
type Access string

// The kinds of access; the zero value asks for a ticket.
const (
	AccessTicket Access = ""
	AccessPublic Access = "public"
)

// Guest is the subject of a visitor without a ticket, where the profile is public.
const Guest = "guest"

// Profile is what an operator decides about one kind of upload. Only Name, Bucket, Key, Types and
// MaxSize have no usable zero value.
type Profile struct {
	Name   string // how requests and pages name it: letters, digits, `-`, `_`, at most 64
	Bucket string
	Key    string // key template, as "users/{subject}/{yyyy}/{mm}/{id}{ext}"

	// Types lists the content types allowed: "image/png", "image/*" or "*/*". Types that browsers
	// run as pages or scripts (text/html, image/svg+xml, anything ending in +xml, JavaScript) are
	// allowed only where named exactly.
	Types []string

	MinSize int64 // bytes; 0 allows empty files
	MaxSize int64 // bytes; 0 is an error, not infinity

	ACL          string // canned ACL; "" sends none, which most buckets want
	StorageClass string // "" is the bucket's default
	CacheControl string // "" sends none
	Redirect     string // where an upload without script ends, an https URL without query; "" is our own page

	Lifetime       time.Duration // of a form or part URL; 0 is 15 minutes, at most 7 days
	UploadLifetime time.Duration // how long a multipart upload may be resumed; 0 is 7 days, at most 30 days

	Access  Access   // AccessTicket unless said otherwise
	Origins []string // pages that may frame the widget or call from another origin; none when empty

	Multipart Multipart
	Checksum  string // of each part: "", "crc32", "crc32c" or "crc64nvme"

	Metadata       map[string]string // set on every object; names without "x-amz-meta-"
	AcceptMetadata []string          // names the caller may set; "filename", unless set, holds the file's name
	Tags           map[string]string // object tags, at most 10
	Encryption     Encryption

	Quarantine string // key prefix refused objects are moved to, ending in "/"; "" deletes them
	Quota      Quota
	MaxOpen    int // open multipart uploads per subject; 0 is 100

	ScopedCredentials bool // lets a subject ask for store credentials limited to its own prefix
	InsecureKey       bool // allows a template without {id}: keys can then be guessed and overwritten
}

// Multipart says when and how a file is sent in parts.
type Multipart struct {
	Threshold int64 // files of at least this size go in parts; 0 is 16 MiB, at most 5 GiB
	PartSize  int64 // smallest part size, whole MiB from 5 MiB up; 0 is 8 MiB. Large files get larger parts
}

// Encryption is server-side encryption asked of the store. The zero value asks for none.
type Encryption struct {
	Mode  string // "", "AES256" or "aws:kms"
	KeyID string // KMS key, only with "aws:kms"; "" is the account's default key
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
	p.Lifetime = or(p.Lifetime, 15*time.Minute)
	p.UploadLifetime = or(p.UploadLifetime, 7*24*time.Hour)
	p.Multipart.Threshold = or(p.Multipart.Threshold, 16*MiB)
	p.Multipart.PartSize = or(p.Multipart.PartSize, 8*MiB)
	p.MaxOpen = or(p.MaxOpen, 100)
	return p
}

func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
