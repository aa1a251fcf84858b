package uploads

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Visitors can make the service look ended forms up, so that is bounded over all requests: in
// number per second and at once. A look-up for which the store completes or copies a large object
// takes minutes; it counts as slow then, and leaves its place to another one.
const (
	lookUpsPerSecond, lookUpBurst = 100, 2 * MaxEndedForms
	lookUpsAtOnce                 = 8
	slowLookUpsAtOnce             = 32
	slowLookUp                    = 5 * time.Second
)

// lookUps keeps the pace at which ended forms are looked up at the store.
type lookUps struct {
	pace  *rate.Limiter
	slots chan struct{} // one for each look-up that is under way
	slow  chan struct{} // one for each slow one
}

func newLookUps() lookUps {
	return lookUps{rate.NewLimiter(lookUpsPerSecond, lookUpBurst), make(chan struct{}, lookUpsAtOnce), make(chan struct{}, slowLookUpsAtOnce)}
}

// each calls lookUp for 0 to n-1, as fast as the pace allows and until ctx ends, and waits for all.
func (l lookUps) each(ctx context.Context, n int, lookUp func(int)) {
	var all sync.WaitGroup
	all.Add(n)
	begun := l.start(ctx, n, func(i int) {
		defer all.Done()
		lookUp(i)
	})
	all.Add(begun - n)
	all.Wait()
}

// start calls lookUp as each does, and waits for none that is slow. It returns for how many numbers
// it has called lookUp.
func (l lookUps) start(ctx context.Context, n int, lookUp func(int)) (begun int) {
	var all sync.WaitGroup
	defer all.Wait()
	for i := range n {
		if l.pace.Wait(ctx) != nil {
			return i
		}
		select {
		case <-ctx.Done():
			return i
		case l.slots <- struct{}{}:
		}
		all.Add(1)
		ended := make(chan struct{})
		go func() { defer close(ended); lookUp(i) }()
		go l.free(ended, all.Done)
	}
	return n
}

// free gives the place of a look-up back when it has ended. A slow one gives it back as soon as
// there is a place for slow ones. done is called when it has ended or is slow.
func (l lookUps) free(ended <-chan struct{}, done func()) {
	defer func() { <-l.slots }()
	select {
	case <-ended:
		done()
		return
	case <-time.After(slowLookUp):
		done()
	}
	select {
	case <-ended:
	case l.slow <- struct{}{}:
		go func() { <-ended; <-l.slow }()
	}
}
