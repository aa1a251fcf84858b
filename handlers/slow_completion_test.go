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
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
)

// slowStore neither completes a multipart upload nor copies an object before it is released. It can
// be asked once.
type slowStore struct {
	uploads.StoreClient
	begun   chan struct{} // closed when completion was asked for
	release chan struct{}
}

func newSlowStore() *slowStore {
	return &slowStore{StoreClient: store.Client(), begun: make(chan struct{}), release: make(chan struct{})}
}

func (s *slowStore) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput, o ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
	if err := s.wait(ctx); err != nil {
		return nil, err
	}
	return s.StoreClient.CompleteMultipartUpload(ctx, in, o...)
}

func (s *slowStore) CopyObject(ctx context.Context, in *s3.CopyObjectInput, o ...func(*s3.Options)) (*s3.CopyObjectOutput, error) {
	if err := s.wait(ctx); err != nil {
		return nil, err
	}
	return s.StoreClient.CopyObject(ctx, in, o...)
}

// wait waits until the store is released.
func (s *slowStore) wait(ctx context.Context) error {
	close(s.begun)
	select {
	case <-s.release:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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

func TestWhatTakesTheStoreMinutesIsBegunByOneProcess(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]func(*testing.T, *site) (id string, ask func(*site) answer){
		"parts are put together": func(t *testing.T, s *site) (string, func(*site) answer) {
			p := sentInParts(t, s)
			return p.ID, func(s *site) answer { return p.at(s).call("POST", "/complete", "") }
		},
		"an object from a form is copied": func(t *testing.T, s *site) (string, func(*site) answer) {
			f := s.form("pictures")
			postForm(t, f.action, f.fields, png(3000))
			return f.id(t), func(s *site) answer { return s.call("GET", f.landing(), "") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, slow := newLedger(t), newSlowStore()
			one, two := newSite(t, l.in, slow.use), newSite(t, l.in)
			id, ask := sent(t, one)
			first := make(chan answer)
			go func() { first <- ask(one) }()
			<-slow.begun
			waitFor(t, "the call of the store counts as long", func() bool {
				leased, err := l.IsLeased(t.Context(), "upload "+id, "another process")
				return leased && err == nil
			})
			if busy := ask(two); busy.status != problem.StoreUnavailable.Status() || busy.header.Get("Retry-After") == "" {
				t.Errorf("the other process answers %d meanwhile, with Retry-After %q", busy.status, busy.header.Get("Retry-After"))
			}
			close(slow.release)
			if done := <-first; done.status != http.StatusOK {
				t.Errorf("the first process answers %d %s", done.status, done.body)
			}
			if again := ask(two); again.status != http.StatusOK {
				t.Errorf("afterwards the other process answers %d %s", again.status, again.body)
			}
			l.entry(t, id, uploads.StateAccepted, 1)
		})
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
