package explain

var signatureCodes = map[string]codeInfo{
	"signature_cos":           {Info, "This is Tencent COS's own signature of forms. The policy is checked, the signature isn't.", "compare the signature with the store's own documentation if it refuses it"},
	"signature_obs":           {Info, "This is Huawei OBS's own signature of forms. The policy is checked, the signature isn't.", "compare the signature with the store's own documentation if it refuses it"},
	"signature_field_missing": {Error, "A field of the signature is missing.", "add {field} as it was signed"},
	"signature_malformed":     {Error, "The signature isn't 64 lower-case hex digits.", "send the signature as hex, as it was computed"},
	"signature_mismatch":      {Error, "The signature isn't the one of this text and key: the policy or a signed part of the request was changed on the way, or it was signed with another secret, region or date.", "send the signed text byte for byte; check secret access key and region; sign again"},
	"signature_v2":            {Error, "This is a signature of version 2, which most regions and stores no longer accept.", "sign with version 4 (AWS4-HMAC-SHA256)"},
	"algorithm_unknown":       {Error, "No store knows this algorithm.", "use {wanted}"},
	"credential_malformed":    {Error, "The credential isn't access key, date, region, service and terminator, joined by slashes.", "write it as {wanted}"},
	"date_malformed":          {Error, "The time of signing isn't written as stores read it.", "write it as 20261121T120000Z"},
	"date_too_old":            {Error, "It was signed more than 7 days ago.", "sign again"},
	"signed_long_ago":         {Info, "It was signed more than an hour ago. AWS accepts that; some gateways don't.", "sign shortly before use"},
	"clock_skew":              {Error, "The time of signing lies in the future, or too far from the store's clock.", "set the clock of the machine that signs (NTP)"},
	"scope_date":              {Error, "The credential's date isn't the day of signing.", "compute both from one time, in UTC"},
	"scope_service":           {Error, "The credential is for another service.", "end the credential in {wanted}"},
	"wrong_region":            {Error, "It was signed for another region than the bucket's.", "sign for the bucket's region: {wanted}"},
	"token_missing":           {Error, "The access key is temporary, and the session token is missing.", "send the session token, as a field with its condition or as a signed parameter"},
	"token_used":              {Info, "The credentials are temporary: the signature ends with them, even if it says it lasts longer.", "sign for no longer than the credentials last"},
	"signature_oss_v1":        {Warning, "This is a form of Aliyun OSS with its signature of version 1: OSSAccessKeyId, policy and Signature. OSS takes it; new accounts should use version 4.", "sign with OSS4-HMAC-SHA256, whose fields begin with x-oss-"},
	"signature_gcs_v2":        {Warning, "This is a form of Google Cloud Storage with its signature of version 2: GoogleAccessId, policy and signature. It is still taken; version 4 replaces it.", "sign with GOOG4-RSA-SHA256, whose fields begin with x-goog-"},
	"signature_encoding":      {Error, "The signature isn't base64, as this version writes it.", "send the signature's bytes as base64, percent-encoded in a URL (+ is %2B, / is %2F, = is %3D); in a shell, quote the whole URL"},
}
