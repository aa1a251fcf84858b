package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
)

// countingCopies counts the copies that a store makes.
type countingCopies struct {
	uploads.StoreClient
	copies atomic.Int64
}

func (c *countingCopies) CopyObject(ctx context.Context, in *s3.CopyObjectInput, o ...func(*s3.Options)) (*s3.CopyObjectOutput, error) {
	c.copies.Add(1)
	return c.StoreClient.CopyObject(ctx, in, o...)
}

func TestFortyLandingsAtOnceVerifyTheObjectOnce(t *testing.T) {
	t.Parallel()
	client := &countingCopies{StoreClient: store.Client()}
	s := newSite(t, func(c *handlers.Config) { c.Store.Client = client })
	f := s.form("pictures")
	f.send(png(3000))
	var wait sync.WaitGroup
	statuses := make([]int, 40)
	for i := range statuses {
		wait.Go(func() { statuses[i] = s.call("GET", f.landing(), "").status })
	}
	wait.Wait()
	shown, limited := 0, 0
	for _, status := range statuses {
		switch status {
		case http.StatusOK:
			shown++
		case http.StatusTooManyRequests:
			limited++
		default:
			t.Errorf("wanted 200 or 429, got %d", status)
		}
	}
	if told := len(s.completions()); shown == 0 || limited == 0 || told != 1 || client.copies.Load() != 1 {
		t.Errorf("wanted one copy and the application told once, got %d copies, told %d times, %d shown and %d limited",
			client.copies.Load(), told, shown, limited)
	}
}

func TestTheApplicationIsToldAgainWhereThatFailed(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	s := newSite(t, func(c *handlers.Config) {
		c.OnComplete = func(context.Context, uploads.Completed) error {
			if calls.Add(1) == 1 {
				return errors.New("database is locked")
			}
			return nil
		}
	})
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	p.call("POST", "/complete", "").refused(problem.Internal)
	first := p.complete()
	if again := p.complete(); again != first || calls.Load() != 2 {
		t.Errorf("wanted the same answer and two calls, got %+v, %+v and %d", first, again, calls.Load())
	}
}

func TestFollowUpsOfOneUploadAreLimited(t *testing.T) {
	t.Parallel()
	clock := &standingClock{now: time.Now()}
	s := newSite(t, func(c *handlers.Config) { c.Now = clock.read })
	p, other := s.issue("pictures", "garden.png", "image/png", 4000), s.issue("pictures", "garden.png", "image/png", 4000)
	for range 30 {
		p.call("POST", "/complete", "").refused(problem.Incomplete)
	}
	if a := p.call("POST", "/complete", ""); a.header.Get("Retry-After") != "1" {
		t.Errorf("wanted Retry-After 1, got %v", a.header)
	} else {
		a.refused(problem.RateLimited)
	}
	other.call("POST", "/complete", "").refused(problem.Incomplete)
	clock.move(time.Second)
	p.call("POST", "/complete", "").refused(problem.Incomplete)
}

func TestARefusalDeletesOnlyTheObjectThatItLookedAt(t *testing.T) {
	t.Parallel()
	f := &swappingStore{StoreClient: store.Client(), t: t}
	s := newSite(t, func(c *handlers.Config) { c.Store.Client = f })
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(pad("<html><script>", 4000))
	p.call("POST", "/complete", "").refused(problem.TypeNotAllowed)
	if body, _ := stored(t, p.Key); len(body) != 5 {
		t.Errorf("wanted the object that arrived meanwhile, got %d bytes", len(body))
	}
}

// swappingStore puts another object in the place of the one whose first bytes were read.
type swappingStore struct {
	uploads.StoreClient
	t *testing.T
}

func (s *swappingStore) GetObject(ctx context.Context, in *s3.GetObjectInput, o ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	out, err := s.StoreClient.GetObject(ctx, in, o...)
	put(s.t, &s3.PutObjectInput{Key: in.Key, Body: reader([]byte("other")), ContentType: aws.String("image/png")})
	return out, err
}
