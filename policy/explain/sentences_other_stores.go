package explain

// cephTable has what Ceph's RADOS Gateway writes to forms (src/rgw/rgw_policy_s3.cc and
// rgw_rest_s3.cc).
var cephTable = storeTable{store: "Ceph RGW", sentences: []sentence{
	{text: "policy missing condition: {field}", code: "field_uncovered"},
	{text: "policy check failed, variable not found: {field}", code: "field_missing"},
	{text: "policy check failed, variable not met condition: {field}", code: "value_mismatch"},
	{text: "policy check failed", code: "condition_failed"},
	{text: "malformed json", code: "policy_malformed"},
	{text: "could not decode policy", code: "base64_malformed", field: "policy"},
	{text: "failed to parse policy expiration", code: "expiration_malformed"},
	{text: "failed to parse policy", code: "policy_malformed"},
	{text: "bad condition array, expecting 3 arguments", code: "condition_malformed"},
	{text: "bad content-length-range param", code: "range_invalid"},
	{text: "invalid condition: {got}", code: "condition_malformed"},
	{text: "missing aws4 credential", code: "signature_field_missing", field: "x-amz-credential"},
	{text: "missing aws4 signature", code: "signature_field_missing", field: "x-amz-signature"},
	{text: "missing aws4 date", code: "signature_field_missing", field: "x-amz-date"},
	{text: "missing access key", code: "signature_field_missing", field: "AWSAccessKeyId"},
	{text: "missing signature", code: "signature_field_missing", field: "signature"},
	{text: "missing policy", code: "policy_missing", field: "policy"},
	{text: "key not specified", code: "key_missing", field: "key"},
	{text: "empty object name", code: "key_missing", field: "key"},
	{text: "couldn't find boundary", code: "post_body_malformed"},
	{text: "missing multipart boundary", code: "post_body_malformed"},
	{text: "malformed request", code: "post_body_malformed"},
	{text: "the storage class you specified is not valid", code: "storage_class_invalid", field: "x-amz-storage-class"},
	{text: "bad canned acl", code: "acl_invalid", field: "acl"},
}, codes: map[string]string{
	"UserSuspended": "account_problem", "UnknownError": "store_busy", "InvalidObjectName": "key_invalid", "NotSupported": "post_unsupported",
}}

// minioTable has what MinIO and SeaweedFS write, which took its code over (cmd/postpolicyform.go
// and cmd/api-errors.go; weed/s3api/policy/postpolicyform.go and s3err).
var minioTable = storeTable{store: "MinIO or SeaweedFS", sentences: []sentence{
	{text: "each form field that you specify in a form (except {field}) must appear in the list of conditions", code: "field_uncovered"},
	{text: "must appear in the list of conditions", code: "field_uncovered"},
	{text: "formvalues have multiple values", code: "field_repeated"},
	{text: "unknown type {} of conditional field value {got} found in post policy form", code: "condition_value_type"},
	{text: "malformed conditional fields {got} of type", code: "condition_malformed"},
	{text: "unknown field {got} of type", code: "condition_malformed"},
	{text: "input policy has multiple {field}, please fix", code: "member_unknown"},
	{text: "missing credential field for this request", code: "signature_field_missing", field: "x-amz-credential"},
	{text: "signature header missing {field} field", code: "signature_field_missing"},
	{text: "region does not match; expecting '{wanted}'", code: "wrong_region"},
	{text: "region does not match", code: "wrong_region"},
	{text: "object name contains unsupported characters", code: "key_invalid", field: "key"},
	{text: "object name contains a leading slash", code: "leading_slash", field: "key"},
	{text: "object-prefix is already an object", code: "key_conflict", field: "key"},
	{text: "object name already exists as a directory", code: "key_conflict", field: "key"},
	{text: "object is worm protected", code: "object_locked"},
	{text: "bucket quota exceeded", code: "quota_exceeded"},
	{text: "minimum free drive threshold", code: "quota_exceeded"},
	{text: "minimum free disk threshold", code: "quota_exceeded"},
	{text: "server not initialized", code: "store_busy"},
	{text: "please reduce your request", code: "store_busy"},
	{text: "requires setting up seaweedfs s3 authentication", code: "access_key_unknown"},
	{text: "the access key id you provided does not exist", code: "access_key_unknown"},
}, codes: map[string]string{
	"PostPolicyInvalidKeyName": "prefix_mismatch", "XMinioStorageFull": "quota_exceeded", "XMinioAdminBucketQuotaExceeded": "quota_exceeded",
	"XMinioInvalidObjectName": "key_invalid", "XMinioParentIsObject": "key_conflict", "XMinioObjectExistsAsDirectory": "key_conflict",
	"XMinioServerNotInitialized": "store_busy", "XMinioBackendDown": "store_busy", "SlowDownWrite": "store_busy", "SlowDownRead": "store_busy",
	"MissingFields": "signature_field_missing", "MalformedDate": "date_malformed", "BadRequest": "request_invalid",
	"UnsignedHeaders": "header_unsigned", "POSTFileRequired": "file_missing", "InvalidAccessKeyID": "access_key_unknown",
}}

// versityTable has what versitygw writes besides S3's sentences (its package s3err).
var versityTable = storeTable{store: "versitygw", sentences: []sentence{
	{text: "existing object is a directory", code: "key_conflict", field: "key"},
	{text: "object parent already exists as a file", code: "key_conflict", field: "key"},
	{text: "directory object contains data payload", code: "key_conflict", field: "key"},
	{text: "access control lists are disabled at the gateway level", code: "acl_switched_off"},
	{text: "bucket does not allow acls", code: "acl_switched_off"},
	{text: "no space left on device", code: "quota_exceeded"},
	{text: "denied due to quota exceeded", code: "quota_exceeded"},
	{text: "provided {field} not an integer or within integer range", code: "argument_invalid"},
}, codes: map[string]string{
	"ExistingObjectIsDirectory": "key_conflict", "ObjectParentIsFile": "key_conflict", "DirectoryObjectContainsData": "key_conflict",
	"InsufficientStorage": "quota_exceeded", "NoSpaceLeft": "quota_exceeded",
}}

// gcsTable has what Google Cloud Storage writes into Details of its XML, and the reasons of its
// JSON ("HTTP status and error codes for XML", the same for JSON).
var gcsTable = storeTable{store: "Google Cloud Storage", sentences: []sentence{
	{text: "policy did not reference these fields: {field}", code: "field_uncovered"},
	{text: "unmatched input: <'>", code: "policy_single_quotes"},
	{text: "policy document parsing error: {got}", code: "policy_malformed"},
	{text: "cannot create buckets using a post", code: "address_without_bucket", field: "action"},
	{text: "request signature expired at: {got}", code: "signature_expired"},
	{text: "content-length exceeds upper bound", code: "size_too_large", field: "file"},
	{text: "content-length smaller than lower bound", code: "size_too_small", field: "file"},
	{text: "content-length below lower bound", code: "size_too_small", field: "file"},
	{text: "anonymous caller does not have {wanted} access to", code: "anonymous_denied"},
	{text: "anonymous caller", code: "anonymous_denied"},
	{text: "login required", code: "anonymous_denied"},
	{text: " does not have {wanted} access to", code: "permission_missing"},
	{text: "permission '{wanted}' denied on resource", code: "permission_missing"},
	{text: "when uniform bucket-level access is enabled", code: "acl_switched_off"},
	{text: "request was not signed or contained a malformed signature", code: "signature_malformed"},
	{text: "signature was not base64 encoded", code: "signature_encoding", field: "signature"},
	{text: "included in signedheaders, but not in the request", code: "signed_header_missing"},
	{text: "billing account", code: "account_problem"},
	{text: "retention policy", code: "object_locked"},
	{text: "the content of the form does not meet the conditions", code: "condition_failed"},
}, codes: map[string]string{
	"AuthenticationRequired": "anonymous_denied", "CloudKmsBadKey": "kms_unusable", "CloudKmsDisabledKey": "kms_unusable",
	"CloudKmsDecryptionKeyNotFound": "kms_unusable", "CloudKmsEncryptionKeyNotFound": "kms_unusable", "CloudKmsKeyLocationNotAllowed": "kms_unusable",
	"CrcMismatch": "checksum_mismatch", "MalformedSecurityHeader": "signature_malformed", "UserProjectMissing": "account_problem",
	"UserProjectInvalid": "account_problem", "UserProjectAccountProblem": "account_problem", "UserProjectAccessDenied": "permission_missing",
	"InvalidSecurityElement": "signature_malformed", "KeyNotFound": "object_missing", "ResumableUploadNotFound": "upload_missing",
	"authError": "authorization_expired", "required": "anonymous_denied", "forbidden": "permission_missing", "insufficientPermissions": "permission_missing",
	"conditionNotMet": "already_exists", "rateLimitExceeded": "store_busy", "userRateLimitExceeded": "store_busy", "backendError": "store_busy",
	"internalError": "store_busy", "quotaExceeded": "quota_exceeded", "uploadTooLarge": "size_too_large", "notFound": "bucket_missing",
	"accountDisabled": "account_problem", "userProjectMissing": "account_problem", "invalid": "request_invalid", "badRequest": "request_invalid",
	"parseError": "request_invalid", "retentionPolicyNotMet": "object_locked", "keyInvalid": "access_key_unknown",
}}

// ossTable has what Aliyun OSS writes ("PostObject errors", "HTTP status code 403", "Callback" and
// the error codes EC of its documentation).
var ossTable = storeTable{store: "Aliyun OSS", sentences: []sentence{
	{text: "the callback configuration is not json format", code: "callback_invalid", field: "callback"},
	{text: "callback parameter", code: "callback_invalid", field: "callback"},
	{text: "response body is not valid json format", code: "callback_failed", field: "callback"},
	{text: "private address is forbidden to callback", code: "callback_failed", field: "callback"},
	{text: "the bucket you are attempting to access must be addressed using the specified endpoint", code: "bucket_elsewhere"},
	{text: "bucket referer policy", code: "referer_denied", field: "Referer"},
	{text: "you have no right to access this object because of bucket acl", code: "permission_missing"},
	{text: "anonymous access is forbidden", code: "anonymous_denied"},
	{text: "anonymous user has no right", code: "anonymous_denied"},
	{text: "does not belong to you", code: "bucket_foreign"},
	{text: "is not belong to you", code: "bucket_foreign"},
	{text: "you have no right to access", code: "permission_missing"},
	{text: "access denied by authorizer", code: "denied_explicitly"},
	{text: "access denied by bucket policy", code: "denied_explicitly"},
	{text: "this request is forbidden by kms", code: "kms_denied"},
	{text: "the bucket post must contain the specified 'key'", code: "key_missing", field: "key"},
	{text: "put public object acl is not allowed", code: "public_access_blocked"},
	{text: "put public bucket acl is not allowed", code: "public_access_blocked"},
	{text: "signature, expires and ossaccesskeyid parameters", code: "parameter_missing", field: "Signature, Expires, OSSAccessKeyId"},
	{text: "already exists and can not be overwritten", code: "already_exists", field: "key"},
	{text: "invalid signing region", code: "wrong_region"},
	{text: "invalid signing product", code: "scope_service"},
	{text: "invalid signing date", code: "scope_date"},
	{text: "access key id and security token you provided does not match", code: "token_invalid"},
	{text: "the security token you provided has expired", code: "credential_expired"},
	{text: "the security token you provided is invalid", code: "token_invalid"},
}, codes: map[string]string{
	"CallbackFailed": "callback_failed", "InvalidSecurityToken": "token_invalid", "SecurityTokenExpired": "credential_expired",
	"AccessKeyIdAndSecurityTokenNotMatch": "token_invalid", "UserDisable": "account_problem", "InDebt": "account_problem",
	"InDebtOverdue": "account_problem", "BucketDisable": "account_problem", "AbnormalBucketOwnerStatus": "account_problem",
	"UbsmsInvalidBid": "account_problem", "UserInBlackList": "account_problem", "FileAlreadyExists": "already_exists",
	"FileImmutable": "object_locked", "BucketNotBelongTo": "bucket_foreign", "CnameDenied": "bucket_elsewhere", "FieldItemTooLong": "form_too_large",
	"InvalidObjectName": "key_invalid", "InvalidEncryptionRequest": "encryption_invalid", "KmsServiceNotEnabled": "kms_unusable",
	"IncorrectNumberOfFilesInPOSTRequest": "file_repeated", "FilePartNotExist": "part_invalid", "FilePartStale": "part_invalid",
	"UploadTrafficRateLimitExceeded": "store_busy", "TrafficRateLimitExceeded": "store_busy", "QpsLimitExceeded": "store_busy",
	"NoSuchCORSConfiguration": "cors_refused", "MissingArgument": "parameter_missing", "InvalidCallback": "callback_invalid",
}}

// garageTable has what Garage writes (src/api/common/signature and src/api/s3 of its source).
var garageTable = storeTable{store: "Garage", sentences: []sentence{
	{text: "unexpected scope: {got}", code: "wrong_region"},
	{text: "invalid checksum for part {}: in request = {}, uploaded part = none", code: "checksum_missing"},
	{text: "garage does not support anonymous access", code: "anonymous_denied"},
}}

// supabaseTable has what Supabase's storage writes ("Error codes" of its documentation).
var supabaseTable = storeTable{store: "Supabase", sentences: []sentence{
	{text: "violates row-level security policy", code: "row_policy_denied"},
	{text: "object exceeded the maximum allowed size", code: "size_too_large", field: "file"},
	{text: "mime type {got} is not supported", code: "argument_invalid", field: "Content-Type"},
	{text: "the resource already exists", code: "already_exists", field: "key"},
}}

// r2Table has what Cloudflare R2 writes ("Error codes" of its documentation, and public reports).
var r2Table = storeTable{store: "Cloudflare R2", sentences: []sentence{
	{text: "header '{field}' with value '{got}' not implemented", code: "header_unsupported"},
	{text: "header '{field}' not implemented", code: "header_unsupported"},
	{text: "post policies are not implemented", code: "post_unsupported"},
	{text: "{got} not implemented", code: "operation_unsupported"},
	{text: "all non-trailing parts must have the same length", code: "part_sizes_differ"},
	{text: "sigv2 authorization is not supported", code: "signature_v2"},
	{text: "credential access key has length {got}, should be {wanted}", code: "access_key_unknown"},
	{text: "the region name '{got}' is not valid. must be one of: {wanted}", code: "wrong_region"},
	{text: "one non-default checksum at a time", code: "checksum_unsupported"},
	{text: "please enable r2 through", code: "account_problem"},
	{text: "metadata headers exceed the maximum allowed metadata size", code: "metadata_too_large"},
}, codes: map[string]string{
	"Unauthorized": "access_key_unknown", "ExpiredRequest": "url_expired", "NotEntitled": "account_problem", "InvalidObjectName": "key_invalid",
	"NoSuchMultipartUpload": "upload_missing", "BadUpload": "part_sizes_differ", "TooManyRequests": "store_busy", "ObjectLockedByBucketPolicy": "object_locked",
	"ClientDisconnect": "request_timeout",
}}

// b2Table has what Backblaze B2 writes, by its S3 API and its own ("S3-compatible API", "Integrity"
// and "Calling the native API" of its documentation).
var b2Table = storeTable{store: "Backblaze B2", sentences: []sentence{
	{text: "unsupported header '{field}' received for this api call", code: "header_unsupported"},
	{text: "malformed access key id", code: "access_key_unknown"},
	{text: "the key '{got}' is not valid", code: "access_key_unknown"},
	{text: "not entitled", code: "permission_missing"},
	{text: "no tomes available", code: "store_busy"},
	{text: "cap exceeded", code: "quota_exceeded"},
	{text: "sha1 did not match data received", code: "checksum_mismatch"},
	{text: "checksum did not match data received", code: "checksum_mismatch"},
	{text: "missing header: {field}", code: "header_missing"},
}, codes: map[string]string{
	"bad_auth_token": "authorization_expired", "expired_auth_token": "authorization_expired", "unauthorized": "permission_missing",
	"cap_exceeded": "quota_exceeded", "storage_cap_exceeded": "quota_exceeded", "transaction_cap_exceeded": "quota_exceeded",
	"download_cap_exceeded": "quota_exceeded", "bad_request": "request_invalid", "bad_bucket_id": "bucket_missing", "no_such_file": "object_missing",
	"file_not_present": "object_missing", "service_unavailable": "store_busy", "internal_error": "store_busy", "too_many_requests": "store_busy",
	"request_timeout": "request_timeout", "method_not_allowed": "method_refused", "access_denied": "access_denied",
}}

// spacesTable has what DigitalOcean Spaces writes. It is a Ceph RGW, which mostly answers with a
// code alone, behind a proxy of its own.
var spacesTable = storeTable{store: "DigitalOcean Spaces", sentences: []sentence{
	{text: "this space does not exist", code: "bucket_missing"},
	{text: "please reduce your request rate", code: "store_busy"},
}, codes: map[string]string{"TooManyBuckets": "quota_exceeded"}}

// swiftTable has what OpenStack Swift writes (its middlewares formpost and tempurl).
var swiftTable = storeTable{store: "OpenStack Swift", sentences: []sentence{
	{text: "formpost: invalid signature", code: "swift_signature", field: "signature"},
	{text: "formpost: form expired", code: "policy_expired", field: "expires"},
	{text: "max_file_size exceeded", code: "size_too_large", field: "file"},
	{text: "max file size exceeded", code: "size_too_large", field: "file"},
	{text: "max file count exceeded", code: "file_repeated", field: "file"},
	{text: "no files to process", code: "file_missing", field: "file"},
	{text: "invalid starting boundary", code: "post_body_malformed"},
	{text: "formpost: {field} not an integer", code: "argument_invalid"},
	{text: "expired not an integer", code: "argument_invalid", field: "expires"},
	{text: "temp url invalid", code: "swift_temporary_url"},
	{text: "this server could not verify that you are authorized to access the document you requested", code: "anonymous_denied"},
	{text: "access was denied to this resource", code: "permission_missing"},
}}
