package explain

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// presigned is a URL whose query carries its signature.
type presigned struct {
	url     *url.URL
	query   url.Values // names in lower case
	dialect *sigv4.Dialect
	prefix  string // of the signature's parameters, lower case
	signed  []string
}

// readURL explains a presigned URL.
func (s *session) readURL() {
	text := s.text
	if strings.ContainsAny(text, " \r\n\t") {
		s.find(Finding{Code: "url_broken", Wanted: "no spaces or line ends"})
		text = strings.Join(strings.Fields(text), "")
	}
	if strings.Contains(text, "&amp;") {
		s.find(Finding{Code: "url_escaped", Wanted: "&", Got: "&amp;"})
		text = strings.ReplaceAll(text, "&amp;", "&")
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		s.find(Finding{Code: "url_broken", Wanted: "an absolute URL"})
		return
	}
	p := &presigned{url: u, query: s.lowerQuery(u)}
	s.fact("address", u.Scheme+"://"+u.Host+u.EscapedPath())
	if !p.recognise() {
		s.unsignedURL(p)
		return
	}
	s.checkParameters(p)
	s.checkPath(p)
	s.checkLife(p)
	s.checkPart(p)
	s.checkHeaders(p)
}

// lowerQuery folds the names of parameters and finds those given twice.
func (s *session) lowerQuery(u *url.URL) url.Values {
	out := url.Values{}
	for name, values := range u.Query() {
		lower := strings.ToLower(name)
		out[lower] = append(out[lower], values...)
		if len(out[lower]) > 1 {
			s.find(Finding{Code: "parameter_repeated", Field: lower, Wanted: "once", Got: count(len(out[lower]), "value")})
		}
	}
	return out
}

func (p *presigned) get(name string) string { return p.query.Get(p.prefix + name) }

func (p *presigned) recognise() bool {
	for _, d := range []*sigv4.Dialect{sigv4.AWS, sigv4.GCS, sigv4.OSS} {
		p.prefix, p.dialect = d.FieldPrefix(), d
		for _, name := range []string{"signature", "credential", "algorithm"} {
			if p.get(name) != "" {
				return true
			}
		}
	}
	return false
}

func (s *session) unsignedURL(p *presigned) {
	if p.query.Has("signature") && (p.query.Has("awsaccesskeyid") || p.query.Has("googleaccessid") || p.query.Has("ossaccesskeyid")) {
		s.find(Finding{Code: "signature_v2", Field: "Signature", Wanted: "X-Amz-Signature with X-Amz-Credential"})
		return
	}
	s.find(Finding{Code: "url_unsigned", Field: "X-Amz-Signature", Wanted: "a signature in the query"})
}

func (s *session) checkParameters(p *presigned) {
	algorithm := p.get("algorithm")
	if p.dialect == sigv4.OSS {
		algorithm = p.get("signature-version")
	}
	if d, err := sigv4.DialectOf(algorithm); err == nil {
		p.dialect = d
	} else if algorithm != "" {
		s.find(Finding{Code: "algorithm_unknown", Field: p.prefix + "algorithm", Wanted: p.dialect.Algorithm(), Got: algorithm})
	}
	needed := []string{"credential", "date", "expires", "signature"}
	if p.dialect != sigv4.OSS {
		needed = append(needed, "algorithm", "signedheaders")
	}
	for _, name := range needed {
		if p.get(name) == "" {
			s.find(Finding{Code: "parameter_missing", Field: p.prefix + name, Wanted: "a parameter " + p.prefix + name})
		}
	}
}

// checkPath finds what browsers and proxies change on the way.
func (s *session) checkPath(p *presigned) {
	path := p.url.EscapedPath()
	for segment := range strings.SplitSeq(path, "/") {
		if plain := unescape(segment); plain == "." || plain == ".." {
			s.find(Finding{Code: "path_collapses", Field: "path", Wanted: "no segment . or ..", Got: path})
			break
		}
	}
	if strings.Contains(path, "%25") && unescape(unescape(path)) != unescape(path) {
		s.find(Finding{Code: "encoded_twice", Field: "path", Wanted: "encoded once", Got: path})
	}
}

func (s *session) checkLife(p *presigned) {
	sg := signed{dialect: p.dialect, credential: p.get("credential"), date: p.get("date"), signature: p.get("signature")}
	sg.token = p.query.Has(p.dialect.SecurityTokenField())
	s.checkScope(&sg, p.url.String(), p.prefix+"credential", p.prefix+"date")
	life, err := strconv.ParseInt(p.get("expires"), 10, 64)
	field := p.prefix + "expires"
	if p.get("expires") == "" {
		return
	}
	if err != nil || life < 1 || life > int64(maxLife/time.Second) {
		s.find(Finding{Code: "expires_invalid", Field: field, Wanted: "1 to 604800 seconds", Got: p.get("expires")})
		return
	}
	if sg.at.IsZero() {
		return
	}
	end := sg.at.Add(time.Duration(life) * time.Second)
	s.fact("expires", instant(end)+" ("+distance(end, s.options.Now)+", "+count(life, "second")+" after signing)")
	if !s.options.Now.Before(end) {
		s.find(Finding{Code: "url_expired", Field: field, Wanted: "before " + instant(end), Got: instant(s.options.Now)})
	}
	s.verifyURL(p, &sg, life)
}

func (s *session) checkPart(p *presigned) {
	number, upload := p.query.Get("partnumber"), p.query.Get("uploadid")
	if number == "" && upload == "" {
		return
	}
	s.fact("part", or(number, "none")+" of upload "+or(upload, "none"))
	if number == "" || upload == "" {
		s.find(Finding{Code: "part_incomplete", Field: "partNumber", Wanted: "partNumber and uploadId together"})
	}
	if n, err := strconv.Atoi(number); number != "" && (err != nil || n < 1 || n > 10000) {
		s.find(Finding{Code: "part_number_invalid", Field: "partNumber", Wanted: "1 to 10000", Got: number})
	}
}

// nothing holds the checksums of no bytes at all, as SDKs bake them into URLs made without a body.
var nothing = map[string]string{
	"x-amz-checksum-crc32":     "AAAAAA==",
	"x-amz-checksum-crc32c":    "AAAAAA==",
	"x-amz-checksum-crc64nvme": "AAAAAAAAAAA=",
	"x-amz-checksum-sha1":      "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
	"x-amz-checksum-sha256":    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
}

func (s *session) checkHeaders(p *presigned) {
	p.signed = strings.Split(strings.ToLower(p.get("signedheaders")), ";")
	if p.get("signedheaders") != "" && !slices.Contains(p.signed, "host") {
		s.find(Finding{Code: "host_unsigned", Field: "host", Wanted: "host among the signed headers", Got: p.get("signedheaders")})
	}
	for name := range p.query {
		if !strings.HasPrefix(name, "x-amz-checksum-") {
			continue
		}
		empty := s.options.Size != nil && *s.options.Size == 0
		if got := p.query.Get(name); got == nothing[name] && !empty {
			s.find(Finding{Code: "checksum_of_nothing", Field: name, Wanted: "the checksum of the body, or none", Got: got})
		} else {
			s.find(Finding{Code: "checksum_in_query", Field: name, Wanted: "a signed header", Got: got})
		}
	}
	others := slices.DeleteFunc(slices.Clone(p.signed), func(h string) bool { return h == "host" || h == "" })
	if len(others) > 0 {
		s.find(Finding{Code: "headers_required", Field: strings.Join(others, ", "), Wanted: "the headers that were signed"})
	}
	if p.query.Has("partnumber") && !slices.Contains(p.signed, "content-length") {
		s.find(Finding{Code: "length_unsigned", Field: "content-length", Wanted: "content-length among the signed headers"})
	}
}
