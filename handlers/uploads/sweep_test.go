package uploads_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

var sweepNow = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// uploadList is a store with multipart uploads by key, which lists two on a page. It ignores the
// prefix that it is asked for, as a careless store might.
type uploadList struct {
	mu      sync.Mutex
	begun   map[string]time.Time
	aborted []string
	// refuse is the error of aborts, and stuck makes the list name the same marker for ever.
	refuse error
	stuck  bool
}

func (l *uploadList) ListMultipartUploads(_ context.Context, in *s3.ListMultipartUploadsInput, _ ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := &s3.ListMultipartUploadsOutput{}
	var keys []string
	for key := range l.begun {
		if key > aws.ToString(in.KeyMarker) || l.stuck {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if len(out.Uploads) == 2 {
			out.IsTruncated, out.NextKeyMarker = aws.Bool(true), out.Uploads[1].Key
			break
		}
		up := types.MultipartUpload{Key: aws.String(key), UploadId: aws.String("id of " + key)}
		if begun := l.begun[key]; !begun.IsZero() {
			up.Initiated = aws.Time(begun)
		}
		out.Uploads = append(out.Uploads, up)
	}
	return out, nil
}

func (l *uploadList) ListParts(_ context.Context, in *s3.ListPartsInput, _ ...func(*s3.Options)) (*s3.ListPartsOutput, error) {
	if in.PartNumberMarker == nil {
		return &s3.ListPartsOutput{Parts: []types.Part{{Size: aws.Int64(5)}}, IsTruncated: aws.Bool(true), NextPartNumberMarker: aws.String("1")}, nil
	}
	return &s3.ListPartsOutput{Parts: []types.Part{{Size: aws.Int64(2)}}}, nil
}

func (l *uploadList) AbortMultipartUpload(_ context.Context, in *s3.AbortMultipartUploadInput, _ ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse != nil {
		return nil, l.refuse
	}
	if _, ok := l.begun[*in.Key]; !ok || *in.UploadId != "id of "+*in.Key {
		return nil, &types.NoSuchUpload{}
	}
	delete(l.begun, *in.Key)
	l.aborted = append(l.aborted, *in.Key)
	return &s3.AbortMultipartUploadOutput{}, nil
}

func sweepProfile(key string) profile.Profile {
	return profile.Profile{Name: "p", Bucket: "media", Key: key, Types: []string{"*/*"}, MaxSize: 1 << 40, InsecureKey: true, UploadLifetime: 48 * time.Hour}
}

// TestSweepAbortsNothingOutsideThePrefixesAndNothingYoung has one row for each template.
func TestSweepAbortsNothingOutsideThePrefixesAndNothingYoung(t *testing.T) {
	t.Parallel()
	old, young := sweepNow.Add(-73*time.Hour), sweepNow.Add(-71*time.Hour)
	for _, c := range []struct {
		template string
		older    time.Duration
		begun    map[string]time.Time
		want     string
	}{
		{"users/1/{id}", 0, map[string]time.Time{"users/1/a": old, "users/10/a": old, "users/1": old, "users/2/a": old, "Users/1/a": old, "xusers/1/a": old}, "users/1/a"},
		{"users/1{id}", 0, map[string]time.Time{"users/1a": old, "users/10/a": old, "users/1/a": old, "users/2": old}, "users/1a"},
		{"in/{subject}/{id}", 0, map[string]time.Time{"in/a/1": old, "in/b/2": young, "in/c/3": old, "in/d/4": sweepNow, "in/e/5": {}, "in/f/6": old}, "in/a/1 in/c/3 in/f/6"},
		{"in/{id}", 72 * time.Hour, map[string]time.Time{"in/1": sweepNow.Add(-72*time.Hour - time.Second), "in/2": sweepNow.Add(-72*time.Hour - time.Second + 1)}, "in/1"},
		{"in/{id}", 48 * time.Hour, map[string]time.Time{"in/1": young}, "in/1"},
		{"in/{id}", 0, map[string]time.Time{"in/future": sweepNow.Add(time.Hour)}, ""},
	} {
		store := &uploadList{begun: c.begun}
		var found []string
		sweep := uploads.Sweep{Client: store, Profiles: []profile.Profile{sweepProfile(c.template)}, Older: c.older, Now: func() time.Time { return sweepNow }, Found: func(up uploads.AbandonedUpload) error {
			if up.Size != 7 {
				t.Errorf("%s: wanted the 7 bytes of both pages of parts, got %d", up.Key, up.Size)
			}
			found = append(found, up.Key)
			return nil
		}}
		if err := sweep.Run(t.Context()); err != nil || strings.Join(found, " ") != c.want || len(store.aborted) != 0 {
			t.Errorf("%s: listed %v, aborted %v, %v; wanted %s and none", c.template, found, store.aborted, err, c.want)
		}
		sweep.Apply = true
		if err := sweep.Run(t.Context()); err != nil || strings.Join(store.aborted, " ") != c.want {
			t.Errorf("%s: aborted %v, %v; wanted %s", c.template, store.aborted, err, c.want)
		}
	}
}

func TestSweepRefusesWhatItCantTellApart(t *testing.T) {
	t.Parallel()
	longer := sweepProfile("films/{id}")
	longer.Name, longer.UploadLifetime = "films", 30*24*time.Hour
	for _, c := range []struct {
		name     string
		profiles []profile.Profile
		older    time.Duration
		want     string
	}{
		{"an age below upload_lifetime", []profile.Profile{sweepProfile("in/{id}")}, 48*time.Hour - 1, "at least 48h0m0s"},
		{"an age below another profile's", []profile.Profile{sweepProfile("in/{id}"), longer}, 72 * time.Hour, "at least 720h0m0s"},
		{"a negative age", []profile.Profile{sweepProfile("in/{id}")}, -time.Hour, "at least 48h0m0s"},
		{"an empty prefix", []profile.Profile{sweepProfile("{subject}/{id}")}, 0, "begins with a folder, such as uploads/{subject}/{id}"},
	} {
		store := &uploadList{begun: map[string]time.Time{"in/1": sweepNow.Add(-10000 * time.Hour)}}
		err := uploads.Sweep{Client: store, Profiles: c.profiles, Older: c.older, Apply: true}.Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) || len(store.aborted) != 0 {
			t.Errorf("%s: wanted %q, got %v, aborted %v", c.name, c.want, err, store.aborted)
		}
	}
}

func TestSweepsOfTwoNodesAtOnceAbortEachUploadOnce(t *testing.T) {
	t.Parallel()
	store := &uploadList{begun: map[string]time.Time{}}
	for n := range 50 {
		store.begun[fmt.Sprintf("in/%03d", n)] = sweepNow.Add(-1000 * time.Hour)
	}
	counts := make([]int, 2)
	var nodes sync.WaitGroup
	for i := range counts {
		nodes.Go(func() {
			err := uploads.Sweep{Client: store, Profiles: []profile.Profile{sweepProfile("in/{id}")}, Apply: true, WithoutSizes: true, Now: func() time.Time { return sweepNow },
				Found: func(uploads.AbandonedUpload) error { counts[i]++; return nil }}.Run(t.Context())
			if err != nil {
				t.Error(err)
			}
		})
	}
	nodes.Wait()
	if counts[0]+counts[1] != 50 || len(store.aborted) != 50 || len(store.begun) != 0 {
		t.Errorf("the nodes counted %v, %d were aborted, %d are left", counts, len(store.aborted), len(store.begun))
	}
}

func TestSweepEndsWithTheStoresErrorsAndEndlessLists(t *testing.T) {
	t.Parallel()
	old := map[string]time.Time{"in/1": sweepNow.Add(-1000 * time.Hour), "in/2": sweepNow.Add(-1000 * time.Hour), "in/3": sweepNow.Add(-1000 * time.Hour)}
	stop := errors.New("stop")
	for name, sweep := range map[string]uploads.Sweep{
		"refused":  {Client: &uploadList{begun: old, refuse: stop}, Apply: true},
		"endless":  {Client: &uploadList{begun: old, stuck: true}},
		"reported": {Client: &uploadList{begun: old}, Found: func(uploads.AbandonedUpload) error { return stop }},
	} {
		sweep.Profiles, sweep.Now = []profile.Profile{sweepProfile("in/{id}")}, func() time.Time { return sweepNow }
		if err := sweep.Run(t.Context()); err == nil || name != "endless" && !errors.Is(err, stop) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSweepLeavesOutTemplatesThatBeginWithAPlaceholder: their uploads stay, the others' are ended,
// and no upload of theirs that may be resumed is taken for one of another profile.
func TestSweepLeavesOutTemplatesThatBeginWithAPlaceholder(t *testing.T) {
	t.Parallel()
	open := sweepProfile("{subject}/{id}")
	open.Name, open.UploadLifetime = "open", 30*24*time.Hour
	store := &uploadList{begun: map[string]time.Time{"in/1": sweepNow.Add(-1000 * time.Hour), "alice/1": sweepNow.Add(-1000 * time.Hour), "in/2": sweepNow.Add(-100 * time.Hour)}}
	sweep := uploads.Sweep{Client: store, Profiles: []profile.Profile{sweepProfile("in/{id}"), open}, Apply: true, Now: func() time.Time { return sweepNow }}
	if err := sweep.Run(t.Context()); err != nil || strings.Join(store.aborted, " ") != "in/1" {
		t.Errorf("%v, aborted %v", err, store.aborted)
	}
	if skipped := uploads.SweepSkips(sweep.Profiles); len(skipped) != 1 || skipped[0].Name != "open" {
		t.Errorf("left out: %v", skipped)
	}
}
