package quota_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/handlers/quota"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// memoryStore is a store that keeps objects in memory. Of its calls only those work that forms and
// plans below the threshold need.
type memoryStore struct {
	uploads.StoreClient
	objects map[string]storedObject
	posts   int
}

type storedObject struct {
	content []byte
	etag    string
	at      time.Time
}

func (s *memoryStore) HeadObject(_ context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	o, ok := s.objects[*in.Key]
	if !ok {
		return nil, &types.NotFound{}
	}
	return &s3.HeadObjectOutput{ContentLength: aws.Int64(int64(len(o.content))), ETag: &o.etag, LastModified: &o.at, ContentType: aws.String("image/png")}, nil
}

func (s *memoryStore) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(s.objects[*in.Key].content))}, nil
}

func (s *memoryStore) DeleteObject(_ context.Context, in *s3.DeleteObjectInput, _ ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	delete(s.objects, *in.Key)
	return &s3.DeleteObjectOutput{}, nil
}

// The profile and the quota of the visitors, in bytes.
const (
	smallestFile, largestFile = 20, 100
	quotaUploads, quotaBytes  = 40, 1500
)

// visitors are people who use the forms of a service in any order.
type visitors struct {
	t       *testing.T
	random  *rand.Rand
	clock   time.Time
	store   *memoryStore
	service *uploads.Service
	served  *uploads.ServedProfile
	forms   []uploads.Issued
	issued  int
}

func newVisitors(t *testing.T, seed uint64) *visitors {
	t.Helper()
	v := &visitors{t: t, random: rand.New(rand.NewPCG(seed, 1)), clock: quotaNoon}
	now := func() time.Time { return v.clock }
	v.store = &memoryStore{objects: map[string]storedObject{}}
	pictures := profile.Profile{Name: "pictures", Bucket: "media", Key: "u/{subject}/{id}", Types: []string{"image/png"},
		MinSize: smallestFile, MaxSize: largestFile, Access: profile.AccessPublic,
		Quota: profile.Quota{Uploads: profile.Rate{Limit: quotaUploads, Window: 10 * 24 * time.Hour}, Bytes: profile.Rate{Limit: quotaBytes, Window: 10 * 24 * time.Hour}}}
	limiter, err := quota.New(quota.Config{Profiles: []profile.Profile{pictures}, Now: now, Issues: profile.Rate{Limit: 1 << 30, Window: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	keys := credentials.NewStaticCredentialsProvider("key", "secret", "")
	v.service, err = uploads.New(uploads.Config{PublicURL: "https://uploads.example.com", Profiles: []profile.Profile{pictures},
		TokenKeys: []sigv4.Secret{"a-token-key-of-at-least-32-bytes-0"}, Limiter: limiter, Now: now, Logger: slog.New(slog.DiscardHandler),
		Store: uploads.Store{Client: v.store, Credentials: keys, Region: "eu-central-1", Provider: uploads.Provider{PostPolicy: true}}})
	if err != nil {
		t.Fatal(err)
	}
	if v.served, err = v.service.Profile("pictures"); err != nil {
		t.Fatal(err)
	}
	return v
}

func visitor(subject string) uploads.Visitor {
	return uploads.Visitor{Identity: profile.Identity{Subject: subject, Address: "192.0.2.1"}, Known: true}
}

// issue asks for a form, opens a page or asks for a plan.
func (v *visitors) issue(subject string) {
	ctx, who := v.t.Context(), visitor(subject)
	var made uploads.Issued
	var err error
	switch v.random.IntN(5) {
	case 0:
		size := smallestFile + v.random.Int64N(largestFile-smallestFile+1)
		made, err = v.service.IssueFile(ctx, v.served, who, profile.File{Name: "a.png", Type: "image/png", Size: size})
	case 1, 2:
		made, err = v.service.IssueForm(ctx, v.served, who)
	default:
		made, err = v.service.IssueFormInPage(ctx, v.served, who)
	}
	if err == nil {
		v.forms = append(v.forms, made)
		v.issued++
	}
}

// post posts a form or plan, as often as anybody likes while its policy holds.
func (v *visitors) post(f uploads.Issued, size int64) {
	if !v.clock.Before(f.Expires) {
		return
	}
	if v.random.IntN(4) == 0 {
		size = f.MinSize + v.random.Int64N(f.MaxSize-f.MinSize+1)
	}
	content := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), bytes.Repeat([]byte{1}, largestFile)...)
	if v.random.IntN(8) == 0 {
		content = bytes.Repeat([]byte("words "), largestFile) // refused when it lands
	}
	v.store.posts++
	v.store.objects[f.Key] = storedObject{content[:size], fmt.Sprintf(`"%d"`, v.store.posts), v.clock}
}

// land opens the landing page of a form, or completes a plan. Whether that is refused is no matter.
func (v *visitors) land(f uploads.Issued) {
	ctx, who := v.t.Context(), visitor(f.Subject)
	if f.Method == profile.MethodForm {
		if up, err := v.service.OpenForm(f.Token, "pictures", who); err == nil {
			_, _ = v.service.Verify(ctx, up)
		}
		return
	}
	if up, err := v.service.Open(f.Token, f.ID, who); err == nil {
		_, _ = v.service.Complete(ctx, up, "")
	}
}

// stored is the number and size of the objects of a subject.
func (v *visitors) stored(subject string) (objects int, size int64) {
	for key, o := range v.store.objects {
		if strings.HasPrefix(key, "u/"+subject+"/") {
			objects, size = objects+1, size+int64(len(o.content))
		}
	}
	return objects, size
}

// step does one thing that a visitor can do. Most things happen within the lifetime of a form.
func (v *visitors) step(subjects []string) {
	switch n := v.random.IntN(30); {
	case n < 12 || len(v.forms) == 0:
		v.issue(subjects[v.random.IntN(len(subjects))])
	case n < 22:
		f := v.forms[len(v.forms)-1-v.random.IntN(min(len(v.forms), 20))]
		v.post(f, f.MinSize)
		if n < 20 {
			v.land(f)
		}
		if n < 18 {
			v.post(f, f.MaxSize)
		}
	case n < 24:
		v.land(v.forms[v.random.IntN(len(v.forms))])
	case n < 29 || v.random.IntN(8) > 0:
		v.clock = v.clock.Add(time.Duration(v.random.Int64N(int64(10 * time.Second))))
	default:
		v.clock = v.clock.Add(time.Duration(v.random.Int64N(int64(30 * time.Minute))))
	}
}

// TestTheStoreNeverHoldsMoreThanAQuota plays forms and plans that are issued, posted, landed small
// and then large, never landed and looked up, in random orders. The rounds run at once, since each
// waits for the pace of its look-ups.
func TestTheStoreNeverHoldsMoreThanAQuota(t *testing.T) {
	t.Parallel()
	first := rand.Uint64N(1 << 40)
	var rounds sync.WaitGroup
	for seed := first; seed < first+40; seed++ {
		v := newVisitors(t, seed)
		rounds.Go(func() {
			if err := errors.Join(v.play("alice", "bob", "carol"), v.requireUnusedIsGivenBack()); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		})
	}
	rounds.Wait()
}

// play lets 200 forms and plans be used, and returns an error as soon as the store holds too much.
func (v *visitors) play(subjects ...string) error {
	for range 3000 {
		if v.issued == 200 {
			break
		}
		v.step(subjects)
		for _, s := range subjects {
			if objects, size := v.stored(s); size > quotaBytes+largestFile || objects > quotaUploads+1 {
				return fmt.Errorf("the store holds %d objects and %d bytes of %s, wanted at most %d and %d", objects, size, s, quotaUploads, quotaBytes)
			}
		}
	}
	return nil
}

// requireUnusedIsGivenBack opens the page 200 times and posts nothing: then the largest file can be
// uploaded, and after the forms have ended the whole quota is there.
func (v *visitors) requireUnusedIsGivenBack() error {
	ctx, quiet := v.t.Context(), visitor("quiet")
	for range 200 {
		_, _ = v.service.IssueFormInPage(ctx, v.served, quiet)
	}
	if _, err := v.service.IssueFile(ctx, v.served, quiet, profile.File{Name: "a.png", Type: "image/png", Size: largestFile}); err != nil {
		return fmt.Errorf("the largest file after 200 pages: %w", err)
	}
	v.clock = v.clock.Add(lifetime)
	granted := 1
	for _, err := v.service.IssueForm(ctx, v.served, quiet); err == nil; _, err = v.service.IssueForm(ctx, v.served, quiet) {
		granted++
	}
	if wanted := min(quotaUploads, quotaBytes/largestFile); granted != wanted {
		return fmt.Errorf("after unused forms ended: %d uploads, wanted %d", granted, wanted)
	}
	return nil
}
