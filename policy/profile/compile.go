package profile

import (
	"errors"
	"fmt"
	"time"

	"github.com/postern-dev/postern/policy"
)

// Compiled is a profile found free of contradictions. It is immutable and safe for concurrent use.
type Compiled struct {
	profile Profile
	types   typeRule
	key     *template
	// settings are the conditions that every document has.
	settings map[string][]policy.Condition
}

// Compile checks a profile and fills in its defaults. It returns every contradiction at once,
// joined, each a *FieldError that names the field. Later changes to p have no effect on what is
// returned.
func Compile(p Profile) (*Compiled, error) {
	c := &Compiled{profile: p.withDefaults()}
	f := &faults{profile: p.Name}
	c.checkNames(f)
	c.checkKey(f)
	c.checkTypes(f)
	c.checkSizes(f)
	c.checkTimes(f)
	c.checkStorage(f)
	c.checkMetadata(f)
	c.checkTags(f)
	c.checkWeb(f)
	c.checkLimits(f)
	if err := errors.Join(f.found...); err != nil {
		return nil, err
	}
	c.settings = c.settingsByDialect()
	return c, nil
}

// Profile returns a copy of the profile with its defaults filled in.
func (c *Compiled) Profile() Profile {
	return c.profile.withDefaults()
}

// faults collects contradictions.
type faults struct {
	profile string
	found   []error
}

func (f *faults) add(field, wanted string, got any) {
	text := clip(fmt.Sprint(got))
	f.found = append(f.found, &FieldError{Profile: f.profile, Field: field, Wanted: wanted, Got: text})
}

// unless adds a fault when ok is false.
func (f *faults) unless(ok bool, field, wanted string, got any) {
	if !ok {
		f.add(field, wanted, got)
	}
}

func (c *Compiled) checkNames(f *faults) {
	p := &c.profile
	f.unless(safeID(p.Name), "name", "1 to 64 letters, digits, - and _", p.Name)
	f.unless(validBucket(p.Bucket), "bucket", "a bucket name or access point alias", p.Bucket)
	f.unless(p.Access == AccessTicket || p.Access == AccessPublic, "access", "ticket or public", p.Access)
}

func (c *Compiled) checkKey(f *faults) {
	p := &c.profile
	key, wanted := parseTemplate(p.Key, p.InsecureKey)
	for _, w := range wanted {
		f.add("key", w, p.Key)
	}
	c.key = key
	if p.ScopedCredentials && key != nil {
		f.unless(key.owned(), "key", "{subject} before any other placeholder, for scoped credentials", p.Key)
		f.unless(p.Access == AccessTicket, "access", "ticket, for scoped credentials", p.Access)
	}
	if p.Quarantine != "" {
		f.unless(validPrefix(p.Quarantine), "quarantine", "segments of letters, digits and -_.=@, ending in /", p.Quarantine)
		f.unless(key == nil || !key.overlaps(p.Quarantine), "quarantine", "a prefix no key can have", p.Quarantine)
	}
}

func (c *Compiled) checkTypes(f *faults) {
	var bad []int
	f.unless(len(c.profile.Types) > 0, "types", `at least one content type; "*/*" allows all but active ones`, "none")
	all := c.profile.Types
	c.types, c.profile.Types, bad = compileTypes(all)
	for _, i := range bad {
		f.add(fmt.Sprintf("types[%d]", i), "one content type such as image/png, a family such as image/*, or */*, once", all[i])
	}
}

func (c *Compiled) checkSizes(f *faults) {
	p := &c.profile
	f.unless(p.MaxSize > 0, "size", "a largest size", p.MaxSize)
	f.unless(p.MaxSize <= MaxObjectSize, "size", "at most 5 TiB", p.MaxSize)
	f.unless(p.MinSize >= 0, "size", "a smallest size of 0 or more", p.MinSize)
	f.unless(p.MaxSize <= 0 || p.MinSize <= p.MaxSize, "size", "a smallest size not above the largest", p.MinSize)
	m := p.Multipart
	f.unless(m.Threshold > 0 && m.Threshold <= MaxPostSize, "multipart.threshold", "1 byte to 5 GiB", m.Threshold)
	f.unless(m.PartSize >= MinPartSize && m.PartSize <= MaxPartSize, "multipart.part_size", "5 MiB to 5 GiB", m.PartSize)
	f.unless(m.PartSize%MiB == 0, "multipart.part_size", "whole MiB", m.PartSize)
	known := p.Checksum == "" || p.Checksum == "crc32" || p.Checksum == "crc32c" || p.Checksum == "crc64nvme"
	f.unless(known, "checksum", "crc32, crc32c or crc64nvme", p.Checksum)
}

func (c *Compiled) checkTimes(f *faults) {
	const day = 24 * time.Hour
	p := &c.profile
	f.unless(p.Lifetime >= time.Second && p.Lifetime <= 7*day, "lifetime", "1 second to 7 days", p.Lifetime)
	f.unless(p.UploadLifetime <= 30*day, "upload_lifetime", "at most 30 days", p.UploadLifetime)
	f.unless(p.UploadLifetime >= p.Lifetime, "upload_lifetime", "at least the lifetime", p.UploadLifetime)
}

func (c *Compiled) checkLimits(f *faults) {
	p := &c.profile
	f.unless(p.MaxOpen > 0, "max_open", "1 or more", p.MaxOpen)
	p.Quota.Uploads.check(f, "quota.uploads")
	p.Quota.Bytes.check(f, "quota.bytes")
}

func (r Rate) check(f *faults, field string) {
	ok := r == Rate{} || r.Limit > 0 && r.Window > 0
	f.unless(ok, field, "a limit and a window, both above zero", fmt.Sprintf("%d/%s", r.Limit, r.Window))
}
