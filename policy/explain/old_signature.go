package explain

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy"
)

// oldSignature is a signature of an earlier version: an access key ID, and base64 of an HMAC-SHA1
// in the field or parameter signature.
type oldSignature struct {
	accessKey string // name of its field or parameter
	code      string // of its finding
	wanted    string // what replaces it
	// covers reports whether every field needs a condition, as S3 and Google demand; OSS doesn't.
	covers bool
}

// oldSignatures are those of Amazon S3 (version 2), Google Cloud Storage (version 2) and Aliyun OSS
// (version 1).
var oldSignatures = []*oldSignature{
	{"AWSAccessKeyId", "signature_v2", "x-amz-algorithm and x-amz-credential", true},
	{"GoogleAccessId", "signature_gcs_v2", "x-goog-algorithm and x-goog-credential", true},
	{"OSSAccessKeyId", "signature_oss_v1", "x-oss-signature-version and x-oss-credential", false},
	{"q-ak", "signature_cos", "the signature of this form", false},
	{"AccessKeyId", "signature_obs", "the signature of this form", true},
}

// oldSignatureOf returns the older signature that a form carries, nil if there is none.
func oldSignatureOf(fields []policy.Field) *oldSignature {
	for _, old := range oldSignatures {
		if hasField(fields, old.accessKey) {
			return old
		}
	}
	return nil
}

// oldSignature returns the older signature of the input's form, nil if there is none.
func (x *explainer) oldSignature() *oldSignature {
	if x.form == nil {
		return nil
	}
	return oldSignatureOf(x.form.fields)
}

// allows reports whether the store doesn't mind a violation of S3's rules for forms: the fields of
// the signature need no condition, and neither does the bucket but at S3.
func (o *oldSignature) allows(v policy.Violation) bool {
	switch name := policy.LowerName(v.Field); v.Reason {
	case policy.ReasonMissing:
		return o.code == "signature_cos" && strings.HasPrefix(name, "q-") // signed, and sent under other names
	case policy.ReasonExtra:
		return !o.covers || name == "signature" || name == policy.LowerName(o.accessKey) || name == "bucket" && o.code == "signature_gcs_v2"
	case policy.ReasonUnconditional:
		return o.code != "signature_v2"
	}
	return false
}

// checkOldSignature names the older signature, and checks that its two fields are there.
func (x *explainer) checkOldSignature(o *oldSignature) {
	x.add(Finding{Code: o.code, Field: o.accessKey, Wanted: o.wanted})
	x.addFact("access key ID", fieldValue(x.form.fields, o.accessKey))
	if o.code == "signature_cos" {
		return
	}
	if !hasField(x.form.fields, "signature") {
		x.add(Finding{Code: "signature_field_missing", Field: "signature", Wanted: "a field signature"})
	}
}

// checkOldURL names the older signature of a URL, and whether it has expired.
func (x *explainer) checkOldURL(query url.Values) bool {
	for _, o := range oldSignatures {
		if !query.Has(policy.LowerName(o.accessKey)) || !query.Has("signature") {
			continue
		}
		x.add(Finding{Code: o.code, Field: "Signature", Wanted: o.wanted})
		seconds, err := strconv.ParseInt(query.Get("expires"), 10, 64)
		if end := time.Unix(seconds, 0); err == nil && seconds > 0 && seconds < 1<<33 {
			x.addFact("expires", formatInstant(end)+" ("+formatDistance(end, x.options.Now)+")")
			if !x.options.Now.Before(end) {
				x.add(Finding{Code: "url_expired", Field: "Expires", Wanted: "before " + formatInstant(end), Got: formatInstant(x.options.Now)})
			}
		}
		return true
	}
	return false
}
