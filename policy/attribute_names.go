package policy

import "github.com/postern-dev/postern/policy/sigv4"

// AttributeNames are the names that one dialect has for the attributes of an object: names of form
// fields in a POST, names of headers in a PUT and when a multipart upload is created. An empty name
// means that the store has no such field or header.
//
// The names are those of "POST Object" and "PutObject" in AWS's S3 reference, of "PostObject" and
// "PutObject" in Aliyun's OSS reference, and of "Upload an object with HTML forms" and "PUT Object"
// in Google's XML API reference.
type AttributeNames struct {
	// ACLField is the form field, ACLHeader the header of an object's canned ACL.
	ACLField, ACLHeader string
	// StorageClassField is the form field, StorageClass the header of the storage class. See
	// ClassName for its value.
	StorageClassField, StorageClass string
	// Encryption and KMSKey are the fields and the headers of server-side encryption and of the ID
	// of its key. KMSMode is the value of Encryption for a key of the key management service.
	Encryption, KMSKey, KMSMode string
	// TagsField is the form field, with tags as XML; TagsHeader the header, with tags as a query.
	TagsField, TagsHeader string
	// OverwriteField is the form field, OverwriteHeader the header that forbids to overwrite an
	// object, with OverwriteValue.
	OverwriteField, OverwriteHeader, OverwriteValue string
	// MetadataPrefix begins the names of the user metadata's fields and headers.
	MetadataPrefix string

	classes map[S3Class]string // by S3's words; nil: they are the store's
}

// ClassName returns a storage class of S3 in the store's own word, "" where it has none. Cloud
// Storage's classes are matched by how often objects are meant to be read: once a month for
// NEARLINE, once a quarter for COLDLINE ("Storage classes" in its documentation).
func (n AttributeNames) ClassName(class S3Class) string {
	if n.classes == nil {
		return string(class)
	}
	return n.classes[class]
}

var (
	awsAttributes = AttributeNames{
		ACLField: "acl", ACLHeader: "x-amz-acl",
		StorageClassField: "x-amz-storage-class", StorageClass: "x-amz-storage-class",
		OverwriteHeader: "if-none-match", OverwriteValue: "*",
		Encryption: "x-amz-server-side-encryption", KMSMode: "aws:kms",
		KMSKey:    "x-amz-server-side-encryption-aws-kms-key-id",
		TagsField: "tagging", TagsHeader: "x-amz-tagging",
		MetadataPrefix: "x-amz-meta-",
	}
	// OSS has x-oss-acl, too: the ACL of a bucket.
	ossAttributes = AttributeNames{
		ACLField: "x-oss-object-acl", ACLHeader: "x-oss-object-acl",
		StorageClassField: "x-oss-storage-class", StorageClass: "x-oss-storage-class",
		classes:        map[S3Class]string{ClassStandard: string(OSSStandard), ClassStandardIA: string(OSSIA)},
		OverwriteField: "x-oss-forbid-overwrite", OverwriteHeader: "x-oss-forbid-overwrite", OverwriteValue: "true",
		Encryption: "x-oss-server-side-encryption", KMSMode: "KMS",
		KMSKey:         "x-oss-server-side-encryption-key-id",
		TagsHeader:     "x-oss-tagging",
		MetadataPrefix: "x-oss-meta-",
	}
	gcsAttributes = AttributeNames{
		ACLField: "acl", ACLHeader: "x-goog-acl",
		StorageClass:    "x-goog-storage-class", // a header alone: "Upload an object with HTML forms" lists no field
		classes:         map[S3Class]string{ClassStandard: "STANDARD", ClassStandardIA: "NEARLINE", ClassGlacierIR: "COLDLINE"},
		OverwriteHeader: "x-goog-if-generation-match", OverwriteValue: "0",
		MetadataPrefix: "x-goog-meta-",
	}
)

// AttributeNamesOf returns the names that a dialect uses; nil is sigv4.AWS.
func AttributeNamesOf(d *sigv4.Dialect) AttributeNames {
	switch d {
	case sigv4.OSS:
		return ossAttributes
	case sigv4.GCS, sigv4.GCSRSA:
		return gcsAttributes
	}
	return awsAttributes
}
