package policy_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// exampleSigner signs with the key of AWS's own examples.
func exampleSigner(d *sigv4.Dialect, region string) *sigv4.Signer {
	s, err := sigv4.NewSigner(d, region, sigv4.Credentials{
		AccessKeyID:     "AKIAIOSFODNN7EXAMPLE",
		SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	})
	if err != nil {
		panic(err)
	}
	return s
}

var exampleNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func examplePhoto() policy.Document {
	return policy.Document{Expiration: exampleNow.Add(15 * time.Minute), Conditions: []policy.Condition{
		policy.Bucket("media"),
		policy.Key("users/1/0198c0de.png"),
		policy.ContentType("image/png"),
		policy.ContentLengthRange(1, 10<<20),
		policy.SuccessActionStatus(201),
	}}
}

// Make a document of conditions, and see its JSON.
func ExampleDocument() {
	d := policy.Document{Expiration: exampleNow.Add(15 * time.Minute), Conditions: []policy.Condition{
		policy.Bucket("media"),
		policy.KeyPrefix("users/1/"),
		policy.ContentTypePrefix("image/"),
		policy.ContentLengthRange(1, 10<<20),
	}}
	text, err := d.AppendJSON(nil)
	fmt.Println(string(text), err)
	// Output:
	// {"expiration":"2026-03-01T12:15:00.000Z","conditions":[{"bucket":"media"},["starts-with","$key","users/1/"],["starts-with","$Content-Type","image/"],["content-length-range",1,10485760]]} <nil>
}

// Sign a document. The result has the fields of a form that the store accepts.
func ExampleSign() {
	signer := exampleSigner(sigv4.AWS, "eu-central-1")
	form, err := policy.Sign(examplePhoto(), "https://media.s3.eu-central-1.amazonaws.com/", signer, exampleNow)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, field := range form.Fields {
		fmt.Printf("%s: %.60s\n", field.Name, field.Value)
	}
	// Output:
	// key: users/1/0198c0de.png
	// Content-Type: image/png
	// success_action_status: 201
	// x-amz-algorithm: AWS4-HMAC-SHA256
	// x-amz-credential: AKIAIOSFODNN7EXAMPLE/20260301/eu-central-1/s3/aws4_request
	// x-amz-date: 20260301T120000Z
	// policy: eyJleHBpcmF0aW9uIjoiMjAyNi0wMy0wMVQxMjoxNTowMC4wMDBaIiwiY29u
	// x-amz-signature: d87336160cc2aaf9ee3ea184d8d0f438c6b4f47f862402807a2ed14fe7b5
}

// Sign returns all mistakes in a document at once.
func ExampleSign_refused() {
	d := policy.Document{Expiration: exampleNow.Add(30 * 24 * time.Hour), Conditions: []policy.Condition{
		policy.Bucket("media"),
		policy.KeyPrefix("users/1"),
		policy.ContentType("image/png,image/jpeg"),
		policy.SuccessActionRedirect("//evil.example/"),
	}}
	_, err := policy.Sign(d, "https://media.s3.amazonaws.com/", exampleSigner(sigv4.AWS, "us-east-1"), exampleNow)
	fmt.Println(err)
	fmt.Println(errors.Is(err, &policy.ConditionError{Reason: policy.ReasonLifetime}), errors.Is(err, &policy.ConditionError{Reason: policy.ReasonDollar}))
	// Output:
	// policy: condition on "key": wanted a prefix ending in /, got "users/1"
	// policy: condition on "Content-Type": wanted one media type, got "image/png,image/jpeg"
	// policy: condition on "success_action_redirect": wanted an absolute https URL, or http on loopback, got "//evil.example/"
	// policy: condition on "expiration": wanted at most 2026-03-08T12:00:00Z, got 2026-03-31T12:00:00Z
	// true false
}

// Aliyun OSS has other field names, and a field that forbids overwriting.
func ExampleSign_oss() {
	d := examplePhoto()
	d.Conditions = append(d.Conditions, policy.OSSForbidOverwrite())
	signer := exampleSigner(sigv4.OSS, "oss-cn-hangzhou")
	form, err := policy.Sign(d, "https://media.oss-cn-hangzhou.aliyuncs.com/", signer, exampleNow)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, field := range form.Fields[3:7] {
		fmt.Println(field.Name, field.Value)
	}
	// Output:
	// x-oss-forbid-overwrite true
	// x-oss-signature-version OSS4-HMAC-SHA256
	// x-oss-credential AKIAIOSFODNN7EXAMPLE/20260301/cn-hangzhou/oss/aliyun_v4_request
	// x-oss-date 20260301T120000Z
}

// Google Cloud Storage with an HMAC key. The region is "auto" unless given.
func ExampleSign_gcs() {
	form, err := policy.Sign(examplePhoto(), "https://storage.googleapis.com/media/", exampleSigner(sigv4.GCS, ""), exampleNow)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, field := range form.Fields[3:6] {
		fmt.Println(field.Name, field.Value)
	}
	// Output:
	// x-goog-algorithm GOOG4-HMAC-SHA256
	// x-goog-credential AKIAIOSFODNN7EXAMPLE/20260301/auto/storage/goog4_request
	// x-goog-date 20260301T120000Z
}

// Google Cloud Storage with the RSA key of a service account. Any crypto.Signer will do, so the key
// can be in a key management service.
func ExampleSign_gcsRSA() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		fmt.Println(err)
		return
	}
	signer, err := sigv4.NewSigner(sigv4.GCSRSA, "", sigv4.Credentials{AccessKeyID: "uploads@project.iam.gserviceaccount.com", PrivateKey: key})
	if err != nil {
		fmt.Println(err)
		return
	}
	form, err := policy.Sign(examplePhoto(), "https://storage.googleapis.com/media/", signer, exampleNow)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, field := range form.Fields[3:5] {
		fmt.Println(field.Name, field.Value)
	}
	fmt.Println(len(form.Fields[len(form.Fields)-1].Value), "hex digits")
	// Output:
	// x-goog-algorithm GOOG4-RSA-SHA256
	// x-goog-credential uploads@project.iam.gserviceaccount.com/20260301/auto/storage/goog4_request
	// 512 hex digits
}

// Read a policy.
func ExampleParse() {
	d, err := policy.Parse(`{"expiration": "2026-03-01T12:15:00Z", "conditions": [
		["starts-with", "$key", "users/1/"],
		["content-length-range", 1, 10485760]
	]}`)
	for _, c := range d.Conditions {
		fmt.Println(c)
	}
	_, bad := policy.Parse("{\"expiration\": \"2026-03-01T12:15:00Z\",\n \"conditions\": [{\"acl\": 7}]}")
	fmt.Println(err, bad)
	// Output:
	// ["starts-with", "$key", "users/1/"]
	// ["content-length-range", 1, 10485760]
	// <nil> policy: line 2, column 25: wanted a string, got a number
}

// Verify a form, and read its policy.
func ExampleVerify() {
	signer := exampleSigner(sigv4.AWS, "eu-central-1")
	form, err := policy.Sign(examplePhoto(), "https://media.s3.eu-central-1.amazonaws.com/", signer, exampleNow)
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := policy.Verify(form.Fields, signer, exampleNow.Add(time.Minute))
	fmt.Println(d.Conditions[1], err)
	_, err = policy.Verify(form.Fields, signer, exampleNow.Add(time.Hour))
	fmt.Println(err)
	form.Fields[6].Value += "="
	_, err = policy.Verify(form.Fields, signer, exampleNow)
	fmt.Println(err)
	// Output:
	// ["eq", "$key", "users/1/0198c0de.png"] <nil>
	// policy: expired at 2026-03-01T12:15:00Z, it is 2026-03-01T13:00:00Z
	// policy: signature does not match
}

// Find out whether the store would accept a form, without sending it.
func ExampleCheck() {
	fields := []policy.Field{
		{Name: "key", Value: "users/2/0198c0de.png"},
		{Name: "Content-Type", Value: "image/png"},
		{Name: "success_action_status", Value: "201"},
		{Name: "acl", Value: "public-read"},
	}
	for _, v := range policy.Check(examplePhoto(), fields, 11<<20, exampleNow) {
		fmt.Println(v.Code, "-", v.Message)
	}
	// Output:
	// AccessDenied - Invalid according to Policy: Policy Condition failed: ["eq", "$key", "users/1/0198c0de.png"]
	// EntityTooLarge - Your proposed upload exceeds the maximum allowed size
	// AccessDenied - Invalid according to Policy: Extra input fields: acl
}
