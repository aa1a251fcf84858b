package policy

// The fields that Aliyun OSS and Google Cloud Storage name in their own way. Bucket, Key,
// KeyPrefix, ContentLengthRange, the headers and the success actions are the same at all stores.

// OSSForbidOverwrite makes OSS refuse the form if an object has the key already. S3 has no such
// field.
func OSSForbidOverwrite() Condition { return Equal("x-oss-forbid-overwrite", "true") }

// OSSACL is an object ACL of OSS ("PutObjectACL" in the OSS reference).
type OSSACL string

// The object ACLs of OSS. OSSDefault means the bucket's ACL.
const (
	OSSDefault         OSSACL = "default"
	OSSPrivate         OSSACL = "private"
	OSSPublicRead      OSSACL = "public-read"
	OSSPublicReadWrite OSSACL = "public-read-write"
)

// OSSObjectACL sets the object's ACL at OSS.
func OSSObjectACL(acl OSSACL) Condition {
	return oneOf("x-oss-object-acl", acl, []OSSACL{OSSDefault, OSSPrivate, OSSPublicRead, OSSPublicReadWrite})
}

// OSSClass is a storage class of OSS.
type OSSClass string

// The storage classes of OSS.
const (
	OSSStandard        OSSClass = "Standard"
	OSSIA              OSSClass = "IA"
	OSSArchive         OSSClass = "Archive"
	OSSColdArchive     OSSClass = "ColdArchive"
	OSSDeepColdArchive OSSClass = "DeepColdArchive"
)

// OSSStorageClass sets the object's storage class at OSS.
func OSSStorageClass(class OSSClass) Condition {
	return oneOf("x-oss-storage-class", class, []OSSClass{OSSStandard, OSSIA, OSSArchive, OSSColdArchive, OSSDeepColdArchive})
}

// OSSMetadata fixes one entry of the user metadata at OSS. name is written without x-oss-meta-.
func OSSMetadata(name, value string) Condition {
	return Equal("x-oss-meta-"+name, value).require(isToken(name), "a name")
}

// GCSMetadata fixes one entry of the user metadata at Google Cloud Storage. name has no
// x-goog-meta-.
func GCSMetadata(name, value string) Condition {
	return Equal("x-goog-meta-"+name, value).require(isToken(name), "a name")
}
