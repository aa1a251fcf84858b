// Package policy lets a browser put one file into a bucket, and nothing else: it builds, signs,
// reads, verifies and simulates S3 POST policies.
//
// A POST policy is a small JSON document that says until when an HTML form may be posted to a
// bucket and what has to hold for it. The server signs it; the browser sends form, policy,
// signature and file straight to the store; the store refuses whatever the policy doesn't allow.
//
// # Build
//
// A [Document] is an expiration and a list of conditions. There is a constructor for every field S3
// knows, and each allows only what S3 allows:
//
//	end, err := signer.Expiration(now, 15*time.Minute)
//	d := policy.Document{Expiration: end, Conditions: []policy.Condition{
//		policy.Bucket("media"),
//		policy.Key("users/1/0198c0de.png"),
//		policy.ContentType("image/png"),
//		policy.ContentLengthRange(1, 10<<20),
//		policy.SuccessActionStatus(201),
//	}}
//
// A condition is exact, or a prefix ([StartsWith], [KeyPrefix], [ContentTypePrefix],
// [MetadataAny]), or the size of the file ([ContentLengthRange]). [Equal] and [StartsWith] are the
// raw forms for fields that are newer than this package; what is dangerous they refuse as well.
//
// # Sign
//
// [Sign] turns the document into a [Form]. The fields come from the conditions, so a form can't
// carry a field that no condition covers, nor lack one that a condition demands; what the visitor
// has to fill in is named in Form.Open.
//
//	form, err := policy.Sign(d, "https://media.s3.eu-central-1.amazonaws.com/", signer, now)
//	for _, field := range form.Fields {
//		// <input type="hidden" name="{field.Name}" value="{field.Value}">
//	}
//	// … and <input type="file" name="file"> behind them.
//
// What S3 or another store would refuse later is refused now, all of it at once: each fault is a
// [*ConditionError] naming its field. The text is read back and compared with the document before
// it is signed. The signer comes from package sigv4 and decides the dialect: AWS and those who
// speak its language, Aliyun OSS, or Google Cloud Storage with an HMAC or an RSA key.
//
// # Read and verify
//
// [Parse] reads a policy, JSON or base64, as strictly as the strictest store, and says where it
// stopped ([*SyntaxError]). [Verify] reads the policy of a signed form, after checking its
// signature over the text as received.
//
// # Check
//
// [Check] says what S3 would answer to a form and a file of a given size: every [Violation] with
// the store's own code and sentence, not just the first.
//
//	for _, v := range policy.Check(d, fields, size, now) {
//		fmt.Println(v.Code, v.Message)
//	}
//
// # Units
//
// Sizes are bytes. Instants are in UTC and whole seconds: policies are written with .000Z,
// fractions are cut off. Nothing here reads the clock; now is always given.
//
// # What a policy can't do
//
// It can't keep a key from being overwritten while it lasts (use random keys; OSS alone has
// [OSSForbidOverwrite]), limit how often a form is posted, look into the file, or be withdrawn: it
// ends when it ends, or when the credentials do. A type is what the form says, not what the file
// is.
//
// # Speed
//
// Signing costs less than twice the bare arithmetic (an HMAC, base64 and two timestamps): nothing
// is reflected upon, the signing key is derived once a day, and a form costs two allocations, three
// with open fields. Conditions are checked when they are made, so those that stay the same are best
// made once.
//
// # Stability
//
// The package imports the standard library only. What it writes is canonical and won't change
// within a major version.
package policy
