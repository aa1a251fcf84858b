package policy

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// S3Class is a storage class of S3 ("PutObject" in the S3 reference).
type S3Class string

// The storage classes of S3.
const (
	ClassStandard           S3Class = "STANDARD"
	ClassReducedRedundancy  S3Class = "REDUCED_REDUNDANCY"
	ClassStandardIA         S3Class = "STANDARD_IA"
	ClassOneZoneIA          S3Class = "ONEZONE_IA"
	ClassIntelligentTiering S3Class = "INTELLIGENT_TIERING"
	ClassGlacier            S3Class = "GLACIER"
	ClassGlacierIR          S3Class = "GLACIER_IR"
	ClassDeepArchive        S3Class = "DEEP_ARCHIVE"
	ClassOutposts           S3Class = "OUTPOSTS"
	ClassExpressOneZone     S3Class = "EXPRESS_ONEZONE"
)

var classes = []S3Class{ClassStandard, ClassReducedRedundancy, ClassStandardIA, ClassOneZoneIA, ClassIntelligentTiering,
	ClassGlacier, ClassGlacierIR, ClassDeepArchive, ClassOutposts, ClassExpressOneZone}

// StorageClass sets the object's storage class.
func StorageClass(class S3Class) Condition { return oneOf("x-amz-storage-class", class, classes) }

const encryptionField = "x-amz-server-side-encryption"

// SSES3 makes the store encrypt the object with its own keys (SSE-S3).
func SSES3() Condition { return Equal(encryptionField, "AES256") }

// KMS describes encryption with a key of the key management service (SSE-KMS).
type KMS struct {
	// KeyID is the key's ID, alias or ARN. Empty means the account's default key.
	KeyID string
	// Context is the encryption context. Empty sends none.
	Context map[string]string
	// BucketKey encrypts the object with the bucket's key, which saves requests to the service.
	BucketKey bool
	// DualLayer encrypts twice (DSSE-KMS). It can't be combined with BucketKey.
	DualLayer bool
}

// SSEKMS makes the store encrypt the object with a key of the key management service.
func SSEKMS(kms KMS) []Condition {
	conditions := []Condition{Equal(encryptionField, kms.mode())}
	if kms.KeyID != "" {
		id := Equal(encryptionField+"-aws-kms-key-id", kms.KeyID)
		conditions = append(conditions, id.require(isHeaderValue(kms.KeyID), "a key ID, alias or ARN"))
	}
	if len(kms.Context) > 0 {
		conditions = append(conditions, kms.context())
	}
	if kms.BucketKey {
		key := Equal(encryptionField+"-bucket-key-enabled", "true")
		conditions = append(conditions, key.require(!kms.DualLayer, "no bucket key with two layers"))
	}
	return conditions
}

func (kms KMS) mode() string {
	if kms.DualLayer {
		return "aws:kms:dsse"
	}
	return "aws:kms"
}

// context returns the condition on the encryption context: base64 of JSON, its names sorted.
func (kms KMS) context() Condition {
	text, _ := json.Marshal(kms.Context) // a map of strings always encodes
	return Equal(encryptionField+"-context", base64.StdEncoding.EncodeToString(text))
}

// ChecksumAlgorithm is a checksum algorithm as S3 writes it.
type ChecksumAlgorithm string

// The checksum algorithms.
const (
	CRC32     ChecksumAlgorithm = "CRC32"
	CRC32C    ChecksumAlgorithm = "CRC32C"
	CRC64NVME ChecksumAlgorithm = "CRC64NVME"
	SHA1      ChecksumAlgorithm = "SHA1"
	SHA256    ChecksumAlgorithm = "SHA256"
)

// Size returns the length of a checksum in bytes, 0 for an unknown algorithm.
func (a ChecksumAlgorithm) Size() int {
	return map[ChecksumAlgorithm]int{CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32}[a]
}

// Checksum demands that the file has this checksum: base64 of its bytes, a CRC in big-endian order.
func Checksum(algorithm ChecksumAlgorithm, value string) []Condition {
	known := algorithm.Size() > 0
	name := Equal("x-amz-checksum-algorithm", string(algorithm)).require(known, "CRC32, CRC32C, CRC64NVME, SHA1 or SHA256")
	if !known {
		return []Condition{name}
	}
	sum, err := base64.StdEncoding.Strict().DecodeString(value)
	c := Equal("x-amz-checksum-"+strings.ToLower(string(algorithm)), value)
	return []Condition{name, c.require(err == nil && len(sum) == algorithm.Size(), "base64 of the checksum's bytes")}
}

// WebsiteRedirect makes a website bucket answer requests for the object with a redirect to target:
// a path from the root, or an http or https URL, of at most 2,048 bytes.
func WebsiteRedirect(target string) Condition {
	return Equal("x-amz-website-redirect-location", target)
}
