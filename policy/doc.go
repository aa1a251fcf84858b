// Package policy builds, signs, parses, verifies and checks S3 POST policies.
//
// A POST policy is a small JSON document. It says until when an HTML form may be posted to a
// bucket, and which conditions the form has to meet. The server signs the policy; the browser sends
// the form, the policy, the signature and the file directly to the store; the store refuses what
// the policy doesn't allow.
//
// Most programs need [Sign], and the functions that return a [Condition].
//
// # Build
//
// A [Document] has an expiration and a list of conditions. There is a function for every field that
// S3 knows, and each allows only the values that S3 allows:
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
// A condition demands an exact value, a prefix ([StartsWith], [KeyPrefix], [ContentTypePrefix],
// [MetadataPrefix], [MetadataAny]), or a size of the file ([ContentLengthRange]). [Equal] and
// [StartsWith] take any field, for fields that are newer than this package. [AttributeNamesOf] says
// how the fields are called at other stores.
//
// # Sign
//
// [Sign] makes a [Form] of the document. The form's fields come from the conditions. So every field
// of the form has a condition, and every exact condition has its field; the fields that the visitor
// has to fill in are listed in Form.VisitorFields.
//
//	form, err := policy.Sign(d, "https://media.s3.eu-central-1.amazonaws.com/", signer, now)
//	for _, field := range form.Fields {
//		// <input type="hidden" name="{field.Name}" value="{field.Value}">
//	}
//	// … and <input type="file" name="file"> after them.
//
// Sign refuses what S3 or another store would refuse later, and returns all mistakes at once, each
// as a [*ConditionError]. It compares the encoded policy with the document before signing. The
// signer of package sigv4 decides the dialect: AWS for most stores, Aliyun OSS, or Google Cloud
// Storage with an HMAC or an RSA key.
//
// # Parse and verify
//
// [Parse] reads a policy, JSON or base64, as strictly as the strictest store. Its [*SyntaxError]
// says where it stopped, and why. [Verify] reads the policy of a signed form, after checking the
// signature over the text as received.
//
// # Check
//
// [Check] simulates S3's answer to a form and a file of a given size. It returns every [Violation]
// with S3's own code and message, not only the first.
//
//	for _, v := range policy.Check(d, fields, size, now) {
//		fmt.Println(v.Code, v.Message)
//	}
//
// # Units
//
// Sizes are bytes. Instants are in UTC and whole seconds; fractions are cut off. Nothing here reads
// the clock; now is always given.
//
// # What a policy can't do
//
// As long as a policy is valid, it can't keep an object from being overwritten (use random keys;
// OSS has [OSSForbidOverwrite]), it can't limit how often a form is posted, and it can't be
// withdrawn. A store doesn't look into the file: the content type is what the form says.
//
// # Speed
//
// Signing takes less than twice as long as its HMAC and base64 alone, and allocates two times for a
// form, three times if the visitor has to fill in fields. Conditions are checked when they are
// made: make those that stay the same only once.
//
// # Stability
//
// The package imports the standard library only. The JSON that it writes is canonical and won't
// change within a major version.
package policy
