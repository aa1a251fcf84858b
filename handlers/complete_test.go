package handlers_test

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// ways are the three methods a script's file can go.
var ways = []struct {
	method, profile, filename, kind string
	content                         []byte
	edits                           []func(*handlers.Config)
}{
	{method: "post", profile: "pictures", filename: "garden.png", kind: "image/png", content: png(4000)},
	{method: "put", profile: "pictures", filename: "garden.png", kind: "image/png", content: png(4000), edits: []func(*handlers.Config){noPost}},
	{method: "multipart", profile: "films", filename: "plot.txt", kind: "text/plain", content: prose(11 << 20)},
}

func TestCompletingTwiceAndAfterARestartGivesTheSameAnswer(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		t.Run(way.method, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, way.edits...)
			p := s.issue(way.profile, way.filename, way.kind, len(way.content), "Authorization", "Bearer alice")
			if p.Method != way.method {
				t.Fatalf("wanted %s, got %s", way.method, p.Method)
			}
			p.send(way.content)
			first := p.complete()
			body, object := stored(t, p.Key)
			if !bytes.Equal(body, way.content) || first.Size != int64(len(body)) || first.Type != way.kind ||
				first.ETag != *object.ETag || first.ID != p.ID || first.Key != p.Key || first.Bucket != bucket {
				t.Errorf("got %+v for %d bytes of %s", first, len(body), *object.ContentType)
			}
			if again := p.complete(); again != first {
				t.Errorf("again: wanted %+v, got %+v", first, again)
			}
			if later := p.at(newSite(t, way.edits...)).complete(); later != first {
				t.Errorf("after a restart: wanted %+v, got %+v", first, later)
			}
			done := s.completions()
			if len(done) != 1 || done[0].Subject != "alice" || done[0].ETag != first.ETag || done[0].ID != p.ID {
				t.Errorf("OnComplete got %+v", done)
			}
		})
	}
}

func TestCompletingBeforeAnythingArrivedIsIncomplete(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		t.Run(way.method, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, way.edits...)
			p := s.issue(way.profile, way.filename, way.kind, len(way.content), "Authorization", "Bearer alice")
			refused := p.call("POST", "/complete", "").refused(problem.Incomplete)
			if way.method == "multipart" && !slices.Equal(refused.Missing, []int{1, 2, 3}) {
				t.Errorf("missing: %v", refused.Missing)
			}
			p.send(way.content)
			p.complete()
		})
	}
}

func TestCompletionReturnsTheChecksumOfTheFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	content := prose(6 << 20)
	p := s.issue("films", "plot.txt", "text/plain", len(content), "Authorization", "Bearer alice")
	p.send(content)
	p.call("POST", "/complete", `{"checksum":"AAAAAA=="}`).refused(problem.SizeMismatch)
	if _, object := stored(t, p.Key); object != nil {
		t.Fatal("an object with the wrong checksum was put together")
	}
	var done result
	p.call("POST", "/complete", `{"checksum":"`+crc(content)+`"}`).into(http.StatusOK, &done)
	if done.Checksum != crc(content) {
		t.Errorf("wanted %s, got %+v", crc(content), done)
	}
	if refused := p.call("POST", "/complete", `{"checksum":"AAAAAA=="}`).refused(problem.SizeMismatch); refused.Field != "checksum" {
		t.Errorf("got %+v", refused)
	}
	if _, object := stored(t, p.Key); object == nil {
		t.Error("a wrong checksum named afterwards removed the object")
	}
}

// settlements is a Limiter that counts how often an upload was settled as kept.
type settlements struct {
	mu   sync.Mutex
	kept int
}

func (*settlements) Reserve(context.Context, uploads.Reservation) error { return nil }

func (s *settlements) Settle(_ context.Context, end uploads.Settlement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if end.Kept {
		s.kept++
	}
}

func TestAnUploadWithAWrongChecksumIsNeitherSettledNorTold(t *testing.T) {
	t.Parallel()
	limiter := &settlements{}
	s := newSite(t, func(c *handlers.Config) { c.Limiter = limiter })
	content := prose(6 << 20)
	p := s.issue("films", "plot.txt", "text/plain", len(content), "Authorization", "Bearer alice")
	p.send(content)
	p.call("POST", "/complete", `{"checksum":"`+crc(content)+`"}`).into(http.StatusOK, &result{})
	p.call("POST", "/complete", `{"checksum":"AAAAAA=="}`).refused(problem.SizeMismatch)
	if told := len(s.completions()); told != 1 || limiter.kept != 1 {
		t.Errorf("wanted the application told and the quota settled once, got %d and %d", told, limiter.kept)
	}
}

func TestAFileOfTheStoresDefaultTypeIsAccepted(t *testing.T) {
	t.Parallel()
	for _, declared := range []string{"binary/octet-stream", "application/octet-stream", ""} {
		s := newSite(t)
		content := append([]byte("\x00\x01\x02\xfe"), make([]byte, 100)...)
		p := s.issue("files", "data.bin", declared, len(content))
		p.send(content)
		p.complete()
		if _, object := stored(t, p.Key); object == nil {
			t.Errorf("declared %q: the object was removed", declared)
		}
	}
}

func TestPartsCanBeListedBeforeAndAfterCompletion(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	content := prose(11 << 20)
	p := s.issue("films", "plot.txt", "text/plain", len(content), "Authorization", "Bearer alice")
	list := func() (numbers []int, sizes []int64) {
		var got struct {
			Parts []struct {
				Number int
				Size   int64
				ETag   string
			}
		}
		p.call("GET", "/parts", "").into(http.StatusOK, &got)
		for _, part := range got.Parts {
			if part.ETag == "" {
				t.Errorf("part %d has no ETag", part.Number)
			}
			numbers, sizes = append(numbers, part.Number), append(sizes, part.Size)
		}
		return numbers, sizes
	}
	p.sendPart(2, p.piece(content, 2))
	if numbers, sizes := list(); !slices.Equal(numbers, []int{2}) || sizes[0] != 5<<20 {
		t.Errorf("got %v %v", numbers, sizes)
	}
	p.send(content)
	p.complete()
	if numbers, sizes := list(); !slices.Equal(numbers, []int{1, 2, 3}) || !slices.Equal(sizes, []int64{5 << 20, 5 << 20, 1 << 20}) {
		t.Errorf("after completion: got %v %v", numbers, sizes)
	}
}

func TestAbortingFreesTheParts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	content := prose(6 << 20)
	p := s.issue("films", "plot.txt", "text/plain", len(content), "Authorization", "Bearer alice")
	p.sendPart(1, p.piece(content, 1))
	for range 2 {
		if a := p.call("DELETE", "", ""); a.status != http.StatusNoContent {
			t.Fatalf("delete: %d %s", a.status, a.body)
		}
	}
	if open := openUploads(t, p.Key); open != 0 {
		t.Errorf("%d uploads are still open", open)
	}
	p.call("POST", "/complete", "").refused(problem.UploadExpired)
	p.call("GET", "/parts", "").refused(problem.UnknownUpload)
	p.at(newSite(t)).call("POST", "/complete", "").refused(problem.UnknownUpload)
}

func openUploads(t *testing.T, key string) int {
	t.Helper()
	b := bucket
	out, err := store.Client().ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &b, Prefix: &key})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Uploads)
}

func TestAnExistingObjectIsNotReplaced(t *testing.T) {
	t.Parallel()
	s := newSite(t, only("films", func(p *profile.Profile) {
		p.Key, p.InsecureKey, p.Checksum = "fixed/{subject}/file{ext}", true, ""
	}))
	content := prose(6 << 20)
	first := s.issue("films", "plot.txt", "text/plain", len(content), "Authorization", "Bearer bob")
	second := s.issue("films", "plot.txt", "text/plain", len(content), "Authorization", "Bearer bob")
	if first.Key != second.Key {
		t.Fatalf("wanted one key, got %q and %q", first.Key, second.Key)
	}
	first.send(content)
	second.send(bytes.ToUpper(content))
	first.complete()
	second.call("POST", "/complete", "").refused(problem.AlreadyExists)
	if body, _ := stored(t, first.Key); !bytes.Equal(body, content) {
		t.Error("the first object was replaced")
	}
	if open := openUploads(t, first.Key); open != 0 {
		t.Errorf("%d uploads are still open", open)
	}
}

func TestAPresignedPutDoesNotReplaceAnObject(t *testing.T) {
	t.Parallel()
	s := newSite(t, noPost)
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	p.complete()
	if a := p.put(png(4000)); a.status != http.StatusPreconditionFailed {
		t.Errorf("a second PUT: %d %s", a.status, a.body)
	}
}

func TestEmptyFilesAreAcceptedWhereTheProfileAllowsThem(t *testing.T) {
	t.Parallel()
	for _, edit := range []func(*handlers.Config){func(*handlers.Config) {}, noPost} {
		s := newSite(t, only("films", func(p *profile.Profile) { p.MinSize, p.Checksum = 0, "" }), edit)
		p := s.issue("films", "empty.txt", "text/plain", 0, "Authorization", "Bearer alice")
		p.send(nil)
		if done := p.complete(); done.Size != 0 || done.Type != "text/plain" {
			t.Errorf("%s: got %+v", p.Method, done)
		}
	}
}
