package policy

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// S3Class is a storage class.
type S3Class string

// The storage classes.
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
func StorageClass(class S3Class) Condition { return listed("x-amz-storage-class", class, classes) }

const encryptionField = "x-amz-server-side-encryption"

// SSES3 has the store encrypt the object with its own keys.
func SSES3() Condition { return Equal(encryptionField, "AES256") }

// KMS describes encryption with a key of the key management service.
type KMS struct {
	// KeyID is the key's ID, alias or ARN. Empty means the account's default.
	KeyID string
	// Context is the encryption context. Empty leaves it out.
	Context map[string]string
	// BucketKey has the object encrypted under the bucket's key, which saves requests to the
	// service.
	BucketKey bool
	// DualLayer encrypts twice (DSSE-KMS), which excludes BucketKey.
	DualLayer bool
}

// SSEKMS has the store encrypt the object with a key of the key management service.
func SSEKMS(kms KMS) []Condition {
	conditions := []Condition{Equal(encryptionField, kms.mode())}
	if kms.KeyID != "" {
		id := Equal(encryptionField+"-aws-kms-key-id", kms.KeyID)
		conditions = append(conditions, id.only(isHeaderValue(kms.KeyID), "a key ID, alias or ARN"))
	}
	if len(kms.Context) > 0 {
		conditions = append(conditions, kms.context())
	}
	if kms.BucketKey {
		key := Equal(encryptionField+"-bucket-key-enabled", "true")
		conditions = append(conditions, key.only(!kms.DualLayer, "no bucket key with two layers"))
	}
	return conditions
}

func (kms KMS) mode() string {
	if kms.DualLayer {
		return "aws:kms:dsse"
	}
	return "aws:kms"
}

// context is base64 of JSON, the names sorted.
func (kms KMS) context() Condition {
	text, err := json.Marshal(kms.Context)
	c := Equal(encryptionField+"-context", base64.StdEncoding.EncodeToString(text))
	return c.only(err == nil, "names and values")
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

var checksumBytes = map[ChecksumAlgorithm]int{CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32}

// Checksum demands that the file has this checksum: the base64 of its bytes, those of a CRC in
// big-endian order.
func Checksum(algorithm ChecksumAlgorithm, value string) []Condition {
	size, known := checksumBytes[algorithm]
	name := Equal("x-amz-checksum-algorithm", string(algorithm)).only(known, "CRC32, CRC32C, CRC64NVME, SHA1 or SHA256")
	if !known {
		return []Condition{name}
	}
	sum, err := base64.StdEncoding.Strict().DecodeString(value)
	c := Equal("x-amz-checksum-"+strings.ToLower(string(algorithm)), value)
	return []Condition{name, c.only(err == nil && len(sum) == size, "base64 of the checksum's bytes")}
}

// WebsiteRedirect has a website bucket answer for the object with a redirect: to a path from the
// root, or to an http or https URL.
func WebsiteRedirect(target string) Condition {
	return Equal("x-amz-website-redirect-location", target)
}
