package explain

import (
	"maps"
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
)

func typeFinding(got string) Finding {
	return Finding{Code: "content_type_differs", Field: "Content-Type", Wanted: "the content type that was signed", Got: got}
}

// seenType is the content type that the store signed with, "" if it isn't signed.
func (s *seenRequest) seenType() string {
	value, _ := s.header("content-type")
	if s.version == 2 {
		value = s.contentType
	}
	return value
}

// urlencodedSeen: what clients send when nobody sets a type.
func urlencodedSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	return typeFinding(s.seenType()), strings.HasPrefix(policy.LowerName(s.seenType()), urlencodedType)
}

func charsetSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	return typeFinding(s.seenType()), strings.Contains(policy.LowerName(s.seenType()), "charset")
}

func typeSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	return typeFinding(s.seenType()), s.seenType() != ""
}

// readSeen: a signature of version 2 names its method; a GET is no upload.
func readSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	f := Finding{Code: "method_differs", Field: "method", Wanted: "the method that was signed; of an upload PUT", Got: s.method}
	return f, s.version == 2 && (s.method == "GET" || s.method == "HEAD" || s.method == "OPTIONS")
}

// untypedSeen: a signature of version 2 is over the content type, and none came.
func untypedSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	f := Finding{Code: "content_type_unsent", Field: "Content-Type", Wanted: "the content type that was signed"}
	return f, s.version == 2 && s.method == "PUT" && s.contentType == "" && !strings.Contains(s.path, "?")
}

func hostFinding(host string) Finding {
	return Finding{Code: "host_differs", Field: "Host", Wanted: "the host that was signed", Got: host}
}

// defaultPortSeen: signers leave out the ports 443 and 80.
func defaultPortSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	host, _ := s.header("host")
	return hostFinding(host), strings.HasSuffix(host, ":443") || strings.HasSuffix(host, ":80")
}

// proxyHostSeen: the name of a container or this machine, or a port: proxies and mapped ports
// change what the client signed.
func proxyHostSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	host, _ := s.header("host")
	name, _, port := strings.Cut(host, ":")
	return hostFinding(host), port || name != "" && !strings.Contains(name, ".")
}

// pathSeen: a plus or a blank in the key, an encoded slash, an empty segment, or letters with marks
// of their own, which clients write in two ways.
func pathSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	f := Finding{Code: "path_encoding", Field: "path", Wanted: "the path that was signed", Got: s.path}
	upper := strings.ToUpper(s.path)
	for _, mark := range []string{"%2B", "+", "%20", "%2F", "%CC%", "%CD%"} {
		if strings.Contains(upper, mark) {
			return f, true
		}
	}
	return f, strings.Contains(s.path, "//")
}

// querySeen: parameters that signers don't add.
func querySeen(_ *explainer, s *seenRequest) (Finding, bool) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.query)) {
		lower := policy.LowerName(name)
		switch lower {
		case "partnumber", "uploadid", "uploads", "x-id", "versionid", "acl", "tagging", "retention", "legal-hold", "append", "position", "awsaccesskeyid", "expires", "signature":
			continue
		}
		if !strings.HasPrefix(lower, "x-amz-") && !strings.HasPrefix(lower, "x-goog-") && !strings.HasPrefix(lower, "x-oss-") && !strings.HasPrefix(lower, "response-") {
			names = append(names, name)
		}
	}
	f := Finding{Code: "query_changed", Field: "query", Wanted: "the query that was signed", Got: strings.Join(names, ", ")}
	return f, len(names) > 0 && s.isPresigned()
}

func chunksSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	f := Finding{Code: "body_chunk_signed", Field: "x-amz-content-sha256", Wanted: "UNSIGNED-PAYLOAD, or the hash of the body", Got: s.payload}
	return f, strings.HasPrefix(s.payload, "STREAMING-")
}

// differsFromSent compares what the store saw with the URL in the same input.
func differsFromSent(x *explainer, s *seenRequest) (Finding, bool) {
	if x.url == nil || s.version == 2 {
		return Finding{}, false
	}
	host, ok := s.header("host")
	if sent := x.url.address.Host; ok && sent != "" && !strings.EqualFold(host, sent) {
		f := hostFinding(host)
		f.Wanted = sent
		return f, true
	}
	if sent := x.url.address.EscapedPath(); s.path != "" && s.path != sent {
		return Finding{Code: "path_encoding", Field: "path", Wanted: sent, Got: s.path}, true
	}
	return Finding{}, false
}
