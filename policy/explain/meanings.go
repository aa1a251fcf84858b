package explain

// meaning is what one code says and how to mend it; {field}, {wanted} and {got} stand for those of
// the finding.
type meaning struct {
	severity     Severity
	summary, fix string
}

// meanings holds every code there is. The two halves are in files of their own.
var meanings = func() map[string]meaning {
	all := map[string]meaning{}
	for _, half := range []map[string]meaning{policyMeanings, formMeanings, signatureMeanings, storeMeanings} {
		for code, m := range half {
			all[code] = m
		}
	}
	return all
}()

var policyMeanings = map[string]meaning{
	"policy_malformed":      {Error, "The policy isn't the JSON that stores read.", "mend it where the position points; better, let an encoder write it"},
	"policy_injected":       {Error, "The JSON breaks inside a condition: a quote or brace in a value rewrote the policy, which happens to policies put together by string formatting.", "build the policy with a JSON encoder, never with string formatting; refuse the value that did this"},
	"policy_altered":        {Error, "The input carries two different policies; only the signed one is accepted.", "send the policy text exactly as it was signed"},
	"policy_missing":        {Error, "The form has no policy.", "add the signed policy as a field named policy, before the file"},
	"policy_expired":        {Error, "The policy has expired.", "sign a new form shortly before it is used, or give it a longer lifetime; check the clock of the machine that signs"},
	"expiration_missing":    {Error, "The policy has no expiration.", "add an expiration such as 2026-03-01T12:00:00.000Z"},
	"expiration_malformed":  {Error, "The expiration isn't an instant in UTC as stores read it; offsets are refused.", "write it as 2026-03-01T12:00:00.000Z"},
	"conditions_missing":    {Error, "The policy has no list of conditions.", "add the conditions"},
	"condition_malformed":   {Error, "A condition isn't written as stores read it: an object with one string, or an array of operator, $field and value.", "write it with {wanted}"},
	"member_unknown":        {Error, "A policy has two members, expiration and conditions, each once.", "take the other member out"},
	"base64_malformed":      {Error, "The policy isn't base64 of JSON.", "send the base64 of the policy's JSON, exactly the text that was signed"},
	"base64_line_ends":      {Error, "The base64 has spaces or line ends; the signature is over one line.", "encode without line breaks and sign that very text"},
	"base64_url_alphabet":   {Error, "The base64 uses the URL alphabet (- and _).", "encode with the standard alphabet (+ and /)"},
	"base64_unpadded":       {Error, "The base64 lacks its padding.", "encode with padding (=)"},
	"dollar_in_value":       {Error, "A value holds a $, which begins a variable for some stores: they refuse it or match something else.", "use values without $"},
	"filename_in_condition": {Error, "A condition holds ${filename}, which only fields may: the store compares with the replaced name.", `use a prefix, ["starts-with", "$key", "users/1/"], and put ${filename} into the key field; better, mint the whole key`},
	"control_in_value":      {Warning, "A value holds a control character, which browsers change on the way.", "use values without control characters"},
	"field_name_invalid":    {Warning, "A condition names a field that no form should have.", "name it with letters, digits, - and _"},
	"key_too_long":          {Error, "The key is over 1,024 bytes.", "shorten it"},
	"key_segment":           {Warning, "The key has a segment . or .., which URLs lose.", "mint keys without such segments"},
	"key_unconditional":     {Error, "No condition covers the key.", `add {"key": "…"} or ["starts-with", "$key", "users/1/"]`},
	"bucket_unconditional":  {Error, "No condition covers the bucket.", `add {"bucket": "…"}`},
	"key_open":              {Warning, "The key may be anything: whoever has the form can overwrite any object.", "mint the whole key, or demand a prefix ending in /"},
	"prefix_without_slash":  {Warning, "The key prefix doesn't end in a slash: users/1 also allows users/10.", "end the prefix in /"},
	"size_unbounded":        {Warning, "No condition bounds the size: up to 5 GiB are accepted.", `add ["content-length-range", 1, 10485760]`},
	"range_invalid":         {Error, "The size range is empty or negative.", "put the smaller figure first"},
	"type_family":           {Warning, "A prefix of the content type lets in more than it seems: image/ allows image/svg+xml, which may hold script, and some stores look at the beginning of a comma list only.", "sign one exact content type per form"},
	"redirect_invalid":      {Warning, "The redirect isn't an absolute https URL; stores send the browser there all the same.", "use an absolute https URL of your own"},
	"redirect_query":        {Warning, "The redirect has a query: some stores replace it, others add a second question mark.", "put what you need to know into the path"},
	"status_invalid":        {Warning, "S3 knows the statuses 200, 201 and 204 only and answers 204 to others.", "use 201 for scripts"},
	"operator_unusual":      {Warning, "This field should have one exact value.", "use an exact condition"},
	"acl_used":              {Info, "The form sets an ACL. Buckets have ACLs switched off by default and then refuse it with AccessControlListNotSupported.", "leave acl out unless the bucket has ACLs switched on"},
	"condition_repeated":    {Warning, "Two conditions are about one field: S3 wants both to hold, some stores only the last.", "keep one condition per field"},
	"condition_widened":     {Warning, "A second condition on the same field allows anything, as in policies that a quote in a value rewrote: stores that heed only the last one accept all.", "keep one condition per field, and build policies with an encoder"},
	"conditions_contradict": {Error, "Two conditions on one field can't both hold, so no form is ever accepted.", "keep one of them"},
	"lifetime_too_long":     {Warning, "The policy ends more than 7 days after signing; the signature doesn't last that long.", "sign for at most 7 days"},
}
