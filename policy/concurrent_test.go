package policy_test

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
)

// Many goroutines sign with the same signers, before and after midnight UTC. Each form verifies
// with a signer that no other goroutine uses.
func TestConcurrentSigning(t *testing.T) {
	t.Parallel()
	shared := dialects(t)
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	var wait sync.WaitGroup
	for worker := range 16 {
		own := dialects(t)
		wait.Go(func() {
			for step := range 40 {
				now := midnight.Add(time.Duration((step*7+worker)%40-20) * time.Second)
				d := validDocument(policy.ContentLengthRange(1, int64(worker+step+1)))
				d.Expiration = now.Add(time.Minute)
				for name, s := range shared {
					if name == "gcs-rsa" && step > 0 {
						continue // slow
					}
					got, err := policy.Sign(d, formURL, s, now)
					if err != nil {
						t.Errorf("%s at %s: %v", name, now, err)
						return
					}
					read, err := policy.Verify(got.Fields, own[name], now)
					if err != nil || !reflect.DeepEqual(read.Conditions[:len(d.Conditions)], d.Conditions) {
						t.Errorf("%s at %s: got %v, %v, wanted %v", name, now, read, err, d)
					}
				}
			}
		})
	}
	wait.Wait()
}
