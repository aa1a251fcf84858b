package explain

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// awsHost matches S3 endpoints: BUCKET.s3.REGION.amazonaws.com, s3-REGION…, dual-stack; the bucket
// is the first group, the region the last.
var awsHost = regexp.MustCompile(`^(?:(.+)\.)?s3(?:\.dualstack)?(?:[.-]([a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com(?:\.cn)?$`)

// awsNames returns the bucket and the region that an AWS address names by its host, "" where it
// names none.
func awsNames(address string) (bucket, region string) {
	if u, err := url.Parse(address); err == nil {
		if m := awsHost.FindStringSubmatch(strings.ToLower(u.Hostname())); m != nil {
			return m[1], m[2]
		}
	}
	return "", ""
}

// formlessHosts are the ends of the hosts of stores that have no POST Object ("S3 API
// compatibility" of Cloudflare R2, "S3-Compatible API" of Backblaze B2).
var formlessHosts = map[string]string{".r2.cloudflarestorage.com": "Cloudflare R2", ".backblazeb2.com": "Backblaze B2"}

// checkAddress checks where the form posts to.
func (x *explainer) checkAddress() {
	if c := x.form.controls; c != nil && c.ownAction && x.document != nil && hasField(x.form.fields, "policy") {
		x.add(Finding{Code: "action_invalid", Field: "action", Wanted: "the bucket's address", Got: "none"})
		return
	}
	if x.form.address == "" || placeholder.MatchString(x.form.address) {
		return
	}
	u, err := url.Parse(x.form.address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		got, _, _ := strings.Cut(x.form.address, "?")
		x.add(Finding{Code: "action_invalid", Field: "action", Wanted: "the bucket's address", Got: got})
		return
	}
	for suffix, store := range formlessHosts {
		if strings.HasSuffix(strings.ToLower(u.Hostname()), suffix) {
			x.add(Finding{Code: "store_without_forms", Field: "action", Wanted: "a store that takes forms", Got: store})
		}
	}
	if x.isObjectAddress(u) {
		x.add(Finding{Code: "action_object", Field: "action", Wanted: "the bucket's address", Got: u.Scheme + "://" + u.Host + u.EscapedPath()})
	}
	if u.RawQuery != "" {
		x.add(Finding{Code: "action_query", Field: "action", Wanted: "no query", Got: "a query"})
	}
	if x.document == nil {
		return
	}
	for _, c := range x.document.Conditions {
		if got := bucketOf(u, c.Value()); c.Covers("bucket") && c.Operator() == policy.OpEqual && got != c.Value() {
			x.add(Finding{Code: "bucket_mismatch", Field: "bucket", Condition: conditionSource(c), Wanted: c.Value(), Got: got})
		}
	}
}

// isObjectAddress reports whether a form posts to an object: its path is the bucket and the key, or
// it has a path although an AWS host names the bucket.
func (x *explainer) isObjectAddress(u *url.URL) bool {
	path := strings.Trim(u.Path, "/")
	if bucket, _ := awsNames(u.String()); bucket != "" {
		return path != ""
	}
	key := fieldValue(x.form.fields, "key")
	if key == path { // it may be the bucket's name as well
		return false
	}
	return key != "" && strings.HasSuffix("/"+path, "/"+key)
}

// bucketOf returns the bucket that an address names: by an AWS host, else by the first segment of
// the path. Without either it is the wanted bucket if the host is that name or begins with it, else
// the host.
func bucketOf(u *url.URL, wanted string) string {
	bucket, _ := awsNames(u.String())
	first, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if bucket = cmp.Or(bucket, first); bucket != "" {
		return bucket
	}
	if host := u.Hostname(); !strings.HasPrefix(host+".", wanted+".") {
		return host
	}
	return wanted
}

// unescape undoes percent-encoding, or returns text as it is.
func unescape(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}
