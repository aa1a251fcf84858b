package profile

import (
	"strconv"
	"time"

	"github.com/postern-dev/postern/policy"
)

// Method is how the bytes of a plan are sent.
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
	Type     string // what the sender calls it; "" and OctetStream are decided by the name's extension
	Size     int64  // bytes
	Metadata map[string]string
	Rate     int64 // bytes per second that the sender last saw; 0 is unknown. A hint that only chooses the part size
}

// IssueParams is what the server adds to a request: none of it comes from the visitor.
type IssueParams struct {
	ID      string    // from NewID; 1 to 64 letters, digits, - and _
	Now     time.Time // dates the key and begins the lifetimes
	Until   time.Time // the last expiration for forms and URLs, such as that of the credentials less a margin; zero is no such limit
	PutOnly bool      // the store has no POST policy
}

// Plan is what one visitor may upload, decided once. Copies share Metadata, which nobody may
// change.
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

	PartSize  int64    // of every part but the last; 0 unless Method is multipart
	PartCount int      // 0 unless Method is multipart
	Checksum  Checksum // that each part must name; "" for none

	Expiration       time.Time // of forms and URLs made from the plan now
	UploadExpiration time.Time // when the upload can no longer be completed

	Nonce string // of the identity
}

// Plan decides how one file is sent: below the profile's threshold by POST, or PUT where the store
// has nothing else; from the threshold on in parts. The plan allows exactly the declared type and
// size. It fails with a *RequestError.
func (c *Compiled) Plan(id Identity, f File, params IssueParams) (Plan, error) {
	id, err := c.authorize(id)
	if err != nil {
		return Plan{}, err
	}
	if err := c.checkSize(id, f.Size); err != nil {
		return Plan{}, err
	}
	if f.Rate < 0 {
		return Plan{}, &RequestError{Code: InvalidRequest, Field: "rate", Wanted: "0 or more", Got: strconv.FormatInt(f.Rate, 10)}
	}
	name, err := CleanFilename(f.Name)
	if err != nil {
		return Plan{}, err
	}
	contentType, err := c.chooseType(name, f.Type)
	if err != nil {
		return Plan{}, err
	}
	metadata, err := c.metadata(id, f.Metadata, name)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Type: contentType, MinSize: f.Size, MaxSize: f.Size, Filename: name, Metadata: metadata}
	c.chooseMethod(&p, params.PutOnly, f.Rate)
	return c.addKeyAndTimes(p, id, params)
}

// FormPlan decides what a plain form may send: any size the profile and one POST allow, no content
// type. It fails with a *RequestError.
func (c *Compiled) FormPlan(id Identity, params IssueParams) (Plan, error) {
	id, err := c.authorize(id)
	if err != nil {
		return Plan{}, err
	}
	if c.profile.MinSize > policy.MaxPostBytes || params.PutOnly {
		return Plan{}, &RequestError{Code: InvalidRequest, Field: "method", Wanted: "an upload by script", Got: "form"}
	}
	metadata, err := c.metadata(id, nil, "")
	if err != nil {
		return Plan{}, err
	}
	largest := min(c.maxSize(id), policy.MaxPostBytes)
	p := Plan{Method: MethodForm, MinSize: c.profile.MinSize, MaxSize: largest, Metadata: metadata}
	return c.addKeyAndTimes(p, id, params)
}

func (c *Compiled) checkSize(id Identity, size int64) error {
	largest, got := c.maxSize(id), strconv.FormatInt(size, 10)
	switch {
	case size < 0:
		return &RequestError{Code: InvalidRequest, Field: "size", Wanted: "0 or more", Got: got}
	case size > largest:
		return &RequestError{Code: SizeTooLarge, Field: "size", Wanted: "at most " + bytesText(largest), Got: got}
	case size < c.profile.MinSize:
		return &RequestError{Code: SizeTooSmall, Field: "size", Wanted: "at least " + bytesText(c.profile.MinSize), Got: got}
	}
	return nil
}

// chooseMethod sets the method and, for a multipart upload, the parts.
func (c *Compiled) chooseMethod(p *Plan, putOnly bool, rate int64) {
	switch {
	case p.MaxSize >= c.profile.Multipart.Threshold || putOnly && c.profile.Checksum == ChecksumMD5 && p.MaxSize > 0:
		// A part is signed with its checksum; a PUT is signed before anybody knows one.
		p.Method = MethodMultipart
		p.PartSize = partSize(p.MaxSize, c.profile.Multipart.PartSize, rate)
		p.PartCount = int(ceilDiv(p.MaxSize, p.PartSize))
		p.Checksum = c.profile.Checksum
	case putOnly:
		p.Method = MethodPut
	default:
		p.Method = MethodPost
	}
}

// addKeyAndTimes sets what all plans have alike: whose they are, the key and the expirations.
func (c *Compiled) addKeyAndTimes(p Plan, id Identity, params IssueParams) (Plan, error) {
	if !isIdentifier(params.ID) {
		return Plan{}, &RequestError{Code: InvalidRequest, Field: "id", Wanted: "letters, digits, - and _", Got: clip(params.ID)}
	}
	now := params.Now.UTC()
	v := placeholderValues{identity: id, now: now, id: params.ID, name: p.Filename, ext: extension(p.Filename, p.Type)}
	var err error
	if p.Key, p.Prefix, err = c.key.render(v); err != nil {
		return Plan{}, err
	}
	p.ID, p.Profile, p.Subject, p.Bucket = params.ID, c.profile.Name, id.Subject, c.profile.Bucket
	p.Nonce = id.Nonce
	p.Expiration, p.UploadExpiration = now.Add(c.profile.Lifetime), now.Add(c.profile.UploadLifetime)
	if !params.Until.IsZero() && params.Until.Before(p.Expiration) {
		p.Expiration = params.Until.UTC()
	}
	return p, nil
}

// Prefix returns the key prefix that belongs to this identity alone, ending in "/": what scoped
// credentials may be limited to. It fails with Forbidden unless the profile's template begins with
// the subject.
func (c *Compiled) Prefix(id Identity) (string, error) {
	id, err := c.authorize(id)
	if err != nil {
		return "", err
	}
	if !c.key.prefixHasSubject() {
		return "", &RequestError{Code: Forbidden, Field: "key", Wanted: "a template that begins with {subject}", Got: c.profile.Key}
	}
	_, prefix, err := c.key.render(placeholderValues{identity: id})
	return prefix, err
}
