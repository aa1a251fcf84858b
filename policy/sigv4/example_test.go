package sigv4_test

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// A URL that allows to PUT one object of one type and length.
func ExampleSigner_PresignURL() {
	signer, err := sigv4.NewSigner(sigv4.AWS, "eu-central-1", sigv4.Credentials{
		AccessKeyID:     "AKIAIOSFODNN7EXAMPLE",
		SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	end, err := signer.Expiration(now, 15*time.Minute)
	if err != nil {
		fmt.Println(err)
		return
	}
	url, err := signer.PresignURL(sigv4.PresignRequest{
		Method:  "PUT",
		URL:     sigv4.ObjectURL("https://media.s3.eu-central-1.amazonaws.com", "users/1/my photo.png"),
		Headers: []sigv4.Param{{Name: "content-length", Value: "1048576"}, {Name: "content-type", Value: "image/png"}, {Name: "if-none-match", Value: "*"}},
		Expires: end,
	}, now)
	fmt.Println(strings.ReplaceAll(url, "&", "\n&"), err)
	// Output:
	// https://media.s3.eu-central-1.amazonaws.com/users/1/my%20photo.png?X-Amz-Algorithm=AWS4-HMAC-SHA256
	// &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260301%2Feu-central-1%2Fs3%2Faws4_request
	// &X-Amz-Date=20260301T120000Z
	// &X-Amz-Expires=900
	// &X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bif-none-match
	// &X-Amz-Signature=a84dab0ae24177da94fd2ce08a472081dd1c1d30f99234718a4052dcab41713c <nil>
}

// The part URLs of one multipart upload, each for a part of exactly one length.
func ExampleSigner_PresignParts() {
	signer, err := sigv4.NewSigner(sigv4.AWS, "eu-central-1", sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	parts, err := signer.PresignParts(sigv4.PartsRequest{
		URL:      sigv4.ObjectURL("https://media.s3.eu-central-1.amazonaws.com", "users/1/film.mp4"),
		UploadID: "VXBsb2FkIElE",
		Expires:  now.Add(15 * time.Minute),
	}, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	for number := 1; number <= 3; number++ {
		url, err := parts.URL(number, 8<<20, sigv4.Param{Name: "x-amz-checksum-crc32", Value: "AAAAAA=="})
		_, query, _ := strings.Cut(url, "SignedHeaders=")
		query, _, _ = strings.Cut(query, "&X-Amz-Signature")
		fmt.Println(query, err)
	}
	// Output:
	// content-length%3Bhost%3Bx-amz-checksum-crc32&partNumber=1&uploadId=VXBsb2FkIElE <nil>
	// content-length%3Bhost%3Bx-amz-checksum-crc32&partNumber=2&uploadId=VXBsb2FkIElE <nil>
	// content-length%3Bhost%3Bx-amz-checksum-crc32&partNumber=3&uploadId=VXBsb2FkIElE <nil>
}

// Google Cloud Storage with the RSA key of a service account. Any crypto.Signer will do, so the key
// can be in a key management service.
func ExampleNewSigner_rsa() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		fmt.Println(err)
		return
	}
	signer, err := sigv4.NewSigner(sigv4.GCSRSA, "", sigv4.Credentials{AccessKeyID: "uploads@project.iam.gserviceaccount.com", PrivateKey: key})
	fmt.Println(signer, err)
	// Output:
	// gcs-rsa signer for "uploads@project.iam.gserviceaccount.com" in "auto" <nil>
}

// Secrets are never shown, in whichever way they are printed.
func ExampleSecret() {
	c := sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI"}
	fmt.Printf("%v %+v %q\n", c.SecretAccessKey, c, c.SecretAccessKey)
	fmt.Println(len(string(c.SecretAccessKey)))
	// Output:
	// [redacted] credentials "AKIAIOSFODNN7EXAMPLE" [redacted]
	// 13
}
