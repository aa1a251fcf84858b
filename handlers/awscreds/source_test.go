package awscreds_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/postern-dev/postern/handlers/awscreds"
	"github.com/postern-dev/postern/policy/sigv4"
)

// provider gives credentials that last for span, numbered in order.
type provider struct {
	span  time.Duration // 0 for lasting ones
	calls atomic.Int64
	fail  atomic.Bool
	same  atomic.Bool // don't number
	slow  time.Duration
}

var errProvider = errors.New("no credentials today")

func (p *provider) Retrieve(context.Context) (aws.Credentials, error) {
	n := p.calls.Add(1)
	time.Sleep(p.slow)
	if p.fail.Load() {
		return aws.Credentials{}, errProvider
	}
	if p.same.Load() {
		n = 1
	}
	c := aws.Credentials{AccessKeyID: "AKID" + strconv.FormatInt(n, 10), SecretAccessKey: "secret", SessionToken: "token"}
	if p.span > 0 {
		c.CanExpire, c.Expires = true, time.Now().Add(p.span)
	}
	return c, nil
}

func signer(t *testing.T, s *awscreds.Source) *sigv4.Signer {
	t.Helper()
	got, err := s.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSourceRenewsCredentialsBeforeTheyExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &provider{span: time.Hour}
		for _, given := range []aws.CredentialsProvider{p, aws.NewCredentialsCache(p)} {
			p.calls.Store(0)
			s := awscreds.NewSource(given, sigv4.AWS, "eu-central-1", nil)
			first := signer(t, s)
			time.Sleep(54 * time.Minute)
			if signer(t, s) != first || p.calls.Load() != 1 {
				t.Errorf("%T: asked %d times before the end was near", given, p.calls.Load())
			}
			time.Sleep(2 * time.Minute)
			second := signer(t, s)
			if second == first || second.AccessKeyID() != "AKID2" {
				t.Errorf("%T: got %v four minutes before the end", given, second)
			}
			if latest, err := second.LatestExpiration(time.Now()); err != nil || !latest.Equal(time.Now().Add(59*time.Minute).UTC()) {
				t.Errorf("%T: got %v, %v, wanted a minute before the end", given, latest, err)
			}
		}
	})
}

func TestSourceUsesRotatedKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &provider{}
		p.same.Store(true)
		s := awscreds.NewSource(p, sigv4.AWS, "eu-central-1", nil)
		first := signer(t, s)
		time.Sleep(2 * time.Minute)
		if signer(t, s) != first {
			t.Error("the same credentials made another signer")
		}
		p.same.Store(false)
		time.Sleep(2 * time.Minute)
		if got := signer(t, s); got.AccessKeyID() != "AKID3" {
			t.Errorf("got %v, wanted the rotated key", got)
		}
	})
}

func TestSourceUsesOldCredentialsWhileTheProviderFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &provider{span: time.Hour}
		s := awscreds.NewSource(p, sigv4.AWS, "eu-central-1", nil)
		first := signer(t, s)
		p.fail.Store(true)
		time.Sleep(57 * time.Minute)
		for range 2 {
			if signer(t, s) != first || p.calls.Load() != 2 {
				t.Errorf("asked %d times, wanted a rest after a failure", p.calls.Load())
			}
		}
		time.Sleep(3 * time.Minute)
		if got, err := s.Signer(t.Context()); !errors.Is(err, errProvider) || got != nil {
			t.Errorf("got %v, %v after the end, wanted the provider's error", got, err)
		}
		p.fail.Store(false)
		if got := signer(t, s); got == first {
			t.Error("got the old signer after the end")
		}
	})
}

// While one caller renews, the others go on with the old signer; when there is none, they wait, and
// the provider is asked once.
func TestConcurrentCallersShareOneRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &provider{span: time.Hour, slow: time.Second}
		s := awscreds.NewSource(p, sigv4.AWS, "eu-central-1", nil)
		for round := int64(1); round <= 2; round++ {
			var wait sync.WaitGroup
			for range 50 {
				wait.Go(func() { signer(t, s) })
			}
			wait.Wait()
			if p.calls.Load() != round {
				t.Errorf("round %d: asked %d times", round, p.calls.Load())
			}
			time.Sleep(57 * time.Minute)
		}
	})
}

func TestSourceWithoutAProviderFails(t *testing.T) {
	t.Parallel()
	if got, err := awscreds.NewSource(nil, sigv4.AWS, "r", nil).Signer(t.Context()); err == nil || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestSourceReadsTheClockItIsGiven(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret", CanExpire: true, Expires: clock.Add(time.Hour)}, nil
	})
	s := awscreds.NewSource(p, sigv4.AWS, "eu-central-1", func() time.Time { return clock })
	first := signer(t, s)
	clock = clock.Add(54 * time.Minute)
	if signer(t, s) != first {
		t.Error("got another signer six minutes before the credentials expire")
	}
	clock = clock.Add(2 * time.Minute)
	if signer(t, s) == first {
		t.Error("got the old signer four minutes before the credentials expire")
	}
}
