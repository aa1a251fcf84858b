package profile

import (
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy"
)

// Method is how a plan's bytes travel.
type Method string

// The methods: POST by script, one presigned PUT, a multipart upload, and a POST by a form without
// script.
const (
	MethodPost      Method = "post"
	MethodPut       Method = "put"
	MethodMultipart Method = "multipart"
	MethodForm      Method = "form"
)

// File is what a script says about the file it wants to send.
type File struct {
	Name     string
	Type     string // "" is OctetStream
	Size     int64  // bytes
	Metadata map[string]string
}

// IssueParams is what the server adds to a request.
type IssueParams struct {
	ID      string    // from NewID
	Now     time.Time // also dates the key
	Until   time.Time // no URL may outlive it: the credential's expiration less a margin; zero is no such limit
	PutOnly bool      // the store has no POST policy
}

// Plan is what one visitor may upload, decided once: copy it, sign it, but don't change it.
type Plan struct {
	ID       string
	Profile  string
	Subject  string
	Bucket   string
	Key      string
	Prefix   string // the beginning of Key that is this subject's own; ends in "/"
	Method   Method
	Type     string // "" for a form, which can't send one
	MinSize  int64  // equal to MaxSize unless Method is form
	MaxSize  int64
	Filename string         // cleaned, for people; "" for a form
	Metadata []policy.Field // sorted by name, names without "x-amz-meta-", values fit for headers

	PartSize  int64  // of every part but the last; 0 unless Method is multipart
	PartCount int    // 0 unless Method is multipart
	Checksum  string // that each part must name; "" for none

	Expiration       time.Time // of forms and URLs made from the plan now
	UploadExpiration time.Time // when the upload can no longer be completed
}

// Plan decides how one file travels: by POST, or PUT where the store has nothing else, below the
// profile's threshold, in parts from there on. The plan allows exactly the declared type and size.
// It fails with an *Error.
func (c *Compiled) Plan(id Identity, f File, in IssueParams) (Plan, error) {
	id, err := c.admit(id)
	if err != nil {
		return Plan{}, err
	}
	if err := c.checkSize(id, f.Size); err != nil {
		return Plan{}, err
	}
	contentType, ok := CleanType(f.Type)
	if !ok || !c.types.allows(contentType) {
		return Plan{}, &Error{Code: TypeNotAllowed, Field: "type", Wanted: c.typeList(), Got: clip(f.Type)}
	}
	name, err := CleanFilename(f.Name)
	if err != nil {
		return Plan{}, err
	}
	metadata, err := c.metadata(id, f.Metadata, name)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Type: contentType, MinSize: f.Size, MaxSize: f.Size, Filename: name, Metadata: metadata}
	c.route(&p, in.PutOnly)
	return c.finish(p, id, in)
}

// FormPlan decides what a plain form may send: any size the profile and one POST allow, no content
// type. It fails with an *Error.
func (c *Compiled) FormPlan(id Identity, in IssueParams) (Plan, error) {
	id, err := c.admit(id)
	if err != nil {
		return Plan{}, err
	}
	if c.profile.MinSize > MaxPostSize || in.PutOnly {
		return Plan{}, &Error{Code: InvalidRequest, Field: "method", Wanted: "an upload by script", Got: "form"}
	}
	metadata, err := c.metadata(id, nil, "")
	if err != nil {
		return Plan{}, err
	}
	most := min(c.maxSize(id), MaxPostSize)
	p := Plan{Method: MethodForm, MinSize: c.profile.MinSize, MaxSize: most, Metadata: metadata}
	return c.finish(p, id, in)
}

func (c *Compiled) checkSize(id Identity, size int64) error {
	most, got := c.maxSize(id), strconv.FormatInt(size, 10)
	switch {
	case size < 0:
		return &Error{Code: InvalidRequest, Field: "size", Wanted: "0 or more", Got: got}
	case size > most:
		return &Error{Code: SizeTooLarge, Field: "size", Wanted: "at most " + strconv.FormatInt(most, 10), Got: got}
	case size < c.profile.MinSize:
		wanted := "at least " + strconv.FormatInt(c.profile.MinSize, 10)
		return &Error{Code: SizeTooSmall, Field: "size", Wanted: wanted, Got: got}
	}
	return nil
}

// route picks the method and, for a multipart upload, the parts.
func (c *Compiled) route(p *Plan, putOnly bool) {
	switch {
	case p.MaxSize >= c.profile.Multipart.Threshold:
		p.Method = MethodMultipart
		p.PartSize = partSize(p.MaxSize, c.profile.Multipart.PartSize)
		p.PartCount = int(ceil(p.MaxSize, p.PartSize))
		p.Checksum = c.profile.Checksum
	case putOnly:
		p.Method = MethodPut
	default:
		p.Method = MethodPost
	}
}

// finish mints the key and sets what every plan has.
func (c *Compiled) finish(p Plan, id Identity, in IssueParams) (Plan, error) {
	if !safeID(in.ID) {
		return Plan{}, &Error{Code: InvalidRequest, Field: "id", Wanted: "letters, digits, - and _", Got: clip(in.ID)}
	}
	now := in.Now.UTC()
	v := values{identity: id, now: now, id: in.ID, name: p.Filename, ext: extension(p.Filename, p.Type)}
	var err error
	if p.Key, p.Prefix, err = c.key.render(v); err != nil {
		return Plan{}, err
	}
	p.ID, p.Profile, p.Subject, p.Bucket = in.ID, c.profile.Name, id.Subject, c.profile.Bucket
	p.Expiration, p.UploadExpiration = now.Add(c.profile.Lifetime), now.Add(c.profile.UploadLifetime)
	if !in.Until.IsZero() && in.Until.Before(p.Expiration) {
		p.Expiration = in.Until.UTC()
	}
	return p, nil
}

// Prefix returns the key prefix that belongs to this identity alone, ending in "/": what scoped
// credentials may be limited to. It fails with Forbidden unless the profile's template begins with
// the subject.
func (c *Compiled) Prefix(id Identity) (string, error) {
	id, err := c.admit(id)
	if err != nil {
		return "", err
	}
	if !c.key.owned() {
		return "", &Error{Code: Forbidden, Field: "key", Wanted: "a template that begins with {subject}", Got: c.profile.Key}
	}
	_, prefix, err := c.key.render(values{identity: id})
	return prefix, err
}

func (c *Compiled) typeList() string {
	return "one of " + strings.Join(c.profile.Types, ", ")
}
