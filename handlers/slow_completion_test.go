package handlers_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/uploads"
)

// slowStore doesn't complete a multipart upload before it is released.
type slowStore struct {
	uploads.StoreClient
	begun   chan struct{} // closed when completion was asked for
	release chan struct{}
}

func newSlowStore() *slowStore {
	return &slowStore{StoreClient: store.Client(), begun: make(chan struct{}), release: make(chan struct{})}
}

func (s *slowStore) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput, o ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
	close(s.begun)
	select {
	case <-s.release:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.StoreClient.CompleteMultipartUpload(ctx, in, o...)
}

func (s *slowStore) use(c *handlers.Config) { c.Store.Client = s }

// sentInParts is an upload whose parts are all at the store.
func sentInParts(t *testing.T, s *site) *plan {
	t.Helper()
	content := prose(6 << 20)
	p := s.issue("films", "plot.txt", "text/plain", len(content), "Authorization", "Bearer alice")
	p.send(content)
	return p
}

func TestCompletionGoesOnWhenTheBrowserLeaves(t *testing.T) {
	t.Parallel()
	slow, told := newSlowStore(), make(chan uploads.Completed, 1)
	s := newSite(t, slow.use, func(c *handlers.Config) {
		c.OnComplete = func(_ context.Context, done uploads.Completed) error {
			told <- done
			return nil
		}
	})
	p := sentInParts(t, s)
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, "POST", s.url+"/uploads/"+p.ID+"/complete", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Upload-Token", p.Token)
	left := make(chan struct{})
	go func() {
		defer close(left)
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
		}
	}()
	<-slow.begun
	leave()
	<-left
	close(slow.release)
	if done := <-told; done.ID != p.ID {
		t.Errorf("wanted upload %s, got %+v", p.ID, done)
	}
	if _, object := stored(t, p.Key); object == nil {
		t.Error("wanted the object, got none")
	}
}

// delayedStore takes a while for each call that reads.
type delayedStore struct {
	uploads.StoreClient
	delay time.Duration
}

func (s delayedStore) HeadObject(ctx context.Context, in *s3.HeadObjectInput, o ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	time.Sleep(s.delay)
	return s.StoreClient.HeadObject(ctx, in, o...)
}

func (s delayedStore) ListParts(ctx context.Context, in *s3.ListPartsInput, o ...func(*s3.Options)) (*s3.ListPartsOutput, error) {
	time.Sleep(s.delay)
	return s.StoreClient.ListParts(ctx, in, o...)
}

// TestOnlyTheStoresLongWorkOutlastsTheWriteTimeout mounts the handlers in an application whose
// server ends every answer after a tenth of a second, in front of a store that takes three times as
// long.
func TestOnlyTheStoresLongWorkOutlastsTheWriteTimeout(t *testing.T) {
	t.Parallel()
	const writeTimeout = 100 * time.Millisecond
	s := newSite(t)
	delayed := newSite(t, func(c *handlers.Config) { c.Store.Client = delayedStore{store.Client(), 3 * writeTimeout} })
	e := echo.New()
	delayed.handlers.Register(e.Group("/up"))
	server := httptest.NewUnstartedServer(e)
	server.Config.WriteTimeout = writeTimeout
	server.Start()
	t.Cleanup(server.Close)
	parts, form := sentInParts(t, s), s.form("pictures")
	form.send(png(3000))
	cases := []struct {
		method, path string
		answered     bool
	}{
		{"GET", "/uploads/" + parts.ID + "/parts", false},
		{"POST", "/uploads/" + parts.ID + "/complete", true},
		{"GET", form.landing(), true},
	}
	for _, c := range cases {
		request, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+"/up"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Upload-Token", parts.Token)
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = answer.Body.Close()
		}
		if got := err == nil && answer.StatusCode == http.StatusOK; got != c.answered {
			t.Errorf("%s %s: wanted an answer: %v, got %v (%v)", c.method, c.path, c.answered, got, err)
		}
	}
}
