package explain

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// awsHost matches S3 endpoints: BUCKET.s3.REGION.amazonaws.com, s3-REGION…, dual-stack; the bucket
// is the first group, the region the last.
var awsHost = regexp.MustCompile(`^(?:(.+)\.)?s3(?:\.dualstack)?(?:[.-]([a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com(?:\.cn)?$`)

// regionOf returns the region an AWS address names, "" for global and other addresses.
func regionOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if m := awsHost.FindStringSubmatch(strings.ToLower(u.Hostname())); m != nil {
		return m[2]
	}
	return ""
}

// bucketOf returns the bucket an address names: by virtual host on AWS, else the first segment of
// the path.
func bucketOf(u *url.URL) string {
	if m := awsHost.FindStringSubmatch(strings.ToLower(u.Hostname())); m != nil && m[1] != "" {
		return m[1]
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return first
}

// checkAction looks at where the form posts to.
func (s *session) checkAction(f *form, d policy.Document) {
	if f.url == "" {
		return
	}
	u, err := url.Parse(f.url)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		s.find(Finding{Code: "action_invalid", Field: "action", Wanted: "the bucket's address", Got: f.url})
		return
	}
	if u.RawQuery != "" {
		s.find(Finding{Code: "action_query", Field: "action", Wanted: "no query", Got: "a query"})
	}
	got := bucketOf(u)
	for _, c := range d.Conditions {
		matches := got == c.Value() || got == "" && strings.HasPrefix(u.Hostname(), c.Value()+".") || strings.HasPrefix(u.Hostname(), c.Value()+".")
		if c.Covers("bucket") && c.Operator() == policy.OpEqual && !matches {
			s.find(Finding{Code: "bucket_mismatch", Field: "bucket", Condition: source(c), Wanted: c.Value(), Got: or(got, u.Hostname())})
		}
	}
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// unescape undoes percent-encoding, or returns text as it is.
func unescape(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}
