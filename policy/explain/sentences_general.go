package explain

// anyStoreTable has words that mean the same wherever they stand. They count where neither a table
// has the sentence nor the store's code says what it is about.
var anyStoreTable = storeTable{store: "any store", sentences: []sentence{
	{text: "form expired", code: "policy_expired"},
	{text: "kms:", code: "kms_denied"},
	{text: "explicit deny", code: "denied_explicitly"},
	{text: "not authorized to perform", code: "permission_missing"},
	{text: "does not have permission", code: "permission_missing"},
	{text: "checksum", code: "checksum_mismatch"},
	{text: "multipart/form-data", code: "form_enctype"},
	{text: "enclosure-type", code: "form_enctype"},
	{text: "signature version 4", code: "signature_v2"},
	{text: "sigv4", code: "signature_v2"},
	{text: "session token", code: "token_invalid"},
	{text: "security token", code: "token_invalid"},
	{text: "quota", code: "quota_exceeded"},
	{text: "too many requests", code: "store_busy"},
	{text: "rate limit", code: "store_busy"},
	{text: "signature does not match", code: "signature_mismatch"},
	{text: "signature we calculated does not match", code: "signature_mismatch"},
	{text: "clock", code: "clock_skew"},
}}

// statusTable has the statuses of HTTP as pages of stores and proxies have them, and commands print
// them.
var statusTable = storeTable{store: "HTTP", sentences: []sentence{
	{text: "413 request entity too large", code: "proxy_size_limit", field: "file"},
	{text: "413 payload too large", code: "proxy_size_limit", field: "file"},
	{text: "413 content too large", code: "proxy_size_limit", field: "file"},
	{text: "request entity too large", code: "proxy_size_limit", field: "file"},
	{text: "411 length required", code: "length_missing", field: "Content-Length"},
	{text: "408 request timeout", code: "request_timeout"},
	{text: "408 request time-out", code: "request_timeout"},
	{text: "499 client disconnect", code: "request_timeout"},
	{text: "431 request header fields too large", code: "metadata_too_large"},
	{text: "507 insufficient storage", code: "quota_exceeded"},
	{text: "502 bad gateway", code: "store_busy"},
	{text: "503 service", code: "store_busy"},
	{text: "504 gateway", code: "store_busy"},
	{text: "405 method not allowed", code: "method_refused"},
	{text: "404 not found", code: "bucket_missing"},
	{text: "the resource could not be found", code: "bucket_missing"},
	{text: "405 not allowed", code: "method_refused"},
	{text: "412 precondition failed", code: "already_exists"},
	{text: "422 unprocessable entity", code: "checksum_mismatch"},
	{text: "429 too many requests", code: "store_busy"},
	{text: "498 rate limited", code: "store_busy"},
}}
