package handlers_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
)

// clock is the handlers' time, which tests move.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func newClock() *clock { return &clock{} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *clock) move(seconds int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += time.Duration(seconds) * time.Second
}

// put stores an object past every policy, as a store would that ignores them.
func put(t *testing.T, in *s3.PutObjectInput) {
	t.Helper()
	in.Bucket = aws.String(bucket)
	if _, err := store.Client().PutObject(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func TestObjectsThatBreakThePlanAreRemovedWhateverTheStoreEnforced(t *testing.T) {
	t.Parallel()
	good := func(key string) *s3.PutObjectInput {
		return &s3.PutObjectInput{Key: &key, Body: reader(png(4000)), ContentType: aws.String("image/png"),
			Metadata: map[string]string{"source": "web", "filename": "garden.png"}, CacheControl: aws.String("no-cache")}
	}
	cases := []struct {
		name string
		code problem.Code
		bend func(*s3.PutObjectInput)
	}{
		{"as planned", "", func(*s3.PutObjectInput) {}},
		{"one byte longer", problem.SizeMismatch, func(in *s3.PutObjectInput) { in.Body = reader(png(4001)) }},
		{"one byte shorter", problem.SizeMismatch, func(in *s3.PutObjectInput) { in.Body = reader(png(3999)) }},
		{"another type", problem.TypeNotAllowed, func(in *s3.PutObjectInput) { in.ContentType = aws.String("text/html") }},
		{"another type of the profile", problem.TypeNotAllowed, func(in *s3.PutObjectInput) { in.ContentType = aws.String("image/jpeg") }},
		{"a list of types", problem.TypeNotAllowed, func(in *s3.PutObjectInput) { in.ContentType = aws.String("image/png,text/html") }},
		{"a page that says it is a picture", problem.TypeNotAllowed, func(in *s3.PutObjectInput) { in.Body = reader(pad("<!DOCTYPE html><script>", 4000)) }},
		{"a drawing with script", problem.TypeNotAllowed, func(in *s3.PutObjectInput) {
			in.Body = reader(pad(`<svg xmlns="http://www.w3.org/2000/svg"><script>`, 4000))
		}},
		{"another picture format", problem.TypeNotAllowed, func(in *s3.PutObjectInput) { in.Body = reader(pad("\xff\xd8\xff\xe0", 4000)) }},
		{"metadata of the caller's", problem.SizeMismatch, func(in *s3.PutObjectInput) { in.Metadata["owner"] = "mallory" }},
		{"other metadata", problem.SizeMismatch, func(in *s3.PutObjectInput) { in.Metadata["source"] = "elsewhere" }},
		{"no metadata", problem.SizeMismatch, func(in *s3.PutObjectInput) { in.Metadata = nil }},
		{"a cache control of the caller's", problem.SizeMismatch, func(in *s3.PutObjectInput) { in.CacheControl = aws.String("max-age=9999") }},
		{"a disposition of the caller's", problem.SizeMismatch, func(in *s3.PutObjectInput) { in.ContentDisposition = aws.String("inline") }},
		{"an encoding of the caller's", problem.SizeMismatch, func(in *s3.PutObjectInput) { in.ContentEncoding = aws.String("gzip") }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			p := s.issue("pictures", "garden.png", "image/png", 4000)
			in := good(p.Key)
			c.bend(in)
			put(t, in)
			answer := p.call("POST", "/complete", "")
			if c.code == "" {
				answer.into(http.StatusOK, &result{})
				return
			}
			answer.refused(c.code)
			if _, object := stored(t, p.Key); object != nil {
				t.Error("the object is still there")
			}
			p.call("POST", "/complete", "").refused(c.code)
		})
	}
}

func TestAFormsObjectIsVerifiedWhateverTheStoreEnforced(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		status  int
		content []byte
	}{
		{"larger than the profile allows", http.StatusRequestEntityTooLarge, png(1<<20 + 1)},
		{"smaller than the profile allows", http.StatusUnprocessableEntity, []byte("\x89PNG")},
		{"a page", http.StatusUnsupportedMediaType, pad("<html><body>", 100)},
		{"nothing known", http.StatusUnsupportedMediaType, pad("\x00\x01\x02\xfe", 100)},
	}
	s := newSite(t)
	for _, c := range cases {
		f := s.form("pictures")
		put(t, &s3.PutObjectInput{Key: aws.String(f.get("key")), Body: reader(c.content),
			Metadata: map[string]string{"source": "web"}})
		if page := s.call("GET", f.landing(), ""); page.status != c.status {
			t.Errorf("%s: wanted %d, got %d %s", c.name, c.status, page.status, page.body)
		}
		if _, object := stored(t, f.get("key")); object != nil {
			t.Errorf("%s: the object is still there", c.name)
		}
	}
}

// lyingStore is a store that says of some parts what isn't so.
type lyingStore struct {
	uploads.StoreClient
	bend func([]types.Part) []types.Part
}

func (l lyingStore) ListParts(ctx context.Context, in *s3.ListPartsInput, o ...func(*s3.Options)) (*s3.ListPartsOutput, error) {
	out, err := l.StoreClient.ListParts(ctx, in, o...)
	if err == nil {
		out.Parts = l.bend(out.Parts)
	}
	return out, err
}

func TestPartsOutsideThePlanAbortTheUpload(t *testing.T) {
	t.Parallel()
	cases := map[string]func([]types.Part) []types.Part{
		"a part one byte longer": func(p []types.Part) []types.Part {
			p[0].Size = aws.Int64(*p[0].Size + 1)
			return p
		},
		"a part nobody planned": func(p []types.Part) []types.Part {
			return append(p, types.Part{PartNumber: aws.Int32(9), Size: aws.Int64(1), ETag: p[0].ETag})
		},
		"a last part as long as the others": func(p []types.Part) []types.Part {
			p[len(p)-1].Size = p[0].Size
			return p
		},
	}
	for name, bend := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, func(c *handlers.Config) { c.Store.Client = lyingStore{StoreClient: store.Client(), bend: bend} })
			content := prose(6 << 20)
			p := s.issue("films", "plot.txt", "text/plain", len(content), "Authorization", "Bearer alice")
			p.send(content)
			p.call("POST", "/complete", "").refused(problem.SizeMismatch)
			if _, object := stored(t, p.Key); object != nil || openUploads(t, p.Key) != 0 {
				t.Error("something is left at the store")
			}
		})
	}
}
