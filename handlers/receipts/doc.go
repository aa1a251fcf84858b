// Package receipts mints and verifies receipts: signed statements that Postern verified one stored
// object for one visitor.
//
// A receipt is a JSON Web Token of its own type and audience. It travels through the browser, which
// can read it but not change it: an application that verifies it knows bucket, key, size, type and
// ETag of what was uploaded without asking anybody.
//
//	issuer, err := receipts.New(receipts.Config{Issuer: publicURL, Secrets: secrets})
//	text, err := issuer.Mint(receipts.Receipt{…})
//	receipt, err := verifier.Verify(text, receipts.Expected{Profile: "photos", Subject: "alice"})
//
// # What a receipt says
//
//	iss       public URL of the server that minted it
//	aud       "postern:receipt"
//	jti       upload ID: an application stores it to take each upload once
//	sub       who uploaded
//	profile   name of the profile
//	bucket, key, version, etag, size, type, checksum
//	          the object as it was verified; version where the bucket has versions, size in bytes,
//	          checksum in base64 where the profile has one
//	filename  what the visitor called the file; it is data, never a path
//	metadata  object of strings, as they were stored
//	nonce     binds the receipt to a session of the host, on public profiles
//	iat, exp  when it was minted and when it ends, Unix seconds
//
// # Keys
//
// HS256 with secrets that the application shares, or EdDSA (Ed25519) and ES256 (P-256) with key
// pairs, whose public halves KeySet publishes. The first signs, all verify: put a new one in front,
// and remove the old one when its receipts have ended. Each key has one algorithm. There is no way
// to verify without saying which issuer, profile and subject are expected.
//
// # Other languages
//
// testdata/samples verifies receipts in Python, Node, PHP, Ruby and Go, and takes each upload once;
// testdata/vectors.json has good and bad receipts for testing more of them.
package receipts
