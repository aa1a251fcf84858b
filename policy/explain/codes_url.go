package explain

var urlCodes = map[string]codeInfo{
	"url_broken":          {Error, "This isn't one complete URL.", "copy all of it, without spaces or line ends"},
	"url_too_long":        {Error, "No server reads a URL that long.", "use the presigned URL unchanged; a form's fields go into the body"},
	"url_escaped":         {Error, "The URL was copied out of HTML or XML: it has &amp; in place of &, so the store finds no signature.", "replace every &amp; by &"},
	"url_unsigned":        {Error, "The URL has no signature.", "use the complete presigned URL, with its query"},
	"url_expired":         {Error, "The presigned URL has expired.", "request a new URL, also after a network error shortly before the URL expires"},
	"parameter_missing":   {Error, "A parameter of the signature is missing from the query.", "use the presigned URL unchanged"},
	"parameter_repeated":  {Error, "A parameter is given more than once.", "use the presigned URL unchanged"},
	"parameter_invalid":   {Error, "A parameter of the signature isn't as the store reads it.", "use the presigned URL unchanged, or sign again"},
	"expires_invalid":     {Error, "The lifetime isn't 1 second to 7 days.", "sign for at most 604800 seconds"},
	"path_collapses":      {Error, "The path has a segment . or ..: browsers remove it, and the signature no longer matches.", "make keys without such segments"},
	"encoded_twice":       {Warning, "The path looks percent-encoded twice.", "encode the key once"},
	"part_incomplete":     {Error, "A part needs a part number and an upload ID, both signed.", "sign the part with partNumber and uploadId"},
	"part_number_invalid": {Error, "Part numbers go from 1 to 10,000.", "plan larger parts"},
	"host_unsigned":       {Error, "The host header has to be signed.", "sign with host among the headers"},
	"headers_required":    {Info, "A request with this URL has to send these headers exactly as they were signed.", "send {field} with the signed values"},
	"length_unsigned":     {Warning, "The length isn't signed: a part of any size is accepted.", "sign content-length"},
	"checksum_of_nothing": {Error, "The URL carries the checksum of an empty body, which some SDKs add when they sign without one: every real body is refused.", "let the SDK add checksums only when required, or sign with the checksum of the body"},
	"checksum_in_query":   {Warning, "A checksum in the query is ignored by some stores.", "send the checksum as a signed header"},
}
