// Package sigv4 signs with Signature Version 4 and its two cousins, OSS4 and GOOG4. Most people
// meet it through package policy and need two calls only:
//
//	signer, err := sigv4.NewSigner(sigv4.AWS, "eu-central-1", credentials)
//	url, err := signer.Presign(sigv4.Presign{Method: "PUT", URL: object, Expires: end}, now)
//
// # Many part URLs
//
// The URLs of one multipart upload share all but the part number and what is signed about the part.
// [Signer.Parts] prepares what is shared once; [PartPresigner.URL] then costs one hash, one HMAC
// and one string.
//
// # Dialects
//
// [AWS] is spoken by most stores, [OSS] by Aliyun, [GCS] and [GCSRSA] by Google. They differ in the
// chain that makes the key and in the names of fields and parameters, which the [Dialect] tells;
// OSS also signs the bucket in place of the host.
//
// # Units
//
// Instants are written in UTC with whole seconds, sizes are bytes, lifetimes end seven days after
// signing at the latest ([MaxLifetime]) and one minute before the credentials do ([Margin]).
//
// # Secrets
//
// A [Secret] prints as "[redacted]" whichever way it is printed, and so do the [Credentials] and
// the [Signer] holding one. Convert with string(secret) where the secret itself is meant.
//
// # Low level
//
// [Signer.Key], [Key.AppendSignature] and [Key.Verify] sign and verify a given text. They check
// nothing about it; package policy does.
package sigv4
