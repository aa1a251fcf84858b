// Package awscreds joins Postern's signers to aws-sdk-go-v2, in both directions.
//
// A [Source] takes credentials from any aws.CredentialsProvider and hands out signers, renewed
// before the credentials end:
//
//	source := awscreds.NewSource(cfg.Credentials, sigv4.AWS, cfg.Region)
//	signer, err := source.Signer(ctx)
//
// A [PostPresigner] lets the SDK's own PresignPostObject sign with package policy, and so refuse
// what package policy refuses:
//
//	request, err := client.PresignPostObject(ctx, input, func(o *s3.PresignPostOptions) {
//		o.PostPresigner = &awscreds.PostPresigner{}
//	})
package awscreds
