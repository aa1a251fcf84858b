package explain

// evidenceCodes are causes of a refused signature that the store's own view of the request shows.
var evidenceCodes = map[string]codeInfo{
	"body_sent_as_form":        {Error, "The file is wrapped into a form (FormData, curl --form; Content-Type multipart/form-data). A presigned URL takes the file itself: the signature is over another content type, or the form's text would be stored as the file.", "send the file itself as the body, with the signed content type: fetch(url, {method: \"PUT\", body: file}) or curl --upload-file FILE; never a FormData to a presigned PUT"},
	"content_type_differs":     {Error, "The content type is signed, and the request arrived with another one, as far as can be told.", "send exactly the content type that was signed; the store saw {got}. Where the client adds one by itself, sign that one"},
	"content_type_unsent":      {Error, "The content type is signed, and the request arrived without one.", "send the Content-Type that was signed"},
	"host_differs":             {Error, "The host is signed, and the request arrived for another host or port, as far as can be told.", "sign for the address that reaches the store, with its port: the store saw {got}. Let proxies pass the Host header on unchanged"},
	"path_encoding":            {Error, "The path is signed, and the store saw one that clients and signers encode differently.", "encode each byte of the key once (space is %20, + is %2B, / stays), sign that path, and send it unchanged; the store saw {got}"},
	"header_rewritten":         {Error, "A signed header is one that proxies, browsers or the store's front end change on the way.", "don't sign {field}: sign host and what the store needs, no more"},
	"header_order":             {Error, "The signed headers aren't in alphabetical order; the store sorts them, so it signs another text.", "sort the signed headers' names, in lower case, before signing"},
	"payload_hash_differs":     {Error, "The hash of the body that was signed isn't the one of the body that arrived.", "sign with x-amz-content-sha256: UNSIGNED-PAYLOAD, as presigned URLs do, or with the SHA-256 of exactly these bytes in hex"},
	"body_hash_empty":          {Error, "The request was signed with the hash of an empty body, and a body came with it.", "hash the body before signing, or sign with UNSIGNED-PAYLOAD"},
	"body_lost":                {Error, "The body was signed, and it arrived empty.", "look for a redirect, a proxy or a stream that was read before; send the body again with each attempt"},
	"body_chunk_signed":        {Error, "The SDK sent the body in signed chunks (aws-chunked), which this store doesn't check alike.", "switch chunked signing off: checksums only when required (AWS_REQUEST_CHECKSUM_CALCULATION=when_required), payload unsigned or hashed as a whole"},
	"method_differs":           {Error, "The method is signed, and the store saw another one than such a URL is made for.", "use the method that the URL was signed for: PUT for an upload; redirects can turn it into GET"},
	"query_changed":            {Error, "The request's query has parameters that signers don't add.", "send the presigned URL unchanged; make the client add no parameters of its own (cache busting, tracking): {got}"},
	"policy_bytes_literal":     {Error, "The policy arrived with the letter b in front: a Python bytes literal was sent in place of its text.", "call .decode() on the result of base64.b64encode before it is put into the form: base64.b64encode(policy).decode()"},
	"policy_text_differs":      {Error, "The policy that arrived isn't plain base64 in one line, so it isn't the text that was signed.", "send exactly the base64 text that was signed, in one line, with the standard alphabet"},
	"signature_versions_mixed": {Error, "The request is signed by one version and the store expects the other.", "sign with version 4 (AWS4-HMAC-SHA256) throughout"},
	"length_differs":           {Error, "The length is signed, and the body arrived with another length, as far as can be told.", "sign for the file's exact size and send exactly that file: the store saw {got} bytes"},
}
