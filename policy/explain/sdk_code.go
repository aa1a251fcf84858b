package explain

// codeFor returns how the correction is written with a library, as the end of a fix; "" where the
// library is unknown or there is nothing special to it.
func codeFor(code string, made sdk) string {
	if same, ok := sameCode[code]; ok {
		code = same
	}
	if text := sdkCode[code][made]; text != "" {
		return "; with " + string(made) + ": " + text
	}
	return ""
}

// sameCode are findings that are corrected by the same code as another.
var sameCode = map[string]string{
	"content_type_missing": "field_missing", "value_mismatch": "field_missing", "prefix_mismatch": "field_missing", "value_empty": "field_missing",
	"token_uncovered": "field_uncovered", "bucket_unconditional": "field_uncovered", "checksum_of_nothing": "checksum_unsupported",
	"body_chunk_signed": "checksum_unsupported", "url_expired": "lifetime", "policy_expired": "lifetime", "expires_invalid": "lifetime",
	"size_out_of_range": "size_too_large", "length_condition": "size_too_large", "size_unbounded": "size_too_large", "content_type_unsent": "content_type_differs",
	"signature_versions_mixed": "signature_v2", "bucket_elsewhere": "wrong_region",
}

// sdkCode is how corrections are written with each library. {field} and {wanted} are the finding's.
var sdkCode = map[string]map[sdk]string{
	"field_missing": {
		sdkBoto:   `generate_presigned_post(Bucket, Key, Fields={"{field}": VALUE}, Conditions=[{"{field}": VALUE}]), and post all of its fields before the file`,
		sdkJS:     `createPresignedPost(client, {Bucket, Key, Fields: {"{field}": value}, Conditions: [{"{field}": value}]}), then formData.append each field before the file`,
		sdkPHP:    `new PostObjectV4($client, $bucket, ['{field}' => $value], [['{field}' => $value]], '+15 minutes'), and write every input of getFormInputs() before the file`,
		sdkRuby:   `bucket.presigned_post(key: key).fields has the signed fields; write each of them as an input before the file`,
		sdkGo:     `PresignPostObject returns Values without your own conditions' fields: add {field} to them before the file`,
		sdkMinIO:  `call the setter of PostPolicy for {field}, and send every entry of the form data that PresignedPostPolicy returns`,
		sdkScript: `formData.append("{field}", value) before formData.append("file", file)`,
		sdkCurl:   `--form-string '{field}=VALUE' before --form file=@FILE`,
	},
	"field_uncovered": {
		sdkBoto:   `generate_presigned_post(Bucket, Key, Fields={"{field}": VALUE}, Conditions=[{"{field}": VALUE}]): Fields alone adds no condition`,
		sdkJS:     `createPresignedPost(client, {Bucket, Key, Fields: {"{field}": value}, Conditions: [{"{field}": value}]})`,
		sdkPHP:    `new PostObjectV4($client, $bucket, ['{field}' => $value], [['{field}' => $value], ['bucket' => $bucket]], '+15 minutes'): form inputs alone add no condition`,
		sdkRuby:   `bucket.presigned_post(key: key, allow_any: ["{field}"])`,
		sdkGo:     `PresignPostObject(ctx, input, func(o *s3.PresignPostOptions) { o.Conditions = append(o.Conditions, []any{"starts-with", "${field}", ""}) })`,
		sdkScript: `remove formData.append("{field}", …)`,
		sdkCurl:   `leave out --form {field}=…`,
	},
	"checksum_unsupported": {
		sdkBoto:   `boto3.client("s3", config=Config(request_checksum_calculation="when_required", response_checksum_validation="when_required"))`,
		sdkJS:     `new S3Client({requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED"})`,
		sdkPHP:    `new S3Client(['request_checksum_calculation' => 'when_required', 'response_checksum_validation' => 'when_required'])`,
		sdkRuby:   `Aws::S3::Client.new(request_checksum_calculation: "when_required", response_checksum_validation: "when_required")`,
		sdkGo:     `s3.NewFromConfig(cfg, func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired })`,
		sdkJava:   `S3Client.builder().requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)`,
		sdkDotNet: `new AmazonS3Config { RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED }`,
	},
	"signature_v2": {
		sdkBoto: `boto3.client("s3", region_name=REGION, config=Config(signature_version="s3v4"))`,
		sdkJS:   `new AWS.S3({signatureVersion: "v4", region}), or version 3 of the SDK`,
		sdkPHP:  `new S3Client(['signature_version' => 'v4']) and PostObjectV4 in the place of PostObject`,
		sdkRuby: `Aws::S3::Client.new(signature_version: "v4")`,
	},
	"wrong_region": {
		sdkBoto: `boto3.client("s3", region_name="{wanted}")`,
		sdkJS:   `new S3Client({region: "{wanted}"})`,
		sdkPHP:  `new S3Client(['region' => '{wanted}'])`,
		sdkRuby: `Aws::S3::Client.new(region: "{wanted}")`,
		sdkGo:   `config.LoadDefaultConfig(ctx, config.WithRegion("{wanted}"))`,
		sdkJava: `S3Presigner.builder().region(Region.of("{wanted}"))`,
	},
	"content_type_differs": {
		sdkBoto:   `generate_presigned_url("put_object", Params={"Bucket": …, "Key": …, "ContentType": TYPE}), and send Content-Type: TYPE`,
		sdkJS:     `getSignedUrl(client, new PutObjectCommand({Bucket, Key, ContentType: type}), {signableHeaders: new Set(["content-type"])}), and send that type`,
		sdkScript: `fetch(url, {method: "PUT", headers: {"Content-Type": type}, body: file})`,
		sdkCurl:   `--header 'Content-Type: TYPE'`,
	},
	"lifetime": {
		sdkBoto: `ExpiresIn=900`,
		sdkJS:   `expiresIn: 900 (getSignedUrl), Expires: 900 (createPresignedPost)`,
		sdkPHP:  `'+15 minutes' as the last argument`,
		sdkRuby: `presigned_url(:put, expires_in: 900)`,
		sdkGo:   `s3.WithPresignExpires(15 * time.Minute)`,
	},
	"size_too_large": {
		sdkBoto: `Conditions=[["content-length-range", 1, 10485760]]`,
		sdkJS:   `Conditions: [["content-length-range", 1, 10485760]]`,
		sdkPHP:  `['content-length-range', 1, 10485760] among the options of PostObjectV4`,
		sdkRuby: `bucket.presigned_post(key: key, content_length_range: 1..10485760)`,
		sdkGo:   `o.Conditions = append(o.Conditions, []any{"content-length-range", 1, 10485760})`,
	},
	"key_missing": {
		sdkScript: `formData.append("key", key) as the first field, formData.append("file", file) as the last`,
		sdkCurl:   `--form-string key=KEY before --form file=@FILE`,
	},
	"policy_bytes_literal": {sdkBoto: `fields["policy"] = policy.decode("ascii")`},
	"body_sent_as_form": {
		sdkBoto:   `requests.put(url, data=open(path, "rb"), headers={"Content-Type": TYPE}): data=, not files=`,
		sdkScript: `fetch(url, {method: "PUT", headers: {"Content-Type": file.type}, body: file})`,
		sdkCurl:   `curl --upload-file FILE 'URL'`,
	},
	"header_rewritten": {
		sdkGo: `a middleware that removes Accept-Encoding and amz-sdk-* before signing`,
		sdkJS: `unsignableHeaders: new Set(["accept-encoding"]) for getSignedUrl`,
	},
	"credential_empty": {
		sdkBoto: `print(boto3.Session().get_credentials()) shows whether there are any`,
		sdkJS:   `await client.config.credentials() shows whether there are any`,
	},
}
