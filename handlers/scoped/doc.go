// Package scoped makes store credentials that end soon and can do nothing but upload below one
// prefix, for native clients that bring an S3 library.
//
// [NewSTS] asks the AWS Security Token Service, or one that speaks its language, to assume a role
// with an inline session policy. What the credentials can do is the intersection of that policy and
// the role's own: the role needs s3:PutObject, s3:AbortMultipartUpload and
// s3:ListMultipartUploadParts on the buckets of the profiles, and nothing more. Package aliyun does
// the same for Aliyun OSS.
//
// A session policy can't hold an upload to a size or a content type. Profiles allow such
// credentials one by one.
package scoped
