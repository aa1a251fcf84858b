package profile

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy"
)

// checker collects the contradictions of a profile.
type checker struct {
	profile string // its name
	found   []error
}

func (k *checker) add(field, wanted string, got any) {
	k.found = append(k.found, &SettingError{Profile: k.profile, Field: field, Wanted: wanted, Got: clip(fmt.Sprint(got))})
}

// require adds an error unless ok.
func (k *checker) require(ok bool, field, wanted string, got any) {
	if !ok {
		k.add(field, wanted, got)
	}
}

func (c *Compiled) checkNames(k *checker) {
	p := &c.profile
	k.require(isIdentifier(p.Name), "name", "1 to 64 letters, digits, - and _", p.Name)
	k.require(policy.IsBucketName(p.Bucket), "bucket", "a bucket name or access point alias", p.Bucket)
	k.require(p.Access == AccessTicket || p.Access == AccessPublic, "access", "ticket or public", p.Access)
}

// checkKey checks everything that the key template decides, and keeps the compiled template.
func (c *Compiled) checkKey(k *checker) {
	p := &c.profile
	key, wanted := parseTemplate(p.Key, p.InsecureKey)
	for _, w := range wanted {
		k.add("key", w, p.Key)
	}
	c.key = key
	if p.ScopedCredentials && key != nil {
		k.require(key.prefixHasSubject(), "key", "{subject} before any other placeholder, for scoped credentials", p.Key)
		k.require(p.Access == AccessTicket, "access", "ticket, for scoped credentials", p.Access)
	}
	if p.Quarantine != "" {
		k.require(isPrefix(p.Quarantine), "quarantine", "segments of letters, digits and -_.=@, ending in /", p.Quarantine)
		k.require(key == nil || !key.overlaps(p.Quarantine), "quarantine", "a prefix no key can have", p.Quarantine)
	}
}

// checkTypes compiles the list of content types and replaces it with its standard form.
func (c *Compiled) checkTypes(k *checker) {
	var bad []int
	k.require(len(c.profile.Types) > 0, "types", `at least one content type; "*/*" allows all but active ones`, "none")
	all := c.profile.Types
	c.types, c.profile.Types, bad = compileTypes(all)
	for _, i := range bad {
		k.add(fmt.Sprintf("types[%d]", i), "one content type such as image/png, a family such as image/*, or */*, once", all[i])
	}
}

func (c *Compiled) checkSizes(k *checker) {
	p, m := &c.profile, c.profile.Multipart
	k.require(p.MaxSize > 0, "size", "a largest size", p.MaxSize)
	k.require(p.MaxSize <= MaxObjectSize, "size", "at most 5 TiB", p.MaxSize)
	k.require(p.MinSize >= 0, "size", "a smallest size of 0 or more", p.MinSize)
	k.require(p.MaxSize <= 0 || p.MinSize <= p.MaxSize, "size", "a smallest size not above the largest", p.MinSize)
	k.require(m.Threshold > 0 && m.Threshold <= policy.MaxPostBytes, "multipart.threshold", "1 byte to 5 GiB", m.Threshold)
	k.require(m.PartSize == 0 || m.PartSize >= MinPartSize && m.PartSize <= MaxPartSize, "multipart.part_size", "5 MiB to 5 GiB", m.PartSize)
	k.require(m.PartSize%MiB == 0, "multipart.part_size", "whole MiB", m.PartSize)
	known := p.Checksum == "" || p.Checksum == ChecksumCRC32 || p.Checksum == ChecksumCRC32C || p.Checksum == ChecksumCRC64NVME || p.Checksum == ChecksumMD5
	k.require(known, "checksum", "crc32, crc32c, crc64nvme or md5", p.Checksum)
}

// checkLimits checks lifetimes and quotas.
func (c *Compiled) checkLimits(k *checker) {
	const day = 24 * time.Hour
	p := &c.profile
	k.require(p.Lifetime >= time.Second && p.Lifetime <= 7*day, "lifetime", "1 second to 7 days", p.Lifetime)
	k.require(p.UploadLifetime <= 30*day, "upload_lifetime", "at most 30 days", p.UploadLifetime)
	k.require(p.UploadLifetime >= p.Lifetime, "upload_lifetime", "at least the lifetime", p.UploadLifetime)
	d := p.Download
	k.require(d.Lifetime == 0 || d.Lifetime >= time.Second && d.Lifetime <= 7*day, "download.lifetime", "1 second to 7 days", d.Lifetime)
	k.require(d.Disposition == "" || d.Disposition == DispositionAttachment || d.Disposition == DispositionInline, "download.disposition", "attachment or inline", d.Disposition)
	k.require(d.Disposition == "" || d.Lifetime > 0, "download.disposition", "download.lifetime beside it", d.Disposition)
	k.require(p.Unclaimed >= 0, "unclaimed", "0 or more", p.Unclaimed)
	k.require(p.Removable >= 0 && p.Removable <= p.UploadLifetime, "removable", "0 up to upload_lifetime, "+p.UploadLifetime.String(), p.Removable)
	k.require(p.MaxFiles >= 0, "max_files", "0 for no limit, or 1 or more", p.MaxFiles)
	k.require(p.MaxOpen > 0, "max_open", "1 or more", p.MaxOpen)
	k.requireRate("quota.uploads", p.Quota.Uploads)
	k.requireRate("quota.bytes", p.Quota.Bytes)
}

func (k *checker) requireRate(field string, r Rate) {
	ok := r == Rate{} || r.Limit > 0 && r.Window > 0
	k.require(ok, field, "a limit and a window, both above zero", fmt.Sprintf("%d/%s", r.Limit, r.Window))
}

// checkStorage checks what the store is told about each object.
func (c *Compiled) checkStorage(k *checker) {
	p, e := &c.profile, c.profile.Encryption
	var refused *policy.ConditionError
	if p.ACL != "" && errors.As(policy.ACL(p.ACL).Err(), &refused) {
		k.add("acl", refused.Wanted, p.ACL)
	}
	k.require(p.StorageClass == "" || isReadableClass(p.StorageClass), "storage_class", "a class in S3's words, such as STANDARD_IA, whose objects can be read at once", p.StorageClass)
	cache := p.CacheControl == "" || len(p.CacheControl) <= 256 && policy.CacheControl(p.CacheControl).Err() == nil
	k.require(cache, "cache_control", "at most 256 bytes of printable ASCII without $", p.CacheControl)
	c.checkHeaders(k)
	k.require(e.Mode == "" || e.Mode == EncryptionAES256 || e.Mode == EncryptionKMS, "encryption.mode", "AES256 or aws:kms", e.Mode)
	k.require(e.KeyID == "" || e.Mode == EncryptionKMS, "encryption.key_id", "mode aws:kms beside it", e.Mode)
	k.require(len(e.KeyID) <= 2048 && consistsOf(e.KeyID, "-_:/"), "encryption.key_id", "a KMS key ID, alias or ARN", e.KeyID)
	k.require(len(p.Tags) <= 10, "tags", "at most 10", len(p.Tags))
	for _, tag := range sortedTags(p.Tags) {
		k.require(policy.Tagging(tag).Err() == nil, "tags."+tag.Key,
			"a name of 1 to 128 and a value of at most 256 letters, digits, spaces and +-=._:/@, the name not beginning with aws:", tag.Key+"="+tag.Value)
	}
}

// checkHeaders checks what is sent back with the object.
func (c *Compiled) checkHeaders(k *checker) {
	p := &c.profile
	d := p.ContentDisposition
	k.require(d == "" || d == DispositionAttachment || d == DispositionInline, "content_disposition", "attachment or inline", d)
	encoding := p.ContentEncoding == "" || len(p.ContentEncoding) <= 256 && policy.ContentEncoding(p.ContentEncoding).Err() == nil
	k.require(encoding, "content_encoding", "codings such as gzip", p.ContentEncoding)
	language := len(p.ContentLanguage) <= 256 && consistsOf(strings.ReplaceAll(p.ContentLanguage, ", ", ","), "-,")
	k.require(p.ContentLanguage == "" || language, "content_language", "language tags such as en or pt-BR", p.ContentLanguage)
	k.require(p.Expires.IsZero() || policy.Expires(p.Expires).Err() == nil && p.Expires.Nanosecond() == 0, "expires", "an instant in whole seconds", p.Expires)
	k.require(p.Overwrite == "" || p.Overwrite == OverwriteForbid, "overwrite", "forbid, or nothing", p.Overwrite)
}

// checkWeb checks the addresses of other sites.
func (c *Compiled) checkWeb(k *checker) {
	p := &c.profile
	// Stores append their own query, so a redirect has none.
	redirect := p.Redirect == "" || policy.SuccessActionRedirect(p.Redirect).Err() == nil && !strings.ContainsAny(p.Redirect, "?@")
	k.require(redirect, "redirect", "an https URL (http on loopback) without user, query or fragment", p.Redirect)
	seen := make(map[string]bool, len(p.Origins))
	for i, origin := range p.Origins {
		field := fmt.Sprintf("origins[%d]", i)
		k.require(IsOrigin(origin), field, "an origin as browsers send it, such as https://app.example.com", origin)
		k.require(!seen[origin], field, "each origin once", origin)
		seen[origin] = true
	}
}

// Longest texts of a page, in bytes.
const maxTitle, maxIntro = 200, 2000

// checkTexts checks what the profile's pages say. Whoever shows them knows which languages there
// are.
func (c *Compiled) checkTexts(k *checker) {
	k.requireTexts("title", c.profile.Title, maxTitle)
	k.requireTexts("intro", c.profile.Intro, maxIntro)
}

func (k *checker) requireTexts(field string, texts map[string]string, maxBytes int) {
	for _, tag := range slices.Sorted(maps.Keys(texts)) {
		text := texts[tag]
		k.require(tag != "" && consistsOf(tag, "-"), field, "language tags such as en or pt-BR", tag)
		k.require(isLine(text) && len(text) <= maxBytes, field+"."+tag, fmt.Sprintf("1 to %d bytes of text in one line", maxBytes), text)
	}
}

// isPrefix accepts whole segments of plain characters, each more than dots, ending in a slash.
func isPrefix(prefix string) bool {
	rest, ok := strings.CutSuffix(prefix, "/")
	for segment := range strings.SplitSeq(rest, "/") {
		ok = ok && consistsOf(segment, "-_.=@") && strings.Trim(segment, ".") != ""
	}
	return ok && len(prefix) <= policy.MaxKeyBytes/2
}

// isReadableClass refuses the classes whose objects have to be restored first: each upload is read
// again after it arrived.
func isReadableClass(class policy.S3Class) bool {
	return class != policy.ClassGlacier && class != policy.ClassDeepArchive && policy.StorageClass(class).Err() == nil
}

// IsOrigin reports whether text is the origin of a page exactly as browsers send it: scheme http or
// https, lower-case host, and a port unless it is the scheme's default; see "ASCII serialization of
// an origin" in the HTML standard.
func IsOrigin(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	isDefault := u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80"
	plain := u.Scheme+"://"+u.Host == text && strings.ToLower(text) == text
	return plain && !isDefault && !strings.HasSuffix(u.Host, ":") && consistsOf(u.Host, "-.:[]")
}
