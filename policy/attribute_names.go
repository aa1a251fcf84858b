package policy

import "github.com/postern-dev/postern/policy/sigv4"

// AttributeNames are the names by which one dialect sets what an object carries: form fields where
// a form sets it, request headers where a presigned URL does. An empty name means that the store
// has none. The same record serves forms, presigned PUT and part URLs, so that a setting can't be
// written one way in one of them and another way in the next.
//
// The names are those of "POST Object" and "PutObject" in AWS's S3 reference, of "PostObject" and
// "PutObject" in Aliyun's OSS reference, and of "Upload an object with HTML forms" and "PUT Object"
// in Google's XML API reference.
type AttributeNames struct {
	// ACLField is the form field, ACLHeader the header of an object's canned ACL.
	ACLField, ACLHeader string
	// StorageClass is field and header.
	StorageClass string
	// Encryption and KMSKey are field and header. KMSMode is the value of Encryption that asks for
	// a key of the key management service.
	Encryption, KMSKey, KMSMode string
	// TagsField takes tags as XML, TagsHeader as a URL query.
	TagsField, TagsHeader string
	// MetadataPrefix begins the name of each entry of the user metadata.
	MetadataPrefix string
}

var (
	awsAttributes = AttributeNames{
		ACLField: "acl", ACLHeader: "x-amz-acl",
		StorageClass: "x-amz-storage-class",
		Encryption:   "x-amz-server-side-encryption", KMSMode: "aws:kms",
		KMSKey:    "x-amz-server-side-encryption-aws-kms-key-id",
		TagsField: "tagging", TagsHeader: "x-amz-tagging",
		MetadataPrefix: "x-amz-meta-",
	}
	// x-oss-acl is the bucket's ACL, not the object's.
	ossAttributes = AttributeNames{
		ACLField: "x-oss-object-acl", ACLHeader: "x-oss-object-acl",
		StorageClass: "x-oss-storage-class",
		Encryption:   "x-oss-server-side-encryption", KMSMode: "KMS",
		KMSKey:         "x-oss-server-side-encryption-key-id",
		TagsHeader:     "x-oss-tagging",
		MetadataPrefix: "x-oss-meta-",
	}
	gcsAttributes = AttributeNames{
		ACLField: "acl", ACLHeader: "x-goog-acl",
		StorageClass:   "x-goog-storage-class",
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
