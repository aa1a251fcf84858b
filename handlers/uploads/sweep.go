package uploads

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/policy/profile"
)

// SweepClient is what Sweep asks of the store; *s3.Client is one. It needs the rights
// s3:ListBucketMultipartUploads of the bucket, and s3:ListMultipartUploadParts and
// s3:AbortMultipartUpload of the keys.
type SweepClient interface {
	ListMultipartUploads(context.Context, *s3.ListMultipartUploadsInput, ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error)
	ListParts(context.Context, *s3.ListPartsInput, ...func(*s3.Options)) (*s3.ListPartsOutput, error)
	AbortMultipartUpload(context.Context, *s3.AbortMultipartUploadInput, ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error)
}

var _ SweepClient = (*s3.Client)(nil)

// Sweep finds multipart uploads that nobody completed, and aborts them: their parts stay and cost
// otherwise ("Aborting a multipart upload" in the S3 User Guide). It touches only keys that a
// profile's template can make, and no upload that may still be resumed. Several may run at once,
// also while uploads run.
type Sweep struct {
	Client   SweepClient
	Profiles []profile.Profile
	// Older is the age from which an upload counts as abandoned, at least the longest
	// UploadLifetime of the profiles; 0 is a day more than that, see DefaultSweepAge.
	Older time.Duration
	// Apply aborts what is found. Without it nothing is changed.
	Apply bool
	// WithoutSizes leaves out how many bytes an upload's parts have, which one call or more tells
	// for each upload.
	WithoutSizes bool
	// Found is called for each abandoned upload, one after another; an error ends the sweep.
	Found func(AbandonedUpload) error
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Timeout is how long one call may take, retries included; 0 is 20 seconds.
	Timeout time.Duration
}

// AbandonedUpload is a multipart upload that was begun and not completed.
type AbandonedUpload struct {
	Bucket    string    `json:"bucket"`
	Key       string    `json:"key"`
	UploadID  string    `json:"uploadId"` // the store's
	Initiated time.Time `json:"initiated"`
	Size      int64     `json:"size"` // bytes of its parts; 0 with WithoutSizes
	Aborted   bool      `json:"aborted"`
}

// DefaultSweepAge is a day more than the longest UploadLifetime of the profiles: until then a
// visitor can come back to an upload.
func DefaultSweepAge(profiles []profile.Profile) (time.Duration, error) {
	longest, err := longestUpload(profiles)
	return longest + 24*time.Hour, err
}

func longestUpload(profiles []profile.Profile) (longest time.Duration, err error) {
	for _, p := range profiles {
		compiled, err := profile.Compile(p)
		if err != nil {
			return 0, fmt.Errorf("uploads: sweep: %w", err)
		}
		longest = max(longest, compiled.Profile().UploadLifetime)
	}
	return longest, nil
}

// SweepError is the failure of one bucket's sweep. Sweep.Run joins them.
type SweepError struct {
	Bucket string
	Prefix string // of the keys that were looked at
	Err    error  // the store's or the network's
}

// Error names the bucket and the prefix.
func (e *SweepError) Error() string {
	return fmt.Sprintf("uploads: sweep: bucket %q below %q: %v", e.Bucket, e.Prefix, e.Err)
}

// Unwrap returns what the store or the network said.
func (e *SweepError) Unwrap() error { return e.Err }

// SweepSkips returns the profiles whose key template begins with a placeholder: their keys can't be
// told from others in the bucket, so that Sweep leaves them out.
func SweepSkips(profiles []profile.Profile) (skipped []profile.Profile) {
	for _, p := range profiles {
		if literalPrefix(p.Key) == "" {
			skipped = append(skipped, p)
		}
	}
	return skipped
}

// CheckSweep returns, joined, why these profiles can't be swept: an age at which an upload may
// still be resumed, in any of them, and that SweepSkips leaves none.
func CheckSweep(profiles []profile.Profile, older time.Duration) error {
	longest, err := longestUpload(profiles)
	found := []error{err}
	if older != 0 && older < longest {
		found = append(found, fmt.Errorf("uploads: sweep: wanted an age of at least %v, the longest upload_lifetime, got %v", longest, older))
	}
	if skipped := SweepSkips(profiles); len(skipped) == len(profiles) {
		for _, p := range skipped {
			found = append(found, fmt.Errorf("uploads: sweep: profile %q: wanted a key template that begins with a folder, such as uploads/%s, got %q: its keys can't be told from others in the bucket", p.Name, p.Key, p.Key))
		}
	}
	return errors.Join(found...)
}

// literalPrefix is the constant part that a key template begins with.
func literalPrefix(template string) string {
	prefix, _, _ := strings.Cut(template, "{")
	return prefix
}

// Run sweeps every bucket of the profiles. It fails with what CheckSweep returns, before anything
// is asked of the store. One bucket's failure, a *SweepError, stops no other; the errors are joined.
func (s Sweep) Run(ctx context.Context) error {
	if err := CheckSweep(s.Profiles, s.Older); err != nil {
		return err
	}
	age, err := DefaultSweepAge(s.Profiles)
	if err != nil {
		return err
	}
	s.Older, s.Timeout = cmp.Or(s.Older, age), cmp.Or(s.Timeout, 20*time.Second)
	if s.Now == nil {
		s.Now = time.Now
	}
	areas := map[sweepArea]bool{}
	for _, p := range s.Profiles {
		if literalPrefix(p.Key) != "" {
			areas[sweepArea{p.Bucket, p.Key}] = true
		}
	}
	var found []error
	for _, area := range slices.SortedFunc(maps.Keys(areas), func(a, b sweepArea) int {
		return cmp.Or(strings.Compare(a.bucket, b.bucket), strings.Compare(a.template, b.template))
	}) {
		if err := s.sweepArea(ctx, area, areas); err != nil {
			found = append(found, &SweepError{area.bucket, literalPrefix(area.template), err})
		}
	}
	return errors.Join(found...)
}

// sweepArea are the keys that one template makes in one bucket.
type sweepArea struct{ bucket, template string }

// holds reports whether a key is one that the template could make, as far as its constant beginning
// and its slashes tell: no placeholder holds a slash. So {id} behind "users/1" reaches no key below
// "users/10/".
func (a sweepArea) holds(key string) bool {
	prefix := literalPrefix(a.template)
	return strings.HasPrefix(key, prefix) && (strings.HasSuffix(prefix, "/") || strings.Count(key, "/") == strings.Count(a.template, "/"))
}

// covers reports whether another area with a shorter prefix has this one's keys too, which are then
// looked at once.
func (a sweepArea) covers(b sweepArea) bool {
	outer, inner := literalPrefix(a.template), literalPrefix(b.template)
	return a != b && a.bucket == b.bucket && strings.HasSuffix(outer, "/") && strings.HasPrefix(inner, outer) &&
		(inner != outer || a.template < b.template)
}

// listedSecond is by how much an upload may be younger than it looks: stores list whole seconds,
// and leave the fraction out.
const listedSecond = time.Second

// sweepArea reads the list of one area page by page.
func (s Sweep) sweepArea(ctx context.Context, area sweepArea, all map[sweepArea]bool) error {
	for other := range all {
		if other.covers(area) {
			return nil
		}
	}
	in := &s3.ListMultipartUploadsInput{Bucket: &area.bucket, Prefix: aws.String(literalPrefix(area.template))}
	for {
		page, err := patiently(ctx, s.Timeout, s.Client.ListMultipartUploads, in)
		if err != nil {
			return err
		}
		for _, listed := range page.Uploads {
			up := AbandonedUpload{Bucket: area.bucket, Key: aws.ToString(listed.Key), UploadID: aws.ToString(listed.UploadId), Initiated: aws.ToTime(listed.Initiated).UTC()}
			if listed.Initiated == nil || up.UploadID == "" || !area.holds(up.Key) || s.Now().Sub(up.Initiated) < s.Older+listedSecond {
				continue
			}
			if err := s.take(ctx, up); err != nil {
				return err
			}
		}
		if !aws.ToBool(page.IsTruncated) {
			return nil
		}
		if aws.ToString(page.NextKeyMarker) == aws.ToString(in.KeyMarker) && aws.ToString(page.NextUploadIdMarker) == aws.ToString(in.UploadIdMarker) {
			return errors.New("the store's list doesn't go on: it names the same marker again")
		}
		in.KeyMarker, in.UploadIdMarker = page.NextKeyMarker, page.NextUploadIdMarker
	}
}

// take sizes, aborts and reports one abandoned upload. One that is gone meanwhile was completed, or
// aborted by another node, and isn't reported.
func (s Sweep) take(ctx context.Context, up AbandonedUpload) error {
	if !s.WithoutSizes {
		size, err := s.partsSize(ctx, up)
		if isNoSuchUpload(err) {
			return nil
		}
		if err != nil {
			return err
		}
		up.Size = size
	}
	if s.Apply {
		_, err := within(ctx, s.Timeout, s.Client.AbortMultipartUpload, &s3.AbortMultipartUploadInput{Bucket: &up.Bucket, Key: &up.Key, UploadId: &up.UploadID})
		if isNoSuchUpload(err) {
			return nil
		}
		if err != nil {
			return err
		}
		up.Aborted = true
	}
	if s.Found == nil {
		return nil
	}
	return s.Found(up)
}

// partsSize adds up the parts of an upload.
func (s Sweep) partsSize(ctx context.Context, up AbandonedUpload) (size int64, err error) {
	in := &s3.ListPartsInput{Bucket: &up.Bucket, Key: &up.Key, UploadId: &up.UploadID}
	for {
		page, err := patiently(ctx, s.Timeout, s.Client.ListParts, in)
		if err != nil {
			return 0, err
		}
		for _, part := range page.Parts {
			size += aws.ToInt64(part.Size)
		}
		if !aws.ToBool(page.IsTruncated) || aws.ToString(page.NextPartNumberMarker) == aws.ToString(in.PartNumberMarker) {
			return size, nil
		}
		in.PartNumberMarker = page.NextPartNumberMarker
	}
}
