// Package iam writes the least rights that a config needs, as policies of AWS or of Aliyun's RAM.
//
// One call does everything:
//
//	documents, report, err := iam.Documents(file, iam.Options{})
//
// Everything follows from the config file: no store is asked. Rights on objects are limited to the
// profiles' key prefixes, the part of a key template before its first placeholder. What each call
// of the S3 API needs is taken from "Required permissions for Amazon S3 API operations" in the S3
// User Guide and, for calls with parts and encryption, from "Multipart upload API and permissions".
package iam
