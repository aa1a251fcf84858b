package explain

// browserCodes are causes of a request that the browser doesn't send, or whose answer it keeps from
// the page.
var browserCodes = map[string]codeInfo{
	"cors_header_refused":   {Error, "The bucket's CORS rules don't allow a header that the request sends.", "add {field} to AllowedHeaders of the bucket's CORS rule, or *; or send the request without it"},
	"cors_method_refused":   {Error, "The bucket's CORS rules don't allow the request's method.", "add {field} to AllowedMethods of the bucket's CORS rule"},
	"cors_unreachable":      {Error, "The browser got no answer at all, so this isn't about CORS rules: the network, the certificate or an extension of the browser stops the request.", "open the store's address in a tab of its own: check host, port and certificate; try without ad blockers"},
	"origin_null":           {Error, "The page has no origin: it was opened as a file, or it is in a sandboxed iframe. CORS rules for an origin can't match it.", "serve the page from a server, such as http://localhost:8080; give the iframe allow-same-origin"},
	"local_network":         {Error, "The browser doesn't let this page send to an address of a private network.", "serve the page over https, or from the same private network; or give the store a public address with https"},
	"mixed_content":         {Error, "The page came over https and sends to an address without it, which browsers block.", "give the store's address https, with a certificate that browsers trust"},
	"csp_blocked":           {Error, "The page's own Content-Security-Policy forbids the store's address.", "add the store's address to connect-src for scripts, to form-action for forms"},
	"header_unexposed":      {Error, "The bucket's CORS rules don't expose a header that the page's script reads.", "add {got} to ExposeHeaders of the bucket's CORS rule"},
	"host_unresolved":       {Error, "DNS has no such host.", "check the host's spelling, and the region in it; write the bucket into the path if the store has no host per bucket"},
	"certificate_untrusted": {Error, "The browser doesn't trust the certificate at this address.", "give the store a certificate for exactly this host from an authority that browsers know; a bucket with dots in its name belongs into the path"},
	"blocked_by_client":     {Error, "An extension of the browser, such as an ad blocker, blocks the request.", "try without extensions; avoid words such as ad or track in hosts and keys"},
	"connection_lost":       {Error, "The connection broke before an answer came. The signature isn't the cause.", "look for a limit of size or time in proxies between browser and store, and send the request again"},
}
