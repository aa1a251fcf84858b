// Package awscreds makes Postern's signers from the credentials of aws-sdk-go-v2. A [Source] takes
// them from any aws.CredentialsProvider and renews them before they expire:
//
//	source := awscreds.NewSource(cfg.Credentials, sigv4.AWS, cfg.Region, nil)
//	signer, err := source.Signer(ctx)
//
// A service has one Source for what visitors hold. Its credentials should be able to put objects
// and nothing else: see UploadCredentials of uploads.Store.
//
// Its tests and benchmarks compare package policy and its signers with the SDK and minio-go.
package awscreds
