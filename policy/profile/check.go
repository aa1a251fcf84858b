package profile

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// cannedACLs is the list of "Access control list (ACL) overview" in the S3 documentation, less
// those for logs.
var cannedACLs = []string{
	"private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read",
	"bucket-owner-read", "bucket-owner-full-control",
}

// validBucket is wider than S3's rule for new buckets: older ones, access point aliases and other
// stores have more.
func validBucket(name string) bool {
	return len(name) >= 3 && len(name) <= 255 && only(name, "-_.") && alphanumeric(rune(name[0])) &&
		!strings.Contains(name, "..")
}

// only reports whether text has nothing but ASCII letters, digits and the marks given.
func only(text, marks string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !alphanumeric(r) && !strings.ContainsRune(marks, r) })
}

// validPrefix accepts whole segments of plain characters, each more than dots, ending in a slash.
func validPrefix(prefix string) bool {
	rest, ok := strings.CutSuffix(prefix, "/")
	for segment := range strings.SplitSeq(rest, "/") {
		ok = ok && only(segment, "-_.=@") && strings.Trim(segment, ".") != ""
	}
	return ok && len(prefix) <= MaxKeyBytes/2
}

// overlaps reports whether a key of the template could lie below prefix: the literal beginning of
// the template says.
func (t *template) overlaps(prefix string) bool {
	var fixed strings.Builder
	for _, p := range t.parts {
		if p.name != "" {
			break
		}
		fixed.WriteString(p.literal)
	}
	return strings.HasPrefix(prefix, fixed.String()) || strings.HasPrefix(fixed.String(), prefix)
}

// owned reports whether the prefix belongs to one subject.
func (t *template) owned() bool {
	return slices.ContainsFunc(t.parts[:t.prefix], func(p piece) bool { return p.name == "subject" })
}

func (c *Compiled) checkStorage(f *faults) {
	p := &c.profile
	f.unless(p.ACL == "" || slices.Contains(cannedACLs, p.ACL), "acl", "one of "+strings.Join(cannedACLs, ", "), p.ACL)
	f.unless(p.StorageClass == "" || validClass(p.StorageClass), "storage_class", "a class such as STANDARD_IA whose objects can be read at once", p.StorageClass)
	f.unless(len(p.CacheControl) <= 256 && headerValue(p.CacheControl), "cache_control", "printable ASCII without $", p.CacheControl)
	e := p.Encryption
	f.unless(e.Mode == "" || e.Mode == "AES256" || e.Mode == "aws:kms", "encryption.mode", "AES256 or aws:kms", e.Mode)
	f.unless(e.KeyID == "" || e.Mode == "aws:kms", "encryption.key_id", "mode aws:kms beside it", e.Mode)
	f.unless(len(e.KeyID) <= 2048 && only(e.KeyID, "-_:/"), "encryption.key_id", "a KMS key ID, alias or ARN", e.KeyID)
}

// otherClasses are those of OSS and Cloud Storage; archived classes are left out here and refused
// below, since every upload is read again after it arrived.
var otherClasses = []string{"Standard", "IA", "NEARLINE", "COLDLINE", "ARCHIVE", "REGIONAL", "MULTI_REGIONAL"}

func validClass(class string) bool {
	if class == string(policy.ClassGlacier) || class == string(policy.ClassDeepArchive) {
		return false
	}
	return slices.Contains(otherClasses, class) || policy.StorageClass(policy.S3Class(class)).Err() == nil
}

// headerValue accepts what every store takes as a field and as a header alike; `$` begins a
// variable for some.
func headerValue(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '$' }) &&
		strings.Trim(text, " ") == text
}

func (c *Compiled) checkTags(f *faults) {
	tags := c.profile.Tags
	f.unless(len(tags) <= 10, "tags", "at most 10", len(tags))
	for name, value := range tags {
		ok := name != "" && len(name) <= 128 && only(name, tagMarks) && !strings.HasPrefix(strings.ToLower(name), "aws:")
		f.unless(ok, "tags", "names of 1 to 128 letters, digits, spaces and +-=._:/@, not beginning with aws:", name)
		f.unless(len(value) <= 256 && only(value, tagMarks), "tags."+name, "at most 256 letters, digits, spaces and +-=._:/@", value)
	}
}

const tagMarks = " +-=._:/@"

func (c *Compiled) checkWeb(f *faults) {
	p := &c.profile
	f.unless(p.Redirect == "" || validRedirect(p.Redirect), "redirect", "an https URL (http on loopback) without user, query or fragment", p.Redirect)
	for i, origin := range p.Origins {
		field := fmt.Sprintf("origins[%d]", i)
		f.unless(validOrigin(origin), field, "an origin as browsers send it, such as https://app.example.com", origin)
		f.unless(slices.Index(p.Origins, origin) == i, field, "each origin once", origin)
	}
}

// validRedirect accepts only text that parsing and printing leave as it is, so that no store and no
// browser reads another address into it. Stores append their own query, so it has none.
func validRedirect(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.String() != text || !headerValue(text) || strings.ContainsAny(text, ` \?#@`) {
		return false
	}
	if policy.SuccessActionRedirect(text).Err() != nil {
		return false
	}
	return u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// validOrigin compares with the serialisation of the URL standard: scheme, lower-case host, port
// unless default.
func validOrigin(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	standard := u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80"
	plain := u.Scheme+"://"+u.Host == text && strings.ToLower(text) == text
	return plain && !standard && !strings.HasSuffix(u.Host, ":") && only(u.Host, "-.:[]")
}
