// Package scoped makes store credentials that end soon and can do nothing but upload below one
// prefix, for native clients that bring an S3 library.
//
// [NewSTS] asks the AWS Security Token Service, or a service with the same API, to assume a role
// with an inline session policy. The credentials can do what both that policy and the role allow:
// the role needs s3:PutObject, s3:AbortMultipartUpload and s3:ListMultipartUploadParts on the
// buckets of the profiles, and nothing more.
// [NewAliyun] does the same at Aliyun's Security Token Service, for OSS: the role needs oss:PutObject,
// oss:AbortMultipartUpload and oss:ListParts.
//
// A session policy can't limit the size or the content type of an upload. A profile has to allow
// such credentials by its ScopedCredentials.
package scoped
