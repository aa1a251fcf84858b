package policy

// What Aliyun OSS and Google Cloud Storage call their own fields. Bucket, Key, KeyPrefix,
// ContentLengthRange, the headers and the success actions are the same everywhere.

// OSSForbidOverwrite has OSS refuse the form if the key is taken. S3 has no such guard for forms.
func OSSForbidOverwrite() Condition { return Equal("x-oss-forbid-overwrite", "true") }

// OSSACL is an access control list of OSS.
type OSSACL string

// The ACLs of OSS. OSSDefault means the bucket's.
const (
	OSSDefault         OSSACL = "default"
	OSSPrivate         OSSACL = "private"
	OSSPublicRead      OSSACL = "public-read"
	OSSPublicReadWrite OSSACL = "public-read-write"
)

// OSSObjectACL sets the object's ACL at OSS.
func OSSObjectACL(acl OSSACL) Condition {
	return listed("x-oss-object-acl", acl, []OSSACL{OSSDefault, OSSPrivate, OSSPublicRead, OSSPublicReadWrite})
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
	return listed("x-oss-storage-class", class, []OSSClass{OSSStandard, OSSIA, OSSArchive, OSSColdArchive, OSSDeepColdArchive})
}

// OSSMetadata fixes one entry of the user metadata at OSS. The name goes without x-oss-meta-.
func OSSMetadata(name, value string) Condition {
	return Equal("x-oss-meta-"+name, value).only(isToken(name), "a name")
}

// GCSMetadata fixes one entry of the user metadata at Google Cloud Storage. The name goes without
// x-goog-meta-.
func GCSMetadata(name, value string) Condition {
	return Equal("x-goog-meta-"+name, value).only(isToken(name), "a name")
}
