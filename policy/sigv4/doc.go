// Package sigv4 signs with Signature Version 4 and its two variants, OSS4 and GOOG4. Most users
// meet it through package policy and need two functions only:
//
//	signer, err := sigv4.NewSigner(sigv4.AWS, "eu-central-1", credentials)
//	url, err := signer.PresignURL(sigv4.PresignRequest{Method: "PUT", URL: object, Expires: end}, now)
//
// [ObjectURL] writes the object's URL, [Signer.Expiration] says when the URL can end.
//
// # Many part URLs
//
// The URLs of one multipart upload differ only in the part number and in the signed headers of the
// part. [Signer.PresignParts] prepares the rest once; after that, [PartPresigner.URL] costs one
// hash, one HMAC and one string.
//
// # Dialects
//
// [AWS] is for most stores, [OSS] for Aliyun, [GCS] and [GCSRSA] for Google. They differ in how the
// signing key is derived and in the names of fields and parameters, which a [Dialect] returns; OSS
// also signs the bucket instead of the host.
//
// # Units
//
// Instants are written in UTC and whole seconds; sizes are bytes. A signature ends seven days after
// signing at the latest ([MaxLifetime]), and one minute before the credentials do ([ExpiryMargin]).
// Nothing here reads the clock; now is always given.
//
// # Secrets
//
// A [Secret] prints as "[redacted]" in every way of printing. [Credentials] and [Signer] print the
// access key ID, and never a secret. Use string(secret) where the secret itself is needed.
//
// # Low level
//
// [Signer.SigningKey], [SigningKey.AppendSignature] and [SigningKey.Verify] sign and verify any
// text. They check nothing about it; package policy does.
package sigv4
