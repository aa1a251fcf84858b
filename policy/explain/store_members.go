package explain

import (
	"cmp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// memberRules read the elements that go with a cause, by the finding's code.
var memberRules = map[string]func(e *storeError, f *Finding){
	"already_exists": readPrecondition, "post_unsupported": readHeader, "header_unsigned": readUnsignedHeaders,
	"part_invalid": readPart, "size_too_small": readSizes, "size_too_large": readSizes, "wrong_region": readRegion,
	"credential_malformed": readRegion, "parameter_invalid": readRegion, "bucket_elsewhere": readRegion, "argument_invalid": readArgument,
	"request_invalid": readArgument, "access_key_unknown": readAccessKey, "clock_skew": readTimes, "url_expired": readExpiry,
	"checksum_mismatch": readDigests, "payload_hash_differs": readDigests, "method_refused": readMethod, "file_repeated": readFiles,
	"metadata_too_large": readLimit, "key_too_long": readLimit, "form_too_large": readLimit, "token_invalid": readNothing, "credential_expired": readNothing,
	"authorization_twice": readNothing, "authorization_foreign": readNothing, "bucket_missing": readBucket, "bucket_name_invalid": readBucket,
	"signed_header_missing": readSignedHeader, "storage_class_invalid": readStorageClass, "checksum_invalid": readHeaderName, "swift_signature": readNothing, "callback_failed": readCallback,
}

// readNothing leaves out the message, which may repeat the credentials that were sent.
func readNothing(*storeError, *Finding) {}

// readPrecondition tells an object that is there already from other conditions of a request.
func readPrecondition(e *storeError, f *Finding) {
	condition := policy.LowerName(e.member("condition"))
	switch {
	case strings.Contains(condition, "multipart/form-data"):
		f.Code, f.Field, f.Wanted, f.Got = "form_enctype", "enctype", multipartType, ""
	case condition == "if-match" || strings.HasPrefix(condition, "if-match-"), strings.HasPrefix(condition, "if-unmodified"):
		f.Code, f.Field, f.Got = "object_changed", e.member("condition"), ""
	default:
		f.Field, f.Got = "key", cmp.Or(e.member("key"), f.Got)
	}
}

// readHeader names the header that a store doesn't implement. Without one it may be any header of
// the operation or, if no operation and no header is spoken of, the form.
func readHeader(e *storeError, f *Finding) {
	name := e.member("header")
	operation := e.member("operation")
	switch lower := policy.LowerName(name); {
	case lower == "" && (operation != "" && !strings.HasPrefix(operation, "Post") || strings.Contains(policy.LowerName(e.Message), "a header you provided")):
		f.Code, f.Got = "feature_unsupported", ""
	case lower == "":
	case lower == "transfer-encoding":
		f.Code, f.Field, f.Wanted, f.Got = "body_chunked", name, "Content-Length", "a chunked body"
	case strings.Contains(lower, "checksum"):
		f.Code, f.Field, f.Got = "checksum_unsupported", name, ""
	default:
		f.Code, f.Field, f.Got = "header_unsupported", name, ""
	}
}

func readUnsignedHeaders(e *storeError, f *Finding) {
	f.Field = cmp.Or(e.member("headersnotsigned"), f.Field)
	f.Wanted = "the signed headers alone"
}

// readPart tells a part that isn't there from one whose ETag the script couldn't read.
func readPart(e *storeError, f *Finding) {
	etag, named := e.members["etag"]
	f.Field = cmp.Or(withPrefix("part ", e.member("partnumber")), f.Field)
	switch policy.LowerName(strings.Trim(etag, `"`)) {
	case "null", "undefined", "none", "nil", "nan", "[object object]":
		f.Code, f.Got, f.Wanted = "etag_unreadable", etag, "the ETag that the store answered to the part"
	case "":
		if named {
			f.Code, f.Got, f.Wanted = "etag_unreadable", "an empty ETag", "the ETag that the store answered to the part"
		}
	default:
		f.Wanted, f.Got = "an uploaded part with this ETag", etag
	}
}

// readSizes reads what was proposed and what is allowed.
func readSizes(e *storeError, f *Finding) {
	f.Field, f.Got = "file", cmp.Or(withSuffix(e.member("proposedsize"), " bytes"), f.Got)
	f.Wanted = cmp.Or(sizeBound("at most ", e.member("maxsizeallowed")), sizeBound("at least ", e.member("minsizeallowed")), f.Wanted)
	if number := e.member("partnumber"); number != "" && f.Code == "size_too_small" {
		f.Code, f.Field = "part_too_small", "part "+number
	} else if e.member("operation") == "CompleteMultipartUpload" && f.Code == "size_too_small" {
		f.Code, f.Field = "part_too_small", "part"
	}
}

// readRegion reads where the bucket is. What the store says about a credential is about its region
// only where a region is named.
func readRegion(e *storeError, f *Finding) {
	region, text := e.member("region"), policy.LowerName(e.Message)
	f.Wanted = cmp.Or(f.Wanted, region, e.member("endpoint"))
	switch f.Code {
	case "credential_malformed", "parameter_invalid":
		if region != "" && (text == "" || strings.Contains(text, "region")) {
			f.Code = "wrong_region"
		} else if region == f.Wanted {
			f.Wanted = ""
		}
		f.Field = cmp.Or(f.Field, e.member("argumentname"))
	case "wrong_region":
		if strings.HasSuffix(f.Wanted, ", auto") {
			f.Wanted = "auto"
		} else if strings.Contains(text, "unexpected scope") {
			f.Wanted = cmp.Or(f.Wanted, "garage, or the s3_region of garage.toml")
		}
	case "bucket_elsewhere":
		f.Wanted = cmp.Or(e.member("endpoint"), region)
	}
	if f.Got == e.Message && f.Wanted != "" {
		f.Got = ""
	}
}

// readArgument names the argument. Values that may be credentials aren't repeated.
func readArgument(e *storeError, f *Finding) {
	f.Field = cmp.Or(f.Field, e.member("argumentname"))
	f.Got = cmp.Or(e.member("argumentvalue"), e.Message, f.Got)
	switch name := policy.LowerName(f.Field); {
	case isSecretField(name) || isSecretField(e.member("argumentname")):
		f.Got = e.Message
	case name == "acl" || name == "x-amz-acl":
		f.Code = "acl_invalid"
	case strings.Contains(name, "credential") || strings.Contains(policy.LowerName(e.Message), "region"):
		if region := e.member("region"); region != "" {
			f.Code, f.Wanted = "wrong_region", region
		}
	}
}

// readAccessKey tells temporary keys apart: they need their session token.
func readAccessKey(e *storeError, f *Finding) {
	key := cmp.Or(e.member("awsaccesskeyid"), e.member("ossaccesskeyid"), e.member("accesskeyid"))
	f.Field, f.Got = "", cmp.Or(key, f.Got)
	if strings.HasPrefix(key, "ASIA") || strings.HasPrefix(key, "STS.") {
		f.Code = "access_key_temporary"
	}
}

func readTimes(e *storeError, f *Finding) {
	f.Wanted = cmp.Or(withPrefix("about ", e.member("servertime")), f.Wanted)
	f.Got = cmp.Or(e.member("requesttime"), e.member("x-amz-date"), f.Got)
}

func readExpiry(e *storeError, f *Finding) {
	f.Wanted = cmp.Or(withPrefix("before ", e.member("expires")), f.Wanted)
	f.Got = cmp.Or(e.member("servertime"), f.Got)
}

// emptyHash is the SHA-256 of nothing.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// readDigests compares the checksum that was sent with the store's.
func readDigests(e *storeError, f *Finding) {
	sent := cmp.Or(e.member("clientcomputedcontentsha256"), e.member("expecteddigest"))
	found := cmp.Or(e.member("s3computedcontentsha256"), e.member("calculateddigest"))
	switch {
	case sent == emptyHash:
		f.Code, f.Wanted, f.Got = "body_hash_empty", "the hash of the body", "the hash of an empty body"
	case found == emptyHash:
		f.Code, f.Wanted, f.Got = "body_lost", "the body that was signed", "an empty body"
	case sent != "" && found != "":
		f.Wanted, f.Got = sent, found
	case f.Code == "payload_hash_differs" && e.isChunked():
		f.Code, f.Wanted, f.Got = "body_chunk_signed", "UNSIGNED-PAYLOAD, or the hash of the body", e.member("argumentvalue")
		f.Field = "x-amz-content-sha256"
	}
}

// isChunked reports whether a store doesn't take the value that an SDK puts in the place of the
// body's hash: it repeats the value, or says nothing, as Ceph does.
func (e *storeError) isChunked() bool {
	if strings.HasPrefix(e.member("argumentvalue"), "STREAMING-") {
		return true
	}
	fromSDK := e.member("operation") != "" || e.store() == cephTable.store
	return fromSDK && (saysNothing(e.Message) || strings.Contains(policy.LowerName(e.Message), "x-amz-content-sha256 must be"))
}

// readMethod reads the method and what it was sent to.
func readMethod(e *storeError, f *Finding) {
	f.Got = cmp.Or(strings.TrimSpace(e.member("method")+" "+policy.LowerName(e.member("resourcetype"))), f.Got)
}

// readFiles tells none from several: the store counts the files.
func readFiles(e *storeError, f *Finding) {
	if f.Field = "file"; e.member("argumentvalue") == "0" {
		f.Code, f.Wanted = "file_missing", `a file in the field "file"`
	}
}

func readLimit(e *storeError, f *Finding) {
	f.Wanted = cmp.Or(sizeBound("at most ", cmp.Or(e.member("maxsizeallowed"), e.member("maxmessagelengthbytes"))), f.Wanted)
	f.Got = cmp.Or(withSuffix(e.member("size"), " bytes"), f.Got)
}

func readBucket(e *storeError, f *Finding) { f.Got = cmp.Or(e.member("bucketname"), f.Got) }

func readStorageClass(e *storeError, f *Finding) {
	f.Got = cmp.Or(e.member("storageclassrequested"), f.Got)
}

// readSignedHeader reads the header that was signed and not sent.
func readSignedHeader(e *storeError, f *Finding) {
	f.Field, f.Wanted = cmp.Or(f.Field, e.member("parametername")), "the value that was signed"
}

func readHeaderName(e *storeError, f *Finding) {
	f.Field = cmp.Or(f.Field, e.member("argumentname"), "Content-MD5")
}

func readCallback(e *storeError, f *Finding) { f.Field, f.Got = "callback", cmp.Or(f.Got, e.Message) }

func withPrefix(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func withSuffix(text, suffix string) string {
	if text == "" {
		return ""
	}
	return text + suffix
}

// sizeBound writes a bound in bytes, "" for one that isn't known.
func sizeBound(prefix, size string) string { return withPrefix(prefix, withSuffix(size, " bytes")) }
